#!/usr/bin/env bats
# A file over several mails: the sizes, what others make of the parts, going on.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

split_judge() {
	python "$root/tests/cli/split_judge.py" "$@"
}

# a_file OCTETS - that nothing compresses, and always the same.
a_file() {
	openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null |
		head -c "$1" >file.tgz
}

# bodies - each mail's text, in the order of the parts, below bodies/
bodies() {
	mkdir -p bodies
	python - "$home/Maildir" <<-'END'
		import email, email.policy, os, re, sys
		new = os.path.join(sys.argv[1], "new")
		for name in os.listdir(new):
		    with open(os.path.join(new, name), "rb") as file:
		        m = email.message_from_binary_file(
		            file, policy=email.policy.default)
		    n = re.search(r"[\[(](\d+)/", m["Subject"]).group(1)
		    with open("bodies/%03d" % int(n), "wb") as out:
		        out.write(m.get_payload(decode=True))
	END
}

@test "no mail is an octet over what was asked, and cat puts them together" {
	a_file 300000
	local size
	for size in 2500 2501 2502 3000 9999 10k 64k 100000 399999; do
		rm -rf "$home/Maildir" "$home/.local"
		send --split "$size" -s logs --attach file.tgz alice <<<'Here it is.'
		[ "$status" -eq 0 ]
		split_judge both "$home/Maildir" "$(numfmt --from=iec "${size^^}")" joined
		cmp joined file.tgz
	done
}

@test "what fits goes as one mail, as it would have without --split" {
	a_file 3000
	send --split 1M -s logs --attach file.tgz alice <<<text
	[ "$status" -eq 0 ]
	[ "$(judge "$(mail_file)" headers/Subject)" = logs ]
	[ -z "$(ls -A "$home/.local/state/mailsend/series")" ]
}

@test "sizes around every boundary come back octet for octet" {
	local n
	for n in 1 44 45 46 56 57 58 1000 2850 2851 5699 5700 5701; do
		rm -rf "$home/Maildir" "$home/.local"
		a_file "$n"
		send --split 6000 -s x --attach file.tgz alice <<<"$(
			head -c 2000 /dev/zero | tr '\0' x | fold -w 70)"
		[ "$status" -eq 0 ]
		split_judge both "$home/Maildir" 6000 joined
		cmp joined file.tgz
	done
}

@test "the words of a part are true: cat and sha256sum as they stand there" {
	a_file 50000
	mv file.tgz "it's a \$file.tgz"
	send --split 20k -s logs --attach "it's a \$file.tgz" alice <<<hello
	[ "$status" -eq 0 ]
	mkdir out
	python - "$home/Maildir" <<-'END'
		import email, email.policy, os, sys
		new = os.path.join(sys.argv[1], "new")
		for name in os.listdir(new):
		    with open(os.path.join(new, name), "rb") as file:
		        m = email.message_from_binary_file(
		            file, policy=email.policy.default)
		    for part in m.walk():
		        if not part.get_filename():
		            continue
		        with open("out/" + part.get_filename(), "wb") as out:
		            out.write(part.get_payload(decode=True))
		    for part in m.walk():
		        if part.get_content_type() == "text/plain":
		            lines = part.get_content().splitlines()
		with open("out/commands", "w") as out:
		    out.writelines(x.strip() + "\n" for x in lines
		                   if x.startswith("    "))
	END
	cd out
	run sh -e ./commands
	show
	[ "$status" -eq 0 ]
	cmp "it's a \$file.tgz" "../it's a \$file.tgz"
}

@test "standard input is split, and the text goes with the first part alone" {
	a_file 100000
	send --split 30k -s logs --attach -=stdin.tgz --body <(echo MY-OWN-TEXT) \
		alice <file.tgz
	[ "$status" -eq 0 ]
	split_judge join "$home/Maildir" joined
	cmp joined file.tgz
	[ "$(grep -l MY-OWN-TEXT "$home"/Maildir/new/* | wc -l)" -eq 1 ]
}

@test "a part sent twice is one message, and refers to the first" {
	a_file 30000
	send --split 10k -s logs --attach file.tgz alice </dev/null
	[ "$status" -eq 0 ]
	[ "$(split_judge parts "$home/Maildir" | sort -u | wc -l)" -eq "$(delivered)" ]
	[ "$(delivered)" -gt 3 ]
	[ "$(split_judge field "$home/Maildir" References | sort -u | wc -l)" -eq 2 ]
}

@test "several files are several sets" {
	a_file 30000
	cp file.tgz other.tgz
	send --split 10k -s logs --attach file.tgz --attach other.tgz alice </dev/null
	[ "$status" -eq 0 ]
	[ "$(split_judge field "$home/Maildir" X-Mailsend-Part |
		grep -oE '\bset=[0-9a-f]{32}' | sort -u | wc -l)" -eq 2 ]
}

