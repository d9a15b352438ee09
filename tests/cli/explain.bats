#!/usr/bin/env bats
# --explain: nothing is sent, and what is told is what would be done.  How it
# looks is kept in tests/golden/explain-*.txt (README there); what it says is
# asked of its JSON.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper
load face

configuration() {
	export MAILSEND_CONFIG=accounts.conf
	printf '%s\n' "$@" >accounts.conf
	chmod 600 accounts.conf
	printf '%s\n' 'ops: admin@example.net, bob' 'bob: bob@example.org' \
		>aliases
}

two_accounts() {
	configuration 'defaults' 'tls on' 'aliases aliases' 'account work' \
		'host smtp.example.org' 'port 587' 'from alerts@example.org' \
		'auth plain' 'user alerts@example.org' 'password open-sesame' \
		'fallback backup' 'account backup' 'host backup.example.org' \
		'from backup@example.org' 'auth off'
}

# golden NAME - what was said is as it was.
golden() {
	local file=$root/tests/golden/explain-$1.txt

	[ "$status" -eq 0 ] || return 1
	[ -z "$stderr" ] || return 1
	printf '%s\n' "$output" >said
	[ -z "${GOLDEN_WRITE:-}" ] || cp said "$file"
	diff "$file" said
}

# told EXPRESSION - of the JSON `j`.
told() {
	json_of "$1" <<<"$output" >/dev/null || {
		echo "not so: $1"
		return 1
	}
}

@test "a mail with an attachment, an alias and two accounts" {
	two_accounts
	head -c 3000 /dev/zero >data.bin
	send --explain -r alerts@example.org -s hello --cc root@localhost \
		--attach data.bin ops <<<'hällo'
	golden mail
	lacks open-sesame said
}

@test "as sendmail, a message that is handed over" {
	two_accounts
	call sendmail --explain -t --account work --set masquerade=on \
		<<<$'From: root\nTo: ops\nBcc: secret@example.net\nSubject: x\n\nhi'
	golden sendmail
}

@test "nothing is sent, kept or queued" {
	local name

	for name in mailsend sendmail mail mutt msmtp; do
		call "$name" --explain alice@localhost <<<$'Subject: x\n\ny'
		[ "$status" -eq 0 ]
		[[ $output == *"$name"* ]]
	done
	nothing_sent
	[ ! -e "$home/dead.letter" ]
	[ ! -e "$MAILSEND_QUEUE" ] || [ -z "$(find "$MAILSEND_QUEUE" -type f)" ]
}

@test "why this account" {
	two_accounts
	send --explain --json -r alerts@example.org bob@example.net <<<x
	told 'j["account"]["name"] == "work"'
	told '"sender" in j["account"]["reason"]'
	send --explain --json -r alerts+db@example.org bob@example.net <<<x
	told '"detail" in j["account"]["reason"]'
	send --explain --json --account backup bob@example.net <<<x
	told '"--account" in j["account"]["reason"]'
	told 'len(j["route"]) == 1'
	configuration 'account one' 'host smtp.example.org' 'from *@example.org'
	send --explain --json -r x@example.org bob@example.net <<<x
	told '"pattern" in j["account"]["reason"]'
	send --explain --json bob@example.net <<<x
	told '"only" in j["account"]["reason"]'
	configuration 'account default' 'host smtp.example.org'
	send --explain --json bob@example.net <<<x
	told '"default" in j["account"]["reason"]'
	configuration ''
	send --explain --json alice@localhost <<<x
	told '"no account" in j["account"]["reason"]'
	told 'j["round_trips"] is None'
}

@test "each setting has its origin, and a secret none of its value" {
	two_accounts
	send --explain --json --account work --timeout 7 bob@example.net <<<x
	told '{s["name"]: s["origin"] for s in j["settings"]}["host"] == "accounts.conf:5"'
	told '{s["name"]: s["origin"] for s in j["settings"]}["timeout"] == "--timeout"'
	told '{s["name"]: s["value"] for s in j["settings"]}["password"] == "***"'
	[[ $output != *open-sesame* ]]
}

