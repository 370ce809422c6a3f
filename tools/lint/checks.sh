# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The checks of tools/lint/run. Each runs in the top directory and prints findings as
# "error: FILE:LINE: ..." or "warning: ...", remarks as "note: ...".

# Files of the tree, as git knows them; what is new and not ignored counts. Of a tree
# without git, all files.
tree() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -co --exclude-standard -- "$@"
	else
		find "${@:-.}" -type f -not -path './.git/*' | sed 's|^\./||'
	fi | sort -u | while IFS= read -r file; do
		[[ ! -f $file ]] || echo "$file"
	done
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || {
			echo "note: $tool is not installed; see tools/lint/deps"
			exit 77
		}
	done
}

# The kernel source that checkpatch and the netlink generator come with.
kernel_source() {
	local dir
	dir=${LINUX_SRC:-$(tools/vm/run --kernel uml --srcdir 2>/dev/null)}
	[[ -d $dir ]] || {
		echo "note: no kernel source; run tools/vm/run --kernel uml --srcdir, or set LINUX_SRC" >&2
		return 77
	}
	echo "$dir"
}

check_spdx() {
	tree | python3 "$LINT/spdx.py"
}

check_space() {
	tree | python3 "$LINT/space.py"
}

check_includes() {
	tree | grep -E '\.[ch]$|\.def$' | python3 "$LINT/includes.py"
}

check_functions() {
	tree kmod tools userd tests | grep -E '\.[ch]$' | python3 "$LINT/functions.py"
}

shell_scripts() {
	tree | while IFS= read -r file; do
		case $file in
		LICENSES/* | *.md | *.rst | *.[ch]) ;;
		*.sh) echo "$file" ;;
		*) [[ $(head -c 40 "$file" | tr -d '\0' | head -n 1) =~ ^\#!.*(bash|/sh) ]] && echo "$file" ;;
		esac
	done
}

# Where pipefail is set: grep -q ends at the first line that matches, and who still writes to it dies of that.
broken_pipes() {
	grep -lE '^(\.|source) .*lib\.sh|^set .*pipefail' "${list[@]}" |
		xargs grep -nE '[^|]\| *grep (-[-a-zA-Z]* )*-[a-zA-Z]*q' /dev/null |
		sed -E 's/^([^:]*:[0-9]+):.*/error: \1: reads only until it matches, which pipefail takes for a failure: use has/'
}

check_shell() {
	local list
	need shellcheck
	mapfile -t list < <(shell_scripts)
	echo "note: ${#list[@]} scripts"
	broken_pipes
	shellcheck -x -P SCRIPTDIR -f gcc "${list[@]}" 2>&1 | sed -E \
		-e '/: (error|warning): /s/^/error: /' \
		-e '/^error: /! { /: (note|style): /s/^/warning: / }' | grep -E '^(error|warning): '
	return 0
}

