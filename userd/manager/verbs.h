/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that ask a running manager. Each gets its arguments from its own name on, and returns the
 * exit status: 0, all is well; 1, a device refused or failed; VERB_USAGE; 3, there is no manager.
 */
#ifndef _MANAGER_VERBS_H
#define _MANAGER_VERBS_H

#define VERB_USAGE	2

int verb_devices(int argc, char **argv);
int verb_get(int argc, char **argv);
int verb_edit(int argc, char **argv);
int verb_rpc(int argc, char **argv);
int verb_exec(int argc, char **argv);
int verb_rest(int argc, char **argv);
int verb_shell(int argc, char **argv);
int verb_relay(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_forgive(int argc, char **argv);

#endif /* _MANAGER_VERBS_H */
