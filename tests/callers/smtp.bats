#!/usr/bin/env bats
# smtp.bats - callers that speak SMTP: to sendmail -bs on a pipe, and to
# mailsend --serve on loopback.
#
# shellcheck disable=SC2154 # attempt sets status

load helper

setup_file() {
	callers_setup_file
}

setup() {
	callers_setup
}

teardown() {
	callers_teardown
}

# ---- sendmail -bs

# swaks adds two line feeds to a body.
@test "-bs: swaks --pipe" {
	printf '%s\n' 'Hello, Bob.' . .. 'Grüße' >body
	attempt swaks --pipe '/usr/sbin/sendmail -bs' --ehlo localhost \
		--from alice@example.test --to bob@example.test,carol@example.test \
		--header 'Subject: By swaks' --body "$(<body)"
	exits 0
	holds bob headers/subject='By swaks' headers/from=alice@example.test \
		body/text="$(<body)"$'\n\n\n'
	holds carol
}

@test "-bs: alpine's way, by smtplib on a socket pair" {
	attempt python3 "$TESTS/callers/pipe.py" /usr/sbin/sendmail -bs -odb -oem \
		<<-'END'
		smtp.ehlo()
		assert smtp.has_extn("8bitmime") and smtp.has_extn("pipelining")
		smtp.mail("alice@example.test", ["BODY=8BITMIME"])
		for name in "bob", "carol":
		    code, text = smtp.rcpt(f"<{name}@example.test>")
		    assert code == 250, (code, text)
		code, text = smtp.data("From: alice@example.test\r\n"
		    "To: bob@example.test, carol@example.test\r\n"
		    "Date: Sun, 22 Nov 2026 07:19:00 +0000\r\n"
		    "Message-ID: <alpine.7@example.test>\r\n"
		    "Subject: By alpine\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=UTF-8\r\n"
		    "Content-Transfer-Encoding: 8bit\r\n\r\n"
		    "Grüße\r\n.\r\nend\r\n".encode())
		assert code == 250, (code, text)
		smtp.quit()
	END
	exits 0
	# -odb: it was taken, and goes by and by
	await_mail bob
	await_mail carol
	holds bob headers/subject='By alpine' headers/from=alice@example.test \
		headers/message-id='<alpine.7@example.test>' \
		body/text=$'Grüße\n.\nend'
	holds carol
}

@test "-bs: Symfony's way, HELO and several mails in a session" {
	attempt python3 "$TESTS/callers/pipe.py" /usr/sbin/sendmail -bs <<-'END'
		assert smtp.helo("[127.0.0.1]")[0] == 250
		for number in range(3):
		    assert smtp.mail("shop@example.test")[0] == 250
		    assert smtp.rcpt("bob@example.test")[0] == 250
		    code, text = smtp.data("From: shop@example.test\r\n"
		        "To: bob@example.test\r\nSubject: Order\r\n"
		        f"\r\nNumber {number}\r\n")
		    assert code == 250, (code, text)
		    assert smtp.rset()[0] == 250
		assert smtp.noop()[0] == 250
		smtp.quit()
	END
	exits 0
	holds_each bob 3 headers/subject=Order body/text~'^Number [012]$'
}

@test "-bs: no 250 for what nobody will take" {
	attempt python3 "$TESTS/callers/pipe.py" /usr/sbin/sendmail -bs <<-'END'
		smtp.ehlo()
		smtp.mail("alice@example.test")
		code = smtp.rcpt("nobody@example.test")[0]
		if code == 250:
		    code = smtp.data("Subject: Hello\r\n\r\nHello\r\n")[0]
		assert 500 <= code < 600, code
		smtp.quit()
	END
	exits 0
	was_refused nobody
}

# ---- --serve: libraries

@test "--serve: smtplib, send_message with all there is in it" {
	serve
	head -c 50000 /dev/urandom >noise.bin
	attempt python3 - "$SERVE_PORT" <<-'END'
		import email.message, pathlib, smtplib, sys
		m = email.message.EmailMessage()
		m["From"] = "Älice <alice@example.test>"
		m["To"] = "bob@example.test"
		m["Bcc"] = "carol@example.test"
		m["Subject"] = "Grüße aus München"
		m.set_content("Hello.\n.\n..\nGrüße\n")
		m.add_attachment(pathlib.Path("noise.bin").read_bytes(),
		    maintype="application", subtype="octet-stream",
		    filename="noise ü.bin")
		with smtplib.SMTP("localhost", int(sys.argv[1])) as smtp:
		    for _ in range(2):
		        assert smtp.send_message(m) == {}
	END
	exits 0
	holds_each bob 2 headers/subject='Grüße aus München' \
		headers/from='Älice <alice@example.test>' \
		headers/to=bob@example.test -headers/bcc \
		body/text=$'Hello.\n.\n..\nGrüße' \
		"file/noise ü.bin/sha256=$(sum noise.bin)"
	holds_each carol 2 -headers/bcc
}

