#!/usr/bin/env bats
# The command as an SMTP server: programs that speak SMTP use the account.
# Behind it stands the tests' own good server (peer), or another one of us.

# shellcheck disable=SC2030,SC2031,SC2154 # helper.bash sets what is used here; each test is a shell of its own
load helper

setup_file() {
	local line

	export upstream=$BATS_FILE_TMPDIR
	mkfifo "$upstream/ready"
	python3 "$root/tests/peer/peer" --serve --certs "$upstream/certs" \
		--maildir "$upstream/mail" --tls none --auth '' \
		>"$upstream/ready" 2>"$upstream/log" 3>&- &
	echo $! >"$upstream/pid"
	while IFS= read -r line; do
		[[ $line != PEER_PORT=* ]] || echo "${line#*=}" >"$upstream/port"
		[ "$line" != ready ] || break
	done <"$upstream/ready"
	[ -s "$upstream/port" ]
}

teardown_file() {
	kill "$(cat "$upstream/pid")"
}

teardown() {
	end_programs
}

# configure LINE... - the account leads to the peer.
configure() {
	printf '%s\n' 'host localhost' "port $(cat "$upstream/port")" \
		'tls off' 'from me@example.org' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	find "$upstream/mail/new" -type f -delete
}

# begin NAME ARGUMENT... - a server; its port is in NAME.port.
begin() {
	local name=$1 tries=2400

	shift
	: >"$name.log" # of a server before it
	# shellcheck disable=SC2086 # the program may be a checker and a path
	$MAILSEND "$@" 2>"$name.log" 3>&- &
	echo $! >"$name.pid"
	until grep -q 'listening on' "$name.log"; do
		kill -0 "$(cat "$name.pid")" || return 1
		((tries--)) || return 1
		sleep 0.05
	done
	sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$name.log" >"$name.port"
}

# end NAME - by SIGTERM; the status is that of the server.
end() {
	local pid

	pid=$(cat "$1.pid")
	kill "$pid"
	wait "$pid"
}

# talk NAME <SCRIPT - what the clients' script prints, in $output.
talk() {
	run --separate-stderr python3 "$root/tests/cli/smtp_client.py" \
		"$(cat "$1.port")"
	show
	echo "server: $(cat "$1.log")"
	[ "$status" -eq 0 ]
}

arrived() {
	find "$upstream/mail/new" -type f
}

certificate() {
	echo "serve_cert $upstream/certs/good.pem"
	echo "serve_key $upstream/certs/good.key"
}

# The user is joe, the password secret.
# shellcheck disable=SC2016 # for the shell that runs it
joe='serve_auth_command read user && read word && [ "$user/$word" = joe/secret ]'

# ---- standard input and output ----

