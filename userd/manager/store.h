/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inventory's database (SQLite), and the thread that writes it: the loop hands over copies of what
 * changed, and is told when they are on the disk. What comes faster than the disk takes it is merged,
 * since a record stays marked until it is handed over.
 */
#ifndef _MANAGER_STORE_H
#define _MANAGER_STORE_H

#include "manager/inventory.h"

struct event_base;
struct store;

/*
 * Open DIR/inventory.sqlite, make it if it is not there, and fill @v from it. May wait for the disk:
 * for the start. NULL and @why on errors. @done is called in the loop when a store_flush() is on the
 * disk, with its number, or when it failed (@error is not NULL).
 */
struct store *store_open(const char *dir, struct inventory *v, char *why, size_t size);
/* Start the thread; after this only the functions below are to be called. 0 or -errno. */
int store_start(struct store *s, struct event_base *base,
		void (*done)(void *arg, uint64_t number, const char *error), void *arg);
/*
 * Hand over what changed. The number of the write that has it, or 0: the thread is still busy with the
 * one before, or there is no memory; try again later.
 */
uint64_t store_flush(struct store *s);
/* Write what is left, end the thread, close. */
void store_close(struct store *s);

#endif /* _MANAGER_STORE_H */
