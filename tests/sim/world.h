/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the simulation share. Tests include sim.h only.
 */
#ifndef _NATFW_TESTS_SIM_WORLD_H
#define _NATFW_TESTS_SIM_WORLD_H

#include <stdarg.h>

#include "base/log.h"
#include "base/table.h"
#include "gist/frame.h"
#include "gist/message.h"
#include "nslp/message.h"
#include "sim.h"

#define NODES	27	/* by letter, from 1 */
#define LINKS	32	/* from 1; the number is also the interface index of all on it */
#define APPS	4
#define CONNS	256
#define VARS	64
#define TEXT	16384

struct text {
	char s[TEXT];
	size_t len;
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_hex(struct text *t, const char *key, const void *data, size_t len);
void text_address(struct text *t, const struct address *a);
void text_endpoint(struct text *t, const char *key, const struct endpoint *e);
void text_mri(struct text *t, const char *key, const struct gist_mri *mri);
void text_flow(struct text *t, const struct gate_flow *f);
/* A whole message, in words. */
void text_message(struct text *t, struct gist_view octets, enum gist_mode mode);
void text_natfw(struct text *t, struct gist_view data);

bool read_address(const char *s, struct address *a);
bool read_endpoint(const char *s, struct endpoint *e);
size_t read_hex(const char *s, uint8_t *out, size_t size);
bool read_mri(const char *s, struct gist_mri *mri);

/* The words of a specification, variables put in; "[...]" is one word. */
#define WORDS	64
struct words {
	char s[TEXT];
	char *word[WORDS];
	unsigned int n;
};
void words_split(struct words *w, const char *spec);
/* The value of "key=" among the words, or NULL; "" for a word that is just the key. */
const char *words_get(const struct words *w, const char *key);
unsigned long words_num(const struct words *w, const char *key, unsigned long otherwise);
bool words_has(const struct words *w, const char *key);
void words_unknown(const struct words *w, const char *const *known);

bool match(const char *text, const char *pattern, bool bind);

struct packet {
	struct address source, destination;
	uint16_t sport, dport;
	uint8_t ttl, ds;
	uint32_t label;
	int rao;
	unsigned int ifindex;	/* arrival */
	uint8_t *payload;	/* with magic number */
	size_t len;
	bool df;
};

struct iface {
	unsigned int link;
	struct address a4, a6;
};

struct sim_link {
	unsigned int mtu, delay, jitter, loss, dup, cost;
	bool up, used;
};

struct sim_app {
	struct node *node;
	uint16_t nslpid;
	enum gist_peering peering;
	uint8_t answer[1024];
	size_t answer_len;
	bool used;
};

struct gate_entry {
	uint8_t sid[GATE_SID];
	struct gate_request last;	/* admitted */
	struct endpoint external;
	bool has_external;
	const char *state;
	uint64_t expires;		/* 0: never */
};

struct gate_rule {
	char *pattern, *answer;
	bool always;
};

struct nat_entry {
	struct endpoint inside;
	uint16_t port;
};

struct node {
	char name[2];
	bool used;
	struct iface iface[8];
	unsigned int ifaces;
	struct gist *g;
	struct nslp *n;
	struct gist_config gc;
	struct timers timers;
	struct sim_app app[APPS];
	uint32_t random;
	char tls_name[64];
	uint16_t listen[2];		/* TCP, TLS */
	bool swallow;			/* a raw node that takes Q-mode packets in transit */
	bool stalled;
	unsigned int last_conn;		/* of a raw node */
	unsigned int nat_link;
	struct nat_entry nat[16];
	unsigned int nats;
	/* the gate */
	struct gate_entry gate[64];
	unsigned int gates;
	struct gate_rule rule[16];
	unsigned int rules;
	uint16_t next_port;
	unsigned int gate_link;		/* external addresses are this link's */
	uint32_t gate_delay;
	struct nslp_interface interface[8];
	struct nslp_config nc;
	uint64_t ntp_offset;
};

/* A stream; ends 0 (opened it) and 1. */
struct conn {
	bool used, tls, established;
	struct {
		struct node *node;
		struct endpoint ep;
		uint32_t ma;		/* of the engine, 0: raw or gone */
		unsigned int ifindex;
		bool open;
		uint8_t *in;		/* arrived, not taken yet */
		size_t in_len;
		uint8_t *rest;		/* sent, not yet looked at for the trace */
		size_t rest_len;
		uint8_t *out;		/* sent, not yet arrived at the other end */
		size_t flying;		/* octets of it */
		bool pumping, fin;
	} end[2];
};

struct item {
	uint64_t time, seq;
	void (*fn)(struct item *i);
	struct node *node;
	struct packet *packet;
	struct conn *conn;
	unsigned int end, arg;
	uint8_t *data;
	size_t len;
	struct gate_answer answer;
};

struct filter {
	char *pattern;
	unsigned int left;	/* 0: no end */
	enum { FILTER_DROP, FILTER_HOLD, FILTER_TAMPER } what;
	unsigned int offset, xor;
	bool on;
};

struct world {
	uint64_t now;
	uint64_t seq;
	struct node node[NODES];
	struct sim_link link[LINKS];
	unsigned int links;
	struct item **heap;
	unsigned int items, size;
	struct event **event;
	unsigned int events, event_size;
	struct conn conn[CONNS];
	struct filter filter[16];
	unsigned int filters;
	struct item *held[64];
	unsigned int helds;
	uint32_t random;
	char var_name[VARS][32];
	char *var[VARS];
	unsigned int vars;
	struct gist_mri flow;
	uint8_t sid[GIST_SID_SIZE];
	unsigned int away;	/* node where unknown destinations are */
	uint16_t next_sport;
	bool raw;		/* the test writes, not an engine */
};

extern struct world w;

struct node *node_of(const char *name);
struct node *node_owning(const struct address *a);
bool node_local(const struct node *n, const struct address *a);
struct iface *node_iface(struct node *n, unsigned int link);
/* The link to leave by and the next node; false: no route. */
bool next_hop(struct node *n, const struct address *to, unsigned int *link, struct node **next);
uint32_t roll(uint32_t *state);

/* Write down what happened. Returns the event's number. */
unsigned int note(const char *text, struct gist_view octets);
/* What an engine sent, as a line of tests/replay/vectors, to where SIM_LINES says. */
void capture(const char *via, const struct endpoint *from, const struct endpoint *to, unsigned int ttl,
	     struct gist_view octets);
void notef(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct item *later(uint64_t after, void (*fn)(struct item *));
void item_free(struct item *i);

/* Send from @n; consumed. */
int packet_send(struct node *n, struct packet *p, const char *what);
struct packet *packet_new(const void *payload, size_t len);

void streams_free(void);
int stream_write(struct conn *c, unsigned int end, struct gist_view octets);
struct conn *conn_of(struct node *n, uint32_t ma, unsigned int *end);
struct conn *conn_open(struct node *n, const struct endpoint *from, const struct endpoint *to,
		       bool tls, uint32_t ma);
void conn_shut(struct conn *c, unsigned int end, int error);
extern const struct gist_io stream_io;	/* its connect, stream, backlog and close */

void gate_free(struct node *n);
int gate_request(void *arg, const struct gate_request *r, const struct gate_proof *proof);
void natfw_free(struct node *n);
void engine_free(struct node *n);

/* What is wrong with any message that an engine sent. */
void lint(const struct node *n, const char *text, struct gist_view octets, enum gist_mode mode);
void lint_points(unsigned int *number, bool *bad);

#endif /* _NATFW_TESTS_SIM_WORLD_H */
