// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The management process: it calls managers (callhome, connector, dial, credentials, certname) and answers
 * what they ask (session, framing, hello, rpc, get, filter, monitoring) of the tree of natfw.yang (store, state).
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/encode.h"
#include "mgmt/callhome.h"
#include "mgmt/commit.h"
#include "mgmt/confirm.h"
#include "mgmt/connector.h"
#include "mgmt/credentials.h"
#include "mgmt/datastore.h"
#include "mgmt/dial.h"
#include "mgmt/etag.h"
#include "mgmt/events.h"
#include "mgmt/invoke.h"
#include "mgmt/lock.h"
#include "mgmt/nacm.h"
#include "mgmt/pieces.h"
#include "mgmt/port.h"
#include "mgmt/revocation.h"
#include "mgmt/session.h"
#include "mgmt/ssh.h"
#include "mgmt/state.h"
#include "mgmt/store.h"
#include "mgmt/stream.h"
#include "mgmt/transport.h"

#define RENEW_SECONDS	300	/* between looks at files of identities and at the resolver's */

static struct {
	struct event_base *base;
	struct event *renew;
	struct conf *conf;		/* managers are called by it */
	struct conf *next;		/* in its place once its files are here */
} mgmt;

/* ------------------------------------------------------------------ telling others */

struct teller {
	enum proc_id to;
	uint64_t number;
};

static void tell_call(void *arg, const struct call_info *i)
{
	const struct teller *t = arg;

	proc_send2(t->to, MSG_CALL_INFO, &t->number, sizeof(t->number), i, sizeof(*i));
}

static void tell_value(void *arg, const struct stat_value *v)
{
	const struct teller *t = arg;

	proc_send2(t->to, MSG_STATS_VALUE, &t->number, sizeof(t->number), v, sizeof(*v));
}

/* The lists are short. */
static bool answer(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	struct teller t = { .to = from };

	if (len != sizeof(t.number))
		return false;
	memcpy(&t.number, data, sizeof(t.number));
	if (type == MSG_CALL_LIST) {
		callhome_each(tell_call, &t);
		proc_send(from, MSG_CALL_INFO, &t.number, sizeof(t.number));
	} else if (type == MSG_STATS) {
		callhome_stats(tell_value, &t);
		port_stats(tell_value, &t);
		credentials_stats(tell_value, &t);
		revocation_stats(tell_value, &t);
		stream_stats(tell_value, &t);
		nacm_stats(tell_value, &t);
		events_stats(tell_value, &t);
		proc_send(from, MSG_STATS_VALUE, &t.number, sizeof(t.number));
	} else {
		return false;
	}
	return true;
}

static bool from_ctl(enum msg_type type, const void *data, size_t len)
{
	const char *name = data;

	if (type == MSG_MANAGER_ANSWER)
		return invoke_message(data, len);
	if (type != MSG_CALL_NOW || len != sizeof(((struct call_info *)0)->name) || name[len - 1])
		return answer(PROC_CTL, type, data, len);
	callhome_now(name);
	return true;
}

static void append_call(void *arg, const struct call_info *i)
{
	json_array_append_new(arg, encode_call(i));
}

static json_t *calls(void)
{
	json_t *list = json_array();

	callhome_each(append_call, list);
	return list;
}

/* ------------------------------------------------------------------ the process */

/* The answers come in this order, so after the last one all files are here. */
static void ask_files(void)
{
	credentials_renew();
	proc_ask_fd(SOCKET_RELAY, 0);
	proc_ask_fd(SOCKET_RESOLV, 0);
}

static void apply(void)
{
	struct conf *over = mgmt.conf;

	if (!mgmt.next)
		return;
	if (callhome_conf(&mgmt.next->mgmt)) {
		log_error(SUB_MGMT, "no memory: managers are called by the configuration before");
		over = mgmt.next;
	} else {
		mgmt.conf = mgmt.next;
		if (port_conf(&mgmt.conf->mgmt))
			log_error(SUB_MGMT, "no memory: managers connect by the configuration before");
		port_renew();
	}
	mgmt.next = NULL;
	conf_free(over);
}

