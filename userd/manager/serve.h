/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * natfw-manager serve: what runs.
 */
#ifndef _MANAGER_SERVE_H
#define _MANAGER_SERVE_H

/* Run by the configuration in @config until told to end. The exit status. */
int serve(const char *config);
/* Whether @config can be served: prints "ok", or what is wrong. The exit status. */
int serve_check(const char *config);

#endif /* _MANAGER_SERVE_H */
