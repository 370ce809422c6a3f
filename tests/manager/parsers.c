// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What reads octets of the network: framing of NETCONF, its messages, responses of HTTP; each fed whole,
 * octet by octet, and in halves at every place, with the same result.
 *
 * natfw-test: quick host timeout=60
 */
#include <event2/buffer.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "base/http.h"
#include "manager/frame.h"
#include "manager/message.h"

#define BASE	"xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\""

static char result[1 << 17];
static size_t at;

static void note(const char *what, const void *data, size_t len)
{
	size_t n = strlen(what);

	if (at + n + len + 1 > sizeof(result))
		return;
	memcpy(result + at, what, n);
	memcpy(result + at + n, data, len);
	at += n + len;
	result[at] = '\0';
}

/* ------------------------------------------------------------------ feeding in pieces */

typedef bool (*feed_fn)(void *parser, const uint8_t *data, size_t len);

static bool feed_frame(void *parser, const uint8_t *data, size_t len)
{
	const uint8_t *piece;
	size_t used, size;

	for (;;) {
		switch (frame_next(parser, data, len, &used, &piece, &size)) {
		case FRAME_MORE:
			return true;
		case FRAME_DATA:
			note("", piece, size);
			break;
		case FRAME_END:
			note("|", "", 0);
			break;
		case FRAME_BAD:
			note("!bad", "", 0);
			return false;
		case FRAME_LONG:
			note("!long", "", 0);
			return false;
		}
		data += used;
		len -= used;
	}
}

static bool feed_http(void *parser, const uint8_t *data, size_t len)
{
	struct http *h = parser;
	const uint8_t *piece;
	size_t used, size;
	char head[32];

	for (;;) {
		switch (http_next(h, data, len, &used, &piece, &size)) {
		case HTTP_MORE:
			return true;
		case HTTP_HEAD:
			snprintf(head, sizeof(head), "%u:", h->status);
			note(head, "", 0);
			break;
		case HTTP_DATA:
			note("", piece, size);
			break;
		case HTTP_END:
			note("|", "", 0);
			break;
		case HTTP_BAD:
			note("!bad", "", 0);
			return false;
		case HTTP_LONG:
			note("!long", "", 0);
			return false;
		}
		data += used;
		len -= used;
	}
}

static void frame_of(const char *text, bool chunked, size_t split, size_t step)
{
	size_t len = strlen(text), i;
	struct frame f;

	at = 0;
	*result = '\0';
	frame_init(&f, 64);
	if (chunked)
		frame_set_chunked(&f);
	if (step)
		for (i = 0; i < len && feed_frame(&f, (const uint8_t *)text + i, 1); i++)
			;
	else if (feed_frame(&f, (const uint8_t *)text, split))
		feed_frame(&f, (const uint8_t *)text + split, len - split);
}

static void frame_is(const char *text, bool chunked, const char *expected)
{
	size_t i;

	for (i = 0; i <= strlen(text); i++) {
		frame_of(text, chunked, i, 0);
		if (!EXPECT(!strcmp(result, expected)))
			printf("# %s: %s\n", text, result);
	}
	frame_of(text, chunked, 0, 1);
	EXPECT(!strcmp(result, expected));
}

/* ------------------------------------------------------------------ framing */

static void markers(void)
{
	frame_is("<a/>]]>]]>", false, "<a/>|");
	frame_is("<a/>]]>]]><b/>]]>]]>", false, "<a/>|<b/>|");
	frame_is("]]]]>]]>a", false, "]]|a");
	frame_is("]]>]]]>]]>a", false, "]]>]|a");
	frame_is("a]]>]]>", false, "a|");
	frame_is("]]>]]>", false, "|");
	frame_is("]]>]]", false, "");
	frame_is("]]>x]>]]]]>]]>", false, "]]>x]>]]|");
}

/* ]]]]>]]>]]> holds the marker after two octets, and what is left is no message yet. */
static void markers_overlap(void)
{
	frame_is("]]]>]]>", false, "]|");
	frame_is("]]>]]>]]>]]>", false, "||");
	frame_is("]]>]]]]>]]>", false, "]]>]]|");
}

