/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records that survive whatever becomes of the process that writes them: kill -9, a full disk, half a
 * write.
 *
 * Two files, given as descriptors, as there is no directory to rename in. One is the live one, and only
 * appended to; a record counts if its checksum holds. When most of it is out of date, all that still
 * counts is written to the other, which becomes the live one by its last record. Nothing waits for the
 * disk: a loss of power may cost the last seconds, which users of this must bear.
 */
#ifndef _NATFWD_CTL_JOURNAL_H
#define _NATFWD_CTL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_RECORD_MAX	4096

struct journal_file {
	unsigned int which;	/* of the descriptors */
	uint64_t generation;
	uint64_t end;		/* of what is good in it; 0: nothing is */
	uint32_t records;	/* outdated ones included */
};

struct journal {
	int fd[2];
	struct journal_file live, before;	/* before: while the other one is being written */
	uint8_t key[16];	/* of checksums */
	int error;		/* positive errno: something is not stored; 0: all is */
	bool writing;
};

/*
 * Read what there is: @record is called for each record in the order they were written. The descriptors
 * are owned from now on. Returns false if neither file can be read or written at all.
 */
bool journal_open(struct journal *j, const int fd[2], const uint8_t key[16],
		  void (*record)(void *arg, const void *data, size_t len), void *arg);
void journal_close(struct journal *j);
/* False, and nothing has changed, if it cannot be written: j->error. */
bool journal_append(struct journal *j, const void *data, size_t len);
/* Whether it has many records more than the @live ones, or something is not stored. */
bool journal_stale(const struct journal *j, uint32_t live);
/* journal_append() what counts between these two; journal_end() makes it the live one, or false. */
void journal_begin(struct journal *j);
bool journal_end(struct journal *j);

#endif /* _NATFWD_CTL_JOURNAL_H */
