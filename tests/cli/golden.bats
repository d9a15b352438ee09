#!/usr/bin/env bats
# The finished message, byte for byte: tests/golden/README.md.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

# golden NAME ARGUMENT... <INPUT - compared, judged, and left in m.eml.
golden() {
	local file=$root/tests/golden/$1.eml status=0

	shift
	mailsend --print "$@" >m.eml 2>err || status=$?
	cat err
	[ "$status" -eq 0 ] || return 1
	[ ! -s err ] || return 1
	# shellcheck disable=SC2086 # none or one word
	judge --crlf $judge_option m.eml >/dev/null || {
		judge --crlf $judge_option m.eml defects/
		return 1
	}
	[ -z "${GOLDEN_WRITE:-}" ] || cp m.eml "$file"
	cmp "$file" m.eml || {
		diff -a "$file" m.eml
		return 1
	}
}
judge_option=

# is WHAT VALUE - as a parser that is not ours reads it.
is() {
	local value

	# shellcheck disable=SC2086
	value=$(judge --crlf $judge_option m.eml "$1") || return 1
	[ "$value" = "$2" ] || {
		echo "$1 is: $value"
		return 1
	}
}

# decoded NAME - a field by RFC 2047 alone: reading addresses, older versions of
# the parser put a blank between two encoded words.
decoded() {
	python -c 'import email, sys
from email.header import decode_header, make_header
message = email.message_from_file(open("m.eml"))
print(make_header(decode_header(message[sys.argv[1]])))' "$1"
}

repeat() {
	printf "%0.s$1" $(seq "$2")
}

@test "plain" {
	golden plain -s 'the backup is done' ops@example.org <<<'It took 3 s.'
	is body/text 'It took 3 s.'
	is headers/Subject 'the backup is done'
	is headers/From 'Alice Example <alice@host.example.org>'
}

@test "empty" {
	golden empty ops@example.org </dev/null
	is parts/0/size 0
}

@test "without a subject, with an empty one" {
	golden subject-empty -s '' ops@example.org <<<text
	is headers/Subject ''
	golden subject-none ops@example.org <<<text
	lacks '^Subject:' m.eml
}

@test "text that is not ASCII" {
	golden utf8 -s 'Grüße aus Köln' ops@example.org <<-'END'
	Schöne Grüße,
	日本語テキスト, ελληνικά und 🙂.
	END
	is headers/Subject 'Grüße aus Köln'
	is body/charset utf-8
	is body/text "$(printf 'Schöne Grüße,\n日本語テキスト, ελληνικά und 🙂.')"
}

@test "windows-1252" {
	printf 'caf\351 \226 5 \200\n' | golden windows-1252 ops@example.org
	is body/charset windows-1252
	is body/text 'café – 5 €'
}

@test "a charset that was named" {
	printf 'caf\351 \244\n' |
		golden charset --charset iso-8859-15 ops@example.org
	is body/text 'café €'
}

@test "long subjects are folded" {
	local words

	words="a subject that goes on and on, $(repeat 'word ' 40)to its end"
	golden subject-long -s "$words" ops@example.org <<<text
	is headers/Subject "$words"
	words="Ein Betreff über mehrere Zeilen: $(repeat 'Grüße ' 30)zum Schluß"
	golden subject-long-utf8 -s "$words" ops@example.org <<<text
	is headers/Subject "$words"
	words=$(repeat x 300)
	golden subject-one-word -s "$words" ops@example.org <<<text
	is headers/Subject "$words"
}

@test "a subject that looks encoded is not decoded by the receiver" {
	golden subject-looks-encoded -s '=?utf-8?q?a?= and b' ops@example.org \
		<<<text
	is headers/Subject '=?utf-8?q?a?= and b'
}

@test "names that need quotes, and names that need encoding" {
	golden names -r '"Doe, John" <john@example.org>' \
		--to 'Jürgen Müller <juergen@example.org>' \
		--to '"Say \"hi\"" <hi@example.org>' \
		--to 'plain.name@example.org (Plain Name)' \
		-c '"A very long name that goes on and on until it needs more than one line" <long@example.org>' \
		-c '日本語の名前がここにある長い長い名前です <jp@example.org>' \
		-c '"odd local"@example.org' <<<text
	is headers/From '"Doe, John" <john@example.org>'
	is headers/To 'Jürgen Müller <juergen@example.org>, "Say \"hi\"" <hi@example.org>, Plain Name <plain.name@example.org>'
	[[ $(decoded Cc) == *日本語の名前がここにある長い長い名前です* ]]
	[[ $(decoded Cc) == *'"odd local"@example.org'* ]]
}

@test "copies are shown, hidden ones are not" {
	golden recipients -s x --to 'a@example.org, b@example.org' \
		-c c@example.org -c d@example.org -b hidden@example.org \
		--reply-to e@example.org -H 'X-Job: nightly' \
		-H 'Bcc: hidden2@example.org' f@example.org <<<text
	is headers/To 'a@example.org, b@example.org, f@example.org'
	is headers/Cc 'c@example.org, d@example.org'
	is headers/Reply-To e@example.org
	is headers/X-Job nightly
	lacks hidden m.eml
}