static void chunks(void)
{
	frame_is("\n#4\n<a/>\n##\n", true, "<a/>|");
	frame_is("\n#1\n<\n#3\na/>\n##\n", true, "<a/>|");
	frame_is("\n#4\n<a/>\n##\n\n#4\n<b/>\n##\n", true, "<a/>|<b/>|");
	frame_is("\n#4\n\n##\n\n##\n", true, "\n##\n|");
	frame_is("\n#007\n", true, "!bad");
	frame_is("\n#0\n", true, "!bad");
	frame_is("\n#\n", true, "!bad");
	frame_is("\n##\n", true, "!bad");
	frame_is("\n#4294967296\n", true, "!bad");
	frame_is("\n#4294967295\nabc", true, "abc");
	frame_is("\n#42949672950\n", true, "!bad");
	frame_is("\n#3\nabcd", true, "abc!bad");
	frame_is("\n#3\nabc\n##x", true, "abc!bad");
	frame_is("\n#3 \nabc", true, "!bad");
	frame_is("\n#+3\nabc", true, "!bad");
	frame_is("\r\n#3\nabc", true, "!bad");
	frame_is("#3\nabc", true, "!bad");
}

static void bounded(void)
{
	char text[200];

	memset(text, 'x', sizeof(text));
	memcpy(text, "\n#150\n", 6);
	text[150] = '\0';
	frame_of(text, true, 0, 0);
	EXPECT(strstr(result, "!long"));
	memset(text, 'x', 64);
	strcpy(text + 64, "]]>]]>");
	frame_of(text, false, 70, 0);
	EXPECT(result[64] == '|');
	strcpy(text + 64, "x]]>]]>");
	frame_of(text, false, 71, 0);
	EXPECT(strstr(result, "!long"));
}

static void written(void)
{
	struct evbuffer *out = evbuffer_new();

	frame_put(out, false, "<a/>", 4);
	frame_put(out, true, "<b/>", 4);
	EXPECT_EQ(evbuffer_get_length(out), 10 + 12);
	EXPECT(!memcmp(evbuffer_pullup(out, -1), "<a/>]]>]]>\n#4\n<b/>\n##\n", 22));
	evbuffer_free(out);
}

/* ------------------------------------------------------------------ messages */

static struct message read_message(const char *text, size_t step, const char **error)
{
	struct reader *r = reader_begin();
	const struct message *m = NULL;
	struct message out = { .kind = MESSAGE_OTHER };
	static char why[64];
	size_t len = strlen(text), i;

	for (i = 0; i < len; i += step)
		if (reader_feed(r, text + i, len - i < step ? len - i : step))
			break;
	if (i >= len)
		m = reader_end(r);
	*error = NULL;
	if (m)
		out = *m;
	else
		*error = strncpy(why, reader_error(r), sizeof(why) - 1);
	reader_free(r);
	return out;
}

static struct message good(const char *text)
{
	const char *error;
	struct message one = read_message(text, 1, &error), whole;

	EXPECT(!error);
	whole = read_message(text, strlen(text), &error);
	if (!EXPECT(!error))
		printf("# %s: %s\n", text, error);
	EXPECT(!memcmp(&one, &whole, sizeof(one)));
	return whole;
}

static void bad(const char *text, const char *expected)
{
	const char *error;

	read_message(text, 1, &error);
	EXPECT(error && !strcmp(error, expected));
	read_message(text, strlen(text) + 1, &error);
	if (!EXPECT(error && !strcmp(error, expected)))
		printf("# %s: %s\n", text, error ? error : "nothing wrong");
}

static void hellos(void)
{
	struct message m = good("\r\n <?xml version=\"1.0\" encoding=\"UTF-8\"?><hello " BASE "><capabilities>"
				"<capability> urn:ietf:params:netconf:base:1.1 \n</capability>"
				"<capability>urn:ietf:params:netconf:capability:xpath:1.0</capability>"
				"<capability>urn:x</capability></capabilities>"
				"<session-id>4294967295</session-id></hello>\n");

	EXPECT_EQ(m.kind, MESSAGE_HELLO);
	EXPECT_EQ(m.capabilities, CAP_BASE_11 | CAP_XPATH);
	EXPECT_EQ(m.listed, 3);
	EXPECT(m.has_session && m.session == 4294967295u);
	EXPECT_EQ(capability_of("urn:ietf:params:netconf:base:1.1?a=b"), CAP_BASE_11);
	EXPECT_EQ(capability_of("urn:ietf:params:netconf:base:1.11"), 0);
	EXPECT_EQ(capability_of("urn:ietf:params:netconf:base:1."), 0);
	m = good("<hello><capabilities/></hello>");
	EXPECT_EQ(m.kind, MESSAGE_OTHER);
	/* elements of others are none of ours */
	m = good("<hello " BASE "><x><session-id>3</session-id><capability>urn:ietf:params:netconf:base:1.0"
		 "</capability><y><capability>urn:ietf:params:netconf:base:1.1</capability></y></x></hello>");
	EXPECT(!m.has_session);
}

