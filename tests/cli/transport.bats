#!/usr/bin/env bats
# transport.bats - ways out that are not SMTP: a command, and Microsoft Graph (as
# oauth_provider.py answers for it).
# shellcheck disable=SC2154,SC2317,SC2016,SC2119,SC2120,SC2030,SC2031

bats_require_minimum_version 1.5.0

load helper

# account LINE... - the one of the configuration.
account() {
	printf '%s\n' 'account a' 'from a@example.org' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

# program LINE... - a program that sends.
program() {
	printf '%s\n' '#!/bin/sh' "$@" >program
	chmod 700 program
	account "transport command $PWD/program -x"
}

teardown() {
	if [ -n "${provider-}" ]; then
		kill "$provider" 2>/dev/null || true
	fi
}

# ---- a command ----

@test "a command gets the message, the recipients and the sender" {
	program 'printf "%s\n" "$MAILSEND_SENDER" "$@" >called' 'cat >message' \
		'echo "250 as you say"'
	send -v -s Grüße -c b@example.org --bcc c@example.org d@example.org <<<'text'
	[ "$status" -eq 0 ]
	[ "$(head -n 1 called)" = a@example.org ]
	[ "$(sed -n '2,3p' called | tr '\n' ' ')" = '-x -- ' ]
	[ "$(tail -n +4 called | sort | tr '\n' ' ')" = \
		'b@example.org c@example.org d@example.org ' ]
	lacks $'\r' message
	lacks c@example.org message
	python3 -IS -c 'import email, email.policy, sys
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
assert m["subject"] == "Grüße" and m["to"] == "d@example.org", m.items()
assert m.get_content() == "text\n"' <message
}

@test "its status is the verdict, by sysexits.h" {
	local pair
	for pair in 65:65 67:67 68:68 69:69 70:70 73:73 75:75 76:76 77:77 78:78 \
		1:75 3:75 127:78 126:78; do
		program 'cat >/dev/null' "echo because of it; exit ${pair%:*}"
		send --queue never -s x b@example.org <<<text
		[ "$status" -eq "${pair#*:}" ] && says 'because of it' || return 1
		[ -s "$home/dead.letter" ] || return 1
		rm "$home/dead.letter"
	done
	account "transport COMMAND $PWD/program" # in any case of letters
	send --queue never -s x b@example.org <<<text
	[ "$status" -eq 78 ] && says 'because of it'
	program 'kill -9 $$'
	send --queue never -s x b@example.org <<<text
	[ "$status" -eq 75 ]
	account "transport command $PWD/nothing"
	send --queue never -s x b@example.org <<<text
	[ "$status" -eq 78 ]
}

@test "what it cannot take for now waits in the queue, and goes from there" {
	program 'cat >/dev/null; exit 75'
	send -s x b@example.org <<<text
	[ "$status" -eq 0 ]
	[ ! -e message ]
	program 'cat >message'
	send --flush
	[ "$status" -eq 0 ]
	grep -q '^Subject: x' message
}

@test "a command that reads nothing, or never ends, holds nobody up" {
	program 'exit 0'
	head -c 3000000 /dev/zero | tr '\0' 'x' | fold -w 70 >large
	send -s x b@example.org <large
	[ "$status" -eq 0 ]
	program 'sleep 600'
	account "transport command $PWD/program" 'command_timeout 1'
	send --queue never -s x b@example.org <<<text
	[ "$status" -eq 75 ]
	says command_timeout
}

@test "it comes from a file alone, and from one that nobody else can write" {
	refused 64 file --set 'transport=command true' b@example.org <<<text
	program 'exit 0'
	chmod 666 "$MAILSEND_CONFIG"
	send -s x b@example.org <<<text
	[ "$status" -eq 78 ]
	local value
	for value in command 'command ' lmtp 'graph x'; do
		account "transport $value"
		send -s x b@example.org <<<text
		[ "$status" -eq 78 ] || return 1
	done
}

# ---- Microsoft Graph ----

# graph [LINE...] - an account that somebody has logged in to.
graph() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	if [ -z "${provider-}" ]; then
		mkdir provider
		python3 "$root/tests/cli/oauth_provider.py" provider \
			>provider/log 2>&1 3>&- &
		provider=$!
		local i
		for ((i = 0; i < 2400; i++)); do
			[ ! -s provider/url ] || break
			sleep 0.05
		done
		url=$(cat provider/url)
	fi
	account 'transport graph' 'host 127.0.0.1' "port ${url##*:}" 'tls off' \
		'user alice@example.org' 'auth oauth' "oauth $url" \
		'oauth_client_id client' "$@"
	mailsend --login --device a >/dev/null
}

@test "Graph gets the message, with a Bcc for whom the header does not name" {
	graph
	send -s Grüße -c b@example.org --bcc c@example.org d@example.org <<<'text'
	[ "$status" -eq 0 ]
	grep -q '"path": "/v1.0/me/sendMail"' provider/requests
	python3 -IS -c 'import email, email.policy, sys
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
assert m["subject"] == "Grüße" and m["to"] == "d@example.org", m.items()
assert m["cc"] == "b@example.org" and m["bcc"] == "c@example.org", m.items()
assert m.get_content().replace("\r\n", "\n") == "text\n"' <provider/mail.1
}

@test "what Graph answers is the verdict" {
	local pair
	graph
	for pair in 400:65 413:65 403:78 404:78 429:75 500:75 503:75; do
		echo "graph=${pair%:*}" >provider/mode
		send --queue never -s x b@example.org <<<text
		[ "$status" -eq "${pair#*:}" ] && says 'ErrorSomething' || return 1
		[[ $stderr != *$'\u202e'* ]] || return 1
	done
	echo graph=503 >provider/mode
	send -s waits b@example.org <<<text
	[ "$status" -eq 0 ]
	rm provider/mode
	send --flush
	grep -q '^Subject: waits' provider/mail.1
}

@test "a token that Graph refuses is fetched anew, once" {
	graph
	sed -i 's/"access_token":"[^"]*"/"access_token":"stale"/' \
		"$XDG_STATE_HOME/mailsend/oauth/a.json"
	send -s x b@example.org <<<text
	[ "$status" -eq 0 ]
	[ -s provider/mail.1 ]
	mailsend --logout a
	send --queue never -s x b@example.org <<<text
	[ "$status" -eq 77 ]
	says --login
	send -s waits b@example.org <<<text
	[ "$status" -eq 0 ]
}

@test "a header that names others than the recipients is refused, and one too large" {
	graph
	printf 'To: x@example.org\nSubject: s\n\ntext\n' >draft
	send --queue never --draft draft y@example.org
	[ "$status" -eq 65 ]
	says x@example.org
	head -c 4000000 /dev/urandom >large
	send --queue never -s x -a large b@example.org <<<text
	[ "$status" -eq 65 ]
	says split
	[ ! -e provider/mail.1 ]
	send -s x --split auto -a large b@example.org <<<text
	[ "$status" -eq 0 ]
	[ -s provider/mail.2 ]
}

@test "--check and --verify know of it" {
	graph
	send --check b@example.org
	[ "$status" -eq 0 ]
	[[ $output == *transport* && $output == *token* ]]
	send --dry-run -s x b@example.org <<<text
	[ "$status" -eq 0 ]
	[[ $output == *127.0.0.1* ]]
}
