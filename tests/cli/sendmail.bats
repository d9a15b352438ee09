#!/usr/bin/env bats
# The sendmail face: each option of its table, what the letters do not say, and
# the habits of the programs that call it, as they were recorded.

# shellcheck disable=SC2030,SC2031,SC2154 # helper.bash sets what is used
load helper
load server

# configure LINE... - an account by the server, with a log to be looked at.
configure() {
	printf '%s\n' 'host localhost' "port $(cat "$server/port")" 'tls off' \
		'auto_submitted on' "logfile $PWD/log" "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	forget
}

forget() {
	rm -f log
	find "$server/mail/new" -type f -delete
}

# The program under another name: as a path, and as a command.
face_path() {
	local words

	read -ra words <<<"$MAILSEND"
	echo "${words[*]:0:${#words[@]}-1} $(dirname "${words[-1]}")/$1"
}

face() {
	local path

	path=$(face_path "$1")
	shift
	# shellcheck disable=SC2086 # words, on purpose
	$path "$@"
}

sendmail() {
	face sendmail "$@"
}

# post ARGUMENT... <INPUT - into $status, $output and $stderr.
post() {
	run --separate-stderr sendmail "$@"
	show
}

# goes ARGUMENT... <INPUT - without a word, and it has arrived.
goes() {
	post "$@"
	[ "$status" -eq 0 ] || return 1
	[ -z "$output$stderr" ] || return 1
	there
}

# there - the one message at the server, as the file `mail`.
there() {
	local file

	file=$(find "$server/mail/new" -type f)
	[ -f "$file" ] || {
		echo "arrived: ${file:-none}"
		return 1
	}
	sed 1d "$file" >mail
	judge --crlf mail >judgement || {
		cat judgement
		return 1
	}
}

arrived() {
	find "$server/mail/new" -type f | wc -l
}

# envelope FROM TO,TO - as the log has it.
envelope() {
	grep -qF " from=<$1> to=$2 " log || {
		cat log
		return 1
	}
}

# header NAME VALUE
header() {
	local value

	value=$(judge mail "headers/$1")
	[ "$value" = "$2" ] || {
		echo "$1: $value"
		return 1
	}
}

# no_header NAME
no_header() {
	lacks "^$1:" mail
}

# text_is - the text, on standard input, is what arrived.
text_is() {
	diff - <(judge mail body/text | head -c -1)
}

# turned_down STATUS WORD ARGUMENT... - one line, nothing sent, and standard
# input was not read.
turned_down() {
	local wanted=$1 word=$2 rest

	shift 2
	forget
	printf 'To: bob@example.org\n\ntext\n' >input
	exec 4<input
	run --separate-stderr sendmail "$@" <&4
	show
	[ "$status" -eq "$wanted" ] || return 1
	says "$word" || return 1
	[ "${#stderr_lines[@]}" -eq 1 ] || return 1
	[[ $stderr == sendmail:\ * ]] || return 1
	rest=$(cat <&4 | wc -c)
	exec 4<&-
	[ "$rest" -eq "$(wc -c <input)" ] || return 1
	[ ! -e "$home/dead.letter" ] || return 1
	[ "$(arrived)" -eq 0 ]
}

# dialogue ARGUMENT... <LINES - their ends become CRLF; the replies' codes.
dialogue() {
	run --separate-stderr sendmail "$@" < <(sed 's/$/\r/')
	show
	codes=$(tr -d '\r' <<<"$output" | grep -oE '^[0-9]{3} ' | tr -d '\n')
}

simple=$'To: ops@example.org\nSubject: hello\n\ntext\n'

# ---- the options ----

@test "-t: the recipients of To, Cc and Bcc" {
	configure
	goes -t <<-'END'
	From: me@example.org
	To: Ann <ann@example.org>,
	  "Bob, B." <bob@example.org>
	CC: friends: carol@example.org, dan@example.org;
	bcc: eve@example.org
	Subject: hello

	text
	END
	envelope me@example.org \
		ann@example.org,bob@example.org,carol@example.org,dan@example.org,eve@example.org
	no_header '[Bb][Cc][Cc]'
	grep -q '^CC: friends: carol@example.org, dan@example.org;' mail
}

@test "-t with addresses on the command line adds them" {
	configure
	goes -t carol@example.org ops@example.org <<<"$simple"
	envelope alice@host.example.org ops@example.org,carol@example.org
	header to ops@example.org
}

@test "-t that finds nobody: 64" {
	configure
	post -t <<<$'Subject: hello\n\ntext'
	[ "$status" -eq 64 ]
	says recipient
	[ "$(arrived)" -eq 0 ]
	grep -q '^Subject: hello' "$home/dead.letter"
	post -t <<<$'To: undisclosed-recipients:;\nSubject: hello\n\ntext'
	[ "$status" -eq 64 ]
}

@test "-t with a header that cannot be read: 65, named and kept" {
	configure
	post -t <<<$'To: ann@example.org\nCc: bob@@example.org\n\ntext'
	[ "$status" -eq 65 ]
	says Cc
	says bob@@example.org
	[ "$(arrived)" -eq 0 ]
	grep -q '^Cc: bob@@example.org' "$home/dead.letter"
}

@test "nobody to send it to: 64, and the message is not read" {
	configure
	turned_down 64 recipient
	turned_down 64 recipient -i --
	turned_down 64 empty ann@example.org ''
}

@test "a lone dot ends it" {
	configure
	goes ops@example.org <<<$'Subject: x\n\none\n.\ntwo'
	text_is <<<one
	forget
	goes ops@example.org < <(printf 'Subject: x\r\n\r\none\r\n.\r\ntwo\r\n')
	text_is <<<one
	forget
	goes ops@example.org <<<$'Subject: x\n\none\n..\n.two\n .'
	text_is <<<$'one\n..\n.two\n .'
}

