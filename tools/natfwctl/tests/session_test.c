// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libnatfw against a natfwd that is played by the test, at the other end of a socket pair.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "natfw_session.h"

#define TAG	"0123456789abcdef"
#define SID	"00112233445566778899aabbccddeeff"
#define TOKEN	"ffeeddccbbaa99887766554433221100"

static int peer;		/* natfwd's end */
static struct natfw_conn *conn;
static struct natfw_why why;

static void begin(void)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		abort();
	peer = sv[1];
	memset(&why, 0, sizeof(why));
	conn = natfw_connect_fd(sv[0], &why);
	CHECK(conn, "connect: %s", why.text);
}

static void end(void)
{
	natfw_disconnect(conn);
	if (peer >= 0)
		close(peer);
}

/* What the library has sent, one line of it; NULL if there is none. */
static json_t *heard(void)
{
	struct pollfd p = { .fd = peer, .events = POLLIN };
	char line[8192];
	size_t n = 0;

	while (n < sizeof(line) - 1 && poll(&p, 1, 0) == 1 && read(peer, line + n, 1) == 1 &&
	       line[n] != '\n')
		n++;
	return n ? json_loadb(line, n, 0, NULL) : NULL;
}

/* The id of the request @r, which is then freed. */
static json_int_t id_of(json_t *r)
{
	json_int_t id = json_integer_value(json_object_get(r, "id"));

	json_decref(r);
	return id;
}

/* Say @text, in which ' stands for ". */
static void say(const char *text)
{
	char octets[2048];
	size_t n = strlen(text), i;

	for (i = 0; i <= n && i < sizeof(octets); i++)
		octets[i] = text[i] == '\'' ? '"' : text[i];
	if (write(peer, octets, n) != (ssize_t)n)
		abort();
}

static void say_answer(json_int_t id, const char *rest)
{
	char line[2048];

	snprintf(line, sizeof(line), "{'id':%lld,%s}\n", (long long)id, rest);
	say(line);
}

#define EVENT	"{'notification':{'natfw:session-event':{'session':'"

static void say_event(const char *rest)
{
	char line[2048];

	snprintf(line, sizeof(line),
		 EVENT TAG "',%s}},'time':'2026-11-26T10:00:00.000Z'}\n", rest);
	say(line);
}

static const char *text_at(const json_t *o, const char *a, const char *b, const char *c)
{
	o = json_object_get(o, a);
	if (b)
		o = json_object_get(o, b);
	if (c)
		o = json_object_get(o, c);
	return json_string_value(o) ?: "";
}

static struct natfw_ask udp_create(void)
{
	return (struct natfw_ask){
		.kind = NATFW_KIND_CREATE, .protocol = IPPROTO_UDP, .source = "192.0.2.1",
		.destination = "198.51.100.5", .source_port = 4000, .destination_port = 5004,
		.lifetime = 600,
	};
}

#define GRANTED		"'state':'established','code':513,'code-name':'all processed'"
#define REFUSED		"'state':'dead','code':1282,'code-name':'authorization failed','object':17"
#define EXTERNAL	"'external':{'address':'203.0.113.7','port':40001}"
#define BINDINGS	"'bindings':{'port':40001,'address':['10.9.0.1','203.0.113.7']}"
#define FAULT		"'error':{'path':'/natfw:session-open/flow/destination-port','message':'too many'}"
#define OPENED		"'output':{'session':'" TAG "','id':'" SID "','token':'" TOKEN "'}"

/* A session natfwd has accepted, and not yet said anything else about. */
static struct natfw_session *opened(void)
{
	struct natfw_ask ask = udp_create();
	struct natfw_session *s = natfw_open(conn, &ask, &why);

	CHECK(s, "open: %s", why.text);
	say_answer(id_of(heard()), OPENED);
	natfw_dispatch(conn, &why);
	return s;
}

/* ------------------------------------------------------------------ what is sent */

