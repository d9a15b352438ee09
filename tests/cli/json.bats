#!/usr/bin/env bats
# json.bats - whatever the end, --json has its object, and it is what the schema
# of contrib says; the pages tell of each member and its values.

# helper.bash sets what is used here; a test is a shell of its own
# shellcheck disable=SC2154,SC2030,SC2031,SC2094,SC2016
load helper
load face
load server

# fits DEFINITION... - what is in $output; its exit is the process's.
fits() {
	python "$root/tests/schema.py" "$@" <<<"$output" || return 1
	[[ $1 != mail && $1 != check && $1 != failure ]] ||
		json_of "j['exit'] == $status" <<<"$output"
}

# ended STATUS DEFINITION ARGUMENT... <INPUT - by mailsend.
ended() {
	send "${@:3}"
	[ "$status" -eq "$1" ] || return 1
	fits "$2"
}

# by PROGRAM STATUS DEFINITION ARGUMENT... <INPUT
by() {
	run --separate-stderr "${MAILSEND%mailsend}$1" "${@:4}"
	show
	[ "$status" -eq "$2" ] || return 1
	fits "$3"
}

@test "a mail: sent, queued, nothing to send" {
	configure
	ended 0 mail --json -s hello ann@example.org <<<text
	json_of 'j["status"] == "sent"' <<<"$output"
	ended 0 mail --json --queue=only -s hello ann@example.org <<<text
	json_of 'j["status"] == "queued" and j["queue_id"]' <<<"$output"
	ended 0 mail --json -E -s hello ann@example.org </dev/null
	json_of 'j["status"] == "empty"' <<<"$output"
}

@test "a mail that failed: each cause has its object" {
	configure
	# the option that is wrong may stand before --json
	ended 64 mail --bogus --json ann@example.org <<<text
	json_of 'j["cause"] == "usage"' <<<"$output"
	ended 64 mail --json --bogus ann@example.org <<<text
	ended 64 mail --json <<<text
	ended 64 mail --json bad@ <<<text
	ended 66 mail --json -a missing ann@example.org <<<text
	json_of 'j["cause"] == "no-input" and j["dead_letter"]' <<<"$output"
	ended 78 mail --json --config missing ann@example.org <<<text
	json_of 'j["cause"] == "config" and j["dead_letter"]' <<<"$output"
	configure 'tls perhaps'
	ended 78 mail --json ann@example.org <<<text
	: >"$MAILSEND_CONFIG"
	ended 78 mail --json ann@example.org <<<text
	configure 'port 1' 'queue never'
	ended 75 mail --json ann@example.org <<<text
	json_of 'j["temporary"] is True' <<<"$output"
	configure 'tls on' 'queue never'
	ended 69 mail --json ann@example.org <<<text
}

@test "where jansson cannot be loaded nothing is sent without it" {
	configure
	mkdir lib
	: >lib/libjansson.so.4
	LD_LIBRARY_PATH=$PWD/lib send --json -s hello ann@example.org <<<text
	[ "$status" -eq 69 ]
	[[ $stderr == *libjansson4* ]]
	[ -z "$(arrived)" ]
	LD_LIBRARY_PATH=$PWD/lib send -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	[ -n "$(arrived)" ]
}

@test "a mail whose sender is ended by a signal" {
	local silent=$BATS_TEST_TMPDIR/silent

	mkfifo "$silent"
	python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
t = s.accept()
print("called", flush=True)
t[0].recv(1)' >"$silent" 3>&- &
	exec {from}<"$silent"
	read -r port <&"$from"
	configure "port $port" 'queue never'
	# shellcheck disable=SC2086 # words, on purpose
	$MAILSEND --json -s hello ann@example.org <<<text >out 2>err 3>&- &
	read -r _ <&"$from"
	kill -TERM $!
	status=0
	wait $! || status=$?
	output=$(<out)
	[ "$status" -eq 143 ]
	fits mail
	json_of 'j["cause"] == "interrupted"' <<<"$output"
}

# silent_server - into $port; a line "called" comes from $from for each caller.
silent_server() {
	mkfifo silent
	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
t = []
while True:
    t.append(s.accept()[0])
    print("called", flush=True)' >silent 3>&- &
	echo $! >silent.pid
	exec {from}<silent
	read -r port <&"$from"
}

