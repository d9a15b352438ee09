#!/usr/bin/env bats
# Texts in any charset, files of any kind: what of them arrives.

# shellcheck disable=SC2154 # the helpers set what is used here
load helper

# prints ARGUMENT... <INPUT - the finished message, into the file `mail`.
prints() {
	send --print -s x "$@" a@example.org
	[ "$status" -eq 0 ] || return 1
	printf '%s\n' "$output" >mail
}

# part N WHAT - of the Nth leaf, by a parser that is not ours: type (with its
# parameters, sorted), text, octets (in hex), name, id.
part() {
	python - "$@" <<-'END'
	import email.policy, sys
	with open("mail", "rb") as file:
	    mail = email.message_from_binary_file(file, policy=email.policy.default)
	leaves = [p for p in mail.walk() if not p.is_multipart()]
	p = leaves[int(sys.argv[1])]
	what = sys.argv[2]
	if what == "type":
	    ps = dict(p["Content-Type"].params)
	    print(p.get_content_type() + "".join(
	        f"; {k}={ps[k]}" for k in sorted(ps) if k not in ("name",)))
	elif what == "text":
	    sys.stdout.write(p.get_payload(decode=True).decode(
	        p.get_content_charset("us-ascii")))
	elif what == "octets":
	    print(p.get_payload(decode=True).hex())
	elif what == "name":
	    print(p.get_filename())
	elif what == "id":
	    print(p["Content-ID"])
	END
}

# is N WHAT VALUE
is() {
	local found

	found=$(part "$1" "$2")
	[ "$found" = "$3" ] || {
		echo "$2 of part $1 is: $found"
		return 1
	}
}

@test "a media type may have parameters, however it is said" {
	echo BEGIN:VCALENDAR >invite.ics
	prints -a invite.ics --type 'text/calendar; method=REQUEST' <<<text
	is 1 type 'text/calendar; charset=us-ascii; method=REQUEST'
	is 1 name invite.ics
	prints -a 'invite.ics;type=text/calendar;method=REQUEST' <<<text
	is 1 type 'text/calendar; charset=us-ascii; method=REQUEST'
	prints -a 'invite.ics=x.ics;type=TEXT/Calendar; method=REQUEST;x="a; b"' \
		<<<text
	is 1 type 'text/calendar; charset=us-ascii; method=REQUEST; x=a; b'
	is 1 name x.ics
	prints --html <(echo '<p>') --inline \
		'invite.ics;type=text/calendar;method=REQUEST;cid=one' <<<text
	is 2 type 'text/calendar; charset=us-ascii; method=REQUEST'
	prints -a 'invite.ics;type=text/plain;charset=utf-8' <<<text
	is 1 type 'text/plain; charset=utf-8'
	touch 'a;type=b;c=d'
	prints -a 'a;type=b;c=d' <<<text
	is 1 name 'a;type=b;c=d'
	for wrong in 'text/calendar; method' 'text/calendar; =x' text \
		'text/calendar method=x' 'multipart/mixed; boundary=x' \
		$'text/plain; x="\xff"'; do
		send --print -s x -a invite.ics --type "$wrong" a@example.org \
			<<<text
		[ "$status" -eq 64 ]
		send --print -s x -a "invite.ics;type=$wrong" a@example.org \
			<<<text
		[ "$status" -eq 64 ]
	done
}

@test "a type with parameters, of the text itself" {
	mkdir names
	ln -s "${MAILSEND##* }" names/mail
	names/mail --print -s x -a 'Content-Type: text/calendar; method=REQUEST' \
		a@example.org <<<BEGIN:VCALENDAR >mail
	is 0 type 'text/calendar; charset=us-ascii; method=REQUEST'
}

@test ".asc is what its armour says" {
	armour() { printf '%s\n' "$2-----BEGIN PGP $1-----" '' aGVsbG8= \
		"-----END PGP $1-----" >"x.asc"; }

	armour SIGNATURE
	prints -a x.asc <<<text
	is 1 type application/pgp-signature
	armour 'PUBLIC KEY BLOCK'
	prints -a x.asc <<<text
	is 1 type application/pgp-keys
	armour 'PRIVATE KEY BLOCK' $'a key:\n'
	prints -a x.asc <<<text
	is 1 type application/pgp-keys
	armour MESSAGE
	prints -a x.asc <<<text
	is 1 type application/pgp-encrypted
	armour 'SIGNED MESSAGE'
	prints -a x.asc <<<text
	[[ $(part 1 type) == text/plain* ]]
	printf '= A title\n\nof AsciiDoc\n' >x.asc
	prints -a x.asc <<<text
	[[ $(part 1 type) == text/plain* ]]
}

