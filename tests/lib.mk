# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every test directory's Makefile includes last. The variables are those of the
# kernel's selftests:
#
#	TEST_PROGS		scripts that are tests
#	TEST_PROGS_EXTENDED	scripts that tests call
#	TEST_GEN_PROGS		programs built from NAME.c that are tests
#	TEST_GEN_PROGS_EXTENDED	programs built from NAME.c that tests call
#	TEST_GEN_FILES		other things to build
#	TEST_FILES		data
#
# Targets: all, list (tests, one a line), run_tests, clean.

TESTS_DIR := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TEST_BUILT := $(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED) $(TEST_GEN_FILES)

CFLAGS ?= -O2 -g
TEST_CFLAGS ?= -std=gnu11 -Wall -Wextra -Wno-unused-parameter -I$(TESTS_DIR)/../uapi

# What tests need of the daemon is built by several at a time, and must not be at the same time.
IN_TURN = flock $(USERD)/Makefile

all: $(TEST_BUILT)

$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED): %: %.c $(TEST_DEPS)
	$(CC) $(CFLAGS) $(TEST_CFLAGS) $(CPPFLAGS) -o $@ $< $(LDFLAGS) $(TEST_LDLIBS)

list:
	@printf '%s\n' $(TEST_PROGS) $(TEST_GEN_PROGS)

run_tests: all
	$(TESTS_DIR)/run $(CURDIR)

clean:
	$(RM) $(TEST_BUILT)

.PHONY: all list run_tests clean