@test "who writes on behind the dot is not waited for" {
	configure
	mkfifo pipe
	exec 5<>pipe
	printf 'Subject: x\n\none\n.\n' >&5
	goes ops@example.org <pipe
	exec 5>&-
	text_is <<<one
}

@test "-i and its spellings: a lone dot is text" {
	local way

	for way in -i -oi -ti -it '-O IgnoreDots' -OIgnoreDots=True; do
		configure
		# shellcheck disable=SC2086 # two words
		goes $way ops@example.org <<<$'Subject: x\n\none\n.\ntwo'
		text_is <<<$'one\n.\ntwo'
	done
}

@test "-f and -r, joined, separate and bundled" {
	local way

	for way in '-f b@example.org' -fb@example.org '-r b@example.org' \
		-rb@example.org -tifb@example.org '--envelope-from=b@example.org'; do
		configure
		# shellcheck disable=SC2086 # two words
		goes $way ops@example.org <<<"$simple"
		envelope b@example.org ops@example.org
		header from b@example.org
	done
}

@test "-f '' and -f '<>': the null sender" {
	local from

	for from in '' '<>'; do
		configure
		goes -f "$from" ops@example.org <<<"$simple"
		envelope '' ops@example.org
		header from 'Alice Example <alice@host.example.org>'
	done
}

@test "-f with a bare name" {
	configure 'from robot@example.net'
	goes -f root -t <<<"$simple"$'\n'
	grep -q ' from=<root@example.net> ' log || grep -q ' from=<robot@example.net> ' log
}

@test "-F names the sender where the message does not" {
	configure
	goes -F 'Größe, Inc.' ops@example.org <<<"$simple"
	header from '"Größe, Inc." <alice@host.example.org>'
	forget
	goes -FRobot -f r2@example.org ops@example.org <<<"$simple"
	header from 'Robot <r2@example.org>'
	forget
	goes -FRobot ops@example.org <<<$'From: me@example.org\n'"$simple"
	header from me@example.org
	turned_down 64 'line break' -F $'a\nBcc: x@example.org' ops@example.org
}

@test "-bs: SMTP on standard input and output" {
	configure
	dialogue -bs <<-'END'
	HELO client
	MAIL FROM:<me@example.org>
	RCPT TO:<ann@example.org>
	DATA
	Subject: hello

	..text
	.
	QUIT
	END
	[ "$status" -eq 0 ]
	[ "$codes" = '220 250 250 250 354 250 221 ' ]
	there
	envelope me@example.org ann@example.org
	text_is <<<.text
	turned_down 64 -bs -bs ops@example.org
}

@test "-bm is what it does anyway" {
	configure
	goes -bm ops@example.org <<<"$simple"
}

@test "-bd and -bt are not here: 64, and what is" {
	configure
	turned_down 64 'mailsend --serve' -bd
	turned_down 64 'mailsend --serve' -bd -q15m
	turned_down 64 '-bv' -bt
	turned_down 64 "'z'" -bz ops@example.org
	turned_down 64 joined -b m ops@example.org
}

@test "-bp: an empty queue, as mailq says it" {
	post -bp
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
	run --separate-stderr face mailq
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
	[ -z "$stderr" ]
	# with a configuration that is broken, too: monitors ask
	echo nonsense >"$MAILSEND_CONFIG"
	run --separate-stderr face mailq -v
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
	configure
	turned_down 64 'no mail' -bp ops@example.org
}

@test "a line of the aliases that is refused stops its name alone" {
	printf '%s\n' 'root: ops@example.org # who is on duty' \
		'bob bob@example.org' 'pipe: "|cat"' >aliases
	configure 'from me@example.org' "aliases $PWD/aliases"
	goes root <<<$'Subject: x\n\ntext'
	envelope me@example.org ops@example.org
	forget
	for name in bob pipe; do
		post $name <<<$'Subject: x\n\nkept text'
		[ "$status" -eq 78 ]
		says "$PWD/aliases:"
		[ "$(arrived)" -eq 0 ]
		grep -q '^kept text' "$home/dead.letter"
		rm "$home/dead.letter"
	done
	# and not those who stand beside it
	forget
	post -t <<<$'To: bob, root\nSubject: x\n\nkept text'
	[ "$status" -eq 79 ]
	says "$PWD/aliases:2"
	says '1 of 2'
	there
	header To 'bob@example.org, ops@example.org'
	grep -q '^X-Undelivered-To: bob$' "$home/dead.letter"
	# which goes by the alias, once that is right
	forget
	echo 'bob: rob@example.org' >aliases
	run --separate-stderr mailsend --draft "$home/dead.letter"
	[ "$status" -eq 0 ]
	envelope me@example.org rob@example.org
}

@test "an alias that is /dev/null discards, and says so in the log" {
	printf '%s\n' 'noise: /dev/null' 'some: /dev/null, ops@example.org' \
		'*: "/dev/null"' >aliases
	configure 'from me@example.org' "aliases $PWD/aliases"
	post noise <<<$'Subject: x\n\ntext'
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ "$(arrived)" -eq 0 ]
	grep -q 'to=<\?noise' log
	grep -qi discarded log
	[ ! -e "$home/dead.letter" ]
	forget
	goes some <<<$'Subject: x\n\ntext'
	envelope me@example.org ops@example.org
	forget
	goes -t <<<$'To: noise, eve@example.org, anybody\nSubject: x\n\ntext'
	header To 'noise@example.org, eve@example.org, anybody@example.org'
	run --separate-stderr mailsend --json noise <<<text
	[ "$status" -eq 0 ]
	json_of 'j["recipients"][0]["status"] == "discarded"' <<<"$output"
	post -bv noise
	[[ $output == *discard* ]]
	# a program that speaks SMTP
	forget
	dialogue -bs <<-'END'
	EHLO x
	MAIL FROM:<a@example.org>
	RCPT TO:<noise@localhost>
	DATA
	Subject: x

	text
	.
	QUIT
	END
	[ "$codes" = '220 250 250 250 354 250 221 ' ]
	[ "$(arrived)" -eq 0 ]
	# whatever the delivery mode: nothing waits for nobody
	post -odq noise <<<$'Subject: x\n\ntext'
	[ "$status" -eq 0 ]
	post -bp
	[[ $output == *empty* ]]
}