check_python() {
	local file n=0
	while IFS= read -r file; do
		case $file in
		*.py) ;;
		*) [[ $(head -c 60 "$file" | tr -d '\0' | head -n 1) =~ ^\#!.*python ]] || continue ;;
		esac
		n=$((n + 1))
		python3 - "$file" <<-'PY' || :
			import ast, sys
			name = sys.argv[1]
			try:
			    ast.parse(open(name, encoding='utf-8').read(), name)
			except SyntaxError as e:
			    print(f'error: {name}:{e.lineno}: {e.msg}')
		PY
	done < <(tree | grep -vE '^LICENSES/|\.(md|rst|c|h)$')
	echo "note: $n scripts"
}

# What is not looked for:
#   FILE_PATH_CHANGES, LINUX_VERSION_CODE  about patches to the kernel itself; the latter
#	is what compat.h is for, and the includes check keeps it there
#   SPDX_LICENSE_TAG  the spdx check knows better
#   ALLOC_WITH_SIZEOF  wants kzalloc_obj(), which kernels before 7.0 do not have
#   LONG_LINE_STRING  a string is not broken
#   MACRO_ARG_UNUSED  the ways reason.def is read take some columns of it
#   CONSTANT_COMPARISON  takes what is in capitals for a constant, LINUX_VERSION_CODE too
CHECKPATCH_IGNORE=FILE_PATH_CHANGES,LINUX_VERSION_CODE,SPDX_LICENSE_TAG,ALLOC_WITH_SIZEOF
CHECKPATCH_IGNORE+=,LONG_LINE_STRING,MACRO_ARG_UNUSED,CONSTANT_COMPARISON

# And not in userspace, where there is no ARRAY_SIZE, kstrtol, fallthrough, u32 or
# WRITE_ONCE either:
CHECKPATCH_IGNORE_USER=$CHECKPATCH_IGNORE,ARRAY_SIZE,AVOID_EXTERNS,BIT_MACRO,CONSIDER_KSTRTO
CHECKPATCH_IGNORE_USER+=,NEW_TYPEDEFS,PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_FALLTHROUGH
CHECKPATCH_IGNORE_USER+=,PREFER_KERNEL_TYPES,PREFER_SCNPRINTF,STRCPY,STRLCPY,STRNCPY
CHECKPATCH_IGNORE_USER+=,CAMELCASE,EMBEDDED_FILENAME,EMBEDDED_FUNCTION_NAME
#   VOLATILE  flags of signal handlers (sig_atomic_t), and data of BPF programs
#   ENOSYS  what a call says that this kernel does not have
#   STATIC_CONST_CHAR_ARRAY  execv() takes its arguments from an array that is not
CHECKPATCH_IGNORE_USER+=,VOLATILE,ENOSYS,STATIC_CONST_CHAR_ARRAY
#   FUNCTION_ARGUMENTS, LINE_SPACING  take libraries' macros in declarations, as
#	STACK_OF(X509) or LIBBPF_OPTS(), for a prototype and for a statement
#   COMPLEX_MACRO, BRACKET_SPACE  rows of tables that are made by macros
CHECKPATCH_IGNORE_USER+=,FUNCTION_ARGUMENTS,LINE_SPACING,COMPLEX_MACRO,BRACKET_SPACE
#   ASSIGN_IN_IF  one attempt after the other: if ((x = this())) ... else if ((x = that()))
#   MULTIPLE_ASSIGNMENTS  a = b = NULL
#   SPLIT_STRING  long texts (SQL, JSON, XML, usage, logs) are broken where their parts end
#   BLOCK_COMMENT_STYLE  a comment beside a member may go on in a second line
CHECKPATCH_IGNORE_USER+=,ASSIGN_IN_IF,MULTIPLE_ASSIGNMENTS,SPLIT_STRING,BLOCK_COMMENT_STYLE

checkpatch() {
	local ignore=$1 source=$2
	shift 2
	perl "$source/scripts/checkpatch.pl" --no-tree --no-signoff --strict --terse --no-summary \
		--show-types --max-line-length=100 --ignore "$ignore" -f "$@" |
		sed -nE \
			-e 's/^([^ ]*): (ERROR|WARNING):/error: \1: /p' \
			-e 's/^([^ ]*): CHECK:/warning: \1: /p'
}

check_checkpatch() {
	local source kernel user
	need perl
	source=$(kernel_source) || return
	mapfile -t kernel < <(tree kmod uapi | grep -E '\.[ch]$' | grep -v netlink_gen)
	mapfile -t user < <(tree tools userd tests | grep -E '\.[ch]$')
	echo "note: $((${#kernel[@]} + ${#user[@]})) files"
	((${#kernel[@]} == 0)) || checkpatch "$CHECKPATCH_IGNORE" "$source" "${kernel[@]}" |
		macro_tables
	# tests quote packets and errors as they are
	((${#user[@]} == 0)) || checkpatch "$CHECKPATCH_IGNORE_USER" "$source" "${user[@]}" |
		macro_tables | sed 's|^error: tests/|warning: tests/|'
	rm -f .checkpatch-camelcase.*
	return 0
}

# Trace events, and the client library's description of the family, are tables made of
# macros, which a tool that reads line by line takes for code.
macro_tables() {
	grep -vE ': (kmod/trace\.h|tools/lib/model\.c):[0-9]+: +(MACRO_ARG|COMPLEX_MACRO|OPEN_ENDED_LINE|SPACING|LINE_SPACING|LEADING_SPACE|PARENTHESIS_ALIGNMENT)'
}

# In a copy, so that no build is left in the tree; C=2 looks at every file. Against 6.12:
# newer kernels want a newer sparse than Debian 12 has.
check_sparse() {
	local dir kdir
	need sparse rsync make
	kdir=${LINT_KDIR:-$(tools/vm/run --kernel 6.12 --kdir 2>/dev/null)}
	[[ -d $kdir ]] || {
		echo "note: no kernel to build against"
		return 77
	}
	dir=$(mktemp -d "${TMPDIR:-/tmp}/natfw-sparse.XXXXXX")
	rsync -rl --exclude='*.o' --exclude='*.ko' --exclude='.*' Kbuild kmod uapi "$dir/"
	sparse_build "$dir" "$kdir"
	sed "s|$dir/||g" "$dir/log" | grep -E '^(kmod|uapi)/' | sort -u | sed -nE \
		-e '/: (warning|error): /s/^/error: /p'
	echo "note: $(grep -c '^  CHECK ' "$dir/log") files, $(sparse --version)"
	rm -rf "$dir"
}

sparse_build() {
	make -k -C "$2" CC=gcc M="$1" -j"$(nproc)" C=2 \
		CF='-D__CHECK_ENDIAN__ -Wbitwise -Wcontext -fmax-warnings=unlimited' \
		modules >"$1/log" 2>&1 && return
	echo "error: the module does not build: $(grep -m 1 -E '\*\*\*|error:' "$1/log" | sed "s|$1/||g")"
}

check_generated() {
	local source differs
	source=$(kernel_source) || return
	differs=$(tools/ynl-gen --check "$source" 2>&1) ||
		echo "error: tools/ynl-gen would write something else: $(grep -m 1 . <<<"$differs")"
	tools/ynl-doc --check 2>&1 | sed 's/^/error: /'
	reasons_told
}

# Every way a packet can end has a line in the data path's page.
reasons_told() {
	local reason
	sed -nE 's/^R\([A-Z0-9_]+,[[:blank:]]*"([a-z0-9-]+)".*/\1/p' kmod/reason.def |
		while IFS= read -r reason; do
			grep -q "^   \* - \`\`$reason\`\`$" Documentation/datapath.rst ||
				echo "error: Documentation/datapath.rst: no line for reason $reason"
		done
}

check_docs() {
	local file
	need rst2html
	while IFS= read -r file; do
		rst2html --strict --report=info --no-raw --no-file-insertion "$file" /dev/null 2>&1 |
			sed -n 's/^\([^ ]*:[0-9]*\): /error: \1: /p'
	done < <(tree Documentation | grep '\.rst$')
	tree | grep -E '\.(rst|md)$' | python3 "$LINT/links.py"
	if command -v mandoc >/dev/null; then
		tree | grep -E '\.[1-9]$' | while IFS= read -r file; do
			mandoc -T lint -W warning "$file" |
				sed -nE -e 's/^mandoc: ([^ ]*) (ERROR|WARNING): /error: \1 /p'
		done
	else
		echo "note: mandoc is not installed, manual pages not looked at"
	fi
	return 0
}

# Tables aligned and lines wrapped by hand are better than what it makes of them, so it
# fails nothing.
check_format() {
	local list changed=0 file
	need clang-format
	mapfile -t list < <(tree tools userd tests | grep -E '\.[ch]$')
	for file in "${list[@]}"; do
		clang-format "$file" | cmp -s - "$file" || changed=$((changed + 1))
	done
	echo "note: clang-format would lay out $changed of ${#list[@]} files differently"
}
