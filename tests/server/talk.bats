#!/usr/bin/env bats
# talk.bats - by hand, as by telnet of old, but with TLS and a log-in: a mail
# typed to a real Postfix and read back from a real Dovecot.
# shellcheck disable=SC2154,SC2034 # the helper sets and uses them

load helper

setup() {
	servers_setup
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
}

# typed ARG... <LINES - the talk; $status, and its words in the files out, err.
typed() {
	status=0
	"$MAILSEND" --config "$CONFIG" --talk "$@" >out 2>err || status=$?
	echo "status $status" >&2
	cat out err >&2
}

# read_by_hand URL <LINES - the same with mailget.
read_by_hand() {
	status=0
	"${MAILSEND%mailsend}mailget" --config "$CONFIG" --talk "$1" \
		>out 2>err || status=$?
	cat out err >&2
}

@test "a mail, typed" {
	submission
	typed --transcript said <<-'END'
		MAIL FROM:<alice@example.test>
		RCPT TO:<bob@example.test>
		DATA
		From: alice@example.test
		To: bob@example.test
		Subject: by hand

		.a dot, and then
		some.
		.
		QUIT
	END
	exits 0
	logged 'sasl_username=alice'
	logged 'TLS connection established'
	[[ $(received bob headers/subject) == 'by hand' ]]
	[[ $(received bob body/text) == $'.a dot, and then\nsome.' ]]
	for file in out err said; do
		lacks "$(password alice)" $file
		lacks "$(printf '\0alice\0%s' "$(password alice)" | base64)" \
			$file
	done
}

@test "each way of \\auth, after a dial that logged nobody in" {
	submission
	for method in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256; do
		typed --no-auth --transcript said <<-END
			\\auth $method
			MAIL FROM:<alice@example.test>
			RCPT TO:<bob@example.test>
			QUIT
		END
		exits 0
		says 'S: 235 2.7.0' out
		logged "sasl_method=${method^^}, sasl_username=alice"
		lacks "$(password alice)" out
		lacks "$(password alice)" said
	done
	typed --no-auth <<-'END'
		MAIL FROM:<alice@example.test>
		RCPT TO:<bob@example.test>
	END
	# shellcheck disable=SC2086 # a list
	exits $EXIT_REFUSED
	nothing_accepted
}

@test "refusals as Postfix has them" {
	submission
	typed <<-'END'
		MAIL FROM:<alice@example.test>
		RCPT TO:<nobody@example.test>
	END
	exits "$EXIT_NO_MAILBOX"
	typed <<-'END'
		MAIL FROM:<alice@example.test>
		RCPT TO:<later@example.test>
	END
	exits "$EXIT_LATER"
	nothing_accepted
}

@test "a file over IMAP, and back over IMAP and POP3" {
	submission
	printf 'Subject: kept\n\nThe body.\n' >letter
	read_by_hand "imaps://alice@$MAIL_HOST" <<-'END'
		\file letter
		SELECT INBOX
		FETCH 1 (BODY[TEXT] RFC822.SIZE)
		a9 STORE 1 +FLAGS.SILENT (\Seen)
	END
	exits 0
	says 'S: The body.' out
	says 'RFC822.SIZE 28' out
	lacks "$(password alice)" out
	read_by_hand "pop3s://alice@$MAIL_HOST" <<-'END'
		STAT
		RETR 1
		DELE 1
	END
	exits 0
	says 'S: The body.' out
	read_by_hand "pop3://alice@$MAIL_HOST" <<<'STAT'
	exits 0
	says 'S: +OK 0 0' out
}
