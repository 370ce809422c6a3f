// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ids MODULE.ko BASE: writes the type ids of the functions the module offers to
 * BPF programs into its section .BTF_ids, as the kernel's resolve_btfids does,
 * which not every distribution ships with its headers.
 *
 * MODULE.ko has type information (.BTF) that continues that of the kernel,
 * which BASE has as such (not in an ELF file). A section .BTF.base in the
 * module takes its place. Little and 64 bit like the machine this runs on.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct blob {
	uint8_t	*p;
	size_t	len;
};

struct types {
	struct blob	b;
	const char	*str;
	uint32_t	str_len, str_base, first;
	const uint8_t	*type, *end;
};

/* One entry of a set: what struct btf_id_set8 has. */
struct entry {
	uint32_t id, flags;
};

static const char *file;

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "btf: %s: ", file);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static struct blob map(const char *name, bool write)
{
	int fd = open(name, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	struct blob b = { 0 };
	struct stat st;
	size_t n;

	file = name;
	if (fd < 0 || fstat(fd, &st))
		die("cannot be opened");
	if (write) {
		b.len = st.st_size;
		b.p = mmap(NULL, b.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (b.p == MAP_FAILED)
			die("cannot be mapped");
	} else {	/* files of sysfs cannot */
		b.p = malloc(st.st_size + 1);
		while (b.p && b.len < (size_t)st.st_size) {
			n = read(fd, b.p + b.len, st.st_size - b.len);
			if (!n || n == (size_t)-1)
				die("cannot be read");
			b.len += n;
		}
	}
	close(fd);
	return b;
}

/* ---- ELF ---- */

static const Elf64_Shdr *sections(const struct blob *e, unsigned int *n)
{
	const Elf64_Ehdr *eh = (const void *)e->p;

	if (e->len < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_ident[EI_CLASS] != ELFCLASS64)
		die("no 64-bit ELF file");
	*n = eh->e_shnum;
	if (eh->e_shoff > e->len || (e->len - eh->e_shoff) / sizeof(Elf64_Shdr) < *n ||
	    eh->e_shstrndx >= *n)
		die("section headers are cut off");
	return (const void *)(e->p + eh->e_shoff);
}

static struct blob contents(const struct blob *e, const Elf64_Shdr *sh)
{
	if (sh->sh_offset > e->len || e->len - sh->sh_offset < sh->sh_size)
		die("a section is cut off");
	return (struct blob){ e->p + sh->sh_offset, sh->sh_size };
}

/* The string at @off of a section, which must end in it. */
static const char *string(const struct blob *s, size_t off)
{
	if (off >= s->len || !memchr(s->p + off, 0, s->len - off))
		die("a name is cut off");
	return (const char *)s->p + off;
}

/* Index of the section called @name, 0 if there is none. */
static unsigned int section(const struct blob *e, const char *name)
{
	unsigned int i, n;
	const Elf64_Shdr *sh = sections(e, &n);
	struct blob names = contents(e, &sh[((const Elf64_Ehdr *)e->p)->e_shstrndx]);

	for (i = 1; i < n; i++)
		if (!strcmp(string(&names, sh[i].sh_name), name))
			return i;
	return 0;
}

/* ---- types ---- */

static struct types types_of(struct blob b, const struct types *base)
{
	const struct btf_header *h = (const void *)b.p;
	struct types t = { .b = b, .first = 1 };

	if (b.len < sizeof(*h) || h->magic != BTF_MAGIC ||
	    h->hdr_len > b.len || b.len - h->hdr_len < h->type_off ||
	    b.len - h->hdr_len - h->type_off < h->type_len ||
	    b.len - h->hdr_len < h->str_off ||
	    b.len - h->hdr_len - h->str_off < h->str_len)
		die("the type information is not sound");
	t.str = (const char *)b.p + h->hdr_len + h->str_off;
	t.str_len = h->str_len;
	t.type = b.p + h->hdr_len + h->type_off;
	t.end = t.type + h->type_len;
	if (base)
		t.str_base = base->str_len;
	return t;
}

/* Bytes after struct btf_type. */
static size_t extra(const struct btf_type *t)
{
	unsigned int n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case 19: /* BTF_KIND_ENUM64 */
		return n * 12;
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case 18: /* BTF_KIND_TYPE_TAG */
		return 0;
	}
	die("a kind of type that is not known: %u", BTF_INFO_KIND(t->info));
}

static const struct btf_type *next(const struct types *t, const struct btf_type *at)
{
	const uint8_t *p = at ? (const uint8_t *)at + sizeof(*at) + extra(at) : t->type;

	if (p >= t->end)
		return NULL;
	if ((size_t)(t->end - p) < sizeof(*at))
		die("a type is cut off");
	return (const void *)p;
}

static uint32_t count(const struct types *t)
{
	const struct btf_type *at;
	uint32_t n = 0;

	for (at = next(t, NULL); at; at = next(t, at))
		n++;
	return n;
}

static bool is_called(const struct types *t, const struct btf_type *at,
		      const char *name, size_t len)
{
	uint32_t off = at->name_off - t->str_base;

	return at->name_off >= t->str_base && off < t->str_len &&
	       t->str_len - off > len && !memcmp(t->str + off, name, len) &&
	       !t->str[off + len];
}

static uint32_t function(const struct types *t, const char *name, size_t len)
{
	const struct btf_type *at;
	uint32_t id = t->first;

	for (at = next(t, NULL); at; at = next(t, at), id++)
		if (BTF_INFO_KIND(at->info) == BTF_KIND_FUNC && is_called(t, at, name, len))
			return id;
	die("has no type for function %.*s", (int)len, name);
}

/* ---- what is to be filled in ---- */

static int by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* A set: its size, flags that are there already, entries in order of id. */
static void fill_set(const struct blob *ids, const Elf64_Sym *sym)
{
	uint32_t *set = (uint32_t *)(ids->p + sym->st_value);

	if (sym->st_size < 8 || sym->st_size % 8 || ids->len < sym->st_value ||
	    ids->len - sym->st_value < sym->st_size)
		die("a set of ids is not sound");
	set[0] = sym->st_size / 8 - 1;
	qsort(set + 2, set[0], sizeof(struct entry), by_id);
}

/* __BTF_ID__func__NAME__NUMBER: the length of NAME. */
static size_t name_len(const char *name)
{
	const char *end = NULL, *p;

	for (p = strstr(name, "__"); p; p = strstr(p + 1, "__"))
		end = p;
	return end ? (size_t)(end - name) : strlen(name);
}

static void fill(const struct blob *e, unsigned int where, const struct types *t, bool sets)
{
	static const char func[] = "__BTF_ID__func__", set8[] = "__BTF_ID__set8__";
	unsigned int n, i, symtab = section(e, ".symtab");
	const Elf64_Shdr *sh = sections(e, &n);
	struct blob ids = contents(e, &sh[where]);
	struct blob syms = contents(e, &sh[symtab]);
	const Elf64_Sym *sym = (const void *)syms.p;
	struct blob names;
	const char *name;

	if (!symtab || sh[symtab].sh_link >= n)
		die("has no symbols");
	names = contents(e, &sh[sh[symtab].sh_link]);
	for (i = 0; i < syms.len / sizeof(*sym); i++, sym++) {
		name = string(&names, sym->st_name);
		if (sym->st_shndx != where)
			continue;
		if (sets && !strncmp(name, set8, strlen(set8))) {
			fill_set(&ids, sym);
		} else if (!sets && !strncmp(name, func, strlen(func))) {
			if (sym->st_value % 4 || sym->st_value + 4 > ids.len)
				die("an id is not where ids are");
			name += strlen(func);
			*(uint32_t *)(ids.p + sym->st_value) =
				function(t, name, name_len(name));
		}
	}
}

int main(int argc, char **argv)
{
	struct blob ko, raw;
	struct types base, own;
	unsigned int btf, ids, distilled, n;

	if (argc != 3) {
		fprintf(stderr, "usage: ids MODULE.ko BASE\n");
		return 2;
	}
	raw = map(argv[2], false);
	base = types_of(raw, NULL);
	ko = map(argv[1], true);
	btf = section(&ko, ".BTF");
	ids = section(&ko, ".BTF_ids");
	if (!btf || !ids)
		die("has no %s", btf ? ".BTF_ids" : ".BTF");
	distilled = section(&ko, ".BTF.base");
	if (distilled)
		base = types_of(contents(&ko, &sections(&ko, &n)[distilled]), NULL);
	own = types_of(contents(&ko, &sections(&ko, &n)[btf]), &base);
	own.first = count(&base) + 1;
	fill(&ko, ids, &own, false);
	fill(&ko, ids, &own, true);
	return 0;
}
