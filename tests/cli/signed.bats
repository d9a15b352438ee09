#!/usr/bin/env bats
# What was signed or encrypted is sent as it was, or refused with a reason
# (tests/corpus/signed).  Servers without 8BITMIME: tests/dialogue/signed-*.
# shellcheck disable=SC2154 # of the helper

load helper

corpus=$BATS_TEST_DIRNAME/../corpus/signed

# same BEFORE AFTER - but for line ends the body is the same, and so are the
# header's lines, between which there may be others.
same() {
	python - "$1" "$2" <<-'END'
		import re, sys

		def halves(name):
		    text = re.sub(rb"\r?\n", b"\r\n", open(name, "rb").read())
		    return text.split(b"\r\n\r\n", 1)

		old, new = (halves(name) for name in sys.argv[1:])
		if old[1] != new[1]:
		    sys.exit("the body was %r and is %r" % (old[1], new[1]))
		lines = iter(new[0].split(b"\r\n"))
		for line in old[0].split(b"\r\n"):
		    if line not in lines:
		        sys.exit("the header lacks %r" % line)
	END
}

# verify FILE - by OpenSSL.
verify() {
	openssl cms -verify -in "$1" -CAfile cert.pem -out /dev/null
}

# sign [OPTION...] <CONTENT - into the file mail.
sign() {
	[ -e cert.pem ] ||
		openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
			-out cert.pem -subj /CN=ann -days 30 2>/dev/null
	{
		printf '%s\n' 'From: ann@example.org' 'To: bob@example.org'
		openssl cms -sign -signer cert.pem -inkey key.pem "$@"
	} >mail
	verify mail
}

@test "what is signed or encrypted stays as it is" {
	local file

	for file in "$corpus"/*.eml; do
		echo "# $file"
		mailsend --draft="$file" --print >out
		same "$file" out
	done
}

@test "what it makes of them stays as it is, too" {
	local file

	for file in "$corpus"/*.eml; do
		echo "# $file"
		mailsend --draft="$file" --print >once
		mailsend --draft=once --print >twice
		cmp once twice
	done
}

@test "OpenSSL verifies what it verified before" {
	printf '%s\n' 'Content-Type: text/plain; charset=ISO-8859-15' \
		'Content-Transfer-Encoding: binary' '' 'ricevuta  ' \
		'From the gateway' '--' >content
	sign <content
	mailsend --draft=mail --print >out
	verify out
	sign -nodetach <content
	mailsend --draft=mail --print >out
	verify out
	printf 'Content-Type: text/plain\n\nété \xe9\n' | sign
	mailsend --draft=mail --print >out
	verify out
	# a blob may be wrapped anew: its octets are what is signed
	{
		printf '%s\n' 'From: ann@example.org' 'To: bob@example.org' \
			'MIME-Version: 1.0' \
			'Content-Type: application/pkcs7-mime; name=a.p7m' \
			'Content-Transfer-Encoding: base64' ''
		openssl cms -sign -signer cert.pem -inkey key.pem -nodetach \
			-outform DER <content | base64 -w 0
	} >mail
	mailsend --draft=mail --print >out
	verify out
}

# breaks WORDS FILE SCRIPT - a mail of the corpus, changed by sed so that it
# cannot travel as it is signed, is refused with these words.
breaks() {
	sed "$3" "$corpus/$2" >broken
	refused 65 "$1" --draft=broken alice
}

# A line of 1000 octets.
long=$(printf '%01000d' 7)

@test "what cannot travel as it is signed is refused, and told" {
	breaks signed binary-label.eml "s/^all of it is ASCII/$long/"
	says 998
	breaks signed binary-label.eml 's/^all of it/a CR \r &/'
	breaks NUL binary-label.eml 's/^all of it/\x00/'
	breaks signed armour-part.eml "s/^ASCII/$long/"
	breaks signed dkim.eml "s/^never closed/$long/"
}

@test "a header field that DKIM covers is not changed, and none is added" {
	refused 65 DKIM --draft="$corpus/dkim.eml" --subject other alice
	says Subject
	sed 's/subject:/subject:reply-to:/' "$corpus/dkim.eml" >covered
	refused 65 DKIM --draft=covered --reply-to other@example.org alice
	says Reply-To
	refused 65 DKIM --draft="$corpus/dkim.eml" \
		--header 'List-Id: <c.example.org>' alice
	breaks DKIM dkim.eml 's/^To:.*/To: b\x00b@example.org/'
	mailsend --draft="$corpus/dkim.eml" --header 'X-Mine: 1' --print >out
	grep -q '^X-Mine: 1' out
	same "$corpus/dkim.eml" out
}

