#!/usr/bin/env bats
# What becomes of a mail that cannot go now: on the command line, from another
# program, by SMTP.  What a server may do to it is tests/dialogue/queue-*; how
# the queue is run, shown and kept are flush.bats, mailq.bats, tests/queue.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

# away [LINE...] - an account whose server is not there.
away() {
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' \
		'from me@example.org' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

waiting() {
	find "$MAILSEND_QUEUE/env" -type f 2>/dev/null | wc -l
}

entry() {
	cat "$MAILSEND_QUEUE"/env/*
}

# traced ARGUMENT... - by strace, into the file trace; under which a sanitizer
# cannot look for leaks.
traced() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
		strace -f -o trace "$@"
}

teardown() {
	if [ -e "$BATS_TEST_TMPDIR/server.pid" ]; then
		kill "$(cat "$BATS_TEST_TMPDIR/server.pid")" || true
	fi
}

# talk <SCRIPT - to that server; what it prints is in $output.
talk() {
	run python3 "$root/tests/cli/smtp_client.py" "$port"
	show
	cat server.log
	[ "$status" -eq 0 ]
}

# ---- the program ----

@test "the server is away: kept, said, and no failure" {
	away
	send -s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	in_sentences
	says warning
	says queue
	[ "$(waiting)" -eq 1 ]
	[[ $stderr == *"$(ls "$MAILSEND_QUEUE/env")"* ]]
	[ ! -e "$home/dead.letter" ]
	[ "$(stat -c %a "$MAILSEND_QUEUE")" = 700 ]
	[ -z "$(find "$MAILSEND_QUEUE" -type f ! -perm 600)" ]
}

@test "--queue=only loads nothing of the network" {
	command -v strace >/dev/null || skip 'there is no strace'
	away
	# shellcheck disable=SC2086 # words, on purpose
	traced -e trace=%file,%network \
		$MAILSEND --queue=only -s hello bob@example.org <<<text
	[ "$(waiting)" -eq 1 ]
	lacks libcurl trace
	lacks libssl trace
	lacks 'connect(' trace
	# the same look finds it where it is loaded
	# shellcheck disable=SC2086 # words, on purpose
	traced -e trace=%file,%network \
		$MAILSEND --queue=auto -s hello bob@example.org <<<text
	grep -q libcurl trace
}

@test "only and background: not for mail to oneself, which goes at once" {
	for mode in only background; do
		send --queue=$mode -s hello alice <<<text
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[ "$(waiting)" -eq 0 ]
	done
	[ "$(delivered)" -eq 2 ]
}

@test "no way at all is told at once, in every mode" {
	for mode in auto only background never; do
		send --queue=$mode -s hello bob@example.org <<<text
		[ "$status" -eq 78 ]
		says 'no mail server'
		[ "$(waiting)" -eq 0 ]
	done
}

@test "a wrong configuration is told, and never waited for" {
	away 'fallback nobody'
	for mode in auto only background; do
		send --queue=$mode -s hello bob@example.org <<<text
		[ "$status" -eq 78 ]
		says nobody
		[ "$(waiting)" -eq 0 ]
	done
}

@test "what is printed or only looked at is not queued" {
	away
	send --queue=only --print -s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	send --queue=only --dry-run -s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	[[ $output == *only* ]]
	[ "$(waiting)" -eq 0 ]
}

@test "no password stands in the queue" {
	away 'user me' 'password s3cr3t-word' 'auth plain' 'tls on'
	send --queue=only -s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 1 ]
	! grep -ra 's3cr3t' "$MAILSEND_QUEUE" || return 1
}

@test "a password that this run alone has: nothing is promised" {
	away 'user me' 'tls on'
	send --queue=only --set password_fd=7 -s hello bob@example.org <<<text \
		7<<<word
	[ "$status" -eq 78 ]
	says password_fd
	[ "$(waiting)" -eq 0 ]
	grep -q '^X-Undelivered-To: bob@example.org' "$home/dead.letter"
}

@test "settings of the command line wait with the mail" {
	: >"$MAILSEND_CONFIG"
	touch ca.pem
	send --queue=only --host smtp.example.org --port 2525 --tls=on \
		--set tls_trust_file=ca.pem -r me@example.org \
		-s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	entry | grep -q 'smtp\.example\.org'
	entry | grep -q 2525
	entry | grep -q "$PWD/ca.pem"
}

@test "a queue of somebody else's, or open to others, is none" {
	away
	mkdir -m 777 "$MAILSEND_QUEUE"
	send -s hello bob@example.org <<<text
	[ "$status" -eq 75 ]
	says "$MAILSEND_QUEUE"
	says refused
	grep -q '^X-Undelivered-To: bob@example.org' "$home/dead.letter"
}

@test "a full disk: 75, nothing half-written, and the source as it was" {
	[ "$(id -u)" -eq 0 ] || skip 'only root mounts'
	away 'dead_letter off'
	head -c 3000000 /dev/urandom >large.bin
	sha256sum large.bin >sum
	mkdir -m 700 "$MAILSEND_QUEUE"
	cat >inside <<-'END'
		mount -t tmpfs -o size=1m,mode=0700 none "$MAILSEND_QUEUE" || exit 99
		"$@"
		echo "$?" >status
		find "$MAILSEND_QUEUE" -type f >left
	END
	# shellcheck disable=SC2086 # words, on purpose
	unshare -m sh inside $MAILSEND -a large.bin -s hello \
		bob@example.org <<<text 2>said || skip 'no namespaces here'
	cat said
	[ "$(cat status)" -eq 75 ]
	[ ! -s left ]
	sha256sum -c sum
	grep -qi 'no space' said
}

@test "the queue is on another disk than the spool: copied, and whole" {
	away
	head -c 3000000 /dev/urandom >large.bin
	TMPDIR=/dev/shm send -a large.bin -s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(judge "$MAILSEND_QUEUE"/msg/* file/large.bin/sha256)" = \
		"$(sha256sum <large.bin | cut -d' ' -f1)" ]
	# now that the queue is there, each is written once: a file is copied
	# to where it waits, a text is staged there and linked
	command -v strace >/dev/null || skip 'there is no strace'
	# shellcheck disable=SC2086 # words, on purpose
	TMPDIR=/dev/shm traced -e trace=openat,linkat,copy_file_range \
		$MAILSEND -a large.bin -s hello bob@example.org <<<text
	lacks 'TMPFILE' trace
	[ "$(waiting)" -eq 2 ]
	base64 large.bin >large.txt
	# shellcheck disable=SC2086 # words, on purpose
	TMPDIR=/dev/shm traced -e trace=openat,linkat,copy_file_range \
		$MAILSEND -s hello bob@example.org <large.txt
	lacks '/dev/shm.*TMPFILE' trace
	grep -q 'linkat(' trace
	[ "$(waiting)" -eq 3 ]
}

# ---- serving ----

client='print(send(["bob@example.org", "carol@example.org"]))'

@test "nobody listens behind us: 250, for it waits" {
	away
	begin_server
	talk <<<"$client"
	[ "$output" = ok ]
	[ "$(waiting)" -eq 1 ]
	entry | grep -q 'carol@example\.org'
	grep -q "$(ls "$MAILSEND_QUEUE/env")" server.log
}

@test "the reply names the id" {
	away
	begin_server
	talk <<-'END'
	c = Raw()
	c.reply()
	c.send(b"EHLO me\r\nMAIL FROM:<me@example.org>\r\n"
	       b"RCPT TO:<bob@example.org>\r\nDATA\r\n")
	c.replies(4)
	c.send(TEXT.encode() + b".\r\n")
	print(c.reply())
	END
	[[ $output == "250 "*"queued as $(ls "$MAILSEND_QUEUE/env")"* ]]
}

@test "queue never: 451, and the client keeps the mail" {
	away
	begin_server --queue=never
	talk <<<"$client"
	[[ $output == *'(451, b'* ]]
	[ "$(waiting)" -eq 0 ]
	[ ! -e "$home/dead.letter" ]
}

@test "the queue cannot take it: 451, both reasons, and the client keeps it" {
	away
	touch "$MAILSEND_QUEUE"
	begin_server
	talk <<<"$client"
	[[ $output == *'(451, b'*queue* ]]
	[ ! -e "$home/dead.letter" ]
}

@test "queue only: taken before any server is asked" {
	away 'queue only'
	begin_server
	talk <<<"$client"
	[ "$output" = ok ]
	[ "$(waiting)" -eq 1 ]
	entry | grep -q 'state waiting'
	! entry | grep -q tried || return 1
}

# A server of ours that has no server itself takes alice's mail alone.
@test "some are refused behind us: 250, and their sender hears of it" {
	local tries=200

	: >inner.conf
	MAILSEND_CONFIG=$PWD/inner.conf begin_server
	mv server.pid inner.pid
	printf '%s\n' 'host 127.0.0.1' "port $port" 'tls off' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	begin_server
	talk <<<'print(send(["x@example.net", "alice@localhost"], sender="alice@localhost"))'
	[ "$output" = ok ]
	[ ! -e "$home/dead.letter" ]
	# the mail, and the notice of the other
	until [ "$(delivered)" -eq 2 ] && [ "$(waiting)" -eq 0 ]; do
		((tries--)) || break
		sleep 0.05
	done
	kill "$(cat inner.pid)"
	[ "$(delivered)" -eq 2 ]
	grep -rlq 'x@example\.net' "$home/Maildir/new"
}

@test "some are refused behind us, from nobody: the dead letter has it" {
	: >inner.conf
	MAILSEND_CONFIG=$PWD/inner.conf begin_server
	mv server.pid inner.pid
	printf '%s\n' 'host 127.0.0.1' "port $port" 'tls off' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	begin_server
	talk <<<'print(send(["x@example.net", "alice@localhost"], sender=""))'
	kill "$(cat inner.pid)"
	[ "$output" = ok ]
	grep -q '^X-Undelivered-To: x@example.net' "$home/dead.letter"
	[ "$(waiting)" -eq 0 ]
}
