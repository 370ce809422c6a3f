/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of natfwctl, one file each.
 */
#ifndef _NATFWCTL_VERBS_H
#define _NATFWCTL_VERBS_H

struct words;

int verb_apply(struct words *w);
int verb_callhome(struct words *w);
int verb_check(struct words *w);
int verb_dev(struct words *w);
int verb_doctor(struct words *w);
int verb_flow(struct words *w);
int verb_monitor(struct words *w);
int verb_net(struct words *w);
int verb_pool(struct words *w);
int verb_reload(struct words *w);
int verb_rule(struct words *w);
int verb_session(struct words *w);
int verb_show(struct words *w);
int verb_stats(struct words *w);
int verb_sync(struct words *w);
int verb_test(struct words *w);
int verb_version(struct words *w);

#endif /* _NATFWCTL_VERBS_H */
