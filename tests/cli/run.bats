#!/usr/bin/env bats
# run.bats - mailsend --run: real jobs, and the mails about them.

# helper.bash sets what is used here; a test is a shell of its own; jobs are for
# other shells
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2086,SC2314
load helper
load face
load server

setup() {
	own_home
	freeze ''
	state=$home/.local/state/mailsend/run
}

teardown() {
	[ -z "${peer-}" ] || kill "$peer" 2>/dev/null || :
}

# at SECONDS - the time of the next run.
at() {
	freeze "clock=$((1700000000 + $1))"
}

# job ARGUMENT... - with an address that is ours; $status.
job() {
	if [[ " ${*%% -- *} " == *[a-z]@* ]]; then
		send --run "$@"
	else
		send --run alice "$@"
	fi
}

# ends STATUS ARGUMENT... - the job's status, and nothing else is said.
ends() {
	job "${@:2}"
	[ "$status" -eq "$1" ] || return 1
	[ -z "$output$stderr" ]
}

# mailed SUBJECT - exactly one mail; it becomes the file `mail`.
mailed() {
	local file

	file=$(mail_file) || {
		echo "mails: $(delivered)"
		return 1
	}
	mv "$file" mail
	judge mail headers/subject | grep -qxF -- "$1" || {
		judge mail headers/subject
		return 1
	}
}

text() {
	judge mail body/text
}

# attached FILE - names.
attached() {
	grep -o 'filename="\?[^";]*' "$1" | sed 's/.*=//; s/"//'
}

# ---- the exit status

@test "the exit status is the job's own" {
	ends 0 -- true
	nothing_sent
	for code in 1 2 75 124 200 255; do
		ends "$code" --name "job$code" -- sh -c "exit $code"
		mailed "[host] job$code: failed (exit $code) after 0 ms" ||
			grep -q "^Subject: \[host] job$code: failed (exit $code)" mail
	done
	ends 24 --ok '0, 24' --on 'failure, recovery' --name spaced -- \
		sh -c 'exit 24'
	ends 24 --ok 0,24 --name fine -- sh -c 'exit 24'
	nothing_sent
	ends 0 --ok 24 --name odd -- true
	[ "$(delivered)" -eq 1 ]
}

@test "a job that is ended by a signal, that cannot be run, that is not there" {
	job --name killed -- sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	grep -rq '^Subject: \[host] killed: killed by SIGKILL after' "$home/Maildir/new"
	rm -r "$home/Maildir"
	job -- ./missing
	[ "$status" -eq 127 ]
	says 'no such file'
	mailed '[host] missing: not found'
	touch script
	job -- ./script
	[ "$status" -eq 126 ]
	mailed '[host] script: cannot be run'
	job -- /
	[ "$status" -eq 126 ]
	rm -r "$home/Maildir"
	printf '#!/nowhere/sh\r\n' >script
	chmod +x script
	job -- ./script
	[ "$status" -eq 126 ]
	says 'first line'
	mailed '[host] script: cannot be run'
	text | grep -q 'first line'
}

@test "no descriptor is left for the job: it is told" {
	local found=

	for n in {4..20}; do
		rm -rf "$home/Maildir"
		status=0
		bash -c 'ulimit -n "$0"; exec "$@"' "$n" $MAILSEND --run alice \
			-- sh -c 'exit 3' 2>err 3>&- || status=$?
		[ "$status" -ne 126 ] || [ "$(delivered)" -ne 1 ] || {
			found=1
			judge "$(mail_file)" body/text |
				grep -q 'not be run: Too many open files'
		}
	done
	[ -n "$found" ]
}

@test "no shell: words stay what they are, whatever they are" {
	ends 3 -- sh -c 'printf "<%s>" "$@"; exit 3' name 'a  b' '$HOME' '*' \
		$'two\nlines' '' $'caf\xe9'
	[ "$(delivered)" -eq 1 ]
	mv "$(mail_file)" mail
	text | tr -d '\n' | grep -qF '<a  b><$HOME><*><twolines><>'
	grep -qF 'caf\xE9' <(text)
}

@test "it is ended when its time is over, with all that it started" {
	job --timeout 1s --name slow -- sh -c 'sleep 600 & echo $! >pid; wait'
	[ "$status" -eq 124 ]
	grep -q '^Subject: \[host] slow: timed out after' "$(mail_file)"
	[ ! -d "/proc/$(cat pid)" ] || grep -q ') Z' "/proc/$(cat pid)/stat"
}

@test "one that ignores SIGTERM is killed after the grace" {
	job --timeout 1s,TERM,1s -- sh -c 'trap "" TERM; echo before
		while :; do sleep 1; done'
	[ "$status" -eq 124 ]
	mv "$(mail_file)" mail
	text >words
	grep -q 'ended by SIGKILL' words
	grep -q '^before$' words
}

@test "a job that catches SIGTERM says its last words" {
	job --timeout 1s -- sh -c 'trap "echo last words; exit 0" TERM
		while :; do sleep 0.1; done'
	[ "$status" -eq 124 ]
	grep -q 'last words' "$(mail_file)"
}

@test "what it leaves in the background holds nothing up" {
	local start=$SECONDS

	ends 5 -- sh -c 'sleep 300 & echo $! >pid; echo started; exit 5'
	kill "$(cat pid)"
	((SECONDS - start < 200))
	grep -q '^started' "$(mail_file)"
}

@test "it ended in time: what it left, or a stop of ours, does not change that" {
	ends 5 --timeout 1s -- sh -c 'sleep 300 & echo $! >pid; exit 5'
	kill "$(cat pid)"
	rm pid
	started --timeout 1s --name x -- sh -c 'echo $$ >pid
		until [ -e go ]; do sleep 0.01; done; exit 6'
	kill -STOP "$runner"
	touch go
	until grep -q ') Z' "/proc/$(cat pid)/stat"; do sleep 0.05; done
	sleep 1.2
	kill -CONT "$runner"
	status=0
	wait "$runner" || status=$?
	[ "$status" -eq 6 ]
}

