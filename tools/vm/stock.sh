# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Debian's own kernels: image, modules, headers and build tools, unpacked side by side in
# the cache with paths made relative to it. Nothing is installed.

# Raise when the unpacked layout changes: older copies are then left alone.
STOCK_LAYOUT=3

# What a network test or the boot can want; the other thousands of drivers would only
# slow depmod down.
STOCK_MODULES=(arch crypto lib mm net fs/9p fs/netfs fs/fscache fs/overlayfs fs/fuse fs/configfs
	drivers/virtio drivers/char/virtio_console.ko drivers/char/hw_random
	drivers/net/bonding drivers/net/ipvlan drivers/net/team drivers/net/vxlan
	drivers/net/wireguard drivers/net/netdevsim drivers/net/ovpn)

stock_need() {
	local suite version
	suite=$(kernel_suite "$KERNEL")
	version=$(resolve "$suite" linux-image-amd64)
	K_KEY=stock-$version-$STOCK_LAYOUT
	S_DIR=$CACHE/stock/$version-$STOCK_LAYOUT
	if [[ ! -e $S_DIR/complete ]]; then
		mkdir -p "$CACHE/stock"
		with_lock "$S_DIR.lock" stock_make "$suite"
	fi
	[[ $version == "$KERNEL".* || $MODE == kdir ]] ||
		progress "Debian's newest kernel is now $version; that is what runs"
	K_DIR=$(<"$S_DIR/kdir") K_ARCH=x86
	K_ROOT=$S_DIR/root
	K_IMAGE=$S_DIR/vmlinuz
	K_MAKE=("CC=gcc")
}

stock_make() {
	[[ ! -e $S_DIR/complete ]] || return 0
	rm -rf "$S_DIR"
	mkdir -p "$S_DIR"
	stock_fetch "$1"
	stock_image
	stock_headers
	stock_tools "$1"
	stock_compiler
	touch "$S_DIR/complete"
}

# depends SUITE PACKAGE REGEX: names of PACKAGE's dependencies that match.
depends() {
	apt_field "$1" "$2" Depends | tr '|' ',' | tr ',' '\n' | awk '{ print $1 }' | { grep -E "$3" || :; }
}

stock_fetch() {
	local suite=$1 image headers packages=()
	apt_need "$suite"
	image=$(depends "$suite" linux-image-amd64 '^linux-image-[0-9]')
	headers=$(depends "$suite" linux-headers-amd64 '^linux-headers-[0-9]')
	[[ -n $image && -n $headers ]] || die "Debian $suite has no kernel packages"
	mapfile -t packages < <(
		echo "$image"
		depends "$suite" "$image" '^linux-(base|binary|modules)-[0-9]'
		echo "$headers"
		depends "$suite" "$headers" '^linux-(headers|kbuild)-'
	)
	apt_fetch "$suite" "$S_DIR/pkg" "${packages[@]}"
}

# --- what boots ------------------------------------------------------------------------

