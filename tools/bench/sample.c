// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a process is, every so often: sample PID SECONDS. One instruction pointer a line,
 * of all threads there are at the start.
 *
 * A User Mode Linux guest is a process, so this profiles its kernel without counters in
 * the hardware; a thread without processor has no samples.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS	200000
#define PAGES		256	/* a power of two */
#define THREADS		64

struct ring {
	struct perf_event_mmap_page *page;
	uint64_t size;
};

static int open_thread(int tid)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(a),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS,
		.sample_type = PERF_SAMPLE_IP,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &a, tid, -1, -1, 0);
}

static int map_thread(struct ring *r, int tid)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = open_thread(tid);

	if (fd < 0)
		return -1;
	r->size = (uint64_t)PAGES * page;
	r->page = mmap(NULL, r->size + page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return r->page == MAP_FAILED ? -1 : 0;
}

static int map_all(struct ring *r, const char *pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	d = opendir(path);
	if (!d)
		return -1;
	while ((e = readdir(d)) && n < THREADS)
		if (e->d_name[0] != '.' && !map_thread(&r[n], atoi(e->d_name)))
			n++;
	closedir(d);
	return n;
}

static void copy(const struct ring *r, uint64_t at, void *to, size_t len)
{
	const char *data = (const char *)r->page + sysconf(_SC_PAGESIZE);
	size_t i;

	for (i = 0; i < len; i++)
		((char *)to)[i] = data[(at + i) % r->size];
}

static void drain(struct ring *r)
{
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = r->page->data_tail;
	struct perf_event_header h;
	uint64_t ip;

	for (; tail < head; tail += h.size) {
		copy(r, tail, &h, sizeof(h));
		if (h.type != PERF_RECORD_SAMPLE)
			continue;
		copy(r, tail + sizeof(h), &ip, sizeof(ip));
		printf("%llx\n", (unsigned long long)ip);
	}
	__atomic_store_n(&r->page->data_tail, tail, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	static struct ring rings[THREADS];
	time_t end;
	int n, i;

	if (argc != 3) {
		fprintf(stderr, "usage: sample PID SECONDS\n");
		return 2;
	}
	n = map_all(rings, argv[1]);
	if (n <= 0) {
		perror("sample: cannot open a perf event (root? perf_event_paranoid?)");
		return 1;
	}
	end = time(NULL) + atoi(argv[2]);
	while (time(NULL) < end) {
		usleep(20000);
		for (i = 0; i < n; i++)
			drain(&rings[i]);
	}
	return 0;
}