@test "a pipeline that it does not wait for is heard to its end" {
	ends 1 -- bash -c 'exec > >(sleep 0.3; sed s/^/late:/); echo words; exit 1'
	grep -q 'late:words' "$(mail_file)"
}

@test "it closes its descriptors and goes on" {
	ends 4 -- sh -c 'echo first; exec >&- 2>&-; sleep 0.3; exit 4'
	grep -q '^first' "$(mail_file)"
}

@test "standard input is empty, or ours" {
	job --on always -- wc -c <<<'some words'
	grep -q '^0' <(judge "$(mail_file)" body/text | sed -n '/Output/,$p')
	rm -r "$home/Maildir"
	job --on always --stdin -- wc -c <<<'some words'
	grep -q '^11' <(judge "$(mail_file)" body/text)
}

# ---- signals

# started JOB... - in the background, and its process is there.
started() {
	$MAILSEND --run alice "$@" >out 2>err 3>&- &
	runner=$!
	until [ -s pid ]; do sleep 0.05; done
}

@test "SIGHUP, SIGINT, SIGTERM go on to the job, whose status is ours" {
	local name number

	for name in HUP:129 INT:130 TERM:143 QUIT:131; do
		number=${name#*:}
		rm -f pid
		env --default-signal=HUP,INT,TERM,QUIT $MAILSEND --run \
			--name "$name" alice -- sh -c 'ulimit -c 0
			echo said; echo $$ >pid; exec sleep 600' >out 2>err 3>&- &
		runner=$!
		until [ -s pid ]; do sleep 0.05; done
		kill "-${name%:*}" "$runner"
		status=0
		wait "$runner" || status=$?
		[ "$status" -eq "$number" ]
		mv "$(mail_file)" mail
		grep -q "killed by SIG${name%:*}" mail
		grep -q '^said' <(text)
	done
}

@test "a signal that comes before the job is there reaches it" {
	mkdir -p "$state"
	(flock 9 && : >held && until [ -e go ]; do sleep 0.05; done) \
		9>"$state/x.lock" 3>&- &
	holder=$!
	until [ -e held ]; do
		sleep 0.05
	done
	env --default-signal=TERM $MAILSEND --run --name x alice -- \
		sleep 600 >out 2>err 3>&- &
	runner=$!
	until find "/proc/$runner/fd" -lname '*/x.lock' 2>/dev/null | grep -q .; do
		sleep 0.05
	done
	kill -TERM "$runner"
	touch go
	wait "$holder"
	status=0
	wait "$runner" || status=$?
	[ "$status" -eq 143 ]
	grep -q 'killed by SIGTERM' "$(mail_file)"
}

# ones_are COUNT - so often the job has seen its signal.
ones_are() {
	local tries=2400

	until [ "$(grep -c one ones 2>/dev/null)" = "$1" ]; do
		((tries--)) || return 1
		sleep 0.05
	done
}

@test "a second signal, later, reaches it, too" {
	started -- sh -c 'trap "echo one; echo one >>ones" TERM
		trap "echo two; exit 7" HUP
		echo $$ >pid; while :; do sleep 0.1; done'
	kill -TERM "$runner"
	ones_are 1
	sleep 1.2
	kill -TERM "$runner"
	ones_are 2
	kill -HUP "$runner"
	status=0
	wait "$runner" || status=$?
	[ "$status" -eq 7 ]
	mv "$(mail_file)" mail
	text >words
	grep -qx one words
	grep -qx two words
}

@test "mailsend is killed: the job is told to end, the next run tells of it" {
	started --name lost -- sh -c 'echo $$ >pid; exec sleep 600'
	kill -KILL "$runner"
	wait "$runner" || :
	while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.1; done
	send --run --list
	[[ $output == *lost* ]]
	job --name lost -- false
	[ "$status" -eq 1 ]
	mv "$(mail_file)" mail
	text | grep -q 'never came to its end'
}

@test "a run that was lost is mailed by the next, though that one works" {
	started --name lost -- sh -c 'echo $$ >pid; exec sleep 600'
	kill -KILL "$runner"
	wait "$runner" || :
	send --run --missed 1d lost
	[ "$status" -eq 1 ]
	[[ $output == *'lost: lost'* ]]
	send --run --list --json lost
	[ "$(jq -c '.[] | [.status, .running, .ended]' <<<"$output")" = \
		'["lost",false,null]' ]
	job --name lost -- true
	[ "$status" -eq 0 ]
	[ "$(grep -c 'never came to its end' <<<"$stderr")" -eq 1 ]
	mailed '[host] lost: the run before never ended'
	text | grep -q 'never came to its end'
	ends 0 --name lost -- true
	nothing_sent
	send --run --missed 1d lost
	[ "$status" -eq 0 ]
}

@test "mailsend is killed while it sends: the next run tells that a mail may be lost" {
	python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], file=open("port.new", "w"))
import os
os.rename("port.new", "port")
c = s.accept()
open("met", "w")
time.sleep(600)' 3>&- &
	peer=$!
	until [ -s port ]; do sleep 0.05; done
	cp "$MAILSEND_CONFIG" usual
	printf '%s\n' 'host localhost' "port $(cat port)" 'tls off' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	$MAILSEND --run --name x ann@example.org -- false 3>&- &
	runner=$!
	until [ -e met ]; do sleep 0.05; done
	kill -KILL "$runner"
	wait "$runner" || :
	cp usual "$MAILSEND_CONFIG"
	job --name x -- true
	[ "$status" -eq 0 ]
	mailed '[host] x: the mail before may be lost'
	ends 0 --name x -- true
	nothing_sent
}

@test "at a terminal: stopped and continued, interrupted, asked" {
	freeze "tty=1"
	python3 "$root/tests/cli/run_terminal.py" "$MAILSEND"
}

