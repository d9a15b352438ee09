#!/usr/bin/env bats
# --roundtrip: a mail that is sent and found, here by way of our own server.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

# One server for all of them, which delivers into the home of its own.
setup_file() {
	local tries=200

	export post=$BATS_FILE_TMPDIR
	mkdir -m 700 "$post/home"
	: >"$post/empty.conf"
	# shellcheck disable=SC2086 # the program may be a checker and a path
	env HOME="$post/home" MAILSEND_CONFIG="$post/empty.conf" \
		MAILSEND_FROZEN="host=mx.example.net user=bob uid=$(id -u) \
home=$post/home charset=utf-8 tty=0" \
		${MAILSEND:-$root/build/mailsend} --serve 127.0.0.1:0 \
		2>"$post/log" 3>&- &
	echo $! >"$post/pid"
	until grep -q 'listening on' "$post/log"; do
		kill -0 "$(cat "$post/pid")" || return 1
		((tries--)) || return 1
		sleep 0.05
	done
	sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$post/log" >"$post/port"
}

teardown_file() {
	kill "$(cat "$post/pid")"
	! grep 'Sanitizer\|runtime error' "$post/log"
}

# go ARGUMENT... - round to bob, in the time that it is: the server has it.
go() {
	printf '%s\n' 'host 127.0.0.1' "port $(cat "$post/port")" 'tls off' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	MAILSEND_FROZEN="host=host.example.org user=alice uid=$(id -u) \
home=$home charset=utf-8 tty=0"
	export MAILSEND_FROZEN
	send --roundtrip "$@"
}

empty() {
	find "$post/home/Maildir" -type f -delete 2>/dev/null || true
}

lying() {
	find "$post/home/Maildir" -path '*/[nc]*/*' -type f | wc -l
}

@test "sent, found and deleted" {
	empty
	go "$post/home/Maildir" bob@mx.example.net
	[ "$status" -eq 0 ]
	[[ $output == *"transaction"* ]]
	[[ $output == *"host.example.org -> "*"ESMTP"* ]]
	[[ $output == *"deleted"* ]]
	[ "$(lying)" -eq 0 ]
}

@test "--keep, and what it looks like" {
	local file

	empty
	go "$post/home/Maildir" bob@mx.example.net --keep
	[ "$status" -eq 0 ]
	[ "$(lying)" -eq 1 ]
	file=$(find "$post/home/Maildir/new" -type f)
	grep -qE '^X-Mailsend-Roundtrip: [0-9a-f]{32}$' "$file"
	grep -q '^Auto-Submitted: auto-generated$' "$file"
	grep -qE '^Subject: .*[0-9a-f]{32}$' "$file"
	grep -q '^From: .*me@example.org' "$file"
	judge "$file" >/dev/null
}

@test "mail that was there before is left alone" {
	local token=0123456789abcdef0123456789abcdef

	empty
	mkdir -p "$post/home/Maildir/new"
	printf 'X-Mailsend-Roundtrip: %s\n\nold\n' "$token" \
		>"$post/home/Maildir/new/1.old.host"
	go "$post/home/Maildir" bob@mx.example.net
	[ "$status" -eq 0 ]
	[ "$(lying)" -eq 1 ]
	[ -e "$post/home/Maildir/new/1.old.host" ]
}

@test "as JSON" {
	empty
	go "$post/home/Maildir" bob@mx.example.net --json
	[ "$status" -eq 0 ]
	json_of 'j["status"] == "arrived" and j["exit"] == 0' <<<"$output"
	json_of 'j["deleted"] and len(j["hops"]) == 1' <<<"$output"
	json_of 'j["hops"][0]["delay"] >= 0' <<<"$output"
	json_of 'j["legs"]["transaction"] >= 0 and j["legs"]["tls"] is None' \
		<<<"$output"
	json_of 'j["milliseconds"] == j["submission_milliseconds"] + j["arrival_milliseconds"]' \
		<<<"$output"
	json_of 'j["authentication"] is None and j["spam"] == {}' <<<"$output"
}

@test "for a monitor" {
	empty
	go "$post/home/Maildir" bob@mx.example.net --nagios --warn 1h --crit 2h
	[ "$status" -eq 0 ]
	[[ $output == "MAILSEND OK - "*"|"*"time="*";3600;7200;0"* ]]
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$stderr" ]
}

