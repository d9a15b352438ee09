#!/usr/bin/env bats
# mailjoin: what gateways, lists and people have done to the mails on their way
# (gateway.py), and what of a mail nobody has written down yet.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

: "${MAILJOIN:=${MAILSEND%mailsend}mailjoin}"

prepare() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	mkdir -p out
	head -c 40000 /dev/urandom >file.bin
}

join() {
	# shellcheck disable=SC2086 # words, on purpose
	run --separate-stderr $MAILJOIN -o out "$@"
	show
}

# cut HOW FORMAT - the mails of file.bin, in a Maildir, as HOW left them.
cut() {
	rm -rf in box state out
	mkdir -p box/cur box/new box/tmp out
	python "$root/tests/cli/join_parts.py" "$2" file.bin 9000 in "${@:3}"
	python "$root/tests/cli/gateway.py" "$1" in
	mv in/* box/new
}

left() {
	find box -type f | wc -l
}

@test "what a gateway adds does not hide the data" {
	local how

	prepare
	for how in logo tnef report signature other footer note related decoy \
		disclaimer scanned; do
		echo "# $how"
		cut "$how" parts
		join box
		[ "$status" -eq 0 ]
		cmp file.bin out/file.bin
	done
}

@test "mails that were forwarded, encoded too, one or many in a mail" {
	local how format

	prepare
	for how in forward encode digest twice bundle; do
		for format in parts uuencode numbered partial; do
			echo "# $how $format"
			cut "$how" "$format"
			join box
			[ "$status" -eq 0 ]
			cmp file.bin out/file.bin
		done
	done
}

@test "--delete takes what is only a part, a signature or a footer" {
	local how

	prepare
	for how in signature footer scanned encode digest twice bundle; do
		echo "# $how"
		cut "$how" parts
		join --delete box
		[ "$status" -eq 0 ]
		[ "$(left)" -eq 0 ]
	done
}

@test "--delete keeps a mail that holds something else, and says what" {
	local row

	prepare
	for row in other=small.txt note=text tnef=winmail.dat \
		decoy=scan.zip disclaimer=text; do
		echo "# $row"
		cut "${row%=*}" parts
		join --delete box
		[ "$status" -eq 0 ]
		cmp file.bin out/file.bin
		[ "$(left)" -eq 5 ]
		says "${row#*=}"
	done
}

@test "--delete keeps a digest that holds somebody's own mail" {
	local format

	prepare
	for format in parts partial; do
		cut mixture "$format"
		join --delete box
		[ "$status" -eq 0 ]
		cmp file.bin out/file.bin
		[ "$(left)" -eq 1 ]
	done
}

# shellcheck disable=SC2016 # uuencode
@test "--delete keeps a mail with a second uuencoded file" {
	prepare
	cut reply uuencode
	printf '\nbegin 644 second.txt\n$;VYE"@``\n`\nend\n' >>"$(find box -type f | sort | tail -n 1)"
	join --delete box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
	[ "$(left)" -ge 1 ]
	says "another uuencoded file"
}

@test "uuencode below subjects with Re:, Fwd: and tags" {
	prepare
	cut reply uuencode --strip mail --strip text
	join box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
}

@test "uuencode below numbers in words" {
	local form

	prepare
	for form in '(part \1\/\2)' '[Part \1 of \2]' '- part \1 of \2'; do
		echo "# $form"
		cut reply uuencode --strip mail --strip text
		sed -i -E "/^Subject: /s/[([]([0-9]+)\/([0-9]+)[])]/$form/" \
			box/new/*
		[ "$(grep -ci '^Subject: .*part [0-9]' box/new/* |
			grep -c ':1$')" -eq "$(left)" ]
		join box
		[ "$status" -eq 0 ]
		cmp file.bin out/file.bin
	done
}

@test "uuencode that was made quoted-printable and not said so" {
	prepare
	cut mangle uuencode --strip mail --strip text
	join box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
}

@test "uuencode that went through HTML and was not said to" {
	prepare
	cut escape uuencode --strip mail --strip text
	grep -q '&amp;' box/new/*
	join --delete box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
	[ "$(left)" -eq 0 ]
}

@test "uuencode that a reply quotes: with a label, or from begin to end" {
	prepare
	cut quote uuencode --strip mail
	join --delete box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
	says 'a text'
	[ "$(left)" -gt 0 ]
	head -c 5000 /dev/urandom >file.bin
	cut quote uuencode --strip mail --strip text
	join box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
	# how much of a part a reply quotes nobody knows
	head -c 40000 /dev/urandom >file.bin
	cut quote uuencode --strip mail --strip text
	join box
	[ "$status" -ne 0 ]
	[ ! -e out/file.bin ]
}

@test "uuencode below numbers and nothing else" {
	prepare
	cut bare uuencode --strip mail --strip text
	[ "$(grep -c '^Subject: file.bin [0-9]*/[0-9]*$' box/new/* |
		grep -c ':1$')" -eq "$(left)" ]
	join box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
	# a date is none: the file begins and ends here
	head -c 5000 /dev/urandom >file.bin
	cut bare uuencode --strip mail --strip text
	sed -i 's|^Subject: .*|Subject: seen on 3/5|' box/new/*
	join box
	[[ $output != *"of 5"* && $stderr != *"of 5"* ]]
}

@test "what carries no digest is said to be not verified" {
	prepare
	cut reply uuencode --strip mail --strip text
	join box
	[ "$status" -eq 0 ]
	[[ $output == *"not verified"* ]]
	rm -rf state out/*
	join --json box
	json_of 'j["sets"][0]["verified"] == False' <<<"$output"
}

@test "our own message/partial is verified, and a change of it found" {
	prepare
	export MAILSEND_CONFIG=$BATS_TEST_TMPDIR/empty.conf
	send -s partial --split 20k --format partial -a file.bin alice
	[ "$status" -eq 0 ]
	join "$home/Maildir"
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
	[[ $output == *verified* && $output != *"not verified"* ]]
	rm -rf state out/*
	one=$(grep -l 'number=2' "$home"/Maildir/new/* | head -n 1)
	python - "$one" <<-'END'
		import sys

		with open(sys.argv[1], "r+b") as file:
		    text = file.read()
		    at = text.index(b"\n\n") + 200
		    other = b"A" if text[at:at + 1] != b"A" else b"B"
		    file.seek(at)
		    file.write(other)
	END
	join "$home/Maildir"
	[ "$status" -eq 2 ]
	[ ! -e out/file.bin ]
}

@test "mpack's total= in every part" {
	prepare
	cut reply partial
	sed -i -E 's/(number=[0-9]+)$/\1; total='"$(left)/" box/new/*
	join box
	[ "$status" -eq 0 ]
	cmp file.bin out/file.bin
}
