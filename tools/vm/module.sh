# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Builds natfw for the kernel in K_* and lays out the guest's /lib/modules.

# The copy in the cache, not the checkout, is what the kernel's make works in: several
# kernels are built from one tree and none leaves files there.
module_dirs() {
	M_SRC=$(realpath "${NATFW_SRC:-$TOP}")
	M_DIR=$CACHE/module/$K_KEY/$(echo "$M_SRC" | sha256sum | cut -c 1-12)
	# a module with its test suites is another module
	M_DIR+=${NATFW_KUNIT:+-kunit}
	[[ ${NATFW_BTF:-1} == 1 ]] || M_DIR+=-plain
	M_TREE_FILE=$M_DIR.tree
	mkdir -p "$M_DIR"
}

# module_need: builds what changed; sets M_TREE, the directory holding lib/modules.
module_need() {
	module_dirs
	[[ -e $M_SRC/Kbuild ]] || die "$M_SRC has no Kbuild; nothing to build"
	with_lock "$M_DIR.lock" module_update
	M_TREE=$(<"$M_TREE_FILE")
	touch "$M_TREE"
}

module_update() {
	local digest
	module_sync
	digest=$(module_digest)
	if [[ $(cat "$M_DIR.built" 2>/dev/null) != "$digest" ]]; then
		rm -f "$M_DIR.built"
		module_make
		echo "$digest" >"$M_DIR.built"
	elif [[ $BUILD_ONLY == 1 ]]; then
		# nothing to do, but whoever asks for the build wants its warnings
		module_warnings
	fi
	[[ $KERNEL == uml ]] || module_types
	tree_update
}

# By content and without times: after switching to older sources, make must still see a
# change.
module_sync() {
	local part parts=()
	for part in Kbuild kmod uapi; do
		[[ ! -e $M_SRC/$part ]] || parts+=("$part")
	done
	(cd "$M_SRC" && rsync -rl --checksum --delete --exclude='*.o' --exclude='*.ko' \
		--exclude='*.mod' --exclude='*.mod.c' --exclude='.*' --exclude='*.symvers' \
		--exclude='modules.order' "${parts[@]}" "$M_DIR/")
	for part in kmod uapi; do
		[[ -e $M_SRC/$part ]] || rm -rf "${M_DIR:?}/$part"
	done
}

# Everything but what a build leaves behind.
module_digest() {
	(cd "$M_DIR" && find . -type f ! -path '*/.*' ! -name '*.o' ! -name '*.ko' ! -name '*.mod' \
		! -name '*.mod.c' ! -name '*.symvers' ! -name modules.order -print0 |
		sort -z | xargs -0 sha256sum) | sha256sum
}

module_make() {
	progress "building natfw for $K_RELEASE"
	find "$M_DIR" -name '*.ko' -delete
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$K_DIR" ARCH="$K_ARCH" M="$M_DIR" \
		-j"$(nproc)" "${K_MAKE[@]}" modules >"$M_DIR.log" 2>&1 || {
		module_warnings
		die "natfw does not build for $K_RELEASE"
	}
	module_warnings
}

# Paths of the copy mean nothing to whoever reads the message.
module_warnings() {
	sed "s|$M_DIR/||g" "$M_DIR.log" >&2
}

# Type information, for XDP. NATFW_BTF=0 leaves it out: natfw then is as it is where pahole
# was missing.
module_types() {
	local ko=$M_DIR/natfw.ko
	command -v pahole >/dev/null && [[ ${NATFW_BTF:-1} == 1 ]] || return 0
	[[ -n $(readelf -SW "$ko" | grep ' \.BTF_ids ') ]] || return 0
	if [[ ! -s $S_DIR/btf ]]; then
		image_need
		objcopy -O binary --only-section=.BTF "$Q_IMAGE" "$S_DIR/btf.$$"
		mv "$S_DIR/btf.$$" "$S_DIR/btf"
	fi
	"$TOP/tools/btf/embed" -b "$S_DIR/btf" "$ko"
}

# --- the guest's /lib/modules ----------------------------------------------------------

# A tree is never changed once a guest may use it: its name is what it holds. Modules of
# the kernel are reached through a link; only the dependency data is a copy.
tree_update() {
	local key tree tmp kos=()
	mapfile -d '' kos < <(find "$M_DIR" -name '*.ko' -print0 | sort -z)
	((${#kos[@]})) || die "the build made no module; does Kbuild say obj-m?"
	key=$(digest "${kos[@]}")
	tree=$CACHE/tree/$K_KEY-$key
	if [[ ! -d $tree ]]; then
		prune_old "$CACHE/tree"
		mkdir -p "$CACHE/tree"
		tmp=$(mktemp -d "$CACHE/tmp/tree.XXXXXX")
		tree_fill "$tmp" "${kos[@]}"
		chmod 755 "$tmp"
		mv -T "$tmp" "$tree" 2>/dev/null || rm -rf "$tmp"
	fi
	echo "$tree" >"$M_TREE_FILE"
}

tree_fill() {
	local lib=$1/lib/modules/$K_RELEASE
	shift
	mkdir -p "$lib/extra"
	ln -s "$K_ROOT/lib/modules/$K_RELEASE/kernel" "$lib/kernel"
	ln -s "$K_DIR" "$lib/build"
	cp "$K_ROOT/lib/modules/$K_RELEASE"/modules.{order,builtin} "$lib/"
	cp "$K_ROOT/lib/modules/$K_RELEASE"/modules.builtin.modinfo "$lib/" 2>/dev/null || :
	cp "$@" "$lib/extra/"
	depmod -b "${lib%/lib/modules/*}" "$K_RELEASE"
}
