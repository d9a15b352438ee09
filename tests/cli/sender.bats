#!/usr/bin/env bats
# Who a mail is from, in its envelope and in its header, and what else of a
# header that somebody else wrote is put right.

# shellcheck disable=SC2154 # the helpers set what is used here
load helper
load face
load server

# without_from LINE... - an account of which nothing but the server is known.
without_from() {
	configure "$@"
	grep -v '^from me@example.org$' "$MAILSEND_CONFIG" >conf
	cat conf >"$MAILSEND_CONFIG"
}

# fields NAME - its lines in `mail`, unfolded by a parser that is not ours.
fields() {
	python - "$1" <<-'END'
	import email.policy, sys
	with open("mail", "rb") as file:
	    mail = email.message_from_binary_file(file, policy=email.policy.default)
	for value in mail.get_all(sys.argv[1], []):
	    print(value)
	END
}

# from_is VALUE - of the one From there is.
from_is() {
	[ "$(fields From)" = "$1" ] || {
		fields From
		return 1
	}
}

bare() {
	printf '%s\n' 'Subject: x' '' text
}

@test "without from: the message's From, then user, then login@host" {
	without_from 'auth off' 'user joe@example.com'
	sends sendmail -t a@example.org \
		< <(echo 'From: Ann <ann@example.net>'; bare)
	came_from ann@example.net
	from_is 'Ann <ann@example.net>'
	sends sendmail a@example.org < <(bare)
	came_from joe@example.com
	from_is 'Alice Example <joe@example.com>'
	sends mailsend -s x a@example.org < <(echo text)
	came_from joe@example.com
	from_is 'Alice Example <joe@example.com>'
	without_from 'auth off' "user joe"
	sends sendmail a@example.org < <(bare)
	came_from alice@host.example.org
	from_is 'Alice Example <alice@host.example.org>'
	without_from
	sends sendmail a@example.org < <(bare)
	came_from alice@host.example.org
}

@test "-f stands above from, and from above the message and user" {
	configure 'auth off' 'user joe@example.com'
	sends sendmail -t a@example.org \
		< <(echo 'From: ann@example.net'; bare)
	came_from me@example.org
	from_is ann@example.net
	sends sendmail -f given@example.com -t a@example.org \
		< <(echo 'From: ann@example.net'; bare)
	came_from given@example.com
	from_is ann@example.net
}

@test "a From without a domain is no sender: user stands in its place" {
	without_from 'auth off' 'user joe@example.com'
	sends sendmail -i a@example.org \
		< <(echo 'From: root (Cron Daemon)'; bare)
	came_from joe@example.com
	from_is '"Cron Daemon (root on host)" <joe@example.com>'
	without_from 'auth off' 'user joe@example.com' 'masquerade off'
	sends sendmail -i a@example.org \
		< <(echo 'From: root (Cron Daemon)'; bare)
	came_from joe@example.com
	from_is 'Cron Daemon <root@host.example.org>'
}

@test "a resent message is from who resent it" {
	without_from
	sends sendmail a@example.org < <(echo 'Resent-From: bob@example.net'
		echo 'Resent-To: a@example.org'; echo 'From: ann@example.net'; bare)
	came_from bob@example.net
}

@test "--explain tells which of them it was" {
	without_from 'auth off' 'user joe@example.com'
	send --explain -s x a@example.org <<<text
	[ "$status" -eq 0 ]
	[[ $output == *"account's "?user?* ]]
}

@test "an empty From, Date or Message-ID is none" {
	configure
	sends sendmail -t < <(printf '%s\n' 'From: ' 'Date:' 'Message-ID:  ' \
		'To: a@example.org' 'Cc: ' 'Sender:'; bare)
	from_is me@example.org
	is headers/date 'Tue, 14 Nov 2023 23:13:20 +0100'
	[ "$(grep -c '^Message-ID: <.*@.*>$' mail)" -eq 1 ]
	[ "$(grep -ciE '^(From|Date|Message-ID|Cc|Sender):' mail)" -eq 3 ]
	went_to a@example.org
}