# ---- when a mail is sent

@test "a recovery is told after a failure that was told, and once" {
	at 0
	ends 1 --name x -- false
	grep -q '^Subject: \[host] x: failed' "$(mail_file)"
	rm -r "$home/Maildir"
	at 60
	ends 1 --name x -- false
	mv "$(mail_file)" mail
	text | grep -q '2nd failure in a row, since'
	at 120
	ends 0 --name x -- true
	mailed '[host] x: recovered after 2 failures'
	at 180
	ends 0 --name x -- true
	nothing_sent
	at 240
	ends 1 --name x --after 2 -- false
	nothing_sent
	ends 0 --name x -- true
	nothing_sent
}

@test "--after: from the nth on" {
	for n in 1 2; do
		ends 1 --after 3 -- false
		nothing_sent
	done
	ends 1 --after 3 -- false
	mv "$(mail_file)" mail
	text | grep -q '3rd failure in a row'
	ends 1 --after 3 -- false
	[ "$(delivered)" -eq 1 ]
}

@test "--every: the same once, what changes at once, and all are counted" {
	at 0
	ends 1 --every 1d --name x -- sh -c 'echo disk; exit 1'
	[ "$(delivered)" -eq 1 ]
	for n in 1 2 3; do
		at $((n * 3600))
		ends 1 --every 1d --name x -- sh -c 'echo disk; exit 1'
	done
	[ "$(delivered)" -eq 1 ]
	rm -r "$home/Maildir"
	at 15000
	ends 1 --every 1d --name x -- sh -c 'echo other; exit 1'
	mv "$(mail_file)" mail
	text | grep -q '^3 more since 00:13 were not mailed'
	at 16000
	ends 2 --every 1d --name x -- sh -c 'echo other; exit 2'
	[ "$(delivered)" -eq 1 ]
	at $((16000 + 86400))
	ends 2 --every 1d --name x -- sh -c 'echo other; exit 2'
	[ "$(delivered)" -eq 2 ]
	send --run --list
	[[ $output == *x* ]]
}

@test "a pattern that can match nothing does not end the search" {
	ends 1 --mask '[0-9]*' --name x -- sh -c 'exit 1' pin 1234 5
	mv "$(mail_file)" mail
	text | grep -q "pin \*\*\* \*\*\*$"
	ends 1 --mask '(z)?' --name x -- sh -c 'exit 1' pizza é
	mv "$(mail_file)" mail
	text | grep -q 'pi\*\*\*\*\*\*a é$'
	at 0
	ends 1 --every 1d --ignore '[0-9]*' --name y -- sh -c 'echo at 11; exit 1'
	mv "$(mail_file)" mail
	ends 1 --every 1d --ignore '[0-9]*' --name y -- sh -c 'echo at 12; exit 1'
	nothing_sent
	refused 64 'more than 32 groups' --run --mask "$(printf '(a)%.0s' {1..33})" \
		alice -- true
}

@test "--every with --ignore: a time in the output is no change" {
	at 0
	ends 1 --every 1d --ignore '[0-9]+:[0-9]+' -- sh -c 'echo at 11:02; exit 1'
	at 60
	ends 1 --every 1d --ignore '[0-9]+:[0-9]+' -- sh -c 'echo at 11:03; exit 1'
	[ "$(delivered)" -eq 1 ]
	at 120
	ends 1 --every 1d --ignore '[0-9]+:[0-9]+' -- sh -c 'echo on 11:03; exit 1'
	[ "$(delivered)" -eq 2 ]
}

@test "the clock is set back: it is sent rather than held back" {
	at 100000
	ends 1 --every 1d -- false
	at 0
	ends 1 --every 1d -- false
	[ "$(delivered)" -eq 2 ]
}

@test "--on output, change, always" {
	ends 0 --on output --name a -- true
	nothing_sent
	ends 0 --on output --name a -- echo words
	[ "$(delivered)" -eq 1 ]
	rm -r "$home/Maildir"
	ends 0 --on change --name b -- echo one
	[ "$(delivered)" -eq 1 ]
	grep -q '^Subject: \[host] b: first output' "$(mail_file)"
	ends 0 --on change --name b -- echo one
	[ "$(delivered)" -eq 1 ]
	rm -r "$home/Maildir"
	ends 0 --on change --name b -- echo two
	mailed '[host] b: output has changed'
	ends 1 --on change --name b -- sh -c 'echo two; exit 1'
	nothing_sent
	ends 0 --on always --name c -- true
	[ "$(delivered)" -eq 1 ]
}

@test "--on stderr: what a job that works writes there" {
	ends 0 --on failure,stderr --name a -- echo words
	nothing_sent
	ends 0 --on failure,stderr --name a -- sh -c 'echo words; echo trouble >&2'
	mailed '[host] a: ok, but wrote to stderr'
	text | grep -q '^! trouble'
	ends 1 --on failure,stderr --name a -- sh -c 'echo trouble >&2; exit 1'
	grep -q '^Subject: \[host] a: failed (exit 1)' "$(mail_file)"
}

@test "--quiet-until: nothing before, and the recovery is made up for" {
	at 0
	ends 1 --name x -- false
	rm -r "$home/Maildir"
	ends 0 --name x --quiet-until @1700000100 -- true
	nothing_sent
	at 200
	ends 0 --name x --quiet-until @1700000100 -- true
	mv "$(mail_file)" mail
	grep -q '^Subject: \[host] x: recovered' mail
}

@test "-s: a template" {
	ends 3 --name x -s '[{host}] {name}/{user}: {status} {exit} {n}' -- \
		sh -c 'exit 3'
	mailed '[host] x/alice: failed (exit 3) 3 {n}'
}

