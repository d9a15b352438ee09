#!/usr/bin/env bats
# What a user of the machine must not do by the service, each tried by a real
# second uid; and what becomes of everybody's mail when it is killed.

# shellcheck disable=SC2030,SC2031,SC2154,SC2314,SC2016 # helper.bash sets what is used here; each test is a shell of its own
load helper
load service

# mails - how many are in the service's queue.
mails() {
	service_queue | json_of 'len(j)' || true
}

mails_are() {
	[ "$(mails)" -eq "$1" ]
}

# ---- a user must not read the secret, the configuration, the key ----

@test "the service's file and queue are nobody else's to read" {
	service_conf 'password hunter2' 'port 1'
	start_service
	mail bob -s private carol@example.net <<<'the text'
	[ "$status" -eq 0 ]
	run as alice cat "$world/etc/mailsend/service.conf"
	[ "$status" -ne 0 ]
	run as alice find "$world/home/mailsend" -type f
	[[ $output != */queue/* ]]
	run as alice cat "/proc/$service/environ" "/proc/$service/mem"
	[ "$status" -ne 0 ]
	run --separate-stderr as alice mailsend --config /etc/mailsend/service.conf \
		--show-config
	[ "$status" -ne 0 ]
	[[ $output$stderr != *hunter2* ]]
}

@test "what is wrong with the configuration is told to the log alone" {
	local conf
	start_service
	for conf in 'nonsense hunter2' 'passwordeval echo hunter2; exit 1' \
		'password_file /etc/mailsend/hunter2' 'serve_from hunter2' \
		'tls_trust_file /etc/mailsend/hunter2' \
		'aliases /etc/mailsend/hunter2' 'fallback hunter2' \
		'queue_folder /etc/mailsend/hunter2'; do
		service_conf 'queue never' 'dead_letter off' "$conf"
		case $conf in
		password*) service_conf 'queue never' 'dead_letter off' \
			"host localhost" 'user joe' 'tls on' "$conf" ;;
		tls_*) service_conf 'queue never' 'dead_letter off' \
			'host localhost' 'tls on' "$conf" ;;
		esac
		talk alice <<-'END'
		r = Raw().send(b"EHLO me\r\n")
		r.replies(2)
		for line in b"MAIL FROM:<alice>", b"RCPT TO:<carol>", b"DATA", b"a: b\r\n\r\nc\r\n.":
		    r.send(line + b"\r\n")
		    reply = r.reply()
		    print(reply)
		    if reply[0] not in "23":
		        break
		END
		echo "$conf: $output"
		[[ $output != *hunter2* && $output != */etc/* && $output != *.conf* ]]
		[[ $output == *$'\n451 '* || $output == 451* ]]
		grep -q 'alice, uid 2001: ' "$world/client/service.log"
	done
}

@test "a message that names a file, a DKIM key or a configuration reads none" {
	start_service
	talk alice <<-'END'
	text = ("Attach: /etc/mailsend/service.conf\r\nFcc: /tmp/x\r\n"
	        "X-Mailsend-Account: other\r\nX-Mailsend-Config: /etc/shadow\r\n"
	        "X-Undelivered-To: victim@example.net\r\nSubject: x\r\n\r\n"
	        "<#part filename=\"/etc/mailsend/service.conf\">\r\n")
	print(send(sender="alice", text=text))
	END
	[ "$output" = ok ]
	arrived_are 1
	lacks 'noreply@example.org.*host\|queue_retry\|X-Mailsend-' "$(arrived)"
	lacks victim "$(arrived)"
}

# ---- choose host, account or settings ----

@test "no account, host or setting is the client's to choose" {
	service_conf 'account other' 'host 192.0.2.1' 'from other@example.org' \
		'account local' 'from local@example.org'
	# the default is the one above, by its settings
	start_service
	talk alice <<-'END'
	print(send(sender="other@example.org"))
	print(send(sender="local@example.org"))
	with client() as c:
	    c.ehlo("root.localhost")
	    for line in ("XCLIENT NAME=root", "XFORWARD NAME=root", "AUTH PLAIN AHJvb3QAcm9vdA==",
	                 "STARTTLS", "MAIL FROM:<alice> XACCOUNT=other", "VERB", "XSET host=1",
	                 "MAIL FROM:<alice> AUTH=root"):
	        print(c.docmd(line)[0])
	END
	[ "$output" = "ok
ok
500
500
502
502
555
500
500
250" ]
	arrived_are 2
	for file in $(arrived); do
		[ "$(judge "$file" headers/From)" = "alice on $(uname -n | cut -d. -f1) <noreply@example.org>" ] ||
			grep -q '^From: alice' "$file"
		grep -q '^Return-Path: <noreply@example.org>' "$file"
	done
}

# ---- use another's name ----

# from_of - the mails' From, one a line.
from_of() {
	arrived | sort | xargs grep -h -m1 -i '^From:' | tr -d '\r' |
		sed 's/^[^:]*: *//'
}

@test "another user's name, by any of the fields that have one" {
	start_service
	cat >script <<-'END'
	host = socket.gethostname()
	for other in "root", "root@localhost", "bob@" + host, "ceo@bank.example", "Root <ROOT>", \
	        '"alice" <bob@localhost>', "bob, alice", "alice, bob@localhost", "root@[127.0.0.1]", \
	        "friends: root@localhost;", "root: ;", "=?utf-8?q?root?= <root@localhost>", \
	        "alice@bank.example", "alicex", '"alice+x"@bank.example', "root(alice)@localhost", \
	        "root@localhost (alice)", "<@x:root@localhost>", "nobody at all", "", \
	        '"alice+<root@localhost>"@localhost', '"alice+ root@localhost,"@localhost':
	    for field in "From", "Sender", "Resent-From", "Resent-Sender":
	        text = "%s: %s\r\n" % (field, other)
	        if field != "From":
	            text += "From: alice\r\n"
	        text += "To: carol@example.net\r\nSubject: x\r\n\r\nx\r\n"
	        reply = send(sender="alice", text=text)
	        if reply != "ok":
	            print(field, other, reply)
	# twice
	print(send(sender="alice", text="From: alice\r\nFrom: root@localhost\r\nSubject: x\r\n\r\nx\r\n"))
	print(send(sender="alice", text="From : root@localhost\r\nSubject: x\r\n\r\nx\r\n"))
	for sender in "root", "root@localhost", "ceo@bank.example", "bob@" + host:
	    print(send(sender=sender))
	END
	talk alice <script
	[ "$(sort -u <<<"$output" | tail -1)" = ok ]
	local file line
	for file in $(arrived); do
		grep -q '^Return-Path: <\(alice@.*\|noreply@example.org\)>' "$file"
		# no address but theirs, whatever is said beside it
		while IFS= read -r line; do
			echo "$line"
			[[ $line != *@* || $line == *'<noreply@example.org>' ||
				$line =~ [\<\ ]alice@[a-z.]*\>?$ ]]
			[[ $line != *@*@* ]]
		done < <(python - "$file" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"))
		for name, value in m.items():
		    if name.lower() in ("from", "sender", "resent-from", "resent-sender"):
		        print(name + ":", " ".join(value.split()))
		END
		)
		[ "$(judge "$file" headers/From | wc -l)" -eq 1 ]
		head -3 "$file" | grep -q '(alice, uid 2001)'
	done
}

@test "a signature that covers what is another's: refused" {
	start_service
	talk alice <<-'END'
	signature = "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from:sender; bh=x; b=x\r\n"
	for fields in "From: root@localhost\r\n", "From: alice\r\nSender: root@localhost\r\n", \
	        "From: alice\r\nFrom: root@localhost\r\n", "From: not an address (\r\n":
	    print(send(sender="alice", text=signature + fields + "Subject: x\r\n\r\nx\r\n")[0])
	END
	[ "$(sort -u <<<"$output")" = 554 ]
	arrived_are 0
}

@test "the null sender is a bounce's, and its From is held to the same" {
	start_service
	talk alice <<-'END'
	print(send(sender="", text="From: MAILER-DAEMON@localhost\r\nSubject: x\r\n\r\nx\r\n"))
	print(send(sender="", text="Subject: x\r\n\r\nx\r\n"))
	END
	[ "$output" = $'ok\nok' ]
	arrived_are 2
	for file in $(arrived); do
		grep -q '^Return-Path: <>' "$file"
		grep -q '^From:.*alice' "$file"
		lacks '^From:.*MAILER-DAEMON@' "$file"
	done
}

@test "who is allowed more may use that, and no more" {
	service_conf 'serve_from own, user:www:*@shop.example, staff2:press@example.org'
	start_service
	cat >script <<-'END'
	for sender in "orders@shop.example", "press@example.org", "x@other.example":
	    print(send(sender=sender, text="From: %s\r\nSubject: x\r\n\r\nx\r\n" % sender))
	END
	for user in alice bob www; do
		find "$world/mail/new" -type f -delete
		talk "$user" <script
		[ "$output" = $'ok\nok\nok' ]
		from_of | sort >"$user.from"
		cat "$user.from"
	done
	grep -qx press@example.org alice.from
	[ "$(grep -c 'alice' alice.from)" -eq 2 ]
	[ "$(grep -c 'bob' bob.from)" -eq 3 ]
	grep -qx orders@shop.example www.from
	[ "$(grep -c 'www' www.from)" -eq 2 ]
	service_conf 'serve_from any'
	find "$world/mail/new" -type f -delete
	talk bob <script
	[ "$(from_of | grep -c '^\(orders@shop\|press@example\|x@other\)')" -eq 3 ]
}

# ---- forge the field that says who they are ----

@test "a forged trace is marked, and ours stands above it" {
	start_service
	talk alice <<-'END'
	forged = ("Received: from localhost (root, uid 0)\r\n\tby %s (mailsend) with ESMTPA;\r\n"
	          "\tMon, 30 Nov 2026 16:56:53 +0000\r\n" % socket.gethostname())
	with client() as c:
	    c.ehlo("(root, uid 0) by x (mailsend)")
	    c.sendmail("alice", "bob@example.org", forged + forged.replace("Received", "RECEIVED") +
	               "X-Mailsend-User: root\r\n"
	               "Authentication-Results: localhost; auth=pass smtp.auth=root\r\n"
	               "Received: from elsewhere.example by other.example; Mon, 30 Nov 2026 16:56:53 +0000\r\n"
	               "From: alice\r\nSubject: x\r\n\r\nx\r\n")
	END
	arrived_are 1
	cat "$(arrived)"
	[ "$(grep -n '^Received' "$(arrived)" | head -1 | tr -d '\r')" = '2:Received: from localhost (alice, uid 2001)' ]
	[ "$(grep -ci '^Received:' "$(arrived)")" -eq 2 ]
	[ "$(grep -ci '^X-Unverified-Received:' "$(arrived)")" -eq 2 ]
	lacks 'Authentication-Results\|X-Mailsend' "$(arrived)"
}

@test "a first line with a blank before it is no part of our trace" {
	start_service
	talk alice <<-'END'
	for text in " (root, uid 0)\r\nFrom: root@localhost\r\n\r\nx\r\n", "\t(root, uid 0)\r\n":
	    print(send(sender="alice", text=text))
	# as octets that come one by one, and by BDAT
	r = Raw().send(b"EHLO me\r\nMAIL FROM:<alice>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
	r.codes(5)
	for octet in b" (root, uid 0)\r\n.\r\n":
	    r.send(bytes([octet]))
	print(*r.codes(1))
	r.send(b"MAIL FROM:<alice>\r\nRCPT TO:<b@example.org>\r\nBDAT 1\r\n BDAT 15 LAST\r\n(root, uid 0)\r\n")
	print(*r.codes(4))
	END
	[ "$output" = "ok
ok
250
250 250 250 250" ]
	arrived_are 4
	for file in $(arrived); do
		cat "$file"
		[ "$(sed -n 2p "$file" | tr -d '\r')" = 'Received: from localhost (alice, uid 2001)' ]
		lacks 'uid 0' <(sed '/^.\{0,1\}$/q' "$file")
		sed '1,/^.\{0,1\}$/d' "$file" | grep -q '(root, uid 0)'
		[ "$(sed '/^.\{0,1\}$/q' "$file" | grep -c '^From:.*alice')" -eq 1 ]
	done
}

# ---- see, hold or delete others' mails ----

@test "others' mails: none is seen, held, deleted or sent" {
	service_conf 'port 1'
	start_service
	mail bob -s private carol@example.net <<<'the text'
	local id queue=$world/home/mailsend/.local/state/mailsend/queue command
	id=$(service_queue | json_of 'j[0]["id"]')
	[ -n "$id" ]
	talk alice <<-END
	with client() as c:
	    for line in "VRFY bob", "EXPN bob", "ETRN example.net", "ETRN #$id", "TURN", "HELP":
	        code, text = c.docmd(line)
	        print(code, b"$id" in text, b"carol" in text)
	END
	[ "$output" = "252 False False
502 False False
502 False False
502 False False
502 False False
214 False False" ]
	for command in --mailq --flush "--delete $id" "--hold $id" "--print-queued $id"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr as alice env MAILSEND_QUEUE="$queue" \
			mailsend $command
		echo "$command: $status $output $stderr"
		[ "$status" -ne 0 ]
		[[ $output$stderr != *carol* && $output$stderr != *'the text'* ]]
	done
	# nor is their own list longer by it
	[ "$(as alice mailsend --mailq --json | json_of 'len(j)')" -eq 0 ]
	mails_are 1
}

# ---- fill the disk ----

@test "a spool that fills up: 452 with a reserve left, nothing torn, and then on" {
	local queue=$world/home/mailsend/.local/state/mailsend
	service_conf 'port 1'
	mkdir -p "$queue"
	within mount -t tmpfs -o size=8m,mode=700 spool "$queue"
	within chown -R 2004:2004 "$world/home/mailsend"
	start_service --set serve_reserve=2M
	talk alice <<-'END'
	large = TEXT + ("x" * 70 + "\r\n") * 10000
	codes = [send(sender="alice", text=large) for _ in range(20)]
	print(codes.count("ok") > 3, set(c[0] for c in codes if c != "ok"))
	# nor in small pieces, nor with a size that was announced
	small = [send(sender="alice", text=TEXT + ("x" * 70 + "\r\n") * 3000) for _ in range(40)]
	print(small[-1][0])
	with client() as c:
	    c.ehlo()
	    print(c.docmd("MAIL FROM:<alice> SIZE=3000000")[0])
	END
	[ "$output" = "True {452}
452
452" ]
	[ "$(within df --output=avail -k "$queue" | tail -1)" -ge 1024 ]
	# the client's own queue has it
	mail alice -s later carol@example.net \
		< <(head -c 300000 /dev/zero | tr '\0' 'x' | fold -w 70)
	[ "$status" -eq 0 ]
	says 452
	# root has what the reserve is for
	mail root -s "the disk is full" carol@example.net <<<hi
	[ "$status" -eq 0 ]
	[ "$(as root mailsend --mailq --json | json_of 'len(j)')" -eq 0 ]
	# all that was accepted is there
	service_conf
	until_true mails_are 0
	as alice mailsend --flush
	until_true grep -rql 'Subject: later' "$world/mail/new"
	[ "$(grep -rl 'Subject: hello' "$world/mail/new" | wc -l)" -gt 3 ]
	stop_service
	within umount "$queue"
}

@test "a quota for each user, which survives a kill, and is free again" {
	service_conf 'port 1' 'serve_quota 100k'
	start_service
	cat >script <<-'END'
	text = TEXT + ("x" * 70 + "\r\n") * 500          # 36k
	replies = [send(sender="me", text=text) for _ in range(5)]
	print([r if r == "ok" else r[0] for r in replies])
	print(send(sender="me", text=TEXT)[0:1] if False else send(sender="me", text=TEXT) == "ok")
	END
	talk alice <script
	[ "$output" = "['ok', 'ok', 452, 452, 452]
True" ]
	# it is not bob's, and root has none
	talk bob <script
	[[ $output == "['ok', 'ok', 452, 452, 452]"* ]]
	talk root <script
	[[ $output == "['ok', 'ok', 'ok', 'ok', 'ok']"* ]]
	stop_service KILL || true
	start_service
	talk alice <<<'print(send(sender="me", text=TEXT + ("x" * 70 + "\r\n") * 500)[0])'
	[ "$output" = 452 ]
	# when the queue is empty it may be filled again
	service_conf 'serve_quota 100k'
	until_true mails_are 0
	talk alice <script
	[[ $output == "['ok', 'ok', 'ok', 'ok', 'ok']"* ]]
}

@test "what no recipient's server takes is not kept by the service, where no quota counts it" {
	cat >"$world/client/refuses.py" <<-'END'
	import socket, sys, threading
	s = socket.socket()
	s.bind(("127.0.0.1", 0))
	s.listen(50)
	print(s.getsockname()[1], flush=True)
	def one(c):
	    lines = c.makefile("rb")
	    c.sendall(b"220 x\r\n")
	    for line in lines:
	        word = line[:4].upper()
	        if word == b"DATA":
	            c.sendall(b"354 go\r\n")
	            while next(lines) != b".\r\n":
	                pass
	        no = word == b"RCPT" and b"refused" in line
	        c.sendall(b"550 no\r\n" if no else b"221 x\r\n" if word == b"QUIT" else b"250 ok\r\n")
	while True:
	    threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
	END
	python3 "$world/client/refuses.py" >port 3>&- &
	echo $! >"$world/refuses.pid"
	until_true test -s port
	service_conf 'serve_quota 100k' "port $(cat port)"
	start_service
	talk alice <<-'END'
	for n in range(4):
	    with client() as c:
	        c.ehlo()
	        c.mail("")
	        c.rcpt("x@example.net")
	        c.rcpt("refused@example.net")
	        code, text = c.data(TEXT + ("x" * 70 + "\r\n") * 1000)
	        print(code, b"1 of 2" in text)
	END
	kill "$(cat "$world/refuses.pid")"
	rm "$world/refuses.pid"
	[ "$(sort -u <<<"$output")" = '554 True' ]
	[ "$(within du -sk "$world/home/mailsend" | cut -f1)" -lt 100 ]
	[ -z "$(find "$world/home/mailsend" -name 'dead.letter*')" ]
}

@test "a mail that is larger than a whole quota never fits, and that is told" {
	service_conf 'port 1' 'serve_quota 100k'
	start_service
	talk alice <<-'END'
	large = TEXT + ("x" * 70 + "\r\n") * 2000          # 144k
	print(send(sender="me", text=large)[0])
	with client() as c:
	    c.ehlo()
	    print(c.esmtp_features["size"], c.docmd("MAIL FROM:<me> SIZE=150000")[0])
	# the size is not announced, and what we add makes it too large
	r = Raw().send(b"EHLO me\r\nMAIL FROM:<alice>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
	r.codes(5)
	close = TEXT.encode() + b"x" * 900 + b"\r\n"
	close += (b"x" * 70 + b"\r\n") * ((102390 - len(close)) // 72)
	print(*r.send(close + b".\r\n").codes(1))
	END
	[ "$output" = "552
102400 552
552" ]
	mails_are 0
	# the client does not keep it for days
	mail alice -s large carol@example.net \
		< <(head -c 150000 /dev/zero | tr '\0' 'x' | fold -w 70)
	[ "$status" -eq 65 ]
	[ "$(as alice mailsend --mailq --json | json_of 'len(j)')" -eq 0 ]
	as alice grep -q '^Subject: large' "$(home_of alice)/dead.letter"
	talk root <<<'print(send(sender="me", text=TEXT + ("x" * 70 + "\r\n") * 2000))'
	[ "$output" = ok ]
}

@test "a quota is not overrun by many at once" {
	service_conf 'port 1' 'serve_quota 200k'
	start_service
	talk alice <<-'END'
	text = TEXT + ("x" * 70 + "\r\n") * 500          # 36k
	replies = []
	def one():
	    try:
	        replies.append(send(sender="me", text=text))
	    except Exception as error:
	        replies.append(str(error))
	threads = [threading.Thread(target=one) for _ in range(12)]
	for t in threads: t.start()
	for t in threads: t.join()
	print(replies.count("ok"))
	END
	[ "$output" -ge 1 ] && [ "$output" -le 5 ]
	[ "$(mails)" -eq "$output" ]
}

@test "a rate for each user, which survives a kill" {
	service_conf 'serve_rate 5/h'
	start_service
	cat >script <<-'END'
	print([r if r == "ok" else r[0] for r in (send(sender="me") for _ in range(7))])
	END
	talk alice <script
	[ "$output" = "['ok', 'ok', 'ok', 'ok', 'ok', 450, 450]" ]
	stop_service KILL || true
	start_service
	talk alice <script
	[[ $output == "[450, 450"* ]]
	# recipients count, and no mail has more
	talk bob <<-'END'
	many = ["r%d@example.net" % n for n in range(8)]
	with client() as c:
	    refused = c.sendmail("bob", many, TEXT)
	    print(len(refused), set(code for code, text in refused.values()))
	print(send(sender="bob")[0])
	END
	[ "$output" = "3 {452}
450" ]
	talk root <script
	[ "$output" = "['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok']" ]
	# what is too much waits with the user
	mail alice -s later carol@example.net <<<hi
	[ "$status" -eq 0 ]
	says 450
	# all who have no name have one rate
	cat >"$world/client/script" <<<'print(send(sender="me") == "ok")'
	for uid in 70001 70002 70003 70004 70005 70006 70007; do
		within setpriv --reuid $uid --regid $uid --clear-groups \
			env -i PATH="$PATH" python3 "$world/bin/smtp_client.py" \
			"$world/run/submit" <"$world/client/script"
	done >nameless
	[ "$(grep -c True nameless)" -eq 5 ]
}

# ---- starve others ----

@test "who takes all the connections they can get keeps nobody out" {
	service_conf 'serve_max_connections 8'
	start_service
	cat >"$world/client/flood" <<-'END'
	import time
	held = []
	while True:
	    try:
	        one = Raw()
	        one.send(b"EHLO me\r\nMAIL FROM:<alice>\r\nRCPT TO:<x@example.net>\r\nDATA\r\nx")
	        held.append(one)
	        if len(held) % 50 == 0:
	            print(len(held), flush=True)
	            held = held[-20:]
	    except OSError:
	        pass
	    if len(held) > 900:
	        time.sleep(1)
	END
	as alice python3 "$world/bin/smtp_client.py" "$world/run/submit" \
		<"$world/client/flood" >flood.out 2>&1 3>&- &
	until_true grep -q 50 flood.out
	for n in 1 2 3 4 5; do
		mail bob -s "hello $n" carol@example.net <<<hi
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
	arrived_are 5
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
}

# ---- run commands, by aliases or otherwise ----

@test "no command is run and no list is read for a user" {
	local home
	printf '%s\n' "cmd: |touch $world/client/ran" 'list: :include:/etc/shadow' \
		'file: /etc/passwd' "good: carol@example.net" >"$world/etc/aliases"
	for home in alice mailsend; do
		echo "|touch $world/client/ran" >"$world/home/$home/.forward"
		echo "\"|touch $world/client/ran\"" >"$world/home/$home/.mailrc"
		echo "alice: :include:$world/home/bob/secret" >"$world/home/$home/.aliases"
	done
	echo 'secret@example.net' >"$world/home/bob/secret"
	chmod 777 "$world/client"
	start_service
	talk alice <<-END
	for to in "cmd", "list", "file", "good", "alice", '"|touch $world/client/ran"@localhost', \
	        '":include:$world/home/bob/secret"@localhost', "|touch$world/client/ran", \
	        ":include:$world/home/bob/secret", "/etc/passwd", '"/etc/passwd"@localhost', \
	        "\`touch$world/client/ran\`@example.net", "\$(touch\${IFS}$world/client/ran)@example.net":
	    reply = send(to=to, sender="alice")
	    print(to[:8], reply)
	END
	[ ! -e "$world/client/ran" ]
	[[ $output != *secret@* && $output != *root:* && $output != *shadow* ]]
	[[ $output == *$'\ngood ok\n'* ]]
	run grep -rl secret@example.net "$world/mail/new"
	[ "$status" -eq 1 ]
}

# ---- nothing is lost ----

# crowd COUNT - as many mails from each of 20 users, each with a Message-ID of
# its own.
crowd() {
	local n

	for ((n = 1; n <= service_crowd; n++)); do
		as "user$n" bash -c '
			for i in $(seq "$2"); do
				mailsend --quiet --message-id "<$1.$i@crowd.example>" -s "$1 $i" \
					carol@example.net <<<"text $i" || echo "$1 $i: $?"
			done' _ "user$n" "$1" 3>&- &
	done
	wait_for_crowd
}

wait_for_crowd() {
	local pid

	for pid in $(jobs -p); do
		[ "$pid" = "$service" ] || wait "$pid"
	done
}

# flushed - those that wait with the users are sent.
flushed() {
	local n left=0

	for ((n = 1; n <= service_crowd; n++)); do
		[ -d "$world/home/user$n/.local/state/mailsend/queue/env" ] || continue
		as "user$n" mailsend --flush >/dev/null 2>&1 || true
		left=$((left + $(find "$world/home/user$n/.local/state/mailsend/queue/env" \
			-type f | wc -l)))
	done
	[ $left -eq 0 ]
}

ids() {
	grep -h -m1 '^Message-ID: <user' -r "$world/mail/new"
}

# restarts CROWD - the service is killed and started again, while mails come.
restarts() {
	local round

	for round in 1 2 3 4; do
		until more_than $((round * 150)) || ! kill -0 "$1"; do
			sleep 0.2
		done
		stop_service KILL || true
		start_service
	done
}

more_than() {
	[ "$(arrived | wc -l)" -gt "$1" ]
}

@test "1000 mails of 20 users, the service killed in between: each once" {
	local n

	for ((n = 1; n <= service_crowd; n++)); do
		find "$(home_of "user$n")" -mindepth 1 -delete
	done
	start_service
	crowd 50 >failed.out 2>&1 &
	local crowd=$!
	restarts "$crowd"
	wait "$crowd"
	cat failed.out
	[ ! -s failed.out ]
	until_true flushed
	until_true mails_are 0
	find "$world"/home/user* -name dead.letter
	[ "$(ids | wc -l)" -eq 1000 ]
	[ "$(ids | sort -u | wc -l)" -eq 1000 ]
	# and each is told by whom it came
	for n in 1 7 20; do
		[ "$(grep -rl "^Message-ID: <user$n\." "$world/mail/new" |
			xargs sed -sn 2p | tr -d '\r' | sort -u)" = \
			"Received: from localhost (user$n, uid $((2100 + n)))" ]
	done
}

# end_service - all of it, as a service manager does: the connections, the run of
# the queue.
end_service() {
	local pid

	for pid in $(pgrep -f "^$world/bin/mailsend --config /etc/mailsend/"); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait "$service" || true
	service=
}

@test "killed with all that it has begun: nothing is lost" {
	local n round sent

	for ((n = 1; n <= service_crowd; n++)); do
		find "$(home_of "user$n")" -mindepth 1 -delete
	done
	start_service
	crowd 15 >failed.out 2>&1 &
	local crowd=$!
	for round in 1 2 3; do
		until more_than $((round * 60)) || ! kill -0 "$crowd"; do
			sleep 0.2
		done
		end_service
		start_service
	done
	wait "$crowd"
	cat failed.out
	[ ! -s failed.out ]
	until_true flushed
	until_true mails_are 0
	[ "$(ids | sort -u | wc -l)" -eq $((15 * service_crowd)) ]
	# one that was at its last reply goes again: no more than were at it
	sent=$(ids | wc -l)
	echo "$((sent - 15 * service_crowd)) came twice"
	[ "$sent" -le $((15 * service_crowd + 3 * service_crowd)) ]
}
