# mailsend.  README.md tells what it is; `make help` lists the targets.

PREFIX  ?= /usr/local
DESTDIR ?=
# All that is made goes below this folder.
B       ?= build
# Relative where it lies below here, as ccache writes it into dependencies.
B       := $(patsubst $(CURDIR)/%,%,$(B))
CC      ?= cc
VERSION := 0.1.0

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	    -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	    -Wformat=2 -Wimplicit-fallthrough
CPPFLAGS += -D_GNU_SOURCE -DMAILSEND_VERSION='"$(VERSION)"' -Isrc
ALL_CFLAGS = -std=c11 $(WARNINGS) -fstack-protector-strong -fPIE $(CFLAGS)
# libc alone is linked; base/library loads the others when used.
LDFLAGS  += -pie -Wl,-z,relro,-z,now -Wl,--as-needed
LDLIBS   += -ldl

# Debian's names for what each step needs.
BUILD_PACKAGES := gcc make libc6-dev libcurl4-openssl-dev libmagic-dev \
	libssl-dev libgsasl-dev libidn2-dev libjansson-dev zlib1g-dev liblzma-dev \
	libzstd-dev media-types ca-certificates
TEST_PACKAGES  := libcmocka-dev bats python3 python3-jsonschema \
	python3-dkim openssl gpg gpg-agent sharutils mpack \
	uudeview aha swaks libnet-ssleay-perl bash-completion zsh fish iproute2 \
	util-linux mount strace valgrind curl procps time debootstrap lintian \
	systemd passwd
LINT_PACKAGES  := clang-format clang-tidy cppcheck shellcheck mandoc