static void on_renew(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ask_files();
	port_renew();
}

static int init(struct event_base *base)
{
	int err;

	mgmt.base = base;
	mgmt.renew = event_new(base, -1, EV_PERSIST, on_renew, NULL);
	if (!mgmt.renew)
		return -ENOMEM;
	credentials_init(base, transport_renewed);
	state_init(base);
	pieces_init(base);
	state_calls = calls;
	session_init(base);
	transport_init(base);
	ssh_init(base);
	err = callhome_init(base);
	if (!err)
		err = commit_init(base);
	if (!err)
		err = confirm_init(base);
	if (!err)
		err = port_init(base);
	if (!err)
		err = invoke_init(base);
	if (!err)
		err = store_init();
	return err ? err : stream_setup(base, store_ctx());
}

/* What managers have committed is told when that is over; what people have done, now. */
static void take_tree(const char *json)
{
	bool expected = commit_is_expected(), reverts = commit_reverts();
	struct lyd_node *diff = NULL;

	datastore_conf(store_ctx(), json, expected && !reverts ? NULL : &diff);
	if (reverts) {
		commit_reverted(diff);
		return;
	}
	if (!expected)
		confirm_overtaken();
	if (diff)
		events_config_change(NULL, diff);
	lyd_free_all(diff);
}

static void conf(struct conf *c)
{
	conf_free(mgmt.next);
	mgmt.next = c;
	take_tree(c->tree);
	etag_watch(datastore_tree(DATASTORE_RUNNING));
	if (nacm_conf(datastore_tree(DATASTORE_RUNNING)))
		log_error(SUB_MGMT, "no memory for access control: the rules before stay");
	if (credentials_conf(&c->mgmt))
		log_error(SUB_MGMT, "no memory for identities");
	ask_files();
}

static void got_socket(enum proc_socket which, uint32_t arg, int fd)
{
	if (which == SOCKET_RESOLV) {
		dial_resolver(mgmt.base, fd);
		apply();
		return;
	}
	if (which == SOCKET_RELAY)
		ssh_listen(fd);
	else if (which == SOCKET_LISTEN)
		port_socket(arg, fd);
	else if (which >= SOCKET_MGMT_CERT && which <= SOCKET_MGMT_CRL)
		credentials_file(which, arg, fd);
	else if (fd >= 0)
		close(fd);
}

static void start(void)
{
	const struct timeval renew = { RENEW_SECONDS, 0 };

	event_add(mgmt.renew, &renew);
	callhome_start();
}

static void peer(enum proc_id id, bool again)
{
	state_peer(id);
	if (id == PROC_KERN)
		callhome_flows();
	if (id == PROC_CTL && again)
		invoke_lost();
}

static void message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	if (from == PROC_CTL && from_ctl(type, data, len))
		return;
	if (events_message(from, type, data, len))
		return;
	if (from == PROC_KERN && type == MSG_CALL_FLOW_OPEN && len == sizeof(uint32_t)) {
		callhome_flow_open(*(const uint32_t *)data);
		return;
	}
	if (from == PROC_MONITOR && (ssh_message(type, data, len) || lock_message(type, data, len) ||
				     (type == MSG_CHANGE_DONE && commit_answer(data, len))))
		return;
	if (!state_message(from, type, data, len))
		log_error(SUB_MGMT, "message %d of %zu octets is not one to get here", type, len);
}

static void down(unsigned int ms)
{
	(void)ms;
	callhome_end();
	port_end();
	credentials_fini();
	proc_exit(0);
}

static void dump_call(void *arg, const struct call_info *i)
{
	(void)arg;
	log_notice(SUB_MGMT, "client=\"%s\" endpoint=\"%s\" state=%s attempts=%llu", i->name, i->endpoint,
		   call_state_name(i->state), (unsigned long long)i->attempts);
}

static void dump(void)
{
	callhome_each(dump_call, NULL);
}

const struct proc_ops mgmt_ops = {
	.name = "mgmt",
	.init = init,
	.conf = conf,
	.socket = got_socket,
	.start = start,
	.peer = peer,
	.message = message,
	.down = down,
	.dump = dump,
};
