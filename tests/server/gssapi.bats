#!/usr/bin/env bats
# gssapi.bats - Kerberos: tickets of a real KDC, which Dovecot takes, for
# Postfix's AUTH and for its own IMAP and POP3.
#
# tests/server/run --beside kerberos bats tests/server/gssapi.bats
# shellcheck disable=SC2154,SC2034 # the helper sets and uses them

load helper

setup() {
	servers_setup
	if [[ ${MAIL_BESIDE-} != *kerberos* ]]; then
		[[ ${MAILSEND_REQUIRE_SERVERS-} != 1 ]] || return 1
		skip 'Kerberos could not be fetched, or was not asked for (--beside)'
	fi
	export KRB5CCNAME=FILE:$BATS_TEST_TMPDIR/tickets
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	account "$MAIL_PORT_SUBMISSION" 'auth gssapi' "${QUEUE_LINE:-queue never}"
}

# ticket USER - the key of theirs is as good as a password.
ticket() {
	until_true kinit -k -t "/srv/keys/$1" "$1"
}

@test "a ticket logs in, without user and password" {
	ticket alice
	send -s 'by ticket' bob@example.test <<<'Hello.'
	exits 0
	[[ $(received bob headers/subject) == 'by ticket' ]]
	logged 'sasl_method=GSSAPI, sasl_username=alice'
	klist | grep -qF "smtp/$MAIL_HOST"
}

@test "--auth names it, too" {
	ticket alice
	submission
	send --auth gssapi -s 'by ticket' bob@example.test <<<'Hello.'
	exits 0
	mailbox bob
	logged 'sasl_method=GSSAPI, sasl_username=alice'
}

@test "without a ticket it says how to get one" {
	send -s 'no ticket' bob@example.test <<<'Hello.'
	exits "$EXIT_LOGIN"
	says kinit err
	nothing_accepted
}

@test "a mail without a ticket waits for one" {
	account "$MAIL_PORT_SUBMISSION" 'auth gssapi' 'queue auto'
	send -s 'later' bob@example.test <<<'Hello.'
	says kinit err
	nothing_accepted
	ticket alice
	"$MAILSEND" --config "$CONFIG" --flush
	[[ $(received bob headers/subject) == later ]]
}

@test "a ticket for another service is none" {
	ticket alice
	account "$MAIL_PORT_OTHERNAME" 'auth gssapi' 'tls_certcheck off' \
		'queue never'
	sed -i "s/^host .*/host localhost/" "$CONFIG"
	send -s 'elsewhere' bob@example.test <<<'Hello.'
	exits "$EXIT_LOGIN"
	says Kerberos err
	nothing_accepted
}

@test "it is taken only when it is named" {
	ticket alice
	submission
	send -s 'by password' bob@example.test <<<'Hello.'
	exits 0
	logged 'sasl_method=SCRAM-SHA-256, sasl_username=alice'
}

@test "mailboxes and a talk" {
	local url
	ticket alice
	send -s 'for myself' alice@example.test <<<'Hello.'
	mailbox alice
	for url in "imaps://alice@$MAIL_HOST" "pop3s://alice@$MAIL_HOST"; do
		"${MAILSEND%/*}/mailget" --config "$CONFIG" --auth gssapi \
			"$url" >out 2>err || {
			cat out err
			return 1
		}
		says 'for myself' out
	done
	send --talk --no-auth <<-'END'
		\auth gssapi
		QUIT
	END
	exits 0
	says 'S: 235 ' out
}