@test "-bi and newaliases: the file is checked" {
	printf 'root: ops@example.org\nops: root,\n  bob@example.org\n' >aliases
	configure "aliases $PWD/aliases"
	post -bi
	[ "$status" -eq 0 ]
	[[ $output == *"$PWD/aliases: 2 "* ]]
	run --separate-stderr face newaliases
	[ "$status" -eq 0 ]
	[[ $output == *"$PWD/aliases: 2 "* ]]
	printf 'root: ops@example.org\nthis is none\n' >aliases
	post -bi
	[ "$status" -eq 78 ]
	says "$PWD/aliases:2"
	run --separate-stderr face newaliases
	[ "$status" -eq 78 ]
	post -bi "-oA$PWD/none"
	[ "$status" -eq 78 ]
	configure
	post -bi
	[ "$status" -eq 0 ]
	turned_down 64 'no mail' -bi -t
}

@test "-bs: a script whose every command is wrong is told by the status" {
	configure
	run --separate-stderr face sendmail -bs \
		<<<$'MAIL FROM:<a@example.org>\nQUIT'
	[ "$status" -eq 65 ]
	[[ $output == *" 5.5.2"* ]]
	run --separate-stderr face sendmail -bs < <(printf 'HELO x\r\nQUIT\r\n')
	[ "$status" -eq 0 ]
}

@test "newaliases stops no package for a line that is another program's" {
	printf 'root: ops@example.org\nlist: |/usr/lib/list\n' >system
	configure
	export MAILSEND_FROZEN="$MAILSEND_FROZEN aliases=$PWD/system"
	run --separate-stderr face newaliases
	[ "$status" -eq 0 ]
	[[ $output == *warning*"$PWD/system:2"* ]]
}

@test "-bv: where each address goes, and nothing is sent" {
	printf 'root: ops@example.org, bob\n' >aliases
	configure "aliases $PWD/aliases" 'qualify_domain example.net'
	post -bv root ann@example.org carol
	[ "$status" -eq 0 ]
	grep -q '^root: <ops@example.org>.*localhost:' <<<"$output"
	grep -q '^root: <bob@example.net>.*account default' <<<"$output"
	grep -q '^ann@example.org: <ann@example.org>' <<<"$output"
	grep -q '^carol: <carol@example.net>' <<<"$output"
	[ "${#lines[@]}" -eq 4 ]
	[ "$(arrived)" -eq 0 ]
	post -bv -n root
	grep -q '^root: <root@example.net>' <<<"$output"
	turned_down 64 -bv -bv
	: >"$MAILSEND_CONFIG"
	post -bv alice bob@example.org
	[ "$status" -eq 78 ]
	grep -q '^alice: .*Maildir' <<<"$output"
	says bob@example.org
}

@test "-q in any form: of an empty queue it says nothing, and it eats nothing" {
	local way

	configure
	for way in -q -q15m -qI5 -qRexample.org -qSbob -qp1h -qf -qGlocal; do
		printf '%s' "$simple" >input
		post "$way" <input
		[ "$status" -eq 0 ]
		[ -z "$output$stderr" ]
		turned_down 64 'no mail' "$way" 15m
		turned_down 64 'no mail' "$way" -t
	done
	turned_down 64 '!I5' '-q!I5'
	turned_down 64 joined -qI
}

# ---- the queue ----

waiting() {
	find "$MAILSEND_QUEUE/env" -type f 2>/dev/null | wc -l
}

# until_true COMMAND... - a process of its own takes its time.
until_true() {
	local end=$((SECONDS + 120))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

nothing_waits() {
	[ "$(waiting)" -eq 0 ]
}

# queued FROM TO - a mail that waits.
queued() {
	post --queue only -f "$1" "$2" <<<"$simple"
	[ "$status" -eq 0 ]
}

@test "-odq and -odd: it waits, and nobody was asked" {
	local way

	for way in -odq -odd '-O DeliveryMode=queue' -ODeliveryMode=d; do
		rm -rf "$MAILSEND_QUEUE"
		configure 'port 1'
		# shellcheck disable=SC2086 # two words
		post $way ops@example.org <<<"$simple"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		[ "$(waiting)" -eq 1 ]
		lacks refused <(echo "$stderr")
		[ ! -e "$home/dead.letter" ]
	done
	# it goes as it was given
	configure
	post -q
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	nothing_waits
	there
	header subject hello
}

@test "-odb: taken at once, and delivered by and by" {
	configure
	post -odb ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	until_true nothing_waits
	there
	header subject hello
}

@test "-odi, and -od that says nothing: now" {
	local way

	for way in -odi -od -odz -ODeliveryMode=interactive; do
		configure
		goes $way ops@example.org <<<"$simple"
		[ "$(waiting)" -eq 0 ]
	done
	# what the configuration says holds where a program has no wish
	configure 'queue only'
	post -od ops@example.org <<<"$simple"
	[ "$(waiting)" -eq 1 ]
	[ "$(arrived)" -eq 0 ]
}

@test "-od does not lift a \"queue never\"" {
	local way

	for way in -odi -odb -odq; do
		configure 'port 1' 'queue never'
		rm -f "$home/dead.letter"
		post $way ops@example.org <<<"$simple"
		[ "$status" -eq 75 ]
		[ "$(waiting)" -eq 0 ]
		grep -q '^Subject: hello' "$home/dead.letter"
	done
}

@test "-q goes over all, -qI -qS -qR over those that fit" {
	local id

	configure
	queued a@example.org one@example.net
	queued b@example.org two@example.com
	queued '' three@example.net
	post -qSnobody
	[ "$(waiting)" -eq 3 ]
	post -qRtwo@example.com
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 2 ]
	there
	forget
	# both must fit
	post -qSa@example.org -qRthree
	[ "$(waiting)" -eq 2 ]
	id=$(sendmail -bp -qSa@example.org | sed -n 's/^\([0-9a-z-]*\) .*@.*/\1/p')
	[ -n "$id" ]
	post "-qI$id"
	[ "$(waiting)" -eq 1 ]
	[ "$(face mailq | tail -n 1)" = '-- 1 Kbytes in 1 Request.' ]
	post -q -v
	[ "$(waiting)" -eq 0 ]
	says 'RCPT TO:<three@example.net>'
}

