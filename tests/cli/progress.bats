#!/usr/bin/env bats
# What a person at a terminal sees while work goes on, and what not.

# shellcheck disable=SC2154,SC2034 # helper.bash sets and reads what is used here
load helper

teardown() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
}

# slow smtp|pop3 POINT... - a server that is silent at these; in $port.
slow() {
	local point protocol=$1

	shift
	for point; do
		: >"hold-$point"
	done
	python3 "$root/tests/cli/slow_server.py" "$protocol" . 3>&- &
	server=$!
	for ((tries = 0; tries < 1200; tries++)); do
		[ ! -e port ] || break
		sleep 0.1
	done
	port=$(cat port)
}

# screen COMMAND... <SCRIPT - at a terminal; what was seen is in $output.
screen() {
	run --separate-stderr python3 "$root/tests/cli/talk_terminal.py" "$@"
	show
	[ "$status" -eq 0 ]
}

account() {
	{
		echo "host localhost"
		printf '%s\n' "$@"
	} >config
	chmod 600 config
	export MAILSEND_CONFIG=$PWD/config
}

# types FIRST COMMAND... - a person types three lines, with a pause longer than
# progress waits for; FIRST precedes them in the script.
types() {
	local first=$1

	shift
	account 'from me@example.org'
	screen "$@" <<-END
		$first
		enter one
		see one
		pause 1.2
		enter two
		see two
		pause 0.3
		enter three
		see three
		type \\x04
		see three
		end 0
	END
	[[ $output != *reading* && $output != *$'\e'* ]]
}

@test "nothing is drawn among what a person types" {
	# shellcheck disable=SC2086 # words, on purpose
	types 'see type the message' $MAILSEND -s x --print a@example.org
}

@test "nothing is drawn among what a person types for a program before us" {
	types '' sh -c "cat | $MAILSEND -s x --print a@example.org"
}

@test "a long input from a program is still told of" {
	account 'from me@example.org'
	screen sh -c "{ head -c 200000 /dev/zero | tr '\\0' x | fold; until [ -e go ]; do echo; sleep 0.1; done; } |
		$MAILSEND -s x --print a@example.org >printed" <<-'END'
		see reading: 20
		touch go
		end 0
	END
}

@test "at a terminal a silent server is told of, and only as long" {
	account 'from me@example.org' 'tls off'
	slow smtp greet MAIL dot
	# shellcheck disable=SC2086 # words, on purpose
	screen sh -c "echo text | $MAILSEND --queue=never -s x --port $port a@example.org" \
		<<-END
		see waiting for localhost:$port to greet \\.\\.\\. [2-9]+ s
		see waiting for localhost:$port to greet \\.\\.\\. [3-9]+ s
		touch greet
		see \\r\\x1b\\[K
		see waiting for localhost:$port to answer MAIL \\.\\.\\. [2-9]+ s
		touch MAIL
		see \\r\\x1b\\[K
		see waiting for localhost:$port to take the message \\.\\.\\. [2-9]+ s
		touch dot
		see \\r\\x1b\\[K
		end 0
	END
	[[ $output == *$'\e[K' ]] # and the line is gone
}

@test "so it is with --check, and a machine that does not answer at all" {
	account 'from me@example.org' 'tls off'
	slow full full
	# shellcheck disable=SC2086 # words, on purpose
	screen $MAILSEND --check --port "$port" <<-END
		see waiting for localhost:$port to be reached \\.\\.\\. [2-9]+ s
		see waiting for localhost:$port to be reached \\.\\.\\. [3-9]+ s
		touch full
		see \\r\\x1b\\[K
		see no connection
		end 75
	END
}

@test "elsewhere, or with --quiet, nothing is told of a silent server" {
	account 'from me@example.org' 'tls off'
	slow smtp dot
	printf 'text\n' >body
	screen sh -c "$MAILSEND --queue=never -s x --port $port a@example.org \
		<body 2>errors; cat errors" <<-END
		pause 2.5
		touch dot
		end 0
	END
	[ -z "$output" ]
	rm -f port dot
	slow smtp dot
	screen sh -c "$MAILSEND --quiet --queue=never -s x --port $port \
		a@example.org <body" <<-END
		pause 2.5
		touch dot
		end 0
	END
	[ -z "$output" ]
}

@test "so it is with a mailbox's server" {
	account 'user me' 'password s3cr3t' 'tls off'
	slow pop3 greet LIST
	screen "${MAILSEND%mailsend}mailget" --tls off "pop3://localhost:$port" \
		list <<-END
		see waiting for localhost:$port to greet \\.\\.\\. [2-9]+ s
		touch greet
		see \\r\\x1b\\[K
		see waiting for localhost:$port to answer \\.\\.\\. [2-9]+ s
		touch LIST
		see \\r\\x1b\\[K
		end 0
	END
}

@test "nothing is drawn amid a line that is being shown" {
	account 'user me' 'password s3cr3t' 'tls off'
	slow pop3 half
	screen "${MAILSEND%mailsend}mailget" --tls off "pop3://localhost:$port" \
		show 1 <<-END
		see 0123456789
		pause 3
		touch half
		end 0
	END
	[[ $output == *'half a line'* ]]
	[[ $output != *[0-9a-z]$'\r\e[K'* ]]
}
