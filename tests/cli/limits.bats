#!/usr/bin/env bats
# The guard for all mails of an account: limit_same, limit_hour, and the digest
# of what was held.  Crashes at each step: tests/queue/crashes.py.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper
load face
load server

begin=1700000000

# at SECONDS - behind the beginning; each run draws other names.
draw=1
at() {
	draw=$((draw + 1))
	freeze "clock=$((begin + $1)) seed=$draw"
}

limits() {
	printf '%s\n' "$@" >"$MAILSEND_CONFIG"
	at 0
}

# alert SUBJECT [OPTION...] - to oneself; into $status and so on.
alert() {
	local subject=$1

	shift
	at "${clock:-0}"
	send -s "$subject" "$@" alice <<<"the text of $subject"
}

held() {
	find "$MAILSEND_QUEUE/env" -type f 2>/dev/null | wc -l
}

# keep - what is in the queue now, as it was made, for the judge.
keep() {
	mkdir -p sent
	cp "$MAILSEND_QUEUE"/msg/* sent/
}

newest() {
	find "$home/Maildir/new" -type f -printf '%T@ %p\n' | sort -n |
		tail -n 1 | cut -d ' ' -f 2
}

digests() {
	grep -rl 'multipart/digest' "$home/Maildir/new" | wc -l
}

flush_at() {
	at "$1"
	run --separate-stderr mailsend --flush --due
	show
	[ "$status" -eq 0 ]
}

judge_all() {
	local files

	mapfile -t files < <(grep -rl 'multipart/digest' "$home/Maildir/new")
	python "$root/tests/cli/limits_judge.py" sent "${files[@]}"
}

# until_delivered COUNT - within two minutes.
until_delivered() {
	local tries=12000

	until [ "$(delivered)" -eq "$1" ]; do
		((tries--)) || return 1
		sleep 0.01
	done
}

# ---- what is held ----

@test "limit_same: the first goes, the second is held and said so" {
	limits 'limit_same 1h' "logfile $PWD/log"
	alert 'disk 91% full on db1'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(delivered)" -eq 1 ]
	clock=60 alert 'disk 92% full on db1'
	[ "$status" -eq 0 ]
	says 'held by limit_same'
	in_sentences
	[ "$(delivered)" -eq 1 ]
	[ "$(held)" -eq 1 ]
	grep -q 'held=limit_same until=2023-11-15T00:13:20+01:00' <(tail -n 1 log)
	grep -q 'exit=0' <(tail -n 1 log)
	# another machine, another recipient and another sender are other kinds
	clock=70 alert 'disk 92% full on db2'
	[ "$(delivered)" -eq 2 ]
	clock=80 alert 'disk 92% full on db1' -r alice+x@host.example.org
	[ "$(held)" -eq 1 ]
	[ "$(delivered)" -eq 3 ]
}

@test "limit_same: when the time is over a mail goes again" {
	limits 'limit_same 10m'
	alert 'job 1 failed'
	clock=599 alert 'job 2 failed'
	[ "$(held)" -eq 1 ]
	# the digest of one is the mail itself, and begins the time anew
	keep
	flush_at 600
	[ "$(held)" -eq 0 ]
	[ "$(delivered)" -eq 2 ]
	[ "$(digests)" -eq 0 ]
	tr -d '\r' <"$(echo sent/*)" >mail
	cmp <(tail -c "$(stat -c %s mail)" "$(newest)") mail
	clock=1100 alert 'job 3 failed'
	[ "$(held)" -eq 1 ]
	flush_at 1200
	clock=1801 alert 'job 4 failed'
	[ "$(held)" -eq 0 ]
	[ "$(delivered)" -eq 4 ]
}

@test "limit_hour: so many in an hour, whatever they are about" {
	limits 'limit_hour 3'
	local i

	for i in one two three four five; do
		clock=$((${#i} * 10)) alert "alert $i"
	done
	[ "$(delivered)" -eq 3 ]
	[ "$(held)" -eq 2 ]
	says 'limit_hour'
	keep
	flush_at 3000
	[ "$(held)" -eq 2 ]
	flush_at 3700
	[ "$(held)" -eq 0 ]
	[ "$(judge_all)" = '1 2' ]
	# it counts as one of the three
	clock=3710 alert 'alert six'
	clock=3711 alert 'alert seven'
	clock=3712 alert 'alert eight'
	[ "$(held)" -eq 1 ]
}

@test "1000 mails in ten minutes: a handful arrive, with all of them" {
	limits 'limit_same 1h' 'limit_hour 5' "logfile $PWD/log"
	local i t

	# the same program for all of them would be one mail of many: it is a loop
	for ((i = 0; i < 1000; i++)); do
		t=$((i * 600 / 1000))
		draw=$((draw + 1))
		MAILSEND_FROZEN="clock=$((begin + t)) zone=0 seed=$draw \
host=host.example.org user=alice uid=$EUID home=$home charset=utf-8 \
tty=0 spare=$BATS_TEST_TMPDIR.spare" mailsend --quiet \
			-s "disk $i% full on db$((i % 4))" alice \
			<<<"alert number $i" || return 1
	done
	[ "$(delivered)" -eq 4 ]
	[ "$(held)" -eq 996 ]
	keep
	at 601
	run mailsend --mailq --check
	[[ $output == *'996 held by a limit'*'count=0;'*'limited=996;'* ]]
	flush_at 4300
	[ "$(held)" -eq 0 ]
	[ "$(delivered)" -eq 5 ]
	[ "$(judge_all)" = '1 996' ]
	[ "$(grep -c held= log)" -eq 996 ]
}

@test "a mail that is over reaches nobody twice, however many ask at once" {
	limits 'limit_same 1h'
	local i pids=()

	for i in {1..12}; do
		freeze "clock=$begin seed=$((i * 7919))"
		mailsend --quiet -s "race $i" alice <<<"text $i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(delivered)" -eq 1 ]
	[ "$(held)" -eq 11 ]
	keep
	at 3601
	mailsend --flush --due &
	pids=($!)
	mailsend --flush --due
	wait "${pids[0]}"
	flush_at 3602
	[ "$(held)" -eq 0 ]
	[ "$(delivered)" -eq 2 ]
	[ "$(judge_all)" = '1 11' ]
}

@test "the next mail that is sent sends the digest, too" {
	limits 'limit_same 1h'
	alert 'disk 1'
	alert 'disk 2'
	alert 'disk 3'
	[ "$(held)" -eq 2 ]
	clock=3601 alert 'another thing'
	until_delivered 3
	# and so does one that is held itself
	clock=3700 alert 'disk 4'
	clock=3701 alert 'disk 5'
	[ "$(held)" -eq 2 ]
	clock=7300 alert 'another thing 2'
	until_delivered 5
}

@test "queue_flush off: the digest waits for its run" {
	limits 'limit_same 1h' 'queue_flush off'
	alert 'disk 1'
	alert 'disk 2'
	alert 'disk 3'
	clock=3601 alert 'another thing'
	[ "$(held)" -eq 2 ]
	flush_at 3602
	[ "$(delivered)" -eq 3 ]
}

@test "--flush and --flush ID leave it held, and say so" {
	limits 'limit_same 1h'
	alert 'disk 1'
	alert 'disk 2'
	at 10
	send --flush
	says held
	[ "$(held)" -eq 1 ]
	send --flush "$(ls "$MAILSEND_QUEUE/env")"
	[ "$(held)" -eq 1 ]
	[ "$(delivered)" -eq 1 ]
}

# ---- the guard for one mail ----

@test "--set limit_same=off passes, and does not count" {
	limits 'limit_same 1h' 'limit_hour 2'
	alert 'disk 1'
	local off

	for off in off 0; do
		alert 'disk 2' --set "limit_same=$off" --set "limit_hour=$off"
		[ -z "$stderr" ]
	done
	[ "$(delivered)" -eq 3 ]
	alert 'something else'
	[ "$(delivered)" -eq 4 ]
	alert 'a third'
	[ "$(held)" -eq 1 ]
}

@test "queue never: nothing can be held, and a warning says so" {
	limits 'limit_same 1h' 'queue never'
	alert 'disk 1'
	alert 'disk 2'
	[ "$status" -eq 0 ]
	says 'queue never'
	[ "$(delivered)" -eq 2 ]
	[ "$(held)" -eq 0 ]
}

@test "a mail that was refused does not count" {
	limits 'host 127.0.0.1' 'port 1' 'tls off' 'timeout 5' 'limit_same 1h' \
		'queue never' 'from me@example.org'
	send -s 'disk 1' bob@example.org <<<text
	[ "$status" -ne 0 ]
	send -s 'disk 2' bob@example.org <<<text
	[ "$status" -ne 0 ]
	[[ $stderr != *over* ]]
	lacks '^kind' "$(find "$MAILSEND_QUEUE/limit" -type f ! -name '*.lock')"
}

@test "the other names are under the guard, too" {
	local name

	for name in sendmail mail mutt msmtp; do
		limits 'limit_same 1h'
		rm -rf "$MAILSEND_QUEUE" "$home/Maildir"
		for i in 1 2; do
			case $name in
			sendmail | msmtp)
				call "$name" alice <<<"Subject: disk $i

text"
				;;
			*)
				call "$name" -s "disk $i" alice <<<text
				;;
			esac
			[ "$status" -eq 0 ]
		done
		[ "$(delivered)" -eq 1 ]
		[ "$(held)" -eq 1 ]
		[[ $stderr == *'held by limit_same'* ]]
	done
}

@test "--run: the mails of jobs are under the guard, and no status changes" {
	limits 'limit_same 1h'
	local n

	for n in 1 2; do
		at "$n"
		run --separate-stderr mailsend --run --json --on always \
			--name job alice -- sh -c 'exit 3'
		show
		[ "$status" -eq 3 ]
	done
	json_of 'j["mail"]["status"] == "held" and j["mail"]["queue_id"]' \
		<<<"$output"
	[ "$(delivered)" -eq 1 ]
	[ "$(held)" -eq 1 ]
}

@test "--serve: the client is told that its mail is held" {
	limits 'limit_same 1h'
	at 0
	send --serve - < <(printf '%s\r\n' 'HELO me' 'MAIL FROM:<a@b.example>' \
		'RCPT TO:<alice>' DATA 'Subject: disk 1' '' x . \
		'MAIL FROM:<a@b.example>' 'RCPT TO:<alice>' DATA \
		'Subject: disk 2' '' x . QUIT)
	[ "$status" -eq 0 ]
	[[ $output == *'250 2.0.0 held by limit_same as '* ]]
	[ "$(delivered)" -eq 1 ]
	[ "$(held)" -eq 1 ]
	flush_at 3700
	[ "$(delivered)" -eq 2 ]
}

@test "each file and each message of a batch is a mail, the parts of a file are one" {
	limits 'limit_same 1h'
	at 0
	echo 1 >f1
	echo 2 >f2
	send -s 'file {n}' --each f1 f2 -- alice
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
	[ "$(held)" -eq 1 ]
	grep -q '^held f2' <<<"$output"
	head -c 200000 /dev/urandom >big
	at 1
	send -s 'set 1' --split 100k --attach big alice </dev/null
	[ "$status" -eq 0 ]
	[ "$(held)" -eq 1 ]
	local went
	went=$(delivered)
	[ "$went" -ge 4 ]
	at 2
	send -s 'set 2' --split 100k --attach big alice </dev/null
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq "$went" ]
	says 'held by the limits'
	flush_at 3700
	# the parts by themselves, each of them
	[ "$(held)" -eq 0 ]
	[ "$(digests)" -eq 0 ]
	[ "$(delivered)" -eq $((went + went)) ]
}

# ---- the digest ----

@test "the digest: subject, table, excerpts; read by another parser" {
	limits 'limit_same 1h'
	local i

	for i in {1..5}; do
		clock=$((i * 60)) alert "disk 9$i% full on db1"
	done
	clock=400 alert 'backup failed: Größe'
	clock=401 alert 'backup failed: Größe'
	keep
	flush_at 3700
	[ "$(judge_all)" = '1 5' ]
	cp "$(newest)" digest
	python - digest <<'PYTHON'
import email, email.policy, sys
with open(sys.argv[1], "rb") as file:
    mail = email.message_from_binary_file(file, policy=email.policy.default)
subject = mail["Subject"]
assert subject.startswith("5 mails in the past hour: "), subject
assert "disk 95% full on db1 (4)" in subject, subject
assert "backup failed: Größe" in subject, subject
assert mail["To"] == "alice@host.example.org"
assert "alice@host.example.org" in mail["From"]
assert mail["Auto-Submitted"] == "auto-generated"
assert mail.get_content_type() == "multipart/mixed"
kinds = [part.get_content_type() for part in mail.iter_parts()]
assert kinds == ["text/plain", "multipart/digest"], kinds
text = mail.get_body(("plain",)).get_content()
assert "    4 " in text and "    1 " in text, text
assert "the text of disk 95% full on db1" in text, text
assert "disk 94% full on db1" in text, text
assert text.index("disk 95%") < text.index("backup failed"), text
PYTHON
}

@test "what is signed, has 8 bits or long lines comes back octet for octet" {
	limits 'limit_same 1h'
	alert 'signed 0'
	cat >mail <<'MAIL'
From: alice@host.example.org
To: alice@host.example.org
Subject: signed 1
MIME-Version: 1.0
Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"; micalg=pgp-sha256

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße, und ein Strich: -- 
--b
Content-Type: application/pgp-signature

-----BEGIN PGP SIGNATURE-----
none
-----END PGP SIGNATURE-----
--b--
MAIL
	at 5
	send --draft=mail
	[ "$status" -eq 0 ]
	printf 'From: alice@host.example.org\nTo: alice@host.example.org\nSubject: signed 2\n\nplain\n' >mail
	send --draft=mail
	[ "$(held)" -eq 2 ]
	keep
	flush_at 3700
	[ "$(judge_all)" = '1 2' ]
	grep -q 'mail-1.eml' "$(newest)"
}

@test "mails of all kinds and errors come back octet for octet" {
	limits 'limit_hour 1'
	local file count=0

	alert 'the first'
	while read -r file; do
		count=$((count + 1))
		at "$count"
		mailsend --quiet --draft="$file" alice 2>/dev/null || true
	done < <(find "$root/tests/corpus" "$root/tests/golden" -type f | sort)
	[ "$(held)" -gt 20 ]
	count=$(held)
	keep
	flush_at 5000
	[ "$(held)" -eq 0 ]
	# each sender has a digest, and who has one mail has that mail
	local digests
	mapfile -t digests < <(grep -l '^Subject: [0-9]* mails in the past' \
		"$home"/Maildir/new/*)
	[ "${#digests[@]}" -ge 1 ]
	for file in $(comm -23 <(printf '%s\n' "$home"/Maildir/new/* | sort) \
		<(printf '%s\n' "${digests[@]}" | sort)); do
		count=$((count - 1))
		python - "$file" sent <<'PYTHON'
import os, sys
with open(sys.argv[1], "rb") as file:
    alone = file.read().replace(b"\r\n", b"\n")
for name in os.listdir(sys.argv[2]):
    path = os.path.join(sys.argv[2], name)
    with open(path, "rb") as file:
        if alone.endswith(file.read().replace(b"\r\n", b"\n")):
            os.unlink(path)
            break
PYTHON
	done
	# the first one of all was not held
	count=$((count + 1))
	run python "$root/tests/cli/limits_judge.py" sent "${digests[@]}"
	show
	[ "$output" = "${#digests[@]} $count" ]
}

@test "a recipient gets only what was addressed to them, and Bcc stays hidden" {
	configure 'limit_same 1h'
	at 0
	local n # `run` has an i of its own

	for n in 1 2 3; do
		at "$n"
		send -s "to both $n" --to ann@example.org --bcc eve@example.org <<<"both $n"
		at "$n"
		send -s "to ann $n" ann@example.org <<<"for ann $n"
		at "$n"
		send -s "copied $n" --to ann@example.org --cc bob@example.org <<<"copied $n"
	done
	[ "$(arrived | wc -l)" -eq 3 ]
	arrived | xargs rm
	at 3700
	send --flush --due
	[ "$status" -eq 0 ]
	[ "$(held)" -eq 0 ]
	[ "$(arrived | wc -l)" -eq 3 ]
	local file to both=0 one=0 two=0
	for file in $(arrived); do
		lacks 'eve@' <(sed '1,/^$/d' "$file")
		lacks '^To:.*eve@\|^Cc:.*eve@\|^Bcc:' "$file"
		to=$(grep -m 1 '^To:' "$file" | tr -d '\r')
		if grep -q 'both 2' "$file"; then
			both=$((both + 1))
			lacks 'for ann\|copied' "$file"
			[ "$to" = 'To: ann@example.org' ]
		elif grep -q 'copied 2' "$file"; then
			two=$((two + 1))
			lacks 'for ann\|both' "$file"
			[ "$to" = 'To: ann@example.org, bob@example.org' ]
		else
			one=$((one + 1))
			grep -q 'for ann 3' "$file"
			lacks 'copied\|both' "$file"
		fi
	done
	[ "$both $one $two" = '1 1 1' ]
	grep -q 'to=ann@example.org,eve@example.org' log
}

@test "a digest that is refused comes back as a bounce, which nothing holds" {
	configure 'limit_same 1h' 'limit_hour 1' 'queue_flush off'
	local i

	for i in 1 2 3; do
		at "$i"
		send -s "disk $i" bob@example.org <<<"text $i"
	done
	[ "$(held)" -eq 2 ]
	mkfifo refusing
	"$root/tests/queue/sink" --log sink.log --fault dot:554:0:bob \
		>refusing 3>&- &
	echo $! >sink.pid
	local words
	read -r words <refusing
	sed -i "s/^port.*/port ${words#PORT }/" "$MAILSEND_CONFIG"
	flush_at 3700
	run --separate-stderr mailsend --flush
	kill "$(cat sink.pid)"
	# the bounce went; nothing is held, and nothing is lost: what was
	# refused is kept where it did not come back whole
	grep -q '"sender": ""' sink.log
	run mailsend --mailq --check
	[[ $output == *'limited=0;'* ]]
}

@test "more than fits: the rest is held for another hour" {
	limits 'limit_same 1h'
	alert 'large 0'
	local i

	head -c 700000 /dev/zero | tr '\0' x | fold -w 70 >text
	for i in {1..30}; do
		at "$i"
		mailsend --quiet -s "large $i" -i text alice
	done
	[ "$(held)" -eq 30 ]
	keep
	flush_at 3700
	[ "$(held)" -gt 0 ]
	[ "$(digests)" -eq 4 ]
	grep -q 'more are held until' "$(newest)"
	local left
	left=$(held)
	flush_at 3800
	[ "$(held)" -eq "$left" ]
	flush_at 7400
	[ "$(held)" -eq 0 ]
	[ "$(judge_all)" = '5 30' ]
}

@test "what is too large for a digest goes by itself, when the limits let it" {
	limits 'limit_same 1h'
	head -c 1500000 /dev/zero | tr '\0' x | fold -w 70 >text
	local i

	for i in 1 2 3; do
		at "$i"
		mailsend --quiet -s "huge $i" -i text alice
	done
	[ "$(held)" -eq 2 ]
	flush_at 3605
	[ "$(held)" -eq 1 ]
	[ "$(digests)" -eq 0 ]
	[ "$(delivered)" -eq 2 ]
	flush_at 3700
	[ "$(held)" -eq 1 ]
	flush_at 7300
	[ "$(delivered)" -eq 3 ]
}

@test "what is too large waits no longer than a day, whatever else goes" {
	limits 'limit_hour 1'
	head -c 1500000 /dev/zero | tr '\0' x | fold -w 70 >text
	local hour

	alert 'first'
	clock=1 alert 'large' -i text
	clock=2 alert 'large' -i text
	[ "$(held)" -eq 2 ]
	for ((hour = 1; hour < 24; hour++)); do
		# somebody is always faster
		clock=$((hour * 3601)) alert "another $hour" --set queue_flush=off
		[ "$(held)" -eq 2 ]
	done
	flush_at 82900
	[ "$(held)" -eq 2 ]
	clock=86450 alert 'another' --set queue_flush=off
	flush_at 86460
	[ "$(held)" -eq 1 ]
	flush_at 86470
	[ "$(held)" -eq 0 ]
}

# ---- by hand ----

@test "mailq shows it; --release sends it alone at once, --delete drops it" {
	limits 'limit_same 1h'
	alert 'disk 1'
	alert 'disk 2'
	alert 'disk 3'
	alert 'disk 4'
	at 60
	run mailsend --mailq
	show
	[[ $output == *'(held by limit_same until Nov 15 00:13)'* ]]
	[ "$(grep -c '^[0-9a-z-]*! ' <<<"$output")" -eq 3 ]
	[[ $output != *'next try'* ]]
	run mailsend --mailq --json
	json_of '[m["held_by"] for m in j] == ["limit_same"] * 3' <<<"$output"
	json_of '[m["held"] for m in j] == [False] * 3' <<<"$output"
	json_of 'j[0]["held_until"] == "2023-11-15T00:13:20+01:00"' <<<"$output"
	python "$root/tests/schema.py" mailq <<<"$output"
	local ids
	mapfile -t ids < <(ls "$MAILSEND_QUEUE/env")
	send --mailq --release "${ids[0]}"
	[ "$status" -eq 0 ]
	until_delivered 2
	send --mailq --delete "${ids[1]}"
	[ "$status" -eq 0 ]
	[ "$(held)" -eq 1 ]
	# held by hand it is in no digest
	send --mailq --hold "${ids[2]}"
	flush_at 3700
	[ "$(held)" -eq 1 ]
	[ "$(delivered)" -eq 2 ]
	send --mailq --release "${ids[2]}"
	until_delivered 3
}

@test "--check: what is held by a limit is not late before its time" {
	limits 'limit_same 1h'
	alert 'disk 1'
	alert 'disk 2'
	at 3000
	run mailsend --mailq --check --warn-count 1 --warn-age 10m
	[ "$status" -eq 0 ]
	[[ $output == *'limited=1;'* ]]
	at 5000
	run mailsend --mailq --check --warn-age 10m
	[ "$status" -eq 1 ]
	[[ $output == *'age=1400s'* ]]
}

@test "--json, --dry-run and --explain tell of it" {
	limits 'limit_same 1h' 'limit_hour 60'
	alert 'disk 1'
	alert 'disk 2' --json
	json_of 'j["status"] == "held" and j["exit"] == 0' <<<"$output"
	json_of 'j["held_by"] == "limit_same" and j["queue_id"]' <<<"$output"
	json_of 'j["recipients"][0]["status"] == "held"' <<<"$output"
	python "$root/tests/schema.py" mail <<<"$output"
	alert 'other' --dry-run
	[[ $output == *'limits: '*'60 in an hour'* ]]
	[[ $output != *'would be held'* ]]
	alert 'disk 3' --explain
	[[ $output == *'would be held until'*'limit_same'* ]]
	[ "$(held)" -eq 1 ]
	alert 'other'
	[ "$(delivered)" -eq 2 ]
	send --show-config
	grep -qE '^limit_same +3600 ' <<<"$output"
	grep -qE '^limit_hour +60 ' <<<"$output"
}

# ---- what is wrong with the state ----

state() {
	find "$MAILSEND_QUEUE/limit" -type f ! -name '*.lock'
}

@test "a damaged state: sent with a warning, and begun anew" {
	limits 'limit_same 1h'
	alert 'disk 1'
	local damage file

	file=$(state)
	for damage in '' 'mailsend-limit 1' 'nonsense' $'mailsend-limit 1\nkind x 1\nend'; do
		printf '%s\n' "$damage" >"$file"
		alert 'disk 2'
		[ "$status" -eq 0 ]
		says damaged
		[ "$(held)" -eq 0 ]
	done
	head -c 3000000 /dev/zero >"$file"
	alert 'disk 3'
	[ "$status" -eq 0 ]
	[ "$(held)" -eq 0 ]
	[ -n "$stderr" ]
	rm "$file"
	alert 'disk 4'
	[ "$(delivered)" -eq 7 ]
	alert 'disk 5'
	[ "$(held)" -eq 1 ]
}

@test "a state that cannot be written: sent with a warning" {
	[ "$EUID" -ne 0 ] || command -v chattr >/dev/null || skip "needs a file that root cannot write"
	limits 'limit_same 1h'
	alert 'disk 1'
	rm -rf "$MAILSEND_QUEUE/limit"
	echo >"$MAILSEND_QUEUE/limit"
	alert 'disk 2'
	[ "$status" -eq 0 ]
	says 'cannot be checked'
	[ "$(delivered)" -eq 2 ]
	# no queue at all can be had
	rm -rf "$MAILSEND_QUEUE"
	echo >"$MAILSEND_QUEUE"
	alert 'disk 3'
	[ "$status" -eq 0 ]
	says 'cannot be checked'
	[ "$(delivered)" -eq 3 ]
}

@test "a state that others hold for long: sent with a warning" {
	command -v flock >/dev/null || skip "no flock"
	limits 'limit_same 1h'
	alert 'disk 1'
	exec 9<"$MAILSEND_QUEUE/limit/state.lock"
	flock 9
	alert 'disk 2'
	exec 9<&-
	[ "$status" -eq 0 ]
	says 'state.lock'
	[ "$(delivered)" -eq 2 ]
}

@test "a queue that cannot take it: sent with a warning" {
	limits 'limit_same 1h'
	alert 'disk 1'
	rm -rf "$MAILSEND_QUEUE/msg"
	echo >"$MAILSEND_QUEUE/msg"
	alert 'disk 2'
	[ "$status" -eq 0 ]
	says 'could not be held'
	[ "$(delivered)" -eq 2 ]
}

@test "the clock set back: nothing is held for longer than its time" {
	limits 'limit_same 1h' 'limit_hour 2'
	clock=100000 alert 'disk 1'
	clock=100010 alert 'disk 2'
	[ "$(held)" -eq 1 ]
	# a day back: what was counted is of now, for an hour and no more; what
	# came from the future is due
	clock=10 alert 'disk 3'
	says 'until Nov 15 00:13'
	flush_at 20
	until_delivered 2
	[ "$(held)" -eq 0 ]
	clock=4000 alert 'disk 4'
	[ "$(held)" -eq 0 ]
	[ "$(delivered)" -eq 3 ]
}

# ---- wrong values ----

@test "wrong values are refused, in the file and by --set" {
	local value

	for value in -1 1x 366d soon; do
		refused 64 limit_same --set "limit_same=$value" alice <<<x
		echo "limit_same $value" >"$MAILSEND_CONFIG"
		refused 78 limit_same alice <<<x
		: >"$MAILSEND_CONFIG"
	done
	for value in -1 10001 1h many; do
		refused 64 limit_hour --set "limit_hour=$value" alice <<<x
		echo "limit_hour $value" >"$MAILSEND_CONFIG"
		refused 78 limit_hour alice <<<x
		: >"$MAILSEND_CONFIG"
	done
}

@test "without limits nothing is counted" {
	limits ''
	alert 'disk 1'
	alert 'disk 2'
	[ "$(delivered)" -eq 2 ]
	[ ! -e "$MAILSEND_QUEUE/limit" ]
}
