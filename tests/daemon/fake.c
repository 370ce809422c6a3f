// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The signalling and the kern process as tests of the others want them: no network, no kernel. Sessions are
 * established at once, refreshed when asked to, and told of when listed. Linked with the daemon's monitor
 * and control process it is natfwd-fake.
 *
 * A destination of 198.51.100.N makes a session special:
 *	N = 1	stays pending
 *	N = 2	refused: 5/0x02
 *	N = 3	the process does what its seccomp filter forbids
 *	N = 4	the process hangs
 *	N = 5	250 events at once
 *	N = 6	the MSN is about to wrap
 *	N = 7	established once, and then no request is answered
 *	N = 8	established once, and then every request is refused: 5/0x02
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/session.h"
#include "proc.h"

#define SESSIONS_MAX	5000
#define FAKE_MAPS	12000	/* more than are told at once */

struct fake {
	struct session_open open;
	uint32_t msn;
	uint8_t state;
};

static struct fake *fakes[SESSIONS_MAX];
static struct conf *conf;
static unsigned int extra;	/* sessions that are not local, for long lists */
static unsigned int maps;
static uint64_t listing;	/* request number, 0: none */
static enum proc_id lister;	/* whose */
static unsigned int listed;

/* ------------------------------------------------------------------ both */

static int init(struct event_base *base)
{
	(void)base;
	return 0;
}

static void take_conf(struct conf *c)
{
	conf_free(conf);
	conf = c;
	/* counts that tests need are in values that fakes do not need otherwise */
	extra = c->gist.rate;
	maps = c->gist.states < FAKE_MAPS ? c->gist.states : FAKE_MAPS;
	log_info(SUB_MAIN, "configuration lifetime=%u", c->nslp.lifetime);
}

static void take_socket(enum proc_socket which, uint32_t arg, int fd)
{
	(void)which;
	(void)arg;
	if (fd >= 0)
		close(fd);
}

static void start(void)
{
}

static void take_peer(enum proc_id peer, bool again)
{
	log_debug(SUB_MAIN, "peer=%d again=%d", (int)peer, again);
}

static void down(unsigned int ms)
{
	(void)ms;
	proc_exit(0);
}

static void tell_stat(uint64_t number, const char *name, const char *value, uint64_t n)
{
	struct stat_value v = { .number = n, .gauge = !strstr(name, "_total") };

	snprintf(v.name, sizeof(v.name), "%s", name);
	snprintf(v.help, sizeof(v.help), "A fake \"%s\"", name);
	if (value) {
		snprintf(v.label, sizeof(v.label), "kind");
		snprintf(v.value, sizeof(v.value), "%s", value);
	}
	proc_send2(PROC_CTL, MSG_STATS_VALUE, &number, sizeof(number), &v, sizeof(v));
}

/* ------------------------------------------------------------------ sig */

static struct fake **find(const uint8_t *sid)
{
	unsigned int i;

	for (i = 0; i < SESSIONS_MAX; i++)
		if (fakes[i] && !memcmp(fakes[i]->open.sid, sid, GATE_SID))
			return &fakes[i];
	return NULL;
}

static unsigned int special(const struct fake *f)
{
	const struct address *a = &f->open.flow.destination;

	return a->version == 4 && a->b[0] == 198 && a->b[1] == 51 && a->b[2] == 100 ? a->b[3] : 0;
}

static void tell(struct fake *f, enum session_state state, uint16_t code)
{
	struct session_event e = {
		.token = f->open.token, .kind = f->open.kind, .state = state, .msn = f->msn, .code = code,
		.lifetime = f->open.lifetime ? f->open.lifetime : conf->nslp.lifetime,
	};

	f->state = state;
	memcpy(e.sid, f->open.sid, GATE_SID);
	if (f->open.kind == SESSION_EXTERNAL) {
		e.has_external = true;
		address_read(&e.external.address, "192.0.2.1");
		e.external.port = 40000;
		e.bindings = 1;
		e.binding_port = 40000;
		e.binding[0] = e.external.address;
	}
	snprintf(e.why, sizeof(e.why), "fake");
	proc_send(PROC_CTL, MSG_SESSION_EVENT, &e, sizeof(e));
}

