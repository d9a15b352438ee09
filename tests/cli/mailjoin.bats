#!/usr/bin/env bats
# mailjoin: files that came in several mails.  Most mails are made by
# join_parts.py, some by the programs that others use.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

: "${MAILJOIN:=${MAILSEND%mailsend}mailjoin}"
parts=$root/tests/cli/join_parts.py
set=0123456789abcdef0123456789abcdef
other=fedcba9876543210fedcba9876543210

# in a subshell of its own, so that helper.bash's setup stays as it is
prepare() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	state=$XDG_STATE_HOME/mailsend/join
	mkdir -p out
	head -c "${1:-40000}" /dev/urandom >file.bin
}

# join ARGUMENT... - into $status, $output and $stderr; files go to out.
join() {
	# shellcheck disable=SC2086 # words, on purpose
	run --separate-stderr $MAILJOIN -o out "$@"
	show
}

look() {
	# shellcheck disable=SC2086 # words, on purpose
	run --separate-stderr $MAILJOIN "$@"
	show
}

cut() {
	python "$parts" "$@"
}

is_whole() {
	cmp "${1:-file.bin}" "out/${2:-${1:-file.bin}}"
}

# Nothing was named, and nothing of it lies about.
nothing_joined() {
	[ -z "$(ls -A out)" ]
}

# No parts are kept any more.
nothing_kept() {
	[ -z "$(find "$state" -mindepth 1 -type d)" ]
}

mail() {
	printf 'From: a@example.org\nSubject: %s\n\n' "$1"
	cat
}

@test "the four formats, and attachments with numbers" {
	local format

	prepare
	for format in parts uuencode shar partial numbered; do
		cut "$format" file.bin 9000 "in-$format"
		join "in-$format"
		[ "$status" -eq 0 ]
		is_whole
		nothing_kept
		rm out/file.bin
	done
}

@test "a label is found wherever a gateway left it" {
	local format strip

	prepare
	for format in parts uuencode shar; do
		for strip in "mail part" "part text" "mail text"; do
			cut "$format" file.bin 9000 in --strip "${strip% *}" \
				--strip "${strip#* }"
			join in
			[ "$status" -eq 0 ]
			is_whole
			[ "$format/$strip" = "uuencode/mail text" ] ||
				[ "$format/$strip" = "shar/mail text" ] ||
				[[ $output == *verified* ]]
			rm -r in out/file.bin
		done
	done
}

@test "every size around the boundaries" {
	local size format

	for size in 0 1 2 44 45 46 56 57 58 99 100 101 199 200 201; do
		prepare "$size"
		for format in parts uuencode shar; do
			cut "$format" file.bin 100 in
			join in
			[ "$status" -eq 0 ]
			is_whole
			rm -r in out/file.bin
		done
	done
}

@test "a large file, in constant memory" {
	prepare 60000000
	cut parts file.bin 5000000 in
	/usr/bin/time -f %M -o peak "${MAILJOIN##* }" -o out in
	is_whole
	[[ $MAILJOIN == *' '* || $B == */asan ]] || [ "$(tail -1 peak)" -lt 30000 ]
}

@test "any order, and in several runs" {
	local n

	prepare
	cut parts file.bin 9000 in
	for n in 4 2 5 1; do
		join "in/00000$n.eml"
		[ "$status" -eq 1 ]
		nothing_joined
	done
	join in/000003.eml
	[ "$status" -eq 0 ]
	is_whole
	nothing_kept
}

@test "the same part again changes nothing" {
	prepare
	cut parts file.bin 9000 in
	cut parts file.bin 9000 in --prefix again-
	join in in
	[ "$status" -eq 0 ]
	is_whole
}

@test "what is missing is told, with the command that sends it" {
	prepare 100000
	cut parts file.bin 9000 in
	rm in/000002.eml in/00000[6-8].eml
	join in
	[ "$status" -eq 1 ]
	[[ $output == *"mailsend --resend $set --parts 2,6-8"* ]]
	nothing_joined
	look --status
	[ "$status" -eq 1 ]
	[[ $output == *"2,6-8"* ]]
	look --json
	[ "$status" -eq 1 ]
	json_of '[j["status"]] + [(s["missing"], s["missing_count"]) for s in
		j["sets"]] == ["incomplete", ("2,6-8", 4)]' <<<"$output"
}