@test "all mails of a job are one thread, and tell that no person wrote them" {
	ends 1 --name x -- false
	mv "$(mail_file)" one
	ends 2 --name x -- sh -c 'exit 2'
	mv "$(mail_file)" two
	ends 2 --name y -- sh -c 'exit 2'
	mv "$(mail_file)" three
	[ -n "$(judge one headers/references)" ]
	[ "$(judge one headers/references)" = "$(judge two headers/references)" ]
	[ "$(judge one headers/references)" != "$(judge three headers/references)" ]
	[ "$(judge one headers/auto-submitted)" = auto-generated ]
	[ "$(judge one headers/x-mailsend-run)" = x ]
}

@test "the facts; --mask hides what was said to be hidden, and only that" {
	ends 1 --mask '--password ([^ ]+)' --mask 'tok[a-z0-9]+' -- \
		sh -c 'echo out; exit 1' x --password secret --other tokabc end
	mv "$(mail_file)" mail
	text >words
	grep -qF -- '--password *** --other *** end' words
	for word in '^Host: host.example.org' '^User: alice' '^Started:' \
		'^Duration:' '^CPU:' '^Memory: .* MB' '^Status: failed'; do
		grep -qE "$word" words
	done
}

# ---- what is wrong on our side

@test "the server is away: the mail waits, the status is the job's" {
	printf 'host localhost\nport 1\ntls off\nfrom me@example.org\n' \
		>"$MAILSEND_CONFIG"
	job --name x ann@example.org -- sh -c 'echo words; exit 6'
	[ "$status" -eq 6 ]
	[ "$(find "$MAILSEND_QUEUE/env" -type f | wc -l)" -ge 1 ]
}

@test "a configuration that is wrong: the job is run, the mail is kept" {
	echo 'nonsense here' >"$MAILSEND_CONFIG"
	job --name x -- sh -c 'echo words >ran; echo words; exit 6'
	[ "$status" -eq 6 ]
	[ -s ran ]
	grep -q words "$home/dead.letter"
	grep -q '^Subject: \[host] x: failed (exit 6)' "$home/dead.letter"
	says 'dead.letter'
}

@test "the queue is off and the server away: the mail is kept" {
	printf '%s\n' 'host localhost' 'port 1' 'tls off' 'from me@example.org' \
		'queue never' >"$MAILSEND_CONFIG"
	job --name x ann@example.org -- sh -c 'echo words; exit 6'
	[ "$status" -eq 6 ]
	grep -q '^words' "$home/dead.letter"
}

@test "--every: a mail that failed does not hold the next one back" {
	at 0
	cp "$MAILSEND_CONFIG" usual
	echo 'nonsense here' >"$MAILSEND_CONFIG"
	job --name x --every 1d -- false
	[ "$status" -eq 1 ]
	cp usual "$MAILSEND_CONFIG"
	at 60
	ends 1 --name x --every 1d -- false
	mv "$(mail_file)" mail
	text | grep -q '^1 more since 23:13 was not mailed'
	at 120
	ends 1 --name x --every 1d -- false
	nothing_sent
}

@test "a state that is damaged: it is told, and the mail goes" {
	ends 1 --every 1d --name x -- false
	for damage in 'echo nonsense' 'head -c 100 saved' 'tr 0-9 x <saved' \
		'printf "\0\0\0"' 'cat saved; cat saved'; do
		rm -r "$home/Maildir"
		cp "$state/x.state" saved
		eval "$damage" >"$state/x.state"
		job --every 1d --name x -- false
		[ "$status" -eq 1 ]
		[[ $damage == *'saved; cat'* ]] && continue
		mv "$(mail_file)" mail
		text | grep -q 'is damaged'
		mkdir -p "$home/Maildir"
	done
}

@test "a state that is damaged: a failure is mailed at once, whatever --after says" {
	ends 1 --after 5 --name x -- false
	nothing_sent
	echo nonsense >"$state/x.state"
	job --after 5 --name x -- false
	[ "$status" -eq 1 ]
	[ "$(delivered)" -eq 1 ]
}

@test "a state that is no regular file: nothing waits for it, or is written to" {
	mkdir -p "$state"
	echo other >other
	for kind in fifo link; do
		rm -rf "$home/Maildir" "$state/x.state"
		case $kind in
		fifo) mkfifo "$state/x.state" ;;
		link) ln -s "$PWD/other" "$state/x.state" ;;
		esac
		job --name x -- false
		[ "$status" -eq 1 ]
		mv "$(mail_file)" mail
		text | grep -q 'not a regular file'
		mkdir -p "$home/Maildir"
	done
	[ "$(cat other)" = other ]
	[ -L "$state/x.state" ]
}

@test "a last line without its end is one" {
	for words in 'a\nb' 'a\nb\n' '\nb'; do
		job --on always --name x --json -- printf "$words"
		[ "$(jq .lines <<<"$output")" -eq 2 ]
	done
	job --on always --name x --json -- true
	[ "$(jq .lines <<<"$output")" -eq 0 ]
}