@test "a From that is no address becomes the name, with a warning" {
	configure
	for odd in 'foo<bar' '=?utf-8?q?J=C3=B6rg?= <' 'x@y@z.example.org' \
		'"never closed <a@example.org>' '<>' '@'; do
		call sendmail a@example.org < <(echo "From: $odd"; bare)
		[ "$status" -eq 0 ]
		says warning
		says From
		there
		came_from me@example.org
		[ "$(fields From | wc -l)" -eq 1 ]
		[[ "$(fields From)" == *me@example.org* ]]
	done
	call sendmail a@example.org < <(echo 'From: foo<bar'; bare)
	there
	from_is '"foo<bar" <me@example.org>'
	call sendmail a@example.org < <(echo 'From: =?utf-8?q?J=C3=B6rg?= <'; bare)
	there
	from_is '"Jörg <" <me@example.org>'
	# with no line ends, wherever they hide
	call sendmail a@example.org \
		< <(echo 'From: =?utf-8?q?x=0D=0ABcc:_y@x.org=00?= <'; bare)
	[ "$status" -eq 0 ]
	there
	lacks '^Bcc' mail
	[[ "$(fields From)" == *'<me@example.org>' ]]
	# neither does it go where no From was to be set
	configure 'set_from_header off'
	call sendmail a@example.org < <(echo 'From: foo<bar'; bare)
	there
	from_is '"foo<bar" <me@example.org>'
}

@test "Return-Path and Content-Length stay where the message lay" {
	configure
	sends sendmail -t < <(printf '%s\n' 'Return-Path: <b@example.net>' \
		'Content-Length: 5' 'X-Kept: y' 'To: a@example.org'; bare)
	[ "$(grep -c '^Return-Path' mail)" -eq 1 ] # the peer's own
	grep -q '^Return-Path: <me@example.org>' mail
	lacks '^Content-Length' mail
	is headers/x-kept y
}

@test "remove_bcc_headers off keeps Bcc, and nothing else does" {
	configure 'remove_bcc_headers off'
	sends sendmail -t < <(printf '%s\n' 'To: a@example.org' \
		'Bcc: b@example.org'; bare)
	went_to a@example.org b@example.org
	[ "$(fields Bcc)" = b@example.org ]
	configure 'keepbcc on'
	sends msmtp -t < <(printf '%s\n' 'To: a@example.org' \
		'Bcc: b@example.org'; bare)
	[ "$(fields Bcc)" = b@example.org ]
	configure
	sends msmtp --keepbcc -t < <(printf '%s\n' 'To: a@example.org' \
		'Bcc: b@example.org'; bare)
	[ "$(fields Bcc)" = b@example.org ]
	sends msmtp -t < <(printf '%s\n' 'To: a@example.org' \
		'Bcc: b@example.org'; bare)
	lacks '^Bcc' mail
	configure 'remove_bcc_headers off'
	sends mailsend -s x --bcc b@example.org a@example.org <<<text
	lacks '^Bcc' mail
}

@test "a Bcc that is kept is queued and is still there" {
	configure 'remove_bcc_headers off' 'queue only'
	sends_later() { call sendmail "$@"; [ "$status" -eq 0 ]; }
	sends_later -t < <(printf '%s\n' 'To: a@example.org' \
		'Bcc: b@example.org'; bare)
	call mailsend --flush
	there
	[ "$(fields Bcc)" = b@example.org ]
}

