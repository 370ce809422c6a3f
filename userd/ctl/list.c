// SPDX-License-Identifier: GPL-2.0-or-later
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "ctl/encode.h"
#include "ctl/list.h"
#include "ctl/query.h"
#include "ctl/stats.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LISTS_MAX	16		/* of all clients; leaves questions for metrics and seek.h */
#define AHEAD		(64u << 10)	/* octets made before the client has taken them */

/* A list on its way to a client. */
struct list {
	uint64_t client;
	json_t *id;
	const struct kind *kind;
	struct query *query;
	size_t sent;			/* records */
};

struct kind {
	const char *name, *entry;
	bool root;			/* for root only */
	unsigned int from;
	enum msg_type ask, tell;
	size_t size;
	json_t *(*encode)(const struct client *c, const void *record);
};

static const struct conf *conf;
static int asking = -1;		/* a socket to ask for interfaces by */
static time_t started;
static bool running[PROC_COUNT];
static unsigned int restarts[PROC_COUNT];

/* ------------------------------------------------------------------ records */

static json_t *session(const struct client *c, const void *record)
{
	const struct session_info *i = record;

	return encode_session(i, i->token && i->uid == c->uid);
}

static json_t *peer(const struct client *c, const void *record)
{
	(void)c;
	return encode_peer(record);
}

static json_t *rule(const struct client *c, const void *record)
{
	(void)c;
	return encode_rule(record);
}

static json_t *ace(const struct client *c, const void *record)
{
	(void)c;
	return encode_ace(record);
}

static json_t *pool(const struct client *c, const void *record)
{
	(void)c;
	return encode_pool(record);
}

static json_t *counter(const struct client *c, const void *record)
{
	(void)c;
	return encode_counter(record);
}

static json_t *call(const struct client *c, const void *record)
{
	(void)c;
	return encode_call(record);
}

#define COUNTING (QUERY_FROM(PROC_SIG) | QUERY_FROM(PROC_KERN) | QUERY_FROM(PROC_MGMT))

static const struct kind kinds[] = {
	{ "sessions", "session", false, QUERY_FROM(PROC_SIG), MSG_SESSION_LIST, MSG_SESSION_INFO,
	  sizeof(struct session_info), session },
	{ "peers", "peer", true, QUERY_FROM(PROC_SIG), MSG_PEER_LIST, MSG_PEER_INFO,
	  sizeof(struct peer_info), peer },
	{ "rules", "rule", true, QUERY_FROM(PROC_KERN), MSG_RULE_LIST, MSG_RULE_INFO,
	  sizeof(struct rule_info), rule },
	{ "static-rules", "entry", true, QUERY_FROM(PROC_KERN), MSG_ACE_LIST, MSG_ACE_INFO,
	  sizeof(struct ace_info), ace },
	{ "pools", "pool", true, QUERY_FROM(PROC_KERN), MSG_POOL_LIST, MSG_POOL_INFO,
	  sizeof(struct pool_info), pool },
	{ "counters", "counter", false, COUNTING, MSG_STATS, MSG_STATS_VALUE,
	  sizeof(struct stat_value), counter },
	{ "call-home", "client", true, QUERY_FROM(PROC_MGMT), MSG_CALL_LIST, MSG_CALL_INFO,
	  sizeof(struct call_info), call },
};

/* ------------------------------------------------------------------ lines */

static void put_state(struct client *c, json_t *id, const char *subtree, json_t *content)
{
	client_send(c, json_pack("{s:O,s:{s:{s:{s:o}}}}", "id", id, "data", "natfw:natfw", "state",
				 subtree, content));
}

static void put_entry(struct client *c, json_t *id, const char *subtree, const char *entry,
		      json_t *value)
{
	put_state(c, id, subtree, json_pack("{s:[o]}", entry, value));
}

static void put_end(struct client *c, json_t *id, const char *broken)
{
	json_t *end = json_pack("{s:O,s:b}", "id", id, "end", 1);

	if (broken)
		json_object_set_new(end, "error", json_pack("{s:s,s:s}", "path", "", "message", broken));
	client_send(c, end);
}

/* ------------------------------------------------------------------ lists of others */

static struct list lists[LISTS_MAX];

static void finish(struct list *l, struct client *c)
{
	query_end(l->query);
	json_decref(l->id);
	*l = (struct list){ 0 };
	if (c)
		client_done(c, true);
}

static void put_own_counters(const struct list *l, struct client *c)
{
	struct stat_value v;
	unsigned int i;

	for (i = 0; l->kind->ask == MSG_STATS && stats_own(i, &v); i++)
		put_entry(c, l->id, l->kind->name, l->kind->entry, encode_counter(&v));
}

/* As much as the client takes now. */
static void pump(struct list *l, struct client *c)
{
	struct query *q = l->query;

	while (l->sent < q->count && client_backlog(c) < AHEAD)
		put_entry(c, l->id, l->kind->name, l->kind->entry,
			  l->kind->encode(c, query_record(q, l->sent++)));
	if (l->sent < q->count || !query_over(q))
		return;
	put_own_counters(l, c);
	put_end(c, l->id, q->broken);
	finish(l, c);
}

