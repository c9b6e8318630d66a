# iotrace: `make` builds, `make help` lists what else there is.
# SPDX-License-Identifier: GPL-2.0-or-later

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
V ?= 0
ifeq ($(V),1)
  Q :=
  say = @:
else
  Q := @
  say = @printf '  %-8s %s\n'
endif

# Where objects go; `make SAN=1` builds the sanitized twin below build/san.
SAN ?= 0
B := build$(if $(filter 1,$(SAN)),/san)

CC ?= cc
ifeq ($(origin CC),default)
  CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(or $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool),bpftool)
CLANG_FORMAT ?= clang-format

ARCH := $(shell uname -m)
BPF_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(ARCH)))

WARN := -Wall -Wextra -Werror -Wformat-security -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
# The core is held to more: no silent conversions.
WARN_CORE := $(WARN) -Wconversion -Wno-sign-conversion
CPPFLAGS += -D_GNU_SOURCE -DIOTRACE_VERSION='"$(VERSION)"' -Ibpf -Iuser -Iuser/core -Iuser/source \
	-Iuser/sink -Itui -I$(B)
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu17 -fno-omit-frame-pointer -fstack-protector-strong -fPIE
LDFLAGS += -pie -Wl,-z,relro,-z,now
ifeq ($(SAN),1)
  CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -DIOTRACE_DEBUG
  LDFLAGS += -fsanitize=address,undefined
else
  CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

BPF_CFLAGS := -O2 -g -target bpf -mcpu=v2 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-missing-declarations \
	-Wno-gnu-variable-sized-type-not-at-end -Ivmlinux -Ibpf

LIBS_BPF := -lbpf -lelf -lz
LIBS_TUI := -lncursesw -ltinfo
LIBS := $(LIBS_BPF) $(LIBS_TUI) -ljansson -lpthread
LIBS_TEST := -lcmocka -ljansson -lm

