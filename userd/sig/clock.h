/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engines' clock: CLOCK_BOOTTIME, which goes on while the machine sleeps and never jumps, in
 * milliseconds, and one kernel timer for all of theirs.
 */
#ifndef _NATFWD_SIG_CLOCK_H
#define _NATFWD_SIG_CLOCK_H

/* 0 or -errno. net.base is set; starts net.timers. */
int clock_init(void);
/* First thing in each callback of the loop: tell the time, fire what is due. */
void clock_enter(void);
/* Last thing: be called back when the next timer is due. */
void clock_leave(void);
void clock_fini(void);

#endif /* _NATFWD_SIG_CLOCK_H */