@test "--serve: smtplib, one recipient of two refused" {
	serve
	attempt python3 - "$SERVE_PORT" <<-'END'
		import smtplib, sys
		with smtplib.SMTP("localhost", int(sys.argv[1])) as smtp:
		    try:
		        refused = smtp.sendmail("alice@example.test",
		            ["bob@example.test", "nobody@example.test"],
		            "Subject: Hello\r\n\r\nHello.\r\n")
		        told = list(refused)
		    except smtplib.SMTPException as error:
		        told = [str(error)]
		print(told)
	END
	exits 0
	# Who was told 250 for both hears by mail of the one.
	if [[ $(<out) == '[]' ]]; then
		await_mail alice
		says nobody@example.test "$(mailbox alice)"
	fi
	holds bob headers/subject=Hello body/text=Hello.
}

@test "--serve: smtplib, SMTPUTF8" {
	serve
	attempt python3 - "$SERVE_PORT" <<-'END'
		import email.message, email.policy, smtplib, sys
		m = email.message.EmailMessage(policy=email.policy.SMTPUTF8)
		m["From"] = "alice@example.test"
		m["To"] = "jürgen@example.test"
		m["Subject"] = "Grüße"
		m.set_content("Hello, Jürgen.\n")
		with smtplib.SMTP("localhost", int(sys.argv[1])) as smtp:
		    smtp.send_message(m)
	END
	exits 0
	judge --utf8 "$(mailbox jürgen)" headers/subject >subject
	[[ $(<subject) == 'Grüße' ]]
}

@test "--serve: eight clients at once, one of them rude" {
	serve
	attempt python3 - "$SERVE_PORT" <<-'END'
		import concurrent.futures, smtplib, socket, sys
		port = int(sys.argv[1])
		rude = socket.create_connection(("localhost", port))
		rude.sendall(b"\x16\x03\x01 GET / HTTP/1.1\r\nmail from\n")
		def one(number):
		    with smtplib.SMTP("localhost", port) as smtp:
		        return smtp.sendmail("alice@example.test",
		            ["bob@example.test"], f"Subject: One\r\n\r\n{number}\r\n")
		with concurrent.futures.ThreadPoolExecutor(8) as pool:
		    assert list(pool.map(one, range(8))) == [{}] * 8
	END
	exits 0
	holds_each bob 8 headers/subject=One body/text~'^[0-7]$'
}

@test "--serve: the server behind it is away" {
	server_is_away
	serve
	attempt python3 - "$SERVE_PORT" <<-'END'
		import smtplib, sys
		with smtplib.SMTP("localhost", int(sys.argv[1])) as smtp:
		    smtp.ehlo()
		    smtp.mail("alice@example.test")
		    code = smtp.rcpt("bob@example.test")[0]
		    if code == 250:
		        code = smtp.data("Subject: Hello\r\n\r\nHello\r\n")[0]
		    assert 400 <= code < 500, code
	END
	exits 0
	nothing_accepted
}

# ---- --serve: programs

