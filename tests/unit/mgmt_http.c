// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The server's side of HTTP: requests, whole, in halves at every place and octet by octet; and what is refused.
 *
 * natfw-test: quick timeout=60
 */
#include <event2/bufferevent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ktap.h"
#include "mgmt/http.h"

static struct event_base *base;
static struct http_conn *conn;
static char seen[1 << 16];		/* requests, in words */
static bool gone, later;
static int peer;

static void note(const char *text)
{
	if (strlen(seen) + strlen(text) < sizeof(seen))
		strcat(seen, text);
}

static void on_request(void *arg, const struct http_request *r)
{
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	note(r->method);
	note(" ");
	note(r->target);
	note("=");
	note(r->body ? r->body : "-");
	if (r->field[HTTP_ACCEPT]) {
		note(":");
		note(r->field[HTTP_ACCEPT]);
	}
	note("|");
	if (later) {
		evbuffer_free(body);
		return;
	}
	evbuffer_add_printf(body, "answer");
	http_answer(conn, 200, NULL, body);
}

static void on_refuse(void *arg, unsigned int status, const char *why)
{
	char text[16];

	(void)arg;
	EXPECT(why && *why);
	snprintf(text, sizeof(text), "!%u|", status);
	note(text);
	http_answer(conn, status, NULL, NULL);
}

static void on_drained(void *arg)
{
	(void)arg;
}

static void on_over(void *arg, enum session_end end, const char *why)
{
	(void)arg;
	(void)end;
	EXPECT(why && *why);
	gone = true;
	conn = NULL;
}

static const struct http_ops ops = { on_request, on_refuse, on_drained, on_over };

