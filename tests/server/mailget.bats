#!/usr/bin/env bats
# mailget, and the mailboxes that mailjoin reads, against a real Dovecot.
# Start it by `tests/server/run bats tests/server/mailget.bats`.
# shellcheck disable=SC2154 # servers_setup and get set what is read here

bats_require_minimum_version 1.5.0
load helper

setup() {
	servers_setup
	MAILGET=${MAILSEND%mailsend}mailget
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	submission
}

# get ARG... - run mailget as alice; $status, and its words in out and err.
get() {
	status=0
	"$MAILGET" --config "$CONFIG" "$@" >out 2>err || status=$?
	echo "status $status" >&2
	cat out err >&2
}

# gets ARG... - and succeeds.
gets() {
	get "$@"
	((status == 0))
}

# lies NAME [FOLDER] <MAIL - in alice's mailbox.
lies() {
	local place=$MAIL_SPOOL/alice${2:+/.$2}
	mkdir -p "$place"/{cur,new,tmp}
	cat >"$place/new/$1"
	chown -R vmail:vmail "$MAIL_SPOOL/alice"
}

# mails COUNT - small ones.
mails() {
	local i
	for ((i = 1; i <= $1; i++)); do
		printf 'From: a@example.org\nSubject: mail %d\n\n.line\n..\n.\n' \
			"$i" | lies "$((1000 + i)).x"
	done
}

# logins - how often alice has logged in to read mail.
logins() {
	grep -cE '(pop3|imap)-login: .*Login: user=<alice>' \
		"$MAIL_LOG/dovecot.log" || :
}

urls=(pop3 pop3s imap imaps)

@test "a message comes as it lies there, by each way" {
	printf 'Subject: x\n\n.\n..dots\nFrom here\n>From there\nb\303\274 \377 \001\n%s\n\n\n' \
		"$(head -c 3000 /dev/zero | tr '\0' x)" >mail
	lies 1.x <mail
	for url in "${urls[@]}"; do
		gets "$url://alice@$MAIL_HOST" show 1
		cmp out mail
		gets "$url://alice@$MAIL_HOST" save 1 "$url.eml"
		cmp "$url.eml" mail
		gets "$url://alice@$MAIL_HOST" top 1 2
		[ "$(cat out)" = "$(head -n 4 mail)" ]
	done
}

@test "hundreds are listed and fetched, in their order, each once" {
	mails 200
	for url in pop3s imaps; do
		gets "$url://alice@$MAIL_HOST"
		[ "$(wc -l <out)" -eq 200 ]
		[ "$(sed -n 's/.* //p' out)" = "$(seq 200)" ]
		gets "$url://alice@$MAIL_HOST" list 7 190-
		[ "$(wc -l <out)" -eq 12 ]
		gets "$url://alice@$MAIL_HOST" fetch "$url"
		[ "$(find "$url" -name '*.eml' | wc -l)" -eq 200 ]
		[ "$(cat "$url"/* | grep -c '^Subject')" -eq 200 ]
		gets "$url://alice@$MAIL_HOST" fetch "$url"
		says '0 of 200' err
	done
}

# A server may answer a small question before a large one that came first.
@test "large and small ones together, again and again" {
	local i n

	for n in 3000000 100 200000 3000000 100 300 50 3000000 20 20 900000; do
		i=$((${i:-0} + 1))
		{
			printf 'Subject: %d\n\n' "$i"
			head -c "$n" /dev/zero | base64
		} | lies "$((1000 + i)).x"
	done
	for ((i = 0; i < 20; i++)); do
		gets "imaps://alice@$MAIL_HOST" fetch "kept$i"
		[ "$(find "kept$i" -type f | wc -l)" -eq 11 ]
		rm -r "kept$i"
	done
}

@test "nothing is marked as read by reading" {
	mails 2
	gets "imaps://alice@$MAIL_HOST" show 2
	gets "imaps://alice@$MAIL_HOST" --raw <<<'STATUS INBOX (UNSEEN)'
	says 'UNSEEN 2' out
}

@test "each way to log in" {
	mails 1
	for how in PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-256; do
		for url in pop3s imaps imap; do
			gets --auth "$how" "$url://alice@$MAIL_HOST"
			says 'mail 1' out
		done
	done
	gets --auth APOP "pop3s://alice@$MAIL_HOST"
	get --auth NTLM "pop3s://alice@$MAIL_HOST"
	exits 78
}

@test "a password with odd characters" {
	mapfile -t lines < <(login tricky)
	account "$MAIL_PORT_SUBMISSION" "${lines[@]}"
	for url in "${urls[@]}"; do
		gets "$url://tricky@$MAIL_HOST"
	done
}

@test "a wrong password is 77, and nobody hears it" {
	account "$MAIL_PORT_SUBMISSION" 'auth on' 'user alice' \
		'password wrong-secret'
	for url in "${urls[@]}"; do
		get -v "$url://alice@$MAIL_HOST"
		exits "$EXIT_LOGIN"
		lacks wrong-secret err
		lacks "$(printf '\0alice\0wrong-secret' | base64)" err
	done
}

