#!/usr/bin/env bats
# caller.bats - who pipes into us can go on, and what they wrote is not lost.
# shellcheck disable=SC2030,SC2031,SC2154

load helper

bats_require_minimum_version 1.5.0

names() {
	mkdir -p faces
	for name in sendmail mail mailx mutt neomutt msmtp; do
		ln -sf "$(realpath "${MAILSEND##* }")" "faces/$name"
	done
	ln -sf "$(realpath "${MAILSEND##* }")" faces/mailsend
	[ -p tick ] || mkfifo tick
}

# A text that no careless hand keeps as it is.
write_text() {
	printf 'first line\n'
	printf 'Bcc: evil@example.net\r\nFrom here\n>From there\nlone\rcr\n'
	printf 'last line\n'
}

# writer - writes slowly, and tells whether it could write all of it.
writer() {
	local i

	write_text
	for i in 1 2 3; do
		until_read "$i"
		printf 'more %s\n' "$i"
	done
	touch written
}

# Whoever has ended reads no more: what is written then is SIGPIPE.
until_read() {
	local n

	for ((n = 0; n < 20; n++)); do
		[ ! -e ended ] || return 0
		read -rt 0.01 <>"$BATS_TEST_TMPDIR/tick" || true
	done
}

# piped STATUS COMMAND... - all is read though something is wrong.
piped() {
	local expected=$1 statuses

	shift
	rm -f written ended stderr
	writer | { "$@" 2>stderr; status=$?; touch ended; exit "$status"; } &&
		statuses=(0 0) || statuses=("${PIPESTATUS[@]}")
	echo "$*: ${statuses[*]}"
	cat stderr
	[ "${statuses[0]}" -eq 0 ]
	[ "${statuses[1]}" -eq "$expected" ]
	[ -e written ]
}

# until_true COMMAND... - within two minutes.
until_true() {
	local end=$((SECONDS + 120))

	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -rt 0.02 <>"$BATS_TEST_TMPDIR/tick" || true
	done
}

has_open() {
	find "/proc/$1/fd" -lname "*/$2" 2>/dev/null | grep -q .
}

# What the dead letter has behind its header, as it was written.
letter_text() {
	python - "${1:-$home/dead.letter}" <<-'END'
	import re, sys
	text = open(sys.argv[1], "rb").read()
	letters = [x for x in re.split(rb"^From [^\n]*\n", text, flags=re.M) if x]
	body = letters[-1].split(b"\n\n", 1)[1][:-1]
	sys.stdout.buffer.write(re.sub(rb"^>(>*From )", rb"\1", body, flags=re.M))
	END
}

letter_head() {
	sed '/^$/q' "$home/dead.letter"
}

whole_text() {
	write_text
	printf 'more %s\n' 1 2 3
}

kept() {
	[ -s "$home/dead.letter" ] || return 1
	grep -q "saved in" stderr
	cmp <(letter_text) <(whole_text)
}

letter_gone() {
	rm -f "$home/dead.letter"
}

# ---- every way out ----

@test "whatever is wrong: standard input is read to its end and kept" {
	names
	printf 'hots localhost\n' >slip.conf
	printf 'password x\n' >open.conf
	chmod 600 slip.conf
	chmod 644 open.conf
	MAILSEND_CONFIG=slip.conf piped 78 faces/mailsend -E -s x a@example.org
	kept
	letter_head | grep -q '^Subject: x$'
	letter_head | grep -q '^X-Undelivered-To: a@example.org$'
	letter_head | grep -q '^X-Undelivered-Reason: .*hots'
	letter_gone
	printf 'account a\nhost h\npassword x\n' >open.conf
	MAILSEND_CONFIG=open.conf piped 78 faces/mailsend -s x a@example.org
	kept
	letter_gone
	MAILSEND_CONFIG=nowhere piped 66 faces/mailsend -s x a@example.org ||
		MAILSEND_CONFIG=nowhere piped 78 faces/mailsend -s x \
			a@example.org
	kept
	letter_gone
	piped 64 faces/mailsend -s x 'no address'
	kept
	letter_gone
	piped 64 faces/mailsend -s x
	kept
	letter_gone
	piped 66 faces/mailsend -s x -a nowhere.pdf a@example.org
	kept
	letter_head | grep -q '^X-Undelivered-Missing: .*nowhere.pdf'
	letter_gone
	piped 64 faces/mailsend --no-such-option -s x a@example.org
	kept
	letter_head | grep -q '^Subject: x$'
	letter_gone
	piped 64 faces/mailsend -s x a@example.org -T
	kept
}

@test "standard input is an attachment, and the option is wrong" {
	names
	echo text >text
	for rest in ';type=nothing' ';cid=a b' ';type=text/plain;cid='; do
		piped 64 faces/mailsend -i text -a "-=rest.log$rest" \
			a@example.org
		python - "$home/dead.letter" <<-'END' >rest
		import email, email.policy, sys
		text = open(sys.argv[1], "rb").read().split(b"\n", 1)[1]
		one = email.message_from_bytes(text, policy=email.policy.default)
		part, = (x for x in one.walk() if x.get_filename() == "rest.log")
		sys.stdout.buffer.write(part.get_payload(decode=True))
		END
		cmp rest <(whole_text)
		letter_gone
	done
}

@test "the same by every name" {
	names
	for name in mailsend sendmail mail mailx mutt neomutt msmtp; do
		piped 64 "faces/$name" --no-such-option a@example.org
		kept
		letter_head | grep -q '^X-Undelivered-To: a@example.org$'
		letter_gone
	done
	printf 'hots localhost\n' >slip.conf
	chmod 600 slip.conf
	export MAILSEND_CONFIG=slip.conf
	for name in mailsend sendmail mail mailx mutt neomutt; do
		piped 78 "faces/$name" a@example.org
		kept
		letter_gone
	done
}

@test "aliases that cannot be read" {
	names
	mkdir folder
	printf 'aliases folder\n' >"$MAILSEND_CONFIG"
	piped 66 faces/sendmail bob ||
		piped 78 faces/sendmail bob
	kept
	letter_head | grep -q '^X-Undelivered-To: bob$'
}

@test "many mails of one command, and what reads them" {
	names
	ln -s "$(dirname "$(realpath "${MAILSEND##* }")")/mailjoin" faces/
	ln -s "$(dirname "$(realpath "${MAILSEND##* }")")/mailget" faces/
	printf 'hots localhost\n' >slip.conf
	printf 'host 127.0.0.1\nport 1\ntls off\nfrom me@example.org\n' >off.conf
	chmod 600 slip.conf off.conf
	MAILSEND_CONFIG=slip.conf piped 78 faces/mailsend --batch -
	kept
	letter_gone
	# no server tells how large a mail may be, and so nothing has begun
	MAILSEND_CONFIG=off.conf piped 75 faces/mailsend -s x --split auto \
		--attach -=x.bin a@example.org
	letter_head | grep -q '^Content-Type: .*x.bin'
	cmp <(letter_text | base64 -d) <(whole_text)
	piped 64 faces/mailjoin --no-such-option -
	piped 64 faces/mailget --no-such-option - list
	piped 66 faces/mailget - show 9
}

@test "a socket is read to its end too" {
	cat >script.py <<-'END'
	import os, socket, subprocess, sys, threading
	ours, theirs = socket.socketpair()
	process = subprocess.Popen(sys.argv[1:], stdin=theirs)
	theirs.close()
	for i in range(2000):
	    ours.sendall(b"line %6d of a text\n" % i)
	ours.close()
	sys.exit(process.wait())
	END
	# shellcheck disable=SC2086
	run python3 script.py $MAILSEND --no-such-option a@example.org
	show
	[ "$status" -eq 64 ]
	[ "$(letter_text | wc -l)" -eq 2000 ]
}

# ---- who is not waited for ----

# An open end: it would be waited for, for ever.
without_end() {
	local expected=$1

	shift
	[ -p open ] || mkfifo open
	status=0
	timeout -k 1 60 "$@" <>open >stdout 2>stderr || status=$?
	echo "$*: $status"
	cat stderr
	[ "$status" -eq "$expected" ]
}

@test "what reads no mail waits for no input" {
	names
	without_end 0 faces/mailsend --help
	without_end 0 faces/mailsend --version
	without_end 64 faces/mailsend --mailq --no-such-option
	without_end 64 faces/mailsend --flush --no-such-option
	without_end 64 faces/mailsend --no-such-option --check
	without_end 64 faces/mailsend --no-such-option --serve 127.0.0.1:0
	printf 'hots localhost\n' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	without_end 78 faces/mailsend --show-config
	# the text is a file: standard input is somebody else's
	echo text >file
	without_end 78 faces/mailsend -s x -i file a@example.org
	without_end 64 faces/mailsend --no-such-option -i file a@example.org
	[ ! -e "$home/dead.letter" ]
}

@test "a loop over standard input goes on when its mails fail" {
	printf 'hots localhost\n' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	echo text >file
	seq 5 | while read -r n; do
		mailsend -s "$n" -i file a@example.org || echo "$n" >>failed
	done 2>/dev/null
	[ "$(wc -l <failed)" -eq 5 ]
}

@test "a file and /dev/null are not lost: nothing is kept of them" {
	write_text >file
	send --no-such-option a@example.org <file
	[ "$status" -eq 64 ]
	[ ! -e "$home/dead.letter" ]
	send --no-such-option a@example.org </dev/null
	[ "$status" -eq 64 ]
	[ ! -e "$home/dead.letter" ]
	: | send --no-such-option a@example.org
	[ ! -e "$home/dead.letter" ]
}

@test "--print and --dry-run read to the end, and keep nothing" {
	names
	printf 'hots localhost\n' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	piped 78 faces/mailsend --print -s x a@example.org
	piped 78 faces/mailsend --dry-run -s x a@example.org
	[ ! -e "$home/dead.letter" ]
}

@test "what is too much is read, and kept no more" {
	status=0
	{ head -c 120000000 /dev/zero && touch written; } |
		mailsend --no-such-option a@example.org 2>stderr || status=$?
	[ "$status" -eq 64 ]
	[ -e written ]
	letter_head | grep -q '^X-Undelivered-Missing: .*104857600'
	kept=$(letter_text | wc -c)
	[ "$kept" -ge 104857600 ]
	[ "$kept" -lt 104858000 ]
}

@test "-bs: a client hears 421 when the configuration is wrong" {
	names
	printf 'hots localhost\n' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	run --separate-stderr faces/sendmail -bs </dev/null
	show
	[ "$status" -eq 78 ]
	[[ $output == 421* ]]
}

# ---- the dead letter is the message ----

local_mail() {
	python - "$(mail_file)" <<-'END'
	import email, sys
	m = email.message_from_binary_file(open(sys.argv[1], "rb"))
	part = m
	while part.is_multipart():
	    part = part.get_payload(0)
	sys.stdout.buffer.write(part.get_payload(decode=True))
	END
}

# attached NAME <MESSAGE - the content of that attachment.
attached() {
	python -c 'import email, sys
for part in email.message_from_binary_file(sys.stdin.buffer).walk():
    if part.get_filename() == sys.argv[1]:
        sys.stdout.buffer.write(part.get_payload(decode=True))' "$1"
}

@test "an attachment becomes shorter while the text is read: as it is now" {
	names
	head -c 300000 /dev/urandom >log
	mkfifo pipe
	faces/mailsend -s subject -a log alice@host.example.org bob@example.net \
		<pipe 2>stderr &
	exec 5>pipe
	until_true has_open "$!" log
	printf 'Bcc: evil@example.net\r\nX-A: b\n\ntext\r\n' >&5
	echo shorter >log
	exec 5>&-
	wait "$!" || status=$?
	cat stderr
	[ "$status" -eq 79 ] # there is no server for bob
	attached log <"$(mail_file)" | cmp - log
	sed 1d "$home/dead.letter" | attached log | cmp - log
	letter_head | grep -q '^To: alice@host.example.org,'
}

@test "an attachment is missing: all else is there, and is not taken for all" {
	names
	printf 'Bcc: evil@example.net\r\nX-A: b\n\ntext\r\n' >text
	send -s subject -a nowhere alice@host.example.org bob@example.net < <(cat text)
	[ "$status" -eq 66 ]
	letter_head | grep -q '^Subject: subject$'
	letter_head | grep -q '^To: alice@host.example.org,'
	letter_head | grep -q '^X-Undelivered-Missing: .*nowhere'
	cmp <(letter_text) text
	send --draft "$home/dead.letter" --dry-run
	[ "$status" -eq 0 ]
	[[ $output != *evil* ]]
	[[ $output == *bob@example.net* ]]
	says 'incomplete: the attachment nowhere'
	letter_gone
	# the same of one whose option is wrong
	send -s subject -a 'text;type=wrong' a@example.org < <(cat text)
	[ "$status" -eq 64 ]
	letter_head | grep -q '^X-Undelivered-Missing: .*text;type=wrong'
}

@test "a dead letter is sent as it lies" {
	names
	piped 64 faces/mailsend --no-such-option -s x alice@host.example.org
	letter_head | grep -q '^Message-ID: '
	send --draft "$home/dead.letter"
	[ "$status" -eq 0 ]
	grep -q '^Subject: x$' "$(mail_file)"
	[ "$(grep -c '^X-Undelivered' "$(mail_file)")" -eq 0 ]
	[ "$(local_mail | tr -d '\r' | grep -c 'line')" -eq 2 ]
}

@test "binary input comes back to the octet" {
	head -c 20000 /dev/urandom >binary
	printf 'a\r\n\0b\r\rc\n\n\nFrom x\n\r' >>binary
	status=0
	mailsend -s x -a nowhere a@example.org < <(cat binary) || status=$?
	[ "$status" -eq 66 ]
	# a last line without an end gets one
	cmp <(letter_text) <(cat binary; echo)
}

@test "what was to be attached is kept as an attachment" {
	head -c 20000 /dev/urandom >binary
	status=0
	mailsend -s x --attach -=x.tgz -a nowhere alice@host.example.org \
		< <(cat binary) || status=$?
	[ "$status" -eq 66 ]
	send --draft "$home/dead.letter"
	[ "$status" -eq 0 ]
	grep -q 'filename="*x.tgz' "$(mail_file)"
	cmp <(local_mail) binary
}

@test "a message with its header stays one" {
	names
	status=0
	printf 'From old Thu Jan  1 00:00:00 1970\nTo: alice@host.example.org\nSubject: own\n\nbody\n' |
		faces/sendmail -t --no-such-option || status=$?
	[ "$status" -eq 64 ]
	letter_head | grep -q '^Subject: own$'
	send --draft "$home/dead.letter"
	[ "$status" -eq 0 ]
	grep -q '^Subject: own$' "$(mail_file)"
	# one that has no header does not get one out of its text
	letter_gone
	printf 'no header\nBcc: evil@example.net\n' |
		faces/sendmail -Z alice@host.example.org || status=$?
	[ "$status" -eq 64 ]
	[ "$(letter_head | grep -c evil)" -eq 0 ]
	letter_text | grep -q '^no header$'
}

# ---- where it is kept ----

elsewhere() {
	find "$BATS_TEST_TMPDIR.spare" -name 'dead.letter.alice.*'
}

@test "without a home that can be written: another place, and it is told" {
	mkdir "$home/dead.letter"
	status=0
	echo text | mailsend --no-such-option a@example.org 2>stderr ||
		status=$?
	[ "$status" -eq 64 ]
	cat stderr
	grep -q "saved in $home/.local/state/mailsend/dead.letter" stderr
	letter_text "$home/.local/state/mailsend/dead.letter" | grep -qx text
	freeze home=/proc/nowhere
	HOME=/proc/nowhere run --separate-stderr bash -c \
		"echo text | $MAILSEND -s x -a nowhere a@example.org"
	show
	[ "$status" -eq 66 ]
	file=$(elsewhere)
	[ -f "$file" ]
	says "saved in $file"
	[ "$(stat -c %a "$file")" = 600 ]
	letter_text "$file" | grep -qx text
}

@test "a limit of a file's size: as much as can be is kept" {
	names
	status=0
	{ yes text | head -n 40000 && touch written; } |
		(ulimit -f 64; exec faces/mailsend -s x a@example.org 2>stderr) ||
		status=$?
	cat stderr
	[ "$status" -ne 0 ]
	[ -e written ]
	grep -qi 'too large' stderr
	grep -q 'saved in' stderr
	letter_head | grep -q '^X-Undelivered-Missing: '
	[ "$(letter_text | wc -l)" -gt 100 ]
}

@test "nothing is lost when nobody can be told" {
	names
	printf 'host 127.0.0.1\nport 1\ntls off\nfrom me@example.org\n' \
		>"$MAILSEND_CONFIG"
	for to in '>&-' '>/dev/full'; do
		status=0
		whole_text | sh -c "exec faces/mailsend -s x a@example.org $to 2$to" ||
			status=$?
		[ "$status" -eq 0 ]
		status=0
		whole_text | sh -c "exec faces/mailsend --json --set queue=never \
			-s x a@example.org $to 2$to" || status=$?
		[ "$status" -eq 75 ]
		status=0
		whole_text | sh -c "exec faces/mailsend -Z a@example.org $to 2$to" ||
			status=$?
		[ "$status" -eq 64 ]
		cmp <(letter_text) <(whole_text)
	done
	[ "$(mailsend --mailq --json | grep -c '"place":"waiting"')" -eq 2 ]
	[ "$(grep -c '^From ' "$home/dead.letter")" -eq 4 ]
}

@test "a dead letter that is the null device is not told as kept" {
	ln -s /dev/null "$home/dead.letter"
	ln -s /dev/null null
	for file in /dev/null "$PWD/null" ''; do
		status=0
		echo text | mailsend ${file:+"--set=dead_letter=$file"} -s x \
			-a nowhere a@example.org 2>stderr || status=$?
		cat stderr
		[ "$status" -eq 66 ]
		[ "$(grep -c -e kept -e saved stderr)" -eq 0 ]
		[ -c /dev/null ]
		[ -z "$(elsewhere)" ]
	done
}

# ---- plain errors ----

@test "a folder as standard input" {
	mkdir folder
	send -s x a@example.org <folder
	[ "$status" -eq 66 ]
	says 'standard input is a directory'
	[[ $stderr != *'tar cz standard'* ]]
	program=${MAILSEND##* }
	for program in "${program%/*}/mailget - list" "${program%/*}/mailjoin -"; do
		# shellcheck disable=SC2086
		run --separate-stderr $program <folder
		show
		[ "$status" -eq 66 ]
		says 'standard input is a directory'
	done
}

@test "--print into what reads no more is a quiet end" {
	head -c 3000000 /dev/urandom >large
	set +e
	mailsend --print -s x -a large a@example.org </dev/null 2>stderr |
		head -n 1 >first
	statuses=("${PIPESTATUS[@]}")
	set -e
	cat stderr
	[ "${statuses[0]}" -eq 141 ]
	[ ! -s stderr ]
	[ -s first ]
}

# ---- a series that nothing can remember ----

# letters - how many there are, each with its text.
letters() {
	grep -c '^From ' "$home/dead.letter"
}

@test "a series that cannot have a journal keeps what came by the pipe" {
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'queue never' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	touch "$home/.local" # no directory can be made there
	unset XDG_STATE_HOME
	seq 20000 >numbers

	run --separate-stderr "$MAILSEND" --split 50k -a -=numbers.txt -s x \
		a@example.org < <(cat numbers)
	show
	[ "$status" -eq 75 ]
	[[ $stderr == *"saved in $home/dead.letter"* ]]
	python3 - "$home/dead.letter" numbers <<-'END'
	import email, mailbox, sys
	message, = mailbox.mbox(sys.argv[1])
	part, = [p for p in message.walk() if p.get_filename() == "numbers.txt"]
	content = part.get_payload(decode=True).replace(b"\r\n", b"\n")
	assert content == open(sys.argv[2], "rb").read()
	END
	rm "$home/dead.letter"

	run --separate-stderr "$MAILSEND" --each numbers --each "$MAILSEND_CONFIG" \
		-s x a@example.org < <(echo the text)
	show
	[ "$status" -eq 75 ]
	[ "$(letters)" -eq 2 ]
	[ "$(grep -c '^the text' "$home/dead.letter")" -eq 2 ]
	rm "$home/dead.letter"

	for n in 1 2 3; do
		printf 'From a@b Mon Nov 30 10:00:00 2026\nTo: a@example.org\n'
		printf 'From: me@example.org\nSubject: m%s\n\ntext %s\n\n' $n $n
	done >box
	run --separate-stderr "$MAILSEND" --batch - < <(cat box)
	show
	[ "$status" -eq 75 ]
	[ "$(letters)" -eq 3 ]
	[ "$(grep -c '^text [123]' "$home/dead.letter")" -eq 3 ]
}

# ---- signals ----

@test "SIGTERM, SIGINT and SIGHUP at each step of a mail" {
	run python3 "$root/tests/cli/interrupt.py" "${MAILSEND##* }" \
		"$BATS_TEST_TMPDIR/stands"
	grep -v '^ok' <<<"$output"
	[ "$status" -eq 0 ]
}

@test "a signal before the attached pipe is read: what came by it is kept" {
	local when

	command -v strace >/dev/null || skip "no strace"
	names
	echo text >text
	for when in text "$MAILSEND_CONFIG"; do
		seq 3000 >numbers
		run --separate-stderr strace -qq -o trace -P "$when" \
			-e inject=openat:signal=SIGTERM "$MAILSEND" -i text \
			-a -=pipe.txt a@example.org < <(cat numbers)
		show
		[ "$status" -eq 143 ]
		python - "$home/dead.letter" >kept <<-'END'
		import email, email.policy, sys
		text = open(sys.argv[1], "rb").read().split(b"\n", 1)[1]
		one = email.message_from_bytes(text, policy=email.policy.default)
		part, = (x for x in one.walk() if x.get_filename() == "pipe.txt")
		sys.stdout.buffer.write(part.get_payload(decode=True))
		END
		cmp kept numbers
		letter_gone
	done
}

# batch_ended WHEN ARGUMENT... - --batch of a pipe, without a journal, with a
# signal once the file WHEN is there; the server does not answer.
batch_ended() {
	local when=$1 pid

	shift
	"$MAILSEND" --batch - "$@" <pipe 2>stderr >stdout &
	pid=$!
	exec 5>pipe
	cat box >&5
	[ "$when" = reading ] || exec 5>&-
	until [ -s called ] || { [ "$when" = reading ] && is_drained $pid; }; do
		kill -0 $pid
	done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	exec 5>&-
	cat stderr
	[ "$status" -eq 143 ]
}

# is_drained PID - it has read all there is, and waits.
is_drained() {
	python3 - "$1" <<-'END'
	import array, fcntl, os, sys, termios
	fd = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
	left = array.array("i", [0])
	fcntl.ioctl(fd, termios.FIONREAD, left)
	sys.exit(left[0] != 0 or "pipe" not in os.readlink(f"/proc/{sys.argv[1]}/fd/0"))
	END
}

@test "messages from a pipe, no journal, and a signal: what did not go is kept" {
	local n

	names
	for n in 1 2 3; do
		printf 'From a@b Mon Nov 30 10:00:00 2026\nTo: a@example.org\n'
		printf 'From: me@example.org\nSubject: m%s\n\ntext %s\n\n' $n $n
	done >box
	mkfifo pipe silent
	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
t = []
while True:
    t.append(s.accept()[0])
    open("called", "a").write("x")' >silent 3>&- &
	echo $! >silent.pid
	read -r port <silent
	# no journal can be made
	rm -rf "$home/.local"
	mkdir -p "$home/.local/state/mailsend"
	: >"$home/.local/state/mailsend/series"
	printf '%s\n' 'host 127.0.0.1' "port $port" 'tls off' 'queue never' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	batch_ended sending
	[ "$(letters)" -eq 3 ]
	[ "$(grep -c '^text [123]' "$home/dead.letter")" -eq 3 ]
	rm "$home/dead.letter" called
	# into the queue, where there is one
	batch_ended sending --set queue=auto
	[ ! -e "$home/dead.letter" ]
	[ "$(grep -rl '^text [123]' "$MAILSEND_QUEUE" | wc -l)" -eq 3 ]
	rm -rf "$MAILSEND_QUEUE" called
	# not all of them had come
	batch_ended reading
	[ "$(grep -c '^text [123]' "$home/dead.letter")" -eq 3 ]
	grep -q '^X-Undelivered-Missing: ' "$home/dead.letter"
	rm "$home/dead.letter"
	# nor where there would be a journal
	rm "$home/.local/state/mailsend/series"
	batch_ended reading
	[ "$(grep -c '^text [123]' "$home/dead.letter")" -eq 3 ]
	kill "$(<silent.pid)"
}

@test "a signal that was ignored stays so" {
	names
	for number in INT TERM HUP; do
		rm -f fifo
		mkfifo fifo
		(
			trap '' "$number"
			exec faces/mailsend -s x alice@host.example.org <fifo
		) 2>stderr &
		exec 5>fifo
		echo text >&5
		kill -s "$number" "$!"
		exec 5>&-
		wait "$!"
	done
	[ "$(delivered)" -eq 3 ]
}
