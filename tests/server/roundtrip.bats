#!/usr/bin/env bats
# --roundtrip by a real Postfix into the mailboxes of a real Dovecot.

# shellcheck disable=SC2154 # bats and helper.bash set what is used here
load helper

setup() {
	servers_setup
}

# accounts - alice sends; bob's account is the one that the mailbox fits.
accounts() {
	local lines

	mapfile -t lines < <(login alice)
	account "$MAIL_PORT_SUBMISSION" "${lines[@]}"
	{
		printf '%s\n' 'account bob' "host $MAIL_HOST" \
			'from bob@example.test'
		login bob
	} >>"$CONFIG"
}

# told EXPRESSION - of the JSON in the file out, `j`.
told() {
	python3 -c 'import json, sys
j = json.load(open("out"))
sys.exit(not eval(sys.argv[1]))' "$1" || {
		echo "not so: $1" >&2
		return 1
	}
}

lying() {
	find "$MAIL_SPOOL/bob" -path '*/[nc]*/*' -type f | wc -l
}

@test "found by IMAP and POP3, with TLS and without a trace" {
	local url

	accounts
	for url in "imaps://bob@$MAIL_HOST/INBOX" "imap://bob@$MAIL_HOST" \
		"pop3s://bob@$MAIL_HOST" "pop3://bob@$MAIL_HOST"; do
		send --roundtrip "$url" --json bob@example.test
		[ "$status" -eq 0 ]
		told 'j["status"] == "arrived" and j["deleted"]'
		told 'j["legs"]["tls"] is not None and j["legs"]["login"] is not None'
		told 'j["tls"].startswith("TLSv1.")'
		told 'any(h["tls_version"] == j["tls"].split(",")[0] for h in j["hops"])'
		told 'any(h["login"] for h in j["hops"])'
		told 'all(h["delay"] is not None and 0 <= h["delay"] < 30 for h in j["hops"])'
		[ "$(lying)" -eq 0 ]
	done
}

@test "others' mail stays, and so does ours with --keep" {
	accounts
	send -s other bob@example.test <<<text
	settle
	[ "$(lying)" -eq 1 ]
	send --roundtrip "imaps://bob@$MAIL_HOST" bob@example.test
	[ "$status" -eq 0 ]
	[ "$(lying)" -eq 1 ]
	grep -q 'ESMTPSA, TLSv1' out
	send --roundtrip "pop3s://bob@$MAIL_HOST" --keep bob@example.test
	[ "$status" -eq 0 ]
	[ "$(lying)" -eq 2 ]
}

@test "no password is told, not even in the transcript" {
	accounts
	send --roundtrip "imaps://bob@$MAIL_HOST" --transcript bob@example.test
	[ "$status" -eq 0 ]
	grep -q 'AUTH' err
	if grep -F -e "$(password alice)" -e "$(password bob)" out err; then
		false
	fi
}

@test "the wrong mailbox: too late, and the log-in that fails: nothing sent" {
	accounts
	send --roundtrip "imaps://bob@$MAIL_HOST" --wait 1s alice@example.test
	[ "$status" -eq 75 ]
	sed -i '/^account bob/,$s/^password .*/password wrong/' "$CONFIG"
	send --roundtrip "imaps://bob@$MAIL_HOST" bob@example.test
	exits "$EXIT_LOGIN"
	settle
	[ "$(lying)" -eq 0 ]
}
