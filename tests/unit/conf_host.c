// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * What no manager changes, whoever says so: settings by which root acts.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "ktap.h"

#define FILE_TEXT \
	"daemon: {user: someone}\n" \
	"management:\n" \
	"  ssh: {host-key: [{name: h, file: /etc/h}, {name: i, file: /etc/i}]}\n" \
	"  identity:\n" \
	"  - {name: a, certificate: /etc/a.crt, key: /etc/a.key, authority: /etc/ca}\n" \
	"  - {name: b, certificate: /etc/b.crt, key: /etc/b.key, authority: /etc/ca}\n"

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

static struct conf *read_conf(const char *text)
{
	struct conf_error e;
	struct conf *c = conf_read_text(text, strlen(text), &e);

	if (!EXPECT(c))
		printf("# %s: %s\n", e.path, e.text);
	return c;
}

/* @path: of the setting that is refused; NULL: none is. */
static void check(const char *text, const char *path)
{
	struct conf_error e = { 0 };
	struct conf *c = read_conf(text);
	bool good = c && host_allows(c, &e);

	if (!EXPECT(c && (path ? !good && !strcmp(e.path, path) && *e.text : good)))
		printf("# %s %s of %s\n", e.path, e.text, text);
	conf_free(c);
}

static void before(void)
{
	struct conf *c = read_conf(FILE_TEXT);

	check(FILE_TEXT, "/natfw:natfw");
	EXPECT(c && !host_remember(c));
	conf_free(c);
}

#define HEAD	"daemon: {user: someone}\n"

static void texts(void)
{
	static const struct {
		const char *text, *path;
	} settings[] = {
		{ "daemon: {user: root}\n", "daemon/user" },
		{ "{}\n", "daemon/user" },
		{ "daemon: {user: someone, chroot: /}\n", "daemon/chroot" },
		{ "daemon: {user: someone, state-directory: /etc}\n", "daemon/state-directory" },
		{ HEAD "control: {socket: /etc/passwd}\n", "control/socket" },
		{ HEAD "control: {group: users}\n", "control/group" },
		{ HEAD "management: {ssh: {program: /usr/bin/vi}}\n", "management/ssh/program" },
		{ HEAD "management: {ssh: {relay: /bin/sh}}\n", "management/ssh/relay" },
		{ HEAD "management: {ssh: {account: daemon}}\n", "management/ssh/account" },
		{ HEAD "management: {ssh: {directory: /etc}}\n", "management/ssh/directory" },
		{ HEAD "gist: {tls: required, certificate: /etc/x, key: /etc/x, authority: /etc/x}\n",
		  "gist/certificate" },
	};
	char path[128];
	size_t i;

	check(FILE_TEXT, NULL);
	check(HEAD "gist: {port: 7}\n", NULL);
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "/natfw:natfw/%s", settings[i].path);
		check(settings[i].text, path);
	}
}

#define IDENTITY(certificate, key, authority, more) \
	HEAD "management: {identity: [{name: z, certificate: " certificate ", key: " key \
	", authority: " authority more "}]}\n"

static void files(void)
{
	static const char top[] = "/natfw:natfw/management/";
	char path[128];

	check(IDENTITY("/etc/b.crt", "/etc/a.key", "/etc/ca", ", crl: /etc/ca"), NULL);
	snprintf(path, sizeof(path), "%sidentity/certificate", top);
	check(IDENTITY("/etc/shadow", "/etc/a.key", "/etc/ca", ""), path);
	snprintf(path, sizeof(path), "%sidentity/key", top);
	check(IDENTITY("/etc/a.crt", "/etc/shadow", "/etc/ca", ""), path);
	/* of sshd, and not for process mgmt */
	check(IDENTITY("/etc/a.crt", "/etc/h", "/etc/ca", ""), path);
	snprintf(path, sizeof(path), "%sidentity/authority", top);
	check(IDENTITY("/etc/a.crt", "/etc/a.key", "/etc/shadow", ""), path);
	snprintf(path, sizeof(path), "%sidentity/crl", top);
	check(IDENTITY("/etc/a.crt", "/etc/a.key", "/etc/ca", ", crl: /etc/shadow"), path);
	check(HEAD "management: {ssh: {host-key: [{name: z, file: /etc/i}]}}\n", NULL);
	snprintf(path, sizeof(path), "%sssh/host-key/file", top);
	check(HEAD "management: {ssh: {host-key: [{name: z, file: /etc/a.key}]}}\n", path);
}

static void anew(void)
{
	struct conf *c = read_conf("daemon: {user: other}\n");

	EXPECT(!host_remember(c));
	check("daemon: {user: other}\n", NULL);
	check(FILE_TEXT, "/natfw:natfw/daemon/user");
	check("daemon: {user: other}\nmanagement: {ssh: {host-key: [{name: h, file: /etc/h}]}}\n",
	      "/natfw:natfw/management/ssh/host-key/file");
	conf_free(c);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "nothing is allowed before the file is known", before },
		{ "programs, accounts and places", texts },
		{ "files are those that were there", files },
		{ "what the file says anew", anew },
	};

	log_capture(quiet);
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
