/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnatfw: an application asks the path for a pinhole, or a public address, through the natfwd of
 * its host (NATFW NSLP, RFC 5973). See libnatfw(3).
 *
 * A receiver behind a NAT, in a few lines:
 *
 *	struct natfw_conn *c = natfw_connect(NULL, &why);
 *	struct natfw_ask ask = { .kind = NATFW_KIND_EXTERNAL, .toward = "192.0.2.1" };
 *	natfw_ask_socket(&ask, fd, &why);
 *	struct natfw_session *s = natfw_open(c, &ask, &why);
 *	natfw_wait(s, 10000, &why);
 *	printf("reach me at %s\n", natfw_status(s)->external_text);
 *
 * Functions that can fail return a negative errno, or NULL, and say why in a struct natfw_why (NULL
 * where that does not matter). A connection and its sessions belong to one thread at a time;
 * different connections do not share anything.
 */
#ifndef NATFW_SESSION_H
#define NATFW_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NATFW_CONTROL_SOCKET	"/run/natfwd/control"
#define NATFW_TAG_TEXT		17	/* a session's tag: 16 hex digits, and a zero */
#define NATFW_SECRET_TEXT	33	/* its id, its token */
#define NATFW_ENDPOINT_TEXT	56	/* "[address]:port" */
#define NATFW_BINDINGS		8

struct natfw_conn;
struct natfw_session;

/* What went wrong. */
struct natfw_why {
	int code;		/* errno, positive; 0: nothing */
	char field[32];		/* of struct natfw_ask that is at fault; empty: none */
	char text[224];		/* in words, the field named */
};

enum natfw_kind {
	NATFW_KIND_CREATE,	/* as data sender: open the path to the receiver */
	NATFW_KIND_EXTERNAL,	/* as data receiver: reserve an external address */
	NATFW_KIND_BLOCK,	/* keep a sender out, at the edge of the network */
};

enum natfw_state {
	NATFW_STATE_PENDING,		/* asked for, or a change was; no answer yet */
	NATFW_STATE_ESTABLISHED,	/* granted; natfwd refreshes it until it is closed */
	NATFW_STATE_TRANSITORY,		/* the route has changed, it is being set up anew */
	NATFW_STATE_DEAD,		/* refused, expired, deleted */
};

/*
 * What is asked for; zero it, then set what matters. Everything is in the direction of the data:
 * the source sends. Strings are the caller's and needed only until natfw_open() returns.
 *
 */
struct natfw_ask {
	enum natfw_kind kind;
	int protocol;			/* IPPROTO_UDP, ...; 0: any */
	const char *source;		/* address, or "address/length"; NULL: any */
	const char *destination;	/* the same */
	uint16_t source_port;		/* 0: any */
	uint16_t destination_port;	/* 0: any */
	bool port_pair;			/* the next port as well (RTP and RTCP) */
	const uint8_t *icmp_types;	/* [icmp_type_count], with IPPROTO_ICMP or IPPROTO_ICMPV6 */
	unsigned int icmp_type_count;	/* at most 16 */
	uint32_t spi;			/* with IPPROTO_ESP or IPPROTO_AH; 0: any */
	const char *toward;		/* sender not known: an address beyond the edge */
	bool no_bindings;		/* do not ask what addresses NATs on the way use */
	bool proxy;			/* the other end does not signal: the edge does (3.7.6) */
	bool beyond;			/* with proxy: and also sends on (3.7.6.3) */
	uint32_t lifetime;		/* seconds; 0: natfwd's default */
	uint32_t refresh;		/* milliseconds between; 0: by the lifetime granted */
	bool keep;			/* it outlives this connection: until closed by its tag */
	char socket_text[2][NATFW_ENDPOINT_TEXT];	/* natfw_ask_socket()'s: do not copy */
	uint64_t reserved[8];		/* zero */
};

/* How a session stands. Valid until the next call that gets its connection. */
struct natfw_status {
	enum natfw_state state;
	enum natfw_kind kind;
	char session[NATFW_TAG_TEXT];	/* tag, as in natfwctl and logs; empty: not known yet */
	char id[NATFW_SECRET_TEXT];	/* of GIST: a secret, who knows it can change the session */
	char token[NATFW_SECRET_TEXT];	/* for natfw_attach() elsewhere: a secret */
	uint32_t lifetime;		/* granted, seconds */
	unsigned int response;		/* code that brought it here, class << 8 | code; 0: none */
	unsigned int object;		/* type of the object at fault; 0: none */
	struct sockaddr_storage external;	/* ss_family AF_UNSPEC: none */
	char external_text[NATFW_ENDPOINT_TEXT];	/* the same; empty: none */
	unsigned int binding_count;	/* of NATs on the way, the nearest first */
	struct sockaddr_storage binding[NATFW_BINDINGS];
	char why[224];			/* in words, may be empty */
};

