// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ctl.h"
#include "doctor.h"
#include "verbs.h"

static const char *const status_text[] = { "OK", "WARN", "FAIL" };

static void say_json(struct doctor *d, enum doctor_status status, const char *what,
		     const char *text, const char *advice)
{
	json_open(&d->json, NULL, '{');
	json_text(&d->json, "status", status_text[status]);
	json_text(&d->json, "check", what);
	json_text(&d->json, "text", text);
	if (advice)
		json_text(&d->json, "advice", advice);
	json_close(&d->json, '}');
}

void doctor_say(struct doctor *d, enum doctor_status status, const char *what,
		const char *advice, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->warnings += status == DOCTOR_WARN;
	d->failures += status == DOCTOR_FAIL;
	if (ctl_opt.json) {
		say_json(d, status, what, text, advice);
		return;
	}
	printf("%-4s  %-10s  %s\n", status_text[status], what, text);
	if (advice)
		printf("%-4s  %-10s  -> %s\n", "", "", advice);
}

bool doctor_read(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(buf, (int)size, f);
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = 0;
	return ok;
}

static void list_features(const struct natfw_info *i, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int n;

	buf[0] = 0;
	for (n = 0; n < i->feature.n && len < size; n++)
		len += (size_t)snprintf(buf + len, size - len, " %s", ((char **)i->feature.v)[n]);
}

static void say_family(struct doctor *d)
{
	unsigned int version = natfw_client_version(d->client);
	struct natfw_info i;
	struct natfw_error e;
	char list[256];

	if (natfw_client_do(d->client, NATFW_CMD_INFO_GET, 0, NULL, &i, &e)) {
		doctor_say(d, DOCTOR_FAIL, "netlink", "see the kernel log",
			   "the module does not answer: %s", e.text);
		return;
	}
	list_features(&i, list, sizeof(list));
	doctor_say(d, version == NATFW_FAMILY_VERSION ? DOCTOR_OK : DOCTOR_WARN, "netlink",
		   version == NATFW_FAMILY_VERSION ? NULL :
		   "natfwctl is made for another version; most things work, an update is better",
		   "family version %u, module %s:%s", version, i.version ? i.version : "?", list);
	natfw_object_fini(&natfw_info_set, &i);
}

static void say_limits(struct doctor *d)
{
	const struct natfw_net *n = &d->state->net;
	bool rules = (uint64_t)n->rules * 100 >= (uint64_t)n->rule_max * n->watermark;
	bool flows = (uint64_t)n->flows * 100 >= (uint64_t)n->flow_max * n->watermark;

	doctor_say(d, rules || flows ? DOCTOR_WARN : DOCTOR_OK, "limits",
		   rules ? "natfwctl net set rule-max N" :
		   flows ? "natfwctl net set flow-max N, or shorter timeouts" : NULL,
		   "%u of %u rules, %u of %u flows", n->rules, n->rule_max, n->flows,
		   n->flow_max);
}

static void examine(struct doctor *d, struct state *s)
{
	struct natfw_error e;
	int err;

	/* Asking for the family has the kernel load the module, so that comes first. */
	err = natfw_client_open(&d->client, NULL, &e);
	doctor_module(d);
	if (err) {
		doctor_say(d, DOCTOR_FAIL, "netlink", "modprobe natfw",
			   "the family is not there: %s", e.text);
		return;
	}
	say_family(d);
	if (!state_load(s, NULL)) {
		doctor_say(d, DOCTOR_FAIL, "state", "see the message above",
			   "rules, pools and devices cannot be read");
		return;
	}
	d->state = s;
	say_limits(d);
	doctor_devices(d);
	doctor_pools(d);
}

int verb_doctor(struct words *w)
{
	struct doctor d = { 0 };
	struct state s;

	if (!words_done(w))
		return ctl_usage(w);
	json_init(&d.json, stdout);
	if (ctl_opt.json)
		json_open(&d.json, NULL, '[');
	examine(&d, &s);
	if (ctl_opt.json) {
		json_close(&d.json, ']');
		json_end(&d.json);
	} else {
		printf("%u failures, %u warnings\n", d.failures, d.warnings);
	}
	if (d.state)
		state_fini(d.state);
	natfw_client_close(d.client);
	return d.failures ? CTL_REFUSED : 0;
}