static void replies(void)
{
	struct message m = good("<n:rpc-reply message-id=\"17\" xmlns:n=\"urn:ietf:params:xml:ns:netconf:base:1.0\">"
				"<n:ok/></n:rpc-reply>");

	EXPECT(m.kind == MESSAGE_REPLY && m.has_id && m.id == 17 && m.ok && m.children == 1);
	m = good("<rpc-reply " BASE " message-id=\"2\"><rpc-error><error-severity>warning</error-severity>"
		 "<error-tag>a</error-tag></rpc-error><rpc-error><error-tag>b</error-tag>"
		 "<error-severity>error</error-severity><error-info><error-tag>no</error-tag></error-info>"
		 "<error-path> /c:d </error-path><error-message>e &lt; f</error-message></rpc-error></rpc-reply>");
	EXPECT(m.errors == 1 && m.warnings == 1 && !m.ok);
	EXPECT(!strcmp(m.error_tag, "b") && !strcmp(m.error_path, "/c:d"));
	EXPECT(!strcmp(m.error_message, "e < f"));
	m = good("<rpc-reply " BASE " message-id=\"x1\"><data><ok/></data></rpc-reply>");
	EXPECT(!m.has_id && !m.ok);
	m = good("<rpc-reply " BASE " x:message-id=\"1\" xmlns:x=\"urn:x\"/>");
	EXPECT(!m.has_id && !m.children);
	m = good("<rpc-reply " BASE " message-id=\"99999999999999999999999999\"/>");
	EXPECT(!m.has_id);
}

static void ill_formed(void)
{
	bad("<!DOCTYPE a><a/>", "document type declaration");
	bad("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type declaration");
	bad("<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
	    "document type declaration");
	bad("<a>&b;</a>", "not well-formed");
	bad("<a><b></a></b>", "not well-formed");
	bad("<a", "not well-formed");
	bad("<a></a><b/>", "not well-formed");
	bad("<a/>x", "not well-formed");
	bad("", "not well-formed");
	bad("  \n", "not well-formed");
	bad("<a b='1' b='2'/>", "not well-formed");
	bad("<a>\xc3</a>", "not well-formed");
	bad("<a>\xff\xfe</a>", "not well-formed");
	bad("<a>\xed\xa0\x80</a>", "not well-formed");
	bad("<a>\x01</a>", "not well-formed");
	bad("<?xml version=\"1.0\"?> <?xml version=\"1.0\"?><a/>", "not well-formed");
	bad("<hello " BASE "><session-id>0</session-id></hello>", "session-id is not right");
	bad("<hello " BASE "><session-id>-1</session-id></hello>", "session-id is not right");
	bad("<hello " BASE "><session-id>1 2</session-id></hello>", "session-id is not right");
	bad("<hello " BASE "><session-id/></hello>", "session-id is not right");
}

static void deep(void)
{
	static char text[8192];
	const char *error;
	int i;

	for (i = 0; i < 200; i++)
		strcat(text, "<a>");
	for (i = 0; i < 200; i++)
		strcat(text, "</a>");
	good(text);
	*text = '\0';
	for (i = 0; i < 201; i++)
		strcat(text, "<a>");
	read_message(text, strlen(text), &error);
	EXPECT(error && !strcmp(error, "nested too deeply"));
}

/* ------------------------------------------------------------------ HTTP */

static void http_of(const char *text, bool head, size_t split, size_t step)
{
	size_t len = strlen(text), i;
	struct http h;

	at = 0;
	*result = '\0';
	http_init(&h, 64);
	http_expect(&h, head);
	if (step)
		for (i = 0; i < len && feed_http(&h, (const uint8_t *)text + i, 1); i++)
			;
	else if (feed_http(&h, (const uint8_t *)text, split))
		feed_http(&h, (const uint8_t *)text + split, len - split);
	http_fini(&h);
}

