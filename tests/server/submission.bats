#!/usr/bin/env bats
# submission.bats - the program against a real Postfix, Dovecot its judge of
# passwords; what was delivered is read back by Python's parser.
#
# tests/server/run bats tests/server/submission.bats
# shellcheck disable=SC2154,SC2034 # the helper sets and uses them

load helper

# The queue has a file of its own: queue.bats.
setup() {
	servers_setup
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	QUEUE_LINE='queue never'
}

# ---- the ways in

@test "587: STARTTLS, then AUTH" {
	submission
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	logged 'Anonymous TLS connection established|TLS connection established'
	logged 'sasl_username=alice'
	[[ $(received bob body/text) == 'Hello, Bob.' ]]
	[[ $(received bob headers/subject) == Greetings ]]
	[[ $(received bob headers/from) == *alice@example.test* ]]
	[[ $(received bob headers/to) == bob@example.test ]]
}

@test "465: TLS from the first byte" {
	submission "$MAIL_PORT_SMTPS" 'tls_starttls off'
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	logged 'sasl_username=alice'
	[[ $(received bob body/text) == 'Hello, Bob.' ]]
}

@test "the password of a command, with every awkward character" {
	password tricky >secret
	account "$MAIL_PORT_SUBMISSION" 'auth on' 'user tricky@example.test' \
		"passwordeval cat '$PWD/secret'"
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	logged 'sasl_username=tricky'
	received bob
}

@test "each mechanism, when it is asked for" {
	local method count=0
	for method in plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256; do
		submission "$MAIL_PORT_SUBMISSION" "auth $method"
		send -s "By $method" bob@example.test <<<'Hello, Bob.'
		exits 0
		logged "sasl_method=${method^^}, sasl_username=alice"
		count=$((count + 1))
		mailbox bob $count
	done
}

@test "a client certificate instead of a password" {
	account "$MAIL_PORT_CLIENTCERT" \
		"tls_cert_file $MAIL_CERTS/client.pem" \
		"tls_key_file $MAIL_CERTS/client.key"
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	received bob
}

@test "no client certificate where one is needed" {
	account "$MAIL_PORT_CLIENTCERT"
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits "$EXIT_CERTIFICATE" "$EXIT_REFUSED" "$EXIT_LATER"
	nothing_accepted
}

@test "25: no AUTH where none is asked for" {
	account "$MAIL_PORT_MX" 'auth off'
	send -s Greetings bob@example.test <<<'Hello, Bob.'
	exits 0
	received bob
}

@test "a server without PIPELINING, CHUNKING, 8BITMIME, DSN and SMTPUTF8" {
	submission "$MAIL_PORT_BARE"
	head -c 300000 /dev/urandom >noise.bin
	send -s 'Grüße' -a noise.bin bob@example.test carol@example.test \
		<<<'Schöne Grüße'
	exits 0
	[[ $(received bob headers/subject) == 'Grüße' ]]
	[[ $(received bob body/text) == 'Schöne Grüße' ]]
	[[ $(received carol file/noise.bin/sha256) == "$(sum noise.bin)" ]]
}

@test "an unprivileged caller with a configuration in its home" {
	local -r home=/srv/home/alice
	submission
	install -o alice -g alice -m 600 "$CONFIG" "$home/.msmtprc"
	echo 'Hello, Bob.' >body
	setpriv --reuid alice --regid alice --init-groups \
		env -C "$home" HOME="$home" USER=alice LOGNAME=alice \
		"$MAILSEND" -s Greetings bob@example.test <body
	rm -f "$home/.msmtprc"
	received bob
}

@test "many mails under way at a time, each with its own verdict" {
	submission
	many_at_once
	logged 'connect from' 2 # one and its end
}

@test "many mails, where each has to wait for the last" {
	submission "$MAIL_PORT_BARE"
	many_at_once
}

@test "Dovecot's submission: a mail, and many under way at a time" {
	submission "$MAIL_PORT_DOVECOT"
	send -v -s Greetings carol@example.test <<<'Hello, Carol.'
	exits 0
	received carol
	many_at_once
}

