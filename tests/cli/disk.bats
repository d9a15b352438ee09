#!/usr/bin/env bats
# What is said of the disk is true: each call that a run makes fails in turn,
# or the run is killed at it, and the exit status is held against what lies
# there afterwards.
# shellcheck disable=SC2030,SC2031,SC2154 # bats runs each test in a shell of its own

load helper
load sweep

# ---- a mail fails, and its sender is told ----

# a mail whose next try is the last one
failing_mail() {
	local try

	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	echo text | mailsend --set queue=only -s token-of-the-mail \
		bob@example.org 2>/dev/null || return 1
	for try in 1 2 3 4; do
		freeze "clock=$((1700000000 + try * 86400))"
		mailsend --flush 2>/dev/null || return 1
	done
	freeze 'clock=1701000000'
	rm -r home/Maildir # of the delay
	mv queue queue.before && mv home home.before
}

put_back() {
	rm -rf queue home && cp -a queue.before queue && cp -a home.before home
}

# It is in the queue, or a notice of it is there or at home.
nothing_vanished() {
	grep -rqs token-of-the-mail queue home/Maildir
}

@test "a mail that failed and its notice: whatever look fails, one of them stays" {
	can_sweep
	failing_mail
	sweep "$looks" error=EIO put_back nothing_vanished "$MAILSEND" --flush
	sweep "$looks" error=ENOMEM put_back nothing_vanished "$MAILSEND" --flush
}
