#!/usr/bin/env bats
# start.bats - what the three programs begin with, however they are started.
# Each test ends in what it wants to see; bats looks at that alone.
# shellcheck disable=SC2154,SC2317,SC2013,SC2016

bats_require_minimum_version 1.5.0

setup_file() {
	load helper
	# shellcheck disable=SC2086
	set -- $MAILSEND
	export PROGRAMS
	PROGRAMS=$(dirname "${*: -1}")
}

load helper

# message - the one mail in the mailbox.
message() {
	[ "$(delivered)" -eq 1 ] || return 1
	cat "$home"/Maildir/new/*
}

@test "set-user-ID and set-group-ID programs refuse to run" {
	if [ "$(id -u)" -ne 0 ]; then
		skip 'only root can make a set-user-ID program'
	fi
	local name bits folder
	folder=$(mktemp -d /var/tmp/mailsend-test.XXXXXX)
	chmod 755 "$folder"
	for name in mailsend sendmail mailjoin mailget; do
		cp -L "$PROGRAMS/$name" "$folder/$name"
		for bits in u+s,g-s g+s,u-s; do
			chmod "$bits" "$folder/$name"
			run setpriv --reuid=65534 --regid=65534 --clear-groups \
				env -u MAILSEND_FROZEN \
				MAILSEND_CONFIG=/nonexistent \
				"$folder/$name" --help </dev/null
			show
			[ "$status" -eq 78 ] && [[ $output == *set-user-ID* ]] ||
				break 2
		done
		bits=
	done
	rm -rf "$folder"
	[ -z "$bits" ]
}

# started WORDS ARGUMENT... - the program with descriptors as the shell's WORDS
# say.  A shell of its own: where bats' has one closed, its pipe takes the place.
started() {
	local words=$1
	shift
	run --separate-stderr timeout 60 \
		bash -c "exec \"\$@\" $words" - "$@"
	show
}

@test "with standard input closed the body is empty, and no attachment is it" {
	echo attached >file.txt
	started '<&-' "$PROGRAMS/mailsend" -s x -a file.txt alice@localhost
	[ "$status" -eq 0 ]
	[ "$(message | grep -cE '^(attached|YXR0YWNoZWQK)')" -eq 1 ]
}

@test "our own words get into no file that we opened" {
	head -c 400000 /dev/urandom | base64 >big.txt
	local closed
	for closed in '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		rm -rf "$MAILSEND_QUEUE"
		started "<big.txt $closed" "$PROGRAMS/mailsend" \
			--set host=127.0.0.1 --set port=1 --set tls=off \
			-s x --set from=alice@example.org bob@example.org
		[ "$status" -eq 0 ]
		if grep -rq 'mailsend: ' "$MAILSEND_QUEUE"; then
			return 1
		fi
		[ -n "$(find "$MAILSEND_QUEUE" -type f)" ]
	done
}

@test "standard output that cannot be written is an error, not silence" {
	local program words
	for program in mailsend mailjoin mailget; do
		for words in '>&-' '1</dev/null' '<&- >&-'; do
			started "$words" "$PROGRAMS/$program" --version
			[ "$status" -eq 73 ]
			[[ $stderr == *'standard output'* ]]
		done
	done
}

@test "nohup's standard input is as empty as /dev/null" {
	started '0>/dev/null' "$PROGRAMS/mailsend" -s x alice@localhost
	[ "$status" -eq 0 ]
	message | grep -q '^Subject: x'
}

@test "any umask leaves a queue that can be used" {
	local mask
	for mask in 0777 0277 0377 0177; do
		rm -rf "$MAILSEND_QUEUE"
		(
			umask "$mask"
			mailsend --queue=only --set host=127.0.0.1 -s x \
				--set from=alice@example.org bob@example.org \
				<<<text
		)
		[ -z "$(find "$MAILSEND_QUEUE" -type d ! -perm 700)" ]
		[ -z "$(find "$MAILSEND_QUEUE" -type f ! -perm -600)" ]
	done
}

@test "descriptors that are not ready are waited for" {
	head -c 300000 /dev/urandom | base64 >text
	local program
	run --separate-stderr timeout 100 python3 \
		"$root/tests/cli/nonblocking.py" "$PROGRAMS/mailsend" -s x \
		--print alice@localhost <text
	echo "status $status stderr: $stderr"
	[ "$status" -eq 0 ]
	[ "$(tr -d '\r' <<<"$output" | sed '1,/^$/d')" = "$(cat text)" ]
	printf 'From x\nSubject: s\n\n' | cat - text >box
	run --separate-stderr timeout 100 python3 \
		"$root/tests/cli/nonblocking.py" "$PROGRAMS/mailget" - show 1 \
		<box
	echo "status $status stderr: $stderr"
	[ "$status" -eq 0 ]
	[ "$(tr -d '\r' <<<"$output" | sed '1,/^$/d')" = "$(cat text)" ]
}

@test "standard input that is open for writing only is told as that" {
	local name
	: >out
	for name in mailsend 'sendmail -oi' mail mutt \
		msmtp; do
		# shellcheck disable=SC2086 # a name and its options
		started '0>>out' "$PROGRAMS"/$name alice@localhost
		[ "$status" -eq 66 ]
		[[ $stderr == *'not open for reading'* ]]
	done
	[ "$(delivered)" -eq 0 ]
}

# configure LINE... - a server that is not there, with a command for its password.
configure() {
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'auth PLAIN' \
		'user alice' 'from alice@example.org' 'queue never' "$@" \
		>"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

# all_end FILE - the processes whose numbers are in the file are gone, in time.
all_end() {
	local pid i
	for ((i = 0; i < 1200; i++)); do
		for pid in $(cat "$1"); do
			if kill -0 "$pid" 2>/dev/null; then
				sleep 0.1
				continue 2
			fi
		done
		return 0
	done
	return 1
}

@test "a command has its time, and is ended with all that it started" {
	configure 'command_timeout 1' \
		"passwordeval \"trap '' TERM; sleep 600 & echo \$! \$\$ >pids; (sleep 600; :) | cat; echo no-secret\""
	send --set tls=off -s x bob@example.org <<<text
	[ "$status" -eq 75 ]
	[[ $stderr == *passwordeval*command_timeout* ]]
	[[ $stderr != *no-secret* ]]
	all_end pids
	grep -q '^text' "$home/dead.letter"
}

@test "a command that has closed its output has no more time than another" {
	configure 'command_timeout 1' \
		"passwordeval \"echo \$\$ >pids; echo x; exec >&- 2>&-; exec sleep 600\""
	send -s x bob@example.org <<<text
	[ "$status" -eq 75 ]
	all_end pids
}

@test "eval has a limit, too" {
	configure 'command_timeout 1' 'eval "echo $$ >pids; exec sleep 600"'
	send -s x bob@example.org <<<text
	[ "$status" -eq 75 ]
	[[ $stderr == *eval*command_timeout* ]]
	all_end pids
}

@test "a signal to us ends the command, whatever runs it" {
	local signal program pid
	for signal in TERM INT HUP; do
		for program in 'mailsend -s x bob@example.org' \
			'mailget imap://alice@127.0.0.1:1 list'; do
			rm -f pids
			configure "passwordeval \"sleep 600 & echo \$! \$\$ >pids; wait\""
			# a shell in which SIGINT is not ignored starts it
			# shellcheck disable=SC2086 # a program and its arguments
			python3 -c 'import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$PROGRAMS"/$program </dev/null 2>err &
			pid=$!
			for ((i = 0; i < 1200; i++)); do
				[ ! -s pids ] || break
				sleep 0.1
			done
			kill -"$signal" "$pid"
			status=0
			wait "$pid" || status=$?
			echo "$program $signal: $status $(cat err)"
			[ "$status" -gt 128 ]
			all_end pids
		done
	done
}

@test "a command that leaves an agent behind is not waited for" {
	configure "passwordeval \"sleep 600 & echo \$! >pids; echo secret\""
	send -s x bob@example.org <<<text
	says TLS
	kill "$(cat pids)"
}

@test "a command may ask at the terminal, which is ours again afterwards" {
	configure 'passwordeval "stty -echo </dev/tty; printf word: >/dev/tty; read x </dev/tty; stty echo </dev/tty; test $x = open && echo secret"'
	cat >run.sh <<'END'
"$1" -s x bob@example.org <<<text 2>err
grep -q TLS err && echo "it went on"
read -r answer </dev/tty
echo "back: $answer"
END
	timeout 120 python3 "$root/tests/cli/talk_terminal.py" \
		bash run.sh "$PROGRAMS/mailsend" <<'END'
see word:
enter open
see it went on
enter hello
see back: hello
end 0
END
}

@test "Ctrl-C at a command's question ends us, too" {
	configure 'passwordeval "printf word: >/dev/tty; read x </dev/tty"'
	cat >run.sh <<'END'
trap : INT
"$1" -s x bob@example.org <<<text 2>err
echo "status $?"
read -r answer </dev/tty
echo "back: $answer"
END
	timeout 120 python3 "$root/tests/cli/talk_terminal.py" \
		bash run.sh "$PROGRAMS/mailsend" <<'END'
see word:
type \x03
see status 130
enter hello
see back: hello
end 0
END
}

# as_another HOME ARGUMENT... - as a user who has no home of their own.
as_another() {
	local where=$1
	shift
	run --separate-stderr env -u MAILSEND_CONFIG \
		MAILSEND_FROZEN="spare=$copy/spare" HOME="$where" setpriv --reuid=54321 --regid=54321 \
		--clear-groups "$copy/mailsend" "$@" </dev/null
	show
}

@test "a home of another user serves where nobody else can write to it" {
	if [ "$(id -u)" -ne 0 ]; then
		skip 'only root can be two users'
	fi
	no_configuration
	copy=$(mktemp -d /var/tmp/mailsend-test.XXXXXX)
	cp -L "$PROGRAMS/mailsend" "$copy/mailsend"
	mkdir -p "$copy/home/.config/mailsend"
	printf 'host there.example.org\npasswordeval "touch %s/ran"\n' "$copy" \
		>"$copy/home/.config/mailsend/config"
	chmod -R a+rX "$copy"
	mkdir -m 1777 "$copy/spare"
	chown -R 12345:12345 "$copy/home"
	local failed=
	as_another "$copy/home" --show-config
	# it is found, and no command of that user is run
	[[ $status -eq 78 && $stderr == *'belongs to user 12345'* ]] || failed+=1
	sed -i 2d "$copy/home/.config/mailsend/config"
	as_another "$copy/home" --show-config
	[[ $status -eq 0 && $output == *there.example.org* ]] || failed+=2
	[[ $output != *'is not used'* ]] || failed+=3
	chmod g+w "$copy/home"
	as_another "$copy/home" --show-config
	[[ $output == *"HOME=$copy/home is not used"* ]] || failed+=4
	[[ $output != *there.example.org* ]] || failed+=5
	as_another "$copy/home" --explain -s x bob@example.org
	[[ $output$stderr == *"HOME=$copy/home is not used"* ]] || failed+=6
	as_another "$copy/home" -s x bob@example.org
	[[ $status -eq 78 && $stderr == *"HOME=$copy/home is not used"* ]] ||
		failed+=7
	chown -R 0:0 "$copy/home"
	as_another "$copy/home" --show-config
	[[ $output == *there.example.org* ]] || failed+=8
	rm -rf "$copy"
	echo "failed: $failed"
	[ -z "$failed" ]
}

@test "a small stack is enough" {
	printf 'From x\nSubject: s\n\nhello\n' >box
	head -c 200000 /dev/urandom >data
	run timeout 300 bash -c '
		ulimit -s 64 || exit 1
		set -ex
		cd "$2"
		"$1/mailsend" -s x -a data alice@localhost <box
		"$1/mailsend" --print -s x -a data --compress gzip bob@example.org <box >out
		"$1/mailsend" --explain -s x -a data bob@example.org </dev/null >out
		"$1/mailsend" --set host=localhost --set port=1 --set tls=off \
			-s x --from a@example.org bob@example.org <box
		"$1/mailsend" --flush || [ $? -eq 75 ]
		"$1/mailsend" --mailq
		"$1/mailget" "$3/Maildir" list
		"$1/mailjoin" "$3/Maildir" || [ $? -eq 1 ]
		' - "$PROGRAMS" "$PWD" "$home"
	show
	[ "$status" -eq 0 ]
}

@test "more attachments than descriptors" {
	mkdir many
	local i
	for ((i = 0; i < 1500; i++)); do
		echo "content $i" >"many/$i.bin"
	done
	run timeout 300 bash -c '
		ulimit -n 64 || exit 1
		args=()
		for i in {0..1499}; do
			args+=(-a "many/$i.bin")
		done
		exec "$@" "${args[@]}"' - \
		"$PROGRAMS/mailsend" -s x \
		alice@localhost <<<text
	show
	[ "$status" -eq 0 ]
	mkdir out
	"$PROGRAMS/mailget" "$home/Maildir" attachments 1 out
	diff -r many out
}

# stuck - a server that takes a connection and says nothing; its port is in $port.
stuck() {
	rm -f server.out
	: >server.out
	python3 -c 'import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
print("taken", flush=True)
time.sleep(300)' >>server.out 3>&- &
	server=$!
	port=
	for ((i = 0; i < 1200; i++)); do
		! read -r port <server.out || break
		sleep 0.1
	done
	[ -n "$port" ]
}

@test "a library that fails loses no mail, and the status is one of ours" {
	if nm "$PROGRAMS/mailsend" 2>/dev/null | grep -q __asan_init; then
		skip "the sanitizer wants these signals"
	fi
	local signal i pid
	for signal in SEGV ABRT BUS; do
		rm -f "$home/dead.letter"
		stuck
		"$PROGRAMS/mailsend" --set host=127.0.0.1 --set port="$port" \
			--set tls=off --set from=a@example.org -s x \
			bob@example.org <<<"text $signal" 2>err 3>&- &
		pid=$!
		for ((i = 0; i < 1200; i++)); do
			! grep -q taken server.out || break
			sleep 0.1
		done
		kill -"$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		kill "$server"
		cat err
		[ "$status" -eq 75 ]
		grep -q 'nothing was sent' err
		grep -q "^text $signal" "$home/dead.letter"
	done
}

@test "memory that is out keeps the mail, and is told with a true status" {
	if nm "$PROGRAMS/mailsend" 2>/dev/null | grep -q __asan_init; then
		skip "the sanitizer needs more memory"
	fi
	local limit some=0
	for limit in $(seq 9000 1000 40000); do
		rm -rf "$home/dead.letter" "$home/Maildir"
		status=0
		(
			ulimit -v "$limit"
			exec "$PROGRAMS/mailsend" -s x alice@localhost
		) <<<"text" 2>err || status=$?
		echo "$limit: $status $(head -c 200 err)"
		# before main it is the loader's affair
		if ((status == 127 || status == 139)) &&
			! grep -q mailsend: err; then
			continue
		fi
		if grep -q 'shared librar' err; then
			continue
		fi
		if ((status == 0)); then
			[ "$(delivered)" -eq 1 ]
		else
			[ "$status" -eq 75 ]
			grep -q '^text' "$home/dead.letter"
			some=1
		fi
	done
	echo "some failed: $some"
}

# Written in pieces, so that a reader who has ended breaks the pipe.
long_text() {
	printf 'the beginning\n'
	head -c 100000 /dev/zero | tr '\0' x | fold && printf '\nthe very end\n'
}

is_told_lost() {
	grep -q 'the message could not be saved completely' err
}

# kept_or_told WRITER STATUS - where there was no memory to begin with words
# have to do, and the writer can go on.
kept_or_told() {
	cat err
	[ "$1" -eq 0 ] && [ "$2" -eq 75 ] || return 1
	if is_told_lost; then
		return 0
	fi
	grep -q '^the very end' "$home/dead.letter" &&
		grep -q '^Subject: word' "$home/dead.letter"
}

@test "memory that is out while the mail is kept does not keep it from that" {
	if nm "$PROGRAMS/mailsend" 2>/dev/null | grep -q __asan_init; then
		skip "the sanitizer needs more memory"
	fi
	local limit kept=0 statuses
	for limit in $(seq 3000 100 6000); do
		rm -rf "$home/dead.letter"
		long_text | (
			ulimit -v "$limit"
			exec timeout 100 "$PROGRAMS/mailsend" --set queue=never \
				--set host=127.0.0.1 --set port=1 --set tls=off \
				-f a@example.org -s word bob@example.org
		) 2>err && statuses=(0 0) || statuses=("${PIPESTATUS[@]}")
		echo "$limit: ${statuses[*]}"
		# before main it is the loader's affair
		grep -q mailsend: err && ! grep -q 'shared librar' err ||
			continue
		kept_or_told "${statuses[@]}"
		is_told_lost || kept=$((kept + 1))
	done
	[ "$kept" -gt 0 ]
}

@test "whatever allocation of the beginning fails, the mail is kept as it is" {
	local lib=${B:-$root/build}/queue/full.so n statuses
	if nm "$PROGRAMS/mailsend" 2>/dev/null | grep -q __asan_init; then
		skip "a sanitizer has to be the first library"
	fi
	[ -e "$lib" ] || make -s -C "$root" B="${B:-build}" "$lib" >&2
	for ((n = 1; n <= 100; n++)); do
		rm -rf "$home/dead.letter"
		head -c 64 /dev/zero >state
		long_text | LD_PRELOAD=$lib FULL_STATE=$PWD/state \
			FULL_CALL=malloc FULL_AT=$n FULL_ERRNO=12 timeout 100 \
			env -u MAILSEND_FROZEN "$PROGRAMS/mailsend" \
			--set queue=never --set host=127.0.0.1 --set port=1 \
			--set tls=off --set "dead_letter=$home/dead.letter" \
			-f a@example.org -s word bob@example.org 2>err &&
			statuses=(0 0) || statuses=("${PIPESTATUS[@]}")
		echo "$n: ${statuses[*]}"
		kept_or_told "${statuses[@]}"
		if is_told_lost; then
			return 1
		fi
	done
}