static void misbehave(struct fake *f)
{
	unsigned int i;

	switch (special(f)) {
	case 3:
		syscall(SYS_setpriority, 0, 0, 0);
		break;
	case 4:
		for (;;)
			select(0, NULL, NULL, NULL, NULL);
	case 5:
		for (i = 0; i < 250; i++)
			tell(f, SESSION_ESTABLISHED, 0x0201);
		break;
	case 6:
		f->msn = 0xfffffffe;
		tell(f, SESSION_ESTABLISHED, 0x0201);
		break;
	}
}

/* What a path says that has changed its mind. */
static bool turned(struct fake *f)
{
	if (f->state != SESSION_ESTABLISHED || (special(f) != 7 && special(f) != 8))
		return false;
	if (special(f) == 8)
		tell(f, SESSION_ESTABLISHED, 0x0502);
	return true;
}

static void answer(struct fake *f)
{
	f->msn++;
	log_info(SUB_NSLP, "fake session msn=%u resumed=%d", f->msn, f->open.has_msn);
	if (turned(f))
		return;
	tell(f, SESSION_PENDING, 0);
	if (special(f) == 2)
		tell(f, SESSION_DEAD, 0x0502);
	else if (special(f) != 1)
		tell(f, SESSION_ESTABLISHED, 0x0201);
	misbehave(f);
}

static void forget(struct fake **at)
{
	free(*at);
	*at = NULL;
}

static void open_session(const struct session_open *o)
{
	struct fake **at = find(o->sid);
	unsigned int i;

	for (i = 0; !at && i < SESSIONS_MAX; i++)
		if (!fakes[i])
			at = &fakes[i];
	if (!at)
		return;
	if (!*at)
		*at = calloc(1, sizeof(**at));
	(*at)->open = *o;
	if (o->has_msn)
		(*at)->msn = o->msn;
	answer(*at);
	if ((*at)->state == SESSION_DEAD)
		forget(at);
}

/* Ids do not go to mgmt, as in the real one. */
static void hide(struct session_info *i)
{
	uint64_t hash = session_hash(i->sid);

	memset(i->sid, 0, sizeof(i->sid));
	memcpy(i->sid, &hash, sizeof(hash));
}

static void list_local(enum proc_id to, uint64_t number)
{
	unsigned int i;

	for (i = 0; i < SESSIONS_MAX; i++) {
		const struct fake *f = fakes[i];
		struct session_info info = { 0 };

		if (!f)
			continue;
		info.token = f->open.token;
		info.uid = f->open.uid;
		info.flow = f->open.flow;
		info.state = f->state;
		info.msn = f->msn;
		memcpy(info.sid, f->open.sid, GATE_SID);
		if (to == PROC_MGMT)
			hide(&info);
		proc_send2(to, MSG_SESSION_INFO, &number, sizeof(number), &info, sizeof(info));
	}
}

/* Long lists go on when the channel has taken what there is. */
static void list_others(void)
{
	struct session_info info = { .role = SESSION_NF, .state = SESSION_ESTABLISHED };
	uint64_t number = listing;

	for (; listed < extra; listed++) {
		memcpy(info.sid, &listed, sizeof(listed));
		/* refused: called again when the channel is empty */
		if (proc_send2(lister, MSG_SESSION_INFO, &number, sizeof(number), &info,
			       sizeof(info)))
			return;
	}
	listing = 0;
	proc_send(lister, MSG_SESSION_INFO, &number, sizeof(number));
}

static void drained(enum proc_id peer)
{
	if (peer == lister && listing)
		list_others();
}

