/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration: what natfwd.yaml (or .json, RFC 7951) says, validated against
 * userd/yang/natfw.yang, as plain values.
 *
 * The monitor reads it, and sends it whole to the other processes at start and at reload
 * (conf_pack(), conf_unpack()); nobody else opens the file. Read only once made, and replaced as a
 * whole. Strings and arrays belong to the struct conf; conf_free() gives them back.
 */
#ifndef _NATFWD_CONF_CONF_H
#define _NATFWD_CONF_CONF_H

#include "base/address.h"
#include "base/log.h"

#ifndef CONF_FILE_MAX	/* tests have less */
#define CONF_FILE_MAX	(4u << 20)	/* octets of a file */
#endif

struct conf_interface {
	char name[16];			/* leaf name; the index is looked up when it appears */
	bool outside;			/* side: inside | outside */
	bool edge;			/* outside only */
	bool nat;			/* outside only: translate the source of what leaves here */
	bool firewall;			/* pinholes are needed here; default true */
	char pool[64];			/* natfw pool that external endpoints come from (nat) */
	uint32_t zone;			/* of the natfw attachment; default 0 */
	bool attach;			/* natfwd attaches it to the module if nobody did */
	bool drop;			/* and then default drop */
};

struct conf_prefix {
	struct address address;
	uint8_t len;
};

/* A pool of the module; values as in uapi/linux/natfw.h. */
struct conf_pool {
	char name[64];
	struct conf_prefix *address;
	unsigned int addresses;		/* at least one, all of one family */
	uint16_t port_min, port_max;
	uint32_t zone;
	uint8_t filtering;		/* enum natfw_filtering */
	bool preserve;
	uint32_t host_quota;		/* 0: none */
	uint32_t hold;			/* seconds */
};

/* One entry of the policy list; the first that matches decides. Absent conditions match all. */
struct conf_policy {
	char name[64];
	/* who */
	struct conf_prefix *from;	/* signalling neighbour or, for local applications, own address */
	unsigned int froms;
	char interface[16];		/* its message came in by */
	bool has_zone;
	uint32_t zone;
	char tls_name[64];		/* authenticated name, may begin with "*." */
	uint32_t key_id;		/* SESSION_AUTH key that signed; 0: none asked for */
	bool local;			/* only applications on this node */
	/* what */
	bool create, external, block, proxy;	/* kinds this entry is about; none given: all */
	struct conf_prefix *toward;	/* destination of the flow's data */
	unsigned int towards;
	struct conf_prefix *source;	/* source of the flow's data */
	unsigned int sources;
	uint8_t protocol[8];
	unsigned int protocols;
	uint16_t port_min, port_max;	/* destination; 0, 0: any */
	/* then */
	bool permit;
	bool third_party;		/* also for flows that do not end at the requester */
	uint8_t source_len_min, destination_len_min;	/* how wide: IPv4 bits; IPv6 4 x */
	uint32_t lifetime_max;		/* seconds; 0: as nslp.lifetime_max */
	uint32_t sessions_max;		/* per requester; 0: policy.sessions_max */
	bool any_sender;		/* EXTERNAL without a known sender, and wildcard source ports */
};

struct conf_key {
	uint32_t id;
	char name[64];
	uint8_t transform;		/* enum nslp_transform */
	uint8_t secret[64];
	uint8_t len;
};

struct conf_peer {			/* the authorised peer database, in order (RFC 5971 4.4.2) */
	char name[64];			/* dNSName, may begin with "*." */
	struct conf_prefix at;		/* len 0: anywhere */
	bool permit;
};

struct conf_gist {
	bool ipv6;
	struct address *address;	/* signalling addresses; none: the interfaces' own */
	unsigned int addresses;
	uint16_t port;			/* 270 */
	uint16_t tcp_port, tls_port;
	uint8_t tls;			/* GIST_TLS_... */
	char certificate[256], key[256], authority[256];	/* files */
	uint32_t t1, t2, validity, hold;	/* ms */
	uint32_t rate, states, associations;
	struct conf_peer *peer;
	unsigned int peers;
	bool peer_default;		/* peers in no entry: permit */
	bool old_numbers;		/* put up with implementations older than the RFC */
};

struct conf_nslp {
	bool forward, respond, proxy, need_reservation;
	uint32_t lifetime, lifetime_min, lifetime_max;	/* seconds */
	uint32_t transitory;		/* seconds */
	uint32_t sessions, sessions_per_peer;
	uint32_t key_id;		/* to sign with as NI */
};