@test "a state that cannot be written: each failure is mailed, the status is true" {
	[ "$EUID" -eq 0 ] || skip "needs mounts"
	unshare -m true 2>/dev/null || skip "no mount namespaces"
	mkdir -p "$state"
	for how in ro full; do
		run --separate-stderr unshare -m bash -c '
			how=$1; shift
			mount -t tmpfs -o size=64k state "$0" || exit 99
			if [ "$how" = full ]; then
				cat /dev/zero >"$0/fill" 2>/dev/null
			else
				mount -o remount,ro "$0"
			fi
			"$@"; first=$?
			"$@"; echo "$first $?"' "$state" "$how" \
			$MAILSEND --run --after 3 --every 1d --lock --name x alice -- \
			sh -c 'exit 6'
		show
		[ "$output" = '6 6' ]
		[ "$(delivered)" -eq 2 ]
		for file in "$home"/Maildir/new/*; do
			judge "$file" body/text | grep -q '^Note: '
		done
		rm -r "$home/Maildir"
	done
}

@test "no home, no state: the job is run all the same" {
	freeze 'home='
	job --name x --lock=skip -- sh -c 'echo words >ran; exit 6'
	[ "$status" -eq 6 ]
	[ -s ran ]
	says 'no home directory for the record'
	says 'without its lock'
	send --run --list
	[ "$status" -ne 0 ]
	says 'no home directory'
}

@test "no disk for the output: the job goes on, the mail has both ends" {
	[ "$EUID" -eq 0 ] || skip "needs mounts"
	unshare -m true 2>/dev/null || skip "no mount namespaces"
	mkdir -p small
	run --separate-stderr unshare -m bash -c '
		mount -t tmpfs -o size=1m small small || exit 99
		MAILSEND_FROZEN="$MAILSEND_FROZEN spare=$PWD/small" TMPDIR=$PWD/small \
			"$@"' - \
		$MAILSEND --run --name x alice -- sh -c \
		'echo beginning; seq 1 1000000; echo the end; exit 6'
	show
	[ "$status" -eq 6 ]
	says 'middle is missing'
	mv "$(mail_file)" mail
	text >words
	grep -q '^beginning' words
	grep -q '^the end' words
	grep -q 'No space left' words
}

@test "system calls that fail: the status is true, and nothing is lost unsaid" {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true 2>/dev/null || skip "strace may not trace"
	# no leaks are found in what strace traces
	ASAN_OPTIONS=detect_leaks=0 python3 "$root/tests/cli/run_faults.py" \
		"$MAILSEND" "$PWD/faults"
}

# ---- one at a time

@test "--lock: wait, skip and notify" {
	started --name x --lock -- sh -c 'echo $$ >pid
		until [ -e go ]; do sleep 0.05; done; echo first >>order'
	send --run --lock=skip --name x alice -- touch skipped
	[ "$status" -eq 0 ]
	[ ! -e skipped ]
	nothing_sent
	send --run --lock=notify --every 1d --name x alice -- touch skipped
	[ "$status" -eq 75 ]
	[ ! -e skipped ]
	grep -q '^Subject: \[host] x: still running since' "$(mail_file)"
	send --run --lock=notify --every 1d --name x alice -- touch skipped
	[ "$(delivered)" -eq 1 ]
	send --run --lock=skip --name other alice -- touch other
	[ -e other ]
	$MAILSEND --run --lock --name x alice -- sh -c 'echo second >>order' 3>&- &
	waiter=$!
	sleep 0.3
	[ ! -e order ]
	touch go
	wait "$runner"
	wait "$waiter"
	[ "$(cat order)" = $'first\nsecond' ]
}

@test "a wait for the lock is told, and ends when it is asked to" {
	started --name x --lock -- sh -c 'echo $$ >pid
		until [ -e go ]; do sleep 0.05; done'
	$MAILSEND --run --lock --name x --on always alice -- echo later 3>&- &
	waiter=$!
	env --default-signal=TERM $MAILSEND --run --lock --name x alice -- \
		touch never 3>&- &
	asked=$!
	for pid in "$waiter" "$asked"; do
		until find "/proc/$pid/fd" -lname '*/x.run' | grep -q .; do sleep 0.05; done
	done
	sleep 1.2
	kill -TERM "$asked"
	status=0
	wait "$asked" || status=$?
	[ "$status" -eq 143 ]
	touch go
	wait "$runner"
	wait "$waiter"
	[ ! -e never ]
	grep -q 'it waited .* for its lock' "$(mail_file)"
}

@test "two at once on one state: no run is lost from the count" {
	local pids=()

	for n in 1 2 3 4 5 6; do
		$MAILSEND --run --name x alice -- false 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && return 1
	done
	grep -qx 'failures 6' "$state/x.state"
	[ "$(delivered)" -eq 6 ]
}

# ---- the output

@test "streams are marked, controls are shown and never passed" {
	ends 1 -- sh -c 'echo out; sleep 0.2; echo err >&2; sleep 0.2
		printf "\033[2Jcleared\007 \342\200\256bidi\n"; exit 1'
	mv "$(mail_file)" mail
	text >words
	grep -qx 'out' words
	grep -qx '! err' words
	grep -qF '\x1B[2Jcleared\x07 \xE2\x80\xAEbidi' words
	lacks $'\033' mail
}

@test "progress that is written over: the last state" {
	printf ' 10%%\r 50%%\r100%%\ndone\r\n' >progress
	ends 1 -- sh -c 'cat progress; exit 1'
	mv "$(mail_file)" mail
	text >words
	grep -qx '100%' words
	grep -qx 'done' words
	lacks 50% words
	[ "$(attached mail | grep -c output.txt)" -eq 1 ]
}

@test "long output: both ends in the text, all of it attached" {
	ends 1 --tail 5 -- sh -c 'seq 1 30000; exit 1'
	mv "$(mail_file)" mail
	text >words
	grep -qx 5 words
	grep -qx 29996 words
	lacks '^6$' words
	lacks '^29000$' words
	python - <<-'END'
		import email, gzip
		message = email.message_from_binary_file(open("mail", "rb"))
		[part] = [p for p in message.walk() if p.get_filename()]
		assert part.get_filename() == "output.txt.gz", part.get_filename()
		data = gzip.decompress(part.get_payload(decode=True))
		assert data == b"".join(b"%d\n" % n for n in range(1, 30001))
	END
	rm -r "$home/Maildir"
	ends 1 --tail 5 --compress none --name other -- sh -c 'seq 1 30000; exit 1'
	mv "$(mail_file)" mail
	[[ $(attached mail) == *output.txt* ]]
}

