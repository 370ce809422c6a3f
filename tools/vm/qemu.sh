# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Boots a stock kernel under QEMU: the guest's root is the host's, over 9p.

QEMU=qemu-system-x86_64

qemu_channels() {
	G_OUT=port:natfw.out G_ERR=port:natfw.err
	command -v "$QEMU" >/dev/null || die "$QEMU is missing; tools/vm/deps installs it"
	initramfs_need
	image_need
	qemu_accel
}

# --- kernel image ----------------------------------------------------------------------

# An emulated machine takes seconds to unpack a compressed kernel; QEMU boots an unpacked
# one just as well.
image_need() {
	Q_IMAGE=$S_DIR/vmlinux
	[[ -e $Q_IMAGE ]] || with_lock "$S_DIR.image.lock" image_make
}

image_make() {
	[[ ! -e $Q_IMAGE ]] || return 0
	image_unpack "$K_IMAGE" >"$Q_IMAGE.part" || :
	if [[ $(head -c 4 "$Q_IMAGE.part") == $'\x7fELF' ]]; then
		mv "$Q_IMAGE.part" "$Q_IMAGE"
	else
		# some other compression: as it came, then
		rm -f "$Q_IMAGE.part"
		ln -s "$K_IMAGE" "$Q_IMAGE"
	fi
}

# Where the compressed kernel is in the file, the header says: see "The Real-Mode Kernel
# Header" in the kernel's documentation of the x86 boot protocol.
image_unpack() {
	local file=$1 sectors offset length
	sectors=$(od -An -tu1 -j 0x1f1 -N 1 "$file")
	offset=$(od -An -tu4 -j 0x248 -N 4 "$file")
	length=$(od -An -tu4 -j 0x24c -N 4 "$file")
	offset=$(((sectors + 1) * 512 + offset))
	# the last four bytes are the size once unpacked
	dd if="$file" bs=1M iflag=skip_bytes,count_bytes skip="$offset" count=$((length - 4)) \
		status=none >"$Q_IMAGE.packed"
	case $(od -An -tx1 -N 4 "$Q_IMAGE.packed" | tr -d ' ') in
	fd377a58) xz -dc <"$Q_IMAGE.packed" ;;
	28b52ffd) zstd -dcq <"$Q_IMAGE.packed" ;;
	1f8b*) gzip -dc <"$Q_IMAGE.packed" ;;
	esac
	rm -f "$Q_IMAGE.packed"
}

# --- initramfs -------------------------------------------------------------------------

initramfs_need() {
	Q_INITRAMFS=$S_DIR/initramfs-$(digest "$VM/initramfs-init" "$VM/qemu.sh")
	[[ -e $Q_INITRAMFS ]] || with_lock "$S_DIR.initramfs.lock" initramfs_make
}

initramfs_make() {
	local tmp module
	[[ ! -e $Q_INITRAMFS ]] || return 0
	command -v busybox >/dev/null || die "busybox is missing; tools/vm/deps installs it"
	tmp=$(mktemp -d "$CACHE/tmp/initramfs.XXXXXX")
	mkdir -p "$tmp"/tree/{bin,proc,dev,root,modules}
	cp "$(command -v busybox)" "$tmp/tree/bin/busybox"
	cp "$VM/initramfs-init" "$tmp/tree/init"
	chmod 755 "$tmp/tree/init"
	while IFS= read -r module; do
		cp "$module" "$tmp/tree/modules/"
		echo "${module##*/}"
	done < <(initramfs_modules) >"$tmp/tree/modules/list"
	(cd "$tmp/tree" && find . | cpio --quiet -o -H newc) >"$tmp/cpio"
	mv "$tmp/cpio" "$Q_INITRAMFS"
	rm -rf "$tmp"
}

# Dependencies first; what a kernel has built in is not listed.
initramfs_modules() {
	local name
	for name in virtio_pci virtio_console 9pnet_virtio 9p; do
		modprobe -d "$K_ROOT" -S "$K_RELEASE" --show-depends "$name" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++'
}

# --- acceleration ----------------------------------------------------------------------

# A machine can have /dev/kvm that hangs a stock kernel, so it is used only once a bounded
# trial boot came through; the answer holds until the machine restarts.
qemu_accel() {
	local answer boot_id
	# One thread for all processors: with several, a processor now and then runs an int3
	# that the other has already patched away again, and the kernel oopses.
	Q_ACCEL=(-accel "tcg,thread=single" -cpu "max,la57=off")
	# a guest with nothing to do skips to its next timer instead of waiting for it
	[[ $ICOUNT == 0 ]] || Q_ACCEL+=(-icount "shift=0,align=off,sleep=off")
	[[ $ICOUNT == 0 ]] || return 0
	[[ -w /dev/kvm ]] || return 0
	boot_id=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
	answer=$CACHE/kvm/$boot_id-$K_KEY
	if [[ ! -e $answer ]]; then
		mkdir -p "$CACHE/kvm"
		with_lock "$CACHE/kvm/.lock" qemu_trial "$answer"
	fi
	[[ $(<"$answer") != yes ]] || Q_ACCEL=(-accel kvm -cpu host)
}

qemu_trial() {
	local answer=$1 log
	[[ ! -e $answer ]] || return 0
	progress "trying hardware acceleration, at most 20 s, once"
	log=$(mktemp "$CACHE/tmp/trial.XXXXXX")
	timeout -k 1 20 "$QEMU" -accel kvm -cpu host -m 512M -nodefaults -nographic -no-reboot \
		-kernel "$Q_IMAGE" -initrd "$Q_INITRAMFS" -serial stdio \
		-append 'console=ttyS0 quiet panic=-1 natfw_trial=1' </dev/null >"$log" 2>&1 || :
	if grep -q natfw-trial-ok "$log"; then
		echo yes >"$answer.$$"
	else
		echo no >"$answer.$$"
		progress "it does not work here: the guest is emulated, and slow"
	fi
	mv "$answer.$$" "$answer"
	rm -f "$log"
}

# --- boot ------------------------------------------------------------------------------

# Becomes the guest. The serial console takes what is worth a warning and above: every
# character of it costs an emulated machine; guest-init saves the whole log at the end.
qemu_exec() {
	local model=passthrough
	[[ $EUID == 0 ]] || model=none
	exec "$QEMU" "${Q_ACCEL[@]}" -smp "$SMP" -m "$MEM" \
		-nodefaults -display none -no-reboot -no-user-config \
		-kernel "$Q_IMAGE" -initrd "$Q_INITRAMFS" \
		-append "console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off \
random.trust_cpu=on no_timer_check natfw_run=$RUN ${NATFW_APPEND:-}" \
		-fsdev local,id=root,path=/,security_model="$model",multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=root \
		-device virtio-rng-pci \
		-device virtio-serial-pci \
		-chardev file,id=out,path="$RUN/out" -device virtserialport,chardev=out,name=natfw.out \
		-chardev file,id=err,path="$RUN/err" -device virtserialport,chardev=err,name=natfw.err \
		-serial file:"$RUN/console" </dev/null >"$RUN/qemu.log" 2>&1
}