static void test_open_sends(void)
{
	struct natfw_ask ask = udp_create();
	const json_t *in, *flow;
	json_t *r;

	begin();
	CHECK(natfw_open(conn, &ask, &why));
	r = heard();
	in = json_object_get(json_object_get(r, "rpc"), "natfw:session-open");
	flow = json_object_get(in, "flow");
	CHECK(!strcmp(text_at(in, "kind", NULL, NULL), "create"));
	CHECK(!strcmp(text_at(flow, "source", NULL, NULL), "192.0.2.1"));
	CHECK(!strcmp(text_at(flow, "destination", NULL, NULL), "198.51.100.5"));
	CHECK(json_integer_value(json_object_get(flow, "protocol")) == IPPROTO_UDP);
	CHECK(json_integer_value(json_object_get(flow, "source-port")) == 4000);
	CHECK(json_integer_value(json_object_get(flow, "destination-port")) == 5004);
	CHECK(json_integer_value(json_object_get(in, "lifetime")) == 600);
	CHECK(json_is_true(json_object_get(in, "bound")), "it ends with the connection");
	CHECK(!json_object_get(in, "toward") && !json_object_get(in, "proxy"));
	json_decref(r);
	end();
}

static void test_open_sends_all(void)
{
	static const uint8_t types[] = { 8, 0 };
	struct natfw_ask ask = {
		.kind = NATFW_KIND_EXTERNAL, .protocol = IPPROTO_ICMP, .destination = "10.0.0.0/24",
		.icmp_types = types, .icmp_type_count = 2, .toward = "192.0.2.9", .proxy = true,
		.beyond = true, .no_bindings = true, .refresh = 5000, .keep = true,
	};
	const json_t *in;
	json_t *r;

	begin();
	CHECK(natfw_open(conn, &ask, &why), "%s", why.text);
	r = heard();
	in = json_object_get(json_object_get(r, "rpc"), "natfw:session-open");
	CHECK(!strcmp(text_at(in, "kind", NULL, NULL), "external"));
	CHECK(!strcmp(text_at(in, "toward", NULL, NULL), "192.0.2.9"));
	CHECK(json_is_true(json_object_get(in, "proxy")));
	CHECK(json_is_true(json_object_get(in, "beyond")));
	CHECK(json_is_false(json_object_get(in, "bindings")));
	CHECK(json_integer_value(json_object_get(in, "refresh")) == 5000);
	CHECK(!json_object_get(in, "bound"), "it is to be kept");
	CHECK(json_array_size(json_object_get(json_object_get(in, "flow"), "icmp-type")) == 2);
	json_decref(r);
	end();
}

/* ------------------------------------------------------------------ how it ends */

static void test_established(void)
{
	struct natfw_session *s;
	const struct natfw_status *st;

	begin();
	s = opened();
	st = natfw_status(s);
	CHECK(st->state == NATFW_STATE_PENDING && !strcmp(st->session, TAG));
	CHECK(natfw_wait(s, 0, &why) == -ETIMEDOUT && why.code == ETIMEDOUT);
	say_event("'id':'" SID "','kind':'create','lifetime':300," GRANTED "," EXTERNAL "," BINDINGS);
	CHECK(natfw_wait(s, 1000, &why) == 0, "wait: %s", why.text);
	CHECK(st->state == NATFW_STATE_ESTABLISHED && st->lifetime == 300 && st->response == 513);
	CHECK(!strcmp(st->external_text, "203.0.113.7:40001"), "'%s'", st->external_text);
	CHECK(st->external.ss_family == AF_INET &&
	      ((const struct sockaddr_in *)&st->external)->sin_port == htons(40001));
	CHECK(st->binding_count == 2);
	CHECK(!strcmp(st->id, SID) && !strcmp(st->token, TOKEN));
	end();
}

static void test_external_six(void)
{
	struct natfw_session *s;

	begin();
	s = opened();
	say_event("'state':'established','external':{'address':'2001:db8::7','port':99}");
	CHECK(natfw_wait(s, 1000, &why) == 0);
	CHECK(!strcmp(natfw_status(s)->external_text, "[2001:db8::7]:99"));
	end();
}

