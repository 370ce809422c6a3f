// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/record.h"
#include "manager/relay.h"

#define KEY_MAX	8192	/* octets of base64 in a line of a public key */

/* ------------------------------------------------------------------ pins */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *d;

	if (c >= 'A' && c <= 'F')
		c = (char)(c + 'a' - 'A');
	d = c ? strchr(digits, c) : NULL;
	return d ? (int)(d - digits) : -1;
}

static bool from_hex(const char *text, uint8_t digest[DIGEST_SIZE])
{
	unsigned int n = 0;

	while (*text && n < DIGEST_SIZE) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0)
			return false;
		digest[n++] = (uint8_t)(high << 4 | low);
		text += 2;
		text += *text == ':' && text[1];
	}
	return n == DIGEST_SIZE && !*text;
}

/* Octets of @len characters of base64, with or without padding; -1: it is none. */
static int from_base64(const char *text, size_t len, uint8_t *out, size_t size)
{
	char padded[KEY_MAX + 4];
	size_t pad;
	int n;

	while (len && text[len - 1] == '=')
		len--;
	pad = (4 - len % 4) % 4;
	if (!len || len > KEY_MAX || pad == 3 || (len + pad) / 4 * 3 > size)
		return -1;
	memcpy(padded, text, len);
	memset(padded + len, '=', pad);
	n = EVP_DecodeBlock(out, (const unsigned char *)padded, (int)(len + pad));
	return n < 0 ? -1 : n - (int)pad;
}

static bool from_ssh_digest(const char *text, uint8_t digest[DIGEST_SIZE])
{
	uint8_t out[DIGEST_SIZE + 3];

	if (from_base64(text, strlen(text), out, sizeof(out)) != DIGEST_SIZE)
		return false;
	memcpy(digest, out, DIGEST_SIZE);
	return true;
}

/* "ssh-ed25519 AAAA... comment" */
static bool from_ssh_key(const char *text, uint8_t digest[DIGEST_SIZE])
{
	uint8_t blob[KEY_MAX];
	size_t type = strcspn(text, " ");
	const char *key = text + type + strspn(text + type, " ");
	int n = from_base64(key, strcspn(key, " \r\n"), blob, sizeof(blob));

	/* the blob begins with its type again */
	if (n < 4 || (size_t)n < 4 + type || blob[3] != type || memcmp(blob + 4, text, type))
		return false;
	SHA256(blob, (size_t)n, digest);
	return true;
}

bool record_pin(const char *text, uint8_t digest[DIGEST_SIZE])
{
	if (!strncmp(text, "SHA256:", 7))
		return from_ssh_digest(text + 7, digest);
	if (!strncmp(text, "sha256:", 7))
		return from_hex(text + 7, digest);
	if (!strncmp(text, "ssh-", 4) || !strncmp(text, "ecdsa-", 6))
		return from_ssh_key(text, digest);
	return false;
}

static json_t *pin_text(const uint8_t digest[DIGEST_SIZE])
{
	char text[8 + 2 * DIGEST_SIZE] = "sha256:";
	unsigned int i;

	for (i = 0; i < DIGEST_SIZE; i++)
		sprintf(text + 7 + 2 * i, "%02x", digest[i]);
	return json_string(text);
}

/* ------------------------------------------------------------------ reading */

static const char *text_member(json_t *o, const char *key, char *out, size_t size)
{
	json_t *v = json_object_get(o, key);
	size_t len = json_string_length(v);

	if (!v)
		return NULL;
	if (!json_is_string(v) || len >= size || strlen(json_string_value(v)) != len)
		return "name, identifier, issuer and credential are texts, not too long";
	memcpy(out, json_string_value(v), len + 1);
	return NULL;
}

static const char *read_pins(json_t *o, struct device_record *out)
{
	json_t *list = json_object_get(o, "pins"), *v;
	size_t i;

	if (list && !json_is_array(list))
		return "pins: a list is expected";
	json_array_foreach(list, i, v) {
		if (i >= DEVICE_PINS)
			return "pins: there can be 4 of them";
		if (!json_is_string(v) || !record_pin(json_string_value(v), out->pin[i]))
			return "pins: SHA256:base64, sha256:hexadecimal or a public key is expected";
		out->pins++;
	}
	return NULL;
}

static const char *unknown_member(json_t *o)
{
	static const char *const known[] = {
		"name", "identifier", "issuer", "credential", "pins", NULL,
	};
	const char *key;
	unsigned int i;
	json_t *v;

	json_object_foreach(o, key, v) {
		for (i = 0; known[i] && strcmp(known[i], key); i++)
			;
		if (!known[i])
			return "members are name, identifier, issuer, credential and pins";
	}
	return NULL;
}

