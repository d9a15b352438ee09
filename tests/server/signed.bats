#!/usr/bin/env bats
# signed.bats - what somebody signed, past a real Postfix; dkimpy is the judge.
#
# tests/server/run bats tests/server/signed.bats
# shellcheck disable=SC2154,SC2034 # the helper sets and uses them

load helper

setup() {
	servers_setup
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	QUEUE_LINE='queue never'
}

# signed [ascii] - the file mail, by one who needs SMTPUTF8.
signed() {
	python3 -c 'import dkim' 2>/dev/null || skip "python3-dkim is not there"
	python3 "$TESTS/server/dkim_round" sign mail "$@"
}

@test "a signed header in raw UTF-8 arrives as it was signed" {
	local body file

	for body in '' ascii; do
		# shellcheck disable=SC2086 # a word or none
		signed $body
		submission
		send --draft=mail bob@example.test
		exits 0
		file=$(mailbox bob)
		python3 "$TESTS/server/dkim_round" verify "$file"
		rm "$file"
	done
}

@test "where it cannot travel so it is refused, and not altered" {
	local body

	for body in '' ascii; do
		# shellcheck disable=SC2086 # a word or none
		signed $body
		submission "$MAIL_PORT_BARE"
		send --draft=mail bob@example.test
		exits 65
	done
	nothing_accepted
}