static void test_refused_at_once(void)
{
	struct natfw_ask ask = udp_create();
	struct natfw_session *s;

	begin();
	s = natfw_open(conn, &ask, &why);
	say_answer(id_of(heard()), FAULT);
	CHECK(natfw_wait(s, 1000, &why) == -ECONNABORTED);
	CHECK(!strcmp(why.text, "destination_port: too many"), "'%s'", why.text);
	CHECK(natfw_status(s)->state == NATFW_STATE_DEAD);
	end();
}

static void test_refused_by_path(void)
{
	struct natfw_session *s;

	begin();
	s = opened();
	say_event(REFUSED ",'reason':'by 192.0.2.254'");
	CHECK(natfw_wait(s, 1000, &why) == -ECONNABORTED);
	CHECK(!strcmp(why.text, "authorization failed: by 192.0.2.254"), "'%s'", why.text);
	CHECK(natfw_status(s)->response == 1282 && natfw_status(s)->object == 17);
	CHECK(natfw_refresh(s, &why) == -ECONNABORTED, "nothing to refresh");
	end();
}

static void test_others_events(void)
{
	struct natfw_session *s;

	begin();
	s = opened();
	say(EVENT "fedcba9876543210','state':'dead'}},'time':''}\n");
	CHECK(natfw_wait(s, 10, &why) == -ETIMEDOUT, "another's event is not ours");
	end();
}

/* ------------------------------------------------------------------ closing */

static void test_close(void)
{
	struct natfw_session *s;
	json_t *r;

	begin();
	s = opened();
	natfw_close(s);
	r = heard();
	CHECK(!strcmp(text_at(r, "rpc", "natfw:session-close", "session"), TAG));
	say_answer(id_of(r), "'output':{}");
	say_event("'state':'dead'");
	CHECK(natfw_dispatch(conn, &why) == 0);
	end();
}

static void test_close_before_answer(void)
{
	struct natfw_ask ask = udp_create();
	json_int_t id;
	json_t *r;

	begin();
	natfw_close(natfw_open(conn, &ask, &why));
	id = id_of(heard());
	r = heard();
	CHECK(!r, "there is nothing to name yet");
	json_decref(r);
	say_answer(id, OPENED);
	natfw_dispatch(conn, &why);
	r = heard();
	CHECK(!strcmp(text_at(r, "rpc", "natfw:session-close", "session"), TAG));
	json_decref(r);
	end();
}

static void test_close_nothing(void)
{
	natfw_close(NULL);
	natfw_disconnect(NULL);
}

static void test_leave(void)
{
	json_t *r;

	begin();
	natfw_leave(opened());
	r = heard();
	CHECK(!r, "nothing is said");
	json_decref(r);
	say_event("'state':'established'");
	CHECK(natfw_dispatch(conn, &why) == 0);
	end();
}

static struct natfw_session *other;
static unsigned int calls;

static void close_other(struct natfw_session *s, void *arg)
{
	(void)s;
	(void)arg;
	calls++;
	natfw_close(other);
	other = NULL;
}

static void test_callback_closes(void)
{
	struct natfw_ask ask = udp_create();
	struct natfw_session *s;

	begin();
	other = natfw_open(conn, &ask, &why);
	json_decref(heard());
	s = opened();
	calls = 0;
	natfw_on_change(s, close_other, NULL);
	natfw_on_change(other, close_other, NULL);
	say_event("'state':'established'");
	natfw_dispatch(conn, &why);
	CHECK(calls == 1, "%u calls", calls);
	CHECK(natfw_status(s)->state == NATFW_STATE_ESTABLISHED);
	end();
}

/* ------------------------------------------------------------------ the connection */

static void test_lines_in_pieces(void)
{
	struct natfw_session *s;
	static const char text[] = EVENT TAG "','state':'pending'}}}\n\n" EVENT TAG
		"','state':'established','new':{}}}}\n";
	size_t i;

	begin();
	s = opened();
	for (i = 0; i < sizeof(text) - 1; i++) {
		char one[2] = { text[i] };

		say(one);
		CHECK(natfw_dispatch(conn, &why) == 0);
	}
	CHECK(natfw_status(s)->state == NATFW_STATE_ESTABLISHED);
	end();
}

