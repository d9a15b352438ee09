#!/usr/bin/env bats
# mta.bats - mailsend-mta beside other mail programs of Debian: one takes the
# other's place, and nothing is overwritten.

load helper

setup() {
	new_root needs
	# Their daemons would start, as on a machine without systemd.
	printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
	chmod 755 "$ROOT/usr/sbin/policy-rc.d"
}

teardown() {
	drop_root
}

# answers_by NAME PROGRAM - NAME is that, by whatever links.
answers_by() {
	[[ $(within readlink -f "$1") == "$2" ]]
}

@test "it takes the place of an exim4 that is there, and exim4 takes it back" {
	apt install exim4-daemon-light
	answers_by /usr/sbin/sendmail /usr/sbin/exim4
	echo 'root: alice' >"$ROOT/etc/aliases"
	install_ours "$FIRST"
	not is_installed exim4-daemon-light
	answers_by /usr/sbin/sendmail /usr/bin/mailsend
	answers_by /usr/lib/sendmail /usr/bin/mailsend
	answers_by /usr/bin/mailq /usr/bin/mailsend
	answers_by /usr/bin/newaliases /usr/bin/mailsend
	within newaliases

	apt --no-install-recommends install exim4-daemon-light
	answers_by /usr/sbin/sendmail /usr/sbin/exim4
	not is_installed mailsend-mta
	is_installed mailsend
	[[ -x $ROOT/usr/bin/mailsend ]]
	within dpkg --verify mailsend exim4-daemon-light exim4-base >changed
	[[ ! -s changed ]]
}

@test "the same with postfix, as apt plans it" {
	apt -s install postfix >plan
	grep '^Inst postfix' plan
	install_ours "$FIRST"
	apt -s --no-install-recommends install postfix >plan
	cat plan
	grep '^Remv mailsend-mta' plan
	not grep '^Remv mailsend ' plan
}

@test "with it, nothing that wants a mail server brings another" {
	local name
	install_ours "$FIRST"
	for name in cron at mdadm bsd-mailx; do
		apt -s install "$name" >plan
		grep "^Inst $name" plan
		! grep '^Inst \(exim\|postfix\)\|^Remv' plan
	done
}

@test "mail and mailx are a reader's where there is one, ours else" {
	install_ours "$FIRST"
	answers_by /usr/bin/mail /usr/bin/mailsend
	answers_by /usr/bin/mailx /usr/bin/mailsend
	apt install bsd-mailx
	answers_by /usr/bin/mail /usr/bin/bsd-mailx
	answers_by /usr/bin/mailx /usr/bin/bsd-mailx
	# It sends by our sendmail.
	within mail -s hello root <<<"Hello."
	judge "$(mail_of /root)" headers/subject=hello body/text=Hello.
	within update-alternatives --set mailx /usr/bin/mailsend
	answers_by /usr/bin/mail /usr/bin/mailsend
	install_ours "$NEXT"
	answers_by /usr/bin/mail /usr/bin/mailsend
	apt purge bsd-mailx
	answers_by /usr/bin/mail /usr/bin/mailsend
}

@test "aliases that are wrong are told, and the installation goes on" {
	printf 'root: alice\nthis is no alias\n' >"$ROOT/etc/aliases"
	install_ours "$FIRST" >said 2>&1
	cat said
	grep '/etc/aliases:2' said
	is_installed mailsend-mta
}
