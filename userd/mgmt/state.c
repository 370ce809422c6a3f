// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/session.h"
#include "ctl/encode.h"
#include "ctl/query.h"
#include "mgmt/entries.h"
#include "mgmt/nat.h"
#include "mgmt/state.h"

#define QUERIES		(STATE_COUNTERS + 1)	/* parts that others have to be asked for */
#define WAIT_SECONDS	10
#define STATE_TOO_MUCH	"that is more than can be read at once: ask for a part of /natfw/state, or for one " \
			"session by its name"

struct state {
	struct query *query[QUERIES];
	unsigned int parts, waiting;
	struct event *event;		/* nobody has to be asked */
	char tag[SESSION_TAG];		/* of the one session that is wanted; empty: all are */
	struct entries_holder *holder;
	size_t held[QUERIES];		/* octets of records, by entries_hold() */
	bool too_much;
	void (*done)(void *arg, struct state_answer *a);
	void *arg;
};

json_t *(*state_calls)(void);

static struct event_base *loop;
static time_t started;

/* Ids of sessions do not come here, but what their tags are made of. */
static const char *tag_of(const struct session_info *i, char tag[SESSION_TAG])
{
	uint64_t hash;

	memcpy(&hash, i->sid, sizeof(hash));
	snprintf(tag, SESSION_TAG, "%016llx", (unsigned long long)hash);
	return tag;
}

void state_tag(json_t *o, const struct session_info *i)
{
	char tag[SESSION_TAG];

	json_object_set_new(o, "session", json_string(tag_of(i, tag)));
}

static json_t *encode_secretly(const void *record)
{
	json_t *o = encode_session(record, false);

	state_tag(o, record);
	return o;
}

static json_t *peer(const void *record)
{
	return encode_peer(record);
}

static json_t *rule(const void *record)
{
	return encode_rule(record);
}

static bool is_session(const void *record, const char *wanted)
{
	char tag[SESSION_TAG];

	return !strcmp(tag_of(record, tag), wanted);
}

static bool is_rule(const void *record, const char *wanted)
{
	const struct rule_info *i = record;

	return !strcmp((const char *)i->sid_tag, wanted);
}

static json_t *ace(const void *record)
{
	return encode_ace(record);
}

static json_t *pool(const void *record)
{
	return encode_pool(record);
}

static json_t *mapping(const void *record)
{
	return nat_mapping(record);
}

static json_t *counter(const void *record)
{
	return encode_counter(record);
}

static json_t *wrap(const struct entries_kind *kind, json_t *list)
{
	return json_pack("{s:{s:{s:{s:o}}}}", "natfw:natfw", "state", kind->part, kind->entry, list);
}

static json_t *wrap_mappings(const struct entries_kind *kind, json_t *list)
{
	(void)kind;
	return nat_table(list);
}

/* Those with an encode() here are few enough to be in the tree; the others have many entries. */
static const struct {
	const char *name, *entry;
	unsigned int from;
	enum msg_type ask, tell;
	size_t size;
	json_t *(*encode)(const void *record);
	struct entries_kind many;
	bool (*is)(const void *record, const char *tag);	/* of a session; NULL: of none */
} kinds[STATE_PARTS] = {
	[STATE_SESSIONS] = { "sessions", "session", QUERY_FROM(PROC_SIG), MSG_SESSION_LIST,
			     MSG_SESSION_INFO, sizeof(struct session_info), NULL,
			     { encode_secretly, wrap, "sessions", "session" }, is_session },
	[STATE_PEERS] = { "peers", "peer", QUERY_FROM(PROC_SIG), MSG_PEER_LIST, MSG_PEER_INFO,
			  sizeof(struct peer_info), NULL, { peer, wrap, "peers", "peer" }, NULL },
	[STATE_RULES] = { "rules", "rule", QUERY_FROM(PROC_KERN), MSG_RULE_LIST, MSG_RULE_INFO,
			  sizeof(struct rule_info), NULL, { rule, wrap, "rules", "rule" }, is_rule },
	[STATE_ACES] = { "static-rules", "entry", QUERY_FROM(PROC_KERN), MSG_ACE_LIST, MSG_ACE_INFO,
			 sizeof(struct ace_info), ace, { NULL, NULL, NULL, NULL }, NULL },
	[STATE_POOLS] = { "pools", "pool", QUERY_FROM(PROC_KERN), MSG_POOL_LIST, MSG_POOL_INFO,
			  sizeof(struct pool_info), pool, { NULL, NULL, NULL, NULL }, NULL },
	[STATE_NAT] = { "", NULL, QUERY_FROM(PROC_KERN), MSG_NAT_LIST, MSG_NAT_INFO, sizeof(struct nat_info),
			NULL, { NULL, NULL, NULL, NULL }, NULL },
	[STATE_MAPS] = { "", NULL, QUERY_FROM(PROC_KERN), MSG_MAP_LIST, MSG_MAP_INFO, sizeof(struct map_info),
			 NULL, { mapping, wrap_mappings, NULL, "mapping-entry" }, NULL },
	[STATE_COUNTERS] = { "counters", "counter", QUERY_FROM(PROC_SIG) | QUERY_FROM(PROC_KERN),
			     MSG_STATS, MSG_STATS_VALUE, sizeof(struct stat_value), counter,
			     { NULL, NULL, NULL, NULL }, NULL },
	[STATE_CALLS] = { "call-home", "client", 0, 0, 0, 0, NULL, { NULL, NULL, NULL, NULL }, NULL },
	[STATE_DAEMON] = { "daemon", NULL, 0, 0, 0, 0, NULL, { NULL, NULL, NULL, NULL }, NULL },
};

