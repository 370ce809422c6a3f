// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scenes.h"

void querier(const char *options)
{
	net("A P");
	gist("A", options);
	app("A", APP, "");
	flow("A.1:4000>P.1:5000 udp");
}

void asked(const char *what)
{
	CHECK_EQ(say("A", "%s", what), 0);
	expect(10, "A tx query qc=$qc");
	run(10);
}

void querier_ready(const char *options)
{
	querier(options);
	asked("data=aa000000");
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good");
	forget();
}

void querier_associated(const char *options)
{
	querier(options);
	raw_listen("P", 30000);
	asked("data=aa000000 reliable");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd=30000,tcp@1:30000");
	expect(100, "P accepted conn=$conn");
	expect(100, "P rx confirm via=tcp");
	expect(100, "P rx data via=tcp data=aa000000");
	run(20);
	forget();
}

void responder(const char *options)
{
	net("R B");
	gist("B", options);
	app("B", APP, "");
}

void answered(const char *head, const char *objects)
{
	raw("R", "query %s : %s", head, objects);
	expect(100, "R rx response rc=$rc");
	forget();
}

void responder_ready(const char *options)
{
	responder(options);
	raw("R", "query");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	forget();
}

void responder_associated(const char *options)
{
	responder(options);
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp scd=tcp@1:30000");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	run(20);
	forget();
}

void refused(const char *error, const char *fmt, ...)
{
	unsigned int before = responders("B");
	char spec[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(spec, sizeof(spec), fmt, ap);
	va_end(ap);
	forget();
	raw("R", "%s", spec);
	expect(100, "R rx error err=%s", error);
	none(1000, "R rx");
	none(0, "B recv");
	CHECK_EQ(responders("B"), before);
}

void ignored(const char *node)
{
	none(2000, "%s tx", node);
	none(0, "%s recv", node);
	none(0, "%s network", node);
}

void pair(const char *chain, const char *options)
{
	char text[64];
	size_t n = strlen(chain);

	net(chain);
	gist("A", options);
	gist("B", options);
	app("A B", APP, "");
	snprintf(text, sizeof(text), "A.1:4000>%c.%zu:5000 udp", chain[n - 1], (n - 1) / 2);
	flow(text);
}

void settled(const char *node)
{
	unsigned int i;

	run(10);
	for (i = 0; i < 20 && !responders(node); i++)
		run(5);
	CHECK(responders(node) > 0);
}

static struct gist_stats stats_of(const char *node)
{
	struct gist_stats s;

	gist_stats(engine(node), &s);
	return s;
}

unsigned int queriers(const char *node)
{
	return stats_of(node).queriers;
}

unsigned int responders(const char *node)
{
	return stats_of(node).responders;
}

unsigned int associations(const char *node)
{
	return stats_of(node).associations;
}

/* ------------------------------------------------------------------ NATFW */

void nf(const char *options)
{
	char all[512];

	net("A B C");
	gist("A B C", "");
	app("A C", 33, "");
	snprintf(all, sizeof(all), "forward=1 fw out=2 %s", options);
	nslp("B", all);
	flow("A.1:4000>C.2:5000 udp");
}

#define FORMAT(buf) \
	char buf[2048]; \
	va_list ap; \
	va_start(ap, fmt); \
	vsnprintf(buf, sizeof(buf), fmt, ap); \
	va_end(ap)

void ask(const char *fmt, ...)
{
	FORMAT(text);
	CHECK_EQ(say("A", "reliable data=[%s]", text), 0);
}

void answer(const char *fmt, ...)
{
	FORMAT(text);
	CHECK_EQ(say("C", "d=1 reliable data=[%s]", text), 0);
}

void granted(unsigned int lifetime, unsigned int msn)
{
	expect(2000, "C recv m=create msn=%u", msn);
	answer("response lt=%u msn=%u info=0201", lifetime, msn);
	expect(1000, "A recv m=response msn=%u info=0201", msn);
	forget();
}

void nf_established(const char *options)
{
	nf(options);
	ask("create lt=60 efi=1/0 msn=5");
	granted(60, 5);
	CHECK(!strcmp(gate_state("B", S), "open"));
}

void nr(const char *options)
{
	net("A B");
	gist("A B", "");
	app("A", 33, "");
	nslp("B", options);
	flow("A.1:4000>B.1:5000 udp");
}

void nr_established(const char *options)
{
	nr(options);
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "A recv m=response msn=5 info=0201");
	forget();
}

void ni(const char *options)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", options);
	flow("A.1:4000>B.1:5000 udp");
}

void ni_established(const char *options)
{
	ni(options);
	CHECK_EQ(app_open("A", "create", "lt=60 refresh=1000000"), 0);
	expect(2000, "B recv query=0 m=create sid=$sid msn=$msn");
	CHECK_EQ(say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=$msn info=0201]"), 0);
	expect(1000, "A event state=established");
	forget();
}

void edge(const char *options)
{
	char all[512];

	net("A B C");
	gist("A B C", "");
	app("A C", 33, "");
	snprintf(all, sizeof(all), "forward=1 fw edge out=2 %s", options);
	nslp("B", all);
	flow("C.2:4000>A.1:5000 udp");
}

void reserve(const char *fmt, ...)
{
	FORMAT(text);
	CHECK_EQ(say("A", "d=1 discover reliable data=[%s]", text), 0);
}

void reserve_loose(const char *fmt, ...)
{
	FORMAT(text);
	CHECK_EQ(say("A", "mri=le:A.1>192.0.2.99 reliable data=[%s]", text), 0);
}

void reserved(const char *options)
{
	char all[512];

	snprintf(all, sizeof(all), "nat %s", options);
	edge(all);
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv m=response msn=1 info=0201 ext=B.2:40000");
	forget();
}

void enter(const char *mri, const char *fmt, ...)
{
	FORMAT(text);
	CHECK_EQ(say("C", "mri=%s sid=" S2 " reliable data=[%s]", mri, text), 0);
}

void denied(const char *code, const char *node)
{
	expect(2000, "B tx m=response info=%s", code);
	none(1000, "%s recv", node);
	none(0, "B gate op=open");
	none(0, "B tx m=response");
}
