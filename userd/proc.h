/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of the daemon, and how they talk.
 *
 *	monitor	root; reads the configuration, opens what needs privileges and hands it over, starts the
 *		others again when they die. Never speaks to the network.
 *	sig	no privileges, chroot, seccomp: GIST and NATFW NSLP
 *	kern	CAP_NET_ADMIN only, chroot, seccomp: policy, and alone the natfw netlink family
 *	ctl	no privileges, chroot, seccomp: control socket, local sessions, metrics
 *	mgmt	no privileges, chroot, seccomp: calls managers, and alone has the keys for that
 *
 * Each pair has a channel: SOCK_SEQPACKET, typed messages, descriptors alongside. What is sent in one turn
 * of the loop goes together at its end. What cannot be written then is queued up to a limit; then
 * proc_send() says -ENOBUFS and the sender sheds load. A message of an unknown type or a wrong length is logged and dropped. When a process
 * dies the monitor starts it anew, gives its peers new channels, and they get proc_ops.peer().
 */
#ifndef _NATFWD_PROC_H
#define _NATFWD_PROC_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nat.h"
#include "conf/conf.h"

enum proc_id { PROC_MONITOR, PROC_SIG, PROC_KERN, PROC_CTL, PROC_MGMT, PROC_COUNT };

/* Messages; who sends it to whom, and what it carries. */
enum msg_type {
	/* the framework's own */
	MSG_CONF,		/* monitor to all: conf_pack() in parts; proc_ops.conf() gets it whole */
	MSG_CHANNEL,		/* monitor to all: a descriptor of a channel to a peer */
	MSG_SOCKET,		/* monitor to one: uint32_t of enum proc_socket + arg, and the descriptor */
	MSG_READY,		/* to monitor: started, or new configuration in force; nothing */
	MSG_TRY,		/* monitor to kern: as MSG_CONF, to be tried only: proc_ops.try() */
	MSG_TRIED,		/* kern to monitor: struct conf_error, without text if it would be taken */
	MSG_RELOAD,		/* ctl to monitor: operator asks to reload, uint8_t by force; back: struct conf_error */
	MSG_DOWN,		/* monitor to all: end orderly, uint32_t ms */
	MSG_ASK_FD,		/* to monitor: uint32_t of enum proc_socket + arg; answered by MSG_SOCKET */
	MSG_SETUP,		/* monitor to one, first of all: struct proc_setup */
	MSG_START,		/* monitor to one: all there is at start has been given, nothing */
	MSG_PING,		/* monitor to all, and back: alive, nothing */
	MSG_DUMP,		/* monitor to all: tell the log what there is, nothing */
	MSG_SSH_START,		/* mgmt to monitor: struct ssh_start, and the connection */
	MSG_SSH_STOP,		/* mgmt to monitor: struct ssh_stop */
	MSG_SSH_STARTED,	/* monitor to mgmt: struct ssh_started */
	MSG_SSH_END,		/* monitor to mgmt, once for each MSG_SSH_START: struct ssh_end */
	/* sig and kern: the gate */
	MSG_GATE,		/* sig to kern: struct gate_request [struct gate_proof] */
	MSG_GATE_ANSWER,	/* kern to sig: struct gate_answer */
	/* ctl and sig: local sessions */
	MSG_SESSION_OPEN,	/* ctl to sig: struct session_open */
	MSG_SESSION_REFRESH,	/* ctl to sig: uint8_t sid[16] */
	MSG_SESSION_CLOSE,	/* ctl to sig: uint8_t sid[16], uint8_t all */
	MSG_SESSION_EVENT,	/* sig to ctl: struct session_event */
	MSG_SESSION_LIST,	/* ctl to sig: uint64_t request number */
	MSG_SESSION_INFO,	/* sig to ctl: uint64_t, struct session_info; only the number: end */
	MSG_PEER_LIST,		/* ctl to sig: uint64_t */
	MSG_PEER_INFO,		/* sig to ctl: uint64_t, struct peer_info; only the number: end */
	MSG_STATS,		/* ctl to sig and kern: uint64_t request number */
	MSG_STATS_VALUE,	/* to ctl: uint64_t, struct stat_value; only the number: end */
	/* ctl and kern */
	MSG_RULE_LIST,		/* ctl to kern: uint64_t: the ledger */
	MSG_RULE_INFO,		/* kern to ctl: uint64_t, struct rule_info; only the number: end */
	MSG_ACE_LIST,		/* ctl and mgmt to kern: uint64_t: entries of access lists in force */
	MSG_ACE_INFO,		/* kern to them: uint64_t, struct ace_info; only the number: end */
	MSG_POOL_LIST,		/* ctl and mgmt to kern: uint64_t: pools of the module */
	MSG_POOL_INFO,		/* kern to them: uint64_t, struct pool_info; only the number: end */
	MSG_NAT_LIST,		/* mgmt to kern: uint64_t: the module as a whole */
	MSG_NAT_INFO,		/* kern to mgmt: uint64_t, struct nat_info; only the number: end */
	MSG_MAP_LIST,		/* mgmt to kern: uint64_t, struct map_wishes: mappings of pools */
	MSG_MAP_INFO,		/* kern to mgmt: uint64_t, struct map_info; only the number: end */
	/* sig and kern to mgmt, unasked, by herald.h */
	MSG_SESSION_CHANGE,	/* sig: struct session_change */
	MSG_RULE_EVENT,		/* kern: struct rule_event */
	MSG_POOL_EVENT,		/* kern: struct pool_event */
	MSG_EVENTS_LOST,	/* both: uint64_t, events that were not told since the last of these */
	/* ctl and mgmt */
	MSG_CALL_LIST,		/* ctl to mgmt: uint64_t: managers that are called */
	MSG_CALL_INFO,		/* mgmt to ctl: uint64_t, struct call_info; only the number: end */
	MSG_CALL_NOW,		/* ctl to mgmt: char[64], a manager to call now */
	MSG_MANAGER_ASK,	/* mgmt to ctl: struct manager_ask, then an operation as at the control socket, JSON */
	MSG_MANAGER_ANSWER,	/* ctl to mgmt, once for each: uint64_t number, then output or error, JSON */
	/* mgmt and kern */
	MSG_CALL_FLOW,		/* mgmt to kern: struct call_flow */
	MSG_CALL_FLOW_OPEN,	/* kern to mgmt: uint32_t id */
	/* mgmt and the monitor */
	MSG_CHANGE,		/* mgmt to monitor: struct change_part and a part of a difference */
	MSG_CHANGE_DONE,	/* monitor to mgmt: struct change_answer */
	MSG_CONF_LOCK,		/* mgmt to monitor: struct conf_lock */
	MSG_CONF_UNLOCK,	/* monitor to mgmt: uint32_t, session to end that has locked running */
};