@test "several mails in one session on standard input" {
	send --serve - < <(printf '%s\r\n' 'EHLO me' \
		'MAIL FROM:<alice@host.example.org>' 'RCPT TO:<alice>' DATA \
		'Subject: one' '' '..dot' . 'MAIL FROM:<>' \
		'RCPT TO:<alice@localhost>' DATA 'Subject: two' '' x . QUIT)
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(grep -c '^250 2.0.0' <<<"$output")" -eq 2 ]
	[[ $output == *'221 '* ]]
	[ "$(delivered)" -eq 2 ]
	grep -qx '.dot' "$home"/Maildir/new/*
	# it is no machine that wrote it
	for file in "$home"/Maildir/new/*; do
		lacks Auto-Submitted "$file"
	done
}

@test "HELO is enough, and an end without QUIT is an end" {
	send --serve - < <(printf '%s\r\n' 'HELO me' 'MAIL FROM:<a@b.example>' \
		'RCPT TO:<alice>' DATA 'Subject: one' '' x .)
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
	grep -q 'with SMTP;' "$home"/Maildir/new/*
}

@test "a message that was not finished is no message" {
	send --serve - < <(printf '%s\r\n' 'HELO me' 'MAIL FROM:<a@b.example>' \
		'RCPT TO:<alice>' DATA 'Subject: one' '' x)
	[ "$status" -eq 0 ]
	nothing_sent
	[ ! -e "$home/dead.letter" ]
}

@test "without a mail server only the user's own mail has a way" {
	send --serve - < <(printf '%s\r\n' 'HELO me' 'MAIL FROM:<a@b.example>' \
		'RCPT TO:<bob@example.org>' 'RCPT TO:<nobody@localhost>' DATA QUIT)
	[ "$status" -eq 0 ]
	[[ $output == *'550 5.7.1 '*'550 5.1.1 '*'554 5.5.1 '* ]]
	nothing_sent
}

# ---- a good server behind us ----

@test "smtplib: the mail goes to the account's server, as it was" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<<'print(send(["bob@example.org", "carol@example.org"]))'
	[ "$output" = ok ]
	[ "$(arrived | wc -l)" -eq 1 ]
	[ "$(judge "$(arrived)" headers/Subject)" = hello ]
	[ "$(judge "$(arrived)" headers/From)" = me@example.org ]
	grep -q '^Received: from .*(127.0.0.1)' "$(arrived)"
	grep -q '^Message-ID: ' "$(arrived)"
	grep -q 'with ESMTP;' "$(arrived)"
	end server
	[ ! -e "$home/dead.letter" ]
}

@test "many mails on one connection, many connections at a time" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	def many():
	    with client() as c:
	        for _ in range(10):
	            c.sendmail("me@example.org", "bob@example.org", TEXT)
	threads = [threading.Thread(target=many) for _ in range(5)]
	for t in threads:
	    t.start()
	for t in threads:
	    t.join()
	END
	[ "$(arrived | wc -l)" -eq 50 ]
	end server
}

@test "what came in one flight is answered in order" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	r = Raw()
	r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	       b"RCPT TO:<b@example.org>\r\nRCPT TO:<b@@>\r\nDATA\r\n"
	       b"Subject: x\r\n\r\nMAIL\r\n.\r\nFOO\r\nQUIT\r\nNOOP\r\n")
	print(*r.codes(10))
	END
	[ "$output" = '220 250 250 250 553 354 250 500 221 ' ]
	[ "$(arrived | wc -l)" -eq 1 ]
}

@test "BDAT: chunks are one message, dots and all" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	r = Raw()
	text = b"Subject: chunks\r\n\r\n.\r\nQUIT\r\n..\r\n"
	r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	       b"RCPT TO:<b@example.org>\r\nBDAT 7\r\n" + text[:7])
	r.send(b"BDAT %d LAST\r\n" % (len(text) - 7) + text[7:] + b"QUIT\r\n")
	print(*r.codes(7))
	END
	[ "$output" = '220 250 250 250 250 250 221' ]
	printf '%s\r\n' . QUIT .. >body
	sed '1,/^\r$/d' "$(arrived)" | cmp - body
}

@test "large content, content of any octets, long lines" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	print(send(text=TEXT + "x" * 70 + "\r\n" + ("y" * 997 + "\r\n") * 5000))
	print(send(text=b"Subject: octets\r\n\r\n" + bytes(range(128, 256)) +
	           b"\0\r\n" + b"z" * 5000 + b"\r\n"))
	END
	[ "$output" = $'ok\nok' ]
	[ "$(arrived | wc -l)" -eq 2 ]
	[ "$(find "$upstream/mail/new" -size +4000k | wc -l)" -eq 1 ]
}

@test "DSN and SMTPUTF8 are passed on" {
	configure
	begin server --serve 127.0.0.1:0 -v
	talk server <<-'END'
	with client() as c:
	    c.ehlo()
	    c.mail("me@example.org", ["RET=HDRS", "ENVID=job+207"])
	    c.rcpt("b@example.org", ["NOTIFY=FAILURE,DELAY"])
	    c.rcpt("c@example.org", ["NOTIFY=NEVER", "ORCPT=rfc822;old@x"])
	    print(c.data(TEXT)[0])
	    print(c.docmd("MAIL FROM:<me@example.org> SMTPUTF8")[0])
	    c.send("RCPT TO:<jörg@example.org>\r\n".encode())
	    print(c.getreply()[0], c.data(TEXT)[0])
	END
	[ "$output" = $'250\n250\n250 250' ]
	grep -q 'C: MAIL FROM:<me@example.org>.* RET=HDRS ENVID=job+207' server.log
	grep -q 'C: RCPT TO:<b@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b@example.org' server.log
	grep -q 'C: RCPT TO:<c@example.org> NOTIFY=NEVER ORCPT=rfc822;old@x' server.log
	grep -q 'C: MAIL FROM:.* SMTPUTF8' server.log
	grep -q 'C: RCPT TO:<jörg@example.org>' server.log
}

@test "the sender chooses the account, and a changed file counts at once" {
	configure
	begin server --serve 127.0.0.1:0
	cat >>"$MAILSEND_CONFIG" <<-END
	account other
	from other@example.org
	END
	cat >script <<-'END'
	print(send(sender="other@example.org", to="alice@localhost"))
	print(send(sender="me@example.org"))
	END
	talk server <script
	[ "$output" = $'ok\nok' ]
	[ "$(delivered)" -eq 1 ]
	[ "$(arrived | wc -l)" -eq 1 ]
	# a wrong line is its own account's alone
	echo 'nonsense 1' >>"$MAILSEND_CONFIG"
	talk server <script
	[[ $output == *'(451, b'*$'\nok' ]]
	[ "$(arrived | wc -l)" -eq 2 ]
	end server
}

@test "swaks, as it comes" {
	command -v swaks >/dev/null || skip "there is no swaks"
	configure
	begin server --serve 127.0.0.1:0
	run swaks --server 127.0.0.1 --port "$(cat server.port)" --pipeline \
		--from me@example.org --to bob@example.org,carol@example.org
	[ "$status" -eq 0 ]
	[ "$(arrived | wc -l)" -eq 1 ]
}

# ---- what does not go ----

@test "nobody listens behind us: 451, and the client keeps the mail" {
	configure 'queue never'
	sed -i 's/^port .*/port 1/' "$MAILSEND_CONFIG"
	begin server --serve 127.0.0.1:0
	talk server <<<'print(send())'
	[[ $output == *'(451, b'* ]]
	[ ! -e "$home/dead.letter" ]
	grep -q 'mail from <me@example.org>' server.log
	end server
}

