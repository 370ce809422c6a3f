// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * The journal: what was appended is read again, whatever became of the files' ends, and a rewriting that breaks
 * off leaves what was.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/journal.h"
#include "ktap.h"

static const uint8_t key[16] = "0123456789abcdef";

struct seen {
	unsigned int count;
	uint32_t last;
	bool in_order;
};

static void note(void *arg, const void *data, size_t len)
{
	struct seen *s = arg;
	uint32_t n;

	EXPECT_EQ(len, sizeof(n));
	memcpy(&n, data, sizeof(n));
	s->in_order &= n > s->last;
	s->last = n;
	s->count++;
}

static int files[2];

static void new_files(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		char name[] = "/tmp/journal.XXXXXX";

		files[i] = mkstemp(name);
		unlink(name);
	}
}

/* Opens it on copies of the descriptors, so that it can be closed and opened again. */
static struct seen reopen(struct journal *j)
{
	struct seen s = { .in_order = true };
	int fd[2] = { dup(files[0]), dup(files[1]) };

	EXPECT(journal_open(j, fd, key, note, &s));
	return s;
}

static void close_files(void)
{
	close(files[0]);
	close(files[1]);
}

static void append(struct journal *j, uint32_t from, uint32_t to)
{
	for (; from <= to; from++)
		EXPECT(journal_append(j, &from, sizeof(from)));
}

static void comes_back(void)
{
	struct journal j;
	struct seen s;

	new_files();
	s = reopen(&j);
	EXPECT(!s.count && !j.error);
	append(&j, 1, 100);
	journal_close(&j);
	s = reopen(&j);
	EXPECT(s.count == 100 && s.last == 100 && s.in_order);
	append(&j, 101, 150);
	journal_close(&j);
	s = reopen(&j);
	EXPECT(s.count == 150 && s.in_order);
	journal_close(&j);
	close_files();
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

/* However much is missing at the end, it is whole records that are left, and it can be gone on with. */
static void any_end(void)
{
	struct journal j;
	struct seen s;
	off_t n;

	new_files();
	reopen(&j);
	append(&j, 1, 20);
	n = size_of(files[j.live.which]);
	while (n > 0) {
		int fd = files[j.live.which];

		journal_close(&j);
		n -= 5;
		EXPECT(!ftruncate(fd, n > 0 ? n : 0));
		s = reopen(&j);
		EXPECT(s.in_order && s.count <= 20 && s.count == s.last);
		if (n > 100)
			n = size_of(files[j.live.which]);
	}
	append(&j, 1, 5);
	journal_close(&j);
	s = reopen(&j);
	EXPECT_EQ(s.count, 5);
	journal_close(&j);
	close_files();
}

/* One bit anywhere: what comes before it is read, nothing behind it, nothing wrong. */
static void any_bit(void)
{
	uint8_t octets[4096];
	struct journal j;
	struct seen s;
	ssize_t len, i;
	int fd;

	new_files();
	reopen(&j);
	append(&j, 1, 10);
	fd = files[j.live.which];
	journal_close(&j);
	len = pread(fd, octets, sizeof(octets), 0);
	for (i = 0; i < len; i++) {
		uint8_t flipped = octets[i] ^ (uint8_t)(1 << (i & 7));

		EXPECT(!ftruncate(fd, 0) && pwrite(fd, octets, (size_t)len, 0) == len);
		EXPECT_EQ(pwrite(fd, &flipped, 1, i), 1);
		s = reopen(&j);
		EXPECT(s.in_order && s.count < 10 && s.count == s.last);
		journal_close(&j);
		/* what reopening made of the other one must not come before this one */
		EXPECT(!ftruncate(files[!(fd == files[1])], 0));
	}
	close_files();
}

static void rewritten(void)
{
	struct journal j;
	struct seen s;
	unsigned int before, round;

	new_files();
	reopen(&j);
	for (round = 0; round < 5; round++) {
		append(&j, 1, 3000);
		EXPECT(journal_stale(&j, 10) && !journal_stale(&j, 3000));
		before = j.live.which;
		journal_begin(&j);
		append(&j, 1, 10);
		EXPECT(journal_end(&j) && j.live.which != before);
		EXPECT(!journal_stale(&j, 10));
		append(&j, 11, 12);
		journal_close(&j);
		s = reopen(&j);
		EXPECT(s.count == 12 && s.in_order);
	}
	journal_close(&j);
	close_files();
}

/* Dead in the middle of it: as if it had never begun. */
static void broken_off(void)
{
	struct journal j;
	struct seen s;

	new_files();
	reopen(&j);
	append(&j, 1, 50);
	journal_begin(&j);
	append(&j, 1, 3);
	journal_close(&j);
	s = reopen(&j);
	EXPECT(s.count == 50 && s.in_order);
	append(&j, 51, 60);
	journal_begin(&j);
	append(&j, 1, 60);
	EXPECT(journal_end(&j));
	journal_close(&j);
	s = reopen(&j);
	EXPECT(s.count == 60);
	journal_close(&j);
	close_files();
}

static void limit_size(rlim_t octets)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = octets ? octets : r.rlim_max;
	setrlimit(RLIMIT_FSIZE, &r);
}