/* A metric: Prometheus name without the natfwd_ prefix, and one label at most. */
struct stat_value {
	char name[64];
	char label[32], value[64];	/* may be empty */
	char help[96];
	bool gauge;
	uint64_t number;
};

struct peer_info {
	struct endpoint peer;
	char state[24], name[64];
	bool tls, outgoing;
	uint32_t sessions, idle_ms;
};

struct rule_info {
	uint8_t sid_tag[17];
	uint64_t rule;			/* kernel rule id; 0: none yet */
	uint8_t open;
	uint32_t left;			/* seconds */
	char text[160];			/* the rule in natfwctl's words */
	char requester[80];
};

/* An entry of an access list, on all interfaces that it is in force on. */
struct ace_info {
	char acl[64], ace[64];
	uint64_t packets, bytes;
	uint32_t rules;			/* that it is in the kernel */
};

enum rule_change { RULE_RESERVED, RULE_OPENED, RULE_CLOSED, RULE_ENDED };

struct rule_event {
	uint8_t what;			/* enum rule_change */
	struct rule_info info;
	char why[96];
};

struct pool_event {
	char interface[16], pool[64];
	uint32_t refused;		/* since the last of these */
	char why[96];
};

struct call_info {
	char name[64], endpoint[64], transport[16];
	struct endpoint remote;		/* unset: not resolved yet */
	char user[64], why[96];
	uint8_t state, error;		/* enum call_state, enum call_error */
	uint32_t since, next;		/* seconds; next 0: there is a session, or an attempt */
	uint64_t attempts, sessions, failures;
};