static void list_sessions(enum proc_id to, uint64_t number)
{
	list_local(to, number);
	if (listing) {
		proc_send(to, MSG_SESSION_INFO, &number, sizeof(number));
		return;
	}
	lister = to;
	listing = number;
	listed = 0;
	list_others();
}

static void list_peers(uint64_t number)
{
	struct peer_info p = { .state = "connected", .name = "fake.example", .tls = true };

	address_read(&p.peer.address, "192.0.2.77");
	p.peer.port = 5971;
	proc_send2(PROC_CTL, MSG_PEER_INFO, &number, sizeof(number), &p, sizeof(p));
	proc_send(PROC_CTL, MSG_PEER_INFO, &number, sizeof(number));
}

static void sig_stats(uint64_t number)
{
	tell_stat(number, "gist_query_sent_total", NULL, 1);
	tell_stat(number, "nslp_responses_total", "success", 2);
	tell_stat(number, "nslp_responses_total", "a\\b\"c\n", 3);
	proc_send(PROC_CTL, MSG_STATS_VALUE, &number, sizeof(number));
}

static void close_session(const uint8_t *sid)
{
	struct fake **at = find(sid);

	if (!at) {
		log_info(SUB_NSLP, "fake session of others closed");
		return;
	}
	tell(*at, SESSION_DEAD, 0x0105);
	forget(at);
}

/* Managers are told of sessions and rules, and of nothing else that clients have. */
static bool tell_none(enum proc_id from, enum msg_type type, const void *data)
{
	static const struct {
		enum msg_type ask, tell;
	} lists[] = {
		{ MSG_PEER_LIST, MSG_PEER_INFO }, { MSG_STATS, MSG_STATS_VALUE },
	};
	size_t i;

	for (i = 0; from == PROC_MGMT && i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (lists[i].ask != type)
			continue;
		proc_send(from, lists[i].tell, data, sizeof(uint64_t));
		return true;
	}
	return false;
}

static void sig_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	struct fake **at;

	(void)len;
	if (tell_none(from, type, data)) {
		;
	} else if (type == MSG_SESSION_OPEN) {
		open_session(data);
	} else if (type == MSG_SESSION_REFRESH) {
		at = find(data);
		if (at)
			answer(*at);
	} else if (type == MSG_SESSION_CLOSE) {
		close_session(data);
	} else if (type == MSG_SESSION_LIST) {
		list_sessions(from, *(const uint64_t *)data);
	} else if (type == MSG_PEER_LIST) {
		list_peers(*(const uint64_t *)data);
	} else if (type == MSG_STATS) {
		sig_stats(*(const uint64_t *)data);
	}
}

int sig_socket_open(const struct conf *c, enum proc_socket which, uint32_t arg)
{
	(void)c;
	(void)which;
	(void)arg;
	return -ENOENT;
}

const struct proc_ops sig_ops = {
	.name = "sig", .init = init, .conf = take_conf, .socket = take_socket, .start = start,
	.peer = take_peer, .message = sig_message, .down = down, .drained = drained,
};

/* ------------------------------------------------------------------ kern */

static void list_rules(enum proc_id to, uint64_t number)
{
	struct rule_info r = { .sid_tag = "0123456789abcdef", .rule = 1ull << 40, .open = 1, .left = 30 };

	snprintf(r.text, sizeof(r.text), "rule add action allow");
	snprintf(r.requester, sizeof(r.requester), "192.0.2.9");
	proc_send2(to, MSG_RULE_INFO, &number, sizeof(number), &r, sizeof(r));
	/* of the first of those that are not local */
	session_tag((const uint8_t[GATE_SID]){ 0 }, (char *)r.sid_tag);
	snprintf(r.text, sizeof(r.text), "rule add action deny");
	r.rule++;
	proc_send2(to, MSG_RULE_INFO, &number, sizeof(number), &r, sizeof(r));
	proc_send(to, MSG_RULE_INFO, &number, sizeof(number));
}