static void on_progress(struct query *q)
{
	struct list *l = q->arg;

	pump(l, client_find(l->client));
}

/* Others than root see what is theirs. */
static bool may_see(const struct query *q, const void *record)
{
	const struct list *l = q->arg;
	const struct session_info *i = record;
	const struct client *c = client_find(l->client);

	return client_root(c) || (i->token && i->uid == c->uid);
}

static struct list *new_list(struct client *c, json_t *id, const struct kind *k)
{
	struct list *l = lists;

	while (l < lists + LISTS_MAX && l->client)
		l++;
	if (l == lists + LISTS_MAX || !client_begin(c, true))
		return NULL;
	l->query = query_start(k->from, k->ask, k->tell, k->size, on_progress, l);
	if (!l->query) {
		client_done(c, true);
		return NULL;
	}
	l->client = c->number;
	l->id = json_incref(id);
	l->kind = k;
	return l;
}

static void get_kind(struct client *c, json_t *id, const struct kind *k)
{
	struct list *l;

	if (k->root && !client_root(c)) {
		client_error(c, json_incref(id), "", "%s is for root only", k->name);
		return;
	}
	l = new_list(c, id, k);
	if (!l)
		client_error(c, json_incref(id), "", "too many lists at once");
	else if (k->tell == MSG_SESSION_INFO)
		l->query->want = may_see;
}

void list_drained(struct client *c)
{
	unsigned int i;

	for (i = 0; i < LISTS_MAX; i++)
		if (lists[i].client == c->number)
			pump(&lists[i], c);
}

void list_gone(struct client *c)
{
	unsigned int i;

	for (i = 0; i < LISTS_MAX; i++)
		if (lists[i].client == c->number)
			finish(&lists[i], NULL);
}

/* ------------------------------------------------------------------ what is known here */

static json_t *interface(const struct conf_interface *i)
{
	json_t *o = json_pack("{s:s}", "name", i->name);
	struct ifreq r = { 0 };

	memcpy(r.ifr_name, i->name, sizeof(r.ifr_name));
	if (ioctl(asking, SIOCGIFINDEX, &r))
		return o;
	json_object_set_new(o, "index", json_integer(r.ifr_ifindex));
	if (!ioctl(asking, SIOCGIFFLAGS, &r))
		json_object_set_new(o, "up", json_boolean(r.ifr_flags & IFF_UP));
	return o;
}

static void get_interfaces(struct client *c, json_t *id)
{
	unsigned int i;

	for (i = 0; conf && i < conf->interfaces; i++)
		put_entry(c, id, "interfaces", "interface", interface(&conf->interface[i]));
}

static json_t *process(const char *name, bool there, unsigned int again)
{
	return json_pack("{s:s,s:b,s:i}", "name", name, "running", there, "restarts", (int)again);
}

static void get_daemon(struct client *c, json_t *id)
{
	char since[24];

	snprintf(since, sizeof(since), "%lld", (long long)started);
	put_state(c, id, "daemon",
		  json_pack("{s:s,s:s,s:[o,o,o,o]}", "version", NATFW_VERSION, "started", since,
			    "process", process("sig", running[PROC_SIG], restarts[PROC_SIG]),
			    process("kern", running[PROC_KERN], restarts[PROC_KERN]),
			    process("mgmt", running[PROC_MGMT], restarts[PROC_MGMT]),
			    process("ctl", true, 0)));
}

static void get_config(struct client *c, json_t *id)
{
	json_t *tree = conf && conf->tree ? json_loads(conf->tree, 0, NULL) : NULL;

	client_send(c, json_pack("{s:O,s:o}", "id", id, "data", tree ? tree : json_object()));
}

static const struct {
	const char *name;
	bool root;
	void (*put)(struct client *c, json_t *id);
} here[] = {
	{ "interfaces", false, get_interfaces },
	{ "daemon", false, get_daemon },
	{ "config", true, get_config },
};

static bool get_here(struct client *c, json_t *id, const char *what)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(here); i++) {
		if (strcmp(here[i].name, what) != 0)
			continue;
		if (here[i].root && !client_root(c)) {
			client_error(c, json_incref(id), "", "%s is for root only", what);
			return true;
		}
		here[i].put(c, id);
		put_end(c, id, NULL);
		return true;
	}
	return false;
}

void list_get(struct client *c, json_t *id, const char *what)
{
	size_t i;

	for (i = 0; what && i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].name, what)) {
			get_kind(c, id, &kinds[i]);
			return;
		}
	}
	if (!what || !get_here(c, id, what))
		client_error(c, json_incref(id), "", "get is one of sessions, peers, rules, static-rules, pools, "
			     "counters, call-home, interfaces, daemon, config");
}

/* ------------------------------------------------------------------ */

void list_init(void)
{
	asking = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	started = time(NULL);
}

void list_conf(const struct conf *c)
{
	conf = c;
}

void list_peer(enum proc_id peer, bool again)
{
	running[peer] = true;
	restarts[peer] += again;
}

bool list_has_call(const char *name)
{
	unsigned int i;

	for (i = 0; conf && i < conf->mgmt.calls; i++)
		if (!strcmp(conf->mgmt.call[i].name, name))
			return true;
	return false;
}