/* An operation of a manager; {"natfw:NAME": {...}} follows. */
struct manager_ask {
	uint64_t number;		/* comes back in the answer */
	char user[64];			/* who asks */
	uint8_t operator;		/* access control permits it for this session, whoever opened that */
};

/* A connection that mgmt is about to make, or has no more: MSG_CALL_FLOW and, when its answers get in, MSG_CALL_FLOW_OPEN. */
struct call_flow {
	uint32_t id;			/* mgmt's; one that is there already is replaced */
	uint32_t open;
	struct endpoint remote, local;
};

/* sshd on a connection; @id is mgmt's. */
struct ssh_start {
	uint32_t id;
	uint8_t token[16];		/* that the relay has to show */
	char client[64], endpoint[64];	/* by whose configuration; client empty: a listener */
};

struct ssh_stop {
	uint32_t id;
	uint32_t ms;			/* it may end by itself within */
};

struct ssh_started {
	uint32_t id;
	uint32_t uid;			/* that the relay has */
};

enum ssh_how {
	SSH_ENDED,		/* the connection broke, or was never more than that */
	SSH_LEFT,		/* the other end took its leave */
	SSH_STOPPED,		/* as asked for */
	SSH_FAILED,		/* was not started */
};

struct ssh_end {
	uint32_t id;
	uint32_t how;			/* enum ssh_how */
	char why[96];			/* what sshd said last */
};

/* What is to be done with a difference from the configuration in force (conf/apply.h). */
enum change_how {
	CHANGE_TEST,		/* say whether it could be put in force */
	CHANGE_TRIAL,		/* put it in force, and not into the file */
	CHANGE_KEEP,		/* put it in force, and all that is, into the file; no difference is one, too */
	CHANGE_REVERT,		/* the file's again; without a difference */
};

#define CHANGE_MAX	(3u << 20)	/* octets of a difference */

struct change_part {
	uint32_t number;	/* of the change, comes back */
	uint32_t how;		/* enum change_how */
	uint32_t total, at;	/* octets */
};

struct change_answer {
	uint32_t number;
	bool good;		/* done: in force in all processes, and in the file */
	struct conf_error e;	/* if not */
};

/* Who has locked running. */
struct conf_lock {
	uint32_t session;	/* 0: nobody */
	char user[64];		/* as it may be shown */
};

enum proc_socket {
	SOCKET_UDP4, SOCKET_UDP6,	/* bound to conf gist.port, packet info on */
	SOCKET_RAW4, SOCKET_RAW6,	/* header-included, for Q-mode and forwarding */
	SOCKET_TRAP,			/* interception by nf_tables: nfnetlink_log group */
	SOCKET_RAO4, SOCKET_RAO6,	/* interception by raw router alert sockets, without the trap */
	SOCKET_TCP, SOCKET_TLS,		/* listening */
	SOCKET_ROUTE,			/* rtnetlink: queries, route, link and address events */
	SOCKET_CONTROL,			/* listening, UNIX stream */
	SOCKET_METRICS,			/* listening, TCP */
	SOCKET_STATE,			/* O_RDWR file of the process in the state directory (ctl, kern) */
	SOCKET_CERT, SOCKET_KEY, SOCKET_CA,	/* read-only files */
	/* asked for by mgmt, never given unasked; the argument is the number of an identity */
	SOCKET_MGMT_CERT, SOCKET_MGMT_KEY, SOCKET_MGMT_CA, SOCKET_MGMT_CRL,
	SOCKET_RESOLV,			/* resolv.conf; asked for by mgmt */
	SOCKET_RELAY,			/* listening, UNIX stream: relays of sshd; asked for by mgmt */
	SOCKET_LISTEN,			/* listening, TCP: managers; by number of conf_mgmt.listen, asked for by mgmt */
};