@test "uuencode: uudeview and uudecode put it together" {
	a_file 60000
	send --split 20k --format uuencode -s logs --attach file.tgz alice \
		</dev/null
	[ "$status" -eq 0 ]
	split_judge limit "$home/Maildir" 20480
	mkdir out
	uudeview -i -q -p out "$home"/Maildir/new/* >/dev/null
	cmp out/file.tgz file.tgz
	bodies
	cat bodies/* | sed -n '/^begin /,$p' |
		grep -v '^\(This is part\|Save all\|lines, and\|uudecode\|X-Mailsend\| \|$\)' >all.uu
	uudecode -o joined all.uu
	cmp joined file.tgz
}

@test "partial: munpack puts it together" {
	a_file 60000
	send --split 20k --format partial -s logs --attach file.tgz alice \
		<<<text
	[ "$status" -eq 0 ]
	split_judge limit "$home/Maildir" 20480
	mkdir out
	TMPDIR=$PWD/out munpack -q -f -C out "$home"/Maildir/new/* >/dev/null
	cmp out/file.tgz file.tgz
}

@test "shar: sh restores it part by part, unshar too, and only in order" {
	a_file 60000
	send --split 20k --format shar -s logs --attach file.tgz alice \
		<<<"some text; touch pwned"
	[ "$status" -eq 0 ]
	split_judge limit "$home/Maildir" 20480
	bodies
	mkdir out
	cd out
	run sh ../bodies/002
	[ "$status" -ne 0 ]
	[ ! -s file.tgz ]
	rm -f file.tgz
	for part in ../bodies/*; do
		sh "$part"
	done
	cmp file.tgz ../file.tgz
	run sh ../bodies/001
	[ "$status" -ne 0 ]
	cmp file.tgz ../file.tgz
	rm file.tgz
	for part in ../bodies/*; do
		unshar "$part" >/dev/null
	done
	cmp file.tgz ../file.tgz
	[ ! -e pwned ]
}

@test "too small a size says so, and nothing is sent" {
	a_file 3000
	send --split 1024 -s logs --attach file.tgz alice </dev/null
	[ "$status" -eq 64 ]
	says --split
	nothing_sent
	send --split nonsense -s logs --attach file.tgz alice </dev/null
	[ "$status" -eq 64 ]
}

@test "a text that is too large is no file that could be split" {
	head -c 20000 /dev/zero | tr '\0' x | fold -w 70 >text
	send --split 10k -s logs alice <text
	[ "$status" -eq 65 ]
	says attach
	nothing_sent
}

@test "a series goes on where it stopped" {
	a_file 60000
	# the Maildir takes two mails, then there is a file in its place
	send --split 20k -s logs --attach -=in.tgz --json alice < <(cat file.tgz)
	[ "$status" -eq 0 ]
	local id
	id=$(ls "$home/.local/state/mailsend/series")
	[ -e "$home/.local/state/mailsend/series/$id/input" ] # it is small
	# as if it had been killed behind the second
	split_judge parts "$home/Maildir" >before
	rm -rf "$home/Maildir"
	cp file.tgz "$home/.local/state/mailsend/series/$id/input"
	sed -i -e '/^+[3-9];$/d' -e '/complete/d' "$home/.local/state/mailsend/series/$id/done"
	send --resume "$id"
	[ "$status" -eq 0 ]
	split_judge parts "$home/Maildir" >after
	tail -n +3 before | cmp - after
	send --resend "$id" --parts 1-2 < <(cat file.tgz)
	[ "$status" -eq 0 ]
	split_judge join "$home/Maildir" joined
	cmp joined file.tgz
}

@test "a file that has changed is no part of the series any more" {
	a_file 60000
	send --split 20k -s logs --attach file.tgz alice </dev/null
	[ "$status" -eq 0 ]
	rm -rf "$home/Maildir"
	echo more >>file.tgz
	send --resend "$(ls "$home/.local/state/mailsend/series")" --parts 2
	[ "$status" -eq 65 ]
	nothing_sent
}

@test "each file is a mail of its own, with its name in the subject" {
	echo one >1.txt
	echo two >2.txt
	send --each 1.txt 2.txt -s 'backup {name} ({n}/{of})' alice <<<text
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 2 ]
	[ "$(grep -c '^sent ' <<<"$output")" -eq 2 ]
	split_judge field "$home/Maildir" Subject >subjects
	printf 'backup %s\n' '1.txt (1/2)' '2.txt (2/2)' | cmp - subjects
}

@test "ready messages go with the envelope of their own header" {
	mkdir box
	for n in 1 2 3; do
		printf 'From: me@example.org\nTo: alice@localhost\nSubject: m%s\n\nbody %s\n' \
			"$n" "$n" >"box/$n.eml"
	done
	send --batch box
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 3 ]
	freeze seed=2
	send --batch - <box/1.eml
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 4 ]
}

@test "one ready message that cannot go does not stop the others" {
	mkdir box
	printf 'To: alice@localhost\nSubject: m1\n\nbody\n' >box/1.eml
	printf 'Subject: to nobody\n\nbody\n' >box/2.eml
	printf 'To: alice@localhost\nSubject: m3\n\nbody\n' >box/3.eml
	send --batch box
	[ "$status" -eq 64 ]
	[ "$(delivered)" -eq 2 ]
	[ "$(grep -c '^failed ' <<<"$output")" -eq 1 ]
	local id
	id=$(ls "$home/.local/state/mailsend/series")
	printf 'To: alice@localhost\nSubject: m2\n\nbody\n' >box/2.eml
	send --resume "$id"
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 3 ]
}

@test "a set of several is sent again by its own id and its own numbers" {
	a_file 30000
	cp file.tgz other.tgz
	send --split 10k -s logs --attach file.tgz --attach other.tgz alice </dev/null
	[ "$status" -eq 0 ]
	local id
	id=$(ls "$home/.local/state/mailsend/series")
	rm -rf "$home/Maildir"
	send --resend "${id%00}01" --parts 2-3
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 2 ]
	[ "$(split_judge field "$home/Maildir" Subject)" = "logs [2/6] other.tgz
logs [3/6] other.tgz" ]
	rm -rf "$home/Maildir"
	send --resend "$id" --parts 4
	[ "$(split_judge field "$home/Maildir" Subject)" = "logs [4/6] file.tgz" ]
}