@test "a server that is away: it waits, exit 0, and -q tries again" {
	configure 'port 1'
	post ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	says queue
	[ "$(waiting)" -eq 1 ]
	post -q
	[ "$status" -eq 0 ]
	[ "$(waiting)" -eq 1 ]
	run face mailq
	[[ $output == *'next try'* ]]
	[[ $output == *ops@example.org* ]]
	configure
	post -q
	nothing_waits
	there
}

@test "mailq -q runs it first" {
	configure
	queued a@example.org one@example.net
	run face mailq -q
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
	there
}

@test "-N, -R, -V: what the server is asked" {
	configure
	post -v -N delay,failure,success -R hdrs -V 'job+7=x y' \
		ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	says 'RET=HDRS'
	says 'ENVID=job+2B7+3Dx+20y'
	[[ $stderr =~ NOTIFY=(SUCCESS|FAILURE|DELAY),(SUCCESS|FAILURE|DELAY),(SUCCESS|FAILURE|DELAY) ]]
	forget
	post -v -Nnever -Rfull -Vjob+2B7 ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	says 'RET=FULL'
	[[ $stderr =~ ENVID=job\+2B7([^+]|$) ]]
	says 'NOTIFY=NEVER'
	turned_down 64 -N -N sometimes ops@example.org
	turned_down 64 -R -R some ops@example.org
}

@test "-B is looked at and has no effect" {
	configure
	goes -B8BITMIME ops@example.org <<<"$simple"
	forget
	goes -B 7bit ops@example.org <<<"$simple"
	turned_down 64 7BIT -B rubbish ops@example.org
}

@test "-C reads that file" {
	configure
	mv "$MAILSEND_CONFIG" other
	: >"$MAILSEND_CONFIG"
	goes -C other ops@example.org <<<"$simple"
	forget
	goes -Cother ops@example.org <<<"$simple"
	turned_down 78 nowhere -C nowhere ops@example.org
}

@test "-C is not read with the rights of somebody else" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	read -ra words <<<"$MAILSEND"
	[ "${#words[@]}" -eq 1 ] || skip "a checker cannot be set-user-id"
	command -v setpriv >/dev/null || skip "no setpriv"
	mkdir -m 755 lent
	cp "$MAILSEND" lent/sendmail
	chmod 4755 lent/sendmail
	chmod 755 "$BATS_TEST_TMPDIR" "$home"
	umask 077
	echo 'host secret.example.org' >secret
	run --separate-stderr setpriv --reuid 65534 --clear-groups \
		env -u MAILSEND_CONFIG lent/sendmail -C "$PWD/secret" \
		--show-config </dev/null
	show
	# where the directory lends no rights, the file is closed to them
	[ "$status" -eq 78 ] || [ "$status" -eq 66 ]
	[[ $output$stderr != *secret.example.org* ]]
}

@test "-v and -d: the conversation on standard error" {
	local way

	for way in -v -d -d0.1 -ov; do
		configure
		post "$way" ops@example.org <<<"$simple"
		[ "$status" -eq 0 ]
		says 'MAIL FROM:<alice@host.example.org>'
		there
	done
}

@test "-X: the conversation in a file of one's own" {
	configure
	goes -X talk ops@example.org <<<"$simple"
	grep -q 'RCPT TO:<ops@example.org>' talk
	[ "$(stat -c %a talk)" = 600 ]
	forget
	goes -Xtalk ann@example.org <<<"$simple"
	grep -q 'RCPT TO:<ops@example.org>' talk
	grep -q 'RCPT TO:<ann@example.org>' talk
	forget
	ln -s talk link # of one's own
	goes -X link ops@example.org <<<"$simple"
	[ -L link ]
	turned_down 73 none/talk -X none/talk ops@example.org
}

@test "-oem, -oep, -oew: a failure is told, and the mail is kept" {
	local way

	for way in -oem -oep -oew -oee -em -OErrorMode=m; do
		configure 'port 1' 'queue never'
		rm -f "$home/dead.letter"
		post "$way" ops@example.org <<<"$simple"
		[ "$status" -eq 75 ]
		says localhost
		grep -q '^Subject: hello' "$home/dead.letter"
	done
}

@test "-oeq: not a word, but the status, and the mail is kept" {
	local way

	for way in -oeq -eq -OErrorMode=quiet; do
		configure 'port 1' 'queue never'
		rm -f "$home/dead.letter"
		post "$way" ops@example.org <<<"$simple"
		[ "$status" -eq 75 ]
		[ -z "$output$stderr" ]
		grep -q '^Subject: hello' "$home/dead.letter"
	done
}

