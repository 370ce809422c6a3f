// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "conf/document.h"
#include "manager/settings.h"

#define FILE_MAX	(1024 * 1024)
#define LIST_MAX	256
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

const char *const transport_names[TRANSPORT_COUNT] = { "ssh", "tls", "restconf", "relay", "relay-plain" };
/* none is registered for relays (draft-lear-callhome, 6) */
static const uint32_t default_ports[TRANSPORT_COUNT] = { 4334, 4335, 4336, 0, 0 };
static const char *const identifier_words[] = {
	"serial-number", "common-name", "dns-name", "uri", NULL,
};
static const char *const revocation_words[] = { "if-named", "required", "if-there", NULL };
static const char *const ocsp_words[] = { "prefer", "require", "off", NULL };
static const char *const transport_words[] = { "ssh", "tls", "restconf", "relay", "relay-plain", NULL };

/* ------------------------------------------------------------------ what may stand where */

enum kind { KIND_TEXT, KIND_NUMBER, KIND_WORD, KIND_BOOL, KIND_ADDRESS };

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
	uint32_t min, max;		/* KIND_NUMBER */
	const char *const *words;	/* KIND_WORD */
};

#define TEXT(s, name, member)	{ name, KIND_TEXT, offsetof(struct s, member), 0, 0, NULL }
#define NUMBER(s, name, member, min, max) \
	{ name, KIND_NUMBER, offsetof(struct s, member), min, max, NULL }
#define WORD(s, name, member, words)	{ name, KIND_WORD, offsetof(struct s, member), 0, 0, words }
#define BOOL(s, name, member)	{ name, KIND_BOOL, offsetof(struct s, member), 0, 0, NULL }

static const struct field listen_fields[] = {
	WORD(settings_listen, "transport", transport, transport_words),
	{ "address", KIND_ADDRESS, offsetof(struct settings_listen, address), 0, 0, NULL },
	NUMBER(settings_listen, "port", port, 1, 65535),
	TEXT(settings_listen, "service", service),
	{ 0 },
};

static const struct field issuer_fields[] = {
	TEXT(settings_issuer, "name", name),
	TEXT(settings_issuer, "certificates", certificates),
	TEXT(settings_issuer, "crl", crl),
	WORD(settings_issuer, "identifier", identifier, identifier_words),
	WORD(settings_issuer, "revocation", revocation, revocation_words),
	WORD(settings_issuer, "ocsp", ocsp, ocsp_words),
	BOOL(settings_issuer, "shared", shared),
	{ 0 },
};

static const struct field credential_fields[] = {
	TEXT(settings_credential, "name", name),
	TEXT(settings_credential, "user", user),
	TEXT(settings_credential, "ssh-key", ssh_key),
	TEXT(settings_credential, "certificate", certificate),
	TEXT(settings_credential, "key", key),
	TEXT(settings_credential, "password-file", password_file),
	{ 0 },
};

static const struct field control_fields[] = {
	TEXT(settings, "path", control),
	TEXT(settings, "group", group),
	{ 0 },
};

static const struct field limit_fields[] = {
	NUMBER(settings_limits, "half-open", half_open, 1, 65536),
	NUMBER(settings_limits, "half-open-per-source", half_open_per_source, 1, 65536),
	NUMBER(settings_limits, "waiting", waiting, 1, 65536),
	NUMBER(settings_limits, "waiting-per-source", waiting_per_source, 1, 65536),
	NUMBER(settings_limits, "handshakes", handshakes, 1, 100000),
	NUMBER(settings_limits, "handshake-time", handshake_time, 1, 600),
	NUMBER(settings_limits, "waiting-time", waiting_time, 1, 600),
	NUMBER(settings_limits, "failures", failures, 1, 10000),
	NUMBER(settings_limits, "failure-window", failure_window, 1, 86400),
	NUMBER(settings_limits, "penalty", penalty, 1, 86400),
	NUMBER(settings_limits, "penalty-max", penalty_max, 1, 604800),
	NUMBER(settings_limits, "sources", sources, 64, 1048576),
	NUMBER(settings_limits, "devices", devices, 1, 1000000),
	NUMBER(settings_limits, "refused", refused, 1, 100000),
	NUMBER(settings_limits, "message", message, 16, 262144),
	NUMBER(settings_limits, "hello", hello, 4, 4096),
	NUMBER(settings_limits, "keepalive", keepalive, 1, 7200),
	NUMBER(settings_limits, "dead", dead, 2, 86400),
	{ 0 },
};