# begin_chain - a server of ours behind the server: it takes alice's mail alone.
begin_chain() {
	: >inner.conf
	MAILSEND_CONFIG=$PWD/inner.conf begin inner --serve 127.0.0.1:0
	printf '%s\n' 'host 127.0.0.1' "port $(cat inner.port)" 'tls off' \
		'from me@example.org' "$@" >"$MAILSEND_CONFIG"
	begin server --serve 127.0.0.1:0
}

@test "all are refused behind us: that server's code and words" {
	begin_chain
	talk server <<<'print(send(["nobody@localhost", "x@example.net"]))'
	[[ $output == *"(550, b"*'5.1.1 '*'nobody@localhost'* ]]
	[ ! -e "$home/dead.letter" ]
	nothing_sent
}

@test "some are refused behind us: 250, and the rest is in the dead letter" {
	begin_chain 'queue never'
	talk server <<<'print(send(["x@example.net", "alice@localhost"]))'
	[ "$output" = ok ]
	[ "$(delivered)" -eq 1 ]
	grep -q '^X-Undelivered-To: x@example.net' "$home/dead.letter"
	grep -q 'x@example.net' server.log
}

@test "some are refused, and it cannot be kept: the client hears of it" {
	begin_chain 'queue never' 'dead_letter off'
	talk server <<<'print(send(["x@example.net", "alice@localhost"]))'
	[[ $output == *'(554, b'*'1 of 2'* ]]
	[ "$(delivered)" -eq 1 ]
}