@test "-odi, other -o, -O: taken, and nothing is eaten" {
	local way

	for way in -odi -om -o7 -oU '-O DeliveryMode=i' \
		-OQueueDirectory=/x '-O SevenBitInput'; do
		configure
		# shellcheck disable=SC2086 # two words
		goes $way ops@example.org <<<"$simple"
		envelope alice@host.example.org ops@example.org
	done
	turned_down 64 joined -o i ops@example.org
}

@test "-h -D -M -p take a value, -m -G -x -A none: all of no effect" {
	configure
	goes -h 5 -D log2 -M id -p SMTP:host -m -G -x -Ac -Am \
		ops@example.org <<<"$simple"
	envelope alice@host.example.org ops@example.org
	[ ! -e log2 ]
	forget
	goes -h5 -Dlog2 -Mid -pSMTP -mGx ops@example.org <<<"$simple"
}

@test "-n: no alias is looked up" {
	printf 'root: ops@example.org\n' >aliases
	configure "aliases $PWD/aliases" 'qualify_domain example.net'
	goes root <<<"$simple"
	envelope alice@example.net ops@example.org ||
		grep -q ' to=ops@example.org ' log
	forget
	goes -n root <<<"$simple"
	grep -q ' to=root@example.net ' log
}

@test "-U: SMTPUTF8 where the server has it" {
	configure
	post -v -U ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	grep -q 'MAIL FROM:.*SMTPUTF8' <<<"$stderr"
	forget
	post -v ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	lacks 'MAIL FROM:.*SMTPUTF8' <(echo "$stderr")
}

@test "-L: our name in the system's log" {
	[ "$(id -u)" -eq 0 ] && [ ! -e /dev/log ] && [ -w /dev ] ||
		skip "the system's log is not ours to take"
	python3 - "$server" <<-'END' &
	import os, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind("/dev/log")
	s.settimeout(120)
	open("bound", "w").close()
	said = b""
	try:
	    while b"nightly" not in said: # others of the machine log, too
	        said = s.recv(65536)
	    open("syslog", "wb").write(said)
	finally:
	    os.unlink("/dev/log")
	END
	until [ -e bound ]; do read -rt 0.05 <> <(:) || :; done
	configure 'syslog on'
	goes -L nightly ops@example.org <<<"$simple"
	wait
	grep -q 'nightly\[[0-9]*\]: .*ops@example.org' syslog
}

@test "-- ends the options" {
	configure
	goes -i -- ops@example.org -odd@example.org <<<"$simple"
	envelope alice@host.example.org ops@example.org,-odd@example.org
}

@test "what is unknown: 64, one line, nothing sent" {
	configure
	turned_down 64 -z -z ops@example.org
	turned_down 64 -z -tz ops@example.org
	turned_down 64 --bogus --bogus ops@example.org
	turned_down 64 --help -help ops@example.org
	turned_down 64 -f ops@example.org -f
}

@test "long options are those of mailsend" {
	configure
	post --dry-run ops@example.org <<<"$simple"
	[ "$status" -eq 0 ]
	[[ $output == *'RCPT TO:<ops@example.org>'* ]]
	[ "$(arrived)" -eq 0 ]
	sendmail --print -t <<<"$simple" >printed
	judge printed headers/To
	[ "$(arrived)" -eq 0 ]
	post --json -t <<<"$simple"
	json_of 'j["status"] == "sent"' <<<"$output"
	forget
	goes --account default --timeout 30 --subject other -t <<<"$simple"
	header subject other
	post --version
	[ "$status" -eq 0 ]
	post --help
	[ "$status" -eq 0 ]
	[[ $output == 'usage: sendmail '* ]]
}

# ---- what the letters do not say ----

@test "Bcc and Resent-Bcc never leave, with -t and without" {
	local way

	for way in -t ops@example.org; do
		configure
		goes "$way" <<-'END'
		Resent-From: me@example.org
		Resent-To: ann@example.org
		Resent-Bcc: hidden@example.org,
		  other-hidden@example.org
		From: me@example.org
		To: ops@example.org
		BCC : secret@example.org

		text
		END
		lacks hidden mail
		lacks secret mail
	done
}

@test "the first Resent block names the recipients, and the command line" {
	configure
	goes -t carol@example.org <<-'END'
	Resent-From: me@example.org
	Resent-To: ann@example.org
	Resent-Cc: bob@example.org
	Resent-Bcc: dan@example.org
	Resent-Date: Mon, 6 Nov 2023 10:00:00 +0000
	Received: from there by here; Sun, 5 Nov 2023 10:00:00 +0000
	Resent-From: old@example.org
	Resent-To: older@example.org
	Resent-Date: Sun, 5 Nov 2023 10:00:00 +0000
	From: first@example.org
	To: oldest@example.org
	Subject: hello

	text
	END
	envelope me@example.org \
		ann@example.org,bob@example.org,dan@example.org,carol@example.org
	grep -q '^To: oldest@example.org' mail
	grep -q '^Resent-To: older@example.org' mail
}

@test "the envelope's sender: -f, the account's from, From, login@host" {
	configure
	goes -t <<<"$simple"
	envelope alice@host.example.org ops@example.org
	forget
	goes -t <<<$'From: alice\n'"$simple"
	envelope alice@host.example.org ops@example.org
	forget
	goes -t <<<$'From: header@example.com\n'"$simple"
	envelope header@example.com ops@example.org
	configure 'from account@example.net'
	goes -t <<<$'From: header@example.com\n'"$simple"
	envelope account@example.net ops@example.org
	forget
	goes -t -f given@example.com <<<$'From: header@example.com\n'"$simple"
	envelope given@example.com ops@example.org
	header from header@example.com
}

