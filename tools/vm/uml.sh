# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2086,SC2153
#
# Boots User Mode Linux: the guest's root is the host's, over hostfs.

uml_channels() {
	G_OUT=/dev/tty1 G_ERR=/dev/tty2
}

# Becomes the guest. Descriptors 5 and 6 are COMMAND's output and error output: consoles
# one and two of the guest, so that they are apart from the kernel's own on zero.
uml_exec() {
	# what the benchmark loads into it (tools/bench/lazyipi.c)
	[[ -z ${UML_PRELOAD:-} ]] || export LD_PRELOAD=$UML_PRELOAD
	# seccomp mode is the one that works with several processors and large register state
	exec "$K_IMAGE" seccomp=on ncpus="$SMP" mem="$MEM" \
		umid=guest uml_dir="$RUN/" \
		root=none rootfstype=hostfs rootflags=/ rw init="$RUN/init" \
		con0=null,fd:1 con1=null,fd:5 con2=null,fd:6 con=null ssl=null \
		console=tty0 ignore_loglevel natfw_run="$RUN" ${NATFW_APPEND:-} \
		5>"$RUN/out" 6>"$RUN/err" </dev/null >"$RUN/console" 2>&1
}