@test "the last part missing is missing in every format" {
	local format

	prepare
	for format in parts uuencode shar partial; do
		cut "$format" file.bin 9000 in
		# shellcheck disable=SC2012 # our own names
		rm "in/$(ls in | tail -1)"
		join in
		[ "$status" -eq 1 ]
		nothing_joined
		rm -r in "$XDG_STATE_HOME"
	done
}

@test "a flipped byte is corrupt, and a good copy mends it" {
	prepare
	cut parts file.bin 9000 in --flip 3
	join in
	[ "$status" -eq 2 ]
	[[ $output == *"part 3"* ]]
	[[ $output == *"--parts 3"* ]]
	nothing_joined
	rm -r in
	cut parts file.bin 9000 in
	join in/000003.eml
	[ "$status" -eq 0 ]
	is_whole
}

@test "a part of the same number with other content is corrupt" {
	prepare
	cut parts file.bin 9000 in
	cp file.bin true.bin
	head -c 40000 /dev/urandom >file.bin
	cut parts file.bin 9000 forged
	join in/000001.eml in/000002.eml forged/000002.eml
	[ "$status" -eq 2 ]
	nothing_joined
	# what the others say proves the true ones
	join in
	[ "$status" -eq 0 ]
	cmp true.bin out/file.bin
}