@test "set_from_header on and allow_from_override off: the account alone" {
	configure 'set_from_header on' 'allow_from_override off'
	sends sendmail -f x@example.net a@example.org < <(printf '%s\n' \
		'From: Ann <ann@example.net>' 'Sender: bob@example.net'; bare)
	came_from me@example.org
	from_is me@example.org
	lacks '^Sender' mail
	sends mailsend --from x@example.net --header 'Sender: y@example.net' \
		-s x a@example.org <<<text
	from_is me@example.org
	lacks '^Sender' mail
	configure 'set_from_header on'
	sends sendmail a@example.org < <(echo 'Sender: bob@example.net'; bare)
	grep -q '^Sender: bob@example.net' mail
}

# ---- as msmtp has it --------------------------------------------------------
# The cases are those of msmtp's own test of headers: addresses in all the
# forms of RFC 2822's appendix A, and what its options make of them.

corpus() {
	printf '%s\n' 'From: Some Name <from@example.com>' \
		'X-Comment: all that an address may look like' \
		'To: to1@example.com,' \
		$'\t=?utf-8?B?VGVzdCDDnHNlcg==?= <to2@example.com>, Some' \
		$'\tOne <to3@example.com>,' \
		'Cc: to4, "A; \"Quoted\" Name" <to5@example.com>' \
		'To: A Group:Person 1 <to6@example.com>,to7@example.com,Who <to8@example.com>;' \
		'Cc: Undisclosed recipients:;' \
		'To: "A Person: Personal Account" <to9@example.com>' \
		'To: Some(wonderful \) chap) <to10(his account)@localhost(this host)>' \
		'Cc:A Group(Some people)' \
		"     :Some Person <to11@(their's host.)example.com>," \
		'              to12, ' \
		$'\t        Person <to13@localhost> (a friend); (the end of the group)' \
		'Bcc:(Empty list)(start)Undisclosed recipients  :(nobody(that I know))  ;' \
		'Bcc: bcc@example.com' 'Subject: Test' '' 'This is a test.'
}

# plain ARGUMENT... - msmtp without any configuration but the server.
plain() {
	configure
	sends msmtp --host localhost --port "$(cat "$server/port")" \
		--set "logfile=$PWD/log" "$@" < <(corpus)
}

@test "msmtp's headers: From is made of the sender and the name that is given" {
	plain --set-from-header=on --from test@example.com recipient@example.com
	grep -qx 'From: test@example.com' mail
	went_to recipient@example.com
	plain --set-from-header=on --from test@example.com -F 'Test User' \
		recipient@example.com
	grep -qx 'From: Test User <test@example.com>' mail
	plain --set-from-header=on --from test@example.com -F 'Test Üser' \
		recipient@example.com
	from_is 'Test Üser <test@example.com>'
	lacks 'Üser' mail
}

@test "msmtp's headers: who sends and who gets it is read from the message" {
	plain --set-from-header=on --read-envelope-from --read-recipients
	grep -qx 'From: from@example.com' mail
	came_from from@example.com
	[ "$(tail -n 1 log | grep -oE 'to=[^ ]*' | tr ',' '\n' | sed 's/^to=//')" = \
		"$(printf '%s\n' to{1,2,3}@example.com to{6,7,8,9}@example.com \
			to10@localhost to4@host.example.org to5@example.com \
			to11@example.com to12@host.example.org to13@localhost \
			bcc@example.com)" ]
	lacks '^[Bb][Cc][Cc]' mail
	date=$(sed -n 's/^Date: //p' mail)
	[ "$(TZ=CET LC_ALL=C date -R --date "$date")" = "$date" ]
	grep -q '^Message-ID: <.*@example.com>$' mail
}

