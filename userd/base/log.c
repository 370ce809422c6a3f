// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/siphash.h"

#define LINE_MAX_OCTETS	1024

uint8_t log_levels[SUB_COUNT] = {
	[0 ... SUB_COUNT - 1] = LEVEL_INFO,
};

static const char *const subsystems[SUB_COUNT] = {
	"main", "conf", "net", "gist", "nslp", "policy", "kern", "ctl",
	"mgmt",
};
static const char *const levels[] = { "error", "warning", "notice", "info", "debug" };
static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

static void (*captured)(enum log_subsystem sub, enum log_level level, const char *line);
static const char *process = "natfwd";
static bool to_syslog, to_journal;
static unsigned int lost;
static uint8_t tag_key[16];

void log_open(const char *name, bool use_syslog)
{
	process = name;
	to_syslog = use_syslog;
	to_journal = getenv("JOURNAL_STREAM");
	if (to_syslog)
		openlog("natfwd", LOG_NDELAY | LOG_PID, LOG_DAEMON);
}

void log_capture(void (*sink)(enum log_subsystem sub, enum log_level level, const char *line))
{
	captured = sink;
}

/* One write, so that lines of several processes do not mix. */
static void put_stderr(enum log_level level, const char *line, size_t len)
{
	char mark[8];
	struct iovec part[2] = {
		{ mark, to_journal ? (size_t)snprintf(mark, sizeof(mark), "<%d>",
						      priorities[level]) : 0 },
		{ (void *)line, len },
	};
	ssize_t n;

	do {
		n = writev(STDERR_FILENO, part, 2);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		lost++;
}

static void put(enum log_subsystem sub, enum log_level level, char *line, size_t len)
{
	if (captured) {
		captured(sub, level, line);
	} else if (to_syslog) {
		syslog(priorities[level], "%s", line);
	} else {
		line[len++] = '\n';
		put_stderr(level, line, len);
	}
}

void log_write(enum log_subsystem sub, enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_OCTETS + 2];
	va_list ap;
	int head, n;

	if (lost && !captured) {
		unsigned int said = lost;

		lost = 0;
		log_write(SUB_MAIN, LEVEL_WARN, "%u lines of the log were lost", said);
	}
	head = captured ? 0 : snprintf(line, LINE_MAX_OCTETS, "%s %s %s: ", process,
				       subsystems[sub], levels[level]);
	va_start(ap, fmt);
	n = vsnprintf(line + head, (size_t)(LINE_MAX_OCTETS - head), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	n = head + n < LINE_MAX_OCTETS ? head + n : LINE_MAX_OCTETS - 1;
	put(sub, level, line, (size_t)n);
}

const char *log_subsystem_name(enum log_subsystem sub)
{
	return subsystems[sub];
}

static int find(const char *const *names, int n, const char *name)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

int log_subsystem_find(const char *name)
{
	return find(subsystems, SUB_COUNT, name);
}

int log_level_find(const char *name)
{
	return find(levels, (int)(sizeof(levels) / sizeof(levels[0])), name);
}

const char *log_name(const char *name, char *buf, size_t size)
{
	size_t n = 0;

	for (; *name && n + 2 < size; name++) {
		if (*name == '"' || *name == '\\')
			buf[n++] = '\\';
		buf[n++] = (uint8_t)*name < 0x20 ? '?' : *name;
	}
	buf[n] = 0;
	return buf;
}

void session_tag_key(const uint8_t key[16])
{
	memcpy(tag_key, key, sizeof(tag_key));
}

uint64_t session_hash(const uint8_t sid[16])
{
	return siphash(sid, 16, tag_key);
}

const char *session_tag(const uint8_t sid[16], char *buf)
{
	snprintf(buf, SESSION_TAG, "%016llx", (unsigned long long)session_hash(sid));
	return buf;
}