static const struct settings defaults = {
	.limits = {
		.half_open = 256, .half_open_per_source = 8,
		.waiting = 4096, .waiting_per_source = 32,
		.handshakes = 300, .handshake_time = 20, .waiting_time = 20,
		.failures = 5, .failure_window = 60, .penalty = 300, .penalty_max = 86400,
		.sources = 65536, .devices = 20000, .refused = 10000,
		.message = 16384, .hello = 256,
		.keepalive = 60, .dead = 120,
	},
};

/* ------------------------------------------------------------------ reading */

struct reader {
	char *why;
	size_t size;
};

static bool wrong(struct reader *r, const struct doc_value *v, const char *path, const char *what)
{
	snprintf(r->why, r->size, "line %u: %s: %s", v->line, path, what);
	return false;
}

static bool take_text(struct reader *r, const struct doc_value *v, const char *path, char **to)
{
	if (v->kind != DOC_SCALAR || !*v->text || strlen(v->text) > 4096)
		return wrong(r, v, path, "a text was expected");
	*to = strdup(v->text);
	return *to || wrong(r, v, path, "out of memory");
}

static bool take_number(struct reader *r, const struct doc_value *v, const char *path,
			const struct field *f, uint32_t *to)
{
	char what[80], *end;
	unsigned long n;

	snprintf(what, sizeof(what), "a number from %u to %u was expected", f->min, f->max);
	if (v->kind != DOC_SCALAR || *v->text < '0' || *v->text > '9')
		return wrong(r, v, path, what);
	errno = 0;
	n = strtoul(v->text, &end, 10);
	if (*end || errno || n < f->min || n > f->max)
		return wrong(r, v, path, what);
	*to = (uint32_t)n;
	return true;
}

static bool take_word(struct reader *r, const struct doc_value *v, const char *path,
		      const struct field *f, uint32_t *to)
{
	char what[128] = "expected one of";
	uint32_t i;

	for (i = 0; f->words[i]; i++) {
		if (v->kind == DOC_SCALAR && !strcmp(v->text, f->words[i])) {
			*to = i;
			return true;
		}
		strcat(strcat(what, " "), f->words[i]);
	}
	return wrong(r, v, path, what);
}

static bool take_bool(struct reader *r, const struct doc_value *v, const char *path, bool *to)
{
	if (v->kind == DOC_SCALAR && (!strcmp(v->text, "true") || !strcmp(v->text, "false"))) {
		*to = *v->text == 't';
		return true;
	}
	return wrong(r, v, path, "true or false was expected");
}

static bool take_address(struct reader *r, const struct doc_value *v, const char *path, char **to)
{
	struct in6_addr a;

	if (!take_text(r, v, path, to))
		return false;
	if (inet_pton(AF_INET6, *to, &a) == 1 || inet_pton(AF_INET, *to, &a) == 1)
		return true;
	return wrong(r, v, path, "an IPv4 or IPv6 address was expected");
}

static bool take(struct reader *r, const struct doc_value *v, const char *path,
		 const struct field *f, void *to)
{
	to = (char *)to + f->offset;
	switch (f->kind) {
	case KIND_TEXT:
		return take_text(r, v, path, to);
	case KIND_NUMBER:
		return take_number(r, v, path, f, to);
	case KIND_WORD:
		return take_word(r, v, path, f, to);
	case KIND_BOOL:
		return take_bool(r, v, path, to);
	case KIND_ADDRESS:
		return take_address(r, v, path, to);
	}
	return false;
}

static bool take_map(struct reader *r, const struct doc_value *map, const char *path,
		     const struct field *fields, void *to)
{
	const struct doc_value *v;
	const struct field *f;
	char name[160];

	if (map->kind != DOC_MAP)
		return wrong(r, map, path, "a map was expected");
	for (v = map->child; v; v = v->next) {
		snprintf(name, sizeof(name), "%s/%s", path, v->key);
		for (f = fields; f->name && strcmp(f->name, v->key); f++)
			;
		if (!f->name)
			return wrong(r, v, name, "no such setting");
		if (!take(r, v, name, f, to))
			return false;
	}
	return true;
}