@test "certificates are checked" {
	mails 1
	before=$(logins)
	get --set tls_trust_file=/etc/ssl/certs/ca-certificates.crt \
		"imaps://alice@$MAIL_HOST"
	exits "$EXIT_CERTIFICATE"
	get --trust-file "$MAIL_CERTS/othername.pem" "pop3://alice@$MAIL_HOST"
	exits "$EXIT_CERTIFICATE"
	gets --fingerprint "$(fingerprint good)" "pop3://alice@$MAIL_HOST"
	get --fingerprint "$(fingerprint othername)" "pop3://alice@$MAIL_HOST"
	exits "$EXIT_CERTIFICATE"
	(($(logins) == before + 1))
}

@test "deleting takes these and leaves the others" {
	mails 5
	gets --yes "pop3s://alice@$MAIL_HOST" delete 2
	gets "pop3s://alice@$MAIL_HOST"
	[ "$(sed -n 's/.* //p' out)" = $'1\n3\n4\n5' ]
	# what somebody else has flagged is neither shown nor expunged
	gets "imaps://alice@$MAIL_HOST" --raw \
		<<<$'SELECT INBOX\nSTORE 1 +FLAGS (\\Deleted)\nLOGOUT'
	gets --yes "imaps://alice@$MAIL_HOST" delete 2-3
	gets "imaps://alice@$MAIL_HOST"
	[ "$(sed -n 's/.* //p' out)" = 3 ]
	gets "pop3s://alice@$MAIL_HOST"
	[ "$(sed -n 's/.* //p' out)" = $'1\n3' ]
}

@test "what is marked and not confirmed stays" {
	mails 2
	get "imaps://alice@$MAIL_HOST" delete 1
	exits 64
	gets --raw "pop3s://alice@$MAIL_HOST" <<<'DELE 1'
	gets "pop3s://alice@$MAIL_HOST"
	[ "$(wc -l <out)" -eq 2 ]
}

@test "with --new only what is new, by UIDL and by UID" {
	mails 2
	for url in pop3s imaps; do
		gets --new "$url://alice@$MAIL_HOST" fetch "$url"
		[ "$(find "$url" -type f | wc -l)" -eq 2 ]
		rm "$url"/*
		gets --new "$url://alice@$MAIL_HOST" fetch "$url"
		[ "$(find "$url" -type f | wc -l)" -eq 0 ]
	done
	printf 'Subject: late\n\nx\n' | lies 2000.x
	for url in pop3s imaps; do
		gets --new "$url://alice@$MAIL_HOST"
		[ "$(wc -l <out)" -eq 1 ]
		gets --new --maildir "$url://alice@$MAIL_HOST" fetch "$url.md"
		[ "$(find "$url.md/new" -type f | wc -l)" -eq 1 ]
	done
}

@test "folders, with names from anywhere" {
	printf 'Subject: book\n\nx\n' | lies 1.x 'B&APw-cher'
	gets "imaps://alice@$MAIL_HOST/B%C3%BCcher"
	says book out
	get "imaps://alice@$MAIL_HOST/Nowhere"
	exits 66
}

@test "what mailsend attached comes out again" {
	head -c 300000 /dev/urandom >data.bin
	printf 'caf\303\251\n' >'männer & frauen.txt'
	send -s files --attach data.bin --attach 'männer & frauen.txt' \
		alice@example.test <<<text
	exits 0
	mailbox alice >/dev/null
	for url in pop3s imaps; do
		gets "$url://alice@$MAIL_HOST" attachments 1 "$url"
		cmp data.bin "$url/data.bin"
		cmp 'männer & frauen.txt' "$url/männer & frauen.txt"
		[ "$(find "$url" -type f | wc -l)" -eq 2 ]
	done
}

@test "a large message takes no more memory than a small one" {
	{
		printf 'Subject: large\n\n'
		head -c 60000000 /dev/urandom | base64 -w 76
	} >mail
	lies 1.x <mail
	for url in pop3s imaps; do
		/usr/bin/time -f %M -o memory "$MAILGET" --config "$CONFIG" \
			"$url://alice@$MAIL_HOST" save 1 "$url.eml"
		cmp mail "$url.eml"
		[ "$(tail -n 1 memory)" -lt 40000 ]
	done
}

@test "the recipe of old, line by line" {
	mails 3
	gets --raw "pop3s://alice@$MAIL_HOST" \
		<<<$'USER alice\nPASS x\nSTAT\nLIST 2\nTOP 1 0\nRSET\nDELE 3\nQUIT'
	says '+OK 3 ' out
	gets "pop3s://alice@$MAIL_HOST"
	[ "$(wc -l <out)" -eq 2 ]
}

@test "pop_before_smtp logs in there, and then the mail goes" {
	before=$(logins)
	submission "$MAIL_PORT_SUBMISSION" \
		"pop_before_smtp pop3s://alice@$MAIL_HOST"
	send -s hello bob@example.test <<<text
	exits 0
	received bob
	(($(logins) == before + 1))
}
