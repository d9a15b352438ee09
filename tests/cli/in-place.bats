#!/usr/bin/env bats
# A file that is attached is read as it is sent: nothing is written for it, and
# one that cannot be read to its end is never half a mail.

# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2154 # helper.bash sets and
# reads what is used; the program may be a checker and a path
load helper
load sweep
load server

setup() {
	can_sweep
	own_home config
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	freeze ''
	configure
	find "$server/mail/new" "$server/mail/tmp" -type f -delete
	head -c 3000001 /dev/urandom >file.bin
}

# configure LINE... - an account by the server.
configure() {
	printf '%s\n' 'host localhost' "port $(cat "$server/port")" 'tls off' \
		'from me@example.org' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

# traced ARGUMENT... - strace's; $status, $stderr, and the file `trace`.
traced() {
	status=0
	strace -f -qq -o trace "$@" >output.txt 2>stderr.txt 3>&- || status=$?
	stderr=$(<stderr.txt)
}

arrived() {
	find "$server/mail/new" -type f
}

# The files that were opened to be written to, or were made without a name.
written() {
	grep -E 'O_(WRONLY|RDWR|CREAT|TMPFILE)' trace | grep -v ENOENT |
		grep -vE '/dev/(null|log|tty)|/proc/' || true
}

sum() {
	sha256sum <"$1" | cut -d' ' -f1
}

@test "a file: nothing is written to any disk" {
	traced -e trace=%file $MAILSEND -a file.bin -s x \
		bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(judge "$(arrived)" file/file.bin/sha256)" = "$(sum file.bin)" ]
	[ -z "$(written)" ] || {
		written
		return 1
	}
}

@test "a text file with a charset of its own, and one that is compressed here" {
	head -c 3000000 /dev/urandom | base64 >notes.txt
	echo 'grün' >>notes.txt
	traced -e trace=%file $MAILSEND -a notes.txt -s x \
		bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ -z "$(written)" ]
	[ "$(judge "$(arrived)" file/notes.txt/sha256)" = "$(sum notes.txt)" ]
	grep -q 'charset=utf-8' "$(arrived)"
	rm "$(arrived)"
	run $MAILSEND --compress gzip -a notes.txt -s x bob@example.org <<<text
	[ "$status" -eq 0 ]
	python - "$(arrived)" <<-'END'
		import email, gzip, sys

		with open(sys.argv[1], "rb") as file:
		    mail = email.message_from_binary_file(file)
		data = [part.get_payload(decode=True) for part in mail.walk()
		        if part.get_filename() == "notes.txt.gz"][0]
		with open("notes.txt", "rb") as file:
		    assert gzip.decompress(data) == file.read()
	END
}

@test "a pipe is written once: what was piped, and not the message" {
	traced -e trace=%file $MAILSEND -a -=pipe.bin -s x -i /dev/null \
		bob@example.org < <(cat file.bin)
	[ "$status" -eq 0 ]
	[ "$(written | wc -l)" -eq 1 ]
	[ "$(judge "$(arrived)" file/pipe.bin/sha256)" = "$(sum file.bin)" ]
}

@test "parts of a file: none is written anywhere but into the journal" {
	traced -e trace=%file $MAILSEND --split 1M -a file.bin -s x \
		bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(arrived | wc -l)" -gt 2 ]
	! written | grep -v "$XDG_STATE_HOME" || false
	arrived >all
	xargs "${MAILSEND%mailsend}mailjoin" --output joined <all
	cmp file.bin joined
}

# The disk fails amid the file, at each try to read that place.
broken_disk() {
	traced -P "$PWD/file.bin" -e trace=pread64 \
		-e inject=pread64:error=EIO:when=20+ $MAILSEND "$@" -s x \
		-a file.bin bob@example.org <<<'the text'
	grep -q INJECTED trace
}

@test "a file that cannot be read to its end: 74, no mail, and the text is kept" {
	configure 'queue never'
	broken_disk
	[ "$status" -eq 74 ]
	says 'file.bin'
	says 'input/output error'
	[ -z "$(arrived)" ]
	grep -q 'the text' home/dead.letter
}

@test "... nor is it queued" {
	broken_disk
	[ "$status" -eq 74 ]
	[ -z "$(arrived)" ]
	[ -z "$(find queue -path '*/env/*' -o -path '*/msg/*')" ]
	broken_disk --queue=only
	[ "$status" -ne 0 ]
	[ -z "$(find queue -path '*/env/*' -o -path '*/msg/*')" ]
	[ -z "$(find queue -type f -size +1k)" ]
}

@test "a file without a server: one's own Maildir and a command have it whole" {
	printf '%s\n' 'from me@example.org' >"$MAILSEND_CONFIG"
	run --separate-stderr $MAILSEND -a file.bin -s x alice <<<text
	[ "$status" -eq 0 ]
	[ "$(judge "$(mail_file)" file/file.bin/sha256)" = "$(sum file.bin)" ]
	printf '%s\n' 'from me@example.org' \
		"transport command cat >'$PWD/taken' #" >"$MAILSEND_CONFIG"
	run --separate-stderr $MAILSEND -a file.bin -s x bob@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(judge taken file/file.bin/sha256)" = "$(sum file.bin)" ]
	# and nobody has half of it
	rm taken home/Maildir/new/*
	broken_disk --queue=never
	[ "$status" -eq 74 ]
	[ ! -e taken ]
	printf '%s\n' 'from me@example.org' >"$MAILSEND_CONFIG"
	traced -P "$PWD/file.bin" -e trace=pread64 \
		-e inject=pread64:error=EIO:when=20+ $MAILSEND -s x \
		-a file.bin alice --queue=never <<<text
	[ "$status" -eq 74 ]
	nothing_sent
}

@test "--print writes all of it, or nothing" {
	run $MAILSEND --print -a file.bin -s x bob@example.org <<<text
	[ "$status" -eq 0 ]
	broken_disk --print
	[ "$status" -ne 0 ]
	[ ! -s output.txt ]
}

# judged COUNT - all that arrived: so many files, each as it is in `files`.
judged() {
	python - "$server/mail/new" "$1" <<-'END'
		import email, gzip, pathlib, sys

		count = 0
		for path in pathlib.Path(sys.argv[1]).iterdir():
		    mail = email.message_from_bytes(path.read_bytes())
		    for part in mail.walk():
		        name = part.get_filename()
		        if not name:
		            continue
		        data = part.get_payload(decode=True)
		        if name.endswith(".gz"):
		            name, data = name[:-3], gzip.decompress(data)
		        file = pathlib.Path("files", name)
		        assert data == file.read_bytes(), name
		        count += 1
		assert count == int(sys.argv[2]), count
	END
}

# many COUNT SIZE - files, and the options that attach them.
many() {
	local i

	mkdir files
	for ((i = 0; i < $1; i++)); do
		head -c "$2" /dev/urandom >"files/f$i"
		attached+=(-a "files/f$i")
	done
}

@test "more files than a process may have open: as they are, copied, compressed" {
	local attached=() how

	many 80 300000
	for how in --encoding=base64 --encoding=quoted-printable \
		--compress=gzip; do
		(ulimit -n 64 && exec $MAILSEND -s x "${attached[@]}" "$how" \
			bob@example.org <<<text)
		judged 80
		rm "$(arrived)"
	done
}

@test "a series whose mails have many files: as many at a time as may be open" {
	local attached=()

	many 20 20000
	(ulimit -n 64 && exec $MAILSEND -s x "${attached[@]}" \
		bob@example.org --each files/* <<<text)
	[ "$(arrived | wc -l)" -eq 20 ]
	judged 420
}
