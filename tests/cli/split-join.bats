#!/usr/bin/env bats
# What is cut is put together by mailjoin and by others; what was begun goes on.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

: "${MAILJOIN:=${MAILSEND%mailsend}mailjoin}"

setup() {
	own_home
	# many processes: no two names of files may be the same
	export MAILSEND_FROZEN="zone=60 host=host.example.org user=alice \
uid=$EUID home=$home charset=utf-8 tty=0"
}

a_file() {
	openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null |
		head -c "$1" >"${2:-file.tgz}"
}

join() {
	# shellcheck disable=SC2086 # words, on purpose
	run $MAILJOIN --output out "$@"
	echo "$output"
}

series() {
	ls "$home/.local/state/mailsend/series"
}

mails() {
	find "$home/Maildir/new" -type f
}

# part N - the mail that has it
part() {
	grep -lE "^Subject: .*[[(]$1/" -r "$home/Maildir/new"
}

@test "any size, name, text and limit, in any format and order" {
	export MAILJOIN MAILSEND
	run "$root/tests/cli/split_rounds.py" "${ROUNDS:-40}" "${SEED:-5}"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *shar* && $output == *partial* ]]
}

@test "a part is missing: what mailjoin prints brings it, as it stands there" {
	local form command

	for form in parts uuencode partial shar; do
		rm -rf "$home/Maildir" "$home/.local" out
		a_file 60000 "it's.tgz"
		send --split 20k --format "$form" -s logs -a "it's.tgz" alice \
			<<<"a text"
		[ "$status" -eq 0 ]
		cp "$(part 3)" third
		rm "$(part 3)"
		mkdir out
		join "$home/Maildir"
		[ "$status" -eq 1 ]
		command=$(grep -o 'mailsend --resend.*' <<<"$output")
		eval "$command" </dev/null
		[ "$(mails | wc -l)" -gt 3 ]
		cmp third "$(part 3)"
		join "$home/Maildir"
		[ "$status" -eq 0 ]
		[ "$form" = partial ] || cmp "out/it's.tgz" "it's.tgz"
	done
}

@test "a byte is flipped: corrupt, and the part sent again mends it" {
	a_file 60000
	send --split 20k -s logs -a file.tgz alice </dev/null
	local mail
	mail=$(part 2)
	sed -i '/^[A-Za-z0-9+/]\{76\}$/{s/^../zz/;:a;n;ba}' "$mail"
	mkdir out
	join "$home/Maildir"
	[ "$status" -eq 2 ]
	eval "$(grep -o 'mailsend --resend.*' <<<"$output")" </dev/null
	join "$home/Maildir"
	[ "$status" -eq 0 ]
	cmp out/file.tgz file.tgz
}

@test "two sets and other mail in one mbox, and by others' hands" {
	a_file 60000
	a_file 70000 other.tgz
	send --split 20k -s logs -a file.tgz -a other.tgz alice </dev/null
	send -s 'other mail [1/2]' alice <<<"no part"
	mkdir out
	for mail in $(mails | shuf --random-source=file.tgz); do
		echo "From x@example.org Thu Jan  1 00:00:00 2026"
		cat "$mail"
		echo
	done >box
	join box
	[ "$status" -eq 0 ]
	cmp out/file.tgz file.tgz
	cmp out/other.tgz other.tgz
}