@test "From, Date and Message-ID: added where they are missing" {
	configure 'from account@example.net'
	goes ops@example.org <<<"$simple"
	header from account@example.net
	header date 'Tue, 14 Nov 2023 23:13:20 +0100'
	grep -q '^Message-ID: <.*@.*>' mail
	forget
	goes ops@example.org <<-'END'
	From: there@example.com
	Date: Mon, 6 Nov 2023 10:00:00 +0000
	Message-Id: <there@example.com>
	To: ops@example.org

	text
	END
	header from there@example.com
	header date 'Mon, 06 Nov 2023 10:00:00 +0000' ||
		header date 'Mon, 6 Nov 2023 10:00:00 +0000'
	[ "$(grep -ci '^Message-Id:' mail)" -eq 1 ]
}

@test "nothing else is added: a program's mail may be a person's" {
	configure
	goes ops@example.org <<-'END'
	X-Odd:   spaces   kept
	From: there@example.com
	Date: Mon, 6 Nov 2023 10:00:00 +0000
	Message-Id: <there@example.com>
	To: ops@example.org

	text
	END
	printf '%s\r\n' 'X-Odd:   spaces   kept' 'From: there@example.com' \
		'Date: Mon, 6 Nov 2023 10:00:00 +0000' \
		'Message-Id: <there@example.com>' 'To: ops@example.org' '' \
		text | diff - mail
}

@test "who is on the command line is not shown" {
	configure
	goes ann@example.org bob@example.org <<<$'Subject: hello\n\ntext'
	envelope alice@host.example.org ann@example.org,bob@example.org
	lacks ann@ mail
	header to 'undisclosed-recipients:;'
}

@test "a leading mbox line is dropped" {
	local line

	for line in 'From me@example.org  Mon Nov  6 10:00:00 2023' \
		'>From me@example.org  Mon Nov  6 10:00:00 2023'; do
		configure
		goes -t <<<"$line"$'\n'"$simple"'From here on
>From there on'
		header subject hello
		lacks '^>*From me' mail
		text_is <<<$'text\nFrom here on\n>From there on'
	done
}

@test "a mail is no dead letter of ours, whatever it says" {
	configure
	goes -t <<<$'From me@example.org  Mon Nov  6 10:00:00 2023\nX-Undelivered-To: evil@example.org\n'"$simple"
	envelope alice@host.example.org ops@example.org
}

@test "a message with no blank line, with no header at all, with nothing" {
	configure
	goes ops@example.org <<<$'Subject: hello\nTo: ops@example.org\nno field here: it is text\nmore'
	header subject hello
	text_is <<<$'no field here: it is text\nmore'
	forget
	goes ops@example.org <<<$'just a line\nand another'
	text_is <<<$'just a line\nand another'
	forget
	goes ops@example.org <<<$'\nSubject: this is text'
	text_is <<<'Subject: this is text'
	forget
	goes ops@example.org <<<'Subject: only a header'
	header subject 'only a header'
	forget
	goes ops@example.org </dev/null
	grep -q '^Date: ' mail
}

@test "a bare name: alias, then domain, in envelope and header" {
	printf 'root: ops@example.org\n' >aliases
	configure "aliases $PWD/aliases" 'qualify_domain example.net'
	goes -t <<<$'From: me@example.org\nTo: root, bob\nCc: carol@example.com\n\ntext'
	grep -q ' to=ops@example.org,bob@example.net,carol@example.com ' log
	header to 'ops@example.org, bob@example.net'
}

@test "line ends, NUL and bare CR: nothing odd on the wire" {
	configure
	printf 'Subject: x\r\nTo: ops@example.org\n\na\rb\r\nc\0d\n%s\n' \
		"$(printf 'y%.0s' {1..3000})" >input
	goes -t <input
	tr -d '\r\n' <mail | lacks "$(printf '\r')" -
	[ "$(tr -cd '\0' <mail | wc -c)" -eq 0 ]
}

@test "a gap in the folding, a folded Bcc, a group, odd spellings" {
	configure
	goes -t < <(printf '%s\n' 'SUBJECT:hello' 'tO:' ' ann@example.org' \
		'Bcc: hidden@example.org,' $'\tsecret@example.org' \
		'cc:team:bob@example.org;,carol@example.org' '' text)
	envelope alice@host.example.org \
		ann@example.org,bob@example.org,carol@example.org,hidden@example.org,secret@example.org
	lacks hidden mail
	lacks secret mail
}

@test "a failure in the middle keeps what was read" {
	configure 'port 1' 'queue never'
	post -t <<<"$simple"
	[ "$status" -eq 75 ]
	grep -q '^X-Undelivered-To: ops@example.org' "$home/dead.letter"
}

# ---- the habits of callers ----

@test "cron: a comma list, HOME of root, neither USER nor LOGNAME" {
	configure
	cat >input <<-'END'
	From: root (Cron Daemon)
	To: ann@example.org,bob@example.org
	Subject: Cron <root@host> echo hi
	MIME-Version: 1.0
	Content-Type: text/plain; charset=UTF-8
	Content-Transfer-Encoding: 8bit
	X-Cron-Env: <SHELL=/bin/sh>

	hi
	.
	END
	goes -FCronDaemon -i -B8BITMIME -oem ann@example.org,bob@example.org <input
	envelope alice@host.example.org ann@example.org,bob@example.org
	grep -q '^X-Cron-Env: <SHELL=/bin/sh>' mail
	text_is <<<$'hi\n.'
	[ "$(grep -c '^MIME-Version' mail)" -eq 1 ]
	judge mail headers/From | grep -q 'root@host.example.org'
	grep -q '^Date: ' mail
}