@test "what becomes of each address" {
	two_accounts
	printf 'alias boss carol@example.com\n' >"$home/.muttrc"
	call mutt --explain --json --account work -s x -b ops boss <<<x
	told '[a["nickname"] for a in j["addresses"] if a["role"] == "to"] == ["carol@example.com"]'
	told 'j["envelope"]["to"][0] == "carol@example.com"'
	told '[a["alias"] for a in j["addresses"] if a["role"] == "bcc"] == ["admin@example.net, bob@example.org"]'
	told '[a["header"] for a in j["addresses"] if a["role"] == "bcc"] == [None]'
	# what is told is what is rendered
	send --explain --json --set masquerade=on --account work -r root \
		bob@example.net <<<x
	told 'j["envelope"]["from"] == "alerts@example.org"'
	told '"masquerade" in j["addresses"][0]["why"]'
	send --explain --json --account work --set allow_from_override=off \
		-r eve@example.com bob@example.net <<<x
	told '"allow_from_override" in j["addresses"][0]["why"]'
	told 'j["envelope"]["from"] == "alerts@example.org"'
}

@test "the tree has the sizes of the message" {
	two_accounts
	head -c 3000 /dev/urandom >data.bin
	echo '<p>hi' >page.html
	send --explain --json --account work --html page.html --attach data.bin \
		bob@example.net <<<hi
	told '[e["type"] for e in j["entities"]] == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/octet-stream"]'
	told '[e["depth"] for e in j["entities"]] == [0, 1, 2, 2, 1]'
	told 'j["entities"][4]["name"] == "data.bin"'
	told 'j["entities"][4]["size"] == 4104'
	size=$(json_of 'j["size"]' <<<"$output")
	mailsend --print --account work --html page.html --attach data.bin \
		bob@example.net <<<hi >m.eml
	[ "$size" -eq "$(stat -c %s m.eml)" ]
}

@test "parts, and the first of many" {
	two_accounts
	head -c 30000 /dev/urandom >data.bin
	send --explain --json --account work --attach data.bin --split 15k \
		bob@example.net </dev/null
	[ "$status" -eq 0 ]
	told 'j["mails"] == 4 and j["parts"]["sets"][0]["name"] == "data.bin"'
	told 'j["size"] <= 15360'
	send --explain --json --account work --each data.bin aliases \
		-s '{name}' bob@example.net </dev/null
	told 'j["mails"] == 2'
	printf 'From: a@example.org\nTo: b@example.net\n\nx\n' >one.eml
	send --explain --json --account work --batch one.eml
	told 'j["envelope"]["to"] == ["b@example.net"]'
	[ ! -e "$home/.local/state/mailsend/series" ] ||
		[ -z "$(find "$home/.local/state/mailsend/series" -type f)" ]
}

@test "round trips, as far as they are known" {
	two_accounts
	send --explain --json --account work bob@example.net <<<x
	# connection, greeting, EHLO; STARTTLS, TLS, EHLO; AUTH PLAIN
	told 'j["round_trips"]["dial_least"] == 7'
	told 'j["round_trips"]["dial_most"] == 8'
	told 'j["round_trips"]["mail_pipelining_chunking"] == 1'
	told 'j["round_trips"]["mail_lock_step"] == 4'
	send --explain --json --account backup --tls off a@example.net \
		b@example.net <<<x
	told 'j["round_trips"]["dial_most"] == 3'
	told 'j["round_trips"]["mail_lock_step"] == 5'
}

@test "a mail that would fail fails, and what does not belong is refused" {
	two_accounts
	refused 66 none.bin --explain --account work --attach none.bin \
		bob@example.net </dev/null
	refused 64 --explain --explain --dry-run bob@example.net </dev/null
	refused 64 resume --explain --resume 0123456789abcdef0123456789abcdef
	refused 64 resume --dry-run --resume 0123456789abcdef0123456789abcdef
}

@test "memory does not grow with the message" {
	two_accounts
	truncate -s 40M large.bin
	command -v /usr/bin/time >/dev/null || skip "no time(1)"
	# shellcheck disable=SC2086 # words, on purpose
	/usr/bin/time -f %M -o peak $MAILSEND --explain --account work \
		--attach large.bin bob@example.net </dev/null >/dev/null
	[ "$(tail -n 1 peak)" -lt 25000 ] || [[ $MAILSEND == *\ * ]] ||
		[[ $(readlink -f "$MAILSEND") == */asan/* ]]
}
