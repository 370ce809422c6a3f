# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Obtains kernels. kernel_need sets, for the kernel asked for:
#   K_KEY      names it in the cache: version and configuration
#   K_DIR      where `make -C` builds modules for it
#   K_ARCH     ARCH for that make
#   K_RELEASE  uname -r in the guest
#   K_ROOT     directory holding lib/modules/K_RELEASE
#   K_IMAGE    what boots

kernel_need() {
	case $KERNEL in
	uml) uml_need ;;
	*) stock_need ;;
	esac
	# the version of pahole that the kernel's build found, whatever is installed by now
	K_MAKE+=("PAHOLE_VERSION=$(sed -n 's/^CONFIG_PAHOLE_VERSION=//p' \
		"$K_DIR/include/config/auto.conf")")
	# not kernel.release, which in Debian's headers is the upstream version
	K_RELEASE=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' \
		"$K_DIR/include/generated/utsrelease.h")
}

# The Debian suite that carries a kernel. The newest one is asked for by the number it
# had when this was written; unstable moves on, and then so does it.
kernel_suite() {
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo bookworm-backports ;;
	uml | 7.2) echo unstable ;;
	*) die "unknown kernel $1; one of: uml 6.1 6.12 7.2" ;;
	esac
}

# resolve SUITE PACKAGE: the version of PACKAGE, asked of the archive once and then kept,
# so that a run needs no network and does not change kernels by itself.
resolve() {
	local suite=$1 package=$2 file
	file=$CACHE/apt/$suite/$package.version
	if [[ ! -s $file || $REFRESH == 1 ]]; then
		apt_need "$suite"
		apt_field "$suite" "$package" Version >"$file.$$"
		[[ -s $file.$$ ]] || die "Debian $suite has no package $package"
		mv "$file.$$" "$file"
	fi
	cat "$file"
}

# --- source tree -----------------------------------------------------------------------

source_need() {
	local version
	version=$(resolve unstable linux-source)
	K_SRC=$CACHE/src/$version
	[[ -d $K_SRC ]] && return
	mkdir -p "$CACHE/src"
	with_lock "$CACHE/src/.lock" source_unpack "$version"
}

source_unpack() {
	local version=$1 to=$CACHE/src/$1 tmp package
	[[ ! -d $to ]] || return 0
	apt_need unstable
	package=$(depends unstable linux-source '^linux-source-[0-9]')
	tmp=$(mktemp -d "$CACHE/tmp/src.XXXXXX")
	apt_fetch unstable "$tmp/pkg" "$package"
	progress "unpacking $package"
	mkdir "$tmp/tree"
	tar -xf "$tmp"/pkg/usr/src/linux-source-*.tar.* --strip-components=1 -C "$tmp/tree"
	mv "$tmp/tree" "$to"
	rm -rf "$tmp"
}

# --- User Mode Linux -------------------------------------------------------------------

uml_need() {
	local key fragments=("$VM/uml.config")
	source_need
	[[ $DEBUG == 0 ]] || fragments+=("$VM/uml-debug.config")
	key=${K_SRC##*/}-$(digest "$VM/uml-build" "$VM/uml-stacktrace.patch" "${fragments[@]}")
	K_KEY=uml-$key
	K_DIR=$CACHE/uml/$key K_ARCH=um
	K_ROOT=$K_DIR/root
	K_IMAGE=$K_DIR/linux
	if [[ ! -e $K_DIR/complete ]]; then
		mkdir -p "$CACHE/uml"
		with_lock "$K_DIR.lock" uml_make "${fragments[@]}"
	fi
}

# As many files does it take, more or less; there are a few more with --debug.
UML_FILES=1200

uml_make() {
	local watch failed=0
	[[ ! -e $K_DIR/complete ]] || return 0
	progress "building User Mode Linux ${K_SRC##*/}, once; some $UML_FILES files are to be compiled"
	uml_watch 9>&- >/dev/null &
	watch=$!
	# or the shell would comment on how it ended
	disown "$watch"
	"$VM/uml-build" "$K_SRC" "$K_DIR" "$@" >"$K_DIR.log" 2>&1 || failed=1
	kill "$watch" 2>/dev/null || :
	if ((failed)); then
		tail -n 40 "$K_DIR.log" >&2
		die "the kernel build failed; whole log: $K_DIR.log (is tools/vm/deps satisfied?)"
	fi
	progress "User Mode Linux is built"
}

# Says every minute how far it is, for as long as there is somebody to tell. Whoever waits for
# the end of the output is not to wait for the last sleep.
uml_watch() {
	while sleep 60 2>/dev/null && kill -0 $$ 2>/dev/null; do
		progress "$({ find "$K_DIR" -name '*.o' 2>/dev/null || :; } | wc -l) of some $UML_FILES files are compiled"
	done
}