@test "a circle ends" {
	configure
	begin server --serve 127.0.0.1:0
	sed -i "s/^port .*/port $(cat server.port)/" "$MAILSEND_CONFIG"
	talk server <<<'print(send())'
	[[ $output == *'(554, b'*5.4.6* ]]
	[ -z "$(arrived)" ]
	end server
}

@test "too big is too big" {
	configure 'serve_max_size 2k'
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	print(send(text=TEXT + "x\r\n" * 1000))
	r = Raw()
	r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	       b"RCPT TO:<b@example.org>\r\nDATA\r\n" +
	       b"x\r\n" * 1000 + b".\r\nNOOP\r\n")
	print(*r.codes(7))
	END
	[[ $output == *'(552, b'*$'\n220 250 250 250 354 552 250' ]]
	[ -z "$(arrived)" ]
}

@test "no mail is smuggled into a mail" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	for end in b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r":
	    r = Raw()
	    r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	           b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n\r\nx" +
	           end + b"MAIL FROM:<evil@example.org>\r\n"
	           b"RCPT TO:<b@example.org>\r\nDATA\r\ny\r\n.\r\nQUIT\r\n")
	    print(*r.codes(7))
	# the end comes behind the reply, however much was sent
	r = Raw()
	try:
	    r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	           b"RCPT TO:<b@example.org>\r\nDATA\r\nx\n.\r\ny\r\n.\r\n" +
	           b"MAIL FROM:<evil@example.org>\r\n" * 20000)
	except OSError:
	    pass
	print(*r.codes(7))
	END
	[ "$(sort -u <<<"$output")" = '220 250 250 250 354 521 ' ]
	[ -z "$(arrived)" ]
}

@test "BDAT has its count: the message alone is refused" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	r = Raw()
	r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	       b"RCPT TO:<b@example.org>\r\nBDAT 5 LAST\r\nx\n.\r\n"
	       b"NOOP\r\n")
	print(*r.codes(6))
	END
	[ "$output" = '220 250 250 250 550 250' ]
	[ -z "$(arrived)" ]
}

# ---- clients that are no good ----

@test "a client that breaks off, or says nothing, harms no other" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	silent = [Raw() for _ in range(10)]
	for each in silent[:5]:
	    each.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	              b"RCPT TO:<b@example.org>\r\nDATA\r\nhalf of a")
	for each in silent[:3]:
	    each.close()
	print(send())
	END
	[ "$output" = ok ]
	[ "$(arrived | wc -l)" -eq 1 ]
	end server
}