# Releases differ in where they put these.
stock_image() {
	local from to
	from=$(echo "$S_DIR"/pkg/lib/modules/*/kernel)
	[[ -d $from ]] || from=$(echo "$S_DIR"/pkg/usr/lib/modules/*/kernel)
	[[ -d $from ]] || die "the image package holds no modules"
	from=${from%/kernel}
	to=$S_DIR/root/lib/modules/${from##*/}
	mkdir -p "$to/kernel"
	cp "$from"/modules.* "$to/"
	stock_modules "$from/kernel" "$to/kernel"
	depmod -b "$S_DIR/root" "${from##*/}"
	mv "$(stock_vmlinuz "$from")" "$S_DIR/vmlinuz"
	rm -rf "$from" "$S_DIR/pkg/boot" "$S_DIR/pkg/usr/share"
}

stock_vmlinuz() {
	local file
	for file in "$S_DIR"/pkg/boot/vmlinuz-* "$1/vmlinuz"; do
		[[ ! -f $file ]] || {
			echo "$file"
			return
		}
	done
	die "the image package holds no vmlinuz"
}

stock_modules() {
	local from=$1 to=$2 part file
	progress "unpacking modules"
	(
		cd "$from" || exit 1
		for part in "${STOCK_MODULES[@]}"; do
			for file in "$part" "$part".xz "$part".zst; do
				[[ ! -e $file ]] || cp -r --parents "$file" "$to/"
			done
		done
		find drivers/net -maxdepth 1 -name '*.ko*' -exec cp --parents {} "$to/" \;
	)
	# plain ones load faster in an emulated machine
	find "$to" -name '*.ko.xz' -print0 | xargs -0 -r -P "$(nproc)" -n 50 xz -d
	find "$to" -name '*.ko.zst' -print0 | xargs -0 -r -P "$(nproc)" -n 50 zstd -q -d --rm
}

# --- what modules are built with -------------------------------------------------------

# The headers include each other by the place they would be installed in.
stock_headers() {
	local dir
	dir=$(echo "$S_DIR"/pkg/usr/src/linux-headers-*-amd64)
	[[ -d $dir ]] || die "the headers package holds no build directory"
	sed -i "s|/usr/src/|$S_DIR/pkg/usr/src/|g" "$dir/Makefile"
	# Type information would need the packaged vmlinux; tools/btf does it afterwards. Only
	# make is told: the compiler must see the same struct module as the kernel has.
	sed -i '/^CONFIG_DEBUG_INFO_BTF_MODULES=/d' "$dir/include/config/auto.conf"
	stock_set "$dir" CONFIG_PAHOLE_VERSION "$(stock_pahole "$dir")"
	rm -f "$dir/vmlinux"
	echo "$dir" >"$S_DIR/kdir"
}

# Without pahole some of these scripts fail, some say 0, and some do both.
stock_pahole() {
	local version
	version=$("$1/scripts/pahole-version.sh" "${PAHOLE:-pahole}" 2>/dev/null | head -n 1) || :
	echo "${version:-0}"
}

# stock_set DIR SYMBOL VALUE: what make and the compiler see; no VALUE unsets.
stock_set() {
	local conf=$1/include/config/auto.conf header=$1/include/generated/autoconf.h
	local symbol=$2 value=${3:-}
	sed -i "/^$symbol=/d" "$conf"
	sed -i "/^#define $symbol /d" "$header"
	[[ -n $value ]] || return 0
	# make's copy has strings without their quotes
	echo "$symbol=$value" | sed 's/="\(.*\)"$/=\1/' >>"$conf"
	[[ $value != y ]] || value=1
	echo "#define $symbol $value" >>"$header"
}

# Build tools of a newer release want its C library: they get it through its own loader,
# and only if they do not run as they are.
stock_tools() {
	local suite=$1 tool lib='' kbuild
	kbuild=$(echo "$S_DIR"/pkg/usr/lib/linux-kbuild-*)
	while IFS= read -r -d '' tool; do
		[[ $(head -c 4 "$tool") == $'\x7fELF' ]] || continue
		ldd "$tool" 2>&1 | grep 'not found' >/dev/null || continue
		if [[ -z $lib ]]; then
			lib=$S_DIR/lib/usr/lib/x86_64-linux-gnu
			stock_libraries "$suite" "${kbuild##*/}"
		fi
		stock_wrap "$tool" "$lib"
	done < <(find "$kbuild" -type f -perm -1 -print0)
}

stock_libraries() {
	local packages=()
	mapfile -t packages < <(depends "$1" "$2" '^(lib|zlib)')
	apt_fetch "$1" "$S_DIR/lib" "${packages[@]}" libzstd1
	rm -rf "$S_DIR/lib/usr/share"
	# older layouts
	if [[ -d $S_DIR/lib/lib ]]; then
		cp -r "$S_DIR/lib/lib/." "$S_DIR/lib/usr/lib/"
	fi
}

# The name is kept because some of these tools look for a sibling next to argv[0].
stock_wrap() {
	mv "$1" "$1.elf"
	{
		echo '#!/bin/sh'
		echo "exec '$2/ld-linux-x86-64.so.2' --argv0 \"\$0\" --library-path '$2' \"\$0.elf\" \"\$@\""
	} >"$1"
	chmod 755 "$1"
}

# A kernel built by a newer compiler has options on that this one does not know. Kconfig
# says which: whatever changes when the same configuration is asked of this compiler.
stock_compiler() {
	local dir work version line symbol
	dir=$(<"$S_DIR/kdir")
	version=$(sed -n 's/^CONFIG_GCC_VERSION=//p' "$dir/include/config/auto.conf")
	[[ $version != "$(stock_gcc_version)" ]] || return 0
	source_need
	work=$(mktemp -d "$CACHE/tmp/config.XXXXXX")
	cp "$dir/.config" "$work/.config"
	make -s -C "$K_SRC" O="$work" ARCH=x86 olddefconfig >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		die "cannot work out what this compiler lacks"
	}
	while IFS= read -r line; do
		symbol=${line%%=*}
		stock_set "$dir" "$symbol" "$(sed -n "s/^$symbol=//p" "$work/.config")"
	done < <(comm -3 <(stock_toolchain "$dir/.config") <(stock_toolchain "$work/.config") |
		tr -d '\t')
	rm -rf "$work"
}

# Of the differences only what describes the toolchain: the rest of the configuration
# must stay what the kernel was built with.
stock_toolchain() {
	grep -E '^CONFIG_(CC|GCC|AS|LD)_[A-Z0-9_]*=' "$1" | sort
}

stock_gcc_version() {
	gcc -dumpfullversion | awk -F. '{ printf "%d%02d%02d\n", $1, $2, $3 }'
}
