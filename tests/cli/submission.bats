#!/usr/bin/env bats
# The command against a server: what it says, and what it never says.  The
# exchange itself is the dialogues' matter (tests/dialogue).

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper
load server

setup_file() {
	export servers=$BATS_FILE_TMPDIR
	serve open --tls none --auth '' --size 20000
	serve secure --tls starttls
}

# configure NAME LINE... - the configuration of the test.
configure() {
	local name=$1

	shift
	[ "$name" = secure ] || set -- 'tls off' "$@"
	printf '%s\n' 'host localhost' "port $(cat "$servers/$name/port")" \
		'from me@example.org' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	find "$servers/$name/mail/new" -type f -delete 2>/dev/null || true
}

configure_secure() {
	configure secure 'tls on' "tls_trust_file $(cat "$servers/ca")" \
		'auth on' 'user me@example.org' "$@"
}

arrived() {
	find "$servers/$1/mail/new" -type f 2>/dev/null
}

@test "accepted: status 0, silent, and there it lies" {
	configure open
	send -s hello bob@example.org carol@example.org <<<text
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ "$(arrived open | wc -l)" -eq 1 ]
	[ "$(judge "$(arrived open)" headers/Subject)" = hello ]
	[ ! -e "$home/dead.letter" ]
}

@test "a bundle whose CA spells its name in another string type" {
	printf '%s\n' '[req]' 'distinguished_name = dn' 'prompt = no' \
		'string_mask = MASK:0x2' 'x509_extensions = ca' '[dn]' \
		'CN = ca of the tests' '[ca]' \
		'basicConstraints = critical,CA:TRUE' >ca.conf
	openssl req -x509 -new -key "$servers/certs/ca.key" -config ca.conf \
		-days 30 -out spelt.pem
	openssl asn1parse -in spelt.pem | grep PRINTABLESTRING
	echo s3cr3t-Pa55 >secret
	chmod 600 secret
	for _ in 1 2 3 4 5 6 7 8 9; do
		cat "$servers/certs/rsa.pem"
	done >bundle.pem
	configure secure 'tls on' "tls_trust_file $PWD/bundle.pem" 'auth on' \
		'user me@example.org' "password_file $PWD/secret" 'queue never'
	send -s hello ann@example.org <<<text
	[ "$status" -eq 78 ]
	[ -z "$(arrived secure)" ]
	cat spelt.pem >>bundle.pem
	send -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	[ -n "$(arrived secure)" ]
}

@test "TLS and a login, the password from each place" {
	local password=s3cr3t-Pa55

	for line in "password $password" "passwordeval echo $password" \
		'password_env THE_PASSWORD' "password_file $PWD/pass"; do
		configure_secure "$line"
		(umask 077 && echo "$password" >pass)
		THE_PASSWORD=$password send -s hello bob@example.org <<<text
		[ "$status" -eq 0 ]
		[ "$(arrived secure | wc -l)" -eq 1 ]
	done
}

@test "a transcript on standard error shows verbs and no secret" {
	configure_secure 'password s3cr3t-Pa55'
	send -v --dsn-notify failure,delay --dsn-ret headers \
		--dsn-envid job7 -s hello bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	for word in EHLO STARTTLS AUTH 'MAIL FROM:<me@example.org>' \
		'RCPT TO:<bob@example.org>' NOTIFY=FAILURE,DELAY RET=HDRS \
		ENVID=job7 QUIT; do
		says "$word"
	done
	[[ $stderr != *s3cr3t-Pa55* ]]
	[[ $stderr != *"$(printf '\0me@example.org\0s3cr3t-Pa55' | base64)"* ]]
	[[ $stderr != *"$(printf s3cr3t-Pa55 | base64)"* ]]
}

@test "--json is one object on standard output" {
	configure open
	send --json -s hello bob@example.org 'Carol <carol@example.org>' <<<text
	[ "$status" -eq 0 ]
	json_of 'j["status"] == "sent" and j["exit"] == 0' <<<"$output"
	json_of 'j["account"] == "default" and "localhost" in j["host"]' \
		<<<"$output"
	json_of 'j["message_id"][0] == "<" and j["size"] > 100' <<<"$output"
	json_of '[r["address"] for r in j["recipients"]] == ["bob@example.org", "carol@example.org"]' \
		<<<"$output"
	json_of 'all(r["code"] == 250 and r["text"] for r in j["recipients"])' \
		<<<"$output"
	json_of 'j["reply"].startswith("250")' <<<"$output"
}

@test "a wrong password: 77, kept, and not repeated" {
	configure_secure 'password wr0ng-Pa55'
	send -s hello bob@example.org <<<text
	[ "$status" -eq 77 ]
	in_sentences
	says 535
	[[ $stderr != *wr0ng-Pa55* ]]
	[ -z "$(arrived secure)" ]
	grep -q '^Subject: hello' "$home/dead.letter"
	lacks wr0ng-Pa55 "$home/dead.letter"
}

@test "a certificate that nobody vouches for" {
	configure secure 'tls on' 'auth on' 'user me@example.org' \
		'password s3cr3t-Pa55'
	send -s hello bob@example.org <<<text
	[ "$status" -ne 0 ]
	in_sentences
	says certificate
	[ -z "$(arrived secure)" ]
}

@test "a server that is too small hears of no recipient" {
	configure open
	head -c 30000 /dev/urandom >large.bin
	send -v -a large.bin bob@example.org <<<text
	[ "$status" -eq 65 ] || [ "$status" -eq 69 ]
	says 20000
	[[ $stderr != *RCPT* ]]
	[ -z "$(arrived open)" ]
	[ -s "$home/dead.letter" ]
}

@test "a host that does not exist, a port where nobody is" {
	send --queue=never --host no-such-host.invalid -r me@example.org \
		bob@example.org <<<text
	[ "$status" -eq 68 ] || [ "$status" -eq 75 ]
	in_sentences
	says no-such-host.invalid
	send --queue=never --host 127.0.0.1 --port 1 -r me@example.org \
		bob@example.org <<<text
	[ "$status" -eq 75 ]
	says 127.0.0.1
	grep -q '^X-Undelivered-To: bob@example.org' "$home/dead.letter"
}

@test "the log has one line for each message" {
	configure open "logfile $PWD/log"
	send -s hello bob@example.org <<<text
	send -s hello bob@example.org <<<text
	[ "$(wc -l <log)" -eq 2 ]
	grep -q 'bob@example.org.*size=[1-9].*250' log
}

@test "what is sent is what --print shows" {
	configure open
	echo data >data.txt
	mailsend --print -s 'Grüße' -a data.txt bob@example.org <<<'äöü' >printed
	send -s 'Grüße' -a data.txt bob@example.org <<<'äöü'
	[ "$status" -eq 0 ]
	judge printed
	grep -v '^Return-Path:' "$(arrived open)" | tr -d '\r' >there
	# the encoding of the text follows what the server takes
	[ "$(judge there headers/Subject)" = 'Grüße' ]
	[ "$(judge there body/text)" = "$(judge printed body/text)" ]
	[ "$(judge there file/data.txt/sha256)" = \
		"$(sha256sum <data.txt | cut -d' ' -f1)" ]
}

@test "--quiet leaves errors, and errors alone" {
	send --quiet --queue=never --host 127.0.0.1 --port 1 -r me@example.org \
		bob@example.org <<<text
	[ "$status" -eq 75 ]
	[ -n "$stderr" ]
	in_sentences
}