static void list_aces(enum proc_id to, uint64_t number)
{
	struct ace_info i = { .acl = "office", .ace = "web", .packets = 5, .bytes = 700, .rules = 2 };

	proc_send2(to, MSG_ACE_INFO, &number, sizeof(number), &i, sizeof(i));
	strcpy(i.ace, "rest");
	proc_send2(to, MSG_ACE_INFO, &number, sizeof(number), &i, sizeof(i));
	proc_send(to, MSG_ACE_INFO, &number, sizeof(number));
}

static void list_pools(enum proc_id to, uint64_t number)
{
	struct pool_info i = { .name = "internet", .id = 1, .configured = true, .independent = true, .paired = true,
			       .port_min = 1024, .port_max = 65535, .ports = 2 * 64512, .used = 7, .held = 2,
			       .refused = 3, .hosts = 4, .rules = 1, .ranges = 1 };

	address_read(&i.range[0].first, "192.0.2.128");
	address_read(&i.range[0].last, "192.0.2.129");
	proc_send2(to, MSG_POOL_INFO, &number, sizeof(number), &i, sizeof(i));
	proc_send(to, MSG_POOL_INFO, &number, sizeof(number));
}

static void tell_nat(enum proc_id to, uint64_t number)
{
	struct nat_info i = { .there = true, .since = 1000000000, .mappings = maps, .hosts = 4, .timers = { 301, 7441, 241, 242, 61 },
			      .sent = { 11, 1100 }, .dropped = { 5, 500 }, .no_port = { 3, 300 }, .quota = { 1, 100 } };

	proc_send2(to, MSG_NAT_INFO, &number, sizeof(number), &i, sizeof(i));
	proc_send(to, MSG_NAT_INFO, &number, sizeof(number));
}

/* As many as there are in a pool that is full, of one host each. */
static void list_maps(enum proc_id to, const void *data)
{
	struct map_info i = { .type = MAP_IMPLICIT, .protocol = 17, .rule = 9, .flows = 1, .pool = "internet" };
	struct map_wishes w;
	unsigned int told = 0;
	uint64_t number;

	memcpy(&number, data, sizeof(number));
	memcpy(&w, (const char *)data + sizeof(number), sizeof(w));
	address_read(&i.internal.address, "10.0.0.0");
	address_read(&i.external.address, "192.0.2.128");
	for (i.index = 1; i.index <= maps && !i.fault; i.index++) {
		i.internal.address.b[2] = (uint8_t)(i.index >> 8);
		i.internal.address.b[3] = (uint8_t)i.index;
		i.internal.port = i.external.port = (uint16_t)(1023 + i.index);
		if (!map_wishes_fit(&w, &i))
			continue;
		if (told++ == NAT_MAPS_MAX)
			i.fault = MAP_TOO_MANY;
		proc_send2(to, MSG_MAP_INFO, &number, sizeof(number), &i, sizeof(i));
	}
	proc_send(to, MSG_MAP_INFO, &number, sizeof(number));
}

static void kern_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	uint64_t number;

	(void)len;
	memcpy(&number, data, sizeof(number));
	if (tell_none(from, type, data)) {
		;
	} else if (type == MSG_POOL_LIST) {
		list_pools(from, number);
	} else if (type == MSG_NAT_LIST) {
		tell_nat(from, number);
	} else if (type == MSG_MAP_LIST) {
		list_maps(from, data);
	} else if (type == MSG_ACE_LIST) {
		list_aces(from, number);
	} else if (type == MSG_RULE_LIST) {
		list_rules(from, number);
	} else if (type == MSG_STATS) {
		tell_stat(number, "kern_rules", NULL, 7);
		proc_send(PROC_CTL, MSG_STATS_VALUE, &number, sizeof(number));
	}
}

const struct proc_ops kern_ops = {
	.name = "kern", .init = init, .conf = take_conf, .socket = take_socket, .start = start,
	.peer = take_peer, .message = kern_message, .down = down,
};
