// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "ctl/journal.h"

#define MAGIC		0x6c6e4a6eu
#define SIZE_MAX_OCTETS	(64u << 20)
#define SLACK		1000		/* outdated records that do not matter */

enum { RECORD_HEAD, RECORD_DATA, RECORD_WHOLE };

/* Before each record; the first record of a file is a head, its data the generation. */
struct frame {
	uint32_t magic;
	uint16_t type;
	uint16_t len;
	uint64_t sum;		/* over type, len, generation and data */
};

struct sum {
	uint16_t type, len;
	uint32_t none;
	uint64_t generation, at;
	uint8_t data[JOURNAL_RECORD_MAX];
};

/* Also over the place: a record of an earlier use of the file does not count. */
static uint64_t checksum(const struct journal *j, const struct frame *f, uint64_t generation,
			 uint64_t at, const void *data)
{
	struct sum s = { .type = f->type, .len = f->len, .generation = generation, .at = at };

	memcpy(s.data, data, f->len);
	return siphash(&s, offsetof(struct sum, data) + f->len, j->key);
}

/* ------------------------------------------------------------------ reading */

struct scan {
	uint64_t generation, end;
	uint32_t records;
	bool whole;
};

/* One record at @at; its length with the frame, or 0 where there is none that counts. */
static size_t read_one(const struct journal *j, int fd, uint64_t at, struct scan *s,
		       struct frame *f, uint8_t *data)
{
	if (pread(fd, f, sizeof(*f), (off_t)at) != sizeof(*f) || f->magic != MAGIC ||
	    f->len > JOURNAL_RECORD_MAX)
		return 0;
	if (pread(fd, data, f->len, (off_t)(at + sizeof(*f))) != f->len)
		return 0;
	if (!at) {
		if (f->type != RECORD_HEAD || f->len != sizeof(s->generation))
			return 0;
		memcpy(&s->generation, data, sizeof(s->generation));
	}
	return checksum(j, f, s->generation, at, data) == f->sum ? sizeof(*f) + f->len : 0;
}

static struct scan scan(const struct journal *j, int fd,
			void (*record)(void *arg, const void *data, size_t len), void *arg)
{
	static uint8_t data[JOURNAL_RECORD_MAX];
	struct scan s = { 0 };
	struct frame f;
	size_t n;

	while ((n = read_one(j, fd, s.end, &s, &f, data))) {
		s.end += n;
		s.whole |= f.type == RECORD_WHOLE;
		s.records += f.type == RECORD_DATA;
		if (record && f.type == RECORD_DATA)
			record(arg, data, f.len);
	}
	return s;
}

/* ------------------------------------------------------------------ writing */

static bool write_all(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t did = pwrite(fd, p, n, (off_t)at);

		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return false;
		p += did;
		at += (uint64_t)did;
		n -= (size_t)did;
	}
	return true;
}

static bool put(struct journal *j, uint16_t type, const void *data, size_t len)
{
	uint8_t octets[sizeof(struct frame) + JOURNAL_RECORD_MAX];
	struct frame f = { .magic = MAGIC, .type = type, .len = (uint16_t)len };
	struct journal_file *to = &j->live;

	if (len > JOURNAL_RECORD_MAX || to->end > SIZE_MAX_OCTETS) {
		j->error = EFBIG;
		return false;
	}
	f.sum = checksum(j, &f, to->generation, to->end, data);
	memcpy(octets, &f, sizeof(f));
	memcpy(octets + sizeof(f), data, len);
	errno = 0;
	if (!write_all(j->fd[to->which], octets, sizeof(f) + len, to->end)) {
		j->error = errno ? errno : EIO;
		/* half of it does not count; what is written next takes its place */
		(void)!ftruncate(j->fd[to->which], (off_t)to->end);
		return false;
	}
	to->end += sizeof(f) + len;
	to->records += type == RECORD_DATA;
	return true;
}

bool journal_append(struct journal *j, const void *data, size_t len)
{
	if (!j->live.end || (j->writing && j->error)) {
		j->error = j->error ? j->error : EIO;
		return false;
	}
	return put(j, RECORD_DATA, data, len);
}

bool journal_stale(const struct journal *j, uint32_t live)
{
	return j->error || j->live.records > 2 * live + SLACK;
}

void journal_begin(struct journal *j)
{
	j->before = j->live;
	j->live = (struct journal_file){
		.which = !j->before.which, .generation = j->before.generation + 1,
	};
	j->error = 0;
	j->writing = true;
	if (ftruncate(j->fd[j->live.which], 0))
		j->error = errno;
	else
		put(j, RECORD_HEAD, &j->live.generation, sizeof(j->live.generation));
}

bool journal_end(struct journal *j)
{
	bool good = !j->error && put(j, RECORD_WHOLE, "", 0);

	j->writing = false;
	if (good)
		return true;
	/* room for others; the old one goes on */
	(void)!ftruncate(j->fd[j->live.which], 0);
	j->live = j->before;
	return false;
}

/* ------------------------------------------------------------------ life */

bool journal_open(struct journal *j, const int fd[2], const uint8_t key[16],
		  void (*record)(void *arg, const void *data, size_t len), void *arg)
{
	struct scan s[2];
	unsigned int i;

	*j = (struct journal){ .fd = { fd[0], fd[1] } };
	memcpy(j->key, key, sizeof(j->key));
	for (i = 0; i < 2; i++)
		s[i] = scan(j, fd[i], NULL, NULL);
	i = s[1].whole && (!s[0].whole || s[1].generation > s[0].generation);
	j->live.which = i;
	if (!s[i].whole) {
		journal_begin(j);
		return journal_end(j);
	}
	scan(j, fd[i], record, arg);
	j->live = (struct journal_file){ i, s[i].generation, s[i].end, s[i].records };
	(void)!ftruncate(fd[i], (off_t)s[i].end);
	return true;
}

void journal_close(struct journal *j)
{
	close(j->fd[0]);
	close(j->fd[1]);
}