const char *record_parse(json_t *o, struct device_record *out)
{
	const char *why;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(o))
		return "an object is expected";
	why = text_member(o, "name", out->name, sizeof(out->name));
	if (!why)
		why = text_member(o, "identifier", out->identifier, sizeof(out->identifier));
	if (!why)
		why = text_member(o, "issuer", out->issuer, sizeof(out->issuer));
	if (!why)
		why = text_member(o, "credential", out->credential, sizeof(out->credential));
	if (!why)
		why = unknown_member(o);
	return why ? why : read_pins(o, out);
}

/* ------------------------------------------------------------------ writing */

static void set_text(json_t *o, const char *key, const char *value)
{
	if (*value)
		json_object_set_new(o, key, json_string(value));
}

static void set_time(json_t *o, const char *key, uint64_t value)
{
	if (value)
		json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void add_session(json_t *o, const struct device *d)
{
	char text[192];

	if (!d->session)
		return;
	session_describe(d->session, text, sizeof(text));
	set_time(o, "since", session_since(d->session));
	json_object_set_new(o, "session", json_string(text));
}

static void add_calls(json_t *o, const struct device *d)
{
	const struct relay_call *c = relay_next(d, NULL);
	json_t *list = c ? json_array() : NULL;

	for (; c && list; c = relay_next(d, c))
		json_array_append_new(list, json_pack("{s:s, s:b}", "service", relay_service(c),
						      "in-use", relay_joined(c)));
	if (list)
		json_object_set_new(o, "calls", list);
}

json_t *record_device(const struct device *d)
{
	const struct device_record *r = &d->record;
	json_t *o = json_pack("{s:s, s:s}", "name", r->name, "state",
			      d->session ? "connected" : r->last_seen ? "seen" : "expected");
	json_t *pins = json_array();
	unsigned int i;

	if (!o || !pins)
		goto failed;
	set_text(o, "identifier", r->identifier);
	set_text(o, "issuer", r->issuer);
	set_text(o, "credential", r->credential);
	for (i = 0; i < r->pins; i++)
		json_array_append_new(pins, pin_text(r->pin[i]));
	json_object_set_new(o, "pins", pins);
	json_object_set_new(o, "connections", json_integer((json_int_t)r->connections));
	set_time(o, "added", r->added);
	set_time(o, "first-seen", r->first_seen);
	set_time(o, "last-seen", r->last_seen);
	if (r->last_seen)
		set_text(o, "transport", transport_names[r->transport]);
	set_text(o, "source", r->source);
	add_session(o, d);
	add_calls(o, d);
	return o;
failed:
	json_decref(o);
	json_decref(pins);
	return NULL;
}

json_t *record_refusal(const struct refusal *r)
{
	static const uint8_t none[DIGEST_SIZE];
	json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "reason", r->reason,
			      "source", r->source, "transport", transport_names[r->transport],
			      "first", (json_int_t)r->first, "last", (json_int_t)r->last,
			      "count", (json_int_t)r->count);

	if (!o)
		return NULL;
	set_text(o, "identifier", r->identifier);
	if (memcmp(r->digest, none, DIGEST_SIZE))
		json_object_set_new(o, "pin", pin_text(r->digest));
	return o;
}

static void set_count(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

json_t *record_status(struct manager *m)
{
	const struct counters *c = &m->count;
	json_t *o = json_object();
	struct admit_stats a;
	unsigned int i;
	char key[32];

	admit_stats(m->admit, manager_now(), &a);
	json_object_set_new(o, "version", json_string(NATFW_VERSION));
	set_count(o, "devices", m->inventory.devices);
	set_count(o, "connected", m->live);
	set_count(o, "waiting", a.waiting);
	set_count(o, "handshakes", a.half_open);
	set_count(o, "sources", a.sources);
	set_count(o, "blocked", a.blocked);
	set_count(o, "accepted", c->accepted);
	set_count(o, "begun", a.begun);
	set_count(o, "established", c->established);
	set_count(o, "ended", c->ended);
	set_count(o, "refused", c->refused);
	set_count(o, "replaced", c->replaced);
	set_count(o, "failed", a.bad);
	set_count(o, "expired", c->expired);
	set_count(o, "blocks", a.blocks);
	for (i = ADMIT_OK + 1; i < ADMIT_VERDICTS; i++) {
		snprintf(key, sizeof(key), "turned-away-%s", admit_verdict_name(i));
		set_count(o, key, a.verdict[i]);
	}
	set_count(o, "requests", c->requests);
	set_count(o, "relayed", c->relayed);
	set_count(o, "stapled", c->stapled);
	return o;
}