static void test_daemon_goes(void)
{
	struct natfw_ask ask = udp_create();
	struct natfw_session *s;

	begin();
	s = opened();
	calls = 0;
	close(peer);
	peer = -1;
	CHECK(natfw_wait(s, 1000, &why) == -ECONNABORTED);
	CHECK(strstr(why.text, "closed the connection"), "'%s'", why.text);
	CHECK(natfw_dispatch(conn, &why) == -EPIPE);
	CHECK(!natfw_open(conn, &ask, &why) && why.code == EPIPE);
	end();
}

static void test_not_json(void)
{
	struct natfw_session *s;

	begin();
	s = opened();
	say("hello\n");
	CHECK(natfw_dispatch(conn, &why) == -EPROTO);
	CHECK(natfw_status(s)->state == NATFW_STATE_DEAD);
	end();
}

static void test_turned_away(void)
{
	begin();
	say("{'id':null,'error':{'path':'','message':'too many clients'}}\n");
	CHECK(natfw_dispatch(conn, &why) == -EREMOTEIO);
	CHECK(!strcmp(why.text, "too many clients"), "'%s'", why.text);
	end();
}

static void test_odd_messages(void)
{
	struct natfw_session *s;

	begin();
	s = opened();
	say("{}\n{'id':77,'output':{}}\n{'id':[1]}\n{'notification':7}\n");
	say("{'notification':{'natfw:else':{}}}\n" EVENT "','state':'dead'}}}\n");
	say_event("'state':'strange'");
	say_event("'state':7,'lifetime':'x','external':[],'bindings':{'address':{}}");
	CHECK(natfw_dispatch(conn, &why) == 0);
	CHECK(natfw_status(s)->state == NATFW_STATE_PENDING, "it changes nothing");
	end();
}

/* What the socket does not take waits, in order. */
static void test_backlog(void)
{
	struct natfw_ask ask = udp_create();
	unsigned int n = 0, seen = 0;
	json_int_t last = 0;
	json_t *r;

	begin();
	while (!(natfw_events(conn) & POLLOUT) && n < 20000) {
		CHECK(natfw_open(conn, &ask, &why));
		n++;
	}
	CHECK(natfw_events(conn) & POLLOUT, "it never fills");
	while ((r = heard())) {
		json_int_t id = id_of(r);

		CHECK(id == last + 1, "in order");
		last = id;
		seen++;
		natfw_dispatch(conn, &why);
	}
	CHECK(seen == n, "%u of %u arrive", seen, n);
	CHECK(!(natfw_events(conn) & POLLOUT));
	end();
}

static void test_connect_errors(void)
{
	char path[300];

	CHECK(!natfw_connect("/nonexistent/natfwd", &why) && why.code == ENOENT);
	CHECK(strstr(why.text, "not running"), "'%s'", why.text);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	CHECK(!natfw_connect(path, &why) && why.code == ENAMETOOLONG);
	CHECK(!natfw_connect("/dev/null", NULL), "nobody wants to know why");
}

/* ------------------------------------------------------------------ refresh, change, attach */

static void test_refresh(void)
{
	struct natfw_ask ask = udp_create();
	struct natfw_session *s;
	json_t *r;

	begin();
	s = natfw_open(conn, &ask, &why);
	CHECK(natfw_refresh(s, &why) == -EAGAIN, "it has no name yet");
	json_decref(heard());
	natfw_leave(s);
	s = opened();
	CHECK(natfw_refresh(s, &why) == 0);
	r = heard();
	CHECK(!strcmp(text_at(r, "rpc", "natfw:session-refresh", "session"), TAG));
	say_answer(id_of(r), "'error':{'path':'','message':'busy'}");
	CHECK(natfw_dispatch(conn, &why) == 0);
	CHECK(natfw_status(s)->state == NATFW_STATE_PENDING, "a refused refresh is not the end");
	end();
}