@test "output of 64 kB and less is all in the text" {
	ends 1 --tail 1000 -- sh -c 'seq 1 1500; exit 1'
	mv "$(mail_file)" mail
	[ "$(text | grep -cE '^[0-9]+$')" -ge 1500 ]
	[ -z "$(attached mail)" ]
	rm -r "$home/Maildir" 2>/dev/null || :
	ends 1 --name exact -- sh -c 'yes 123456789012345 | head -c 65536; exit 1'
	mv "$(mail_file)" mail
	[ -n "$(attached mail)" ]
}

@test "binary output is recognised, attached and described" {
	ends 1 -- sh -c 'head -c 5000 /dev/urandom | tee sent; echo broken >&2; exit 1'
	mv "$(mail_file)" mail
	text >words
	grep -q 'output is binary' words
	grep -qx 'broken' words
	python - <<-'END'
		import email
		message = email.message_from_binary_file(open("mail", "rb"))
		[part] = [p for p in message.walk() if p.get_filename()]
		assert part.get_filename() == "output.bin"
		assert open("sent", "rb").read() in part.get_payload(decode=True)
	END
}

@test "binary output that looks like text is not labelled as text" {
	printf '\377\376h\0i\0\n\0' >words.utf16
	ends 1 -- sh -c 'cat words.utf16; exit 1'
	mv "$(mail_file)" mail
	grep -q '^Content-Type: application/octet-stream; name="output.bin"' mail
	text | grep -q 'is binary: 8 B, attached'
}

@test "a line without an end, an empty output, a very long line" {
	ends 1 -- sh -c 'printf no-end; exit 1'
	grep -q '^no-end' "$(mail_file)"
	rm -r "$home/Maildir"
	ends 1 --name long -- sh -c 'head -c 300000 /dev/zero | tr "\0" x; exit 1'
	mv "$(mail_file)" mail
	[ "$(text | wc -c)" -lt 20000 ]
	[ -n "$(attached mail)" ]
}

