#!/usr/bin/env bats
# The queue as a person, a program and a monitor see it and change it.
#
# The entries are written here by hand, as entry.h says they are: what is shown
# must not depend on who wrote it.

# shellcheck disable=SC2154 # helper.bash sets what is used here
# shellcheck disable=SC2030,SC2031 # each test is a process of its own
load helper
load face

queue() {
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	mkdir -p "$MAILSEND_QUEUE"/{env,msg,failed,bad,tmp,stamp}
	chmod 700 "$MAILSEND_QUEUE"
}

now=1700000000

# put ID SECONDS SENDER [LINE...] - a mail that came so long ago, of 300 octets;
# without lines it is for bob@example.net.  PLACE is its folder.
put() {
	local id=$1 age=$2 sender=$3

	shift 3
	queue
	[ $# -gt 0 ] || set -- 'to <bob@example.net>' ' state waiting' \
		' tries 1' " tried $((now - 60))" " next $((now + 600))" \
		' cause temporary' ' temporary yes' ' code 451' ' status 4.3.0' \
		' fault mx.example.net said: 451 4.3.0 try later' \
		' host mx.example.net:25' ' reply 451 4.3.0 try later'
	{
		printf 'Subject: %s\r\n\r\n' "$id"
		head -c 300 /dev/zero | tr '\0' x
	} | head -c 300 >"$MAILSEND_QUEUE/msg/$id"
	{
		printf '%s\n' 'mailsend-queue 1' 'kind mail' \
			"arrived $((now - age))" 'size 300' \
			"message-id <$id@host.example.org>" 'account work' \
			"from <$sender>" "$@" end
	} >"$MAILSEND_QUEUE/${PLACE:-env}/$id"
}

# has PATTERN - on a line of standard output.
has() {
	grep -qE -- "$1" <<<"$output" || {
		echo "no line has: $1"
		return 1
	}
}

last_line() {
	[ "$(tail -n 1 <<<"$output")" = "$1" ]
}

names() {
	find "$MAILSEND_QUEUE/$1" -type f -printf '%f\n' | sort | tr '\n' ' '
}

json() {
	json_of "$1" <<<"$output"
}

@test "no queue at all, and one with nothing in it, are empty" {
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/none
	call mailq
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
	[ -z "$stderr" ]
	[ ! -e "$MAILSEND_QUEUE" ]
	queue
	call sendmail -bp
	[ "$output" = 'Mail queue is empty' ]
	call mailq --json
	json 'j == []'
	call mailsend --mailq
	[ "$output" = 'Mail queue is empty' ]
}

@test "the list: Postfix's form, and the reason above those who wait" {
	put 1aaaaaa-one 120 alice@example.org
	put 1bbbbbb-two 60 '' 'to <a@example.net>' ' state waiting' \
		'to <b@example.net>' ' state sent' \
		'to <c@example.net>' ' state failed' ' cause no-user' \
		' fault no such user here'
	call mailq
	[ "$status" -eq 0 ]
	[[ $(head -n 1 <<<"$output") == -Queue\ ID-* ]]
	has '^1aaaaaa-one +300 Tue Nov 14 23:11:20 alice@example.org$'
	has '^\(mx.example.net said: 451 4.3.0 try later; next try 23:23\)$'
	has '^ +bob@example.net$'
	has '^1bbbbbb-two .* <>$'
	has '^\(not tried yet; next try now\)$'
	has '^\(given up: no such user here\)$'
	run ! grep -q 'b@example.net$' <(grep -v bob <<<"$output" | grep -v '[ac]@')
	call sendmail -bp
	last_line '-- 1 Kbytes in 2 Requests.'
}

@test "the list: recipients with one reason stand below it together" {
	put 1a 60 a@example.org 'to <a@example.net>' ' state waiting' \
		' fault down' ' cause temporary' \
		'to <b@example.net>' ' state waiting' ' fault down' \
		' cause temporary'
	call mailq
	[ "$(grep -c '(down' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^ .*@example.net$' <<<"$output")" -eq 2 ]
	last_line '-- 1 Kbytes in 1 Request.'
}

@test "the list: another day is named" {
	put 1a 60 a@example.org 'to <a@example.net>' ' state waiting' \
		" next $((now + 86400))"
	call mailq
	has 'next try Nov 15 23:13'
}

@test "the list: held, given up and unreadable are told in words" {
	put 1held 60 a@example.org 'to <a@example.net>' ' state waiting'
	sed -i 's/^size/held yes\nsize/' "$MAILSEND_QUEUE/env/1held"
	PLACE=failed put 2gone 60 a@example.org 'to <b@example.net>' \
		' state failed' ' fault refused' ' cause unavailable'
	put 3torn 60 a@example.org
	echo torn >"$MAILSEND_QUEUE/env/3torn"
	PLACE=bad put 4bad 60 a@example.org
	echo nonsense >"$MAILSEND_QUEUE/bad/4bad"
	call mailq
	[ "$status" -eq 0 ]
	has '^1held! '
	has '^\(held\)$'
	has '^\(given up, '
	has '^3torn '
	has '^4bad '
	has '^\(cannot be read: '
	[[ $output != *'next try'* ]]
	last_line '-- 1 Kbytes in 4 Requests.'
	# nothing was changed by looking
	[ "$(names env)" = '1held 3torn ' ]
	call mailq --json
	json 'len(j) == 4'
	json '[m["place"] for m in j] == ["waiting", "waiting", "given-up", "unreadable"]'
	json 'j[0]["held"] is True and "error" in j[1] and "error" in j[3]'
}

@test "a broken configuration hides no mail" {
	put 1a 60 a@example.org
	echo nonsense >"$MAILSEND_CONFIG"
	call mailq
	[ "$status" -eq 0 ]
	has '^1a '
	says nonsense
	# but an account that was named has to be there
	: >"$MAILSEND_CONFIG"
	call mailq --account other
	[ "$status" -eq 78 ]
	says other
	call mailq --account other --check
	[ "$status" -eq 3 ]
}

@test "the queue is the account's" {
	put 1a 60 a@example.org
	printf 'host mail.example.org\nqueue_folder %s\n' "$MAILSEND_QUEUE" \
		>"$MAILSEND_CONFIG"
	unset MAILSEND_QUEUE
	call mailq
	has '^1a '
}

@test "several accounts and no default: the list needs none" {
	put 1a 60 a@example.org
	printf 'account a\nhost a.example.org\naccount b\nhost b.example.org\n' \
		>"$MAILSEND_CONFIG"
	call mailq
	[ "$status" -eq 0 ]
	has '^1a '
	[ -z "$stderr" ]
}

@test "--json: all that is known" {
	put 1a 7200 alice@example.org
	put 2b 60 '' 'to <a@example.net>' ' state sent' 'to <ü@example.net>' \
		' smtputf8 yes' ' state waiting'
	call mailq --json
	[ "$status" -eq 0 ]
	json 'len(j) == 2'
	json 'j[0]["id"] == "1a" and j[0]["place"] == "waiting" and j[0]["kind"] == "mail"'
	json 'j[0]["arrived"] == "2023-11-14T21:13:20+01:00"'
	json 'j[0]["age_seconds"] == 7200 and j[0]["size"] == 300'
	json 'j[0]["held"] is False and j[0]["account"] == "work"'
	json 'j[0]["sender"] == "alice@example.org" and j[1]["sender"] == ""'
	json 'j[0]["message_id"] == "<1a@host.example.org>"'
	json 'sorted(j[0]["recipients"][0]) == sorted(["address", "state", "tries", "next", "last_tried", "code", "enhanced", "text", "cause", "error", "host"])'
	json 'j[0]["recipients"][0]["code"] == 451 and j[0]["recipients"][0]["enhanced"] == "4.3.0"'
	json 'j[0]["recipients"][0]["text"] == "try later" and j[0]["recipients"][0]["cause"] == "temporary"'
	json 'j[0]["recipients"][0]["next"] == "2023-11-14T23:23:20+01:00"'
	json 'j[0]["recipients"][0]["host"] == "mx.example.net:25" and j[0]["recipients"][0]["tries"] == 1'
	json '[r["state"] for r in j[1]["recipients"]] == ["sent", "waiting"]'
	json 'j[1]["recipients"][0]["next"] is None and j[1]["recipients"][1]["code"] is None'
	json 'j[1]["recipients"][1]["address"] == "ü@example.net"'
}

@test "--json: what is not UTF-8 is made so" {
	put 1a 60 a@example.org 'to <a@example.net>' ' state waiting' \
		$' reply 451 zur\xfcck' $' fault zur\xfcck' ' cause temporary'
	call mailq --json
	[ "$status" -eq 0 ]
	json 'j[0]["recipients"][0]["text"] == "zurück"'
}

@test "which are listed: ids, senders, recipients" {
	put 1aaa 60 alice@example.org
	put 2bbb 60 bob@example.com 'to <carol@sub.example.net>' ' state waiting'
	put 3ccc 60 '' 'to <dan@example.net>' ' state waiting'
	local way

	for way in '1aaa' '--sender alice' '--sender ALICE@example.org' \
		'--sender @example.org' '-qSalice@example.org' '-qI1aa' \
		'--recipient bob'; do
		# shellcheck disable=SC2086 # words
		call mailq $way
		[ "$(grep -c '^[0-9]' <<<"$output")" -eq 1 ]
		has '^1aaa '
	done
	call mailq -qRexample.net -qRnobody
	last_line '-- 1 Kbytes in 3 Requests.'
	call mailq --recipient @example.net --sender '<>'
	last_line '-- 1 Kbytes in 1 Request.'
	has '^3ccc '
	call sendmail -bp -qI2b
	last_line '-- 1 Kbytes in 1 Request.'
	call sendmail -bp -qSnobody
	[ "$output" = 'Mail queue is empty' ]
	# an id that no mail has is told, not an empty queue
	call mailq 9zzz
	[ "$status" -eq 66 ]
	[ -z "$output" ]
	[[ $stderr == *'no queued mail'* ]]
}

# ---- changes ----

# states ID - of its recipients.
states() {
	sed -n 's/^[ \t]*state //p' "$MAILSEND_QUEUE/env/$1" | tr '\n' ' '
}

@test "--hold and --release" {
	put 1a 60 a@example.org
	put 2b 60 a@example.org
	call mailq --hold 1a
	[ "$status" -eq 0 ]
	says '1 held'
	grep -q '^held yes$' "$MAILSEND_QUEUE/env/1a"
	lacks '^held' "$MAILSEND_QUEUE/env/2b"
	grep -q "next $((now + 600))" "$MAILSEND_QUEUE/env/1a"
	call mailq --hold ALL
	says '2 held'
	call mailq --quiet --release ALL
	[ -z "$stderr" ]
	lacks '^held' "$MAILSEND_QUEUE/env/1a"
	lacks '^held' "$MAILSEND_QUEUE/env/2b"
}

@test "--retry: due now, and no longer held" {
	put 1a 60 a@example.org
	call mailq --hold 1a
	call mailq --retry 1a
	[ "$status" -eq 0 ]
	lacks '^held' "$MAILSEND_QUEUE/env/1a"
	lacks 'next ' "$MAILSEND_QUEUE/env/1a"
	grep -q 'tries 1' "$MAILSEND_QUEUE/env/1a"
}

@test "--retry: what was given up waits again, but for those who have it" {
	PLACE=failed put 1a 999999 a@example.org 'to <a@example.net>' \
		' state told' ' tries 40' ' fault refused' ' cause unavailable' \
		'to <b@example.net>' ' state sent' 'to <c@example.net>' \
		' state failed' ' tries 40'
	call mailq --hold 1a
	[ "$status" -eq 69 ]
	says --retry
	call mailq --retry 1a
	[ "$status" -eq 0 ]
	[ "$(names failed)" = '' ]
	[ "$(states 1a)" = 'waiting sent waiting ' ]
	lacks 'tries 40' "$MAILSEND_QUEUE/env/1a"
}

@test "--retry: an unreadable entry that was mended waits again" {
	PLACE=bad put 1a 60 a@example.org
	PLACE=bad put 2b 60 a@example.org
	echo nonsense >"$MAILSEND_QUEUE/bad/2b"
	call mailq --retry 1a
	[ "$status" -eq 0 ]
	[ "$(names env)" = '1a ' ]
	call mailq --retry 2b
	[ "$status" -eq 65 ]
	says bad/2b
	[ "$(names bad)" = '2b ' ]
}

@test "--delete: waiting, given up or unreadable, and its message" {
	put 1a 60 a@example.org
	PLACE=failed put 2b 60 a@example.org
	PLACE=bad put 3c 60 a@example.org
	echo nonsense >"$MAILSEND_QUEUE/bad/3c"
	put 4d 60 a@example.org
	put 5e 60 a@example.org
	echo nonsense >"$MAILSEND_QUEUE/env/5e"
	call mailq --delete 1a 3c
	[ "$status" -eq 0 ]
	says '2 deleted'
	[ "$(names env)$(names failed)$(names bad)" = '4d 5e 2b ' ]
	[ "$(names msg)" = '2b 4d 5e ' ]
	call mailq --delete ALL
	[ "$status" -eq 0 ]
	[ "$(names env)$(names failed)$(names bad)$(names msg)" = '' ]
}

@test "an id that is not there: 66, and the others are done" {
	put 1a 60 a@example.org
	call mailq --hold 9zzz 1a
	[ "$status" -eq 66 ]
	says 9zzz
	grep -q '^held yes$' "$MAILSEND_QUEUE/env/1a"
	for id in ../msg/1a '' 1A /etc/passwd "$(printf '%0100d' 1)"; do
		call mailq --delete "$id"
		[ "$status" -eq 66 ] || [ "$status" -eq 64 ]
		call mailq --print "$id"
		[ "$status" -eq 66 ] || [ "$status" -eq 64 ]
		[ -z "$output" ]
	done
	[ "$(names env)$(names msg)" = '1a 1a ' ]
	# nothing in all of an empty queue is no fault
	call mailq --delete 1a
	call mailq --retry ALL
	[ "$status" -eq 0 ]
}

@test "what somebody is trying is left alone: 75" {
	command -v flock >/dev/null || skip "no flock"
	put 1a 60 a@example.org
	put 2b 60 a@example.org
	exec 9<"$MAILSEND_QUEUE/msg/1a"
	flock 9
	if grep -q "FLOCK.*:$(stat -c %i "$MAILSEND_QUEUE/msg/1a") " /proc/locks; then
		call mailq
		has '^1a\* '
		has '^2b  '
	fi
	call mailq --delete 1a 2b
	exec 9<&-
	[ "$status" -eq 75 ]
	says 1a
	[ "$(names env)" = '1a ' ]
}

@test "--print: the message as it goes out" {
	put 1a 60 a@example.org
	put 2b 60 a@example.org
	call mailq --print 2b
	[ "$status" -eq 0 ]
	cmp <(names/mailq --print 2b) "$MAILSEND_QUEUE/msg/2b"
	call mailq --print 1a 9zzz
	[ "$status" -eq 66 ]
}

@test "wrong command lines: 64, and nothing is done" {
	put 1a 60 a@example.org
	local line

	for line in --hold '--hold --delete 1a' '--check 1a' '--hold --check 1a' \
		'--json --check' '--delete --sender a@example.org' \
		'--warn-count 5' '--check --warn-count x' '--check -w 0' \
		'--check --warn-age soon' --print 'a@example.org' \
		'--delete --json 1a' '--nonsense'; do
		# shellcheck disable=SC2086 # words
		call mailq $line
		[ "$status" -eq 64 ] || {
			echo "$line"
			return 1
		}
		[[ $stderr == mailq:* ]]
	done
	[ "$(names env)" = '1a ' ]
	send --mailq --hold
	[ "$status" -eq 64 ]
	in_sentences
	refused 64 first -s x --mailq
}

@test "a list that cannot be written is a failure" {
	put 1a 60 a@example.org
	call mailq
	local way

	for way in '' --json --check '--print 1a'; do
		run ! bash -c "names/mailq $way >/dev/full"
	done
}

# ---- for a monitor ----

# check STATUS WORD ARGUMENT... - one line that says so, with numbers.
check() {
	local wanted=$1 word=$2

	call mailq --check "${@:3}"
	[ "$status" -eq "$wanted" ] || return 1
	[ "$(wc -l <<<"$output")" -eq 1 ] || return 1
	[[ $output == "MAILQ $word - "* ]]
}

@test "--check: counts and ages against their limits" {
	queue
	check 0 OK -w 1 -c 2 --warn-age 1m --crit-age 1h
	has 'count=0;1;2;0 age=0s;60;3600;0'
	put 1a 7200 a@example.org
	put 2b 60 a@example.org
	check 0 OK
	has ' 2 wait.* 2 h.*count=2;;;0 age=7200s;;;0'
	check 0 OK -w 3 -c 4 --warn-age 3h --crit-age 1d
	check 1 WARNING -w 2 -c 3
	check 2 CRITICAL -w 1 -c 2
	check 1 WARNING --warn-age 2h
	check 2 CRITICAL --warn-count 1 --crit-age 2h
	# one that is held waits as long as its holder wants
	call mailq --hold 1a
	check 0 OK --warn-age 2m
	has 'age=60s.*held=1;'
	send --mailq --check -w 1
	[ "$status" -eq 1 ]
}

@test "--check: given up and unreadable mails are a warning by themselves" {
	PLACE=failed put 1a 60 a@example.org
	check 1 WARNING
	has 'failed=1;.*bad=0'
	rm "$MAILSEND_QUEUE/failed/1a"
	put 2b 60 a@example.org
	echo nonsense >"$MAILSEND_QUEUE/env/2b"
	check 1 WARNING
	has 'bad=1'
}

@test "--check: a clock that was set back is no age" {
	put 1a -86400 a@example.org
	check 0 OK --warn-age 1s
	has 'age=0s'
}

@test "--check: what cannot be known is 3, on standard output" {
	queue
	chmod 777 "$MAILSEND_QUEUE"
	check 3 UNKNOWN
	call mailq
	[ "$status" -eq 77 ]
}

@test "a queue of ten thousand is listed in little memory" {
	command -v time >/dev/null || skip "no time"
	put 1a 60 a@example.org
	python - "$MAILSEND_QUEUE" <<-'END'
	import os, sys
	q = sys.argv[1]
	text = open(q + "/env/1a").read()
	for i in range(10000):
	    name = "2%06d" % i
	    open(q + "/env/" + name, "w").write(text)
	    os.link(q + "/msg/1a", q + "/msg/" + name)
	END
	call mailq 1a
	names/mailq | tail -n 1 | grep -Fx -e '-- 2930 Kbytes in 10001 Requests.'
	/usr/bin/time -f %M -o memory names/mailq --json >list
	[ "$(python -c 'import json; print(len(json.load(open("list"))))')" -eq 10001 ]
	# a checker's memory is its own
	[ "$(cat memory)" -lt 20000 ] || grep -q __asan "$(readlink names/mailq)"
}
