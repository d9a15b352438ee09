#!/usr/bin/env bats
# check.bats - --check against a real Postfix and Dovecot: the way is seen as it
# is, and nothing is sent by looking at it.
#
# tests/server/run bats tests/server/check.bats
# shellcheck disable=SC2154 # status: send sets it

load helper

setup() {
	servers_setup
}

# of EXPRESSION - of the JSON object `j` in the file out.
of() {
	python3 -c 'import json, sys
j = json.load(open("out"))
steps = {s["name"]: s for s in j["steps"]}
value = eval(sys.argv[1])
print(value, file=sys.stderr)
sys.exit(not value)' "$1"
}

nothing_went() {
	settle
	! grep -q 'status=sent' <(log_since)
}

@test "587: every step is good, and no mail goes" {
	submission
	send --check --json bob@example.test carol@example.test
	exits 0
	of 'j["status"] == "ok" and j["exit"] == 0'
	of '[s["name"] for s in j["steps"]] == ["configuration", "lookup",
		"connect", "greeting", "ehlo_clear", "starttls", "tls",
		"certificate", "ehlo", "auth", "mail", "rcpt", "rcpt"]'
	of 'all(s["status"] == "ok" for s in j["steps"])'
	of 'j["tls"].startswith("TLSv1.3") and j["auth"] == "SCRAM-SHA-256"'
	of 'any(c.startswith("SIZE ") for c in j["capabilities"])'
	of '"mail.example.test" in j["certificates"][0]["names"]'
	of 'j["certificate_days"] > 0 and j["failure"] is None'
	logged 'sasl_username=alice'
	nothing_went
}

@test "465: TLS comes before the greeting" {
	submission "$MAIL_PORT_SMTPS" 'tls_starttls off'
	send --check --json
	exits 0
	of '[s["name"] for s in j["steps"]] == ["configuration", "lookup",
		"connect", "tls", "certificate", "greeting", "ehlo", "auth",
		"mail"]'
}

@test "a wrong password is explained, with the line that it stands in" {
	account "$MAIL_PORT_SUBMISSION" 'auth on' 'user alice@example.test' \
		'password nonsense'
	send --check
	exits "$EXIT_LOGIN"
	grep -q '^FAILED login' out
	grep -q '^Why:' out
	grep -qE "password +\($CONFIG:[0-9]+\)" out
	run ! grep -q nonsense out err
}

@test "each recipient is judged by the server itself" {
	submission
	send --check --json bob@example.test nobody@example.test \
		later@example.test
	exits "$EXIT_SOME_REFUSED" "$EXIT_LATER"
	of '[s["status"] for s in j["steps"]][-3:] == ["ok", "failed", "failed"]'
	of 'j["failure"]["cause"] == "unknown-user"'
	nothing_went
}

@test "25: who does not log in may not relay" {
	account "$MAIL_PORT_MX" 'auth off'
	send --check --json someone@elsewhere.test
	exits 77
	of 'j["failure"]["cause"] == "relay"'
	of 'any(s["name"] == "auth" for s in j["failure"]["settings"])'
}

@test "certificates that are not to be believed are named" {
	local port cause
	while read -r port cause; do
		submission "$port"
		send --check --json
		exits 69 78
		of 'j["failure"]["step"] == "certificate"'
		of "j['failure']['cause'] == '$cause'"
		of 'j["certificates"][0]["sha256"]'
	done <<-END
		$MAIL_PORT_OTHERNAME certificate-name
		$MAIL_PORT_EXPIRED certificate-expired
		$MAIL_PORT_SELFSIGNED certificate-self-signed
	END
}

@test "a server that can little: what that means is said" {
	submission "$MAIL_PORT_BARE"
	send --check
	exits 0
	grep -q 'no 8BITMIME' out
	grep -q 'no PIPELINING' out
}

@test "a server that is not there, while another port answers" {
	submission 26
	send --check --json
	exits "$EXIT_LATER"
	of 'j["failure"]["cause"] == "wrong-port"'
	of '"port 587 answers there" in steps["connect"]["details"]'
}

@test "a line for a monitor" {
	submission
	send --check --nagios bob@example.test
	exits 0
	[[ $(cat out) == 'MAILSEND OK - mail.example.test:587 '*' | time='*' certificate_days='* ]]
	[ "$(wc -l <out)" -eq 1 ]
}

@test "msmtp --serverinfo" {
	account "$MAIL_PORT_SUBMISSION"
	ln -s "$MAILSEND" msmtp
	./msmtp -C "$CONFIG" --serverinfo >out
	grep -q 'Common Name' out
	grep -q 'SHA256: [0-9A-F:]*$' out
	grep -q 'PIPELINING' out
	run ! logged 'sasl_username='
}
