# helper.bash - a world of its own for each test: a home, a configuration that
# is empty, a frozen clock.  Sourced by the suites; the program is $MAILSEND,
# which may be a checker and a path.
# shellcheck shell=bash disable=SC2034,SC2154,SC2119,SC2120

bats_require_minimum_version 1.5.0

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${MAILSEND:=$root/build/mailsend}"

mailsend() {
	# shellcheck disable=SC2086 # words, on purpose
	$MAILSEND "$@"
}

# untraced - bats notes each command that is to be run, for its report of what
# failed: ten times what the command takes.  It goes on doing so in the test
# itself, and no more in what the test calls.  For each setup.
untraced() {
	set +T
}

# freeze WORDS - the world of a run; of two words for one thing the last holds.
freeze() {
	[ -d "$BATS_TEST_TMPDIR.spare" ] || mkdir -m 700 "$BATS_TEST_TMPDIR.spare"
	export MAILSEND_FROZEN="clock=1700000000 zone=60 seed=1 \
host=host.example.org user=alice uid=$EUID gecos=Alice_Example home=$home \
charset=utf-8 tty=0 spare=$BATS_TEST_TMPDIR.spare $1"
}

# own_home [FILE] - a home, and an empty configuration, in the test's directory.
own_home() {
	untraced
	cd "$BATS_TEST_TMPDIR" || return 1
	home=$BATS_TEST_TMPDIR/home
	mkdir -m 700 "$home"
	export HOME=$home MAILSEND_CONFIG=$BATS_TEST_TMPDIR/${1:-empty.conf}
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	unset XDG_CONFIG_HOME XDG_STATE_HOME EMAIL
	: >"$MAILSEND_CONFIG"
}

setup() {
	own_home
	freeze ''
}

# begin_server ARGUMENT... - ours, by $MAILSEND_CONFIG; its port is in $port.
begin_server() {
	local tries=2400

	rm -f server.log # of another one, which is not this one's line
	# shellcheck disable=SC2086 # the program may be a checker and a path
	$MAILSEND --serve 127.0.0.1:0 "$@" 2>server.log 3>&- &
	echo $! >server.pid
	until grep -q 'listening on' server.log; do
		kill -0 "$(cat server.pid)" || return 1
		((tries--)) || return 1
		sleep 0.05
	done
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' server.log)
}

# What the run left is shown only when the test fails.
show() {
	echo "status $status"
	echo "stdout: $output"
	echo "stderr: ${stderr:-}"
}

# send ARGUMENT... <INPUT - into $status, $output and $stderr.
send() {
	run --separate-stderr mailsend "$@"
	show
}

# no_configuration - let the program look where it looks by itself.
no_configuration() {
	unset MAILSEND_CONFIG
	if [ -e /etc/mailsend.conf ] || [ -e /etc/msmtprc ]; then
		skip "this machine has a configuration of its own"
	fi
}

delivered() {
	find "$home/Maildir/new" -type f 2>/dev/null | wc -l
}

nothing_sent() {
	[ "$(delivered)" -eq 0 ]
}

# The one message in the Maildir.
mail_file() {
	[ "$(delivered)" -eq 1 ] || return 1
	find "$home/Maildir/new" -type f
}

# says WORD - on standard error, without regard to case.
says() {
	[[ ${stderr,,} == *"${1,,}"* ]] || {
		echo "standard error does not say: $1"
		return 1
	}
}

# Each line is ours, and none is a warning of a checker or a shell.
in_sentences() {
	local line

	[ -n "$stderr" ] || return 1
	while IFS= read -r line; do
		[[ $line == mailsend:\ * || $line == usage:\ * ]] || return 1
	done <<<"$stderr"
}

# refused STATUS WORD ARGUMENT... <INPUT - a clear sentence, and nothing sent.
refused() {
	local wanted=$1 word=$2

	shift 2
	send "$@"
	[ "$status" -eq "$wanted" ] || return 1
	says "$word" || return 1
	in_sentences || return 1
	nothing_sent
}

# python SCRIPT|-|-c TEXT ARGUMENT... - where no process of its own is needed: by
# the interpreter of tests/judges, if it is there.
python() {
	if [ -n "${MAILSEND_JUDGES-}" ]; then
		"$B/judges/ask" "$@"
	else
		python3 "$@"
	fi
}

# judge FILE|- [WHAT...] - by a parser that is not ours.
judge() {
	python "$root/tests/judge.py" "$@"
}

# json_of EXPRESSION - of the object `j` on standard input; false is a failure.
json_of() {
	python -c 'import json, sys
j = json.load(sys.stdin)
value = eval(sys.argv[1])
print(value)
sys.exit(value is False)' "$1"
}

# lacks PATTERN FILE - since a bare `! grep` fails no test.
lacks() {
	local found

	found=$(grep -a -e "$1" "$2") || return 0
	echo "$2 has: $found"
	return 1
}

# end_programs - those of a test with their number in NAME.pid; none of them has
# a sanitizer's report in NAME.log.
end_programs() {
	local pid log

	for log in "$BATS_TEST_TMPDIR"/*.log; do
		[ ! -e "$log" ] || lacks 'Sanitizer\|runtime error' "$log"
	done
	for pid in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
	done
}