@test "standard input may go by the names that the system has for it" {
	for name in - /dev/stdin /dev/fd/0 /proc/self/fd/0; do
		prints -a "$name=x.txt" <<<attached
		is 0 name x.txt
		is 0 octets 61747461636865640a
		# nothing but that file: it is not the text as well
		[ "$(grep -c '^Content-Disposition' mail)" -eq 1 ]
		lacks multipart mail
		prints -a "$name" <<<attached
		is 0 name stdin
		prints -i "$name" <<<text
		is 0 text $'text'
		send --print -s x -a "$name" -i "$name" a@example.org <<<text
		[ "$status" -eq 64 ]
		says 'standard input'
	done
	printf 'Subject: ready\nTo: b@example.org\n\ntext\n' |
		mailsend --print --draft /dev/stdin >mail
	grep -q '^Subject: ready' mail
}

# ---- a draft whose end was cut ----------------------------------------------

@test "a CR that ends a draft is half of a line end" {
	printf 'Subject: x\r\n\r\ntext\r' | mailsend --print --draft - \
		a@example.org >mail
	is 0 octets 746578740a
	lacks quoted-printable mail
	printf 'Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\r' |
		mailsend --print --draft - a@example.org >mail
	is 0 octets 6f6e65
	is 1 octets 74776f
	[ "$(tail -n 1 mail | tr -d '\r')" = --b-- ]
	printf 'Subject: only a header\r' | mailsend --print --draft - \
		a@example.org >mail
	tr -d '\r' <mail | grep -qx 'Subject: only a header'
	# where there are no lines it is an octet as any other
	printf 'Subject: x\nContent-Type: application/x-y\n\n\001\002\r' |
		mailsend --print --draft - a@example.org >mail
	is 0 octets 01020d
}

# ---- charsets ----------------------------------------------------------------

# as CODEC TEXT - in that charset, by a codec that is not ours; "\n" is a line
# end.
as() {
	python -c 'import sys
sys.stdout.buffer.write(sys.argv[2].replace("\\n", "\n").encode(sys.argv[1]))' "$@"
}

# means TEXT - what arrives as the first part, in UTF-8.
means() {
	[[ $(part 0 type) == *charset=utf-8* ]] || {
		part 0 type
		return 1
	}
	[ "$(part 0 text | tr -d '\r')" = "$1" ] || {
		part 0 text
		return 1
	}
}

@test "UTF-16 and UTF-32 become UTF-8, by their mark or by their name" {
	local text='Grüße\nan alle: 😀 ഊ ਍ end\n'
	local wanted=$'Grüße\nan alle: 😀 ഊ ਍ end'

	for form in utf-16 utf-32; do
		prints < <(as $form "$text")
		means "$wanted"
		prints -i <(as $form "$text") </dev/null
		means "$wanted"
		prints --html <(as $form "<p>$text") </dev/null
		means "<p>$wanted"
		for end in le be; do
			prints --charset "$form$end" < <(as "$form-$end" "$text")
			means "$wanted"
			prints --charset "$form" < <(as "$form-$end" "$text")
			means "$wanted"
			prints < <(as "$form-$end" "$(printf '\357\273\277')$text")
			means "$wanted"
		done
	done
	# a file that is attached stays as it is
	as utf-16 "$text" >file.txt
	prints -a file.txt <<<text
	is 1 octets "$(od -An -tx1 -v file.txt | tr -d ' \n')"
	# and so does a text that is told to be something else
	prints --charset iso-8859-1 < <(printf 'caf\351\n')
	[[ $(part 0 type) == *charset=iso-8859-1* ]]
	is 0 text café
}

@test "no CR gets into a character, by whatever name its charset goes" {
	local name
	printf 'h\xc3\xa9llo \xe2\x82\xac\n\xe0\xa8\x8a\n' >text
	for name in UTF16LE utf_16be UCS2 ucs2le CSUNICODE UNICODELITTLE UTF32BE \
		ucs4 UCS-4LE ISO-10646; do
		iconv -f utf-8 -t "$name" text >wide || continue
		mailsend --print --charset "$name" a@example.org <wide >m.eml
		[ "$(judge m.eml body/charset)" = utf-8 ]
		[ "$(judge m.eml body/text)" = "$(cat text)" ]
	done
	# octets that are no ASCII have other line ends
	for name in ibm037 EBCDIC-US cp1047; do
		refused 64 iconv --charset "$name" a@example.org <text
	done
	prints --charset utf-7 <<<text
	prints --charset iso-2022-jp <<<text
}

@test "UTF-16 in constant memory" {
	command -v time >/dev/null || skip "no time"
	! grep -q __asan "${MAILSEND##* }" || skip "a checker's memory is its own"
	python -c 'import sys
line = "Grüße an alle, und eine Zeile\n".encode("utf-16-le")
sys.stdout.buffer.write(b"\xff\xfe" + line * 400000)' >big
	/usr/bin/time -f %M -o memory "$MAILSEND" --print -s x -i big \
		a@example.org </dev/null >/dev/null
	cat memory
	[ "$(cat memory)" -lt 20000 ]
}

