#!/usr/bin/env bats
# Mail that came in by --serve goes on to real servers, over connections that are
# kept, several mails at a time.

# shellcheck disable=SC2154,SC2034 # the helper sets and uses them
load helper
load others.bash

setup() {
	servers_setup
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	QUEUE_LINE='queue never'
}

# For the helper's settle: of all that was accepted nothing is on its way.
queue_is_empty() {
	if [[ -n ${server-} ]]; then
		"${server}_idle"
	else
		[[ -z $(postqueue -j) ]]
	fi
}

# serving - the account of $CONFIG takes mail on port $port.
serving() {
	"$MAILSEND" --config "$CONFIG" --serve 127.0.0.1:0 2>serve.log 3>&- &
	echo $! >serve.pid
	until_true grep -q 'listening on' serve.log
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' serve.log)
}

# served - two dozen mails that the client sends ahead, of which two are refused;
# some more in a session, one after the other, and in sessions of their own.
served() {
	local n file

	serving
	python3 "$TESTS/cli/smtp_client.py" "$port" >codes <<-'END'
	def chunk(n, to):
	    text = (f"From: alice@example.test\r\nTo: {to}\r\n"
	            f"Subject: Mail {n}\r\n\r\nThis is {n}.\r\n"
	            ".with a dot\r\n")
	    if n == 20:
	        text += "\r\n".join(map(str, range(100001))) + "\r\n"
	    return ("MAIL FROM:<alice@example.test>\r\nRCPT TO:<%s>\r\n"
	            "BDAT %d LAST\r\n%s" % (to, len(text), text)).encode()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	def ahead():
	    for n in range(10, 34):
	        r.send(chunk(n, ("nobody-here" if n in (13, 15) else "bob") +
	                     "@example.test"))
	sender = threading.Thread(target=ahead)
	sender.start()
	print(*(r.codes(3)[2] for n in range(10, 34)))
	sender.join()
	print(*(r.send(chunk(n, "bob@example.test")).codes(3)[2]
	        for n in range(34, 40)))
	for n in range(40, 46):
	    one = Raw().send(b"EHLO me\r\n" + chunk(n, "bob@example.test") +
	                     b"QUIT\r\n")
	    print(one.codes(6)[4], end=" ")
	    one.close()
	END
	cat codes serve.log >&2
	(($(tr ' ' '\n' <codes | grep -c 250) == 34))
	(($(tr ' ' '\n' <codes | grep -c 550) == 2))
	kill "$(cat serve.pid)"
	wait "$(cat serve.pid)"
	mailbox bob 34 >files
	while IFS= read -r file; do
		n=$(sed -n 's/^Subject: Mail //p' "$file" | tr -d '\r')
		grep -q "^This is $n\." "$file"
		[[ $n != 20 ]] || [[ $(tail -n 1 "$file" | tr -d '\r') == 100000 ]]
		echo "$n"
	done <files | sort -u | (($(wc -l) == 34))
}

@test "Postfix: mails that came in go on over few connections" {
	submission
	served
	(($(log_since | grep -c ' connect from') < 8))
}

@test "Postfix without PIPELINING and CHUNKING" {
	submission "$MAIL_PORT_BARE"
	served
}

@test "Dovecot's submission" {
	submission "$MAIL_PORT_DOVECOT"
	served
}

@test "Exim" {
	[[ -n ${MAIL_PORT_EXIM-} ]] || skip "Exim was not asked for (--beside)"
	server=exim
	submission "$MAIL_PORT_EXIM"
	served
}