static void test_change(void)
{
	struct natfw_ask ask = udp_create();
	struct natfw_session *s;
	json_t *r;

	begin();
	s = opened();
	say_event("'state':'established','lifetime':600");
	CHECK(natfw_wait(s, 1000, &why) == 0);
	ask.destination_port = 5006;
	CHECK(natfw_change(s, &ask, &why) == 0);
	r = heard();
	CHECK(!strcmp(text_at(r, "rpc", "natfw:session-open", "session"), TAG));
	CHECK(natfw_wait(s, 0, &why) == -ETIMEDOUT, "not granted yet");
	say_answer(id_of(r), OPENED);
	say_event("'state':'established','lifetime':500");
	CHECK(natfw_wait(s, 1000, &why) == 0 && natfw_status(s)->lifetime == 500);
	ask.protocol = 0;
	CHECK(natfw_change(s, &ask, &why) == -EINVAL, "what makes no sense is not sent");
	end();
}

static void test_attach(void)
{
	struct natfw_session *s;
	json_t *r;

	begin();
	s = natfw_attach(conn, TOKEN, &why);
	r = heard();
	CHECK(!strcmp(text_at(r, "rpc", "natfw:session-attach", "token"), TOKEN));
	say_answer(id_of(r), "'output':{'session':'" TAG "','kind':'external','lifetime':90," GRANTED
		   "," EXTERNAL "}");
	CHECK(natfw_wait(s, 1000, &why) == 0, "%s", why.text);
	CHECK(natfw_status(s)->kind == NATFW_KIND_EXTERNAL && natfw_status(s)->lifetime == 90);
	end();
}

/* ------------------------------------------------------------------ state and operations */

static char collected[512];

static void collect(const char *json, void *arg)
{
	(void)arg;
	strncat(collected, json, sizeof(collected) - strlen(collected) - 1);
}

static void test_get(void)
{
	json_int_t id = 1;

	begin();
	collected[0] = 0;
	/* the answer is there before the question: the library does not mind */
	say_answer(id, "'data':{'a':1}");
	say_answer(id, "'data':{'b':2}");
	say_answer(id, "'end':true");
	CHECK(natfw_get(conn, "sessions", collect, NULL, 1000, &why) == 0, "%s", why.text);
	CHECK(!strcmp(collected, "{\"a\":1}{\"b\":2}"), "'%s'", collected);
	say_answer(2, "'end':true,'error':{'path':'','message':'broke off'}");
	CHECK(natfw_get(conn, "peers", collect, NULL, 1000, &why) == -EREMOTEIO);
	CHECK(!strcmp(why.text, "broke off"), "'%s'", why.text);
	CHECK(natfw_get(conn, "peers", collect, NULL, 0, &why) == -ETIMEDOUT);
	say_answer(3, "'data':{'late':1}");
	say_answer(3, "'end':true");
	collected[0] = 0;
	CHECK(natfw_dispatch(conn, &why) == 0 && !*collected, "nobody waits for it any more");
	end();
}

static void test_rpc(void)
{
	char *text;

	begin();
	say_answer(1, "'output':{'x':1}");
	text = natfw_rpc(conn, "reload", NULL, 1000, &why);
	CHECK(text && !strcmp(text, "{\"x\":1}"), "%s", why.text);
	free(text);
	CHECK(!natfw_rpc(conn, "reload", "[", 1000, &why) && why.code == EINVAL);
	say_answer(2, "'error':{'path':'/natfw:natfw/gist/port','message':'x.yaml:3: no'}");
	CHECK(!natfw_rpc(conn, "reload", "{}", 1000, &why));
	CHECK(!strcmp(why.text, "gist/port: x.yaml:3: no"), "'%s'", why.text);
	end();
}

static void test_watch(void)
{
	json_t *r;

	begin();
	collected[0] = 0;
	say_answer(1, "'output':{}");
	CHECK(natfw_watch(conn, collect, NULL, 1000, &why) == 0);
	r = heard();
	CHECK(!strcmp(text_at(r, "subscribe", NULL, NULL), "session-event"));
	json_decref(r);
	say_event("'state':'dead'");
	CHECK(natfw_dispatch(conn, &why) == 0 && strstr(collected, TAG));
	end();
}