# The way of the data: source -> core -> sink, and the screen beside the sinks.
CORE_C   := $(wildcard user/core/*.c)
SINK_C   := $(wildcard user/sink/*.c)
SOURCE_C := $(wildcard user/source/*.c)
TUI_C    := $(wildcard tui/*.c)
MAIN_C   := $(wildcard user/*.c)
# What needs neither root, kernel nor terminal: this the unit tests link.
PURE_SOURCE_C := user/source/recording.c $(wildcard user/source/pure_*.c)
PURE_MAIN_C   := $(wildcard user/options*.c)
PURE_TUI_C    := $(filter-out tui/term.c tui/guard.c tui/tui.c,$(TUI_C))
EXAMPLE_C := $(wildcard examples/*.c)
E2E_PROG_C := $(wildcard tests/e2e/progs/*.c)
E2E_TEST_C := $(wildcard tests/e2e/*_test.c)
UNIT_TEST_C := $(wildcard tests/unit/*_test.c)
TEST_LIB_C := $(wildcard tests/lib/*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
PURE_OBJ := $(call obj,$(CORE_C) $(SINK_C) $(wildcard $(PURE_SOURCE_C)) $(wildcard $(PURE_MAIN_C)) $(PURE_TUI_C))
ALL_OBJ := $(call obj,$(CORE_C) $(SINK_C) $(SOURCE_C) $(TUI_C) $(MAIN_C))

EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(EXAMPLE_C))
E2E_PROGS := $(patsubst tests/e2e/progs/%.c,$(B)/tests/progs/%,$(E2E_PROG_C))
E2E_TESTS := $(patsubst tests/e2e/%.c,$(B)/tests/e2e/%,$(E2E_TEST_C))
GOLDEN := $(B)/tests/golden/screen
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT_TEST_C))

# With sudo the build is the calling user's; only packages and traced runs are root's.
ifneq ($(and $(SUDO_UID),$(filter 0,$(shell id -u))),)
  AS_USER := setpriv --reuid=$(SUDO_UID) --regid=$(SUDO_GID) --init-groups env HOME=$(shell getent passwd $(SUDO_UID) | cut -d: -f6)
endif

## all: build build/iotrace and the demonstration programs
.PHONY: all
all: $(B)/iotrace $(EXAMPLES)

$(B)/iotrace: $(ALL_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The kernel side: compiled, linked and stripped, then a header with its bytes.
$(B)/bpf/iotrace.tmp.o: bpf/iotrace.bpf.c Makefile
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@
$(B)/bpf/iotrace.o: $(B)/bpf/iotrace.tmp.o
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $<
$(B)/iotrace.skel.h: $(B)/bpf/iotrace.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name iotrace_bpf > $@

$(B)/obj/user/source/capture.o $(B)/obj/user/source/capture_load.o: $(B)/iotrace.skel.h

# Every system call's name by number, from the compiler's own headers.
$(B)/syscall_names.h: Makefile
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <sys/syscall.h>' | $(CC) -dM -E - | awk \
		'BEGIN { print "#define SYSCALL_NAMES \\" } \
		/^#define __NR_[a-z0-9_]+ [0-9]+$$/ { sub("__NR_", "", $$2); \
		printf "\t[%d] = \"%s\", \\\n", $$3, $$2 } END { print "" }' > $@
$(B)/obj/user/core/names.o: $(B)/syscall_names.h

$(B)/obj/user/core/%.o: WARNINGS := $(WARN_CORE)
$(B)/obj/%.o: WARNINGS := $(WARN)
$(B)/obj/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -MMD -MP -c $< -o $@

$(B)/examples/%: examples/%.c Makefile
	$(say) EXAMPLE $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) $(WARN) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< -lpthread
$(B)/tests/progs/%: tests/e2e/progs/%.c Makefile
	$(say) PROG $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) $(WARN) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< -lpthread
$(B)/tests/e2e/%: $(B)/obj/tests/e2e/%.o $(call obj,$(TEST_LIB_C))
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_TEST) -lpthread
$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(call obj,$(TEST_LIB_C)) $(PURE_OBJ)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_TEST) -lpthread
$(B)/tests/golden/screen: $(B)/obj/tests/golden/screen.o $(PURE_OBJ)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
$(B)/obj/tests/%.o: CPPFLAGS += -Itests/lib

## demo: show the live screen of a demonstration (needs root)
.PHONY: demo
demo: build-as-user
	$(Q)$(B)/iotrace --exit -- $(B)/examples/tour

# Builds as the user who called sudo, so that no file of root's is left behind.
.PHONY: build-as-user
build-as-user:
	$(Q)$(AS_USER) $(MAKE) --no-print-directory SAN=$(SAN) V=$(V) all

## programs: build the programs that the tests trace
.PHONY: programs
programs: $(EXAMPLES) $(E2E_PROGS)

## tests: build all tests
.PHONY: tests
tests: all programs $(UNIT_TESTS) $(GOLDEN) $(E2E_TESTS)

## check: build (twice: plain and sanitized) and run all tests
.PHONY: check
check:
	$(Q)$(AS_USER) $(MAKE) --no-print-directory V=$(V) tests
	$(Q)$(AS_USER) $(MAKE) --no-print-directory V=$(V) SAN=1 tests
	$(Q)tests/run all

## check-unit: the tests that need no root
.PHONY: check-unit
check-unit: tests
	$(Q)tests/run unit golden

## check-root: the tests with real eBPF
.PHONY: check-root
check-root: build-as-user
	$(Q)$(AS_USER) $(MAKE) --no-print-directory V=$(V) tests
	$(Q)tests/run e2e screen

## format: lay out all sources; format-check only says what would change
.PHONY: format format-check
FORMATTED = $(wildcard bpf/*.[ch] user/*.[ch] user/*/*.[ch] tui/*.[ch] tests/*/*.[ch] \
	tests/*/*/*.[ch] examples/*.[ch] vmlinux/*.h)
format:
	$(Q)$(CLANG_FORMAT) -i $(FORMATTED)
format-check:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

## lint: layout, purity of the core, shell scripts
.PHONY: lint
lint: format-check $(call obj,$(CORE_C))
	$(Q)tests/purity $(B)
	$(Q)shellcheck -S warning -x tests/run tests/deps tests/purity tests/golden/run tests/*/*.sh .ci/run

## deps: install what building and testing needs (root)
.PHONY: deps
deps:
	$(Q)tests/deps
# `make deps check` in one go installs first, even with -j
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(filter-out deps,$(MAKECMDGOALS)): deps
endif

## install: put iotrace into $(DESTDIR)$(PREFIX)
PREFIX ?= /usr/local
.PHONY: install uninstall
install: all
	install -Dm755 $(B)/iotrace $(DESTDIR)$(PREFIX)/sbin/iotrace
	for p in $(EXAMPLES); do install -Dm755 $$p $(DESTDIR)$(PREFIX)/libexec/iotrace/$${p##*/}; done
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/iotrace
	rm -rf $(DESTDIR)$(PREFIX)/libexec/iotrace

## clean: remove build/
.PHONY: clean
clean:
	rm -rf build

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo; echo 'V=1 shows commands; CC=clang builds with clang; SAN=1 with sanitizers.'

# objects of tests are kept, not intermediate
.SECONDARY:

-include $(shell find build -name '*.d' 2>/dev/null)