struct list {
	const struct field *fields;
	size_t size;
	void **array;
	unsigned int *count;
};

static bool take_list(struct reader *r, const struct doc_value *list, const char *path,
		      const struct list *l)
{
	const struct doc_value *v;
	unsigned int n = 0;
	char name[64];

	if (list->kind != DOC_LIST)
		return wrong(r, list, path, "a list was expected");
	for (v = list->child; v; v = v->next)
		n++;
	if (n > LIST_MAX)
		return wrong(r, list, path, "too many entries");
	*l->array = calloc(n + 1, l->size);
	if (!*l->array)
		return wrong(r, list, path, "out of memory");
	for (v = list->child; v; v = v->next) {
		snprintf(name, sizeof(name), "%s[%u]", path, *l->count);
		if (!take_map(r, v, name, l->fields, (char *)*l->array + l->size * *l->count))
			return false;
		++*l->count;
	}
	return true;
}

static bool take_top(struct reader *r, const struct doc_value *v, struct settings *s)
{
	const struct list listens = { listen_fields, sizeof(*s->listen), (void **)&s->listen,
				      &s->listens };
	const struct list issuers = { issuer_fields, sizeof(*s->issuer), (void **)&s->issuer,
				      &s->issuers };
	const struct list credentials = { credential_fields, sizeof(*s->credential),
					  (void **)&s->credential, &s->credentials };

	if (!strcmp(v->key, "user"))
		return take_text(r, v, v->key, &s->user);
	if (!strcmp(v->key, "state"))
		return take_text(r, v, v->key, &s->state);
	if (!strcmp(v->key, "control"))
		return take_map(r, v, v->key, control_fields, s);
	if (!strcmp(v->key, "limits"))
		return take_map(r, v, v->key, limit_fields, &s->limits);
	if (!strcmp(v->key, "listen"))
		return take_list(r, v, v->key, &listens);
	if (!strcmp(v->key, "issuer"))
		return take_list(r, v, v->key, &issuers);
	if (!strcmp(v->key, "credential"))
		return take_list(r, v, v->key, &credentials);
	return wrong(r, v, v->key, "no such setting");
}

/* ------------------------------------------------------------------ what is right together */

static bool refuse(struct reader *r, const char *list, unsigned int i, const char *what)
{
	snprintf(r->why, r->size, "%s[%u]: %s", list, i, what);
	return false;
}

static bool check_issuers(struct reader *r, const struct settings *s)
{
	unsigned int i;

	for (i = 0; i < s->issuers; i++) {
		const struct settings_issuer *one = &s->issuer[i];

		if (!one->name || !one->certificates)
			return refuse(r, "issuer", i, "name and certificates are needed");
		if (settings_issuer_find(s, one->name) != (int)i)
			return refuse(r, "issuer", i, "there is another one of that name");
		if (one->revocation == REVOCATION_REQUIRED && !one->crl && one->ocsp != OCSP_REQUIRE)
			return refuse(r, "issuer", i,
				      "revocation: required needs a crl, or ocsp: require");
	}
	return true;
}

static bool check_credentials(struct reader *r, const struct settings *s)
{
	unsigned int i;

	for (i = 0; i < s->credentials; i++) {
		const struct settings_credential *c = &s->credential[i];

		if (!c->name)
			return refuse(r, "credential", i, "a name is needed");
		if (settings_credential_find(s, c->name) != (int)i)
			return refuse(r, "credential", i, "there is another one of that name");
		if (!c->certificate != !c->key)
			return refuse(r, "credential", i, "certificate and key go together");
		if (!c->user && (c->ssh_key || c->password_file))
			return refuse(r, "credential", i, "a user is needed");
		if (!c->ssh_key && !c->key && !c->password_file)
			return refuse(r, "credential", i, "there is nothing to prove oneself by");
	}
	return true;
}

static bool check_service(struct reader *r, const struct settings *s, unsigned int i)
{
	const struct settings_listen *l = &s->listen[i];
	bool relay = l->transport == TRANSPORT_RELAY || l->transport == TRANSPORT_RELAY_PLAIN;
	unsigned int k;

	if (!relay)
		return !l->service || refuse(r, "listen", i, "service is for relays only");
	if (!l->service || !l->port)
		return refuse(r, "listen", i, "a relay needs service and port");
	if (strlen(l->service) >= SERVICE_NAME)
		return refuse(r, "listen", i, "the name of the service is too long");
	/* who asks for a service has to know whether it was proved whose it is */
	for (k = 0; k < i; k++)
		if (s->listen[k].service && !strcmp(s->listen[k].service, l->service) &&
		    s->listen[k].transport != l->transport)
			return refuse(r, "listen", i, "the service is relayed by another transport, too");
	return true;
}

