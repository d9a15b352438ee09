#!/usr/bin/env bats
# What is no regular file is opened and written: never replaced, renamed over or
# given another mode.  The devices here are copies of the machine's own; who may
# not make one has FIFOs.

# shellcheck disable=SC2030,SC2031,SC2154 # bats runs each test in a shell of its own
load helper

setup() {
	own_home config
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	freeze ''
	printf 'Subject: one\n\ntext of the message\n' >one.eml
}

teardown() {
	local pid

	for pid in reader server; do
		[ ! -e $pid ] || kill "$(cat $pid)" 2>/dev/null || :
	done
}

mailget() {
	"${MAILSEND%mailsend}mailget" "$@"
}

# device NAME - swallows all, as /dev/null does; nothing is done where it cannot
# be made or used (a folder without devices).
device() {
	mknod -m 622 "$1" c 1 3 2>/dev/null && : 2>/dev/null >>"$1"
}

# as_it_was NAME - still that device.
as_it_was() {
	[ "$(stat -c '%F %a %t,%T' "$1")" = 'character special file 622 1,3' ] || {
		stat "$1"
		return 1
	}
}

# read_fifo NAME - somebody reads it, all that comes, into NAME.got
read_fifo() {
	mkfifo -m 604 "$1"
	cat <>"$1" >"$1.got" 3>&- &
	echo $! >reader
}

# greet - a server at $port that says no more than that
greet() {
	mkfifo port-is
	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b"220 greeting\r\n")
    c.close()' >port-is 2>/dev/null 3>&- &
	echo $! >server
	read -r port <port-is
}

# arrives NAME WORD
arrives() {
	local tries=1200

	until grep -aq "$2" "$1.got"; do
		((tries--)) || return 1
		sleep 0.1
	done
	[ "$(stat -c '%F %a' "$1")" = 'fifo 604' ]
}

@test "mailget save: a device is written to, with and without --force" {
	device null || return 0
	mailget one.eml save 1 null
	as_it_was null
	mailget --force one.eml save 1 null
	as_it_was null
	[ "$(ls -A)" = "$(printf 'config\nhome\nnull\none.eml')" ]
}

@test "mailget save: into a FIFO, and into what is called a file of /dev" {
	read_fifo fifo
	mailget --force one.eml save 1 fifo
	arrives fifo 'text of the message'
	mailget one.eml save 1 /dev/stdout >out
	cmp one.eml out
	mailget --force one.eml save 1 /dev/fd/7 7>out
	cmp one.eml out
	echo before >out
	mailget --force one.eml save 1 /dev/stdout >>out
	[ "$(cat out)" = "$(echo before && cat one.eml)" ]
}

@test "mailget save --force: a link stays, and the file behind it is replaced" {
	mkdir other
	echo old >other/file
	chmod 640 other/file
	ln -s other/file link
	run -73 mailget one.eml save 1 link
	[ "$(cat other/file)" = old ]
	mailget --force one.eml save 1 link
	[ -L link ]
	cmp one.eml other/file
	[ "$(stat -c %a other/file)" = 640 ]
	[ "$(ls -A other)" = file ]
	ln -s nowhere dangling
	run -73 mailget --force one.eml save 1 dangling
	[ ! -e nowhere ]
	run -73 mailget --force one.eml save 1 other
}

@test "mailget save --force: a stranger's link in a folder open to all is not followed" {
	[ "$(id -u)" -eq 0 ] || return 0
	mkdir -m 1777 open
	echo mine >mine
	ln -s ../mine open/link
	chown -h 12345 open/link
	run -73 mailget --force one.eml save 1 open/link
	[ "$(cat mine)" = mine ]
	[ -L open/link ]
}

@test "mailget attachments --force: what the sender's name hits is not followed or replaced" {
	cat >mail <<-'END'
		Subject: x
		MIME-Version: 1.0
		Content-Type: text/plain; name=a.txt
		Content-Disposition: attachment; filename=a.txt

		attached
	END
	mkdir -p got
	echo precious >precious
	ln -s ../precious got/a.txt
	mailget --force mail attachments got
	[ "$(cat precious)" = precious ]
	[ -L got/a.txt ]
	[ "$(cat got/a.txt.1)" = attached ]
	rm got/*
	mkfifo got/a.txt
	mailget --force mail attachments got
	[ -p got/a.txt ]
	rm -r got/*
	echo old >got/a.txt
	mailget --force mail attachments got
	[ "$(cat got/a.txt)" = attached ]
}

@test "mailjoin --output: a device and a FIFO are written to, a link is followed" {
	local join=${MAILSEND%mailsend}mailjoin

	head -c 20000 /dev/urandom | base64 >file.txt
	python "$root/tests/cli/join_parts.py" parts file.txt 9000 parts
	read_fifo fifo
	"$join" -f -o fifo parts
	arrives fifo "$(tail -1 file.txt)"
	if device null; then
		"$join" -f -o null parts
		as_it_was null
	fi
	"$join" -o /dev/stdout parts >out
	cmp file.txt out
	mkdir there
	echo old >there/file
	ln -s there/file link
	"$join" -f -o link parts
	[ -L link ]
	cmp file.txt there/file
}

@test "logfile, transcript and dead letter: devices and FIFOs are written to" {
	greet
	printf '%s\n' 'host 127.0.0.1' "port $port" 'tls off' 'from me@example.org' \
		'queue never' "logfile $PWD/log" "dead_letter $PWD/dead" \
		>"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	for name in log dead transcript; do
		if device $name; then
			run ! mailsend --transcript=transcript -s subject \
				bob@example.org <one.eml
			as_it_was $name
		fi
		rm -f $name
		read_fifo $name
		run ! mailsend --transcript=transcript -s subject-of-it \
			bob@example.org <one.eml
		case $name in
		log) arrives log 'bob@example.org' ;;
		dead) arrives dead subject-of-it ;;
		transcript) arrives transcript greeting ;;
		esac
		kill "$(cat reader)"
		rm -f log dead transcript
	done
}

@test "a FIFO that nobody reads holds no mail up" {
	printf '%s\n' 'host localhost' 'from me@example.org' 'maildir Maildir' \
		"logfile $PWD/log" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	mkfifo log
	run timeout 60 "${MAILSEND}" --transcript=log -s x bob@example.org <one.eml
	[ "$status" -eq 73 ]
	run timeout 60 "${MAILSEND}" --set queue=only -s x bob@example.org <one.eml
	[ "$status" -ne 124 ]
	[ -p log ]
}