@test "there are so many places, and then there are again" {
	configure 'serve_max_connections 2'
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	begun = b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	two = [Raw().send(begun), Raw().send(begun)]
	print(two[0].codes(3), two[1].codes(3))
	third = Raw()
	print(third.codes(2))
	print(two[0].send(b"QUIT\r\n").codes(2))
	while True:             # until its process has been counted off
	    again = Raw()
	    if again.codes(1) == ["220"]:
	        break
	print("a place")
	END
	[ "$output" = "['220', '250', '250'] ['220', '250', '250']
['421', '']
['221', '']
a place" ]
}

@test "whoever says nothing takes no place from anybody" {
	configure 'serve_max_connections 8'
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	import time
	silent = [Raw() for _ in range(100)]
	began = time.monotonic()
	for _ in range(20):
	    print(send())
	silent += [Raw() for _ in range(100)]
	print(send())
	print(time.monotonic() - began < 60)
	# those who had to go heard why
	print(silent[0].codes(3))
	END
	[ "$(sort <<<"$output" | uniq -c | tr -s ' \n' ' ')" = \
		" 1 True 1 ['220', '421', ''] 21 ok " ]
	[ "$(arrived | wc -l)" -eq 21 ]
	end server
}

@test "nor does who has said hello, or drips octets, for long" {
	configure 'serve_max_connections 4'
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	import time
	hello = b"EHLO me\r\n"
	idle = [Raw().send(hello) for _ in range(4)]
	for each in idle:
	    each.codes(2)
	began = time.monotonic()
	while send() != "ok":
	    time.sleep(0.1)
	print(time.monotonic() - began < 60)
	# amid a mail, an octet now and then
	slow = []
	while len(slow) < 4:
	    try:
	        one = Raw().send(hello + b"MAIL FROM:<a@example.org>\r\n"
	                         b"RCPT TO:<b@example.org>\r\nDATA\r\n")
	        if one.codes(5)[-1] == "354":
	            slow.append(one)
	    except OSError:
	        pass            # the idle ones are still going
	def drip(one):
	    try:
	        while True:
	            one.send(b"x")
	            time.sleep(0.2)
	    except OSError:
	        pass
	for one in slow:
	    threading.Thread(target=drip, args=(one,), daemon=True).start()
	began = time.monotonic()
	while send() != "ok":
	    time.sleep(0.5)
	print(time.monotonic() - began < 100)
	END
	[ "$output" = $'True\nTrue' ]
	end server
}

@test "a busy client is not sent away for another" {
	configure 'serve_max_connections 1'
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	r = Raw()
	for _ in range(20):
	    r.send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	           b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n\r\n")
	    Raw().close()
	    r.send(b"x\r\n.\r\n")
	codes = r.codes(1) + [code for _ in range(20) for code in r.codes(5)]
	print(codes.count("421"), codes.count("354"))
	END
	[ "$output" = '0 20' ]
	[ "$(arrived | wc -l)" -eq 20 ]
}

@test "noise is answered with errors, and at last not at all" {
	configure
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	r = Raw().send(b"FOO\r\n" * 19)
	print(*set(r.codes(20)[1:]))
	print(r.send(b"FOO\r\n").codes(3))
	r = Raw().send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nEHLO me\r\n")
	print(r.codes(3))
	END
	[ "$output" = "500
['500', '421', '']
['220', '421', '']" ]
}

@test "SIGTERM: who is idle is told, what has begun is finished" {
	configure
	begin server --serve 127.0.0.1:0
	cat >script <<-'END'
	import os, signal
	idle = Raw()
	idle.codes(1)
	busy = Raw().send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	                  b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n")
	busy.codes(5)
	os.kill(int(open("server.pid").read()), signal.SIGTERM)
	print(idle.codes(2))
	print(busy.send(b"\r\nx\r\n.\r\n").codes(3))
	try:
	    Raw()
	except ConnectionRefusedError:
	    print("closed")
	END
	talk server <script
	[ "$output" = "['421', '']
['250', '421', '']
closed" ]
	[ "$(arrived | wc -l)" -eq 1 ]
	wait "$(cat server.pid)"
}

@test "250 is said when the server behind has said it, SIGTERM or not" {
	configure
	begin server --serve 127.0.0.1:0
	cat >script <<-'END'
	import os, re, select, signal
	behind = socket.create_server(("127.0.0.1", 0))
	config = open(os.environ["MAILSEND_CONFIG"]).read()
	with open(os.environ["MAILSEND_CONFIG"], "w") as file:
	    file.write(re.sub("port .*", "port %d" % behind.getsockname()[1],
	                      config))
	r = Raw().send(b"EHLO me\r\nMAIL FROM:<a@example.org>\r\n"
	               b"RCPT TO:<b@example.org>\r\nDATA\r\nx: y\r\n\r\n.\r\n")
	print(*r.codes(5))
	upstream = behind.accept()[0]
	lines = upstream.makefile("rb")
	upstream.sendall(b"220 me\r\n")
	for line in lines:
	    if line == b".\r\n":
	        break
	    verb = line[:4].upper()
	    if verb in (b"EHLO", b"MAIL", b"RCPT"):
	        upstream.sendall(b"250 ok\r\n")
	    elif verb == b"DATA":
	        upstream.sendall(b"354 go\r\n")
	os.kill(int(open("server.pid").read()), signal.SIGTERM)
	print(select.select([r.socket], [], [], 0.2)[0])
	upstream.sendall(b"250 taken\r\n")
	print(r.codes(3))
	END
	talk server <script
	[ "$output" = "220 250 250 250 354
[]
['250', '421', '']" ]
	wait "$(cat server.pid)"
}

# ---- TLS and logins ----

@test "STARTTLS with the certificate, and what stood before it is forgotten" {
	configure "$(certificate)"
	begin server --serve 127.0.0.1:0
	talk server <<-END
	with client() as c:
	    c.ehlo()
	    print(c.has_extn("starttls"), c.has_extn("auth"))
	    c.mail("x@example.org")
	    c.starttls(context=tls("$upstream/certs/ca.pem"))
	    print(c.docmd("RCPT", "TO:<b@example.org>")[0])
	    c.ehlo()
	    print(c.has_extn("starttls"), c.sock.version() >= "TLSv1.2")
	    c.sendmail("me@example.org", "bob@example.org", TEXT)
	END
	[ "$output" = $'True False\n503\nFalse True' ]
	grep -q 'with ESMTPS;' "$(arrived)"
	end server
}

@test "TLS from the start, as on port 465" {
	configure "$(certificate)" "$joe"
	begin server --serve 127.0.0.1:0 --serve-tls implicit
	talk server <<-END
	with smtplib.SMTP_SSL("localhost", port, timeout=PATIENCE,
	                      context=tls("$upstream/certs/ca.pem")) as c:
	    c.ehlo()
	    print(c.has_extn("starttls"), c.has_extn("auth"))
	    print(c.docmd("STARTTLS")[0] in (500, 502, 503))
	    c.login("joe", "secret")
	    c.sendmail("me@example.org", "bob@example.org", TEXT)
	# who speaks in the clear hears nothing that is of use
	r = Raw().send(b"EHLO me\r\nMAIL FROM:<me@example.org>\r\n")
	try:
	    print(b"250" in r.file.read())
	except ConnectionResetError:
	    print(False)
	END
	[ "$output" = $'False True\nTrue\nFalse' ]
	grep -q 'with ESMTPSA;' "$(arrived)"
	end server
	refused 64 implicit --serve 127.0.0.1:0 --serve-tls maybe
	configure
	refused 78 serve_cert --serve 127.0.0.1:0 --serve-tls implicit
}

@test "text that came with STARTTLS in the clear is not run" {
	configure "$(certificate)"
	begin server --serve 127.0.0.1:0
	talk server <<-'END'
	r = Raw().send(b"EHLO me\r\nSTARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
	print(r.codes(4))
	r = Raw().send(b"EHLO me\r\nSTARTTLS\r\n")
	r.codes(3)
	r.send(b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<b@example.org>\r\n")
	try:
	    print(b"250" in r.file.read())
	except ConnectionResetError:
	    print(False)
	print(send())
	END
	[ "$output" = "['220', '250', '554', '']
False
ok" ]
}

@test "no mail without a login, no login without TLS" {
	configure "$(certificate)" "$joe"
	begin server --serve 127.0.0.1:0
	talk server <<-END
	print(send()[0])
	with client() as c:
	    c.ehlo()
	    print(c.docmd("AUTH PLAIN AGpvZQBzZWNyZXQ=")[0])
	    c.starttls(context=tls("$upstream/certs/ca.pem"))
	    c.ehlo()
	    print(c.esmtp_features["auth"].split())
	    print(c.docmd("MAIL FROM:<a@b.example>")[0])
	    c.user, c.password = "joe", "secret"
	    print(c.auth("PLAIN", c.auth_plain)[0])
	    c.sendmail("me@example.org", "bob@example.org", TEXT)
	with client() as c:
	    c.starttls(context=tls("$upstream/certs/ca.pem"))
	    c.ehlo()
	    c.user, c.password = "joe", "secret"
	    print(c.auth("LOGIN", c.auth_login)[0])
	    c.sendmail("me@example.org", "bob@example.org", TEXT)
	END
	[ "$output" = "530
538
['PLAIN', 'LOGIN']
530
235
235" ]
	[ "$(arrived | wc -l)" -eq 2 ]
	[ "$(grep -rl 'with ESMTPSA;' "$upstream/mail/new" | wc -l)" -eq 2 ]
}

@test "a wrong password is a wrong password, a broken command is not" {
	configure "$(certificate)" "$joe"
	begin server --serve 127.0.0.1:0
	cat >script <<-END
	with client() as c:
	    c.starttls(context=tls("$upstream/certs/ca.pem"))
	    try:
	        c.login("joe", "wrong")
	    except smtplib.SMTPAuthenticationError as error:
	        print(error.smtp_code)
	    print(c.docmd("MAIL FROM:<a@b.example>")[0])
	END
	talk server <script
	[ "$output" = $'535\n530' ]
	grep -q "login of 'joe'" server.log
	lacks wrong server.log
	end server
	configure "$(certificate)" 'serve_auth_command exit 75'
	begin server --serve 127.0.0.1:0
	talk server <script
	[ "$output" = $'454\n530' ]
}

@test "swaks with TLS and a login" {
	command -v swaks >/dev/null || skip "there is no swaks"
	perl -MNet::SSLeay -e 1 2>/dev/null || skip "its perl has no TLS"
	configure "$(certificate)" "$joe"
	begin server --serve 127.0.0.1:0 -v
	for way in PLAIN LOGIN; do
		run swaks --server 127.0.0.1 --port "$(cat server.port)" -tls \
			--auth "$way" --auth-user joe --auth-password secret \
			--from me@example.org --to bob@example.org
		[ "$status" -eq 0 ]
	done
	[ "$(arrived | wc -l)" -eq 2 ]
	lacks AGpvZQBzZWNyZXQ= server.log
	lacks c2VjcmV0 server.log
	run swaks --server 127.0.0.1 --port "$(cat server.port)" -tls \
		--auth PLAIN --auth-user joe --auth-password wrong \
		--from me@example.org --to bob@example.org
	[ "$status" -ne 0 ]
	[ "$(arrived | wc -l)" -eq 2 ]
}

# ---- a machine that is short of something ----

# room NAME COUNT - so many descriptors more for the server.
room() {
	local pid used=0

	pid=$(cat "$1.pid")
	while [ -e "/proc/$pid/fd/$used" ]; do
		used=$((used + 1))
	done
	prlimit --pid "$pid" --nofile=$((used + $2)):4096
}

@test "no descriptor for a connection: 421, and then it is served again" {
	prlimit --nofile=4096 true || skip "limits cannot be set here"
	configure
	begin server --serve 127.0.0.1:0
	local count
	for count in 0 1 2; do
		room server "$count"
		talk server <<-'END'
		print(Raw().codes(2), Raw().codes(2))
		END
		[ "$output" = "['421', ''] ['421', '']" ]
	done
	room server 100
	talk server <<-'END'
	print(Raw().send(b"QUIT\r\n").codes(2))
	END
	[ "$output" = "['220', '221']" ]
}

@test "no process for a connection: 421, and the next one is served" {
	strace -D -qq -o /dev/null true 2>/dev/null || skip "no strace here"
	configure
	local trace="strace -D -f -qq -o trace -e trace=fork,clone,clone3"
	trace+=" -e inject=fork,clone,clone3:error=EAGAIN:when=1..2"
	ASAN_OPTIONS=detect_leaks=0 MAILSEND="$trace $MAILSEND" \
		begin server --serve 127.0.0.1:0
	talk server <<-'END'
	print(Raw().codes(2), Raw().codes(2))
	print(Raw().send(b"QUIT\r\n").codes(2))
	END
	[ "$output" = "['421', ''] ['421', '']
['220', '221']" ]
}

@test "a disk that fills up amid mails: 4xx, and what got its 250 is there" {
	local lib=${B:-$root/build}/queue/full.so n codes='' taken
	! grep -q libasan "${MAILSEND##* }" ||
		skip 'a sanitizer has to be the first library'
	[ -e "$lib" ] || make -s -C "$root" B="${B:-build}" "$lib" >&2
	configure 'queue only'
	for n in 1 2 3 5 7 9 11 13 15 17 20 24; do
		rm -rf "$MAILSEND_QUEUE" server.*
		head -c 64 /dev/zero >state
		LD_PRELOAD=$lib FULL_STATE=$PWD/state FULL_AT=$n FULL_ERRNO=28 \
			FULL_BELOW=$MAILSEND_QUEUE FULL_STAYS=1 \
			begin server --serve 127.0.0.1:0
		talk server <<-'END'
		lines = b"y" * 70 + b"\r\n"
		for size in 1, 6000:
		    mail = Raw().send(b"EHLO me\r\nMAIL FROM:<me@example.org>\r\n"
		        b"RCPT TO:<a@example.org>\r\nDATA\r\n")
		    mail.codes(5)
		    mail.send(b"Subject: x\r\n\r\n" + lines * size + b".\r\n")
		    print(mail.codes(1)[0])
		END
		codes+=" $output"
		taken=$(grep -c '^250' <<<"$output" || true)
		[ -z "$(grep -v '^250\|^4' <<<"$output" || true)" ]
		end server || true
		[ "$(mailsend --mailq --json | grep -c '"id"')" -eq "$taken" ]
	done
	[[ $codes == *4* && $codes == *250* ]]
}

# ---- who may, and where ----

@test "other machines need a login, or a word that they need none" {
	configure
	refused 78 serve_auth_command --serve '*:0'
	refused 78 serve_auth_command --serve '0.0.0.0:0'
	begin server --serve '0.0.0.0:0' --serve-anyone
	talk server <<<'print(send())'
	[ "$output" = ok ]
	end server
	configure "$(certificate)" "$joe"
	begin server --serve '0.0.0.0:0'
	end server
}

@test "a certificate that is none, a login without one" {
	configure "$joe"
	refused 78 serve_cert --serve 127.0.0.1:0
	configure
	refused 78 serve_cert --serve 127.0.0.1:0 --serve-cert "$MAILSEND_CONFIG"
	refused 78 serve_key --serve 127.0.0.1:0 \
		--serve-cert "$upstream/certs/good.pem" \
		--serve-key "$upstream/certs/ca.key"
	refused 64 configuration --serve 127.0.0.1:0 \
		--set serve_auth_command=true
}

@test "what is no address, and what belongs to one mail" {
	for address in nonsense 127.0.0.1 1.2.3.4:70000 '::1' ''; do
		refused 64 "--serve" --serve "$address"
	done
	refused 64 client --serve 127.0.0.1:0 bob@example.org
	refused 64 client --serve 127.0.0.1:0 -s hello
	refused 64 --print --print --serve 127.0.0.1:0
}

@test "a port that is taken" {
	configure
	begin server --serve 127.0.0.1:0
	refused 69 listen --serve "127.0.0.1:$(cat server.port)"
}

@test "a socket that was opened for us" {
	configure
	cat >activate.py <<-'END'
	import os, socket, sys
	s = socket.create_server(("127.0.0.1", 0))
	os.dup2(s.fileno(), 3)
	os.set_inheritable(3, True)
	os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
	os.execvp(sys.argv[1], sys.argv[1:])
	END
	MAILSEND="python3 activate.py $MAILSEND" begin server --serve 1
	talk server <<<'print(send())'
	[ "$output" = ok ]
	end server
}