@test "cron: it is the uid that tells who it is" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	command -v setpriv >/dev/null || skip "no setpriv"
	local name place

	name=$(id -nu 65534) || skip "uid 65534 has no name"
	configure
	# the tests' own folder is closed to others
	place=$(mktemp -d)
	chmod 755 "$place"
	sed "s|^logfile .*|logfile $place/log|" "$MAILSEND_CONFIG" >"$place/config"
	chmod 644 "$place/config"
	: >"$place/log"
	chown 65534 "$place/log"
	# shellcheck disable=SC2046 # words, on purpose
	run --separate-stderr setpriv --reuid 65534 --clear-groups env -i \
		PATH="$PATH" HOME=/root MAILSEND_CONFIG="$place/config" \
		$(face_path sendmail) -FCronDaemon -i -B8BITMIME -oem \
		ann@example.org <<<$'Subject: x\n\ntext'
	show
	mv "$place/log" log
	rm -r "$place"
	[ "$status" -eq 0 ]
	there
	grep -q " from=<$name@" log
}

@test "cronie: a bare -f" {
	configure 'qualify_domain example.net'
	goes -FCronDaemon -i -odi -oem -oi -t -f root <<-'END'
	From: "(Cron Daemon)" <root>
	To: ops
	Subject: Cron <root@host> echo hi

	hi
	END
	grep -q ' from=<root@example.net> to=ops@example.net ' log
	judge mail headers/From | grep -q 'root@example.net'
}

@test "anacron: standard input is open for writing too, and was read before" {
	configure
	printf 'leave this out\nSubject: Anacron job\nContent-Type: text/plain; charset="UTF-8"\n\nhé\n' >input
	exec 6<>input
	read -r _ <&6
	run --separate-stderr sendmail -FAnacron -odi ops@example.org <&6
	exec 6<&-
	show
	[ "$status" -eq 0 ]
	there
	header subject 'Anacron job'
	text_is <<<hé
	judge mail headers/From | grep -q '^Anacron <'
	[ "$(grep -c '^MIME-Version: 1.0' mail)" -eq 1 ]
}

@test "at, rkhunter: text with 8 bits and no label" {
	configure 'qualify_domain example.net'
	printf 'Subject: Output from your job        5\nTo: alice\n\ncaf\xc3\xa9\n.\n' >input
	goes -i alice <input
	grep -q ' to=alice@example.net ' log
	text_is <<<$'café\n.'
	forget
	printf 'Subject: x\nTo: ops@example.org\n\ncaf\xe9\n' >input
	goes ops@example.org <input
	text_is <<<café
}

@test "sudo, logwatch, mdadm: -t, From: root, and a dot that matters" {
	configure 'from robot@example.net'
	goes -t <<-'END'
	To: ops@example.org
	From: root
	Auto-Submitted: auto-generated
	Subject: *** SECURITY information for host ***

	host : user NOT in sudoers
	.
	never
	END
	envelope robot@example.net ops@example.org
	text_is <<<'host : user NOT in sudoers'
	[ "$(grep -c '^Auto-Submitted:' mail)" -eq 1 ]
	judge mail headers/From | grep -qE '@(example.net|host.example.org)'
}

@test "git send-email: Bcc in the arguments alone" {
	configure
	goes -f me@example.org -i ann@example.org hidden@example.org <<-'END'
	From: Me <me@example.org>
	To: ann@example.org
	Subject: [PATCH] x
	Date: Mon, 6 Nov 2023 10:00:00 +0000
	Message-Id: <20231106100000.1-1-me@example.org>
	X-Mailer: git-send-email 2.39.2
	MIME-Version: 1.0
	Content-Transfer-Encoding: 8bit

	.
	--
	2.39
	END
	envelope me@example.org ann@example.org,hidden@example.org
	lacks hidden mail
	text_is <<<$'.\n--\n2.39'
}

@test "PHP mail(): CRLF in the header, LF in the body, options again" {
	configure
	printf 'To: ops@example.org\r\nSubject: hello\r\nFrom: web@example.org\r\nBcc: hidden@example.org\r\nX-Mailer: PHP\r\n\r\none\n.\ntwo\n' >input
	goes -t -i -fweb@example.org -t -i <input
	envelope web@example.org ops@example.org,hidden@example.org
	lacks hidden mail
	text_is <<<$'one\n.\ntwo'
	forget
	# with the header in LF and the body in CRLF
	printf 'To: ops@example.org\nSubject: hello\n\none\r\ntwo\r\n' >input
	goes -t -i <input
	text_is <<<$'one\ntwo'
}

@test "nodemailer: a Bcc header though there is no -t" {
	configure
	goes -i -f me@example.org ann@example.org hidden@example.org <<-'END'
	From: me@example.org
	To: ann@example.org
	Bcc: hidden@example.org
	Subject: hello

	text
	END
	envelope me@example.org ann@example.org,hidden@example.org
	lacks hidden mail
}

@test "mutt, NeoMutt: -N and -R take arguments" {
	configure
	goes -oem -oi -f me@example.org -N failure,delay -R hdrs -- \
		ann@example.org bob@example.org <<<"$simple"
	envelope me@example.org ann@example.org,bob@example.org
}

@test "Symfony: -t -i, run as -i -fF -- R..." {
	configure
	goes -i -fme@example.org -- ann@example.org bob@example.org <<<"$simple"
	envelope me@example.org ann@example.org,bob@example.org
}

