#!/usr/bin/env bats
# With no configuration at all: mail to oneself, and what is kept.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

@test "every name of the caller is delivered to ~/Maildir, once" {
	for address in alice alice@localhost alice@host.example.org \
		'Me <alice@LOCALHOST>' 'Me <alice@host>'; do
		rm -rf "$home/Maildir"
		send -s hello "$address" <<<text
		[ "$status" -eq 0 ]
		[ "$(delivered)" -eq 1 ]
	done
	rm -rf "$home/Maildir"
	send -s hello alice alice@localhost -c alice@host.example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
}

@test "what is delivered is well formed, private and complete" {
	echo data >data.txt
	send -s 'Grüße' -a data.txt alice <<<'schöner Text'
	[ "$status" -eq 0 ]
	local file
	file=$(mail_file)
	[ "$(stat -c %a "$file")" = 600 ]
	[ "$(stat -c %a "$home/Maildir")" = 700 ]
	[ "$(judge "$file" headers/Subject)" = 'Grüße' ]
	[ "$(judge "$file" body/text)" = 'schöner Text' ]
	[ -z "$(ls -A "$home/Maildir/tmp")" ]
	grep -q '^Return-Path: <alice@host.example.org>' "$file"
}

@test "mails of the same second are listed in the order of delivery" {
	# on the real clock
	MAILSEND_FROZEN=${MAILSEND_FROZEN/clock=1700000000/}
	MAILSEND_FROZEN=${MAILSEND_FROZEN/seed=1/}
	for n in 1 2 3 4 5 6; do
		send -s "mail $n" alice </dev/null
	done
	cat "$home"/Maildir/new/* | grep '^Subject' >subjects
	printf 'Subject: mail %s\n' 1 2 3 4 5 6 | cmp - subjects
}

@test "--json about a local delivery" {
	send --json -s hello alice <<<text
	[ "$status" -eq 0 ]
	json_of 'j["status"] == "sent" and j["exit"] == 0' <<<"$output"
	json_of 'j["recipients"][0]["status"] == "accepted"' <<<"$output"
	json_of 'j["host"] is None and j["size"] > 0' <<<"$output"
	json_of 'j["message_id"].startswith("<")' <<<"$output"
}

@test "anybody else needs a server: 78, three lines to write and where" {
	no_configuration
	send -s hello bob@example.org <<<text
	[ "$status" -eq 78 ]
	for word in host from tls .config/mailsend/config bob@example.org; do
		says "$word"
	done
	nothing_sent
}

@test "a config that names no server is no server either" {
	refused 78 bob@example.org -s hello bob@example.org <<<text
}

@test "another user of this machine is not the caller" {
	refused 78 bob@host -s hello bob@localhost <<<text
}

@test "a failure keeps the message complete, private, and says where" {
	echo data >data.txt
	send -s 'kept one' -a data.txt -b hidden@example.org bob@example.org \
		<<<'From here on'
	[ "$status" -eq 78 ]
	says dead.letter
	[ "$(stat -c %a "$home/dead.letter")" = 600 ]
	send -s 'kept two' bob@example.org <<<text
	python - "$home/dead.letter" <<-'END'
	import mailbox, sys
	one, two = mailbox.mbox(sys.argv[1])
	assert one["subject"] == "kept one", one["subject"]
	assert two["subject"] == "kept two"
	assert "hidden@example.org" in one["x-undelivered-to"]
	assert one["bcc"] is None
	parts = [p for p in one.walk() if not p.is_multipart()]
	assert parts[0].get_payload(decode=True).split() == [b"From", b"here", b"on"]
	assert parts[1].get_payload(decode=True) == b"data\n"
	END
}

@test "some to oneself, some to nobody: 79, and it is said who" {
	send -s hello alice@localhost bob@example.org <<<text
	[ "$status" -eq 79 ]
	says bob@example.org
	[ "$(delivered)" -eq 1 ]
	send --json -s hello alice@localhost bob@example.org <<<text
	[ "$status" -eq 79 ]
	json_of '[r["status"] for r in j["recipients"]]' <<<"$output"
	json_of 'j["recipients"][0]["status"] == "accepted"' <<<"$output"
	json_of 'j["recipients"][1]["status"] != "accepted"' <<<"$output"
	json_of 'j["exit"] == 79' <<<"$output"
}

@test "a Maildir that cannot be written is a failure, and the mail is kept" {
	: >"$home/Maildir"
	send -s hello alice <<<text
	[ "$status" -ne 0 ]
	says Maildir
	grep -q '^Subject: hello' "$home/dead.letter"
}

@test "where neither can be written, that is said" {
	: >"$home/Maildir"
	mkdir "$home/dead.letter"
	send -s hello alice <<<text
	[ "$status" -ne 0 ]
	says dead.letter
}

@test "the dead letter can be turned off or put elsewhere" {
	send --set dead_letter=off -s hello bob@example.org <<<text
	[ "$status" -eq 78 ]
	[ ! -e "$home/dead.letter" ]
	send --set dead_letter=kept -s hello bob@example.org <<<text
	[ "$status" -eq 78 ]
	grep -q '^Subject: hello' kept
}

@test "the dead letter names all who have not got it, however many" {
	{
		printf 'Subject: many\nBcc: '
		seq -f 'recipient%05.0f@a-long-name-of-a-domain.example.org,' 3000
		printf ' last@example.org\n\ntext\n'
	} | sed 's/^recipient/ &/' >many
	send --quiet --draft many
	[ "$status" -eq 78 ]
	[ "$(grep -o 'recipient[0-9]*@a-long-name-of-a-domain.example.org' \
		"$home/dead.letter" | sort -u | wc -l)" -eq 3000 ]
	grep -q 'last@example.org' "$home/dead.letter"
}

@test "a dead letter can be sent again" {
	send -s 'once more' -r me@example.org bob@example.org <<<text
	[ "$status" -eq 78 ]
	send --draft "$home/dead.letter" alice@localhost
	[ "$status" -eq 0 ]
	[ "$(judge "$(mail_file)" headers/Subject)" = 'once more' ]
}