@test "not in time" {
	empty
	mkdir -p none/new none/cur none/tmp
	go none bob@mx.example.net --wait 1s
	[ "$status" -eq 75 ]
	says spam
	[[ $output == *"transaction"* ]]
	go none bob@mx.example.net --wait 1s --json
	[ "$status" -eq 75 ]
	json_of 'j["status"] == "not-seen" and j["exit"] == 75' <<<"$output"
	json_of 'j["milliseconds"] is None' <<<"$output"
	go none bob@mx.example.net --wait 1s --nagios
	[ "$status" -eq 2 ]
	[[ $output == "MAILSEND CRITICAL - "* ]]
	[ ! -e "$home/dead.letter" ]
}

# Somebody delivers it while it looks, with what servers add.
@test "a hostile header" {
	local file

	empty
	mkdir -p box/new box/cur box/tmp
	(
		until file=$(find "$post/home/Maildir/new" -type f) &&
			[ -n "$file" ]; do sleep 0.05; done
		{
			printf 'Received: from \033[2Jevil\a by b with SMTP; never\n'
			printf 'Authentication-Results: mx.example.net;'
			printf ' spf=pass smtp.mailfrom=\033]0;x\a; dkim=fail\n'
			printf 'Authentication-Results: other.example; dkim=pass\n'
			printf 'X-Spam-Status: No, score=-1.0 \033[31m\n'
			for _ in $(seq 200); do
				printf 'Received: from a by b with ESMTPS;'
				printf ' Sun, 22 Nov 2015 00:00:00 +0000\n'
			done
			printf 'X-Long: %0300000d\n' 1
			cat "$file"
		} >box/tmp/1.x.host
		# the mark must be seen before the header is cut
		{
			grep -a '^X-Mailsend-Roundtrip' "$file"
			cat box/tmp/1.x.host
		} >box/tmp/2.x.host
		mv box/tmp/2.x.host box/new/2.x.host
	) 3>&- &
	go box bob@mx.example.net --wait 2m --json
	[ "$status" -eq 0 ]
	json_of 'j["authentication"]["by"] == "mx.example.net"' <<<"$output"
	json_of '[r["result"] for r in j["authentication"]["results"]] == ["pass", "fail"]' \
		<<<"$output"
	json_of 'j["authentication"]["ignored"] == 1' <<<"$output"
	json_of 'len(j["hops"]) == 100' <<<"$output"
	json_of '"No, score" in j["spam"]["X-Spam-Status"]' <<<"$output"
	json_of 'all(h["delay"] is None or h["delay"] >= 0 for h in j["hops"])' \
		<<<"$output"
	[[ $output != *$'\033'* && $output != *u001b* ]]
	wait
	empty
}

@test "a mail that is not sent is not waited for" {
	empty
	go "$post/home/Maildir" eve@elsewhere.example --wait 1h
	[ "$status" -ne 0 ] && [ "$status" -ne 75 ]
	says eve@elsewhere.example
	[ ! -e "$home/dead.letter" ]
	go "$post/home/Maildir" bob@mx.example.net --port 1 --wait 1h --nagios
	[ "$status" -eq 2 ]
	[[ $output == "MAILSEND CRITICAL - "* ]]
	[ ! -e "$home/dead.letter" ]
	[ ! -e "$MAILSEND_QUEUE" ] || [ -z "$(find "$MAILSEND_QUEUE" -type f)" ]
}

@test "a mailbox that cannot be looked at: nothing is sent" {
	empty
	echo 'no folder of mail' >file
	mkdir -p "$post/home/Maildir"
	go imaps://bob@localhost:1 bob@mx.example.net
	[ "$status" -ne 0 ]
	[ "$(lying)" -eq 0 ]
	go - bob@mx.example.net
	[ "$status" -eq 64 ]
	[ "$(lying)" -eq 0 ]
	# no delivery makes the folders above a mailbox
	go maildir:/nowhere/box bob@mx.example.net
	[ "$status" -eq 66 ]
	[ "$(lying)" -eq 0 ]
	go ./away/box bob@mx.example.net
	[ "$status" -eq 66 ]
	[ "$(lying)" -eq 0 ]
}

@test "what does not belong to it" {
	refused 64 'one address' --roundtrip Maildir </dev/null
	refused 64 'one address' --roundtrip Maildir a@example.org \
		b@example.org </dev/null
	refused 64 subject --roundtrip Maildir -s x a@example.org </dev/null
	refused 64 --warn --warn 5s a@example.org </dev/null
	refused 64 --keep --keep a@example.org </dev/null
	refused 64 --wait --wait 5s a@example.org </dev/null
	refused 64 time --roundtrip Maildir --wait soon a@example.org </dev/null
	refused 64 --nagios --roundtrip Maildir --nagios --json \
		a@example.org </dev/null
}