@test "hidden recipients alone" {
	golden bcc-alone -s x -b hidden@example.org <<<text
	lacks hidden m.eml
}

@test "groups" {
	golden groups 'Team: a@example.org, "B, b" <b@example.org>;' \
		-c 'nobody:;' <<<text
	[[ $(judge m.eml headers/To) == *Team:*a@example.org* ]]
}

@test "a domain that is not ASCII" {
	golden idn 'Jörg <joerg@bücher.example>' <<<text
	is headers/To 'Jörg <joerg@xn--bcher-kva.example>'
}

@test "a local part that is not ASCII" {
	judge_option=--utf8
	golden smtputf8 'Jörg <jörg@bücher.example>' <<<text
	grep -q 'jörg@' m.eml
}

@test "a name without a domain" {
	golden unqualified root -c 'Bob <bob>' --set maildomain=example.org <<<text
	is headers/To root@example.org
	is headers/Cc 'Bob <bob@example.org>'
}

@test "header fields by hand" {
	golden header -H 'Subject: über alles' -H 'From: Bob <bob@example.org>' \
		-H 'Date: 2023-11-14T22:13:20Z' -H 'Message-ID: <1@example.org>' \
		-H 'References: <0@example.org>' -H 'X-Size: größer als 1' \
		-H "X-Long: $(repeat 'abcdefghi ' 20)end" ops@example.org <<<text
	is headers/Subject 'über alles'
	is headers/From 'Bob <bob@example.org>'
	is headers/Message-ID '<1@example.org>'
	is headers/X-Size 'größer als 1'
	[ "$(grep -c '^Message-ID:' m.eml)" -eq 1 ]
	[ "$(grep -c '^Date:' m.eml)" -eq 1 ]
}

@test "a person at a terminal did not make it automatically" {
	freeze tty=1
	golden terminal ops@example.org <<<text
	lacks '^Auto-Submitted' m.eml
	freeze tty=0
	mailsend --print ops@example.org <<<text | grep -q '^Auto-Submitted: auto-generated'
	mailsend --print --set auto_submitted=off ops@example.org <<<text >m.eml
	lacks '^Auto-Submitted' m.eml
	mailsend --print -H 'Auto-Submitted: no' ops@example.org <<<text >m.eml
	is headers/Auto-Submitted no
}

@test "what is asked of the envelope is not in the message" {
	golden plain -s 'the backup is done' --dsn-notify success,failure \
		--dsn-ret full --dsn-envid id7 -f bounce@host.example.org \
		ops@example.org <<<'It took 3 s.'
}

@test "control bytes stay readable text" {
	printf 'progress\r 10%%\r 20%%\nbell \a, escape \033[1mbold\033[0m, NUL \0.\n\fpage\n' |
		golden control ops@example.org
	is parts/0/type text/plain
	python - <<-'END'
	import email
	text = email.message_from_file(open("m.eml", newline="")).get_payload(decode=True)
	assert text == (b"progress\r 10%\r 20%\r\nbell \a, escape \033[1mbold\033[0m, NUL \0.\r\n"
	                b"\fpage\r\n"), text
	END
}

@test "lines that are too long" {
	{
		repeat 'all work and no play ' 80
		echo
		echo '.a dot, From a line, a blank at the end '
		echo 'From here'
	} >text
	golden long-line ops@example.org <text
	is body/text "$(cat text)"
}

@test "dots, From and trailing blanks" {
	printf '.\n..\nFrom me\nblank \n\ttab\t\nno end' | golden lines ops@example.org
	is body/text "$(printf '.\n..\nFrom me\nblank \n\ttab\t\nno end')"
}

@test "line ends of all kinds" {
	printf 'one\r\ntwo\nthree\r\n\r\nfive\r\n' | golden crlf ops@example.org
	is body/text "$(printf 'one\ntwo\nthree\n\nfive')"
}

@test "an attachment" {
	printf 'a,b\n1,2\n' >figures.csv
	golden attachment -s figures -a figures.csv ops@example.org <<<'Here.'
	is body/text Here.
	is file/figures.csv/type text/csv
	is file/figures.csv/disposition attachment
	is file/figures.csv/size 8
}

@test "an attachment alone" {
	printf '%%PDF-1.4\n' >a.pdf
	golden attachment-alone -a a.pdf ops@example.org </dev/null
	is file/a.pdf/type application/pdf
}

@test "names of attachments: long, not ASCII, with quotes" {
	local long

	long="Bericht über $(repeat 'das lange Jahr und ' 10)mehr.pdf"
	printf '%%PDF-1.4\n' >"$long"
	echo data >'a "quoted" name; odd=1.txt'
	echo data >'日本語.txt'
	golden attachment-names -a "$long" -a 'a "quoted" name; odd=1.txt' \
		-a 日本語.txt ops@example.org <<<text
	is parts/2/filename "$long"
	is parts/3/filename 'a "quoted" name; odd=1.txt'
	is parts/4/filename 日本語.txt
}

