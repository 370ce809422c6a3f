// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

/* Options of the kernel, and what is missing without them. */
static const struct {
	const char *name;
	bool must;
	const char *without;
} options[] = {
	{ "CONFIG_NETFILTER_INGRESS", true, "no device can be attached" },
	{ "CONFIG_MODULES", true, "natfw cannot be loaded" },
	{ "CONFIG_IPV6", false, "IPv6 packets pass untouched" },
	{ "CONFIG_NF_DEFRAG_IPV6", false, "IPv6 fragments are not matched by ports" },
	{ "CONFIG_NF_REJECT_IPV4", false, "reject drops IPv4 packets silently" },
	{ "CONFIG_NF_REJECT_IPV6", false, "reject drops IPv6 packets silently" },
};

#define NOPTIONS	(sizeof(options) / sizeof(options[0]))

/* Take note of the option a line of a kernel configuration sets. */
static void note_option(char *line, bool *set)
{
	char *eq = strchr(line, '=');
	unsigned int i;

	if (!eq || (eq[1] != 'y' && eq[1] != 'm'))
		return;
	*eq = 0;
	for (i = 0; i < NOPTIONS; i++)
		if (!strcmp(options[i].name, line))
			set[i] = true;
}

/* Read a configuration; false if it is not there. */
static bool read_config(const char *path, bool *set)
{
	size_t len = strlen(path);
	bool packed = len > 3 && !strcmp(path + len - 3, ".gz");
	char line[256], cmd[320];
	bool any = false;
	FILE *f;

	if (access(path, R_OK))
		return false;
	snprintf(cmd, sizeof(cmd), "gzip -dc %s 2>/dev/null", path);
	f = packed ? popen(cmd, "re") : fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		any = true;
		note_option(line, set);
	}
	if (packed)
		pclose(f);
	else
		fclose(f);
	return any;
}

static bool find_config(const char *release, bool *set, char *path, size_t size)
{
	static const char *const places[] = {
		"/boot/config-%s", "/lib/modules/%s/config", "/lib/modules/%s/build/.config",
	};
	unsigned int i;

	snprintf(path, size, "/proc/config.gz");
	if (read_config(path, set))
		return true;
	for (i = 0; i < 3; i++) {
		snprintf(path, size, places[i], release);
		if (read_config(path, set))
			return true;
	}
	return false;
}

static void say_config(struct doctor *d, const char *release)
{
	bool set[NOPTIONS] = { false }, complete = true;
	char path[256];
	unsigned int i;

	if (!find_config(release, set, path, sizeof(path))) {
		doctor_say(d, DOCTOR_WARN, "config", NULL,
			   "the kernel's configuration is nowhere to be found, so its options were not checked");
		return;
	}
	for (i = 0; i < NOPTIONS; i++) {
		if (set[i])
			continue;
		complete = false;
		doctor_say(d, options[i].must ? DOCTOR_FAIL : DOCTOR_WARN, "config",
			   "build the kernel with it, or use one that has it",
			   "%s is off: %s", options[i].name, options[i].without);
	}
	if (complete)
		doctor_say(d, DOCTOR_OK, "config", NULL, "%s has every option natfw uses", path);
}

static bool has_word(const char *path, char word)
{
	char buf[64];

	return doctor_read(path, buf, sizeof(buf)) && strchr(buf, word);
}

/* 1: on, 0: off, -1: no EFI. */
static int secure_boot(void)
{
	static const char path[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	FILE *f = fopen(path, "re");
	unsigned char v[5];
	size_t n;

	if (!f)
		return -1;
	n = fread(v, 1, sizeof(v), f);
	fclose(f);
	return n == sizeof(v) && v[4] == 1;
}

static bool signatures_enforced(void)
{
	char buf[64];

	if (has_word("/sys/module/module/parameters/sig_enforce", 'Y'))
		return true;
	return doctor_read("/sys/kernel/security/lockdown", buf, sizeof(buf)) &&
	       !strstr(buf, "[none]");
}

static void say_signature(struct doctor *d, bool loaded)
{
	bool enforced = signatures_enforced(), unsign = has_word("/sys/module/natfw/taint", 'E');
	const char *boot = secure_boot() == 1 ? "Secure Boot is on, " : "";

	if (loaded)
		doctor_say(d, DOCTOR_OK, "signature", NULL, "%sthe module is %s", boot,
			   unsign ? "unsigned, which this kernel accepts" : "accepted");
	else if (enforced)
		doctor_say(d, DOCTOR_WARN, "signature",
			   "sign natfw.ko with a key enrolled in this machine (mokutil --import); DKMS does it with its own key",
			   "%sthe kernel takes signed modules only", boot);
	else
		doctor_say(d, DOCTOR_OK, "signature", NULL, "%sthe kernel takes unsigned modules",
			   boot);
}

/* Where natfw.ko for this kernel is, as modules.dep has it. */
static bool find_module(const char *release, char *path, size_t size)
{
	char dep[256], line[512], *colon;
	bool found = false;
	FILE *f;

	snprintf(dep, sizeof(dep), "/lib/modules/%s/modules.dep", release);
	f = fopen(dep, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = 0;
		found = strstr(line, "/natfw.ko");
	}
	fclose(f);
	if (found)
		snprintf(path, size, "/lib/modules/%s/%.200s", release, line);
	return found;
}

static void say_loaded(struct doctor *d, const char *release, bool loaded)
{
	char version[64] = "?", path[512];
	bool found = find_module(release, path, sizeof(path));

	doctor_read("/sys/module/natfw/version", version, sizeof(version));
	if (loaded)
		doctor_say(d, DOCTOR_OK, "module", NULL, "natfw %s is loaded%s%s", version,
			   found ? ", from " : "", found ? path : "");
	else if (found)
		doctor_say(d, DOCTOR_FAIL, "module",
			   "modprobe natfw; if it is refused, 'dmesg | tail' has the reason",
			   "not loaded; there is %s", path);
	else
		doctor_say(d, DOCTOR_FAIL, "module",
			   "install it for this kernel: 'make dkms-install', or 'make modules modules_install' and depmod",
			   "there is no natfw.ko for kernel %s", release);
}

void doctor_module(struct doctor *d)
{
	bool loaded = !access("/sys/module/natfw", F_OK);
	struct utsname u;

	if (uname(&u))
		return;
	doctor_say(d, DOCTOR_OK, "kernel", NULL, "Linux %s, %s", u.release, u.machine);
	say_loaded(d, u.release, loaded);
	say_signature(d, loaded);
	say_config(d, u.release);
}
