#!/usr/bin/env bats
# What mailget makes of attachments as other mailers write them
# (tests/corpus/attachments).
# shellcheck disable=SC2154 # of the helper

load helper

mails=$BATS_TEST_DIRNAME/../corpus/attachments

setup() {
	own_home config
	freeze ''
}

# take FILE ARGUMENT... - the attachments of one mail, into files/.
take() {
	local mail=$1

	shift
	rm -rf files
	run --separate-stderr "${MAILSEND%mailsend}mailget" "$@" "$mail" \
		attachments 1 files
	show
}

@test "a mail that is attached is a file, to the octet" {
	take "$mails/attached-mail.eml"
	[ "$status" -eq 0 ]
	[ "$(ls files)" = $'named.eml\npart-4.eml\nthe one inside.eml' ]
	sed -n '/^From: c@/,/^epilogue/p' "$mails/attached-mail.eml" >wanted
	truncate -s -1 wanted # the last line end is the boundary's
	cmp wanted 'files/the one inside.eml'
	[ "$(cat files/part-4.eml)" = $'Subject: third\n\nthe third' ]
	python - 'files/the one inside.eml' <<-'END'
		import email, sys

		with open(sys.argv[1], "rb") as file:
		    part = email.message_from_binary_file(file).get_payload(0)
		assert part.get_payload(decode=True) == b"hello\n"
	END
}

@test "--into takes what is attached to the mail inside" {
	take "$mails/attached-mail.eml" --into
	[ "$status" -eq 0 ]
	[ "$(cat files/inner.bin)" = hello ]
	[ ! -e files/named.eml ]
}

@test "every uuencoded file of a text is taken" {
	take "$mails/two-uuencoded.eml"
	[ "$status" -eq 0 ]
	[ "$(ls files)" = $'one.txt\nthree.txt\ntwo.txt' ]
	[ "$(cat files/one.txt)" = one ]
	[ "$(cat files/two.txt)" = two ]
	[ "$(cat files/three.txt)" = three ]
}

@test "one that is cut off is kept as far as it goes, told and not 0" {
	take "$mails/truncated-uuencoded.eml"
	[ "$status" -eq 65 ]
	says cut.txt
	[ "$(cat files/whole.txt)" = one ]
	[ "$(cat files/cut.txt)" = two ]
}

@test "names in every form" {
	local row

	for row in latin1=naïve.txt koi8=а.txt jis=日.txt sjis=日.txt \
		both=€.txt other-order=€.txt blanks='This is a test.txt' \
		windows=report.pdf word-in-quotes=naïve.txt \
		sections=€-long.txt gb=日.txt korean=日.txt 8bit=naïve.txt \
		vietnamese=tâp.bina label=naïve.txt win=а.txt \
		no-semicolon=report.pdf alone=report.pdf none=part-1.txt; do
		echo "# $row"
		take "$mails/name-${row%%=*}.eml"
		[ "$status" -eq 0 ]
		[ "$(ls files)" = "${row#*=}" ]
		[ "$(cat "files/${row#*=}")" = hello ]
	done
}

@test "base64 below a header that broke is told, not passed over" {
	take "$mails/broken-header.eml"
	[ "$status" -eq 65 ]
	says damaged
}

@test "a Subject that is too long is shown as far as it goes" {
	{
		printf 'From: a@example.org\nSubject: first'
		yes ' =?utf-8?q?w=C3=B6rter_?=' | head -2000
		printf '\ntext\n'
	} >mail
	run "${MAILSEND%mailsend}mailget" --json mail list
	[ "$status" -eq 0 ]
	[[ $output == *'"subject": "first wörter wörter'* ]] ||
		[[ $output == *'"subject":"first wörter wörter'* ]]
}

@test "a message is one with a BOM, empty lines or an mbox line above it" {
	local file

	for file in "$BATS_TEST_DIRNAME"/../corpus/above/*; do
		echo "# $file"
		run --separate-stderr "${MAILSEND%mailsend}mailget" --json "$file" list
		[ "$(json_of 'j["subject"]' <<<"$output")" = found ]
		take "$file"
		[ "$status" -eq 0 ]
		[ "$(cat files/x.bin)" = hello ]
	done
}

@test "an empty line above a text that is no header is the header's end" {
	printf '\n\nbegin 644 x.txt\n%s\n`\nend\n' '%:&5L;&\*' >one
	take one
	[ "$status" -eq 0 ]
	[ "$(cat files/x.txt)" = hello ]
}

@test "--draft takes such a message as what it is" {
	local file

	for file in "$BATS_TEST_DIRNAME"/../corpus/above/*; do
		echo "# $file"
		rm -rf "$home/Maildir"
		send --draft "$file" alice
		[ "$status" -eq 0 ]
		[ "$(judge "$(mail_file)" headers/subject)" = found ]
	done
}

@test "make corpus finds no difference in ours that is not known" {
	cp -r "$BATS_TEST_DIRNAME/../corpus" ours
	B=${MAILSEND%/mailsend} "$BATS_TEST_DIRNAME/../corpus/compare" ours >out || :
	cat out
	# Python knows no mboxcl2, and no comment behind an encoding
	[ "$(grep -cvE 'mboxcl2|pkcs7-mime|differences$' out)" -eq 0 ]
	grep -q '^[0-9]* messages, .* differences$' out
}
