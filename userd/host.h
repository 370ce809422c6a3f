/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings by which root acts on this host: programs and accounts that it starts, files that it opens,
 * makes or removes. They are for who may write the configuration file, and no manager changes them, whatever
 * process mgmt says that one may: who has taken it over would be root otherwise.
 */
#ifndef _NATFWD_HOST_H
#define _NATFWD_HOST_H

#include "conf/conf.h"

/*
 * @c is what the configuration file says; what was remembered before is forgotten. 0 or -ENOMEM, and then
 * no change is allowed.
 */
int host_remember(const struct conf *c);
/*
 * Whether @c has these settings as the file has them. Files of identities and of host keys may be fewer,
 * and in other combinations. False, and @e names the setting.
 */
bool host_allows(const struct conf *c, struct conf_error *e);

#endif /* _NATFWD_HOST_H */