@test "what is signed within other parts, or below an encoding, is seen" {
	breaks signed dkim-forwarded.eml "s/^never closed/$long/"
	says 998
	breaks NUL dkim-forwarded.eml 's/^X-Blank: a/X-Blank: \x00/'
	breaks signed armour-quoted-printable.eml "s/ of text/$long/"
	sed '$d' "$corpus/armour-base64.eml" >wide
	{
		printf -- '-----BEGIN PGP SIGNED MESSAGE-----\n\n'
		head -c 1000 /dev/zero | tr '\0' a
	} | base64 -w 0 >>wide
	refused 65 signed --draft=wide alice
	breaks X-Word dkim-utf8.eml 's/^X-Word: .*/X-Word: \xe9/'
}

@test "nothing is added by itself that the signature says is not there" {
	{
		printf '%s\n' 'DKIM-Signature: v=1; b=x; h=from:to:cc:cc:date:' \
			' message-id:auto-submitted:content-length:return-path' \
			'From: Ann <ann@example.org>' 'Cc:' 'Content-Length: 5' \
			'Return-Path: <ann@example.org>' '' 'text'
	} >mail
	mailsend --draft=mail --print --from ann@example.org alice >out
	diff mail <(tr -d '\r' <out)
	printf '%s\n' 'DKIM-Signature: v=1; b=x; h=from:to' \
		'From: ann@example.org' 'To: alice@localhost' '' 'text' >mail
	mailsend --draft=mail --print --set auto_submitted=off |
		tr -d '\r' >out
	grep -qx 'To: alice@localhost' out
	grep -q '^Date: ' out
}

@test "what was asked for and would break a signature is refused" {
	refused 65 signed --draft="$corpus/dkim.eml" --attach "$corpus/arc.eml" \
		alice
	refused 65 DKIM --draft="$corpus/dkim.eml" --from bob@example.org alice
	refused 65 DKIM --draft="$corpus/arc.eml" --subject other alice
	sed 's/list-id/bcc/; s/^To: /B&/; s/^BTo/Bcc/' "$corpus/dkim.eml" >hidden
	refused 65 Bcc --draft=hidden alice
	mailsend --draft=hidden --print --set remove_bcc_headers=off >out
	same hidden out
}

# ---- what nobody signed ----

@test "what --draft made is the same when it is put through again" {
	local file

	for file in "$corpus"/../*/* "$corpus"/../../golden/*.eml; do
		mailsend --draft="$file" --print >once 2>said || continue
		echo "# $file"
		mailsend --draft=once --print >twice
		cmp once twice
	done
}

@test "an attached message keeps its oddities where no server minds them" {
	local file

	for file in "$corpus"/../attached/*.eml; do
		echo "# $file"
		mailsend --draft="$file" --print >out
		same "$file" out
	done
	# what one minds goes, and nothing else
	sed 's/^ASCII/&\r\x00/' "$corpus/../attached/binary-label.eml" >unfit
	mailsend --draft=unfit --print >out
	grep -q '^From: Eve <eve@example.org>' out
	grep -q '^ASCII=0D=00' out
}

@test "a message that is attached with its mbox line keeps its header" {
	printf '%s\n' 'From: a@example.org' 'To: b@example.org' \
		'MIME-Version: 1.0' 'Content-Type: multipart/mixed; boundary=o' \
		'' '--o' 'Content-Type: message/rfc822' '' \
		'From x@example.org Mon Jan  1 00:00:00 2024' \
		'Subject: inner' 'MIME-Version: 1.0' \
		'Content-Type: text/plain; charset=iso-8859-15' \
		'Content-Transfer-Encoding: 8bit' '' $'h\xe9' '--o--' >mail
	mailsend --draft=mail --print | tr -d '\r' >out
	sed '1,/^--o$/d' mail >wanted
	sed '1,/^--o$/d' out | sed '/^Content-Transfer-Encoding: 8bit$/d' >got
	diff <(sed '/^Content-Transfer-Encoding: 8bit$/d' wanted) got
	[ "$(grep -c '^Content-Type: text/plain' out)" -eq 1 ]
}

@test "octets in an encoded word are of its charset, and encoded once" {
	printf '%b\n' 'From: =?iso-8859-1?Q?Gr\xfcn?= <a@example.org>' \
		'To: b@example.org' 'Subject: =?iso-8859-1?q?gr\xfc=DFe?=' \
		'X-Two: =?utf-8?q?gut=C3=A9_\xff_=C3=A9?=' '' text >mail
	mailsend --draft=mail --print >out
	python - <<-'END'
		import email, email.policy

		mail = email.message_from_binary_file(
		    open("out", "rb"), policy=email.policy.default)
		assert mail["Subject"] == "grüße", mail["Subject"]
		assert mail["From"].addresses[0].display_name == "Grün", mail["From"]
		assert mail["X-Two"] == "guté \ufffd é", mail["X-Two"]
	END
}