@test "shar: unshar takes all parts at once, and a damaged part is no success" {
	a_file 60000
	send --split 20k --format shar -s logs -a file.tgz alice <<<"Grüße"
	[ "$status" -eq 0 ]
	mkdir out bodies
	python - "$home/Maildir/new" <<-'END2'
		import email, email.policy, os, re, sys
		for name in os.listdir(sys.argv[1]):
		    with open(os.path.join(sys.argv[1], name), "rb") as file:
		        m = email.message_from_binary_file(
		            file, policy=email.policy.default)
		    n = int(re.search(r"\[(\d+)/", m["Subject"]).group(1))
		    for part in m.walk():
		        data = part.get_payload(decode=True)
		        if data and data.startswith(b"#!/bin/sh"):
		            open("bodies/%03d" % n, "wb").write(data)
	END2
	cat bodies/* >all
	# -e is broken in sharutils 4.15
	(cd out && unshar -E 'exit 0' ../all)
	cmp out/file.tgz file.tgz
	rm out/file.tgz
	(
		cd out
		sed -i '/^M/{s/^M../M!!/;:a;n;ba}' ../bodies/002
		for part in ../bodies/*; do
			sh "$part" || echo failed >failed
		done
	)
	[ -e out/failed ]
}

@test "a complete series has nothing left to do" {
	a_file 30000
	send --split 10k -s logs -a -=in.tgz alice <file.tgz
	[ "$status" -eq 0 ]
	rm -rf "$home/Maildir"
	send --resume "$(series)" </dev/null
	[ "$status" -eq 0 ]
	says nothing
	nothing_sent
}

@test "what is sent again wants the same standard input" {
	a_file 3000000
	send --split 1M -s logs -a -=in.tgz alice <file.tgz
	[ "$status" -eq 0 ]
	rm -rf "$home/Maildir"
	send --resend "$(series)" --parts 2 <<<"something else"
	[ "$status" -eq 65 ]
	nothing_sent
	send --resend "$(series)" --parts 2 <file.tgz
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
}

@test "many mails: --dry-run sends none, --print and --split are refused" {
	echo one >1.txt
	mkdir box
	printf 'To: alice@localhost\nSubject: m\n\nbody\n' >box/1.eml
	send --dry-run --each 1.txt -s x alice </dev/null
	[ "$status" -eq 0 ]
	[[ $output == *1.txt* ]]
	send --dry-run --batch box
	[ "$status" -eq 0 ]
	[[ $output == *"<alice@"* ]]
	refused 64 dry-run --print --each 1.txt -s x alice </dev/null
	refused 64 split --split 10k --each 1.txt -s x alice </dev/null
	refused 64 connection --batch box --connections 3
	refused 64 mailget --batch imaps://me@mail.example.org/INBOX
	mkdir none
	refused 66 'no mail' --batch none
	[ ! -e "$home/.local/state/mailsend/series" ] ||
		[ -z "$(ls -A "$home/.local/state/mailsend/series")" ]
}

@test "a file's name is a line of a subject at most, and text is read once" {
	local name=$'x\e[31m\x01 \xff'

	echo one >"$name"
	echo two >2.txt
	send --each "$name" 2.txt -s 'file {name}' alice <<<MY-TEXT
	[ "$status" -eq 0 ]
	[ "$(grep -c '' <<<"$output")" -eq 2 ]
	[ "$(grep -l MY-TEXT -r "$home/Maildir/new" | wc -l)" -eq 2 ]
	[ "$(delivered)" -eq 2 ]
	run grep -rP '[\x00-\x08\x0e-\x1f\x80-\xff]' "$home/Maildir/new"
	[ "$status" -ne 0 ]
}

@test "--each and --batch - go on with what standard input was" {
	mkdir no
	echo one >1.txt
	printf 'account default\nhost 127.0.0.1\nport 1\ntls off\nqueue never\nfrom me@example.org\n' \
		>"$MAILSEND_CONFIG"
	send --each 1.txt -s x alice@localhost <<<MY-TEXT
	[ "$status" -eq 75 ]
	says --resume
	[ ! -e "$home/dead.letter" ]
	: >"$MAILSEND_CONFIG"
	send --resume "$(series)" <<<"another text"
	[ "$status" -eq 0 ]
	grep -q MY-TEXT -r "$home/Maildir/new"
	rm -rf "$home/.local" "$home/Maildir"
	printf 'host 127.0.0.1\nport 1\ntls off\nqueue never\nfrom me@example.org\n' \
		>"$MAILSEND_CONFIG"
	printf 'To: alice@localhost\nSubject: m\n\nREADY\n' >1.eml
	send --batch - < <(cat 1.eml)
	[ "$status" -eq 75 ]
	: >"$MAILSEND_CONFIG"
	send --resume "$(series)" </dev/null
	[ "$status" -eq 0 ]
	grep -q READY -r "$home/Maildir/new"
}

@test "a text with pictures goes before what is uuencoded, none of it is lost" {
	a_file 40000
	echo PNG >pic.png
	echo '<p>Größe <img src="cid:pic.png">' >text.html
	local form
	for form in parts uuencode shar; do
		rm -rf "$home/Maildir" "$home/.local"
		send --split 20k --format "$form" -s x --html text.html \
			--inline pic.png -a file.tgz alice <<<"Grüße"
		[ "$status" -eq 0 ]
		"$root/tests/cli/split_judge.py" limit "$home/Maildir" 20480
		python - "$(part 1)" <<-'END2'
			import email, email.policy, sys
			with open(sys.argv[1], "rb") as file:
			    m = email.message_from_binary_file(
			        file, policy=email.policy.default)
			types = [p.get_content_type() for p in m.walk()]
			assert "text/html" in types and "image/png" in types, types
			assert "Größe" in m.get_body(("html",)).get_content()
		END2
	done
}

@test "--split with --compress: the archive is what is cut" {
	yes 'a line of a log' | head -c 20000000 >log.txt
	send --split 3500 --compress xz -s x -a log.txt alice </dev/null
	[ "$status" -eq 0 ] || { says built && skip "no xz"; }
	mkdir out
	join "$home/Maildir"
	[ "$status" -eq 0 ] || [ "$(delivered)" -eq 1 ]
	[ "$(delivered)" -eq 1 ] || xz -dc out/log.txt.xz | cmp - log.txt
}

# FULL=1: a gigabyte
@test "memory is constant, there and back" {
	[ -z "${ASAN_OPTIONS:-}" ] && [[ $MAILSEND != *asan* ]] || skip "checked build"
	local form size=30000000 most

	[ -z "${FULL:-}" ] || size=1000000000
	a_file "$size"
	for form in parts uuencode partial shar; do
		rm -rf "$home/Maildir" "$home/.local" out
		# shellcheck disable=SC2086 # words, on purpose
		/usr/bin/time -f %M -o memory $MAILSEND --split 5M \
			--format "$form" -s x -a file.tgz alice </dev/null
		most=$(tail -n 1 memory)
		echo "$form: $most KB"
		[ "$most" -lt 30000 ]
		mkdir out
		join "$home/Maildir"
		[ "$status" -eq 0 ]
		[ "$form" = partial ] || cmp out/file.tgz file.tgz
	done
}