@test "standard input as an attachment" {
	printf 'archive' | golden attachment-stdin -a -=folder.zip ops@example.org
	is file/folder.zip/size 7
	printf 'archive' |
		golden attachment-stdin-type -a '-=x.dat;type=application/x-ours' \
			ops@example.org
	is file/x.dat/type application/x-ours
}

@test "encodings of attachments" {
	printf 'plain = text\n' >plain.txt
	printf 'größer = 1\n' >utf8.txt
	for encoding in 7bit quoted-printable base64; do
		golden "encoding-$encoding" --encoding "$encoding" -a plain.txt \
			ops@example.org <<<text
		is file/plain.txt/cte "$encoding"
		is file/plain.txt/size 13
	done
	golden encoding-utf8-qp --encoding quoted-printable -a utf8.txt \
		ops@example.org <<<text
	is file/utf8.txt/sha256 "$(sha256sum <utf8.txt | cut -d' ' -f1)"
	golden encoding-8bit --encoding 8bit -a utf8.txt ops@example.org <<<text
	is file/utf8.txt/cte 8bit
	is file/utf8.txt/sha256 "$(sha256sum <utf8.txt | cut -d' ' -f1)"
	refused 65 7bit --print --encoding 7bit -a utf8.txt ops@example.org <<<text
}

@test "uuencode" {
	printf 'data\n' >data.bin
	chmod 644 data.bin
	golden uuencode --encoding uuencode -a data.bin -a data.bin=second.bin \
		ops@example.org <<<'Two files.'
	is parts/0/type text/plain
	[[ $(judge m.eml body/text) == 'Two files.'*'begin 644 data.bin'*'end'*'begin 644 second.bin'*'end'* ]]
}

@test "HTML, with the text beside it" {
	echo '<p>Grüße</p>' >page.html
	golden html --html page.html ops@example.org <<<'Grüße'
	is parts/0/type multipart/alternative
	is html/text '<p>Grüße</p>'
	golden html-alone --html page.html ops@example.org </dev/null
	is parts/0/type text/html
}

@test "HTML with what it shows" {
	echo '<img src="cid:logo.png"><img src="cid:two">' >page.html
	printf '\211PNG\r\n' >logo.png
	golden html-inline --html page.html --inline logo.png \
		--inline 'logo.png=other.png;cid=two' ops@example.org <<<text
	is parts/0/type multipart/related
	is parts/1/type multipart/alternative
	is file/logo.png/cid '<logo.png@host.example.org>'
	is file/other.png/cid '<two@host.example.org>'
	is file/logo.png/disposition inline
}

@test "everything at once" {
	echo '<img src="cid:logo.png">' >page.html
	printf '\211PNG\r\n' >logo.png
	printf '1,2\n' >figures.csv
	golden everything -s 'alles für alle' --html page.html --inline logo.png \
		-a figures.csv -a figures.csv=zweite.csv ops@example.org <<<'Ä'
	is parts/0/type multipart/mixed
	is parts/1/type multipart/related
	is parts/2/type multipart/alternative
	is file/zweite.csv/size 4
}

@test "a draft gets what is missing" {
	printf 'To: ops@example.org\nSubject: ready\n\nIts text.\n' >draft
	golden draft-missing --draft draft
	is headers/Subject ready
	is headers/From 'Alice Example <alice@host.example.org>'
	is body/text 'Its text.'
	golden draft-missing --draft - <draft
}

@test "a draft keeps what it has" {
	cat >draft <<-'END'
	From Alice Tue Nov 14 23:13:20 2023
	Received: by somewhere
	From: "Bob  B." <bob@example.org>
	To: ops@example.org,
	  dev@example.org
	Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
	Date: Mon, 13 Nov 2023 10:00:00 +0000
	Message-ID: <kept@example.org>
	MIME-Version: 1.0
	Content-Type: multipart/mixed; boundary="here"

	preamble
	--here

	one
	--here
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: base64

	w6Q=
	--here--
	END
	golden draft-kept --draft draft
	is headers/Subject Grüße
	is headers/Message-ID '<kept@example.org>'
	is parts/2/text ä
	[ "$(grep -c '^MIME-Version' m.eml)" -eq 1 ]
}

@test "a draft with Bcc and 8-bit text" {
	cat >draft <<-'END'
	From: Jürgen <j@example.org>
	To: ops@example.org
	Bcc: hidden@example.org,
	 hidden2@example.org
	Resent-Bcc: hidden3@example.org
	Subject: Grüße

	schön
	END
	golden draft-bcc --draft draft
	lacks hidden m.eml
	is headers/Subject Grüße
	is parts/0/text schön
}

@test "a draft with lines that no server may be given" {
	{
		printf 'To: ops@example.org\nSubject: long\n\n'
		repeat 'all work and no play ' 80
		printf '\nbare\rCR and NUL \0.\n'
	} >draft
	golden draft-mended --draft draft
}

@test "a draft whose subject and sender are replaced" {
	printf 'From: a@example.org\nTo: b@example.org\nSubject: old\n\ntext\n' >draft
	golden draft-replaced --draft draft -s new -r 'C <c@example.org>'
	is headers/Subject new
	is headers/From 'C <c@example.org>'
	is headers/To b@example.org
}
