#!/usr/bin/env bats
# others.bats - the program against a real Exim, which is stricter, and looser,
# in other places than Postfix is.
#
# tests/server/run --beside exim bats tests/server/others.bats
# shellcheck disable=SC2154,SC2034 # the helper sets and uses them

load helper
load others.bash

setup() {
	servers_setup
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	QUEUE_LINE='queue never'
}

teardown() {
	rm -f /srv/exim-defers
	if [[ -n ${stopped-} ]]; then
		start
	fi
}

# with NAME - the test is about that server, with alice's account there.
with() {
	local -r variable=MAIL_PORT_${1^^}
	server=$1 port=${!variable-}
	if [[ -z $port ]]; then
		[[ ${MAILSEND_REQUIRE_SERVERS-} != 1 ]] || return 1
		skip "$1 could not be fetched, or was not asked for (--beside)"
	fi
	submission "$port" "${@:2}"
}

# For the helper's settle: of all that was accepted nothing is on its way.
queue_is_empty() {
	[[ -z ${server-} ]] || "${server}_idle"
}

answers() {
	local line
	{ exec 9<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return
	IFS= read -r -t 5 line <&9 2>/dev/null || :
	exec 9>&-
	[[ $line == '220 '* ]]
}

is_down() {
	! answers && ! kill -0 "$stopped" 2>/dev/null
}

stop() {
	settle
	stopped=$("${server}_pid")
	kill -TERM "$stopped"
	until_true is_down
}

start() {
	"${server}_start"
	until_true answers
	stopped=
}

waiting() {
	local files
	shopt -s nullglob
	files=("$MAILSEND_QUEUE"/env/*)
	shopt -u nullglob
	((${#files[@]} == $1)) || {
		echo "${#files[@]} mails wait, and not $1" >&2
		return 1
	}
}

# as_it_was FILE - bob has it to the octet, below what the server put above it.
as_it_was() {
	local file
	file=$(mailbox bob) || return
	sed -n '/^From: /,$p' "$file" | cmp - "$1"
}

# ---- what is the same for each

arrives() {
	printf '%s\n' 'From: alice@example.test' 'To: bob@example.test' \
		'Date: Sun, 22 Nov 2026 10:00:00 +0000' \
		'Message-ID: <exact@example.test>' 'Subject: Exact' \
		'MIME-Version: 1.0' 'Content-Type: text/plain; charset=utf-8' \
		'Content-Transfer-Encoding: 8bit' \
		'Auto-Submitted: auto-generated' '' 'Grüße' . .. '.a' '' \
		"$(printf '%0998d' 7)" 'trailing ' '' >mail
	send -v --draft mail bob@example.test
	exits 0
	grep -qi STARTTLS err
	grep -qi AUTH err
	as_it_was mail
}

a_long_line() {
	python3 -c 'print(".\n..\nGrüße " + "word " * 40000 + "\n.")' >body
	send -s Body bob@example.test carol@example.test <body
	exits 0
	[[ $(received bob body/sha256) == "$(sum body)" ]]
	[[ $(received carol body/sha256) == "$(sum body)" ]]
}

one_of_three_is_refused() {
	send -s Three bob@example.test nobody-here@example.test \
		carol@example.test <<<'Hello.'
	exits "$EXIT_SOME_REFUSED"
	says nobody-here@example.test err
	says 550 err
	received bob
	received carol
}

all_are_refused() {
	send -s None nobody-here@example.test nor-here@example.test \
		<<<'Keep this line.'
	exits "$EXIT_NO_MAILBOX"
	says 'Keep this line.' "$HOME/dead.letter"
	mailbox bob 0
}

# too_large OCTETS LIMIT - not begun; the sentence has the server's limit.
too_large() {
	truncate -s "$1" noise.bin
	send -v -s Large -a noise.bin bob@example.test <<<'Hello.'
	exits "$EXIT_TOO_BIG"
	says "$2" err
	lacks "C: DATA" err
	lacks "C: BDAT" err
	mailbox bob 0
}

reports() {
	send -v --dsn-notify success --dsn-ret headers --dsn-envid QQ314159 \
		-s Report bob@example.test <<<'Hello.'
	exits 0
	says 'NOTIFY=SUCCESS' err
	says 'ENVID=QQ314159' err
	received bob
}

wrong_password() {
	account "$port" 'auth on' 'user alice' 'password wrong'
	send -s Greetings bob@example.test <<<'Keep this line.'
	exits "$EXIT_LOGIN"
	says 'Keep this line.' "$HOME/dead.letter"
	mailbox bob 0
}

each_way_to_log_in() {
	local method count=0
	for method in plain login; do
		submission "$port" "auth $method"
		send -s "By $method" bob@example.test <<<'Hello.'
		exits 0
		count=$((count + 1))
		mailbox bob $count
	done
}

large() {
	head -c 31457280 /dev/urandom >large.bin
	send_peak -s Large -a large.bin bob@example.test
	exits 0
	cat peak >&2
	(($(<peak) > 1000 && $(<peak) < 16384))
	[[ $(received bob file/large.bin/sha256) == "$(sum large.bin)" ]]
}

is_good() {
	send --check --json bob@example.test
	exits 0
	python3 - <<-'END'
		import json
		j = json.load(open("out"))
		assert j["status"] == "ok", j
		assert all(s["status"] == "ok" for s in j["steps"]), j
		print(*j["capabilities"], sep="\n", file=open("capabilities", "w"))
	END
	mailbox bob 0
}

twenty() {
	local n
	QUEUE_LINE='' submission "$port"
	for ((n = 0; n < 20; n++)); do
		send -s "Mail $n" --set queue=only bob@example.test <<<"$n"
	done
	waiting 20
	mark_of_server=$(wc -l <"$MAIL_LOG/$1")
	send --flush
	exits 0
	waiting 0
	mailbox bob 20 | xargs cat | grep -c '^Subject: Mail' | grep -qx 20
	tail -n "+$((mark_of_server + 1))" "$MAIL_LOG/$1" >logged
	(($(grep -cE "$2" logged) == 1))
}

stopped_and_started() {
	QUEUE_LINE='' submission "$port"
	stop
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	waiting 1
	start
	send --flush
	exits 0
	waiting 0
	[[ $(received bob body/text) == 'Hello, Bob.' ]]
}

# ---- Exim

@test "exim: a mail arrives to the octet" {
	with exim
	arrives
}

@test "exim: a long line, dots, UTF-8" {
	with exim
	a_long_line
}

@test "exim: BDAT and a pipelined envelope, as they are offered" {
	with exim
	send -v -s Greetings bob@example.test <<<'Hello.'
	exits 0
	says 'BDAT ' err
	received bob
}

@test "exim: one of three is refused" {
	with exim
	one_of_three_is_refused
}

@test "exim: all are refused" {
	with exim
	all_are_refused
}

@test "exim: many mails under way at a time" {
	with exim
	many_at_once
}

@test "exim: too large" {
	with exim
	submission "$MAIL_PORT_EXIM_SMALL"
	too_large 20000 20000
}

@test "exim: a delivery report is asked for, and comes" {
	with exim
	reports
	grep -qi '^Original-Envelope-Id: QQ314159' "$(mailbox alice)"
	grep -qi '^Action: delivered' "$(mailbox alice)"
}

@test "exim: a wrong password" {
	with exim
	wrong_password
}

@test "exim: PLAIN and LOGIN" {
	with exim
	each_way_to_log_in
}

@test "exim: 30 MB in less than 16 MB of memory" {
	with exim
	large
}

@test "exim: --check is good" {
	with exim
	is_good
	says CHUNKING capabilities
	says PIPELINING capabilities
	says DSN capabilities
}

@test "exim: twenty mails over one connection" {
	with exim
	twenty exim-main.log 'SMTP connection from .* \(TCP/IP'
}

@test "exim: stopped and started" {
	with exim
	stopped_and_started
}

@test "exim: a greylist's 451 is waited for" {
	with exim
	QUEUE_LINE='' submission "$port"
	: >/srv/exim-defers
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	waiting 1
	grep -q 451 "$MAILSEND_QUEUE"/env/*
	rm /srv/exim-defers
	send --flush
	exits 0
	waiting 0
	received bob
}

@test "exim: refused after it was sent" {
	with exim
	send -s 'Please refuse-this-content' bob@example.test <<<'Keep this.'
	exits "$EXIT_REFUSED"
	says 'this content is refused, says Exim' err
	says 'Keep this.' "$HOME/dead.letter"
	mailbox bob 0
}