enum conf_transport {
	CALL_TLS_TRANSPORT, CALL_SSH_TRANSPORT, CALL_RESTCONF_TRANSPORT,
	CALL_RELAY_TRANSPORT,	/* a service, inside TLS */
	CALL_PLAIN_TRANSPORT,		/* a service as it is */
};
enum conf_start { CALL_START_FIRST, CALL_START_LAST, CALL_START_RANDOM };

/* What becomes of a manager of whose certificate no responder says whether it is revoked. */
enum conf_ocsp_managers {
	OCSP_NOT_ASKED,			/* nobody is asked */
	OCSP_PREFERRED,			/* it is let in */
	OCSP_REQUIRED,			/* it is not */
};

struct conf_ocsp {
	bool staple;			/* responses about our certificate are shown with it */
	char staple_from[256];		/* URL; empty: where the certificate says */
	uint8_t managers;		/* enum conf_ocsp_managers */
	char responder[256];		/* URL; about managers */
	bool named;			/* without that: where their certificates say */
};

/* What this node shows of itself in TLS, and whom it believes. */
struct conf_identity {
	char name[64];
	char certificate[256], key[256];	/* files, PEM; the chain follows the certificate */
	char authority[256];
	char crl[256];			/* empty: there are no lists */
	struct conf_ocsp ocsp;
};

/* One rule by which a certificate gives a user name (RFC 7407, 4.2); the first that does counts. */
struct conf_name_rule {
	uint32_t id;
	uint8_t type;			/* enum certname_type */
	uint8_t hash;			/* TLS HashAlgorithm of the fingerprint; 0: any certificate */
	uint8_t fingerprint[64];
	uint8_t len;
	char name[64];			/* of type specified */
};

/* One way to a manager. */
struct conf_endpoint {
	char name[64];
	uint8_t transport;		/* enum conf_transport */
	char remote[256];		/* address or name */
	uint16_t port;
	struct address local;		/* unset: by route */
	uint16_t local_port;		/* 0: any */
	char interface[16];		/* or VRF; empty: by route */
	char identity[64];		/* TLS */
	char service[64];		/* relays */
	uint16_t host_keys;		/* SSH: bit by index of conf_ssh.host_key; 0: all */
	uint16_t keep_wait;		/* s without a word until the manager is probed; 0: never */
	uint8_t keep_attempts;		/* probes without an answer until it is given up */
};

/* A manager that is called (RFC 8071); members as in userd/mgmt/connector.h. */
struct conf_call {
	char name[64];
	struct conf_endpoint *endpoint;
	unsigned int endpoints;		/* at least one */
	bool periodic, has_anchor;
	uint32_t period, idle_timeout;	/* s */
	uint64_t anchor;		/* s since 1970 */
	uint8_t start_with;		/* enum conf_start */
	uint8_t max_attempts;
	uint16_t max_wait, authentication_time;	/* s */
	uint32_t backoff_min, backoff_max, minimum_uptime;	/* s */
};

/* What is offered to managers as it is. */
struct conf_service {
	char name[64];
	struct endpoint at;
	bool at_once;			/* connected to before the manager has said anything */
	uint32_t idle;			/* s without an octet; 0: for good */
};

struct conf_host_key {
	char name[64], file[256];
};

/* A key, and whose it is. */
struct conf_user_key {
	char user[64];
	char key[2048];			/* a line as ssh-keygen writes them */
};

struct conf_ssh {
	char program[256], relay[256];	/* relay empty: as installed */
	char account[32];
	char directory[84];
	uint8_t attempts;
	struct conf_host_key *host_key;
	unsigned int host_keys;
	struct conf_user_key *user_key;
	unsigned int user_keys;
};

/* Where managers may connect. The endpoint's local address and port are those that are listened at. */
struct conf_listen {
	struct conf_endpoint e;
	uint16_t authentication_time;	/* s */
	uint16_t max_sessions;
	uint16_t max_unknown, max_per_source;	/* that have not authenticated */
};

struct conf_mgmt {
	struct conf_ssh ssh;
	struct conf_identity *identity;
	unsigned int identities;
	struct conf_name_rule *rule;
	unsigned int rules;
	struct conf_service *service;
	unsigned int services;
	struct conf_listen *listen;
	unsigned int listens;
	struct conf_call *call;
	unsigned int calls;
};

