#!/usr/bin/env bats
# How the server sends on what comes in: over connections that are kept, several
# mails at a time.  Behind it stands a server that does as the test says.

# shellcheck disable=SC2030,SC2031,SC2154 # helper.bash sets what is used here; each test is a shell of its own
load helper

teardown() {
	end_programs
}

# play <SCRIPT - what it prints, in $output.  The script makes servers
# (upstream.py) and calls configure and begin.
play() {
	{
		cat <<-'END'
		import os, re, signal, subprocess, sys, time
		from upstream import DROP, Upstream

		def configure(*lines):
		    path = os.environ["MAILSEND_CONFIG"]
		    with open(path + ".new", "w") as file:
		        file.write("\n".join(lines) + "\n")
		    os.chmod(path + ".new", 0o600)
		    os.rename(path + ".new", path)

		def account(server, name="default", sender="me@example.org", *more):
		    return (f"account {name}", "host 127.0.0.1",
		            f"port {server.port}", "tls off", "auth off",
		            f"from {sender}", "queue never", *more)

		def begin():
		    global port, program
		    log = open("server.log", "w")
		    program = subprocess.Popen(
		        [*os.environ["MAILSEND"].split(), "--serve", "127.0.0.1:0"],
		        stderr=log, stdin=subprocess.DEVNULL,
		        stdout=subprocess.DEVNULL)
		    open("server.pid", "w").write(str(program.pid))
		    found = None
		    until = time.monotonic() + 120
		    while not found:
		        assert time.monotonic() < until and program.poll() is None
		        time.sleep(0.02)
		        found = re.search(r"listening on .*:(\d+)",
		                          open("server.log").read())
		    port = int(found[1])

		def text(subject, sender="me@example.org"):
		    return (f"Subject: {subject}\r\nFrom: {sender}\r\n\r\n"
		            "text\r\n")

		def chunk(subject, *to, sender="me@example.org"):
		    content = text(subject, sender).encode()
		    return (f"MAIL FROM:<{sender}>\r\n" + "".join(
		        f"RCPT TO:<{one}>\r\n" for one in to or ["bob@example.org"]) +
		        f"BDAT {len(content)} LAST\r\n").encode() + content

		END
		cat
	} >play.py
	run --separate-stderr python3 "$root/tests/cli/smtp_client.py" 0 <play.py
	show
	echo "server: $(cat server.log)"
	[ "$status" -eq 0 ]
}

@test "the mails of a session go over one connection" {
	play <<-'END'
	server = Upstream()
	configure(*account(server))
	begin()
	with client() as c:
	    for n in range(5):
	        c.sendmail("me@example.org", "bob@example.org", text(n))
	print(server.connections, server.taken == [(1, str(n)) for n in range(5)])
	END
	[ "$output" = "1 True" ]
}

@test "and those of sessions that follow each other" {
	play <<-'END'
	server = Upstream()
	configure(*account(server))
	begin()
	for n in range(20):
	    assert send(text=text(n)) == "ok"
	print(server.connections < 10, len(set(server.taken)))
	END
	[ "$output" = "True 20" ]
}

