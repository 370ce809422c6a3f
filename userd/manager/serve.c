// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/control.h"
#include "manager/guard.h"
#include "manager/manager.h"
#include "manager/relay.h"
#include "manager/serve.h"
#include "manager/wire.h"
#include "notify.h"

#define FLUSH_SECONDS	1

/* ------------------------------------------------------------------ helpers of all parts */

uint64_t manager_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void manager_source_text(const struct sockaddr_storage *from, char out[SOURCE_TEXT])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	*out = '\0';
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, out, SOURCE_TEXT);
	else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, SOURCE_TEXT);
	else
		inet_ntop(AF_INET6, &six->sin6_addr, out, SOURCE_TEXT);
}

bool manager_source_parse(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
		out->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
		out->ss_family = AF_INET6;
	return out->ss_family;
}

const char *manager_reload(struct manager *m)
{
	static char why[512];
	struct ident *fresh = ident_load(m->settings, why, sizeof(why));

	if (!fresh) {
		log_error(SUB_CONF, "issuers stay as they were: %s", why);
		return why;
	}
	ident_free(m->ident);
	m->ident = fresh;
	session_judge_again(m);
	log_notice(SUB_CONF, "issuers and revocation lists were read again");
	return NULL;
}

/* ------------------------------------------------------------------ turns of the loop */

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_reap(arg);
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct manager *m = arg;
	const struct inventory *v = &m->inventory;

	(void)fd;
	(void)what;
	if (v->dirty || v->gone || v->dirty_refused || v->all_dirty)
		store_flush(m->store);
}

static void on_stored(void *arg, uint64_t number, const char *error)
{
	struct manager *m = arg;

	if (error)
		log_error(SUB_MAIN, "the inventory cannot be stored: %s", error);
	if (m->control)
		control_stored(m->control, number, error);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct manager *m = arg;

	(void)fd;
	(void)what;
	m->ending = true;
	event_base_loopbreak(m->base);
}

static void on_hup(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	manager_reload(arg);
}

/* ------------------------------------------------------------------ starting */

static bool fail(const char *what, const char *why)
{
	log_error(SUB_MAIN, "%s%s%s", what, *what ? ": " : "", why);
	return false;
}

static bool read_all(struct manager *m)
{
	char why[512];

	m->settings = settings_read(m->config, why, sizeof(why));
	if (!m->settings)
		return fail(m->config, why);
	m->credentials = credentials_load(m->settings, why, sizeof(why));
	if (!m->credentials)
		return fail("credential", why);
	m->ident = ident_load(m->settings, why, sizeof(why));
	return m->ident || fail("issuer", why);
}

static void greet_sources(struct manager *m)
{
	struct sockaddr_storage from;
	const struct device *d;

	for (d = m->inventory.first; d; d = d->next)
		if (*d->record.source && manager_source_parse(d->record.source, &from))
			admit_familiar(m->admit, (struct sockaddr *)&from, 1, manager_now());
}

/* What takes privileges, then giving them up, then what does not. */
static bool open_all(struct manager *m, int *control)
{
	char why[512];

	m->door = door_open(m->settings, why, sizeof(why));
	if (!m->door)
		return fail("", why);
	*control = control_listen(m->settings, why, sizeof(why));
	if (*control < 0)
		return fail("control", why);
	if (guard_become(m->settings, why, sizeof(why)))
		return fail("user", why);
	if (inventory_init(&m->inventory, &m->settings->limits))
		return fail("inventory", "no random numbers");
	m->store = store_open(m->settings->state, &m->inventory, why, sizeof(why));
	return m->store || fail("inventory", why);
}

static bool make_events(struct manager *m)
{
	const struct timeval flush = { FLUSH_SECONDS, 0 };
	static const struct { int sig; event_callback_fn fn; } signals[] = {
		{ SIGTERM, on_end }, { SIGINT, on_end }, { SIGHUP, on_hup },
	};
	unsigned int i;

	m->base = event_base_new();
	m->reap = m->base ? event_new(m->base, -1, 0, on_reap, m) : NULL;
	m->flush = m->base ? event_new(m->base, -1, EV_PERSIST, on_flush, m) : NULL;
	if (!m->reap || !m->flush || event_add(m->flush, &flush))
		return false;
	for (i = 0; i < 3; i++) {
		m->signal[i] = evsignal_new(m->base, signals[i].sig, signals[i].fn, m);
		if (!m->signal[i] || event_add(m->signal[i], NULL))
			return false;
	}
	return true;
}

static bool start_all(struct manager *m, int control)
{
	char why[512] = "out of memory";

	m->admit = admit_create(&m->settings->limits, manager_now());
	if (!make_events(m) || !m->admit || tls_globals() || ssh_globals())
		return fail("", why);
	greet_sources(m);
	m->control = control_start(m, control);
	/* files before the first thread, which is bound by what bound its maker; calls for all of them */
	if (!m->control || guard_files(m->settings, why, sizeof(why)) ||
	    store_start(m->store, m->base, on_stored, m) || door_start(m->door, m))
		return fail("", why);
	return !guard_calls(why, sizeof(why)) || fail("", why);
}

/* ------------------------------------------------------------------ ending */

static void free_events(struct manager *m)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (m->signal[i])
			event_free(m->signal[i]);
	if (m->reap)
		event_free(m->reap);
	if (m->flush)
		event_free(m->flush);
	if (m->base)
		event_base_free(m->base);
}

static void end_all(struct manager *m)
{
	m->ending = true;
	relay_end_all(m);
	control_free(m->control);
	m->control = NULL;
	session_end_all(m);
	/* what was asked ends in turns of its own */
	if (m->base)
		event_base_loop(m->base, EVLOOP_NONBLOCK);
	session_reap(m);
	door_free(m->door);
	store_close(m->store);
	inventory_fini(&m->inventory);
	admit_destroy(m->admit);
	ident_free(m->ident);
	if (m->settings)
		credentials_free(m->credentials, m->settings->credentials);
	settings_free(m->settings);
	free_events(m);
	tls_globals_free();
	ssh_globals_free();
	xmlCleanupParser();
	libevent_global_shutdown();
}

int serve(const char *config)
{
	struct manager m = { .config = config };
	int control = -1;
	bool good;

	log_open("natfw-manager", false);
	signal(SIGPIPE, SIG_IGN);
	notify_init();
	xmlInitParser();
	good = read_all(&m) && open_all(&m, &control) && start_all(&m, control);
	if (good) {
		log_notice(SUB_MAIN, "ready devices=%u", m.inventory.devices);
		notify("READY=1\n");
		event_base_dispatch(m.base);
		notify("STOPPING=1\n");
	} else if (control >= 0 && !m.control) {
		close(control);
	}
	good = good && m.ending;
	end_all(&m);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int serve_check(const char *config)
{
	struct manager m = { .config = config };
	bool good;

	log_open("natfw-manager", false);
	good = read_all(&m);
	if (good)
		puts("ok");
	end_all(&m);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
