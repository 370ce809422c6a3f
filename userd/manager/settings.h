/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of the manager, natfw-manager.yaml (or JSON), as plain values. Devices are not in it:
 * they are in the inventory (inventory.h). Keys and certificates are named by file, and read by who uses
 * them. Read only once made; strings and arrays belong to it.
 */
#ifndef _MANAGER_SETTINGS_H
#define _MANAGER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a listener speaks; never guessed from the port (RFC 8071 3.1 C8). */
enum transport {
	TRANSPORT_SSH, TRANSPORT_TLS, TRANSPORT_RESTCONF,
	TRANSPORT_RELAY,	/* TLS, and in it whatever a local tool speaks */
	TRANSPORT_RELAY_PLAIN,	/* TCP, and in it whatever a local tool speaks */
	TRANSPORT_COUNT,
};

#define SERVICE_NAME	64	/* with the zero */
#define TRANSPORTS_USUAL	3	/* that are listened for without being configured */

/* Where in a certificate the identifier of a device stands. */
enum identifier_from {
	IDENTIFIER_SERIAL,	/* serialNumber of the subject, as in an IDevID */
	IDENTIFIER_CN,		/* commonName of the subject */
	IDENTIFIER_DNS,		/* dNSName of subjectAltName */
	IDENTIFIER_URI,		/* uniformResourceIdentifier of subjectAltName */
	IDENTIFIER_COUNT,
};

enum revocation {
	REVOCATION_IF_NAMED,	/* a certificate that names a list or responder needs a list here */
	REVOCATION_REQUIRED,	/* every certificate does */
	REVOCATION_IF_THERE,	/* lists are looked at if there are any */
	REVOCATION_COUNT,
};

/* What is made of the response of OCSP that a device shows, or does not. */
enum ocsp_rule {
	OCSP_PREFER,		/* it counts if there is one, and stands for a list */
	OCSP_REQUIRE,		/* without a good one nobody is let in */
	OCSP_OFF,		/* it is not looked at */
	OCSP_RULES,
};

struct settings_listen {
	uint32_t transport;	/* enum transport */
	char *address;		/* numeric; NULL: all of the node's, both families */
	uint32_t port;
	char *service;		/* relays: what tools ask for by; NULL: none */
};

struct settings_issuer {
	char *name;
	char *certificates;	/* PEM: anchors (self-signed), and other issuers between them and devices */
	char *crl;		/* PEM; NULL: none */
	uint32_t identifier;	/* enum identifier_from */
	uint32_t revocation;	/* enum revocation */
	uint32_t ocsp;		/* enum ocsp_rule */
	bool shared;		/* certifies others' devices too; passwords are not used with it */
};

/* What the manager proves itself by toward devices that are bound to it. */
struct settings_credential {
	char *name;
	char *user;		/* SSH user name, HTTP user name */
	char *ssh_key;		/* private key, OpenSSH or PEM */
	char *certificate;	/* PEM: the manager's, then intermediates */
	char *key;		/* PEM: the private key of certificate */
	char *password_file;	/* first line; used by SSH, and by HTTP Basic, when there is nothing better */
};

struct settings_limits {
	uint32_t half_open, half_open_per_source;
	uint32_t waiting, waiting_per_source;
	uint32_t handshakes;		/* a second, begun */
	uint32_t handshake_time;	/* seconds until a session is established */
	uint32_t waiting_time;		/* seconds until one is begun */
	uint32_t failures;		/* of one source within penalty_window that are endured */
	uint32_t failure_window;	/* seconds */
	uint32_t penalty;		/* seconds, doubled each time */
	uint32_t penalty_max;		/* seconds */
	uint32_t sources;		/* remembered */
	uint32_t devices, refused;	/* in the inventory */
	uint32_t message;		/* KiB, of one reply */
	uint32_t hello;			/* KiB, of a hello, and of what else comes unasked */
	uint32_t keepalive;		/* seconds of silence before TCP asks */
	uint32_t dead;			/* seconds without an acknowledgement that end a session */
};

struct settings {
	char *user;			/* to run as; NULL: guard.h */
	char *state;			/* directory of the inventory */
	char *control;			/* path of the control socket */
	char *group;			/* that may use it besides root; NULL: none */
	struct settings_listen *listen;
	unsigned int listens;
	struct settings_issuer *issuer;
	unsigned int issuers;
	struct settings_credential *credential;
	unsigned int credentials;
	struct settings_limits limits;
};

extern const char *const transport_names[TRANSPORT_COUNT];	/* "ssh", "tls", ... */

/*
 * Read @text, @len octets. NULL and @why ("line N: path: what is wrong") if it is no configuration;
 * otherwise to be freed by settings_free().
 */
struct settings *settings_parse(const char *text, size_t len, char *why, size_t size);
/* The same from a file. */
struct settings *settings_read(const char *path, char *why, size_t size);
void settings_free(struct settings *s);
/* The index of the entry called @name, or -1. */
int settings_issuer_find(const struct settings *s, const char *name);
int settings_credential_find(const struct settings *s, const char *name);

#endif /* _MANAGER_SETTINGS_H */