/* ------------------------------------------------------------------ what makes no sense */

static const struct {
	const char *field;
	struct natfw_ask ask;
} nonsense[] = {
	{ "kind", { .kind = (enum natfw_kind)9, .destination = "192.0.2.1" } },
	{ "destination", { .source = "192.0.2.1" } },
	{ "source", { .destination = "192.0.2.1" } },
	{ "destination", { .destination = "192.0.2", .source = "192.0.2.1" } },
	{ "destination", { .destination = "192.0.2.0/33", .source = "192.0.2.1" } },
	{ "destination", { .destination = "192.0.2.0/", .source = "192.0.2.1" } },
	{ "destination", { .destination = "192.0.2.0/-1", .source = "192.0.2.1" } },
	{ "source", { .destination = "192.0.2.1", .source = "2001:db8::1" } },
	{ "toward", { .destination = "192.0.2.1", .source = "192.0.2.2", .toward = "192.0.2.3" } },
	{ "toward", { .kind = NATFW_KIND_BLOCK, .destination = "10.0.0.1", .toward = "10.0.0.0/8" } },
	{ "toward", { .kind = NATFW_KIND_BLOCK, .destination = "10.0.0.1", .toward = "2001:db8::1" } },
	{ "protocol", { .destination = "192.0.2.1", .source = "192.0.2.2", .protocol = 256 } },
	{ "source_port", { .destination = "192.0.2.1", .source = "192.0.2.2", .source_port = 1 } },
	{ "destination_port", { .destination = "192.0.2.1", .source = "192.0.2.2",
				.protocol = IPPROTO_ICMP, .destination_port = 1 } },
	{ "port_pair", { .destination = "192.0.2.1", .source = "192.0.2.2",
			 .protocol = IPPROTO_UDP, .port_pair = true } },
	{ "spi", { .destination = "192.0.2.1", .source = "192.0.2.2", .protocol = IPPROTO_UDP,
		   .spi = 1 } },
	{ "icmp_types", { .destination = "192.0.2.1", .source = "192.0.2.2",
			  .protocol = IPPROTO_UDP, .icmp_type_count = 1 } },
	{ "icmp_types", { .destination = "192.0.2.1", .source = "192.0.2.2",
			  .protocol = IPPROTO_ICMP, .icmp_type_count = 17 } },
};

static void test_nonsense(void)
{
	unsigned int i;
	json_t *r;

	begin();
	for (i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		memset(&why, 0, sizeof(why));
		CHECK(!natfw_open(conn, &nonsense[i].ask, &why), "%u is taken", i);
		CHECK(!strcmp(why.field, nonsense[i].field), "%u: field '%s'", i, why.field);
		CHECK(why.code == EINVAL && !strncmp(why.text, why.field, strlen(why.field)),
		      "%u: '%s'", i, why.text);
	}
	r = heard();
	CHECK(!r, "none of it is sent");
	json_decref(r);
	end();
}

/* ------------------------------------------------------------------ sockets */

static int bound_socket(int family, int type, const char *address)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	int fd = socket(family, type, 0);

	inet_pton(family, address, family == AF_INET ? (void *)&four.sin_addr : &six.sin6_addr);
	if (bind(fd, family == AF_INET ? (void *)&four : (void *)&six,
		 family == AF_INET ? sizeof(four) : sizeof(six)))
		CHECK(false, "bind %s: %s", address, strerror(errno));
	return fd;
}

static void test_receiving_socket(void)
{
	struct natfw_ask ask = { .kind = NATFW_KIND_EXTERNAL };
	int fd = bound_socket(AF_INET, SOCK_DGRAM, "127.0.0.1");

	CHECK(natfw_ask_socket(&ask, fd, &why) == 0, "%s", why.text);
	CHECK(ask.protocol == IPPROTO_UDP && ask.destination_port && !ask.source);
	CHECK(!strcmp(ask.destination, "127.0.0.1"));
	close(fd);
	fd = bound_socket(AF_INET, SOCK_STREAM, "0.0.0.0");
	ask = (struct natfw_ask){ .kind = NATFW_KIND_EXTERNAL };
	CHECK(natfw_ask_socket(&ask, fd, &why) == -EINVAL && !strcmp(why.field, "destination"));
	ask = (struct natfw_ask){ .kind = NATFW_KIND_EXTERNAL, .toward = "127.0.0.9" };
	CHECK(natfw_ask_socket(&ask, fd, &why) == 0, "%s", why.text);
	CHECK(ask.protocol == IPPROTO_TCP && !strcmp(ask.destination, "127.0.0.1"),
	      "the address that packets there leave by: %s", ask.destination);
	close(fd);
}