const char *state_name(unsigned int part)
{
	return kinds[part].name;
}

/* ------------------------------------------------------------------ the answer */

static json_t *list_of(const struct query *q, unsigned int part)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < q->count; i++)
		json_array_append_new(list, kinds[part].encode(query_record(q, i)));
	return list;
}

static json_t *daemon_part(void)
{
	char since[24];

	snprintf(since, sizeof(since), "%lld", (long long)started);
	return json_pack("{s:s,s:s}", "version", NATFW_VERSION, "started", since);
}

static json_t *part_of(const struct state *s, unsigned int part)
{
	if (part == STATE_DAEMON)
		return daemon_part();
	if (part == STATE_CALLS)
		return json_pack("{s:o}", kinds[part].entry, state_calls ? state_calls() : json_array());
	if (kinds[part].many.encode)
		return json_object();
	return json_pack("{s:o}", kinds[part].entry, list_of(s->query[part], part));
}

static json_t *ace_statistics(const struct ace_info *i)
{
	char packets[24], octets[24];

	snprintf(packets, sizeof(packets), "%llu", (unsigned long long)i->packets);
	snprintf(octets, sizeof(octets), "%llu", (unsigned long long)i->bytes);
	return json_pack("{s:s,s:{s:s,s:s}}", "name", i->ace, "statistics", "matched-packets", packets,
			 "matched-octets", octets);
}

/* Statistics where RFC 8519 has them. Entries of one list come together. */
static json_t *acls_of(const struct query *q)
{
	json_t *lists = json_array(), *aces = NULL;
	const char *last = "";
	size_t i;

	for (i = 0; i < q->count; i++) {
		const struct ace_info *info = query_record(q, i);

		if (strcmp(info->acl, last) != 0) {
			last = info->acl;
			aces = json_array();
			json_array_append_new(lists, json_pack("{s:s,s:{s:o}}", "name", last, "aces", "ace",
							       aces));
		}
		json_array_append_new(aces, ace_statistics(info));
	}
	return json_pack("{s:o}", "acl", lists);
}

/* Translation where RFC 8512 has it, but for mappings. */
static void put_nat(json_t *tree, const struct state *s)
{
	const struct query *q = s->query[STATE_NAT], *pools = s->query[STATE_POOLS];
	json_t *nat;

	if (!q || !q->count || pools->broken)
		return;
	nat = nat_tree(query_record(q, 0), pools->count ? query_record(pools, 0) : NULL, pools->count);
	json_object_update(tree, nat);
	json_decref(nat);
}

static json_t *tree_of(const struct state *s)
{
	json_t *state = json_object(), *tree;
	unsigned int i;

	for (i = 0; i < STATE_PARTS; i++)
		if (s->parts & STATE_BIT(i) & ~STATE_OF_NAT)
			json_object_set_new(state, kinds[i].name, part_of(s, i));
	tree = json_pack("{s:{s:o}}", "natfw:natfw", "state", state);
	if (s->query[STATE_ACES])
		json_object_set_new(tree, "ietf-access-control-list:acls", acls_of(s->query[STATE_ACES]));
	put_nat(tree, s);
	return tree;
}

void state_cancel(struct state *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < QUERIES; i++) {
		if (s->query[i])
			query_end(s->query[i]);
		if (s->held[i])
			entries_release(s->holder, s->held[i]);
	}
	entries_holder_put(s->holder);
	if (s->event)
		event_free(s->event);
	free(s);
}