/* The session has changed. May close sessions, but not one that is waited for. */
typedef void natfw_changed(struct natfw_session *s, void *arg);

/*
 * Connect to natfwd at @path; NULL: $NATFW_CONTROL, or NATFW_CONTROL_SOCKET. Does not block but for
 * the connection to a local socket. Errors: ENOENT and ECONNREFUSED (natfwd is not running), EACCES
 * (not in the control group).
 */
struct natfw_conn *natfw_connect(const char *path, struct natfw_why *why);
/* The same on a stream socket that is connected already; @fd is the library's from now on. */
struct natfw_conn *natfw_connect_fd(int fd, struct natfw_why *why);
/* Closes what is not to be kept, and frees every session. NULL is fine. */
void natfw_disconnect(struct natfw_conn *c);

/* For event loops: wait for natfw_events() on natfw_fd(), then natfw_dispatch(). */
int natfw_fd(const struct natfw_conn *c);
short natfw_events(const struct natfw_conn *c);
/*
 * Read what is there, write what can be, call natfw_changed functions. Never blocks. 0, or -EPIPE
 * and the like when natfwd has gone: every session is dead then, and the connection of no more
 * use.
 *
 */
int natfw_dispatch(struct natfw_conn *c, struct natfw_why *why);

/*
 * Fill in protocol, addresses and ports from the socket @fd: for a CREATE a connected one, whose
 * local end is the source; else a bound one, which is the destination, its peer, if it has one,
 * the source. For a socket bound to any address, the one that packets to ask->toward, or
 * ask->source, leave by is taken: set that first. Fields that are set already stay.
 *
 */
int natfw_ask_socket(struct natfw_ask *ask, int fd, struct natfw_why *why);

/*
 * Fill in this host's end of the flow, if it is not set: of a CREATE the source that packets to
 * ask->destination have, else the destination that packets to ask->toward, or ask->source, would
 * come from.
 *
 */
int natfw_ask_here(struct natfw_ask *ask, struct natfw_why *why);

/* Ask. NULL with -EINVAL and the field if it makes no sense; the answer comes later. */
struct natfw_session *natfw_open(struct natfw_conn *c, const struct natfw_ask *ask,
				 struct natfw_why *why);
/* Ask for something else in place of what @s is; what was stays in force until that is granted. */
int natfw_change(struct natfw_session *s, const struct natfw_ask *ask, struct natfw_why *why);
/* A session that another connection, or another program, opened to be kept, by its token. */
struct natfw_session *natfw_attach(struct natfw_conn *c, const char *token, struct natfw_why *why);
/*
 * Wait until the session is established: 0, -ETIMEDOUT after @ms (-1: no limit), -ECONNABORTED if
 * it is dead, and @why has the reason. Calls natfw_changed functions of the connection.
 *
 */
int natfw_wait(struct natfw_session *s, int ms, struct natfw_why *why);
const struct natfw_status *natfw_status(const struct natfw_session *s);
/* Call @fn(@s, @arg) at each change. NULL: no more. */
void natfw_on_change(struct natfw_session *s, natfw_changed *fn, void *arg);
/* Refresh now. natfwd does so by itself in time; this is for impatient callers. */
int natfw_refresh(struct natfw_session *s, struct natfw_why *why);
/* Delete the session and free @s. NULL is fine. Does not wait for what comes of it. */
void natfw_close(struct natfw_session *s);
/* Free @s, leave the session alone: for one that is kept, or ends with the connection. */
void natfw_leave(struct natfw_session *s);

/*
 * The rest of the control protocol (Documentation/control.rst), as JSON text. Each waits up to @ms
 * and calls natfw_changed functions meanwhile.
 *
 */
/* Operation @name, such as "session-close"; @input may be NULL. The output, to be freed; or NULL. */
char *natfw_rpc(struct natfw_conn *c, const char *name, const char *input, int ms,
		struct natfw_why *why);
/* Something told as JSON: a line of state, a notification. Valid for the call. */
typedef void natfw_told(const char *json, void *arg);
/* Read "sessions", "peers", "rules", "counters", "interfaces", "daemon"; @fn gets it in parts. */
int natfw_get(struct natfw_conn *c, const char *subtree, natfw_told *fn, void *arg, int ms,
	      struct natfw_why *why);
/*
 * From now on, this connection may only natfw_get(), and not "config". For programs that show state: they connect
 * as root, who sees all of it, and keep no more of root than that.
 */
int natfw_restrict(struct natfw_conn *c, int ms, struct natfw_why *why);
/* From now on, @fn gets the events of every session that may be seen. NULL: no more. */
int natfw_watch(struct natfw_conn *c, natfw_told *fn, void *arg, int ms, struct natfw_why *why);

/* "pending", "established", "transitory", "dead". */
const char *natfw_state_name(enum natfw_state state);

#ifdef __cplusplus
}
#endif

#endif /* NATFW_SESSION_H */
