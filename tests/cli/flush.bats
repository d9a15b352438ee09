#!/usr/bin/env bats
# A run over the queue as a process among others: what it does when it is
# killed, stopped, started twice.  The server is flush_server.py, which tells
# what it sees and keeps some mails waiting until a gate is opened.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

begin_server() {
	mkfifo ready
	python3 "$root/tests/cli/flush_server.py" "$BATS_TEST_TMPDIR/seen" \
		"$BATS_TEST_TMPDIR/gate" >ready 2>server.log 3>&- &
	echo $! >server.pid
	read -r port <ready
	touch seen
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/server.log" ] ||
		cat "$BATS_TEST_TMPDIR/server.log"
	end_programs
}

# ready [LINE...] - a queue, and an account that leads to the server.
ready() {
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	begin_server
	printf '%s\n' 'host 127.0.0.1' "port $port" 'tls off' \
		'from me@example.org' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	# jitter and times are real here
	unset MAILSEND_FROZEN
}

# queue SUBJECT... - a mail each, in this order.
queue() {
	local subject

	for subject; do
		mailsend --set queue=only -s "$subject" bob@example.org \
			<<<"$subject" 2>/dev/null || return 1
	done
}

waiting() {
	find "$MAILSEND_QUEUE/env" -type f | wc -l
}

none_waits() {
	[ "$(waiting)" -eq 0 ]
}

took() {
	grep -c "^took" seen
}

# until_true COMMAND... - within ten seconds.
until_true() {
	local tries=1000

	until "$@"; do
		((tries--)) || {
			echo "in vain: $*"
			return 1
		}
		sleep 0.01
	done
}

seen() {
	grep -qx "$1" seen
}

# begin_flush NAME [ARGUMENT...] - in the background; its status is in $?
# after `wait $flush`.
begin_flush() {
	local name=$1

	shift
	# shellcheck disable=SC2086 # the program may be a checker and a path
	$MAILSEND --flush "$@" 2>"$name.log" 3>&- &
	flush=$!
	echo "$flush" >"$name.pid"
}

@test "mails of one account go over one connection" {
	ready
	queue m{1..10}
	[ "$(waiting)" -eq 10 ]
	send --flush
	[ "$status" -eq 0 ]
	[ "$(took)" -eq 10 ]
	[ "$(waiting)" -eq 0 ]
	[ "$(grep -c EHLO seen)" -eq 1 ]
}

@test "each mail is told of" {
	ready
	queue m1
	id=$(ls "$MAILSEND_QUEUE/env")
	send --flush
	says "$id: sent"
}

@test "flushers at the same time send each mail once" {
	ready
	queue m{1..40}
	for i in 1 2 3 4; do
		begin_flush "flush$i"
		flushes+=("$flush")
	done
	wait "${flushes[@]}"
	none_waits
	[ "$(took)" -eq 40 ]
	[ "$(grep ^took seen | sort -u | wc -l)" -eq 40 ]
}

@test "a mail that kills its process is deferred, and the others go" {
	local victim

	ready
	queue m1 gate m2 m3
	begin_flush flush
	until_true seen 'gate gate'
	victim=$(pgrep -P "$flush")
	kill -9 "$victim"
	wait "$flush"
	[ "$(grep -c '^took m' seen)" -eq 3 ]
	[ "$(waiting)" -eq 1 ]
	grep -q 'deferred.*signal 9' flush.log
	# it is not tried again before its time
	send --flush --due
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 1 ]
	# that is all there was wrong with it
	touch gate
	send --flush
	[ "$(waiting)" -eq 0 ]
}

@test "SIGTERM: the mail at hand goes, the others wait, nothing is lost" {
	ready
	queue m1 gate m2 m3
	begin_flush flush
	until_true seen 'gate gate'
	before=$(grep -c '^took' seen || true)
	# as Ctrl-C does it, so that no word has to be passed on before the gate
	kill "$flush" "$(pgrep -P "$flush")"
	touch gate
	wait "$flush" || status=$?
	[ "$status" -eq 143 ]
	[ "$(took)" -eq $((before + 1)) ]
	[ "$(waiting)" -eq $((3 - before)) ]
	send --flush
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 0 ]
	[ "$(took)" -eq 4 ]
	[ "$(grep ^took seen | sort -u | wc -l)" -eq 4 ]
}

@test "a run that is killed itself: what it had is sent by the next" {
	ready
	queue m1 m2 gate m3
	begin_flush flush
	until_true seen 'gate gate'
	kill -9 "$flush" "$(pgrep -P "$flush")"
	wait "$flush" || true
	touch gate
	send --flush
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 0 ]
	for subject in m1 m2 m3; do
		[ "$(grep -cx "took $subject" seen)" -eq 1 ]
	done
}

@test "a mail that is stuck does not stop other accounts, nor another run" {
	ready
	printf '%s\n' 'account other' 'host 127.0.0.1' "port $port" 'tls off' \
		'from me@example.org' 'account default : other' >other.conf
	chmod 600 other.conf
	queue gate m1
	begin_flush flush
	until_true seen 'gate gate'
	# another run takes what the first has not in hand
	send --flush
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 1 ]
	seen 'took m1'
	# and mails of other accounts go beside
	MAILSEND_CONFIG=$PWD/other.conf queue m2
	send --flush
	[ "$(waiting)" -eq 1 ]
	seen 'took m2'
	touch gate
	wait "$flush"
	[ "$(waiting)" -eq 0 ]
	[ "$(took)" -eq 3 ]
}

@test "a server that is down: each says why, and waits for its time" {
	ready
	queue m{1..5}
	kill "$(cat server.pid)"
	until_true lacks_listener
	send --flush
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 5 ]
	[ "$(grep -c 'deferred until [0-9][0-9]:[0-9][0-9]: .*connect' \
		<<<"$stderr")" -eq 5 ]
	[ "$(grep -l 'connect' "$MAILSEND_QUEUE"/env/* | wc -l)" -eq 5 ]
	send --flush --due
	[ "$status" -eq 0 ]
	lacks 'deferred until' <(echo "$stderr")
}

lacks_listener() {
	! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

@test "the account's log has a line for each try" {
	ready "logfile $BATS_TEST_TMPDIR/mail.txt"
	queue m1
	id=$(ls "$MAILSEND_QUEUE/env")
	send --flush
	[ "$status" -eq 0 ]
	grep "queue=$id" mail.txt | grep -q 'accepted=1/1'
}

@test "background: the caller is not waited for, by pipe or by terminal" {
	ready
	# the reader of the pipe would hang until the gate is open
	output=$(mailsend --set queue=background -s gate bob@example.org \
		<<<x 2>&1 | cat)
	until_true seen 'gate gate'
	[ "$(waiting)" -eq 1 ]
	touch gate
	until_true seen 'took gate'
	until_true none_waits
}

@test "what is sent takes along what is due" {
	ready
	queue m1
	send -s m2 bob@example.org <<<x
	[ "$status" -eq 0 ]
	until_true seen 'took m1'
	[ "$(took)" -eq 2 ]
}

@test "queue_flush off: what is due waits for its own run" {
	ready 'queue_flush off'
	queue m1
	send -s m2 bob@example.org <<<x
	[ "$status" -eq 0 ]
	[ "$(took)" -eq 1 ]
	[ "$(waiting)" -eq 1 ]
}