@test "Symfony -bs: several mails in a session" {
	configure
	dialogue -bs <<-'END'
	HELO [127.0.0.1]
	MAIL FROM:<me@example.org>
	RCPT TO:<ann@example.org>
	DATA
	Subject: one

	text
	.
	MAIL FROM:<me@example.org>
	RCPT TO:<bob@example.org>
	DATA
	Subject: two

	text
	.
	QUIT
	END
	[ "$status" -eq 0 ]
	[ "$codes" = '220 250 250 250 354 250 250 250 354 250 221 ' ]
	[ "$(arrived)" -eq 2 ]
}

@test "alpine: -bs -odb -oem, EHLO, BODY=8BITMIME" {
	configure
	dialogue -bs -odb -oem <<-'END'
	EHLO client
	MAIL FROM:<me@example.org> BODY=8BITMIME
	RCPT TO:<ann@example.org>
	DATA
	Subject: hello
	MIME-Version: 1.0
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: 8bit

	Grüße
	.
	QUIT
	END
	[ "$status" -eq 0 ]
	[ "$codes" = '220 250 250 250 354 250 221 ' ]
	until_true nothing_waits
	there
	text_is <<<Grüße
}

@test "Emacs: BCC in capitals, a folded To" {
	configure
	goes -oi -f me@example.org -oep -odi -t < <(printf '%s\n' \
		'From: Me <me@example.org>' 'To: ann@example.org,' \
		'	bob@example.org' 'BCC: hidden@example.org' \
		'Subject: hello' '--text follows this line--' text)
	envelope me@example.org \
		ann@example.org,bob@example.org,hidden@example.org
	lacks hidden mail
}

@test "MIME::Lite, GNU mailutils, Alpine's options" {
	configure
	goes -t -oi -oem -fme@example.org <<<"$simple"
	envelope me@example.org ops@example.org
	forget
	goes -oi -f me@example.org -t <<<"$simple"
	envelope me@example.org ops@example.org
}

@test "fail2ban: a raw display name, no final newline" {
	configure
	printf 'From: Fail2Ban für alle <f2b@example.org>\nTo: ops@example.org\nSubject: größer\n\nHi,\nend' >input
	goes -f f2b@example.org ops@example.org <input
	header subject größer
	header from 'Fail2Ban für alle <f2b@example.org>'
	LC_ALL=C lacks $'[\x80-\xff]' <(sed '/^\r$/q' mail)
	text_is <<<$'Hi,\nend'
}

# ---- the manual ----

@test "every option of --help is in the manual, and the other way round" {
	local page=$root/man/sendmail.8 letter

	diff <(sendmail --help all | grep -oE -- '--[a-z][a-z-]+' | sort -u) \
		<(grep -oE 'Fl Fl [a-z-]+' "$page" | sed 's/Fl Fl /--/' | sort -u)
	for letter in $(sendmail --help all | grep -oE '^  -[A-Za-z](, -[A-Za-z])?' |
		grep -oE '[A-Za-z]'); do
		grep -E '^\.(It|Fl) ' "$page" |
			grep -qE "(Fl|,) ${letter}[a-z]?( |\$)" || {
			echo "not in the manual: -$letter"
			return 1
		}
	done
	command -v mandoc >/dev/null || skip "no mandoc"
	run mandoc -Tlint -Wwarning "$page"
	[ "$status" -eq 0 ]
}

@test "the examples of the manual work" {
	configure 'qualify_domain example.org'
	goes -FCronDaemon -i -B8BITMIME -oem ops@example.org <<<"$simple"
	forget
	text=words
	printf 'To: ops\nSubject: done\n\n%s\n' "$text" | sendmail -t -i
	there
	envelope alice@example.org ops@example.org
}

# ---- installing ----

@test "make install MTA=1 puts the names where Debian looks, and takes them away" {
	command -v make >/dev/null || skip "no make"
	local words

	read -ra words <<<"$MAILSEND"
	local b
	b=$(dirname "${words[-1]}")
	make -C "$root" B="$b" DESTDIR="$PWD/there" PREFIX=/usr MTA=1 install
	for file in sbin/sendmail lib/sendmail bin/mailq; do
		run "there/usr/$file" -bp
		[ "$status" -eq 0 ] || run "there/usr/$file"
		[ "$output" = 'Mail queue is empty' ]
	done
	for file in bin/newaliases bin/mail bin/mailx share/man/man8/sendmail.8 \
		share/man/man1/mailq.1 bin/mailsend bin/mailjoin bin/mailget \
		share/man/man1/mailjoin.1 share/man/man1/mailget.1; do
		[ -s "there/usr/$file" ]
	done
	# another's is left alone
	rm there/usr/sbin/sendmail
	echo other >there/usr/sbin/sendmail
	run make -C "$root" B="$b" DESTDIR="$PWD/there" PREFIX=/usr MTA=1 install
	[ "$status" -ne 0 ]
	make -C "$root" B="$b" DESTDIR="$PWD/there" PREFIX=/usr uninstall
	[ "$(find there ! -type d)" = there/usr/sbin/sendmail ]
	[ "$(cat there/usr/sbin/sendmail)" = other ]
}

@test "without MTA=1 nobody's sendmail is touched" {
	command -v make >/dev/null || skip "no make"
	local words

	read -ra words <<<"$MAILSEND"
	make -C "$root" B="$(dirname "${words[-1]}")" DESTDIR="$PWD/there" \
		PREFIX=/usr install
	[ -x there/usr/bin/mailsend ]
	[ ! -e there/usr/sbin/sendmail ]
	[ ! -e there/usr/bin/mail ]
}

@test "an alias with blanks, in quotes" {
	printf '%s\n' '"hans meier": hans@example.org' >al
	configure "aliases $PWD/al"
	goes '"hans meier"' <<<text
	grep -q 'to=<\?hans@example.org' log
	# a list has none, and a name needs an address
	forget
	post '"hans meier", a@example.org' <<<text
	[ "$status" -eq 64 ]
}
