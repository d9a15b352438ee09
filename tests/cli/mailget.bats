#!/usr/bin/env bats
# What mailget does with mailboxes on this machine, and with servers that lie.
# shellcheck disable=SC2030,SC2031,SC2154 # bats runs each test in a shell of its own

load helper

setup_file() {
	"$BATS_TEST_DIRNAME/../server/certs" "$BATS_FILE_TMPDIR" 3>&-
	export CERTS=$BATS_FILE_TMPDIR/certs
}

setup() {
	own_home config
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	freeze ''
	peer=
}

teardown() {
	if [[ -n $peer ]]; then
		exec {peer_input}>&-
		wait "$peer" || :
	fi
}

# get ARGUMENT... - into $status, $output and $stderr.
get() {
	run --separate-stderr "${MAILSEND%mailsend}mailget" "$@"
	show
}

# box - three messages in an mbox.
box() {
	cat >box <<-'END'
		From a@x Sun Nov 22 05:30:00 2026
		From: =?utf-8?B?SsO8cmdlbg==?= <j@example.org>
		To: me@example.org
		Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
		Date: Sun, 22 Nov 2026 05:30:00 +0100
		Message-ID: <1@x>

		Hello
		>From the body

		From b@x Sun Nov 22 05:31:00 2026
		From: b@example.org
		Subject: parts
		MIME-Version: 1.0
		Content-Type: multipart/mixed; boundary=b

		--b

		text
		--b
		Content-Type: application/octet-stream
		Content-Disposition: attachment; filename="../../etc/pa.bin"
		Content-Transfer-Encoding: base64

		aGVsbG8K
		--b
		Content-Type: image/png
		Content-Transfer-Encoding: base64

		d29ybGQK
		--b--

		From c@x Sun Nov 22 05:32:00 2026
		Subject: three

		begin 644 x.txt
		%:&5L;&\*
		`
		end
	END
}

# serve SCRIPT-LINE... - a server that says so, at $port; what it hears is in
# the file heard.
serve() {
	printf '%s\n' "$@" >script
	mkfifo port-is input
	"$root/tests/peer/mailbox" port-is heard script \
		"$CERTS/${cert:-good}.pem" "$CERTS/${cert:-good}.key" \
		<input 3>&- &
	peer=$!
	exec {peer_input}>input
	read -r port <port-is
	printf 'secret-7\n' >"$home/password"
	chmod 600 "$home/password"
	account "user alice" "password_file $home/password"
}

# frugal - no more memory from here on than a run may want; a program that was
# built to be checked wants more by itself.
frugal() {
	(ulimit -v 400000 && "${MAILSEND%mailsend}mailget" --version >/dev/null 2>&1) ||
		return 0
	ulimit -v 400000
}

# account LINE... - the configuration: an account for this machine's server.
account() {
	printf '%s\n' 'account default' 'host localhost' \
		"tls_trust_file $CERTS/ca.pem" "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

unheard() {
	lacks secret-7 heard && lacks c2VjcmV0LTc heard &&
		lacks AGFsaWNlAHNlY3JldC03 heard
}

# what comes before the mailbox, on a connection that has TLS already
pop3_login=('tls' '> +OK hi' '< CAPA' '> +OK' '> TOP' '> UIDL' '> PIPELINING'
	'> SASL PLAIN' '> .' '< AUTH PLAIN' '> + ' '< ' '> +OK')
pop3_one=('< LIST' '< UIDL' '> +OK' '> 1 100' '> .' '> +OK' '> 1 id-one' '> .')
imap_login=('tls' '> * OK hi' '< A001 CAPABILITY'
	'> * CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS' '> A001 OK'
	'< m1 AUTHENTICATE PLAIN' '> + ' '< ' '> m1 OK')
imap_one=('< m2 EXAMINE "INBOX"' '> * 1 EXISTS' '> * OK [UIDVALIDITY 9] x'
	'> m2 OK' '< m3 UID FETCH 1:*'
	'> * 1 FETCH (UID 7 RFC822.SIZE 100 FLAGS ())' '> m3 OK')

# ---- on this machine

@test "an mbox is listed, shown and cut off" {
	box
	get box
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *'2026-11-22 05:30'*Jürgen*Grüße ]]
	[ "${#lines[@]}" -eq 3 ]
	get box show 1
	[[ $output == *$'\n\nHello\nFrom the body' ]]
	get box top 1 1
	[[ $output == *$'\n\nHello' ]]
	get --json box list 1
	json_of "[j[n] for n in ('number', 'from', 'date', 'message_id')] == [1, 'Jürgen <j@example.org>', '2026-11-22T04:30:00Z', '<1@x>']" \
		<<<"$output"
	get - show last <box
	[[ $output == 'Subject: three'* ]]
}

@test "encoded words with blanks in them, and a subject without an end" {
	printf '%s\n' 'From: =?utf-8?q?J=C3=BCrgen Maier?= <j@example.org>' \
		'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe aus K=C3=B6ln?=' '' >blanks.eml
	get blanks.eml list
	[ "$status" -eq 0 ]
	[[ $output == *'Jürgen Maier'*'Grüße aus Köln' ]]
	{
		printf 'Subject: begins'
		printf '\n =?utf-8?q?word=C3=BC%04d_?=' {1..2000}
		printf '\nTo: b@example.org\n\ntext\n'
	} >long.eml
	get --json long.eml list
	[ "$status" -eq 0 ]
	json_of 'j["subject"].startswith("begins wordü0001 wordü0002 ")' \
		<<<"$output"
	json_of 'j["to"] == "b@example.org"' <<<"$output"
}

@test "attachments keep their base names, and no file is written over" {
	box
	mkdir files
	echo mine >files/pa.bin
	get box attachments all files
	[ "$status" -eq 0 ]
	[ "$(cat files/pa.bin)" = mine ]
	[ "$(cat files/pa.bin.1)" = hello ]
	[ "$(cat files/x.txt)" = hello ]
	[ "$(cat files/part-3.png)" = world ]
	[ "$(find . -name '*.bin*' | wc -l)" -eq 2 ]
	get --force box attachments 2 files
	[ "$(cat files/pa.bin)" = hello ]
}

@test "a saved message is there whole, and only once" {
	box
	get box save 1 one.eml
	[ "$status" -eq 0 ]
	grep -q '^From the body' one.eml
	echo mine >two.eml
	get box save 1 two.eml
	[ "$status" -eq 73 ]
	[ "$(cat two.eml)" = mine ]
	get --force box save 1 two.eml
	cmp one.eml two.eml
	get box save 2 no/such/folder
	[ "$status" -eq 73 ]
}

@test "fetch keeps each message once, in a folder and in a Maildir" {
	box
	get box fetch kept
	[ "$(find kept -type f | wc -l)" -eq 3 ]
	get box fetch kept
	[ "$status" -eq 0 ]
	[ "$(find kept -type f | wc -l)" -eq 3 ]
	get --maildir box fetch md
	[ "$(find md/new -type f | wc -l)" -eq 3 ]
	[ "$(find md/tmp -type f | wc -l)" -eq 0 ]
	for file in md/new/*; do
		mv "$file" "md/cur/${file##*/}:2,S"
	done
	get --maildir box fetch md
	[ "$(find md/new -type f | wc -l)" -eq 0 ]
	get md show 1
	[ "$status" -eq 0 ]
	[[ $output == *Subject* ]]
}

@test "with --new a message is taken once, and listing takes none" {
	box
	get --new box
	get --new box
	[ "${#lines[@]}" -eq 3 ]
	get --new box save 2 two.eml
	get --new box
	[ "${#lines[@]}" -eq 2 ]
	get --new box fetch kept
	[ "$(find kept -type f | wc -l)" -eq 2 ]
	get --new box
	[ -z "$output" ]
	cat >>box <<-'END'

		From d@x Sun Nov 22 05:33:00 2026
		Subject: four

		late
	END
	get --new box show
	[[ $output == *late ]]
	get --new box show
	[ "$status" -eq 66 ]
	[ "$(stat -c %a "$XDG_STATE_HOME/mailsend/seen")" = 700 ]
}

@test "delete asks, and without a terminal it is refused" {
	box
	cp box before
	get box delete 2
	[ "$status" -eq 64 ]
	says --yes
	cmp box before
	get --yes box delete 2
	[ "$status" -eq 0 ]
	get box
	[ "${#lines[@]}" -eq 2 ]
	lacks 'Subject: parts' box
	get --yes - delete 1 <before
	[ "$status" -eq 64 ]
}

# answering ANSWER ARGUMENT... - mailget at a terminal of its own, where a person
# says so; what the terminal showed is in the file shown.
answering() {
	freeze tty=1
	python - "${MAILSEND%mailsend}mailget" "$@" >shown <<-'END'
		import os, pty, sys
		program, answer, *words = sys.argv[1:]
		child, terminal = pty.fork()
		if child == 0:
		    os.execv(program, [program, *words])
		shown = b""
		while True:
		    try:
		        data = os.read(terminal, 4096)
		    except OSError:
		        break
		    if not data:
		        break
		    shown += data
		    if shown.endswith(b"] "):
		        os.write(terminal, answer.encode() + b"\n")
		sys.stdout.buffer.write(shown)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
	END
}

@test "at a terminal it is the person who says so" {
	box
	cp box before
	run answering n box delete 2
	[ "$status" -eq 64 ]
	grep -q 'delete 1 message' shown
	cmp box before
	run answering y box delete 2
	[ "$status" -eq 0 ]
	lacks 'Subject: parts' box
}

@test "a mailbox that another program has locked is left alone" {
	box
	: >box.lock
	(
		sleep 60 &
		echo $! >sleeper
		flock 9
		wait
	) 9<box 3>&- &
	get --yes box delete 1 9<&-
	[ "$status" -eq 75 ]
	[ -e box.lock ]
	[ "$(grep -c ^From\  box)" -eq 3 ]
	kill "$(cat sleeper)" 2>/dev/null || :
}

@test "a wrong command line says what is right" {
	box
	get
	[ "$status" -eq 64 ]
	get box lst
	[ "$status" -eq 64 ]
	says list
	get box show
	[ "$status" -eq 64 ]
	get box show 4
	[ "$status" -eq 66 ]
	get box top 1 x
	[ "$status" -eq 64 ]
	get nothing
	[ "$status" -eq 66 ]
	get pop3://me:secret-7@localhost
	[ "$status" -eq 64 ]
	[[ $stderr != *secret-7* ]]
	get --json box show 1
	[ "$status" -eq 64 ]
}

@test "who reads our output may go at any time" {
	box
	for ((i = 0; i < 3000; i++)); do echo "a line of text"; done >>box
	"${MAILSEND%mailsend}mailget" box show 3 2>complaints | head -n 1 >first
	[ "$(cat first)" = 'Subject: three' ]
	[ ! -s complaints ]
}

# ---- servers

@test "no password goes to a server without STLS or STARTTLS" {
	serve '> +OK hi' '< CAPA' '> +OK' '> USER' '> SASL PLAIN' '> .' wait
	get "pop3://localhost:$port"
	[ "$status" -eq 69 ]
	says STLS
	unheard
	lacks '^[Uu][Ss][Ee][Rr]' heard
}

@test "nor to one that refuses STARTTLS" {
	serve '> * OK hi' '< A001 CAPABILITY' \
		'> * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN' '> A001 OK' \
		'< A002 STARTTLS' '> A002 NO not today' wait
	get "imap://localhost:$port"
	[ "$status" -eq 69 ]
	unheard
}

@test "nor to one that says it is logged in before TLS" {
	serve '> * PREAUTH hi' '< A001 CAPABILITY' \
		'> * CAPABILITY IMAP4rev1 STARTTLS' '> A001 OK' wait
	get "imap://localhost:$port"
	[ "$status" -eq 69 ]
	lacks EXAMINE heard
}

@test "what was slipped in behind the answer to STLS is not believed" {
	serve '> +OK hi' '< CAPA' '> +OK' '> STLS' '> .' '< STLS' \
		'>> +OK\r\n+OK\r\nSASL PLAIN\r\n.\r\n' tls wait
	get "pop3://localhost:$port"
	[ "$status" -eq 76 ]
	unheard
}

@test "a certificate that is wrong ends it before anything is said" {
	cert=othername
	serve "${pop3_login[@]}" wait
	get "pop3s://localhost:$port"
	[ "$status" -eq 78 ]
	says certificate
	[ ! -s heard ]
}

@test "an expired one too, and the right fingerprint lets it pass" {
	cert=selfsigned
	serve "${pop3_login[@]}" "${pop3_one[@]}" '< TOP 1 0' '> +OK' '> Subject: x' \
		'> ' '> .' '< QUIT' '> +OK'
	get "pop3s://localhost:$port"
	[ "$status" -eq 78 ]
	unheard
	get --fingerprint "$(openssl x509 -noout -fingerprint -sha256 \
		-in "$CERTS/selfsigned.pem" | sed 's/.*=//')" "pop3s://localhost:$port"
	[ "$status" -eq 0 ]
	[[ $output == *' x' ]]
}

@test "on this machine itself TLS can be turned off, and only so" {
	serve '> +OK hi' '< CAPA' '> +OK' '> USER' '> .' '< USER alice' '> +OK' \
		'< PASS secret-7' '> +OK' '< LIST' '> +OK' '> .' '< UIDL' \
		'> +OK' '> .' '< QUIT' '> +OK'
	get --tls off "pop3://localhost:$port"
	[ "$status" -eq 0 ]
	grep -qx 'PASS secret-7' heard
}

@test "a login that is refused is 77, and the transcript has no password" {
	serve 'tls' '> +OK hi' '< CAPA' '> +OK' '> SASL PLAIN' '> .' \
		'< AUTH PLAIN' '> + ' '< ' '> -ERR [AUTH] no' wait
	get -v "pop3s://localhost:$port"
	[ "$status" -eq 77 ]
	says 'AUTH PLAIN'
	[[ $stderr != *secret-7* && $stderr != *AGFsaWNlAHNlY3JldC03* ]]
}

@test "one that is refused for now is 75" {
	serve 'tls' '> +OK hi' '< CAPA' '> +OK' '> SASL PLAIN' '> .' \
		'< AUTH PLAIN' '> + ' '< ' '> -ERR [IN-USE] another session' wait
	get "pop3s://localhost:$port"
	[ "$status" -eq 75 ]
}

@test "challenges without end are given up" {
	serve 'tls' '> * OK hi' '< A001' '> * CAPABILITY IMAP4rev1 AUTH=PLAIN' \
		'> A001 OK' '< m1 AUTHENTICATE PLAIN' '> + ' '< ' '> + ' '< *' \
		'> + ' '< *' '> + ' '< *' '> + ' '< *' '> + ' '< *' '> + ' wait
	get "imaps://localhost:$port"
	[ "$status" -eq 76 ]
}

@test "LOGIN quotes what has to be quoted, and sends the rest as a literal" {
	serve 'tls' '> * OK hi' '< A001' '> * CAPABILITY IMAP4rev1' '> A001 OK' \
		'< m1 LOGIN "al\"ice" {4}' '> + go on' '< ' '> m1 OK' \
		'< m2 EXAMINE' '> * 0 EXISTS' '> m2 OK' '< m3 LOGOUT' \
		'> * BYE' '> m3 OK'
	printf 'paß\n' >"$home/password"
	account 'user al"ice' "password_file $home/password"
	get "imaps://localhost:$port"
	[ "$status" -eq 0 ]
	[ "$(sed -n 3p heard)" = paß ]
}

@test "a password goes to no host that the configuration does not speak of" {
	serve "${pop3_login[@]}" '< LIST'
	account "user alice" "password_file $home/password"
	sed -i 's/^host .*/host mail.elsewhere.example/' "$MAILSEND_CONFIG"
	get --trust-file "$CERTS/ca.pem" "pop3s://alice@localhost:$port"
	[ "$status" -eq 78 ]
	[ ! -s heard ]
	get --account default --trust-file "$CERTS/ca.pem" \
		"pop3s://alice@localhost:$port"
	grep -q AUTH heard
}

@test "a connection that is lost in a message leaves no half file" {
	serve "${pop3_login[@]}" "${pop3_one[@]}" '< RETR 1' '> +OK' \
		'> Subject: x' '> ' '> half' close
	mkdir kept
	get "pop3s://localhost:$port" fetch kept
	[ "$status" -eq 75 ]
	[ -z "$(ls -A kept)" ]
	get "pop3s://localhost:$port" save 1 one.eml
	[ "$status" -eq 75 ]
	[ ! -e one.eml ]
}

@test "a literal that is shorter than it said leaves none either" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 UID FETCH 7' \
		'> * 1 FETCH (UID 7 BODY[] {90}' '> Subject: x' '> ' \
		'> half' '> )' '> m4 OK' close
	get "imaps://localhost:$port" save 1 one.eml
	[ "$status" -eq 75 ]
	[ ! -e one.eml ]
}

# no_trace - nothing of the message is left, no temporary file either.
no_trace() {
	[ -z "$(ls -A kept)" ] && [ ! -e one.eml ] &&
		[ -z "$(find . -name '.mailget*' -o -name '*.tmp')" ]
}

# heard_retr - within two minutes.
heard_retr() {
	local end=$((SECONDS + 120))

	until grep -qs '^RETR 1' heard; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -rt 0.02 <>tick || true
	done
}

# signalled SIGNAL PROGRAM ARGUMENT... - while the server is in the midst of the
# message, which it never ends; the status is in $status.
signalled() {
	local signal=$1

	shift
	: >heard
	env --default-signal=INT,TERM,HUP "$@" 2>stderr 3>&- &
	heard_retr
	kill "-$signal" $!
	status=0
	wait $! || status=$?
	echo "$* and $signal: $status"
	cat stderr
	[ -s stderr ]
}

@test "a signal while a message is read: its status, and nothing is left" {
	local signal join=${MAILSEND%mailsend}mailjoin

	serve "${pop3_login[@]}" "${pop3_one[@]}" '< RETR 1' '> +OK' \
		'> Subject: x' '> ' '> half' wait
	mkfifo tick
	export XDG_STATE_HOME=$PWD/state
	for signal in TERM INT HUP; do
		mkdir kept
		signalled "$signal" "${MAILSEND%mailsend}mailget" \
			"pop3s://localhost:$port" fetch kept
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		no_trace
		signalled "$signal" "${MAILSEND%mailsend}mailget" \
			"pop3s://localhost:$port" save 1 one.eml
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		no_trace
		signalled "$signal" "$join" -o kept "pop3s://localhost:$port"
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		no_trace
		rmdir kept
	done
	[ -z "$(find . -name '*.lock' -o -name '.mail*')" ]
}

@test "a message that goes on far beyond its size fills no disk" {
	serve "${pop3_login[@]}" "${pop3_one[@]}" '< RETR 1' '> +OK' \
		'> Subject: x' '> ' 'flood line after line\r\n'
	mkdir kept
	(
		ulimit -f 20000 # 1 KiB each: a disk that is small
		get "pop3s://localhost:$port" fetch kept
		[ "$status" -eq 76 ]
		says announced
		get "pop3s://localhost:$port" save 1 one.eml
		[ "$status" -eq 76 ]
	)
	no_trace
}

@test "a literal of another size than the message has is not taken" {
	local size
	serve close
	mkdir kept
	for size in 4294967296 9000000000000 9223372036854775807 \
		18446744073709551616 99999999999999999999999 -5 '' x; do
		printf '%s\n' "${imap_login[@]}" "${imap_one[@]}" \
			'< m4 UID FETCH 7' "> * 1 FETCH (UID 7 BODY[] {$size}" \
			'> Subject: x' '> )' '> m4 OK' \
			'flood line after line\r\n' >script
		(
			frugal
			ulimit -f 20000
			get "imaps://localhost:$port" fetch kept
			[ "$status" -eq 76 ]
			get "imaps://localhost:$port" save 1 one.eml
			[ "$status" -eq 76 ]
		)
		no_trace
	done
}

@test "a message that is NIL is gone, not empty" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 UID FETCH 7' \
		'> * 1 FETCH (UID 7 BODY[] NIL)' '> m4 OK' wait
	mkdir kept
	get "imaps://localhost:$port" fetch kept
	[ "$status" -eq 69 ]
	no_trace
}

# Each script is cut behind each of its lines, and amid its last reply.
closed_anywhere() {
	local url=$1 cut
	local -a script

	shift
	serve close
	for ((cut = 1; cut < $#; cut++)); do
		script=("${@:1:cut}")
		[[ ${script[-1]} != '< '* ]] || script+=('>> +O')
		[[ ${script[-1]} != '> '* ]] || script+=('>> * ')
		printf '%s\n' "${script[@]}" close >script
		rm -rf kept
		mkdir kept
		get "$url://localhost:$port" fetch kept
		echo "closed behind: ${script[-1]}"
		[ "$status" -eq 75 ]
		no_trace
	done
}

@test "a server that closes, wherever it is, is told as temporary" {
	closed_anywhere pop3s "${pop3_login[@]}" "${pop3_one[@]}" '< RETR 1' \
		'> +OK' '> Subject: x' '> ' '> x' end
	teardown
	rm -f port-is input
	closed_anywhere imaps "${imap_login[@]}" "${imap_one[@]}" \
		'< m4 UID FETCH 7' '> * 1 FETCH (UID 7 BODY[] {12}' '>> Subject:' end
}

@test "a server that drips is given up: in a message, a list, a line" {
	local -a at=("${pop3_login[@]}" "${pop3_one[@]}" '< RETR 1' '> +OK')
	local begin=$SECONDS
	mkdir kept
	serve "${at[@]}" 'drip 0.5 x'
	get --timeout 3 "pop3s://localhost:$port" fetch kept
	[ "$status" -eq 75 ]
	no_trace
	[ $((SECONDS - begin)) -lt 120 ]
	teardown
	rm -f port-is input
	serve "${imap_login[@]}" '< m2 EXAMINE' 'drip 0.5 * OK wait\r\n'
	get --timeout 3 "imaps://localhost:$port"
	[ "$status" -eq 75 ]
	[ $((SECONDS - begin)) -lt 180 ]
}

@test "sizes and numbers that are none are no memory and no crash" {
	serve "${imap_login[@]}" '< m2 EXAMINE' '> * 99999999999999999999 EXISTS' \
		'> * 4294967295 EXISTS' '> m2 OK' '< m3 UID FETCH' \
		'> * 1 FETCH (UID 18446744073709551616 RFC822.SIZE -1 FLAGS ((()' \
		'> * 1 FETCH (UID 7 FLAGS () RFC822.SIZE 99999999999999999999999)' \
		'> * FETCH' '> * 1 FETCH (BODY[' '> m3 OK' '< m4 UID FETCH 7' \
		'> * 1 FETCH (UID 7 BODY[HEADER] {12}' '>> Subject: x\r\n' '> )' \
		'> m4 OK' '< m5 LOGOUT' '> m5 OK'
	(
		frugal
		get "imaps://localhost:$port"
		[ "$status" -eq 0 ]
		[[ $output == *' x' ]]
	)
}

@test "another message than the one that was asked for is not taken for it" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 UID FETCH 7' \
		'> * 1 FETCH (UID 8 BODY[] {12}' '>> Subject: x\r\n' '> )' '> m4 OK' \
		wait
	get "imaps://localhost:$port" save 1 one.eml
	[ "$status" -eq 76 ]
	[ ! -e one.eml ]
}

imap_three=("${imap_one[@]:0:5}"
	'> * 1 FETCH (UID 7 RFC822.SIZE 9)' '> * 2 FETCH (UID 8 RFC822.SIZE 9)'
	'> * 3 FETCH (UID 9 RFC822.SIZE 9)' '> m3 OK')

@test "messages that come in another order are not mixed up" {
	serve "${imap_login[@]}" "${imap_three[@]}" '< m4 UID FETCH 7,8,9 ' \
		'> * 2 FETCH (UID 8 BODY[] {10}' '>> it is two!)\r\n' \
		'> * 1 FETCH (UID 7 BODY[] {10}' '>> it is one!)\r\n' \
		'> * 3 FETCH (UID 9 BODY[] {10}' '>> three, 3rd)\r\n' '> m4 OK' \
		'< m5 UID FETCH 8 ' '> * 2 FETCH (UID 8 BODY[] {10}' \
		'>> it is two!)\r\n' '> m5 OK' \
		'< m6 UID FETCH 9 ' '> * 3 FETCH (UID 9 BODY[] {10}' \
		'>> three, 3rd)\r\n' '> m6 OK' '< m7 LOGOUT' '> m7 OK'
	get "imaps://localhost:$port" fetch kept
	[ "$status" -eq 0 ]
	[ "$(cat kept/9.7.eml)" = "it is one!" ]
	[ "$(cat kept/9.8.eml)" = "it is two!" ]
	[ "$(cat kept/9.9.eml)" = "three, 3rd" ]
}

@test "one of several is gone: it is said, and what came before is kept" {
	serve "${imap_login[@]}" "${imap_three[@]}" '< m4 UID FETCH 7,8,9 ' \
		'> * 1 FETCH (UID 7 BODY[] {10}' '>> it is one!)\r\n' \
		'> * 2 FETCH (UID 9 BODY[] {10}' '>> three, 3rd)\r\n' '> m4 OK' wait
	get "imaps://localhost:$port" fetch kept
	[ "$status" -eq 69 ]
	[ "$(cat kept/9.7.eml)" = "it is one!" ]
	[ "$(find kept -type f | wc -l)" -eq 1 ]
}

@test "content in quotes, and none at all" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 UID FETCH 7' \
		'> * 1 FETCH (BODY[] "a\"b\\c" UID 7)' '> m4 OK' '* m5 LOGOUT' \
		'> m5 OK'
	get "imaps://localhost:$port" show 1
	[ "$status" -eq 0 ]
	[ "$output" = 'a"b\c' ]
}

@test "a message that is gone is said to be gone" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 UID FETCH 7' '> m4 OK' '< m5'
	get "imaps://localhost:$port" show 1
	[ "$status" -eq 69 ]
}

@test "a line without end is given up, in constant memory" {
	serve 'tls' '> +OK hi' '< CAPA' '> +OK' '> SASL PLAIN' '> .' \
		'< AUTH PLAIN' '> + ' '< ' 'flood x'
	(
		frugal
		get "pop3s://localhost:$port"
		[ "$status" -eq 76 ]
	)
}

@test "a greeting without end: it is not said that the server hung up" {
	local scheme

	serve 'tls' 'flood x'
	for scheme in pop3s imaps; do
		get "$scheme://localhost:$port"
		[ "$status" -eq 76 ]
		says 'without an end'
		[[ $stderr != *closed* ]]
	done
	# shellcheck disable=SC2086 # words, on purpose
	run --separate-stderr $MAILSEND --queue=never --tls implicit \
		--port "$port" -f me@example.org a@example.org <<<text
	[ "$status" -eq 76 ]
	says 'without an end'
	[[ $stderr != *closed* ]]
}

@test "a list without end is given up" {
	serve "${imap_login[@]}" '< m2 EXAMINE' 'flood * OK still here\r\n'
	get "imaps://localhost:$port"
	[ "$status" -eq 76 ]
}

@test "a list that goes backwards is refused" {
	serve "${pop3_login[@]}" '< LIST' '> +OK' '> 2 1' '> 1 1' '> .' wait
	get "pop3s://localhost:$port"
	[ "$status" -eq 76 ]
}

@test "what a server says does not command the terminal" {
	local csi=$'\xc2\x9b' rlo=$'\xe2\x80\xae'

	serve "${imap_login[@]}" '< m2 EXAMINE' \
		'>> m2 NO [ALERT] a\x1b[31mb \xc2\x9b7m \x9b1m \xe2\x80\xae gone\r\n'
	get "imaps://localhost:$port"
	[ "$status" -ne 0 ]
	says gone
	[[ $stderr != *$csi* && $stderr != *$rlo* && $stderr != *$'\x1b'* ]]
	iconv -f utf-8 -t utf-8 <<<"$stderr" >/dev/null
}

@test "control bytes of a subject do not reach the terminal" {
	serve "${pop3_login[@]}" "${pop3_one[@]}" '< TOP 1 0' '> +OK' \
		'>> Subject: a\x1b[31mb\x9bc\r\nFrom: \x07x\x00\r\n\r\n.\r\n' \
		'< QUIT' '> +OK'
	get "pop3s://localhost:$port"
	[ "$status" -eq 0 ]
	[[ $output != *[[:cntrl:]]* ]]
}

@test "an id cannot name a file elsewhere" {
	serve "${pop3_login[@]}" '< LIST' '< UIDL' '> +OK' '> 1 9' '> 2 9' '> .' \
		'> +OK' '> 1 ../../x' '> 2 .hidden' '> .' '< RETR 1' '< RETR 2' \
		'> +OK' '> A: 1' '> .' '> +OK' '> A: 2' '> .' '< QUIT' '> +OK'
	mkdir -p deep/er/kept
	get "pop3s://localhost:$port" fetch deep/er/kept
	[ "$status" -eq 0 ]
	[ "$(find deep -type f | wc -l)" -eq 2 ]
	[ "$(find deep/er/kept -type f -name '[!.]*' | wc -l)" -eq 2 ]
}

@test "a server without UIDL has ids all the same" {
	local login=("${pop3_login[@]/> UIDL/> X}")
	serve "${login[@]}" '< LIST' '< UIDL' '> +OK' '> 1 9' '> .' '> -ERR' \
		'< RETR 1' '> +OK' '> Message-ID: <1@x>' '> ' '> .' '< RETR 1' \
		'> +OK' '> Message-ID: <1@x>' '> ' '> .' '< QUIT' '> +OK'
	get "pop3s://localhost:$port" fetch kept
	[ "$status" -eq 0 ]
	[ "$(find kept -type f | wc -l)" -eq 1 ]
}

# same_header ID... - two messages whose headers are equal, with these lines of
# UIDL; each is read for its id, and again to be kept.
same_header() {
	serve "${pop3_login[@]}" '< LIST' '< UIDL' '> +OK' '> 1 40' '> 2 40' \
		'> .' "$@" '< RETR 1' '> +OK' '> Subject: x' '> ' '> one' '> .' \
		'< RETR 2' '> +OK' '> Subject: x' '> ' '> two' '> .' \
		'< RETR 1' '< RETR 2' '> +OK' '> Subject: x' '> ' '> one' '> .' \
		'> +OK' '> Subject: x' '> ' '> two' '> .' '< QUIT' '> +OK'
	get "pop3s://localhost:$port" fetch kept
	[ "$status" -eq 0 ]
	[ "$(find kept -type f | wc -l)" -eq 2 ]
	[ "$(cat kept/* | grep -c -e one -e two)" -eq 2 ]
}

@test "equal headers above different texts are two messages" {
	same_header '> -ERR'
}

@test "an id that two messages have is none" {
	same_header '> +OK' '> 1 same' '> 2 same' '> .'
}

# listed ROW... - one run of fetch --new over two messages, told by these rows of
# UIDL; they are read for their digests, and what is new again to be kept.
listed() {
	printf '%s\n' "${pop3_login[@]}" '< LIST' '< UIDL' '> +OK' '> 1 40' \
		'> 2 40' '> .' '> +OK' "$@" '> .' '< RETR 1' '> +OK' \
		'> Subject: x' '> ' '> one' '> .' '< RETR 2' '> +OK' \
		'> Subject: x' '> ' '> two' '> .' '< RETR' "${again[@]}" \
		'< QUIT' '> +OK' >script
}

@test "rows that UIDL leaves out hide no message" {
	local row

	serve close
	for row in '> 2 same' '> 1 x' '> 2 same|> 2 other|> 1 x' \
		'> 1 x|> 2 same|> 3 same'; do
		echo "# $row"
		rm -rf kept "$XDG_STATE_HOME"
		# one message, and its id
		printf '%s\n' "${pop3_login[@]}" '< LIST' '< UIDL' '> +OK' \
			'> 1 40' '> .' '> +OK' '> 1 same' '> .' '< RETR 1' '> +OK' \
			'> Subject: x' '> ' '> one' '> .' '< QUIT' '> +OK' >script
		get --new "pop3s://localhost:$port" fetch kept
		[ "$status" -eq 0 ]
		# another one has it now, and the first one's row is not there
		IFS='|' read -ra rows <<<"$row"
		again=('< RETR 2' '> +OK' '> Subject: x' '> ' '> one' '> .' '> +OK'
			'> Subject: x' '> ' '> two' '> .')
		listed "${rows[@]}"
		get --new "pop3s://localhost:$port" fetch kept
		[ "$status" -eq 0 ]
		[ "$(cat kept/* | grep -c two)" -eq 1 ]
	done
}

@test "IMAP may list in any order, and tell of changes at any time" {
	serve "${imap_login[@]}" '< m2 EXAMINE "INBOX"' '> * FLAGS (\Seen)' \
		'> * 3 EXISTS' '> * 1 RECENT' '> * OK [UIDVALIDITY 9] x' \
		'> * 2 FETCH (FLAGS (\Seen))' '> m2 OK' '< m3 UID FETCH 1:*' \
		'> * 3 FETCH (UID 9 RFC822.SIZE 30 FLAGS ())' '> * 4 EXISTS' \
		'> * 1 FETCH (UID 7 RFC822.SIZE 10 FLAGS ())' \
		'> * 1 FETCH (FLAGS (\Seen) UID 7)' '> * 4 EXPUNGE' \
		'> * OK [ALERT] soon {30}' '> * NO "full (of {9}' \
		'> * LIST () "/" {12}' '>> INBOX/Drafts\r\n' \
		'> * 2 FETCH (RFC822.SIZE 20 UID 8 FLAGS ())' \
		'> * 2 FETCH (UID 8 FLAGS (\Deleted))' '> m3 OK' \
		'< m4 UID FETCH 7,9 ' '> * 9 EXISTS' \
		'> * 1 FETCH (FLAGS (\Seen))' \
		'> * 1 FETCH (UID 7 FLAGS (\Seen) BODY[] {10}' \
		'>> it is one!)\r\n' '> * 1 EXPUNGE' '> * FLAGS (\Seen \Draft)' \
		'> * 3 FETCH (UID 9 FLAGS ())' \
		'> * 2 FETCH (BODY[] {10}' '>> three, 3rd UID 9)\r\n' '> m4 OK' \
		'< m5 LOGOUT' '> m5 OK'
	get "imaps://localhost:$port" fetch kept
	[ "$status" -eq 0 ]
	[ "$(ls kept)" = $'9.7.eml\n9.9.eml' ]
	[ "$(cat kept/9.7.eml)" = "it is one!" ]
	[ "$(cat kept/9.9.eml)" = "three, 3rd" ]
}

@test "IMAP: messages and their items in any order, news at any time" {
	account 'user alice' 'password x'
	run python3 "$root/tests/cli/imap_random.py" \
		"${MAILSEND%mailsend}mailget" 1 40
	show
	[ "$status" -eq 0 ]
}

@test "questions are asked ahead where the server can take it, else one by one" {
	serve "${pop3_login[@]}" '< LIST' '< UIDL' '> +OK' '> 1 9' '> 2 9' '> .' \
		'> +OK' '> 1 a' '> 2 b' '> .' '< TOP 1' '< TOP 2' '> +OK' \
		'> Subject: x' '> .' '> -ERR gone' '< QUIT'
	get "pop3s://localhost:$port"
	[ "$status" -eq 69 ]
	[[ $output == *' x' ]]
}

@test "deleting: all of them, or RSET" {
	serve "${pop3_login[@]}" '< LIST' '< UIDL' '> +OK' '> 1 9' '> 2 9' '> .' \
		'> +OK' '> 1 a' '> 2 b' '> .' '< DELE 1' '< DELE 2' '> +OK' \
		'> -ERR no' '< RSET' '> +OK' '< QUIT' '> +OK'
	get --yes "pop3s://localhost:$port" delete all
	[ "$status" -eq 69 ]
	grep -qx RSET heard
}

@test "a QUIT without an answer is not taken for one" {
	serve "${pop3_login[@]}" "${pop3_one[@]}" '< DELE 1' '> +OK' '< QUIT' close
	get --yes "pop3s://localhost:$port" delete 1
	[ "$status" -eq 75 ]
	says 'not known'
}

@test "without UIDPLUS nobody else's deletions are carried out" {
	local login=("${imap_login[@]/ UIDPLUS/}")
	serve "${login[@]}" "${imap_one[@]}" '< m4 CAPABILITY' \
		'> * CAPABILITY IMAP4rev1' '> m4 OK' '< m5 SELECT "INBOX"' \
		'> * OK [UIDVALIDITY 9] x' '> m5 OK [READ-WRITE]' \
		'< m6 UID SEARCH DELETED' '> * SEARCH 3' '> m6 OK' '< m7'
	get --yes "imaps://localhost:$port" delete 1
	[ "$status" -eq 69 ]
	lacks EXPUNGE heard
	lacks STORE heard
}

@test "numbers that mean something else by now delete nothing" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 CAPABILITY' \
		'> * CAPABILITY IMAP4rev1 UIDPLUS' '> m4 OK' '< m5 SELECT "INBOX"' \
		'> * OK [UIDVALIDITY 10] x' '> m5 OK [READ-WRITE]' '< m6'
	get --yes "imaps://localhost:$port" delete 1
	[ "$status" -eq 75 ]
	lacks STORE heard
}

@test "flags are taken back where the rest fails" {
	serve "${imap_login[@]}" "${imap_one[@]}" '< m4 CAPABILITY' \
		'> * CAPABILITY IMAP4rev1 UIDPLUS' '> m4 OK' '< m5 SELECT "INBOX"' \
		'> * OK [UIDVALIDITY 9] x' '> m5 OK [READ-WRITE]' \
		'< m6 UID STORE 7 +FLAGS.SILENT (\Deleted)' '> m6 OK' \
		'< m7 UID EXPUNGE 7' '> m7 NO no' \
		'< m8 UID STORE 7 -FLAGS.SILENT (\Deleted)' '> m8 OK' \
		'< m9 LOGOUT' '> m9 OK'
	get --yes "imaps://localhost:$port" delete 1
	[ "$status" -eq 69 ]
	grep -q '^m8' heard
}

@test "raw: the lines of an old recipe, without its login" {
	serve "${pop3_login[@]}" '< STAT' '> +OK 1 9' '< RETR 1' '> +OK' \
		'> ..dot' '> .' '< DELE 2' '> -ERR no' '< RSET' '> +OK' '< QUIT' \
		'> +OK'
	get --raw "pop3s://localhost:$port" \
		<<<$'USER alice\nPASS secret-9\nSTAT\r\nRETR 1\nDELE 2\n'
	[ "$status" -eq 69 ]
	[ "$output" = $'+OK 1 9\n+OK\n..dot\n.\n-ERR no' ]
	lacks secret-9 heard
}

@test "raw: what ends without QUIT deletes nothing" {
	serve "${pop3_login[@]}" '< DELE 1' '> +OK' '< RSET' '> +OK' '< QUIT' '> +OK'
	get --raw "pop3s://localhost:$port" <<<'DELE 1'
	[ "$status" -eq 0 ]
	[ "$(tail -n 2 heard)" = $'RSET\nQUIT' ]
}

@test "raw: IMAP with and without tags, literals and all" {
	serve "${imap_login[@]}" '< m2 SELECT INBOX' '> * 1 EXISTS' '> m2 OK' \
		'< x1 FETCH 1' '> * 1 FETCH (BODY[] {9}' '>> x1 OK no\n' '> )' \
		'> x1 OK' '< m3 LOGOUT' '> * BYE' '> m3 OK'
	get --raw "imaps://localhost:$port" \
		<<<$'SELECT INBOX\nx1 FETCH 1 BODY[]\nLOGOUT\nNOOP'
	[ "$status" -eq 0 ]
	[[ $output == *$'{9}\nx1 OK no\n)\nx1 OK\n'* ]]
}

@test "pop_before_smtp logs in there before the mail" {
	serve "${pop3_login[@]}" '< QUIT' '> +OK' wait
	account 'port 1' 'from me@example.org' 'auth off' 'user alice' \
		"password_file $home/password" \
		"pop_before_smtp pop3s://localhost:$port" 'queue never'
	run --separate-stderr mailsend -s x you@example.org <<<hello
	show
	[ "$status" -eq 75 ]
	grep -q '^AUTH PLAIN' heard
}

@test "and no mail is offered where that login is refused" {
	serve 'tls' '> +OK hi' '< CAPA' '> +OK' '> SASL PLAIN' '> .' \
		'< AUTH PLAIN' '> + ' '< ' '> -ERR [AUTH] no' wait
	account 'port 1' 'from me@example.org' 'auth off' 'user alice' \
		"password_file $home/password" \
		"pop_before_smtp pop3s://localhost:$port" 'queue never'
	run --separate-stderr mailsend -s x you@example.org <<<hello
	show
	[ "$status" -eq 77 ]
}

# ---- the manual

@test "every option and exit status is in the manual" {
	local page=$root/man/mailget.1 code

	diff <("${MAILSEND%mailsend}mailget" --help all | grep -oE -- '--[a-z][a-z-]+' |
		sort -u) <(grep -E '^\.It ' "$page" | grep -oE 'Fl Fl [a-z-]+' |
		sed 's/Fl Fl /--/' | sort -u)
	for code in 0 64 65 66 68 69 70 71 73 74 75 76 77 78; do
		grep -q "^\.It $code$" "$page"
	done
}