/* In the order of the parts. False: no memory. */
static bool take_entries(struct state *s, struct entries **at)
{
	struct query *q;
	unsigned int i;

	for (i = 0; i < QUERIES; i++) {
		q = s->query[i];
		if (!q || !q->count || !kinds[i].many.encode)
			continue;
		*at = entries_take(q->records, q->count, q->size, &kinds[i].many, s->holder,
				   s->held[i]);
		if (!*at)
			return false;
		q->records = NULL;
		q->count = q->room = 0;
		s->held[i] = 0;
		at = &(*at)->next;
	}
	return true;
}

#define STRING(x)	#x
#define WORD(x)		STRING(x)

/* Why mappings cannot be told, or NULL. What cannot comes last. */
static const char *no_maps(const struct query *q)
{
	const struct map_info *last = q && q->count ? query_record(q, q->count - 1) : NULL;

	switch (last ? last->fault : MAP_GOOD) {
	case MAP_TOO_MANY:
		return "there are more than " WORD(NAT_MAPS_MAX) " mappings that are asked for: ask for some by index, "
		       "internal-src-address or external-src-address";
	case MAP_BUSY:
		return "too many ask for mappings at once";
	case MAP_BROKEN:
		return "the kernel module did not tell all mappings";
	}
	return NULL;
}

static void finish(struct state *s)
{
	void (*done)(void *arg, struct state_answer *a) = s->done;
	struct state_answer a = { .refused = s->too_much ? STATE_TOO_MUCH : no_maps(s->query[STATE_MAPS]) };
	void *arg = s->arg;
	unsigned int i;

	for (i = 0; i < QUERIES; i++)
		if (s->query[i] && s->query[i]->broken)
			a.missing = s->query[i]->broken;
	if (!a.refused) {
		a.tree = tree_of(s);
		if (!take_entries(s, &a.entries))
			a.missing = "no memory";
	}
	state_cancel(s);
	done(arg, &a);
}

static void on_progress(struct query *q)
{
	struct state *s = q->arg;

	/* a broken one tells no more, one that is whole neither */
	if (query_over(q) && !--s->waiting)
		finish(s);
}

static void on_nothing(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg);
}

/* ------------------------------------------------------------------ asking */

static unsigned int part_asked(const struct state *s, const struct query *q)
{
	unsigned int i;

	for (i = 0; i < QUERIES && s->query[i] != q; i++)
		;
	return i;
}

/* What is not kept does not count. Once there is too much of it, nothing is kept any more. */
static bool want(const struct query *q, const void *record)
{
	struct state *s = q->arg;
	unsigned int part = part_asked(s, q);

	if (s->too_much || part == QUERIES ||
	    (*s->tag && kinds[part].is && !kinds[part].is(record, s->tag)))
		return false;
	s->too_much = !entries_hold(s->holder, q->size);
	if (s->too_much)
		return false;
	s->held[part] += q->size;
	return true;
}

static bool ask(struct state *s, unsigned int part, const struct map_wishes *maps)
{
	size_t more = part == STATE_MAPS ? sizeof(*maps) : 0;
	struct query *q = query_start_with(kinds[part].from, kinds[part].ask, maps, more, kinds[part].tell,
					   kinds[part].size, on_progress, s);

	s->query[part] = q;
	if (!q)
		return false;
	q->want = want;
	s->waiting++;
	query_limit(q, WAIT_SECONDS);
	return true;
}

struct state *state_gather(const char *user, unsigned int parts, unsigned int empty, const char *tag,
			   const struct map_wishes *maps,
			   void (*done)(void *arg, struct state_answer *a), void *arg)
{
	const struct timeval now = { 0, 0 };
	struct state *s = calloc(1, sizeof(*s));
	unsigned int i;
	bool good;

	if (!s)
		return NULL;
	s->holder = entries_holder(user);
	good = s->holder;
	s->parts = parts;
	snprintf(s->tag, sizeof(s->tag), "%s", tag);
	s->done = done;
	s->arg = arg;
	/* of which policies are made */
	if (parts & STATE_BIT(STATE_NAT))
		parts |= STATE_BIT(STATE_POOLS);
	for (i = 0; good && i < QUERIES; i++)
		if (parts & ~empty & STATE_BIT(i))
			good = ask(s, i, maps);
	if (good && !s->waiting) {
		s->event = evtimer_new(loop, on_nothing, s);
		good = s->event && !event_add(s->event, &now);
	}
	if (good)
		return s;
	state_cancel(s);
	return NULL;
}

void state_init(struct event_base *base)
{
	loop = base;
	started = time(NULL);
	query_init(base);
}

bool state_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	return query_message(from, type, data, len);
}

void state_peer(enum proc_id id)
{
	query_lost(id);
}