static void http_is(const char *text, bool head, const char *expected)
{
	size_t i;

	for (i = 0; i <= strlen(text); i++) {
		http_of(text, head, i, 0);
		if (!EXPECT(!strcmp(result, expected)))
			printf("# %s: %s\n", text, result);
	}
	http_of(text, head, 0, 1);
	EXPECT(!strcmp(result, expected));
}

#define OK	"HTTP/1.1 200 OK\r\n"

static void bodies(void)
{
	http_is(OK "Content-Length: 3\r\n\r\nabc", false, "200:abc|");
	http_is(OK "Content-Length: 0\r\n\r\n", false, "200:|");
	http_is(OK "content-length:3\r\nContent-Length: 3\r\n\r\nabc", false, "200:abc|");
	http_is(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x\r\n0123456789\r\n0\r\n\r\n", false,
		"200:abc0123456789|");
	http_is(OK "Transfer-Encoding: Chunked\r\n\r\n0\r\nX: y\r\n\r\n", false, "200:|");
	http_is("HTTP/1.1 204 No Content\r\n\r\n", false, "204:|");
	http_is("HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", false, "304:|");
	http_is(OK "Content-Length: 5\r\n\r\n", true, "200:|");
	http_is(OK "Transfer-Encoding: chunked\r\n\r\n", true, "200:|");
	http_is("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nA: b\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", false,
		"200:x|");
	http_is(OK "Content-Length: 1\r\n\r\nxy", false, "200:x|!bad");
}

static void two_ways(void)
{
	http_is(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", false, "!bad");
	http_is(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", false, "!bad");
	http_is(OK "Content-Length: 1x\r\n\r\n", false, "!bad");
	http_is(OK "Content-Length: \r\n\r\n", false, "!bad");
	http_is(OK "Transfer-Encoding: identity\r\n\r\n", false, "!bad");
	http_is(OK "Transfer-Encoding : chunked\r\n\r\n", false, "!bad");
	http_is(OK "\r\n", false, "!bad");
	http_is("HTTP/1.1 200\n\n", false, "!bad");
	http_is("HTTP/1.1 101 x\r\n", false, "!bad");
	http_is("HTTP/1.1 2000 x\r\n", false, "!bad");
	http_is("http/1.1 200 x\r\n", false, "!bad");
	http_is(OK "Transfer-Encoding: chunked\r\n\r\n\r\n", false, "200:!bad");
	http_is(OK "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", false, "200:x!bad");
	http_is(OK "Transfer-Encoding: chunked\r\n\r\n1g\r\n", false, "200:!bad");
}

static void http_too_long(void)
{
	static char text[40000];
	struct http h;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, OK "X: ", 20);
	http_init(&h, 64);
	http_expect(&h, false);
	at = 0;
	feed_http(&h, (const uint8_t *)text, sizeof(text) - 1);
	EXPECT(strstr(result, "!long"));
	http_fini(&h);
}

/* Of what is longer than the limit, how much came before depends on how it arrived. */
static void http_body_too_long(void)
{
	static char text[256] = OK "Content-Length: 65\r\n\r\n";
	size_t head = strlen(text), i;

	memset(text + head, 'x', 65);
	for (i = 0; i <= head + 65; i++) {
		http_of(text, false, i, 0);
		EXPECT(strstr(result, "!long") && !strchr(result, '|'));
	}
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "6242-4.3a markers, and what is like them", markers },
		{ "6242-4.3a markers that overlap", markers_overlap },
		{ "6242-4.2a,6242-4.2b,6242-4.2e chunks, and what is none", chunks },
		{ "6242-4.2d messages are bounded", bounded },
		{ "6242-4.2a,6242-4.1a,6242-4.3a what is written", written },
		{ "6241-8.1c,6241-8a hellos", hellos },
		{ "6241-3a replies and their errors", replies },
		{ "6241-3a,6241-3.2a what is not well-formed", ill_formed },
		{ "6241-3a depth is bounded", deep },
		{ "bodies of HTTP", bodies },
		{ "HTTP that could be understood in two ways", two_ways },
		{ "lines of HTTP are bounded", http_too_long },
		{ "bodies of HTTP are bounded", http_body_too_long },
	};
	int status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));

	xmlCleanupParser();
	return status;
}
