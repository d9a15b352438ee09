#!/usr/bin/env bats
# oauth.bats - tokens at real servers: Dovecot asks the provider whose they are,
# for Postfix's AUTH and for its own IMAP and POP3.
# shellcheck disable=SC2154,SC2317,SC2016

bats_require_minimum_version 1.5.0

load helper

setup_file() {
	export PROVIDER=$BATS_FILE_TMPDIR/provider
	mkdir "$PROVIDER"
	python3 "$BATS_TEST_DIRNAME/../cli/oauth_provider.py" "$PROVIDER" 8765 \
		>"$PROVIDER/log" 2>&1 3>&- &
	echo $! >"$PROVIDER/pid"
}

teardown_file() {
	kill "$(cat "$PROVIDER/pid")"
}

setup() {
	servers_setup
	unset XDG_CONFIG_HOME DISPLAY WAYLAND_DISPLAY
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	kept=$XDG_STATE_HOME/mailsend/oauth/default.json
	until_true test -s "$PROVIDER/url"
	rm -f "$PROVIDER/mode" "$PROVIDER/requests"
}

# tokens MECHANISM [LINE...] - the account, and somebody who has logged in.
tokens() {
	account "$MAIL_PORT_SUBMISSION" "auth $1" 'user alice' \
		'oauth http://127.0.0.1:8765' 'oauth_client_id c' "${@:2}"
	"$MAILSEND" --config "$CONFIG" --login --device
}

# spoil - the token that is kept is one that nobody knows, and not over.
spoil() {
	sed -i 's/"access_token":"[^"]*"/"access_token":"stale"/' "$kept"
}

# Both tokens, as they are kept.
secrets() {
	grep -o '"[a-z]*_token":"[^"]*"' "$kept" | cut -d '"' -f 4
}

refreshes() {
	grep -c '"grant_type": "refresh_token"' "$PROVIDER/requests" || true
}

@test "a token logs in, by each of the two mechanisms and by the one that is offered" {
	local mechanism
	for mechanism in xoauth2 oauthbearer oauth; do
		tokens "$mechanism"
		send --transcript=talk -s "by $mechanism" alice@example.test \
			--body /dev/null
		exits 0 || return 1
		# the tokens are nobody else's to read
		[ "$(secrets | grep -cFf - talk out err)" = \
			$'talk:0\nout:0\nerr:0' ] || return 1
	done
	until_true mail_is_there 3
}

mail_is_there() {
	[ "$(find "$MAIL_SPOOL" -path '*/new/*' -type f | wc -l)" -eq "$1" ]
}

@test "a token that the server refuses is refreshed once, and the mail goes" {
	tokens oauth
	spoil
	send -s subject alice@example.test --body /dev/null
	exits 0
	[ "$(refreshes)" -eq 1 ]
	# a new one that is refused, too, is an end
	echo worthless >"$PROVIDER/mode"
	tokens oauth
	: >"$PROVIDER/requests"
	send --queue never -s subject alice@example.test --body /dev/null
	exits "$EXIT_LOGIN"
	[ "$(refreshes)" -eq 1 ]
}

@test "the server's reason for a refusal arrives: 535, and what its JSON says" {
	local mechanism
	for mechanism in xoauth2 oauthbearer; do
		tokens "$mechanism"
		spoil
		echo 'error=invalid_grant' >"$PROVIDER/mode"
		send --queue never --transcript=talk -s subject alice@example.test \
			--body /dev/null
		exits "$EXIT_LOGIN" || return 1
		grep -q '535' talk && grep -q 'invalid_token\|"status"' talk || return 1
		grep -q 'login' err || return 1
		rm "$PROVIDER/mode"
	done
}

@test "a mail waits while nobody is logged in, and goes once somebody is" {
	tokens oauth
	"$MAILSEND" --config "$CONFIG" --logout
	send -s waits alice@example.test <<<text
	exits 0
	grep -q 'login' err
	tokens oauth
	"$MAILSEND" --config "$CONFIG" --flush
	until_true mail_is_there 1
}

@test "--check has a step for the token" {
	tokens oauth
	"$MAILSEND" --config "$CONFIG" --check alice@example.test >steps
	cat steps
	grep -qi 'token.*127.0.0.1:8765.*alice' steps
	"$MAILSEND" --config "$CONFIG" --check --json alice@example.test >steps
	grep -q '"name": *"token"' steps
	"$MAILSEND" --config "$CONFIG" --logout
	send --check alice@example.test
	exits "$EXIT_LOGIN"
	grep -q -e --login out
}

@test "mailboxes take the same tokens" {
	local url
	tokens oauth
	send -s subject alice@example.test --body /dev/null
	until_true mail_is_there 1
	for url in "imap://alice@$MAIL_HOST" "pop3://alice@$MAIL_HOST"; do
		"${MAILSEND%send}get" --config "$CONFIG" "$url" list >listed
		grep -q subject listed || return 1
	done
	spoil
	"${MAILSEND%send}get" --config "$CONFIG" "$url" list >listed
	grep -q subject listed
	[ "$(refreshes)" -eq 1 ]
}