@test "--serve: git send-email" {
	serve
	git init -q -b main repository
	cd repository
	git config user.name Alice
	git config user.email alice@example.test
	git commit -q --allow-empty -m begin
	printf '%s\n' Grüße . .. >text
	git add text
	git commit -q -m 'Add a text'
	attempt git send-email --smtp-server=localhost \
		--smtp-server-port="$SERVE_PORT" --confirm=never \
		--to=bob@example.test --bcc=carol@example.test HEAD~1
	exits 0
	holds bob headers/subject='[PATCH] Add a text' headers/from~alice@example.test
	holds carol -headers/bcc
	git checkout -q -b again main~1
	git am -q "$MAIL_SPOOL"/bob/new/*
	[[ $(git rev-parse 'HEAD^{tree}') == $(git rev-parse 'main^{tree}') ]]
}

swaks_to() {
	attempt swaks --server localhost --port "$SERVE_PORT" \
		--from alice@example.test --to bob@example.test \
		--header 'Subject: By swaks' --body 'Hello, Bob.' "$@"
}

@test "--serve: swaks" {
	serve
	swaks_to
	exits 0
	holds bob headers/subject='By swaks' headers/from=alice@example.test \
		headers/to=bob@example.test body/text=$'Hello, Bob.\n\n\n'
	logged 'sasl_username=alice'
}

@test "--serve: swaks, pipelining" {
	serve
	swaks_to --pipeline --to bob@example.test,carol@example.test,tricky@example.test
	exits 0
	holds bob body/text=$'Hello, Bob.\n\n\n'
	holds carol
	holds tricky
}

@test "--serve: swaks, an attachment" {
	serve
	head -c 100000 /dev/urandom >noise.bin
	swaks_to --attach-type application/octet-stream --attach-name noise.bin \
		--attach noise.bin
	exits 0
	holds bob "file/noise.bin/sha256=$(sum noise.bin)"
}

@test "--serve: curl" {
	serve
	printf '%s\r\n' 'From: alice@example.test' 'To: bob@example.test' \
		'Subject: By curl' '' 'Hello, Bob.' . >mail
	attempt curl -sS "smtp://localhost:$SERVE_PORT" \
		--mail-from alice@example.test --mail-rcpt bob@example.test \
		--upload-file mail
	exits 0
	holds bob headers/subject='By curl' body/text=$'Hello, Bob.\n.'
}

@test "--serve: msmtp, the real one" {
	serve
	printf '%s\n' 'From: alice@example.test' 'To: bob@example.test' \
		'Bcc: carol@example.test' 'Subject: By msmtp' '' 'Hello, Bob.' . end |
		attempt /usr/bin/msmtp --host=localhost --port="$SERVE_PORT" \
			--from=alice@example.test -t
	holds bob headers/subject='By msmtp' body/text=$'Hello, Bob.\n.\nend'
	holds carol -headers/bcc
}

# by_smtp_url PROGRAM LOGIN@ [OPTION...]
by_smtp_url() {
	attempt "$1" -n -F /dev/null -e 'set copy=no' \
		-e "set smtp_url=smtp://$2localhost:$SERVE_PORT" \
		-e 'set from=alice@example.test' "${@:3}" -s 'Grüße' \
		bob@example.test <<<'Hello, Bob.'
	exits 0
	holds bob headers/subject='Grüße' headers/from~alice@example.test \
		body/text='Hello, Bob.'
}

@test "--serve: NeoMutt's smtp_url" {
	serve
	by_smtp_url /usr/bin/neomutt '' -e 'set ssl_force_tls=no'
}

@test "--serve: mutt's smtp_url" {
	serve
	by_smtp_url /usr/bin/mutt '' -e 'set ssl_force_tls=no'
}

@test "--serve: s-nail, mta=smtp://" {
	serve
	attempt s-nail -:/ -S v15-compat -S "mta=smtp://localhost:$SERVE_PORT" \
		-S smtp-auth=none -S sendwait -r alice@example.test -s Grüße \
		bob@example.test <<<'Hello, Bob.'
	exits 0
	holds bob headers/subject='Grüße' body/text='Hello, Bob.'
}

@test "--serve: mailsend itself" {
	serve
	printf '%s\n' 'host localhost' "port $SERVE_PORT" 'tls off' \
		'from alice@example.test' >"$CONFIG"
	head -c 1000000 /dev/urandom >noise.bin
	attempt mailsend --config "$CONFIG" -s Hello -a noise.bin \
		bob@example.test <<<'Grüße'
	exits 0
	holds bob headers/subject=Hello body/text='Grüße' \
		"file/noise.bin/sha256=$(sum noise.bin)"
}

# ---- --serve: TLS and a log-in

@test "--serve, TLS and AUTH: swaks" {
	local method count=0
	log_in_required
	serve --config "$CONFIG"
	for method in PLAIN LOGIN; do
		swaks_to --tls --tls-verify --tls-ca-path "$MAIL_CA" \
			--auth "$method" --auth-user tricky \
			--auth-password "$(password tricky)"
		exits 0
		count=$((count + 1))
		holds_each bob "$count" headers/subject='By swaks'
	done
}

@test "--serve, TLS and AUTH: swaks, pipelining" {
	log_in_required
	serve --config "$CONFIG"
	swaks_to --tls --pipeline --auth PLAIN --auth-user carol \
		--auth-password "$(password carol)" --to bob@example.test,carol@example.test
	exits 0
	holds bob headers/subject='By swaks'
	holds carol headers/subject='By swaks'
}

@test "--serve, TLS and AUTH: a wrong password, none, and none of TLS" {
	log_in_required
	serve --config "$CONFIG"
	swaks_to --tls --auth PLAIN --auth-user carol --auth-password wrong
	says '535 ' out
	((status != 0))
	swaks_to --tls
	says '530 ' out
	((status != 0))
	swaks_to --auth PLAIN --auth-user carol \
		--auth-password "$(password carol)"
	((status != 0))
	swaks_to
	((status != 0))
	nothing_accepted
}

@test "--serve, TLS and AUTH: smtplib" {
	log_in_required
	serve --config "$CONFIG"
	attempt python3 - "$SERVE_PORT" "$MAIL_CA" "$(password carol)" <<-'END'
		import smtplib, ssl, sys
		with smtplib.SMTP("localhost", int(sys.argv[1])) as smtp:
		    smtp.ehlo()
		    assert not smtp.has_extn("auth")
		    smtp.starttls(context=ssl.create_default_context(
		        cafile=sys.argv[2]))
		    smtp.login("carol", sys.argv[3])
		    assert smtp.sendmail("alice@example.test",
		        ["bob@example.test"], "Subject: Hello\r\n\r\nHello.\r\n") == {}
	END
	exits 0
	holds bob headers/subject=Hello body/text=Hello.
}

@test "--serve, TLS and AUTH: git send-email" {
	log_in_required
	serve --config "$CONFIG"
	git init -q -b main repository
	git -C repository -c user.name=Alice -c user.email=alice@example.test \
		commit -q --allow-empty -m 'Say hello'
	printf '%s\n' 'From: alice@example.test' 'Subject: Hello' '' \
		'Hello, Bob.' >letter
	attempt git -C repository send-email --smtp-server=localhost \
		--smtp-server-port="$SERVE_PORT" --smtp-encryption=tls \
		--smtp-ssl-cert-path="$MAIL_CA" --smtp-user=carol \
		--smtp-pass="$(password carol)" --confirm=never \
		--from=alice@example.test --to=bob@example.test ../letter
	exits 0
	holds bob headers/subject=Hello body/text='Hello, Bob.'
}

@test "--serve, TLS and AUTH: curl" {
	log_in_required
	serve --config "$CONFIG"
	printf '%s\r\n' 'From: alice@example.test' 'To: bob@example.test' \
		'Subject: By curl' '' 'Hello, Bob.' >mail
	attempt curl -sS --ssl-reqd --cacert "$MAIL_CA" \
		--user "carol:$(password carol)" "smtp://localhost:$SERVE_PORT" \
		--mail-from alice@example.test --mail-rcpt bob@example.test \
		--upload-file mail
	exits 0
	holds bob headers/subject='By curl' body/text='Hello, Bob.'
}

@test "--serve, TLS and AUTH: msmtp, the real one" {
	log_in_required
	serve --config "$CONFIG"
	attempt /usr/bin/msmtp --host=localhost --port="$SERVE_PORT" --tls=on \
		--tls-trust-file="$MAIL_CA" --auth=on --user=carol \
		--passwordeval='echo christmas-9' --from=alice@example.test \
		bob@example.test <<-'END'
		From: alice@example.test
		To: bob@example.test
		Subject: By msmtp

		Hello, Bob.
	END
	exits 0
	holds bob headers/subject='By msmtp' body/text='Hello, Bob.'
}

@test "--serve, TLS and AUTH: NeoMutt and mutt" {
	local program count=0
	log_in_required
	serve --config "$CONFIG"
	for program in /usr/bin/neomutt /usr/bin/mutt; do
		by_smtp_url "$program" carol@ -e 'set ssl_force_tls=yes' \
			-e "set certificate_file=$MAIL_CA" \
			-e "set ssl_ca_certificates_file=$MAIL_CA" \
			-e "set smtp_pass=$(password carol)"
		find "$MAIL_SPOOL" -path '*/new/*' -delete
	done
}

@test "--serve, TLS and AUTH: mailsend itself" {
	log_in_required
	serve --config "$CONFIG"
	printf '%s\n' 'host localhost' "port $SERVE_PORT" "tls_trust_file $MAIL_CA" \
		'user carol' "password $(password carol)" \
		'from alice@example.test' >mine
	chmod 600 mine
	attempt mailsend --config mine -s Hello bob@example.test <<<'Grüße'
	exits 0
	holds bob headers/subject=Hello body/text='Grüße'
}
