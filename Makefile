# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make help` says what there is.

PREFIX ?= /usr/local
DESTDIR ?=
KERNELRELEASE_RUNNING := $(shell uname -r)
KDIR ?= /lib/modules/$(KERNELRELEASE_RUNNING)/build
SECONDS ?= 60

# The module is part of `make` only where it can be built.
ifneq ($(wildcard $(KDIR)/Makefile),)
ALL := tools modules
else
ALL := tools
endif

# So is the daemon where its libraries are.
DAEMON_PKGS := libevent_core libevent_openssl libssl libyang yaml-0.1 jansson libseccomp libnl-genl-3.0
ifneq ($(shell pkg-config --exists $(DAEMON_PKGS) 2>/dev/null && echo yes),)
DAEMON := userd
endif
ALL += $(DAEMON)

# And what takes the calls of gateways.
MANAGER_PKGS := libevent_core libssl libssh sqlite3 libxml-2.0 jansson yaml-0.1 libseccomp
ifneq ($(shell pkg-config --exists $(MANAGER_PKGS) 2>/dev/null && echo yes),)
MANAGER := manager
endif
ALL += $(MANAGER)

# What shows it to SNMP.
ifneq ($(shell command -v net-snmp-config 2>/dev/null),)
ifneq ($(DAEMON),)
SNMP := snmp
endif
endif
ALL += $(SNMP)

all: $(ALL)
ifeq ($(MANAGER),)
	@echo "natfw-manager is not built: its libraries are missing (tests/deps installs them)"
endif
ifeq ($(SNMP),)
	@echo "natfwd-snmp is not built: net-snmp's agent library is missing (tests/deps installs it)"
endif
ifeq ($(DAEMON),)
	@echo "natfwd is not built: its libraries are missing (tests/deps installs them)"
endif
ifeq ($(filter modules,$(ALL)),)
	@echo "no headers for kernel $(KERNELRELEASE_RUNNING): natfw.ko is not built (KDIR=... names another kernel's)"
endif

tools:
	$(MAKE) -C tools

userd: tools
	$(MAKE) -C userd

manager:
	$(MAKE) -C userd/manager

snmp: tools
	$(MAKE) -C userd/snmp

# and its type information, for XDP, where there is what it takes
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
	tools/btf/embed $(if $(BTF),-b $(BTF)) natfw.ko

modules_install:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

install: tools $(DAEMON) $(MANAGER) $(SNMP)
	$(MAKE) -C tools install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	$(if $(DAEMON),$(MAKE) -C userd install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX))
	$(if $(MANAGER),$(MAKE) -C userd/manager install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX))
	$(if $(SNMP),$(MAKE) -C userd/snmp install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX))

dkms-install:
	@test -x tools/dkms/install || { echo "tools/dkms/install is not part of this tree" >&2; exit 1; }
	tools/dkms/install

deps:
	@tests/deps

check: deps
	@tests/check

check-all: deps
	@tests/check long

check-quick: deps
	@tests/check quick

demo: deps
	@tools/demo/run $(if $(KERNEL),--kernel $(KERNEL))

demo-callhome: deps
	@tools/demo/run --callhome $(if $(KERNEL),--kernel $(KERNEL))

demo-rules: deps
	@tools/demo/run --rules $(if $(KERNEL),--kernel $(KERNEL))

bench: deps
	@tools/bench/run
	@tools/bench/signalling/run --granting

bench-signalling: deps
	@tools/bench/signalling/run --granting
	@tools/bench/signalling/run

fuzz: deps
	@tests/fuzz/run $(SECONDS)

lint:
	@tools/lint/run

clean:
	$(MAKE) -C tools clean
	$(MAKE) -C userd clean
	$(MAKE) -C userd/manager clean
	$(MAKE) -C userd/snmp clean
	$(MAKE) -C tests clean
	$(RM) -r tests/out
	@test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

help:
	@echo 'make                 natfwctl, natfwd and natfw-manager if their libraries are there, natfw.ko if this kernel'"'"'s headers are'
	@echo 'make modules         natfw.ko; KDIR=DIR builds for another kernel, of which BTF=FILE has the types'
	@echo 'make modules_install natfw.ko into /lib/modules'
	@echo 'make install         natfwctl, natfwd, man pages, completion, unit; DESTDIR=, PREFIX=$(PREFIX)'
	@echo 'make dkms-install    natfw.ko by DKMS, rebuilt at each kernel update'
	@echo 'make demo            hosts ask for pinholes, and real traffic flows; KERNEL=6.1|6.12|7.2|uml in a guest'
	@echo 'make demo-callhome   a gateway that nobody can connect to calls its manager, and is managed'
	@echo 'make demo-rules      what rules do to real traffic, without a daemon'
	@echo 'make check           what every change has to pass, on every kernel, within 45 minutes'
	@echo 'make check-all       the same and stress, and all of tests/net on every kernel: hours'
	@echo 'make check-quick     the tests that need no more than two minutes'
	@echo 'make bench           speed, beside that of others; BENCH_JSON=FILE writes the figures'
	@echo 'make bench-signalling  what signalling costs, without and with the module'
	@echo 'make fuzz SECONDS=N  every fuzzer for N seconds'
	@echo 'make lint            style and include checks'
	@echo 'make clean'

.PHONY: all tools userd manager snmp modules modules_install install dkms-install deps check check-all check-quick demo demo-callhome demo-rules bench bench-signalling fuzz lint clean help