static bool check_listens(struct reader *r, struct settings *s)
{
	unsigned int i;

	if (s->listens)
		goto ports;
	free(s->listen);
	s->listen = calloc(TRANSPORTS_USUAL + 1, sizeof(*s->listen));
	if (!s->listen)
		return refuse(r, "listen", 0, "out of memory");
	for (; s->listens < TRANSPORTS_USUAL; s->listens++)
		s->listen[s->listens].transport = s->listens;
ports:
	for (i = 0; i < s->listens; i++) {
		if (!s->listen[i].port)
			s->listen[i].port = default_ports[s->listen[i].transport];
		if (!check_service(r, s, i))
			return false;
	}
	return true;
}

static bool fill(struct reader *r, char **text, const char *value)
{
	if (!*text)
		*text = strdup(value);
	return *text || refuse(r, "settings", 0, "out of memory");
}

static bool read_document(struct reader *r, const struct doc_value *top, struct settings *s)
{
	const struct doc_value *v;

	if (top->kind != DOC_MAP)
		return wrong(r, top, "settings", "a map was expected");
	for (v = top->child; v; v = v->next)
		if (!take_top(r, v, s))
			return false;
	return check_listens(r, s) && check_issuers(r, s) && check_credentials(r, s) &&
	       fill(r, &s->state, "/var/lib/natfw-manager") &&
	       fill(r, &s->control, "/run/natfw-manager/control");
}

struct settings *settings_parse(const char *text, size_t len, char *why, size_t size)
{
	struct settings *s = malloc(sizeof(*s));
	struct reader r = { why, size };
	struct conf_error e = { 0 };
	struct doc_value *top;
	bool good;

	snprintf(why, size, "out of memory");
	if (!s)
		return NULL;
	*s = defaults;
	top = doc_read(text, len, &e);
	if (!top)
		snprintf(why, size, "line %u: %s", e.line, e.text);
	good = top && read_document(&r, top, s);
	doc_free(top);
	if (good)
		return s;
	settings_free(s);
	return NULL;
}

struct settings *settings_read(const char *path, char *why, size_t size)
{
	struct settings *s = NULL;
	char *text = NULL;
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f) {
		snprintf(why, size, "%s", strerror(errno));
		return NULL;
	}
	text = malloc(FILE_MAX + 1);
	n = text ? fread(text, 1, FILE_MAX + 1, f) : 0;
	if (!text || ferror(f) || n > FILE_MAX)
		snprintf(why, size, "cannot be read, or is longer than %d octets", FILE_MAX);
	else
		s = settings_parse(text, n, why, size);
	free(text);
	fclose(f);
	return s;
}

/* ------------------------------------------------------------------ the rest */

static void free_texts(const struct field *f, void *from)
{
	for (; f->name; f++)
		if (f->kind == KIND_TEXT || f->kind == KIND_ADDRESS)
			free(*(char **)((char *)from + f->offset));
}

void settings_free(struct settings *s)
{
	unsigned int i;

	if (!s)
		return;
	/* an entry that was not read to its end is one behind those counted */
	for (i = 0; s->listen && i <= s->listens; i++)
		free_texts(listen_fields, &s->listen[i]);
	for (i = 0; s->issuer && i <= s->issuers; i++)
		free_texts(issuer_fields, &s->issuer[i]);
	for (i = 0; s->credential && i <= s->credentials; i++)
		free_texts(credential_fields, &s->credential[i]);
	free(s->listen);
	free(s->issuer);
	free(s->credential);
	free_texts(control_fields, s);
	free(s->user);
	free(s->state);
	free(s);
}

int settings_issuer_find(const struct settings *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->issuers; i++)
		if (s->issuer[i].name && !strcmp(s->issuer[i].name, name))
			return (int)i;
	return -1;
}

int settings_credential_find(const struct settings *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->credentials; i++)
		if (s->credential[i].name && !strcmp(s->credential[i].name, name))
			return (int)i;
	return -1;
}