# ---- the message arrives as it was

@test "an archive of 5 MB from a pipe" {
	mkdir tree
	head -c 5000000 /dev/urandom >tree/noise
	submission
	send -s 'Nightly logs' -a -=logs.tgz bob@example.test \
		< <(tar cz tree | tee copy.tgz)
	exits 0
	[[ $(received bob file/logs.tgz/sha256) == "$(sum copy.tgz)" ]]
	[[ $(received bob file/logs.tgz/type) == application/*gzip* ||
		$(received bob file/logs.tgz/type) == application/*tar* ]]
	[[ $(received bob file/logs.tgz/disposition) == attachment ]]
}

@test "100 MB, in less than 16 MB of memory" {
	head -c 104857600 /dev/urandom >large.bin
	submission
	send_peak -s Large -a large.bin bob@example.test
	exits 0
	cat peak >&2
	(($(<peak) > 1000 && $(<peak) < 16384))
	[[ $(received bob file/large.bin/sha256) == "$(sum large.bin)" ]]
}

@test "several attachments, names in several scripts" {
	head -c 70000 /dev/urandom >'Übersicht März.bin'
	head -c 7 /dev/urandom >'日本語.bin'
	: >'empty file.bin'
	submission
	send -s Names -a 'Übersicht März.bin' -a '日本語.bin' \
		-a 'empty file.bin' bob@example.test <<<'Three files.'
	exits 0
	for file in *.bin; do
		[[ $(received bob "file/$file/sha256") == "$(sum "$file")" ]]
	done
	[[ $(received bob body/text) == 'Three files.' ]]
}

@test "UTF-8 in the subject and in display names" {
	local -r long='Ein sehr langer Betreff mit Umlauten (äöüß), Kyrillisch (Привет, мир) und 日本語のテキスト, der gefaltet werden muss'
	submission
	send -s "$long" -r 'Jürgen „Ace“ Müller <alice@example.test>' \
		--to 'Björk Guðmundsdóttir <bob@example.test>' \
		--cc '"Doe, Jane" <carol@example.test>' <<<'Hello.'
	exits 0
	[[ $(received bob headers/subject) == "$long" ]]
	[[ $(received bob headers/from) == *'Jürgen „Ace“ Müller'*'<alice@example.test>' ]]
	[[ $(received bob headers/to) == 'Björk Guðmundsdóttir <bob@example.test>' ]]
	[[ $(received carol headers/cc) == '"Doe, Jane" <carol@example.test>' ]]
}

# delivers FILE - as the body; it arrives as it was.
delivers() {
	submission
	send -s Body bob@example.test <"$1"
	exits 0
	[[ $(received bob body/sha256) == "$(sum "$1")" ]]
}

@test "a body of one long line" {
	python3 -c 'print("word " * 40000)' >body
	delivers body
}

@test "a body with dots where lines start" {
	printf '%s\n' . .. '. ' '...three' '' . 'a.' . >body
	delivers body
}

@test "a body of control bytes and NULs" {
	python3 -c 'import sys; sys.stdout.buffer.write(
		bytes(c for c in range(128) if c not in (10, 13)) * 9 + b"\n" +
		b"a\0b\n\x1b[31mred\x1b[0m\nback\bspace\n")' >body
	delivers body
	[[ $(received bob body/type) == text/plain ]]
}

@test "a body with bare CRs, like a progress meter's" {
	printf '10%%\r50%%\r100%%\ndone\n' >body
	delivers body
}

@test "a body in UTF-8, trailing blanks and From lines" {
	printf '%s\n' 'Grüße  ' 'From here on' '>From there' $'\t' '日本' >body
	delivers body
	[[ $(received bob body/charset) == utf-8 ]]
}

@test "a body in Latin-1 is labelled as what it is" {
	submission
	printf 'Gr\374\337e\n' | tee body | LC_ALL=C "$MAILSEND" \
		--config "$CONFIG" -s Body bob@example.test
	[[ $(received bob body/text) == 'Grüße' ]]
}

@test "a body of CRLF lines does not gain any" {
	submission
	printf 'one\r\ntwo\r\n' >body
	send -s Body bob@example.test <body
	exits 0
	[[ $(received bob body/text) == $'one\ntwo' ]]
}

@test "no body at all" {
	submission
	send -s Empty bob@example.test </dev/null
	exits 0
	[[ -z $(received bob body/text) ]]
}

@test "HTML with a picture in it, and the text beside it" {
	local cid

	head -c 4000 /dev/urandom >logo.png
	echo '<p>Hello <img src="cid:logo.png"></p>' >page.html
	submission
	send -s Page --html page.html --inline logo.png bob@example.test \
		<<<'Hello'
	exits 0
	[[ $(received bob body/text) == Hello ]]
	cid=$(received bob file/logo.png/cid)
	[[ $cid == '<logo.png@'*'>' ]]
	[[ $(received bob html/text) == *"cid:${cid:1:-1}"* ]]
	[[ $(received bob file/logo.png/type) == image/png ]]
	[[ $(received bob file/logo.png/sha256) == "$(sum logo.png)" ]]
}

@test "a Bcc is delivered and nowhere named" {
	submission
	send -s Secret --to bob@example.test --bcc carol@example.test \
		<<<'Hello.'
	exits 0
	lacks carol@ "$(mailbox bob)"
	# To the judge, a Bcc field is a defect; Postfix leaves it in.
	received bob
	received carol
}

# ---- recipients, each with a verdict of its own

@test "one of three is refused: the others get it" {
	submission
	send -s Three bob@example.test nobody-here@example.test \
		carol@example.test <<<'Hello.'
	exits "$EXIT_SOME_REFUSED"
	says nobody-here@example.test err
	says 5.1.1 err
	says 'User unknown' err
	received bob
	received carol
	# The message went once, to both.
	logged 'qmgr\[[0-9]+\]: [0-9A-F]+: from=<alice@example.test>.*nrcpt=2' 1
}

@test "all are refused: nothing goes, the message is kept" {
	submission
	send -s None nobody-here@example.test nor-here@example.test \
		<<<'Keep this line.'
	exits "$EXIT_NO_MAILBOX"
	says nobody-here@example.test err
	says nor-here@example.test err
	nothing_accepted
	says 'Keep this line.' "$HOME/dead.letter"
	[[ $(stat -c %a "$HOME/dead.letter") == 600 ]]
}

@test "refused for now is no refusal for good" {
	submission
	send -s Later later@example.test <<<'Hello.'
	exits "$EXIT_LATER"
	says 'come back later, says the server' err
	nothing_accepted
}

@test "a full mailbox is said in the server's words" {
	submission
	send -s Full bob@example.test full@example.test <<<'Hello.'
	exits "$EXIT_SOME_REFUSED"
	says 'the mailbox is full, says the server' err
	received bob
}

@test "--json tells each recipient's verdict" {
	submission
	send --json -s Three bob@example.test nobody-here@example.test \
		<<<'Hello.'
	exits "$EXIT_SOME_REFUSED"
	python3 - <<-'END'
		import json
		said = json.load(open("out"))
		by = {r.get("address") or r.get("recipient"): r
		      for r in said["recipients"]}
		assert by["nobody-here@example.test"]["code"] == 550, by
		assert by["nobody-here@example.test"]["enhanced"] == "5.1.1", by
		assert "User unknown" in by["nobody-here@example.test"]["text"], by
		assert by["bob@example.test"]["code"] == 250, by
	END
}

@test "an address that needs SMTPUTF8" {
	local file
	submission
	send -s 'Grüße' jürgen@example.test <<<'Hello.'
	exits 0
	file=$(mailbox jürgen)
	judge --utf8 "$file"
	[[ $(judge --utf8 "$file" headers/to) == jürgen@example.test ]]
}

@test "an address that needs SMTPUTF8, and a server without" {
	submission "$MAIL_PORT_BARE"
	send -s 'Grüße' jürgen@example.test <<<'Hello.'
	exits "$EXIT_REFUSED" "$EXIT_NO_MAILBOX"
	nothing_accepted
}

@test "a domain in another script goes in ASCII" {
	submission
	send -s Greetings carol@bücher.test <<<'Hello.'
	exits 0
	received carol
	logged 'to=<carol@xn--bcher-kva.test>'
}

@test "other domains are relayed for those who signed in" {
	submission
	send -s Greetings somebody@elsewhere.test <<<'Hello.'
	exits 0
	logged 'to=<somebody@elsewhere.test>.*status=sent'
}

@test "delivery reports are asked for" {
	submission
	send --dsn-notify success --dsn-ret headers --dsn-envid QQ314159 \
		-s Report bob@example.test <<<'Hello.'
	exits 0
	received bob
	# The report comes back to alice and repeats the envelope's id.
	says 'Original-Envelope-Id: QQ314159' "$(mailbox alice)"
	says 'Action: delivered' "$(mailbox alice)"
	lacks 'Hello.' "$(mailbox alice)"
}

# ---- what must not pass

@test "a wrong password" {
	account "$MAIL_PORT_SUBMISSION" 'auth on' 'user alice' 'password wrong'
	send -s Greetings bob@example.test <<<'Keep this line.'
	exits "$EXIT_LOGIN"
	nothing_accepted
	lacks wrong out
	says 'Keep this line.' "$HOME/dead.letter"
}

@test "no AUTH offered where it was asked for" {
	submission "$MAIL_PORT_MX"
	send -s Greetings bob@example.test <<<'Hello.'
	exits "$EXIT_LOGIN" 78 69 76
	nothing_accepted
}

@test "nobody logs in without TLS" {
	local method
	for method in on plain login cram-md5 scram-sha-256; do
		submission "$MAIL_PORT_CLEAR" 'tls off' "auth $method"
		send -s Greetings bob@example.test <<<'Hello.'
		exits "$EXIT_LOGIN" 78 69 64
	done
	nothing_accepted
	logged 'auth=' 0
}

@test "no mail goes in the clear where TLS was asked for" {
	submission "$MAIL_PORT_CLEAR"
	send -s Greetings bob@example.test <<<'Hello.'
	exits "$EXIT_CERTIFICATE"
	nothing_accepted
	logged 'auth=' 0
}

# distrusts PORT - nothing is said to a server that shows such a certificate.
distrusts() {
	submission "$1"
	send -s Greetings bob@example.test <<<'Hello.'
	exits "$EXIT_CERTIFICATE"
	nothing_accepted
	logged 'auth=' 0
	logged 'starttls=1|SSL_accept|lost connection after STARTTLS'
	grep -qi certificate err
}

@test "a certificate for another name" {
	distrusts "$MAIL_PORT_OTHERNAME"
}

@test "an expired certificate" {
	distrusts "$MAIL_PORT_EXPIRED"
}

@test "a self-signed certificate" {
	distrusts "$MAIL_PORT_SELFSIGNED"
}

@test "an authority that is not ours" {
	submission "$MAIL_PORT_SUBMISSION" \
		"tls_trust_file $MAIL_CERTS/selfsigned.pem"
	send -s Greetings bob@example.test <<<'Hello.'
	exits "$EXIT_CERTIFICATE"
	nothing_accepted
}

@test "the right fingerprint makes up for a self-signed certificate" {
	submission "$MAIL_PORT_SELFSIGNED" tls_trust_file \
		"tls_fingerprint $(fingerprint selfsigned)"
	send -s Greetings bob@example.test <<<'Hello.'
	exits 0
	received bob
}

@test "a wrong fingerprint, though the certificate is good" {
	submission "$MAIL_PORT_SUBMISSION" tls_trust_file \
		"tls_fingerprint $(fingerprint selfsigned)"
	send -s Greetings bob@example.test <<<'Hello.'
	exits "$EXIT_CERTIFICATE"
	nothing_accepted
	logged 'auth=' 0
}

@test "a message over the server's SIZE is not begun" {
	head -c 20000 /dev/urandom >noise.bin
	submission "$MAIL_PORT_SMALL"
	send -s Large -a noise.bin bob@example.test <<<'Hello.'
	exits "$EXIT_TOO_BIG"
	nothing_accepted
	# Known before DATA or BDAT: not one of them was sent.
	logged 'disconnect from .*(data|bdat)=' 0
}

@test "a message under the server's SIZE" {
	head -c 9000 /dev/urandom >noise.bin
	submission "$MAIL_PORT_SMALL"
	send -s Small -a noise.bin bob@example.test <<<'Hello.'
	exits 0
	received bob
}

@test "content that is refused after it was sent" {
	submission
	send -s 'Please refuse-this-content' bob@example.test <<<'Keep this.'
	exits "$EXIT_REFUSED"
	says 'this content is refused, says the server' err
	nothing_accepted
	says 'Keep this.' "$HOME/dead.letter"
}

@test "relaying without having signed in" {
	account "$MAIL_PORT_MX"
	send -s Greetings somebody@elsewhere.test <<<'Hello.'
	exits "$EXIT_REFUSED"
	says 'Relay access denied' err
	nothing_accepted
}

@test "a port where nobody listens" {
	submission 9
	send -s Greetings bob@example.test <<<'Keep this line.'
	exits "$EXIT_NO_SERVER"
	says 'Keep this line.' "$HOME/dead.letter"
}

@test "a host that does not exist" {
	submission "$MAIL_PORT_SUBMISSION" 'host no-such-host.example.test'
	send -s Greetings bob@example.test <<<'Hello.'
	exits "$EXIT_NO_HOST"
	says no-such-host.example.test err
}

@test "the transcript has the conversation and no secret" {
	local secret
	secret=$(password alice)
	submission
	send -v -s Greetings bob@example.test <<<'Hello.'
	exits 0
	says 'RCPT TO:<bob@example.test>' err
	says '250 ' err
	lacks "$secret" err
	lacks "$(printf '\0alice\0%s' "$secret" | base64)" err
	lacks "$(printf %s "$secret" | base64)" err
}

# ---- read back by others

@test "several mails, read back by IMAP and POP3" {
	local number
	submission
	for number in 1 2 3; do
		send -s "Mail $number" bob@example.test <<<"Hello $number."
		exits 0
	done
	mailbox bob 3
	BOB=$(password bob) python3 - <<-'END'
		import email, email.policy, imaplib, os, poplib, ssl
		host, secret = os.environ["MAIL_HOST"], os.environ["BOB"]
		trust = ssl.create_default_context(cafile=os.environ["MAIL_CA"])

		def seen(octets):
		    mail = email.message_from_bytes(
		        octets, policy=email.policy.default)
		    assert not mail.defects, mail.defects
		    return mail["subject"], mail.get_content().strip()

		want = {(f"Mail {n}", f"Hello {n}.") for n in (1, 2, 3)}

		pop = poplib.POP3_SSL(host, int(os.environ["MAIL_PORT_POP3S"]),
		                      context=trust)
		pop.user("bob")
		pop.pass_(secret)
		count = pop.stat()[0]
		by_pop = {seen(b"\r\n".join(pop.retr(n + 1)[1]) + b"\r\n")
		          for n in range(count)}
		pop.quit()
		assert count == 3 and by_pop == want, by_pop

		imap = imaplib.IMAP4(host, int(os.environ["MAIL_PORT_IMAP"]))
		imap.starttls(trust)
		imap.login("bob", secret)
		imap.select(readonly=True)
		numbers = imap.search(None, "ALL")[1][0].split()
		by_imap = {seen(imap.fetch(n, "(BODY.PEEK[])")[1][0][1])
		           for n in numbers}
		imap.logout()
		assert len(numbers) == 3 and by_imap == want, by_imap
	END
}