@test "two sets in one mbox, between other mail" {
	local n

	prepare
	head -c 30000 /dev/urandom >second.bin
	cut parts file.bin 9000 one
	cut shar second.bin 9000 two --set $other
	for n in 4 2 5 3 1; do
		echo "From a@example.org Tue Nov 14 22:13:20 2023"
		cat "one/00000$n.eml"
		echo
		echo "From a@example.org Tue Nov 14 22:13:20 2023"
		printf 'From: a@example.org\nSubject: hello (1/2)\n\ntext\n\n'
		[ ! -e "two/00000$n.eml" ] || {
			echo "From a@example.org Tue Nov 14 22:13:20 2023"
			cat "two/00000$n.eml"
			echo
		}
	done >mbox
	join mbox
	[ "$status" -eq 0 ]
	is_whole
	is_whole second.bin
	rm out/*
	join - <mbox
	[ "$status" -eq 0 ]
	is_whole
	rm out/*
	join --set fedc mbox
	[ "$status" -eq 0 ]
	is_whole second.bin
	[ ! -e out/file.bin ]
}

@test "a Maildir: --delete takes away what was joined, and nothing else" {
	prepare
	cut parts file.bin 9000 in
	head -c 20000 /dev/urandom >second.bin
	cut parts second.bin 9000 two --set $other
	mkdir -p box/cur box/new box/tmp
	for f in in/*; do cp "$f" "box/new/a-${f#in/}"; done
	cp two/000001.eml box/new/b-1
	mail hello <<<text >box/new/c-1
	join --delete box
	[ "$status" -eq 1 ]
	is_whole
	[ "$(find box -type f | wc -l)" -eq 2 ]
	[ -e box/new/b-1 ] || [ -n "$(find box -name 'b-1*')" ]
	cp two/000002.eml box/new/b-2
	cp two/000003.eml box/new/b-3
	join --delete box
	[ "$status" -eq 0 ]
	is_whole second.bin
	[ "$(find box -type f | wc -l)" -eq 1 ]
}

@test "a damaged or forged mail is never deleted" {
	prepare
	cut parts file.bin 9000 in
	cut parts file.bin 9000 bad --flip 2 --prefix bad-
	mkdir -p box/cur box/new box/tmp
	cp bad/bad-000002.eml box/new/0bad
	cp in/* box/new
	join --delete box
	[ "$status" -eq 0 ]
	is_whole
	[ "$(find box -type f | wc -l)" -eq 1 ]
}

@test "a file that is there is never written over but by force" {
	prepare
	cut parts file.bin 9000 in
	echo precious >out/file.bin
	join in
	[ "$status" -eq 73 ]
	says force
	[ "$(cat out/file.bin)" = precious ]
	[ "$(ls -A out)" = file.bin ]
	join in
	[ "$status" -eq 73 ]
	join --force in
	[ "$status" -eq 0 ]
	is_whole
}

@test "what was joined before is found, and is complete" {
	local format

	prepare
	for format in parts partial; do
		cut "$format" file.bin 9000 in
		join in
		[ "$status" -eq 0 ]
		ls -i out/file.bin >before
		join in
		[ "$status" -eq 0 ]
		[[ $output == *already* ]]
		ls -i out/file.bin >after
		cmp before after
		nothing_kept
		rm -r in out/file.bin
	done
}

@test "a name from a mail does no harm" {
	local name

	prepare
	for name in ../evil /etc/evil '..\evil' -rf .hidden $'a\tb' \
		'a b.tgz' 'größe ✓.tgz' "it's" $'x\u202ey'; do
		cut parts file.bin 9000 in --name="$name"
		join in
		[ "$status" -eq 0 ]
		[ "$(find out -type f | wc -l)" -eq 1 ]
		cmp file.bin out/*
		[[ $(ls out) != [.-]* ]]
		[[ $(ls out) != *[[:cntrl:]]* ]]
		[ ! -e evil ] && [ ! -e /etc/evil ]
		rm -r in out
		mkdir out
	done
	cut parts file.bin 9000 in --name 'größe ✓.tgz'
	join in
	is_whole file.bin 'größe ✓.tgz'
}

@test "labels that lie" {
	local lie

	prepare
	for lie in 3:total=9000000000000 3:of=1000000 3:offset=1 3:size=8999 \
		3:n=999999 3:v=2 3:set=zz 3:n=0 3:sha256=00 \
		"3:file-sha256=$(printf '%064d' 0)" 3:size=18446744073709551616; do
		cut parts file.bin 9000 in --lie "$lie"
		join in
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ]
		nothing_joined
		rm -r in "$XDG_STATE_HOME"
	done
	# all of them say the same lie
	for lie in total=40001 total=9000000000000 of=6 \
		"file-sha256=$(printf '%064d' 0)"; do
		cut parts file.bin 9000 in --lie "$lie"
		join in
		[ "$status" -eq 2 ] || [ "$lie" = of=6 ]
		nothing_joined
		[ "$(du -sk "$XDG_STATE_HOME" | cut -f1)" -lt 400 ] ||
			[ "$(find "$XDG_STATE_HOME" -size +100k | wc -l)" -eq 0 ]
		rm -r in "$XDG_STATE_HOME"
	done
}

@test "numbers alone do not make a file whole that may go on" {
	prepare 36000
	cut numbered file.bin 9000 in
	join in
	[ "$status" -eq 1 ]
	[[ $output == *--parts* ]]
	nothing_joined
	join --parts 4 in
	[ "$status" -eq 0 ]
	is_whole
	rm -r out/* in
	# the subject tells how many there are
	cut numbered file.bin 9000 in --tell
	join in
	[ "$status" -eq 0 ]
	is_whole
}

@test "split -d counts from 0" {
	local f n=0

	prepare
	split -d -a 3 -b 9000 file.bin file.bin.
	mkdir in
	for f in file.bin.*; do
		n=$((n + 1))
		python - "$f" >"in/$n" <<-'END'
		import sys
		from email.message import EmailMessage
		m = EmailMessage()
		m["From"] = "a@example.org"
		m["Subject"] = "piece"
		m.set_content("here")
		with open(sys.argv[1], "rb") as f:
		    m.add_attachment(f.read(), maintype="application",
		                     subtype="octet-stream", filename=sys.argv[1])
		sys.stdout.write(m.as_string())
		END
	done
	join in
	[ "$status" -eq 0 ]
	is_whole
	rm out/*
	join in/2 in/3 in/4
	[ "$status" -eq 1 ]
}

@test "--output: a file, standard output, no folder" {
	prepare
	cut parts file.bin 9000 in
	look -o copy.bin in
	[ "$status" -eq 0 ]
	cmp file.bin copy.bin
	"${MAILJOIN##* }" -o - in >stdout.bin 2>/dev/null
	cmp file.bin stdout.bin
	# nobody can be told of it, and it is as whole
	"${MAILJOIN##* }" -o - in >stdout.bin 2>/dev/full
	cmp file.bin stdout.bin
	rm in/000002.eml
	"${MAILJOIN##* }" -o - in >stdout.bin 2>/dev/null && false
	[ ! -s stdout.bin ]
	look -o nowhere/ in
	[ "$status" -eq 73 ]
	cut parts file.bin 9000 two --set $other
	look -o one.bin in two
	[ "$status" -eq 64 ]
}

@test "--status and --list write nothing" {
	prepare
	cut parts file.bin 9000 in
	join --status in
	[ "$status" -eq 0 ]
	look --list in
	[ "$status" -eq 0 ]
	[[ $output == *"$set"* ]]
	[ ! -e "$XDG_STATE_HOME" ]
	rm in/000001.eml
	join --status in
	[ "$status" -eq 1 ]
	[ ! -e "$XDG_STATE_HOME" ]
}

@test "--wait: until the rest has come" {
	prepare
	cut parts file.bin 9000 in
	mkdir box
	mv in/000001.eml in/000003.eml box
	"${MAILJOIN##* }" -o out --wait 2m box >log 2>&1 &
	# it has looked once when the first parts are kept
	for ((i = 0; i < 300; i++)); do
		[ "$(find "$state" -name '[13]-5-*' 2>/dev/null | wc -l)" -lt 2 ] ||
			break
		sleep 0.1
	done
	mv in/* box
	wait $!
	is_whole
}

@test "--wait ends when the time is over" {
	prepare
	cut parts file.bin 9000 in
	rm in/000002.eml
	join --wait 1s in
	[ "$status" -eq 1 ]
}

@test "--json tells all of it" {
	prepare
	cut parts file.bin 9000 in
	join --json in
	[ "$status" -eq 0 ]
	json_of '[j["status"], j["failure"], j["messages"]] + [(s["verified"],
		s["paths"], s["total"]) for s in j["sets"]] == ["complete", None,
		5, (True, ["out/file.bin"], 40000)]' <<<"$output"
}

@test "nothing to join is not success" {
	prepare
	mail hello <<<text >hello.eml
	join hello.eml
	[ "$status" -eq 1 ]
	says "part of a split file"
	join
	[ "$status" -eq 1 ]
	says "part of a split file"
	cut parts file.bin 9000 in
	join in/000001.eml
	join hello.eml
	[ "$status" -eq 1 ]
	says "part of a split file"
	join no-such-file
	[ "$status" -eq 66 ]
}

@test "mistakes on the command line" {
	prepare
	for words in "--no-such" "--wait soon in" "--parts 0 in" "--set xyz in" \
		"--status --list" "--status --delete in" "--wait 1m"; do
		# shellcheck disable=SC2086 # words, on purpose
		look $words
		[ "$status" -eq 64 ]
		[ -n "$stderr" ]
	done
}

# ---- what others make -----------------------------------------------------

@test "mpack, every part of which has the total" {
	prepare
	mkdir in
	(cd in && mpack -m 14000 -s subject -o p ../file.bin)
	[ "$(find in -type f | wc -l)" -gt 2 ]
	join in
	[ "$status" -eq 0 ]
	is_whole
	rm out/*
	rm in/p.02
	join in
	[ "$status" -eq 1 ]
	nothing_joined
}

@test "mpack: a changed octet is found by its Content-MD5" {
	prepare
	mkdir in
	(cd in && mpack -m 14000 -s subject -o p ../file.bin)
	# the last line of the second part, in the midst of it
	python - in/p.02 <<-'END'
	import sys
	with open(sys.argv[1], "rb+") as f:
	    f.seek(-100, 2)
	    old = f.read(1)
	    f.seek(-100, 2)
	    f.write(b"A" if old != b"A" else b"B")
	END
	join in
	[ "$status" -eq 2 ]
	nothing_joined
}

@test "uuenview, with noise around its lines" {
	local f n=0 of

	prepare
	mkdir in
	uuenview -u -300 -o file.bin
	of=$(find . -maxdepth 1 -name 'file.[0-9]*' | wc -l)
	[ "$of" -gt 2 ]
	for f in file.[0-9]*; do
		n=$((n + 1))
		{ cat "$f" && printf -- '-- \nA list footer\n'; } |
			mail "file.bin ($n/$of)" >"in/$n"
	done
	join in
	[ "$status" -eq 0 ]
	is_whole
	rm out/* in/1
	join in
	[ "$status" -eq 1 ]
}

@test "uuencode cut by hand, one line gone" {
	prepare
	uuencode file.bin file.bin | split -l 300 - piece.
	mkdir in
	mail 'piece (1/3)' <piece.aa >in/1
	mail 'piece (2/3)' <piece.ab >in/2
	mail 'piece (3/3)' <piece.ac >in/3
	join in
	[ "$status" -eq 0 ]
	is_whole
	rm out/*
	sed '100s/.*/this line was lost/' piece.ab | mail 'piece (2/3)' >in/2
	join in
	[ "$status" -eq 2 ]
	nothing_joined
}