static void test_sending_socket(void)
{
	struct natfw_ask ask = { .kind = NATFW_KIND_CREATE };
	int to = bound_socket(AF_INET, SOCK_DGRAM, "127.0.0.1");
	int fd = bound_socket(AF_INET6, SOCK_DGRAM, "::");
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four;
	socklen_t len = sizeof(four);

	CHECK(natfw_ask_socket(&ask, fd, &why) == -ENOTCONN);
	getsockname(to, (struct sockaddr *)&four, &len);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr);
	six.sin6_port = four.sin_port;
	CHECK(connect(fd, (struct sockaddr *)&six, sizeof(six)) == 0);
	CHECK(natfw_ask_socket(&ask, fd, &why) == 0, "%s", why.text);
	CHECK(!strcmp(ask.source, "127.0.0.1") && !strcmp(ask.destination, "127.0.0.1"),
	      "IPv4 even by an IPv6 socket: %s", ask.source);
	CHECK(ask.source_port && ask.destination_port == ntohs(four.sin_port));
	close(fd);
	close(to);
}

static void test_wrong_socket(void)
{
	struct natfw_ask ask = { .kind = NATFW_KIND_EXTERNAL };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(natfw_ask_socket(&ask, fd, &why) == -EAFNOSUPPORT);
	close(fd);
	CHECK(natfw_ask_socket(&ask, -1, &why) == -EBADF);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(natfw_ask_socket(&ask, fd, &why) == -EINVAL && !strcmp(why.field, "destination_port"));
	close(fd);
}

const struct ktap_test session_tests[] = {
	{ "libnatfw: a request is what was asked for", test_open_sends },
	{ "libnatfw: every part of a request", test_open_sends_all },
	{ "libnatfw: granted, with the external endpoint", test_established },
	{ "libnatfw: an external endpoint of IPv6", test_external_six },
	{ "libnatfw: refused at once, the field named", test_refused_at_once },
	{ "libnatfw: refused by the path, with its reason", test_refused_by_path },
	{ "libnatfw: events of others' sessions", test_others_events },
	{ "libnatfw: closing tells natfwd", test_close },
	{ "libnatfw: closed before it has a name", test_close_before_answer },
	{ "libnatfw: closing nothing", test_close_nothing },
	{ "libnatfw: leaving tells nobody", test_leave },
	{ "libnatfw: a callback closes another session", test_callback_closes },
	{ "libnatfw: lines come octet by octet", test_lines_in_pieces },
	{ "libnatfw: natfwd goes away", test_daemon_goes },
	{ "libnatfw: what is not JSON ends it", test_not_json },
	{ "libnatfw: turned away", test_turned_away },
	{ "libnatfw: messages that are not understood", test_odd_messages },
	{ "libnatfw: a socket that takes no more", test_backlog },
	{ "libnatfw: no natfwd to connect to", test_connect_errors },
	{ "libnatfw: refresh", test_refresh },
	{ "libnatfw: change", test_change },
	{ "libnatfw: attach by token", test_attach },
	{ "libnatfw: reading state", test_get },
	{ "libnatfw: operations", test_rpc },
	{ "libnatfw: watching", test_watch },
	{ "libnatfw: what makes no sense is not sent, the field named", test_nonsense },
	{ "libnatfw: a receiving socket", test_receiving_socket },
	{ "libnatfw: a sending socket", test_sending_socket },
	{ "libnatfw: sockets that will not do", test_wrong_socket },
	{ 0 }
};
