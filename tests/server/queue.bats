#!/usr/bin/env bats
# queue.bats - the queue, and a real Postfix that is stopped and started.
#
# tests/server/run bats tests/server/queue.bats
# shellcheck disable=SC2154 # status: send sets it

load helper

setup() {
	servers_setup
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
}

teardown() {
	postfix_is_up || start_postfix
}

# ---- Postfix

postfix_is_up() {
	{ exec 9<>"/dev/tcp/127.0.0.1/$MAIL_PORT_SUBMISSION"; } 2>/dev/null &&
		exec 9>&-
}

postfix_is_down() {
	! postfix_is_up && ! kill -0 "$master" 2>/dev/null
}

stop_postfix() {
	settle
	read -r master </var/spool/postfix/pid/master.pid
	kill -TERM "$master"
	until_true postfix_is_down
}

start_postfix() {
	/usr/lib/postfix/sbin/master -w
	until_true postfix_is_up
}

# ---- the queue

# waiting [COUNT] - so many mails are in the queue.
waiting() {
	local files
	shopt -s nullglob
	files=("$MAILSEND_QUEUE"/env/*)
	shopt -u nullglob
	((${#files[@]} == ${1-0})) || {
		echo "${#files[@]} mails wait, and not ${1-0}" >&2
		cat "${files[@]}" >&2
		return 1
	}
}

flush() {
	send --flush
	exits 0
}

@test "queued while the server is down, delivered when it is up, once" {
	local id
	submission
	stop_postfix
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	says queue err
	waiting 1
	flush
	waiting 1
	start_postfix
	nothing_accepted
	flush
	waiting 0
	[[ $(received bob body/text) == 'Hello, Bob.' ]]
	id=$(received bob headers/message-id)
	flush
	[[ $(received bob headers/message-id) == "$id" ]]
}

@test "an attachment of 20 MB is queued and arrives as it was" {
	submission
	head -c 20000000 /dev/urandom >large
	stop_postfix
	send -s Large -a large bob@example.test </dev/null
	exits 0
	waiting 1
	start_postfix
	flush
	waiting 0
	[[ $(received bob file/large/sha256) == "$(sum large)" ]]
}

@test "fifty mails of a night without a server" {
	local n
	submission
	stop_postfix
	for ((n = 0; n < 50; n++)); do
		send -s "Mail $n" --set queue=only bob@example.test <<<"$n"
		exits 0
	done
	waiting 50
	start_postfix
	flush
	waiting 0
	mailbox bob 50 | while IFS= read -r file; do
		judge "$file" headers/subject
	done | sort -u >subjects
	[[ $(wc -l <subjects) == 50 ]]
}

@test "later@ waits, bob has it at once and only once" {
	submission
	send -s Greetings bob@example.test later@example.test <<<'Hello.'
	exits 0
	received bob
	waiting 1
	flush
	waiting 1
	received bob
	grep -q '450' "$MAILSEND_QUEUE"/env/*
}

# bounce FILE - a report as RFC 3464 has it, read by Python.
bounce() {
	python3 - "$1" <<'END'
import email
import email.policy
import sys

with open(sys.argv[1], "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.default)
defects = [defect for part in message.walk() for defect in part.defects]
assert not defects, defects
assert message["return-path"] == "<>", message["return-path"]
assert message["auto-submitted"].startswith("auto-"), message["auto-submitted"]
assert message.get_content_type() == "multipart/report", message
assert message.get_param("report-type") == "delivery-status"
words, status, original = message.iter_parts()
assert words.get_content_type() == "text/plain"
assert status.get_content_type() == "message/delivery-status"
assert original.get_content_type() in ("message/rfc822", "text/rfc822-headers",
                                       "message/rfc822-headers")
about, *recipients = status.get_payload()
assert about["reporting-mta"], about
for each in recipients:
    print(each["final-recipient"], each["action"], each["status"])
    assert "550" in each["diagnostic-code"], each
    assert each["final-recipient"].split(";")[1].strip() in \
        words.get_content(), "the words name nobody"
END
}

@test "a recipient who is refused: the sender gets a report, and one" {
	local file
	submission
	send -s Greetings --set queue=only bob@example.test nobody@example.test \
		nil@example.test <<<'Hello.'
	exits 0
	flush
	flush
	waiting 0
	received bob
	file=$(mailbox alice)
	bounce "$file" | sort >told
	diff told - <<-'END'
		rfc822; nil@example.test failed 5.1.1
		rfc822; nobody@example.test failed 5.1.1
	END
}

@test "a sender who does not exist: the report comes home" {
	submission
	send -s Greetings -f ghost@example.test --set queue=only \
		nobody@example.test <<<'Hello.'
	exits 0
	flush
	flush
	settle
	waiting 0
	grep -rq 'nobody@example.test' "$HOME/Maildir/new"
}

@test "a password that is wrong for a while: it waits, and then goes" {
	submission "$MAIL_PORT_SUBMISSION" 'password wrong'
	send -s Greetings --set queue=only bob@example.test <<<'Hello, Bob.'
	exits 0
	flush
	waiting 1
	submission
	flush
	waiting 0
	received bob
}

@test "--queue=background: the exit status first, then the mail" {
	submission
	send -s Greetings --set queue=background bob@example.test <<<'Hello, Bob.'
	exits 0
	until_true waiting 0
	received bob
}
