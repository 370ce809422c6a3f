/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file as a string inside the program.
 */
#ifndef _NATFWD_CONF_EMBED_H
#define _NATFWD_CONF_EMBED_H

/* @name is the text of @file, whose name is as seen from userd/, with a zero octet behind. */
#define EMBED(name, file) \
	extern const char name[]; \
	__asm__(".pushsection .rodata\n" \
		".global " #name "\n" \
		#name ":\n" \
		".incbin \"" file "\"\n" \
		".byte 0\n" \
		".popsection\n")

#endif /* _NATFWD_CONF_EMBED_H */