@test "output that is too large for a mail goes in several, and is whole" {
	configure
	ends 1 --split 200k --name big ann@example.org -- sh -c \
		'head -c 600000 /dev/urandom | tee sent; echo the end >&2; exit 1'
	[ "$(arrived | wc -l)" -gt 3 ]
	grep -lq 'Standard output is binary' "$server"/mail/new/*
	mkdir out
	run "${MAILSEND%mailsend}mailjoin" --output out "$server/mail"
	gunzip out/output.bin.gz
	python3 -c 'assert open("sent", "rb").read() in open("out/output.bin", "rb").read()'
}

# ends_attached BEGINNING END - what is attached of a shortened output.
ends_attached() {
	python - "$@" <<-'END'
		import email, gzip, sys
		message = email.message_from_binary_file(open("mail", "rb"))
		parts = {p.get_filename(): p.get_payload(decode=True)
		         for p in message.walk() if p.get_filename()}
		parts = {name.removesuffix(".gz"): gzip.decompress(data)
		         if name.endswith(".gz") else data
		         for name, data in parts.items()}
		assert sorted(parts) == ["output-beginning.txt", "output-end.txt"] \
		    or sorted(parts) == ["output-beginning.bin", "output-end.bin"]
		first, last = (parts[name] for name in sorted(parts))
		assert first.startswith(sys.argv[1].encode())
		assert last.endswith(sys.argv[2].encode() + b"\n")
		assert len(first) == len(last) <= 1024 * 1024
	END
}

@test "output that is more than is sent: both ends are attached, and it is told" {
	job --compress none --name big -- sh -c 'echo beginning
		yes "a line of output" | head -c 110000000; echo the end; exit 6'
	[ "$status" -eq 6 ]
	says 'only the first and the last'
	mv "$(mail_file)" mail
	text >words
	sed 5q words | grep -q '^Note: 110 MB of output'
	lacks 'only in the attachment' words
	ends_attached beginning 'the end'
}

@test "output that takes many mails: both ends go in one, unless --split says how" {
	local tries=400

	: >server.conf
	env MAILSEND_CONFIG="$PWD/server.conf" $MAILSEND --serve 127.0.0.1:0 \
		--set serve_max_size=150k 2>log 3>&- &
	peer=$!
	until grep -q "listening on" log; do
		((tries--)) || {
			cat log
			return 1
		}
		sleep 0.05
	done
	printf '%s\n' 'host 127.0.0.1' 'tls off' 'from me@example.org' \
		"port $(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' log)" \
		>"$MAILSEND_CONFIG"
	big='echo beginning; head -c 3000000 /dev/urandom; echo the end; exit 6'
	job --name big alice@localhost -- sh -c "$big"
	[ "$status" -eq 6 ]
	says '--split SIZE'
	[ "$(delivered)" -eq 1 ]
	mv "$(mail_file)" mail
	text | grep -q '^Note: 3.0 MB of output takes'
	ends_attached beginning 'the end'
	job --split 140k --name big alice@localhost -- sh -c "$big"
	[ "$status" -eq 6 ]
	[ "$(delivered)" -gt 20 ]
}

@test "--tee shows it, each stream where it belongs, and without it nothing" {
	run --separate-stderr mailsend --run --tee alice -- \
		sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	run --separate-stderr mailsend --run alice -- sh -c 'echo out; echo err >&2'
	[ -z "$output$stderr" ]
	# a reader that goes away ends nothing
	mailsend --run --tee alice -- sh -c 'seq 1 100000; echo whole >ran' | head -n 1
	[ -s ran ]
}

@test "--tee into a reader that does not read: the time limit holds, all is there" {
	mkfifo reader
	mailsend --run --tee --timeout 1s --name slow alice -- \
		sh -c 'echo $$ >pid; seq 1 100000; exec sleep 600' >reader &
	exec 5<reader
	until [ -s pid ]; do sleep 0.05; done
	while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.05; done
	nothing_sent
	cat <&5 >shown
	status=0
	wait $! || status=$?
	[ "$status" -eq 124 ]
	seq 1 100000 | cmp - shown
	exec 5<&-
	[ "$(delivered)" -eq 1 ]
}

@test "1 GB of output in constant memory" {
	command -v /usr/bin/time >/dev/null || skip "no time"
	[[ $MAILSEND != *asan* && $MAILSEND != *valgrind* ]] || skip "a checker's memory"
	free=$(df -k --output=avail . | tail -n 1)
	((free > 4000000)) || skip "no disk for it"
	/usr/bin/time -f %M -o peak $MAILSEND --run --name big alice -- \
		sh -c 'yes "a line of output that is repeated" | head -c 1000000000
			exit 9' || status=$?
	[ "$status" -eq 9 ]
	[ "$(tail -n 1 peak)" -lt 40000 ]
	mv "$(mail_file)" mail
	attached mail | grep -q output.txt.gz
}

# ---- colours

# The same letters in the same colours, as aha has it: red stays red-ish.
@test "colours: stripped in the text, and in the HTML as aha has them" {
	command -v aha >/dev/null || skip "no aha"
	cat >coloured <<-'END'
		printf '\033[1mbold\033[0m plain \033[31mred \033[42mon green\033[0m\n'
		printf '\033[38;5;208morange\033[39m back \033[4munder\033[24mline\n'
		printf '\033[7minverse\033[27m <b>&"tag"</b> \033[96mbright\033[m\033[K\n'
		printf '\033[33myellow\nstill yellow\033[0m end \033[38;2;10;200;30mrgb\033[0m\n'
	END
	sh coloured | aha --black >expected.html
	ends 1 -- sh -c '. ./coloured; exit 1'
	mv "$(mail_file)" mail
	text >words
	lacks $'\033' words
	grep -qx 'bold plain red on green' words
	python "$root/tests/cli/run_colours.py" mail expected.html
}

# Its parameters are no styles of their own: 1 is not bold, 2 not faint.
@test "the colour of an underline is passed over" {
	ends 1 -- sh -c 'printf "\033[4;58;5;1mline\033[0m \033[58;2;1;2;3mno\033[0m\n"; exit 1'
	mv "$(mail_file)" mail
	judge mail html/text >html
	grep -q underline html
	lacks "<span style=.font-weight:bold" html
	lacks opacity html
}

@test "no HTML without colours" {
	ends 1 -- sh -c 'echo plain; exit 1'
	lacks text/html "$(mail_file)"
}

# ---- the monitor that is pinged

@test "--ping: start, success, failure; one that is away changes nothing" {
	python3 "$root/tests/cli/run_ping.py" >port 2>pings 3>&- &
	pinger=$!
	until [ -s port ]; do sleep 0.05; done
	url=http://127.0.0.1:$(cat port)/id
	ends 0 --ping "$url" -- true
	[ "$(cat pings)" = $'/id/start\n/id' ]
	ends 3 --ping "$url?x=1" -- sh -c 'exit 3'
	[ "$(tail -n 2 pings)" = $'/id/start?x=1\n/id/fail?x=1' ]
	kill "$pinger"
	wait "$pinger" || :
	ends 4 --ping "$url" --name away -- sh -c 'exit 4'
}

# ---- a unit of systemd's

# systemd_says LINE... - a systemctl and a journalctl in the PATH.
systemd_says() {
	mkdir -p bin
	printf '%s\n' "$@" >properties
	printf '#!/bin/sh\ncat %q\n' "$PWD/properties" >bin/systemctl
	printf '#!/bin/sh\necho "$*" >%q\necho "backup[1]: no space"\n' \
		"$PWD/asked" >bin/journalctl
	chmod +x bin/*
	export PATH=$PWD/bin:$PATH
}

@test "--unit: the status of that invocation, and its journal" {
	systemd_says LoadState=loaded Result=exit-code ExecMainStatus=2 \
		InvocationID=0123456789abcdef0123456789abcdef
	send --run --unit backup.service alice
	[ "$status" -eq 0 ]
	mv "$(mail_file)" mail
	grep -q '^Subject: \[host] backup.service: failed (exit 2)' mail
	text | grep -q 'no space'
	grep -q '_SYSTEMD_INVOCATION_ID=0123456789abcdef0123456789abcdef' asked
	export MONITOR_INVOCATION_ID=ffffffffffffffffffffffffffffffff \
		MONITOR_SERVICE_RESULT=signal MONITOR_EXIT_STATUS=KILL
	send --run --unit backup.service alice
	grep -q 'killed by SIGKILL' "$(mail_file)"
	grep -q 'INVOCATION_ID=ffffffff' asked
}

@test "--unit: by what a unit was ended when its time was over" {
	systemd_says LoadState=loaded Result=timeout ExecMainCode=2 \
		ExecMainStatus=15
	send --run --unit -.mount alice
	[ "$status" -eq 0 ]
	mv "$(mail_file)" mail
	text | grep -q '^Timed out: ended by SIGTERM'
	export MONITOR_INVOCATION_ID=ffffffffffffffffffffffffffffffff \
		MONITOR_SERVICE_RESULT=timeout MONITOR_EXIT_CODE=killed \
		MONITOR_EXIT_STATUS=KILL
	send --run --unit backup.service alice
	mv "$(mail_file)" mail
	text | grep -q '^Timed out: ended by SIGKILL'
	MONITOR_EXIT_CODE=exited MONITOR_EXIT_STATUS=1 \
		send --run --unit backup.service alice
	mv "$(mail_file)" mail
	text | grep -q '^Timed out: ended by itself'
}

@test "--unit: no systemd: the mail tells of it" {
	mkdir -p bin
	printf '#!/bin/sh\nexit 1\n' >bin/systemctl
	cp bin/systemctl bin/journalctl
	chmod +x bin/*
	PATH=$PWD/bin:$PATH send --run --unit backup.service alice
	[ "$status" -eq 0 ]
	judge "$(mail_file)" body/text | grep -q '^Note: '
}

@test "the unit for OnFailure is one that systemd takes" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	mkdir units
	read -ra words <<<"$MAILSEND"
	sed "s|/usr/local/bin/mailsend|${words[-1]}|" \
		"$root/contrib/systemd/mailsend@.service" >units/mailsend@.service
	printf '[Unit]\nOnFailure=mailsend@%%n.service\n[Service]\nExecStart=/bin/false\n' \
		>units/job.service
	run systemd-analyze verify --man=no units/job.service \
		units/mailsend@job.service.service
	echo "$output"
	! grep -E 'job\.service|mailsend' <<<"$output"
}

# ---- what is known

@test "--list and --missed" {
	send --run --list
	[ "$status" -eq 0 ]
	send --run --missed 1h
	[ "$status" -eq 3 ]
	[[ $output == 'RUN UNKNOWN'* ]]
	at 0
	ends 0 --name good -- true
	ends 2 --name 'bad one' -- sh -c 'exit 2'
	send --run --list
	[[ $output == *good*ok* && $output == *'bad one'*'failed (exit 2)'* ]]
	at 600
	send --run --missed 1h good
	[ "$status" -eq 0 ]
	[[ $output == 'RUN OK'* ]]
	send --run --missed 1h
	[ "$status" -eq 1 ]
	[[ $output == 'RUN WARNING'*'bad one'* ]]
	at 7200
	send --run --missed 1h good
	[ "$status" -eq 2 ]
	[[ $output == 'RUN CRITICAL'*good* ]]
	send --run --missed 1h unheard
	[ "$status" -eq 3 ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
}

# fits DEFINITION - $output, by the schema.
fits() {
	python "$root/tests/schema.py" "$@" <<<"$output"
}

@test "--json: a run, the list; each is what the schema says" {
	send --run --json --name x alice -- sh -c 'echo words; exit 3'
	[ "$status" -eq 3 ]
	fits run
	json_of 'j["state"] == "failed" and j["exit"] == 3 and j["output"] == 6' <<<"$output"
	json_of 'j["mail"]["status"] == "sent"' <<<"$output"
	send --run --json --name x alice -- sh -c 'kill -9 $$'
	fits run
	json_of 'j["signal"] == "SIGKILL" and j["exit"] == 137' <<<"$output"
	send --run --json --name y alice -- true
	fits run
	json_of 'j["state"] == "ok" and j["mail"] is None' <<<"$output"
	send --run --json alice -- ./missing
	fits run
	json_of 'j["state"] == "not-run" and j["exit"] == 127' <<<"$output"
	send --run --list --json
	fits jobs
	json_of 'sorted(x["name"] for x in j) == ["missing", "x", "y"]' <<<"$output"
	send --run --missed 1h --json x
	fits jobs
	send --run --json --bogus
	fits failure
}

# ---- the command line

@test "--json where jansson cannot be loaded: the job is run all the same" {
	mkdir lib
	: >lib/libjansson.so.4
	LD_LIBRARY_PATH=$PWD/lib job --json -- sh -c 'touch ran; exit 3'
	[ "$status" -eq 3 ]
	[ -e ran ]
	says libjansson4
	[ "$(delivered)" -eq 1 ]
}

@test "--missed: a run in the future, of a wrong clock, is none" {
	at 100000
	ends 0 --name x -- true
	at 0
	send --run --missed 1h x
	[ "$status" -eq 2 ]
	at 99000
	send --run --missed 1h x
	[ "$status" -eq 0 ]
}

@test "what is wrong on the command line is said, and nothing is run" {
	wrong() {
		refused 64 "$@" -- touch ran
		[ ! -e ran ]
	}
	wrong --on --run --on x alice
	wrong --on --run --on '' alice
	wrong --on --run --on failure,, alice
	wrong --after --run --after 0 alice
	wrong --after --run --after x alice
	wrong --after --run --after -1 alice
	wrong --every --run --every 0 alice
	wrong --every --run --every 1y alice
	wrong --every --run --every '' alice
	wrong --timeout --run --timeout x alice
	wrong --timeout --run --timeout 1h,FOO alice
	wrong --timeout --run --timeout 1h,TERM, alice
	wrong --ok --run --ok 256 alice
	wrong --ok --run --ok '' alice
	wrong --ok --run --ok 1,x alice
	wrong --quiet-until --run --quiet-until soon alice
	wrong --quiet-until --run --quiet-until '' alice
	wrong --quiet-until --run --quiet-until 2026-13-01 alice
	wrong --name --run --name '' alice
	wrong --name --run --name "$(printf '%081d' 0)" alice
	wrong --name --run --name $'a\tb' alice
	wrong --lock --run --lock=x alice
	wrong --lock --run --lock= alice
	wrong --lock --run --lock=5 alice
	wrong --tail --run --tail 0 alice
	wrong --tail --run --tail x alice
	wrong --tail --run --tail 10001 alice
	wrong --ignore --run --ignore '(' alice
	wrong --ignore --run --ignore '' alice
	wrong --ignore --run --ignore '[' alice
	wrong --mask --run --mask '(' alice
	wrong --mask --run --mask '' alice
	wrong --mask --run --mask '*[' alice
	wrong --ping --run --ping http://example.org/ alice
	wrong --ping --run --ping ftp://example.org/ alice
	wrong --ping --run --ping '' alice
	wrong --unit --run --unit x alice
	wrong --tee --run --tee --json alice
	wrong --list --run --list
	wrong recipient --run
	wrong '--run' alice --run
	refused 64 'no job' --run alice
	refused 64 'no job' --run alice --
	refused 64 'empty' --run alice -- ''
	refused 64 --unit --run --unit '' alice
	refused 64 --unit --run --unit ../x alice
	refused 64 --unit --run --unit -x alice
	refused 64 --missed --run --missed x
	refused 64 --missed --run --missed ''
	refused 64 --missed --run --missed 0
	refused 64 --list --run --list --missed 1h
}