struct proc_ops {
	const char *name;
	/* After fork, before privileges go: libraries, descriptors, everything that opens files. 0 or -errno. */
	int (*init)(struct event_base *base);
	/* A new configuration, owned by the process from now on; called before ready and at reload. */
	void (*conf)(struct conf *c);
	/*
	 * May be NULL, and then nothing is refused: whether @c, which stays the caller's, could be put in force.
	 * False and @e. Nothing has changed.
	 */
	bool (*try)(const struct conf *c, struct conf_error *e);
	/* A descriptor from the monitor, owned by the process; -1: could not be opened, said already. */
	void (*socket)(enum proc_socket which, uint32_t arg, int fd);
	/* All there is at start has been given: begin. */
	void (*start)(void);
	/* The channel to @peer is new: @again: its process was restarted and knows nothing. */
	void (*peer)(enum proc_id peer, bool again);
	/* A message of @from; @data has @len octets, aligned for any struct, valid for the call. */
	void (*message)(enum proc_id from, enum msg_type type, const void *data, size_t len);
	/* End orderly; call proc_exit() when done, at the latest after @ms. */
	void (*down)(unsigned int ms);
	/* May be NULL: what was refused to @peer with -ENOBUFS may go on, its queue is empty. */
	void (*drained)(enum proc_id peer);
	/* May be NULL: tell the log how much there is of everything (SIGUSR1). */
	void (*dump)(void);
};

/*
 * Derived from the secret in the state directory, so the same in all lives of the daemon. A process gets
 * what is its business, the rest is zero. There before proc_ops.init() is called.
 */
struct proc_secrets {
	uint8_t tag_key[16];		/* all: session_tag_key(), which has been called with it */
	uint8_t owner[16];		/* kern: owner cookie of rules in the kernel */
	uint8_t identity[16];		/* sig: Peer-Identity of this node (RFC 5971 5.2.2) */
	uint8_t seed[32];		/* of this process alone, to derive what it needs */
};

const struct proc_secrets *proc_secrets(void);

/* To @to. 0, -ENOBUFS (queue full), -EPIPE (no such process just now), -EMSGSIZE (above 60000). */
int proc_send(enum proc_id to, enum msg_type type, const void *data, size_t len);
/* The same from two pieces. */
int proc_send2(enum proc_id to, enum msg_type type, const void *a, size_t alen, const void *b,
	       size_t blen);
/* The same with a descriptor, which is closed in any case. */
int proc_send_fd(enum proc_id to, enum msg_type type, const void *data, size_t len, int fd);
/* Octets queued to @to: for shedding load early. */
size_t proc_backlog(enum proc_id to);
/* Ask the monitor for a descriptor; it comes by proc_ops.socket(). 0 or as proc_send(). */
int proc_ask_fd(enum proc_socket which, uint32_t arg);
/* Sends what is queued, as far as that takes no time, and ends. */
void proc_exit(int status) __attribute__((noreturn));

/*
 * Of sig, for the monitor: open socket @which number @arg (0, 1, ...) as configuration @c wants it, with
 * root's privileges. A descriptor or -errno; -ENOENT: there is no such one, nor one after it.
 */
int sig_socket_open(const struct conf *c, enum proc_socket which, uint32_t arg);

/* Each in its directory. */
extern const struct proc_ops sig_ops, kern_ops, ctl_ops, mgmt_ops;

#endif /* _NATFWD_PROC_H */