@test "a charset that nobody knows is refused, with the nearest" {
	for wrong in klingon:utf-8 utf-9:utf-8 iso-8895-1:iso-8859-1 \
		windows-12522:windows-1252 latn1:latin1; do
		send --print -s x --charset "${wrong%:*}" a@example.org <<<text
		[ "$status" -eq 64 ]
		says "${wrong%:*}"
		says "${wrong#*:}"
	done
	for right in utf-8 UTF8 latin1 cp1252 KOI8-R shift_jis; do
		prints --charset "$right" <<<text
	done
}

@test "a label that nobody knows, in a field that a program wrote, is no refusal" {
	mkdir names
	ln -s "${MAILSEND##* }" names/mail
	names/mail --print -s x a@example.org \
		-a 'Content-Type: text/plain; charset=unknown-8bit' \
		< <(printf 'gr\303\274n\n') >mail
	means grün
	names/mail --print -s x a@example.org \
		-a 'Content-Type: text/plain; charset=utf-16' \
		< <(as utf-16 'grün\n') >mail
	means grün
}

@test "a few octets that are no UTF-8 become U+FFFD" {
	prints < <(printf 'gr\303\274\303\237e\377 an alle\n')
	means $'grüße\uFFFD an alle'
	prints < <(printf 'gr\303\274\303\237e, m\303')
	means $'grüße, m\uFFFD'
	prints --html <(printf '<p>gr\303\274\303\237e\377') </dev/null
	means $'<p>grüße\uFFFD'
	# one more and it is another charset's
	prints < <(printf 'gr\303\274e\377\377 an alle\n')
	[[ $(part 0 type) == *charset=windows-1252* ]]
	is 0 octets 6772c3bc65ffff20616e20616c6c650a
	prints < <(printf 'gr\374\337e\n')
	[[ $(part 0 type) == *charset=windows-1252* ]]
	# what is told is told
	prints --charset utf-8 < <(printf 'gr\374\337e\n')
	means $'gr\uFFFD\uFFFDe'
	# a file stays as it is
	printf 'gr\303\274\303\237e\377' >file.txt
	prints -a file.txt <<<text
	is 1 octets 6772c3bcc39f65ff
}

@test "a subject that was cut, in an option and in a draft" {
	subject() { python -c 'import email, email.policy, sys
print(email.message_from_binary_file(open("mail", "rb"),
      policy=email.policy.default)["Subject"])'; }

	mailsend --print -s $'gr\303\274\303\237e an m\303' a@example.org \
		<<<text >mail
	[ "$(subject)" = $'grüße an m\uFFFD' ]
	printf 'Subject: gr\303\274\303\237e an m\303\n\ntext\n' |
		mailsend --print --draft - a@example.org >mail
	[ "$(subject)" = $'grüße an m\uFFFD' ]
	mailsend --print -s $'gr\374\337e' a@example.org <<<text >mail
	[ "$(subject)" = grüße ]
}

@test "a draft's text with a few octets that are no UTF-8" {
	for head in 'X: y' 'Content-Type: text/plain; charset=utf-8' \
		'Content-Type: text/html; charset=utf-8'; do
		printf 'Subject: x\n%s\n\ngr\303\274\303\237e\377\n' "$head" |
			mailsend --print --draft - a@example.org >mail
		means $'grüße\uFFFD'
	done
	printf 'Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Disposition: attachment\n\n%s\n--b--\n' \
		$'gr\303\274\303\237e\377' $'gr\303\274\303\237e\377' |
		mailsend --print --draft - a@example.org >mail
	means $'grüße\uFFFD'
	is 1 octets 6772c3bcc39f65ff
}

@test "a draft from an editor that puts a mark before it" {
	for form in utf-8-sig utf-16 utf-32; do
		as $form 'Subject: ready\nTo: b@example.org\n\ngrüße\n' |
			mailsend --print --draft - >mail
		grep -q '^Subject: ready' mail
		means grüße
	done
}

@test "a Content-ID has an @, and the links to it follow" {
	printf '\211PNG\r\n\032\n' >logo.png
	cp logo.png 'my logo.png'
	prints --html <(echo '<img src="cid:logo.png"><img src="cid:my%20logo.png">
		<p style="x: url(cid:one)"> cid:two cid:a@b') \
		--inline logo.png --inline 'my logo.png' \
		--inline 'logo.png;cid=one' --inline 'logo.png;cid=a@b' </dev/null
	for n in 1 2 3 4; do
		id=$(part "$n" id)
		[[ $id =~ ^\<[^@]+@[^@]+\>$ ]]
		part 0 text | grep -qF "cid:${id:1:-1}"
	done
	part 0 text | grep -q 'cid:two '
	prints --inline logo.png <<<text
	[[ $(part 1 id) == \<logo.png@* ]]
	# whatever a file is called, no line ends in a header
	cp logo.png $'x\nBcc: y@example.org\r.png'
	send --print -s x --html <(echo) \
		--inline $'x\nBcc: y@example.org\r.png' a@example.org </dev/null
	[ "$status" -eq 64 ]
}