@test "msmtp's headers: auto, on and off, for each of them" {
	message() { printf '%s\n' 'From: ann@example.net' 'To: a@example.org' \
		'Date: Mon, 1 Jan 2001 00:00:00 +0000' 'Message-ID: <1@x.org>' \
		'Subject: x' '' text; }

	for on in '' =auto =off; do
		configure
		sends msmtp "--set-from-header$on" "--set-date-header$on" \
			"--set-msgid-header$on" -t < <(message)
		diff <(message) <(grep -v '^Return-Path' mail)
	done
	configure
	sends msmtp --set-from-header=off --set-date-header=off \
		--set-msgid-header=off a@example.org < <(bare)
	lacks '^\(From\|Date\|Message-ID\):' mail
	configure 'from_full_name The Account'
	sends msmtp --set-from-header=on -t < <(message)
	grep -qx 'From: The Account <me@example.org>' mail
	sends msmtp --set-from-header=on --from b@example.net -t < <(message)
	grep -qx 'From: The Account <b@example.net>' mail
	configure 'add_missing_from_header off' 'add_missing_date_header off'
	sends msmtp a@example.org < <(bare)
	lacks '^\(From\|Date\):' mail
}

@test "msmtp's headers: To with everybody, or with nobody" {
	message() { printf '%s\n' 'To: a@example.org' 'Cc: b@example.org' \
		'Bcc: c@example.org' 'Subject: x' '' text; }

	configure
	sends msmtp --undisclosed-recipients -t < <(message)
	[ "$(fields To)" = 'undisclosed-recipients:;' ]
	lacks '^\(Cc\|Bcc\):' mail
	went_to a@example.org b@example.org c@example.org
	sends msmtp --set-to-header=undisclosed_recipients -t < <(message)
	[ "$(fields To)" = 'undisclosed-recipients:;' ]
	sends msmtp --set-to-header=on -t < <(message)
	[ "$(fields To)" = 'a@example.org, b@example.org' ]
	lacks '^\(Cc\|Bcc\):' mail
	sends msmtp --set-to-header=on d@example.org e@example.org < <(message)
	[ "$(fields To)" = 'd@example.org, e@example.org' ]
	configure 'keepbcc on' 'undisclosed_recipients on'
	sends msmtp -t < <(message)
	lacks '^\(Cc\|Bcc\):' mail
}

@test "msmtp's from: a pattern takes whoever fits, auto_from the user" {
	configure
	sed -i 's/^from .*/from *@joe.example.net/' "$MAILSEND_CONFIG"
	sends msmtp -f shop@joe.example.net a@example.org < <(bare)
	came_from shop@joe.example.net
	from_is shop@joe.example.net
	configure 'auto_from on' 'maildomain example.com'
	sends msmtp a@example.org < <(bare)
	came_from alice@example.com
	from_is alice@example.com
}

@test "a field that may stand once: the first valid one goes, with a warning" {
	local with

	configure
	printf '%s\n' 'From: nobody<' 'From: A <a@example.org>' \
		'From: B <b@example.org>' 'Date: never' 'Subject: one' \
		'Date: Mon, 13 Nov 2023 10:00:00 +0000' 'Subject: two' \
		'Message-ID: <1@x>' 'Message-ID: <2@x>' 'To: c@example.org' '' \
		text >draft
	for with in 'sendmail -t' 'mailsend --draft -'; do
		# shellcheck disable=SC2086 # words, on purpose
		call $with <draft
		[ "$status" -eq 0 ]
		for field in From Date Message-ID Subject; do
			says "$field"
		done
		there
		for field in From Date Message-ID Subject; do
			[ "$(grep -ci "^$field:" mail)" -eq 1 ]
		done
		is headers/From 'A <a@example.org>'
		is headers/Date 'Mon, 13 Nov 2023 10:00:00 +0000'
		is headers/Message-ID '<1@x>'
		is headers/Subject one
	done
	# what is signed stays
	sed '1i DKIM-Signature: v=1; a=rsa-sha256; d=x.org; s=s; h=from:subject; bh=x; b=y' \
		draft | sed '/nobody/d; /never/d; /<2@x>/d' >signed
	call sendmail -t <signed
	[ "$status" -eq 0 ]
	says signed
	there
	[ "$(grep -c ^From: mail)" -eq 2 ]
	[ "$(grep -c ^Subject: mail)" -eq 2 ]
}