@test "what the client sends ahead is on its way together, each with its own answer" {
	play <<-'END'
	import threading
	seen, go = [], threading.Event()
	def script(at):
	    if at.verb == "BDAT" or at.verb == "END":
	        seen.append(at.line)
	    # no answer to a message before the last has come
	    if at.verb == "END" and at.line == "0":
	        go.wait(5)
	    if at.verb == "RCPT" and "nobody" in at.line:
	        return "550 5.1.1 no such user"
	    if at.verb == "END" and at.line == "7":
	        return "554 5.6.0 not this"
	    if at.verb == "MAIL" and "wrong" in at.line:
	        return "450 4.7.1 not now"
	server = Upstream(script)
	configure(*account(server))
	begin()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	r.send(b"".join(chunk(
	    n, *["nobody@example.org"] if n == 3 else ["bob@example.org"],
	    sender="wrong@example.org" if n == 5 else "me@example.org")
	    for n in range(10)) + b"NOOP\r\n")
	answers = [r.replies(3)[2] for n in range(10)]
	print([a[:3] for a in answers], r.reply()[:3])
	print("5.1.1" in answers[3], "5.6.0" in answers[7])
	print([subject for _, subject in server.taken], server.connections)
	END
	[ "$output" = "['250', '250', '250', '550', '250', '450', '250', '554', '250', '250'] 250
True True
['0', '1', '2', '4', '6', '8', '9'] 1" ]
}

@test "a connection that ended, or talked out of turn, while it was kept" {
	play <<-'END'
	def ends(server):
	    server.open[0].shutdown(socket.SHUT_RDWR)
	def farewell(server):
	    server.open[0].sendall(b"421 4.4.2 you took too long\r\n")
	    ends(server)
	def lies(server):
	    server.open[0].sendall(b"250 2.0.0 what else?\r\n")
	for act in ends, farewell, lies:
	    server = Upstream()
	    configure(*account(server))
	    begin()
	    with client() as c:
	        c.sendmail("me@example.org", "bob@example.org", text(1))
	        act(server)
	        if act is not lies:
	            server.until(lambda s: s.ended == 1)
	        c.sendmail("me@example.org", "bob@example.org", text(2))
	        c.sendmail("me@example.org", "bob@example.org", text(3))
	    print(act.__name__, server.taken)
	    program.terminate()
	    program.wait()
	END
	[ "$output" = "ends [(1, '1'), (2, '2'), (2, '3')]
farewell [(1, '1'), (2, '2'), (2, '3')]
lies [(1, '1'), (2, '2'), (2, '3')]" ]
	grep -q 'reply too many' server.log
}

@test "a connection that is dead, and nobody told: no content goes over it" {
	play <<-'END'
	bodies = []
	def script(at):
	    if at.verb == "END":
	        bodies.append(at.connection)
	    if at.connection == 1 and at.mail == 1:
	        return ""
	server = Upstream(script)
	configure(*account(server))
	begin()
	with client() as c:
	    c.sendmail("me@example.org", "bob@example.org", text(1))
	    time.sleep(1.2)     # a rest
	    c.sendmail("me@example.org", "bob@example.org", text(2))
	print(server.taken, bodies)
	END
	[ "$output" = "[(1, '1'), (2, '2')] [1, 2]" ]
}

@test "a server that takes so many mails over a connection: nobody notices" {
	play <<-'END'
	def enough(at):
	    if at.verb == "MAIL" and at.mail == 3:
	        return "421 4.7.0 enough"
	def third(at):
	    return at.mail == 2
	for options in {"script": enough}, {"last": third}:
	    server = Upstream(**options)
	    configure(*account(server))
	    begin()
	    with client() as c:
	        for n in range(10):
	            c.sendmail("me@example.org", "bob@example.org", text(n))
	            if "last" in options and n % 3 == 2:
	                server.until(lambda s: s.ended == s.connections)
	    program.terminate()
	    program.wait()
	    print(sorted(int(subject) for _, subject in server.taken) ==
	          list(range(10)), server.connections)
	END
	[ "$output" = $'True 4\nTrue 4' ]
}

@test "lost amid mails that were sent ahead: whoever has a yes is there, once" {
	play <<-'END'
	for place in "MAIL", "RCPT", "BDAT", "END", "RSET":
	    for which in range(6):
	        for how in DROP, "421 4.7.0 enough":
	            def script(at):
	                if (at.verb == place and at.mail == which and
	                        at.connection == 1):
	                    return how
	            server = Upstream(script)
	            configure(*account(server))
	            if place == "MAIL" and which == 0 and how is DROP:
	                begin()
	            r = Raw().send(b"EHLO me\r\n")
	            r.replies(2)
	            r.send(b"".join(chunk(n) for n in range(6)))
	            yes = {n for n in range(6) if r.codes(3)[2] == "250"}
	            there = [int(subject) for _, subject in server.taken]
	            r.close()
	            assert len(there) == len(set(there)), (place, which, there)
	            assert yes <= set(there), (place, which, yes, there)
	            assert how is DROP or yes == set(there), (place, which, yes)
	print("all of them")
	END
	[ "$output" = "all of them" ]
}

@test "more mails in a session than one connection is used for" {
	play <<-'END'
	server = Upstream()
	configure(*account(server))
	begin()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	sender = threading.Thread(target=r.send, args=(
	    b"".join(chunk(n) for n in range(1100)),))
	sender.start()
	print({*r.codes(3300)}, len(set(server.taken)), server.connections)
	END
	[ "$output" = "{'250'} 1100 2" ]
}

@test "a changed setting counts at once, another sender of the account changes nothing" {
	play <<-'END'
	server = Upstream()
	configure(*account(server, "default", "*@example.org", "domain one.example"))
	begin()
	with client() as c:
	    c.sendmail("me@example.org", "bob@example.org", text(1))
	    c.sendmail("you@example.org", "bob@example.org", text(2))
	    configure(*account(server, "default", "*@example.org",
	                       "domain two.example"))
	    c.sendmail("me@example.org", "bob@example.org", text(3))
	print(server.hellos, [connection for connection, _ in server.taken])
	END
	[ "$output" = "['one.example', 'two.example'] [1, 1, 2]" ]
}

@test "a ~/.netrc that names another user counts at once" {
	python3 "$root/tests/peer/certs.py" "$BATS_TEST_TMPDIR/certs"
	play <<-'END'
	import base64
	place = os.environ["HOME"] + "/.netrc"
	logins = []
	def script(at):
	    if at.verb == "AUTH":
	        logins.append(base64.b64decode(at.line.split()[2]).split(b"\0")[1])
	        return "235 2.7.0 welcome"
	def netrc(user):
	    with open(place + ".new", "w") as file:
	        file.write(f"machine 127.0.0.1 login {user} password secret\n")
	    os.chmod(place + ".new", 0o600)
	    os.rename(place + ".new", place)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain("certs/good.pem", "certs/good.key")
	server = Upstream(script, offers=("PIPELINING", "AUTH PLAIN"),
	                  tls=context)
	configure(*account(server), "tls on", "tls_starttls off",
	          "tls_certcheck off", "auth plain")
	netrc("joe")
	begin()
	with client() as c:
	    c.sendmail("me@example.org", "bob@example.org", text(1))
	    c.sendmail("me@example.org", "bob@example.org", text(2))
	    netrc("ann")
	    c.sendmail("me@example.org", "bob@example.org", text(3))
	print(*logins, server.taken)
	END
	[ "$output" = "b'joe' b'ann' [(1, '1'), (1, '2'), (2, '3')]" ]
}

@test "each account has its own connection" {
	play <<-'END'
	one, two = Upstream(), Upstream()
	configure(*account(one, "default", "a@example.org"), "",
	          *account(two, "two", "b@example.org"))
	begin()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	r.send(b"".join(chunk(n, sender="ab"[n % 2] + "@example.org")
	                for n in range(6)))
	print(*r.codes(18))
	for n in range(6):
	    r.send(chunk(n, sender="ab"[n % 2] + "@example.org")).codes(3)
	print(one.connections, {s for _, s in one.taken} == {"0", "2", "4"},
	      two.connections, {s for _, s in two.taken} == {"1", "3", "5"})
	END
	[ "$output" = "$(printf '250 %.0s' {1..17})250
1 True 1 True" ]
}

@test "a connection that nobody uses is given back, with a farewell" {
	play <<-'END'
	server = Upstream()
	configure(*account(server))
	begin()
	# while the client is there, and when it has gone
	r = Raw().send(b"EHLO me\r\n" + chunk(1))
	r.codes(5)
	server.until(lambda s: s.quits == 1)
	r.send(b"QUIT\r\n")
	send(text=text(2))
	server.until(lambda s: s.quits == 2)
	print(server.connections, len(server.taken))
	END
	[ "$output" = "2 2" ]
}

@test "SIGTERM with connections that are kept" {
	play <<-'END'
	server = Upstream()
	configure(*account(server))
	begin()
	r = Raw().send(b"EHLO me\r\n" + chunk(1))
	r.codes(5)
	send(text=text(2))
	program.terminate()
	print(program.wait(), r.codes(2))
	server.until(lambda s: s.ended == s.connections)
	print(server.quits == server.connections, len(server.taken))
	END
	[ "$output" = "0 ['421', '']
True 2" ]
}

@test "a client that goes before its answer: what was whole is sent, once" {
	play <<-'END'
	server = Upstream()
	configure(*account(server))
	begin()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	r.send(b"".join(chunk(n) for n in range(3)) + b"MAIL FROM:<me@exa")
	r.socket.shutdown(socket.SHUT_WR)
	server.until(lambda s: len(s.taken) == 3)
	send(text=text("more"))
	print(sorted(subject for _, subject in server.taken))
	END
	[ "$output" = "['0', '1', '2', 'more']" ]
}

@test "no command that is run has a kept connection open" {
	play <<-'END'
	server = Upstream()
	configure(*account(server, "default", "a@example.org"), "",
	          *account(server, "two", "b@example.org"),
	          "tls on", "tls_certcheck off", "auth on", "user joe",
	          "passwordeval cat /proc/net/tcp >" + os.getcwd() +
	          "/tcp; ls -l /proc/self/fd >" + os.getcwd() +
	          "/open; echo secret")
	begin()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	print(*r.send(chunk(1, sender="a@example.org")).codes(3))
	# its server has no TLS, but the command is run before that is known
	r.send(chunk(2, sender="b@example.org")).codes(3)
	# by their inodes; libcurl has a pair of its own, which leads nowhere
	tcp = {line.split()[9] for line in open("tcp")}
	print(tcp & set(re.findall(r"socket:.(\d+)", open("open").read())),
	      len(server.taken))
	END
	[ "$output" = $'250 250 250\nset() 1' ]
}

@test "a server that is lost amid more mails than go together" {
	play <<-'END'
	def script(at):
	    if at.connection == 1 and at.verb == "END" and at.mail == 3:
	        return DROP
	    if at.connection == 2 and at.verb == "CONNECT":
	        return DROP
	server = Upstream(script)
	configure(*account(server))
	begin()
	r = Raw().send(b"EHLO me\r\n" + b"".join(chunk(n) for n in range(200)))
	r.replies(2)
	answers = [r.codes(3) for n in range(200)]
	yes = {n for n in range(200) if answers[n] == ["250"] * 3}
	there = [int(subject) for _, subject in server.taken]
	print(len(there) == len(set(there)), yes == set(there),
	      {a[2] for a in answers} <= {"250", "451"}, 199 in yes)
	END
	[ "$output" = "True True True True" ]
}

@test "an answer that takes longer than another connection is kept" {
	play <<-'END'
	def slow(at):
	    if at.verb == "END" and at.line == "1":
	        time.sleep(6)
	one, two = Upstream(slow), Upstream()
	configure(*account(one, "default", "a@example.org"), "",
	          *account(two, "two", "b@example.org"))
	begin()
	r = Raw().send(b"EHLO me\r\n")
	r.replies(2)
	print(*r.send(chunk(0, sender="b@example.org")).codes(3))
	r.send(chunk(1, sender="a@example.org") + chunk(2, sender="b@example.org"))
	print(*r.codes(6))
	print(one.taken, [subject for _, subject in two.taken])
	END
	[ "$output" = "250 250 250
250 250 250 250 250 250
[(1, '1')] ['0', '2']" ]
}

@test "a part of a TLS record does not keep the answers back" {
	python3 "$root/tests/peer/certs.py" "$BATS_TEST_TMPDIR/certs"
	play <<-'END'
	server = Upstream()
	certs = os.getcwd() + "/certs"
	configure(*account(server, "default", "me@example.org",
	                   f"serve_cert {certs}/good.pem",
	                   f"serve_key {certs}/good.key"))
	begin()
	r = Raw().send(b"EHLO me\r\nSTARTTLS\r\n")
	r.replies(3)
	put, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
	secure = tls(f"{certs}/ca.pem").wrap_bio(put, sent,
	                                         server_hostname="localhost")
	def until(act):
	    while True:
	        try:
	            done = act()
	        except ssl.SSLWantReadError:
	            done = None
	        r.socket.sendall(sent.read())
	        if done is not None:
	            return done
	        put.write(r.socket.recv(65536))
	until(lambda: secure.do_handshake() or True)
	def said(words):
	    text = b""
	    while words not in text:
	        text += until(lambda: secure.read(65536))
	    return text
	secure.write(b"EHLO me\r\n" + chunk(1) + chunk(2))
	mails = sent.read()
	secure.write(b"NOOP\r\n")
	noop = sent.read()
	r.socket.sendall(mails + noop[:7])
	said(b"took it")
	server.until(lambda s: len(s.taken) == 2)
	r.socket.sendall(noop[7:])
	said(b"2.0.0 ok")
	print("both")
	END
	[ "$output" = "both" ]
}