@test "--check and --roundtrip that are ended by a signal" {
	local pid

	silent_server
	configure "port $port"
	# shellcheck disable=SC2086 # words, on purpose
	$MAILSEND --check --json ann@example.org >out 2>err 3>&- &
	pid=$!
	read -r _ <&"$from"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	output=$(<out)
	[ "$status" -eq 143 ]
	fits check
	json_of 'j["exit"] == 143 and j["status"] == "failed"' <<<"$output"
	# the mail cannot be sent; --check may have called more than once
	kill "$(<silent.pid)"
	rm silent
	silent_server
	configure "port $port"
	mkdir -p box/{cur,new,tmp}
	# shellcheck disable=SC2086 # words, on purpose
	$MAILSEND --roundtrip box --json ann@example.org >out 2>err 3>&- &
	pid=$!
	read -r _ <&"$from"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	output=$(<out)
	kill "$(<silent.pid)"
	[ "$status" -eq 143 ]
	fits roundtrip
	json_of 'j["exit"] == 143 and j["status"] == "not-sent"' <<<"$output"
	# nor does it arrive: it is waited for when the server has it
	configure
	# shellcheck disable=SC2086 # words, on purpose
	$MAILSEND --roundtrip box --json -v ann@example.org >out 2>err 3>&- &
	pid=$!
	while ! grep -q QUIT err; do
		kill -0 $pid
	done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	output=$(<out)
	[ "$status" -eq 143 ]
	fits roundtrip
	json_of 'j["exit"] == 143 and j["status"] == "not-seen" and j["error"]' \
		<<<"$output"
}

@test "a series: a line for each mail, and one for what ends it" {
	configure
	echo a >a
	echo b >b
	send --json --each a --each b -s hello ann@example.org
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 2 ]
	fits series
	freeze seed=2 # another id
	send --json --each a --each missing -s hello ann@example.org
	[ "$status" -eq 66 ]
	fits series failure
	head -c 300000 /dev/urandom >large
	freeze seed=3
	send --json --split 200k -a large -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -gt 1 ]
	fits series
	send --json --resume nothing
	[ "$status" -ne 0 ]
	fits failure mail
}

@test "--check, --explain, --roundtrip" {
	configure
	ended 0 check --check --json ann@example.org
	ended 78 check --check --json --config missing ann@example.org
	configure 'port 1'
	ended 75 check --check --json
	configure
	ended 64 failure --check --json --bogus
	send --explain --json -a "$MAILSEND_CONFIG" ann@example.org <<<text
	[ "$status" -eq 0 ]
	fits explain
	send --explain --json --split 100k -a "$MAILSEND" -s x ann@example.org <<<text
	fits explain
	send --explain --json -E ann@example.org </dev/null
	fits mail
	ended 66 failure --explain --json -a missing ann@example.org <<<text
	mkdir -p box/new box/cur box/tmp
	send --roundtrip "$server/mail" --wait 2m --json ann@example.org
	[ "$status" -eq 0 ]
	fits roundtrip
	send --roundtrip "$PWD/box" --wait 1s --json ann@example.org
	[ "$status" -ne 0 ]
	fits roundtrip
}

@test "the queue" {
	configure 'port 1'
	send --mailq --json
	[ "$output" = '[]' ]
	fits mailq
	send -s hello ann@example.org <<<text
	send --queue=only -s hello bob@example.org <<<text
	send --mailq --json
	[ "$status" -eq 0 ]
	fits mailq
	ended 64 failure --mailq --json --bogus
	echo nonsense >"$MAILSEND_QUEUE/env/1-x"
	send --mailq --json
	fits mailq
}

@test "mailget and mailjoin" {
	configure
	printf 'From: a@example.org\nSubject: x\n\ntext\n' >mail
	by mailget 0 mailget --json mail
	by mailget 66 failure --json missing
	by mailget 64 failure --json --bogus mail
	by mailget 64 failure --json
	by mailjoin 1 mailjoin --json mail
	by mailjoin 66 mailjoin --json missing
	by mailjoin 64 failure --json --bogus
	head -c 300000 /dev/urandom >large
	mailsend --split 200k -a large -s hello ann@example.org <<<text
	mkdir out
	by mailjoin 0 mailjoin --json --output out "$server/mail"
	cmp large out/large
}

@test "the causes of the schema are those of the program" {
	diff <(python "$root/tests/schema.py" --causes | sort) \
		<("${B:-$root/build}/unit/fault_table" | cut -d' ' -f2 |
			grep -vx -e ok -e some-refused | sort)
}

# section PAGE - its section JSON.
section() {
	sed -n '/^\.Sh JSON/,/^\.Sh EXIT STATUS\|^\.Sh MIGRATING/p' "$root/man/$1"
}

# told PAGE DEFINITION... - each member and each of its values, and no other
# member.
told() {
	local page=$1 word

	section "$page" >section
	[ "$(wc -l <section)" -gt 20 ] || return 1
	diff <(grep '^\.It Cm ' section | cut -d' ' -f3 | sort -u) \
		<(python "$root/tests/schema.py" --fields "${@:2}") || return 1
	for word in $(python "$root/tests/schema.py" --values "${@:2}"); do
		grep -qE "(^|[ (:;,.])$word([ ):;,.]|\$)" section || {
			echo "$page does not tell of $word"
			return 1
		}
	done
}

@test "the pages tell of each member and its values" {
	told mailsend.1 mail series failure check roundtrip explain
	told mailsend-mailq.1 mailq
	told mailsend-run.1 run jobs
	told mailget.1 mailget
	told mailjoin.1 mailjoin
}