@test "GNU shar, in parts, with binaries, texts and folders" {
	local f

	prepare 30000
	mkdir in sub
	seq 1 4000 >text
	printf 'exit 0\n#!/bin/sh\nXbegin\nno newline' >sub/odd.txt
	: >empty
	shar -L 20 -n archive -o shar file.bin text empty sub/odd.txt
	[ "$(find . -maxdepth 1 -name 'shar.*' | wc -l)" -gt 2 ]
	for f in shar.*; do
		{ cat "$f" && printf -- '-- \nA list footer\n'; } |
			mail "archive $f" >"in/$f"
	done
	join in
	[ "$status" -eq 0 ]
	is_whole
	is_whole text
	is_whole empty
	cmp sub/odd.txt out/odd.txt
	rm out/*
	# the MD5 in it tells
	sed -i 's/^X\{0,1\}2001$/2002/' in/*
	join in
	[ "$status" -eq 2 ]
	nothing_joined
}

@test "an archive is read and never run" {
	prepare
	mail archive <<-'END' >evil.eml
	#!/bin/sh
	# This is a shell archive.
	touch was-run
	sed 's/^X//' << 'EOF' > "$(touch was-run)"
	Xa
	EOF
	sed 's/^X//' << 'EOF' > '../../outside'
	X$(touch was-run) `touch was-run`
	EOF
	sh << 'EOF'
	touch was-run
	EOF
	exit 0
	END
	join evil.eml
	[ "$status" -eq 0 ]
	[ ! -e was-run ] && [ ! -e ../outside ] && [ ! -e ../../outside ]
	# shellcheck disable=SC2016 # as it stands
	[ "$(cat out/outside)" = '$(touch was-run) `touch was-run`' ]
	[ "$(ls -A out)" = outside ]
}

# ---- killed ---------------------------------------------------------------

@test "killed again and again, it gets on" {
	local kills=0 pid

	prepare 3000000
	cut parts file.bin 100000 in
	for ((i = 0; i < 200; i++)); do
		"${MAILJOIN##* }" -o out in >/dev/null 2>&1 &
		pid=$!
		sleep "0.00$((i % 10 + 1))"
		kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
		wait $pid 2>/dev/null && break
		[ ! -e out/file.bin ] || is_whole
	done
	[ "$kills" -gt 0 ]
	join in
	[ "$status" -eq 0 ]
	is_whole
	[ "$(ls -A out)" = file.bin ]
	nothing_kept
}

# kill_at CALL N ARGUMENT... - at its N-th call of that kind; true when there
# was one.
kill_at() {
	local call=$1 n=$2

	shift 2
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e "trace=$call" \
		-e "inject=$call:signal=KILL:when=$n" \
		"${MAILJOIN##* }" "$@" >/dev/null 2>&1 || true
	grep -q 'killed by SIGKILL' trace
}

@test "killed at each of its steps" {
	local call n kills=0 box=$PWD/box

	prepare 25000
	cut parts file.bin 9000 in
	for call in mkdir rename link unlink rmdir fsync pwrite64 write close; do
		for ((n = 1; n < 200; n++)); do
			rm -rf box out "$XDG_STATE_HOME"
			mkdir -p box/cur box/new box/tmp out
			cp in/* box/new
			kill_at "$call" "$n" -o out --delete box || break
			kills=$((kills + 1))
			# what has its name is whole; no mail goes before that
			if [ -e out/file.bin ]; then
				is_whole
			else
				[ "$(find "$box" -type f | wc -l)" -eq 3 ]
			fi
			join --delete box
			if [ "$status" -ne 0 ]; then
				# the mails were gone, so all else was done
				is_whole
				[ "$(find "$box" -type f | wc -l)" -lt 3 ]
			fi
			is_whole
			[ "$(ls -A out)" = file.bin ]
			[ "$(find "$state" -mindepth 2 -name about | wc -l)" -eq 0 ]
		done
	done
	echo "killed $kills times"
	[ "$kills" -ge 30 ]
}

syncs() {
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=fsync \
		"${MAILJOIN##* }" -o out in >/dev/null 2>&1 || true
	grep -c 'fsync(' trace
}

@test "parts are synced only where their set stays incomplete" {
	prepare 100000
	cut parts file.bin 1000 in
	[ "$(syncs)" -lt 20 ]
	is_whole
	rm out/file.bin in/000050.eml
	[ "$(syncs)" -ge 99 ]
	[ "$(find "$state" -type f -name '*-*' | wc -l)" -eq 99 ]
	[ -z "$(find "$state" -name unsynced)" ]
}

# A run that was still at it when the power failed: the mark is there, and of
# what has a name some is empty, short or zero.
@test "what a power failure has spoiled comes again" {
	local part

	prepare
	cut parts file.bin 9000 in
	mkdir some
	cp in/00000[1234].eml some
	join some
	[ "$status" -eq 1 ]
	: >"$(find "$state" -name '1-5-*')"
	truncate -s 500 "$(find "$state" -name '2-5-*')"
	part=$(find "$state" -name '3-5-*')
	head -c 9000 /dev/zero >"$part"
	touch "${part%/*}/unsynced"
	join some
	[ "$status" -eq 1 ]
	[ -z "$(find "$state" -name unsynced)" ]
	join in
	[ "$status" -eq 0 ]
	[[ $stderr != *damaged* ]]
	is_whole
	nothing_kept
}

# ---- the manual -----------------------------------------------------------

@test "the manual has every option and no other" {
	local page=$root/man/mailjoin.1

	look --help all
	[ "$status" -eq 0 ]
	diff <(grep -oE -- '--[a-z][a-z-]+' <<<"$output" | sort -u) \
		<(grep -E '^\.(It|Fl) ' "$page" | grep -oE 'Fl Fl [a-z-]+' |
			sed 's/Fl Fl /--/' | sort -u)
	command -v mandoc >/dev/null || return 0
	mandoc -Tlint -Wwarning "$page"
}

# short N COMMAND... - the N-th allocation fails; how many there were is in the
# file allocations.
short() {
	local lib=${B:-$root/build}/queue/full.so

	[ -e "$lib" ] || make -s -C "$root" B="${B:-build}" "$lib" >&2
	head -c 64 /dev/zero >state
	LD_PRELOAD=$lib FULL_STATE=$PWD/state FULL_CALL=malloc FULL_AT=$1 \
		FULL_ERRNO=12 "${@:2}"
	status=$?
	od -An -tu4 -N4 state | tr -d ' ' >allocations
	return "$status"
}

@test "memory that is out when all files are there is no failure" {
	! nm "${MAILSEND##* }" 2>/dev/null | grep -q __asan_init ||
		skip 'a sanitizer has to be the first library'
	local join=${MAILSEND%mailsend}mailjoin
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'queue only' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	seq 9000 | mailsend --split 20k -s x -a -=file.txt bob@example.org
	rm -rf out && mkdir -p out
	short 0 "$join" -o out "$MAILSEND_QUEUE"/msg/*
	cmp out/file.txt <(seq 9000)
	rm -rf out "$home/.local" && mkdir out
	# the last one is of the report
	short "$(cat allocations)" "$join" -o out "$MAILSEND_QUEUE"/msg/* 2>err
	grep 'out of memory' err
	cmp out/file.txt <(seq 9000)
}
