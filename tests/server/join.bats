#!/usr/bin/env bats
# mailjoin over a real POP3 and IMAP server: what mailsend has split comes back.

# shellcheck disable=SC2154 # bats and helper.bash set what is used here
load helper

: "${MAILJOIN:=${MAILSEND%mailsend}mailjoin}"

setup() {
	servers_setup
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	mkdir joined
	head -c 300000 /dev/urandom >file.bin
}

# send_split [ARGUMENT...] - to bob, as about ten mails.
send_split() {
	submission
	send --attach file.bin --split 50k "$@" bob@example.test </dev/null
	[ "$status" -eq 0 ]
	settle
	# and one that is none of it
	send -s hello bob@example.test <<<text
	settle
	mapfile -t lines < <(login bob)
	account "$MAIL_PORT_SUBMISSION" "${lines[@]}"
}

# join ARGUMENT... - into $status and the files out.txt, err.txt
join() {
	status=0
	"$MAILJOIN" --config "$CONFIG" -o joined "$@" >out.txt 2>err.txt ||
		status=$?
	echo "status $status" >&2
	cat out.txt err.txt >&2
}

left() {
	find "$MAIL_SPOOL/bob/new" "$MAIL_SPOOL/bob/cur" -type f | wc -l
}

# kept COUNT - so many parts wait for the others.
kept() {
	[ "$(find "$XDG_STATE_HOME" -name '*-*-*' | wc -l)" -ge "$1" ]
}

@test "every way to the mailbox" {
	local url

	send_split
	for url in imaps://bob@$MAIL_HOST/INBOX imap://bob@$MAIL_HOST \
		pop3s://bob@$MAIL_HOST pop3://bob@$MAIL_HOST; do
		join "$url"
		[ "$status" -eq 0 ]
		cmp file.bin joined/file.bin
		rm joined/file.bin
	done
}

@test "each format, deleted once it is joined, by IMAP" {
	local format

	for format in parts uuencode partial shar; do
		send_split --format "$format"
		join --delete "imaps://bob@$MAIL_HOST"
		[ "$status" -eq 0 ]
		cmp file.bin joined/file.bin
		rm joined/file.bin
		[ "$(left)" -eq 1 ]
		find "$MAIL_SPOOL/bob" -path '*/[nc]*/*' -type f -delete
	done
}

@test "the conversation goes to a file, without the password" {
	send_split
	join --transcript=talk.txt "imaps://bob@$MAIL_HOST"
	[ "$status" -eq 0 ]
	grep -q 'UID FETCH' talk.txt
	[ "$(grep -c "$(password bob)" talk.txt)" -eq 0 ]
	[ "$(grep -c 'UID FETCH' err.txt)" -eq 0 ]
}

@test "in two runs by POP3, and the mails are deleted" {
	local taken

	send_split
	taken=$(grep -l 'n=2; of=' -r "$MAIL_SPOOL/bob/new")
	mv "$taken" kept.eml
	join --delete "pop3s://bob@$MAIL_HOST"
	[ "$status" -eq 1 ]
	grep -q -- '--parts 2' out.txt
	[ ! -e joined/file.bin ]
	chown --reference "$MAIL_SPOOL/bob/new" kept.eml
	mv kept.eml "$taken"
	join -v "pop3s://bob@$MAIL_HOST"
	[ "$status" -eq 0 ]
	cmp file.bin joined/file.bin
	# what was kept did not come again
	[ "$(grep -c 'RETR' err.txt)" -le 3 ]
	# to be deleted it does: is there nothing else in it?
	join --delete "pop3s://bob@$MAIL_HOST"
	[ "$status" -eq 0 ]
	[ "$(left)" -eq 1 ]
}

@test "--wait at a server: the rest comes while it looks" {
	local pid taken

	send_split
	taken=$(grep -l 'n=3; of=' -r "$MAIL_SPOOL/bob/new")
	mv "$taken" kept.eml
	"$MAILJOIN" --config "$CONFIG" -o joined --wait 2m \
		"imaps://bob@$MAIL_HOST" >out.txt 2>&1 &
	pid=$!
	until_true [ -e "$XDG_STATE_HOME/mailsend/join/lock" ]
	until_true kept 6
	chown --reference "$MAIL_SPOOL/bob/new" kept.eml
	mv kept.eml "$taken"
	wait "$pid"
	cmp file.bin joined/file.bin
}

@test "a wrong password, no such folder, no such server" {
	submission
	mapfile -t lines < <(login bob)
	account "$MAIL_PORT_SUBMISSION" "${lines[@]/password*/password wrong}"
	join "imaps://bob@$MAIL_HOST"
	exits 77
	account "$MAIL_PORT_SUBMISSION" "${lines[@]}"
	join "imaps://bob@$MAIL_HOST/NoSuchFolder"
	[ "$status" -ge 64 ]
	join "pop3s://bob@no-such-host.example.test"
	[ "$status" -ge 64 ]
	[ -z "$(ls joined)" ]
}