SOURCES   := $(sort $(wildcard src/*/*.c))
OBJECTS   := $(SOURCES:%.c=$(B)/obj/%.o) $(B)/obj/gen/providers.o \
	     $(B)/obj/gen/glossary.o $(B)/obj/gen/install_files.o
# Of systemd and cron, compiled in for src/install.
SYSTEM_FILES := contrib/systemd/mailsend-queue.service \
	     contrib/systemd/mailsend-queue.timer \
	     contrib/systemd/mailsend-queue.path \
	     contrib/systemd/system/mailsend-queue.path \
	     contrib/systemd/system/mailsend-submit.socket \
	     contrib/systemd/system/mailsend-submit.service \
	     contrib/mailsend-queue.cron
# What all three programs have.
COMMON    := $(B)/obj/cmd/program.o $(B)/obj/cmd/output.o
# mailsend's own.
COMMAND   := $(COMMON) $(B)/obj/cmd/mailsend.o $(B)/obj/cmd/send.o $(B)/obj/cmd/queue.o \
	     $(B)/obj/cmd/check.o $(B)/obj/cmd/talk.o $(B)/obj/cmd/login.o $(B)/obj/cmd/assistant.o \
	     $(B)/obj/cmd/explain.o $(B)/obj/cmd/run.o \
	     $(B)/obj/cmd/series.o $(B)/obj/cmd/runner.o
# What has named points to be killed at, compiled a second time for the queue's
# proofs; all else is the program's own.
CRASHING  := $(shell grep -l '"base/crash.h"' $(SOURCES))
CRASHING  := $(CRASHING:%.c=$(B)/crash/obj/%.o)
UNITS     := $(patsubst tests/unit/%.c,$(B)/unit/%,\
	     $(sort $(wildcard tests/unit/*.c)))
BENCH     := $(patsubst tests/bench/%.c,$(B)/bench/%,\
	     $(sort $(wildcard tests/bench/*.c)))
SCRIPTS   := $(shell grep -rlE '^\#!.*(bash|sh|bats)$$' tests .ci contrib 2>/dev/null) \
	     contrib/completion/bash

# The other names that the program answers to.
FACES     := sendmail mailq newaliases mail mailx mutt neomutt msmtp
# `make install MTA=1` puts these where Debian looks for them, LINK:TARGET; a
# page has the links of its names.
MTA_LINKS := sbin/sendmail:../bin/mailsend lib/sendmail:../bin/mailsend \
	     bin/mailq:mailsend bin/newaliases:mailsend bin/mail:mailsend \
	     bin/mailx:mailsend share/man/man1/mailq.1:mailsend-mailq.1 \
	     share/man/man1/newaliases.1:../man8/sendmail.8 \
	     share/man/man1/mailx.1:mail.1
MTA_PAGES := 8/sendmail.8 1/mail.1

# One short line a step; V=1 shows the commands.
Q   := $(if $(V),,@)
say  = @$(if $(V),:,printf '  %-5s %s\n' $(1) $(2))

.PHONY: all units deps deps-test deps-lint check check-unit check-cli \
	check-dialogue check-queue check-counts check-faults check-server check-callers check-package check-layers \
	queue-tools bench-tools asan lint \
	format demo corpus bench completion install uninstall clean help

all: $(B)/mailsend $(B)/mailjoin $(B)/mailget $(FACES:%=$(B)/%) completion ## build the program

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile contrib/package.mk

# ---- build ----------------------------------------------------------------

$(B)/mailsend: $(COMMAND) $(B)/libmailsend.a
	$(call say,ld,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/mailget: $(B)/obj/cmd/mailget.o $(B)/obj/cmd/reader.o \
	     $(B)/obj/cmd/talk.o $(COMMON) $(B)/libmailsend.a
	$(call say,ld,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/mailjoin: $(B)/obj/cmd/mailjoin.o $(B)/obj/cmd/reader.o $(COMMON) \
	      $(B)/libmailsend.a
	$(call say,ld,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(FACES:%=$(B)/%): $(B)/mailsend
	$(Q)ln -sf mailsend $@

$(B)/libmailsend.a: $(OBJECTS)
	$(call say,ar,$@)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(B)/obj/%.o: %.c
	$(call say,cc,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One string for each file, in the order of src/install/steps.h.
$(B)/gen/install_files.c: $(SYSTEM_FILES) src/install/steps.h Makefile
	$(Q)mkdir -p $(@D)
	$(Q){ printf '#include "install/steps.h"\n\n'; \
	for file in $(SYSTEM_FILES); do \
		printf 'const char install_file_%s[] =\n' \
			"$$(echo "$${file#contrib/}" | tr -c 'a-z\n' _)"; \
		sed -e 's/[\\"]/\\&/g' -e 's/.*/\t"&\\n"/' "$$file"; \
		printf '\t;\n'; \
	done; } >$@

# The table of contrib/providers, for src/setup/provider.h.
$(B)/gen/providers.c: contrib/providers Makefile
	$(Q)mkdir -p $(@D)
	$(Q){ printf '#include "setup/provider.h"\n\n'; \
	printf 'const char provider_text[] =\n'; \
	sed -e 's/[\\"]/\\&/g' -e 's/.*/\t"&\\n"/' contrib/providers; \
	printf '\t;\n'; } >$@

# The lines of contrib/glossary, for src/net/glossary.h, without what is for its
# test; a line that continues another becomes a part of its string.
$(B)/gen/glossary.c: contrib/glossary Makefile
	$(Q)mkdir -p $(@D)
	$(Q){ printf '#include "net/glossary.h"\n\n'; \
	printf 'const char glossary_text[] =\n'; \
	sed -e '/^#/d' -e '/^$$/d' -e '/^  as /d' -e 's/[\\"]/\\&/g' \
		-e '/^    /{s/^   \(.*\)/\t"\1"/;b' -e '}' -e 's/^  / /' \
		-e 's/.*/\t"\\0" "&"/' contrib/glossary; \
	printf '\t"\\0";\n'; } >$@

$(B)/obj/gen/%.o: $(B)/gen/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The tests themselves run once: to optimize them takes longer than that.
UNIT_CFLAGS = $(ALL_CFLAGS) -Itests/unit -U_FORTIFY_SOURCE -O0

$(B)/unit/%: tests/unit/%.c $(B)/libmailsend.a
	$(call say,cc,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(UNIT_CFLAGS) -MMD -MP -MF $@.d \
		$(LDFLAGS) -o $@ $< $(B)/libmailsend.a -lcmocka $(LDLIBS)

units: $(UNITS) $(B)/judges/ask

$(B)/judges/ask: tests/judges/ask.c
	$(call say,cc,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O1 -g -o $@ $<

# What the queue's proofs need besides: a program that can be killed at named
# points, with the judge of what it leaves, and a disk that is full.
queue-tools: $(B)/queue/full.so $(B)/crash/mailsend $(B)/crash/unit/queue_crash

$(B)/crash/obj/%.o: %.c
	$(call say,cc,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -DMAILSEND_CRASH_POINTS $(ALL_CFLAGS) -MMD -MP \
		-c -o $@ $<

# Before the library, which has the same without points.
$(B)/crash/mailsend: $(CRASHING) $(COMMAND) $(B)/libmailsend.a
	$(call say,ld,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/crash/unit/%: tests/unit/%.c $(CRASHING) $(B)/libmailsend.a
	$(call say,cc,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(UNIT_CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) \
		-o $@ $< $(CRASHING) $(B)/libmailsend.a $(LDLIBS)

# What the measuring needs besides: a server, a meter, and what we are held against.
bench-tools: $(BENCH)

$(B)/bench/%: tests/bench/%.c
	$(call say,cc,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O2 -g -o $@ $< -lssl -lcrypto

# As fast as the program's own code: what is measured lies in the library.
$(B)/bench/codec: tests/bench/codec.c $(B)/libmailsend.a
	$(call say,cc,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) \
		-o $@ $< $(B)/libmailsend.a $(LDLIBS)

$(B)/queue/full.so: tests/queue/full.c
	$(call say,cc,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O1 -g -fPIC -shared \
		-o $@ $< -ldl

-include $(OBJECTS:.o=.d) $(wildcard $(B)/obj/cmd/*.d $(B)/obj/completion/*.d) $(UNITS:=.d) \
	$(CRASHING:.o=.d) $(B)/crash/unit/queue_crash.d

# ---- completion -----------------------------------------------------------

# A file for each shell and name, out of the programs' own tables: what is the
# same for all names, and what the tool of cmd/completion.c makes of one.
SHELLS     := bash zsh fish
NAMES      := mailsend mailjoin mailget $(FACES)
COMPLETION := $(foreach shell,$(SHELLS),$(NAMES:%=$(B)/completion/$(shell)/%))

completion: $(COMPLETION) ## make the completions of bash, zsh and fish

# The tables of mailget and mailjoin are in their programs.
$(B)/obj/completion/%.o: cmd/%.c
	$(call say,cc,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Icmd $(ALL_CFLAGS) -Wno-missing-prototypes \
		-Dmain=$*_main -MMD -MP -c -o $@ $<

$(B)/completion/table: $(B)/obj/cmd/completion.o $(B)/obj/cmd/completion_shells.o \
		$(B)/obj/completion/mailget.o $(B)/obj/completion/mailjoin.o \
		$(B)/obj/cmd/reader.o $(B)/obj/cmd/talk.o $(COMMON) $(B)/libmailsend.a
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

define completion_rule
$(B)/completion/$(1)/%: contrib/completion/$(1) $(B)/completion/table
	$$(Q)mkdir -p $$(@D)
	$$(Q){ $(if $(filter zsh,$(1)),echo "#compdef $$*" &&) cat $$< && \
		$(B)/completion/table $(1) $$*; } >$$@.new && mv $$@.new $$@
endef
$(foreach shell,$(SHELLS),$(eval $(call completion_rule,$(shell))))

# ---- what a fresh machine lacks -------------------------------------------

deps: ## install what building needs
	@tests/install-packages $(BUILD_PACKAGES)

deps-test: ## install what the tests need
	@tests/install-packages $(BUILD_PACKAGES) $(TEST_PACKAGES) $(DEB_PACKAGES) $(RPM_PACKAGES)

deps-lint: ## install what lint needs
	@tests/install-packages $(BUILD_PACKAGES) $(LINT_PACKAGES)

# ---- proof ----------------------------------------------------------------

# As many compilers as there are processors, unless it was said how many.
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

check: deps-test ## install what tests need, build, run all tests
	@$(MAKE) $(PARALLEL) --no-print-directory all units queue-tools bench-tools
	@B=$(B) tests/run layers unit cli dialogue queue counts faults server callers package

check-unit check-cli check-dialogue check-server check-callers check-package: all units ## one suite
	@B=$(B) tests/run $(@:check-%=%)

check-queue: all queue-tools ## crash and kill tests of the queue; KILLS=N
	@B=$(B) $(if $(KILLS),MAILSEND_QUEUE_KILLS=$(KILLS)) tests/run queue

check-counts: all bench-tools ## flights, system calls, syncs, instructions, memory
	@B=$(B) tests/run counts

check-faults: all queue-tools ## each system call fails in turn; FAULTS=N|all
	@B=$(B) $(if $(FAULTS),MAILSEND_FAULTS_OF_EACH=$(FAULTS)) tests/run faults

check-layers: ## each room includes only what stands below it
	@tests/check-layers

asan: deps-test ## all tests but the real servers', with ASan and UBSan
	@$(MAKE) $(PARALLEL) --no-print-directory B=$(B)/asan \
		CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' \
		all units
	@B=$(B)/asan tests/run unit cli dialogue

lint: deps-lint ## format, clang-tidy, cppcheck, shellcheck, mandoc, layers
	@tests/check-layers
	clang-format --dry-run --Werror $(SOURCES) $(wildcard src/*/*.h) \
		$(wildcard cmd/*.c tests/unit/*.[ch] tests/queue/*.c \
			tests/bench/*.c tests/judges/*.c)
	@# one file a process: together they confuse the analyzer
	printf '%s\n' $(SOURCES) $(wildcard cmd/*.c) | xargs -P 2 -n 1 -I FILE \
		clang-tidy --quiet FILE -- -std=c11 $(CPPFLAGS) 2>/dev/null
	cppcheck --quiet --std=c11 --language=c --error-exitcode=1 \
		--enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem $(CPPFLAGS) src cmd
	shellcheck $(SCRIPTS)
	mandoc -Tlint -Wwarning man/*

format: ## format the sources with clang-format
	clang-format -i $(SOURCES) $(wildcard src/*/*.h) \
		$(wildcard cmd/*.c tests/unit/*.[ch] tests/queue/*.c \
			tests/bench/*.c tests/judges/*.c)

demo: deps-test ## send a real archive through TLS and AUTH, show what arrived
	@$(MAKE) --no-print-directory all
	@B=$(B) tests/demo

corpus: all ## compare how mailsend and Python's email parse the messages in DIR
	@B=$(B) tests/corpus/compare $(or $(DIR),tests/corpus tests/golden)

bench: deps-test ## measure beside other mailers; ONLY=NAME,..., PEERS=NAME,..., ROUNDS=N
	@$(MAKE) --no-print-directory all bench-tools
	@B=$(abspath $(B)) MAILSEND_PRIVATE=own tests/private tests/bench/bench \
		$(if $(ONLY),--only '$(ONLY)') $(if $(PEERS),--peers '$(PEERS)') \
		$(if $(ROUNDS),--rounds $(ROUNDS))

# ---- packages --------------------------------------------------------------

include contrib/package.mk

# ---- install --------------------------------------------------------------

# What is there and is not ours belongs to a package, which would miss it.
define check_mta
for link in $(MTA_LINKS); do \
	file=$(DESTDIR)$(PREFIX)/$${link%:*}; \
	if [ -e "$$file" ] || [ -L "$$file" ]; then \
		[ "$$(readlink "$$file")" = "$${link#*:}" ] || { \
			echo "$$file is another program's: take that package away or divert it (man 8 sendmail)"; \
			exit 1; \
		}; \
	fi; \
done
endef

# Where users without a home directory queue; a package makes it otherwise.
SPOOL := /var/spool/mailsend

define install_mta
set -e; \
for page in $(MTA_PAGES); do \
	install -d $(DESTDIR)$(PREFIX)/share/man/man$${page%/*}; \
	install -m 644 man/$${page#*/} $(DESTDIR)$(PREFIX)/share/man/man$$page; \
done; \
for link in $(MTA_LINKS); do \
	file=$(DESTDIR)$(PREFIX)/$${link%:*}; \
	install -d "$${file%/*}"; \
	ln -sfn "$${link#*:}" "$$file"; \
done; \
if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ] && [ ! -e $(SPOOL) ]; then \
	install -d -m 1733 $(SPOOL) $(SPOOL)/users; \
fi
endef

# Only what is still ours.
define uninstall_mta
for page in $(MTA_PAGES); do \
	file=$(DESTDIR)$(PREFIX)/share/man/man$$page; \
	! grep -qs 'Xr mailsend' "$$file" || rm -f "$$file"; \
done; \
for link in $(MTA_LINKS); do \
	file=$(DESTDIR)$(PREFIX)/$${link%:*}; \
	[ "$$(readlink "$$file")" != "$${link#*:}" ] || rm -f "$$file"; \
done
endef

# The names that are installed; the others have theirs in $(B)/completion.
INSTALLED := mailsend mailjoin mailget $(if $(MTA),sendmail mailq newaliases mail mailx)
# Where each shell looks; Debian's zsh looks elsewhere below /usr.
BASH_DIR ?= share/bash-completion/completions
FISH_DIR ?= share/fish/vendor_completions.d
ZSH_DIR  ?= share/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard \
	/etc/debian_version)),vendor-completions,site-functions)
COMPLETED = $(foreach name,$(1),$(BASH_DIR)/$(name):bash/$(name) \
	    $(ZSH_DIR)/_$(name):zsh/$(name) $(FISH_DIR)/$(name).fish:fish/$(name))
MARK      := '^\# Completion for mailsend and its names'

# Another program's file stays.
define install_completion
set -e; \
for pair in $(call COMPLETED,$(INSTALLED)); do \
	file=$(DESTDIR)$(PREFIX)/$${pair%:*}; \
	if [ -e "$$file" ] && ! grep -qs $(MARK) "$$file"; then \
		echo "left $$file, which is another program's"; \
	else \
		install -d "$${file%/*}"; \
		install -m 644 "$(B)/completion/$${pair#*:}" "$$file"; \
	fi; \
done
endef

define uninstall_completion
for pair in $(call COMPLETED,$(NAMES)); do \
	file=$(DESTDIR)$(PREFIX)/$${pair%:*}; \
	! grep -qs $(MARK) "$$file" || rm -f "$$file"; \
done
endef

install: all ## install to $(DESTDIR)$(PREFIX); MTA=1: sendmail, mailq ... too
	$(if $(MTA),@$(check_mta))
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7 \
		$(DESTDIR)$(PREFIX)/share/doc/mailsend
	install -m 755 $(B)/mailsend $(DESTDIR)$(PREFIX)/bin/mailsend
	install -m 755 $(B)/mailjoin $(DESTDIR)$(PREFIX)/bin/mailjoin
	install -m 755 $(B)/mailget $(DESTDIR)$(PREFIX)/bin/mailget
	install -m 644 man/mailsend.1 man/mailsend-mailq.1 man/mailsend-run.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/mailjoin.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/mailget.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/mailsend.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 man/mailsend-names.7 man/mailsend-oauth.7 \
		$(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 contrib/mailsend.conf.example \
		contrib/mailsend-queue.cron contrib/mailsend.schema.json $(DESTDIR)$(PREFIX)/share/doc/mailsend
	cp -R contrib/systemd $(DESTDIR)$(PREFIX)/share/doc/mailsend
	@$(install_completion)
	$(if $(MTA),@$(install_mta))

uninstall: ## remove the installed files
	rm -f $(DESTDIR)$(PREFIX)/bin/mailsend $(DESTDIR)$(PREFIX)/bin/mailjoin \
		$(DESTDIR)$(PREFIX)/bin/mailget \
		$(DESTDIR)$(PREFIX)/share/man/man1/mailget.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/mailjoin.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/mailsend.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/mailsend-mailq.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/mailsend-run.1 \
		$(DESTDIR)$(PREFIX)/share/man/man5/mailsend.conf.5 \
		$(DESTDIR)$(PREFIX)/share/man/man7/mailsend-names.7 \
		$(DESTDIR)$(PREFIX)/share/man/man7/mailsend-oauth.7
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/mailsend
	@$(uninstall_completion)
	@$(uninstall_mta)

clean: ## remove all build products
	rm -rf $(B)