static void begin(void)
{
	int fd[2];

	EXPECT(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	evutil_make_socket_nonblocking(fd[0]);
	evutil_make_socket_nonblocking(fd[1]);
	peer = fd[1];
	gone = later = false;
	*seen = '\0';
	conn = http_create(bufferevent_socket_new(base, fd[0], BEV_OPT_CLOSE_ON_FREE), &ops, NULL);
}

/* Until nothing goes on any more; timers are far away. */
static void turn(void)
{
	int i;

	for (i = 0; i < 6; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void say(const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(peer, text, len);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
		turn();
		if (n < 0)
			return;
	}
}

static void finish(void)
{
	http_destroy(conn);
	conn = NULL;
	close(peer);
}

static const char *heard(void)
{
	static char text[1 << 16];
	ssize_t n = read(peer, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void requests_are(const char *text, const char *expected)
{
	size_t len = strlen(text), i;

	for (i = 0; i <= len; i++) {
		begin();
		say(text, i);
		say(text + i, len - i);
		if (!EXPECT(!strcmp(seen, expected)))
			printf("# %s at %zu: %s\n", text, i, seen);
		finish();
	}
	begin();
	for (i = 0; i < len; i++)
		say(text + i, 1);
	EXPECT(!strcmp(seen, expected));
	finish();
}

#define H	"Host: x\r\n"

static void requests(void)
{
	requests_are("GET /a HTTP/1.1\r\n" H "\r\n", "GET /a=-|");
	requests_are("\r\n\r\nGET /a HTTP/1.1\r\n" H "\r\n", "GET /a=-|");
	requests_are("PUT /a?b=c HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nxyz", "PUT /a?b=c=xyz|");
	requests_are("PUT /a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", "PUT /a=-|");
	requests_are("PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n1;e=f\r\nz\r\n0\r\n"
		     "T: u\r\n\r\n", "PUT /a=xyz|");
	requests_are("GET /a HTTP/1.1\r\n" H "\r\nGET /b HTTP/1.1\r\n" H "\r\nGET /c HTTP/1.1\r\n" H "\r\n",
		     "GET /a=-|GET /b=-|GET /c=-|");
	requests_are("GET https://h:1/a?b HTTP/1.1\r\n" H "\r\n", "GET /a?b=-|");
	requests_are("GET https://h HTTP/1.1\r\n" H "\r\n", "GET /=-|");
	requests_are("OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS *=-|");
	requests_are("GET /a HTTP/1.1\r\n" H "Accept: x\r\nACCEPT:\ty \r\n\r\n", "GET /a=-:x, y|");
	requests_are("GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n", "GET /a=-|");
	requests_are("GET /a HTTP/1.1\r\n" H "Connection: x, close\r\n\r\nGET /b HTTP/1.1\r\n" H "\r\n", "GET /a=-|");
}

static void refused(void)
{
	static const struct {
		const char *text, *expected;
	} bad[] = {
		/* what two parsers could understand in two ways */
		{ "PUT /a HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", "!501|" },
		{ "PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "!400|" },
		{ "GET /a HTTP/1.1\r\n" H " folded\r\n\r\n", "!400|" },
		{ "GET /a HTTP/1.1\n" H "\r\n", "!400|" },
		{ "GET /a HTTP/1.1\r\n" H "X: a\rb\r\n\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0x1\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "!400|" },
		{ "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "!400|" },
		/* what is no request */
		{ "GET /a\r\n\r\n", "!400|" },
		{ "GET  /a HTTP/1.1\r\n" H "\r\n", "!400|" },
		{ "GET /a HTTP/1.1 \r\n" H "\r\n", "!400|" },
		{ "GET /a b HTTP/1.1\r\n" H "\r\n", "!400|" },
		{ "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", "!400|" },
		{ "G(T /a HTTP/1.1\r\n" H "\r\n", "!400|" },
		{ "GET a HTTP/1.1\r\n" H "\r\n", "!400|" },
		{ "GET http://h/a HTTP/1.1\r\n" H "\r\n", "!400|" },
		{ "GET /a HTTP/1.1\r\n\r\n", "!400|" },
		{ "GET /a HTTP/1.1\r\n" H H "\r\n", "!400|" },
		{ "GET /a HTTP/1.1\r\n" H "Content-Type: a\r\nContent-Type: b\r\n\r\n", "!400|" },
		{ "GET /a HTTP/1.1\r\n" H "Expect: tea\r\n\r\n", "!417|" },
		{ "LONGERTHANANYMETHODTHEREIS /a HTTP/1.1\r\n" H "\r\n", "!501|" },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!505|" },
		{ "PUT /a HTTP/1.1\r\n" H "Content-Length: 2097153\r\n\r\n", "!413|" },
		{ "\x16\x03\x01\r\n", "!400|" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char behind[512];

		/* what is behind is not looked at, even if it is good */
		snprintf(behind, sizeof(behind), "%sGET /smuggled HTTP/1.1\r\n" H "\r\n", bad[i].text);
		begin();
		say(behind, strlen(behind));
		if (!EXPECT(!strcmp(seen, bad[i].expected)))
			printf("# %s: %s\n", bad[i].text, seen);
		EXPECT(strstr(heard(), "Connection: close\r\n"));
		finish();
	}
}

/* What is too long is refused when it is, and not when it is over. */
static void bounded(void)
{
	static char text[70000];
	size_t i;

	memset(text, 'x', sizeof(text));
	begin();
	memcpy(text, "GET /", 5);
	say(text, 20000);
	EXPECT(!strcmp(seen, "!414|"));
	finish();
	begin();
	memcpy(text, "GET /a HTTP/1.1\r\n" H "X: ", 29);
	say(text, 20000);
	EXPECT(!strcmp(seen, "!431|"));
	finish();
	begin();
	say("GET /a HTTP/1.1\r\n" H, 26);
	for (i = 0; i < 9000 && !*seen; i++)
		say("X: yyyyyyyyyyyy\r\n", 17);
	EXPECT(!strcmp(seen, "!431|"));
	finish();
	begin();
	for (i = 0; i < 40000 && !*seen; i++)
		say("\r\n", 2);
	EXPECT(!strcmp(seen, "!414|"));
	finish();
}

static void chunks_bounded(void)
{
	static char chunk[65536 + 16];
	unsigned int i;

	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "10000\r\n", 7);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	begin();
	say("PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 56);
	for (i = 0; i < 80 && !*seen; i++)
		say(chunk, 65536 + 9);
	EXPECT(!strcmp(seen, "!413|"));
	EXPECT_EQ(i, 33);
	finish();
}

static void expectations(void)
{
	begin();
	say("PUT /a HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n", 69);
	EXPECT(!strcmp(heard(), "HTTP/1.1 100 Continue\r\n\r\n") && !*seen);
	say("x", 1);
	EXPECT(!strcmp(seen, "PUT /a=x|"));
	EXPECT(!strncmp(heard(), "HTTP/1.1 200 OK\r\n", 17));
	finish();
	begin();
	say("GET /a HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n", 50);
	EXPECT(!strncmp(heard(), "HTTP/1.1 200 OK\r\n", 17));
	finish();
}

static void answers(void)
{
	const char *text;

	begin();
	say("GET /a HTTP/1.1\r\n" H "\r\n", 28);
	text = heard();
	EXPECT(strstr(text, "\r\nContent-Length: 6\r\n") && strstr(text, "\r\n\r\nanswer") && strstr(text, "\r\nDate: "));
	say("HEAD /a HTTP/1.1\r\n" H "\r\n", 29);
	text = heard();
	EXPECT(strstr(text, "\r\nContent-Length: 6\r\n") && !strstr(text, "answer"));
	finish();
}

/* Nothing is looked at before there is an answer to what was before. */
static void in_turn(void)
{
	begin();
	later = true;
	say("GET /a HTTP/1.1\r\n" H "\r\nGET /b HTTP/1.1\r\n" H "\r\n", 56);
	EXPECT(!strcmp(seen, "GET /a=-|"));
	later = false;
	http_answer(conn, 204, NULL, NULL);
	turn();
	EXPECT(!strcmp(seen, "GET /a=-|GET /b=-|"));
	EXPECT(strstr(heard(), "HTTP/1.1 204 No Content\r\n"));
	later = true;
	say("GET /a HTTP/1.1\r\n" H "\r\n", 28);
	close(peer);
	turn();
	EXPECT(gone);
}

static void streams(void)
{
	const char *text;

	begin();
	later = true;
	say("GET /a HTTP/1.1\r\n" H "\r\n", 28);
	http_stream(conn, NULL);
	http_stream_put(conn, "abc", 3);
	turn();
	text = heard();
	EXPECT(strstr(text, "\r\nTransfer-Encoding: chunked\r\n") && strstr(text, "\r\n\r\n3\r\nabc\r\n"));
	http_stream_end(conn);
	say("GET /b HTTP/1.1\r\n" H "\r\n", 28);
	EXPECT(!strcmp(heard(), "0\r\n\r\n") && strstr(seen, "/b"));
	finish();
	/* HTTP/1.0 knows no chunks: the end of the connection is the end */
	begin();
	later = true;
	say("GET /a HTTP/1.0\r\n\r\n", 19);
	http_stream(conn, NULL);
	http_stream_put(conn, "abc", 3);
	http_stream_end(conn);
	turn();
	text = heard();
	EXPECT(!strstr(text, "chunked") && strstr(text, "\r\n\r\nabc") && gone);
	finish();
}

/* Whoever is to leave has its answer, if that takes no longer than it may. */
static void leaving(void)
{
	const struct timeval most = { 3, 0 };

	begin();
	later = true;
	say("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n", 31);
	http_leave(conn, "not wanted any more");
	turn();
	EXPECT(!gone);
	http_answer(conn, 200, NULL, NULL);
	turn();
	EXPECT(gone && strstr(heard(), "200 OK"));
	finish();

	begin();
	later = true;
	say("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n", 34);
	http_leave(conn, "not wanted any more");
	event_base_loopexit(base, &most);
	while (!gone && !event_base_got_exit(base)) {
		/* told again, it has no more time */
		http_leave(conn, "not wanted any more");
		event_base_loop(base, EVLOOP_ONCE);
	}
	EXPECT(gone && !strstr(heard(), "408"));
	finish();
}

static void times(void)
{
	char text[30];

	EXPECT(!strcmp(http_date(784111777, text), "Sun, 06 Nov 1994 08:49:37 GMT"));
	EXPECT_EQ(http_time("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	EXPECT_EQ(http_time("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
	EXPECT_EQ(http_time("Sun Nov  6 08:49:37 1994"), 784111777);
	EXPECT_EQ(http_time("Sun, 06 Nov 1994 08:49:37"), -1);
	EXPECT_EQ(http_time(""), -1);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "X-8040-ch2 requests", requests },
		{ "X-8040-ch5,8040-12a what is refused, and what is behind it", refused },
		{ "8040-12a heads are bounded", bounded },
		{ "8040-12a bodies are bounded, however they come", chunks_bounded },
		{ "expectations", expectations },
		{ "8040-4.2a answers", answers },
		{ "one after the other", in_turn },
		{ "8040-6a streams", streams },
		{ "whoever is to leave is not waited for without end", leaving },
		{ "times", times },
	};
	int status;

	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	event_base_free(base);
	return status;
}
