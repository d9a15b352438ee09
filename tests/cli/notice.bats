#!/usr/bin/env bats
# Notices of mails that failed, against Python's email package, which shares
# nothing with the code under test.  NOTICE_FILTER is the program built from
# tests/unit/notice_filter.c.

setup() {
	set +T # as untraced in helper.bash
	: "${NOTICE_FILTER:=${B:-$BATS_TEST_DIRNAME/../../build}/unit/notice_filter}"
	[ -x "$NOTICE_FILTER" ] || {
		echo "NOTICE_FILTER is not a program" >&2
		return 1
	}
	judge=$BATS_TEST_DIRNAME/notice_judge.py
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -m 700 home
	export NOTICE_FILTER TEST_HOME=$PWD/home
	export MAILSEND_CONFIG=$PWD/empty.conf
	: >"$MAILSEND_CONFIG"
	MAILSEND_FROZEN="clock=1700000000 zone=60 seed=1 host=box.example.org \
user=alice uid=$EUID home=$TEST_HOME charset=utf-8"
	export MAILSEND_FROZEN
}

@test "notice: every field of a report, and the mail to the octet" {
	python3 "$judge" single
}

@test "notice: the header alone, where the sender asked for that" {
	python3 "$judge" headers
}

@test "notice: what was tried for too long says so" {
	python3 "$judge" gave-up
}

@test "notice: a failure that no server spoke of" {
	python3 "$judge" no-server-spoke
}

@test "notice: a server's words cannot break a report" {
	python3 "$judge" nasty-words
}

@test "notice: odd addresses" {
	python3 "$judge" odd-addresses
}

@test "notice: odd senders are told all the same" {
	python3 "$judge" odd-senders
}

@test "notice: the sender is the account's own address" {
	python3 "$judge" account
}

@test "notice: any subject" {
	python3 "$judge" subjects
}

@test "notice: only a message id is referred to" {
	python3 "$judge" message-ids
}

@test "notice: a digest names each mail and recipient" {
	python3 "$judge" digest
}

@test "notice: a digest has a limit, and says what is left" {
	python3 "$judge" digest-of-many
}

@test "notice: a thousand recipients" {
	python3 "$judge" recipients
}

@test "notice: an address that is not ASCII" {
	python3 "$judge" utf8-address
}

@test "notice: a sender and a mail that are not ASCII" {
	python3 "$judge" utf8-sender-and-mail
}

@test "notice: an 8-bit mail comes back as it was" {
	python3 "$judge" eight-bit-mail
}

@test "notice: a report in a report, a mail without a last line end" {
	python3 "$judge" boundaries
}

@test "notice: a large mail comes back in little memory" {
	python3 "$judge" huge
}

@test "notice: a delay" {
	python3 "$judge" delay
}

@test "notice: one that cannot be sent lies in the Maildir, unchanged" {
	python3 "$judge" kept
}