/* No room: nothing half is left, and it says so until all has been written anew. */
static void no_room(void)
{
	struct journal j;
	struct seen s;
	uint32_t n = 1;

	new_files();
	reopen(&j);
	signal(SIGXFSZ, SIG_IGN);
	limit_size(1000);
	while (n < 1000 && journal_append(&j, &n, sizeof(n)))
		n++;
	EXPECT(n > 10 && n < 100 && j.error && journal_stale(&j, n));
	journal_begin(&j);
	while (journal_append(&j, &n, sizeof(n)))
		;
	EXPECT(!journal_end(&j) && j.error);
	limit_size(0);
	EXPECT(journal_append(&j, &n, sizeof(n)) && j.error);
	journal_close(&j);
	s = reopen(&j);
	EXPECT(s.count == n && s.in_order);
	journal_begin(&j);
	append(&j, 1, n);
	EXPECT(journal_end(&j) && !j.error);
	journal_close(&j);
	close_files();
}

/* No room even for a beginning: it can be gone on with once there is some. */
static void no_room_at_all(void)
{
	struct journal j;
	struct seen s = { .in_order = true };
	uint32_t n = 1;
	int fd[2];

	new_files();
	limit_size(4);
	fd[0] = dup(files[0]);
	fd[1] = dup(files[1]);
	EXPECT(!journal_open(&j, fd, key, note, &s) && j.error);
	EXPECT(!journal_append(&j, &n, sizeof(n)));
	limit_size(0);
	EXPECT(!journal_append(&j, &n, sizeof(n)) && journal_stale(&j, 1));
	journal_begin(&j);
	append(&j, 1, 3);
	EXPECT(journal_end(&j));
	journal_close(&j);
	s = reopen(&j);
	EXPECT_EQ(s.count, 3);
	journal_close(&j);
	close_files();
}

static void of_another_key(void)
{
	static const uint8_t other[16] = "fedcba9876543210";
	struct seen s = { .in_order = true };
	struct journal j;
	int fd[2];

	new_files();
	reopen(&j);
	append(&j, 1, 10);
	journal_close(&j);
	fd[0] = dup(files[0]);
	fd[1] = dup(files[1]);
	EXPECT(journal_open(&j, fd, other, note, &s) && !s.count);
	journal_close(&j);
	close_files();
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "what is appended comes back in order", comes_back },
		{ "whatever is missing at the end, whole records are left", any_end },
		{ "a bit that flipped ends it there", any_bit },
		{ "rewriting keeps what counts", rewritten },
		{ "rewriting that breaks off changes nothing", broken_off },
		{ "without room nothing half is left", no_room },
		{ "without room for a beginning it begins later", no_room_at_all },
		{ "what another daemon wrote does not count", of_another_key },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