/* Ports that are matched; @except: all others are. */
struct conf_ports {
	bool given, except;
	uint16_t min, max;
};

/* What accepted packets are translated to; nothing set: they are not. */
struct conf_translation {
	char pool[64];			/* of the module, for the source */
	struct address source, destination;
	uint16_t dport;			/* 0: as it is */
};

enum conf_forwarding { ACE_ACCEPT, ACE_DROP, ACE_REJECT };

/* An entry of an access control list (RFC 8519); absent conditions match all. */
struct conf_ace {
	char name[64];
	unsigned int line;		/* of the file; 0: not from one */
	uint8_t version;		/* 4 or 6; 0: both */
	struct conf_prefix source, destination;	/* len 0: any */
	bool has_protocol, icmp, has_type, has_code, has_dscp, has_label;
	uint8_t protocol;
	uint8_t type, code;		/* ICMP's; @icmp: the protocol is that of the packet's family */
	uint8_t dscp;
	uint32_t label;
	struct conf_ports sport, dport;
	uint8_t forwarding;		/* enum conf_forwarding */
	bool stateful;			/* replies are permitted too */
	bool translated;
	struct conf_translation to;
};

struct conf_acl {
	char name[64];
	struct conf_ace *ace;		/* in the order they are tried */
	unsigned int aces;
};

/* The lists that an interface has for what comes in by it, in order. */
struct conf_acl_point {
	char interface[16];
	uint32_t *acl;			/* index in conf.acl */
	unsigned int acls;
};

struct conf_control {
	char socket[108];		/* /run/natfwd/control */
	char group[32];			/* may open sessions; empty: root only */
	struct endpoint metrics;	/* address unset: off */
};

struct conf {
	struct conf_interface *interface;
	unsigned int interfaces;
	struct conf_pool *pool;
	unsigned int pools;
	struct conf_gist gist;
	struct conf_nslp nslp;
	struct conf_policy *policy;
	unsigned int policies;
	uint32_t policy_sessions_max;	/* of one requester, where no entry says */
	uint32_t policy_rate;		/* new sessions a second of one requester; 0: not limited */
	struct conf_key *keys;
	unsigned int key_count;
	struct conf_mgmt mgmt;
	struct conf_acl *acl;
	unsigned int acls;
	struct conf_acl_point *acl_point;
	unsigned int acl_points;
	struct conf_control control;
	char user[32];			/* that unprivileged processes become; natfwd */
	char chroot[256];		/* /var/empty/natfwd or /run/natfwd/empty */
	char state[256];		/* directory: /var/lib/natfwd */
	bool syslog;
	uint8_t level[SUB_COUNT];	/* enum log_level */
	bool module_required;		/* do not start without natfw.ko */
	char *tree;			/* all of it as RFC 7951 JSON, but for secrets; NULL: not for this process */
};

struct conf_error {
	unsigned int line;		/* 0: the file as a whole */
	char path[256];			/* in the YANG tree, "/natfw:natfw/gist/port"; may be empty */
	char text[256];
};

/* What a file has in it, which may have secrets. */
struct conf_source {
	char *text;
	size_t len;
};

/* Read and validate @file. NULL, and @e, if anything is wrong with it. */
struct conf *conf_read(const char *file, struct conf_error *e);
/* The same, and *@source is what it was made of, for conf_source_free(). */
struct conf *conf_read_source(const char *file, struct conf_source *source, struct conf_error *e);
/* Only what is in @file. 0 or -errno. */
int conf_load_text(const char *file, struct conf_source *source);
void conf_source_free(struct conf_source *source);
/* The same with what would be in a file; @text need not end in a zero octet. */
struct conf *conf_read_text(const char *text, size_t len, struct conf_error *e);
/* Say in the log which interfaces are not there. conf_read() does it. */
void conf_check_interfaces(const struct conf *c);
/* What the schema says where a file says nothing. NULL: out of memory. */
struct conf *conf_default(void);
void conf_free(struct conf *c);
/* As octets for another process; *@out is to be freed. 0 or -ENOMEM. */
int conf_pack(const struct conf *c, void **out, size_t *len);
/* NULL if @data is not what conf_pack() made, or out of memory. */
struct conf *conf_unpack(const void *data, size_t len);

#endif /* _NATFWD_CONF_CONF_H */
