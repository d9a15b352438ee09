#!/usr/bin/env bats
# Many mails to a server: how many connections, what is asked of it, what is
# queued.  The server is another one of us.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

teardown() {
	end_programs
}

# server ARGUMENT... - takes mail for alice; its port goes into the
# configuration.
server() {
	MAILSEND_CONFIG=$BATS_TEST_TMPDIR/server.conf begin_server "$@" ||
		return 1
	printf '%s\n' 'host 127.0.0.1' 'tls off' 'from me@example.org' \
		"port $port" >"$MAILSEND_CONFIG"
}

a_file() {
	openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null |
		head -c "$1" >file.tgz
}

join() {
	"$root/tests/cli/split_judge.py" join "$home/Maildir" joined
	cmp joined file.tgz
}

setup() {
	own_home
	export MAILSEND_QUEUE=$home/queue
	: >server.conf
	chmod 600 server.conf "$MAILSEND_CONFIG"
	# many processes: no two names of files may be the same
	export MAILSEND_FROZEN="host=host.example.org user=alice uid=$EUID \
home=$home tty=0"
}

@test "the parts of a set go over one connection, a round trip each" {
	server
	a_file 300000
	send --split 50k -s x -a file.tgz --set "logfile=$PWD/log" \
		alice@localhost --transcript 2>/dev/null </dev/null
	[ "$status" -eq 0 ]
	join
	[ "$(grep -c '^C: EHLO' <<<"$stderr")" -eq 1 ]
	[ "$(grep -c '^C: QUIT' <<<"$stderr")" -eq 1 ]
}

@test "several connections at once: all parts once" {
	server
	a_file 600000
	send --split 30k --connections 4 -s x -a file.tgz alice@localhost \
		--transcript </dev/null
	[ "$status" -eq 0 ]
	join
	[ "$(grep -c '^C: EHLO' <<<"$stderr")" -gt 1 ]
	[ "$(grep -c '^C: EHLO' <<<"$stderr")" -le 4 ]
}

@test "--split auto takes what the server says, and a mail too large names it" {
	server --set serve_max_size=60k
	a_file 200000
	send -s x -a file.tgz alice@localhost </dev/null
	[ "$status" -eq 65 ]
	says --split
	rm -f "$home/dead.letter"
	send --split auto -s x -a file.tgz alice@localhost </dev/null
	[ "$status" -eq 0 ]
	join
}

@test "parts that cannot go now wait in the queue" {
	a_file 100000
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'from me@example.org' \
		>"$MAILSEND_CONFIG"
	send --split 30k -s x -a file.tgz alice@localhost </dev/null
	[ "$status" -eq 0 ]
	says queue
	[ "$(find "$MAILSEND_QUEUE/env" -type f | wc -l)" -gt 3 ]
	server
	run mailsend --flush
	[ "$status" -eq 0 ]
	join
}

@test "without a queue the series stops, and goes on when told to" {
	a_file 100000
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'from me@example.org' \
		'queue never' >"$MAILSEND_CONFIG"
	send --split 30k -s x -a -=file.tgz alice@localhost < <(cat file.tgz)
	[ "$status" -eq 75 ]
	says --resume
	local id
	id=$(ls "$home/.local/state/mailsend/series")
	server
	send --resume "$id" </dev/null
	[ "$status" -eq 0 ]
	join
}

@test "--compress makes a name that says so, and leaves archives alone" {
	server
	yes text | head -c 500000 >log.txt
	gzip -c log.txt >archive.gz
	send --compress gzip -s x -a log.txt -a archive.gz alice@localhost </dev/null
	[ "$status" -eq 0 ]
	python - "$home/Maildir/new" <<-'END'
		import email, gzip, os, sys
		new = sys.argv[1]
		with open(os.path.join(new, os.listdir(new)[0]), "rb") as file:
		    m = email.message_from_binary_file(file)
		parts = {p.get_filename(): p.get_payload(decode=True)
		         for p in m.walk() if p.get_filename()}
		assert gzip.decompress(parts["log.txt.gz"]) == open("log.txt", "rb").read()
		assert parts["archive.gz"] == open("archive.gz", "rb").read()
	END
	for tool in xz zstd; do
		rm -rf "$home/Maildir"
		send --compress $tool -s x -a log.txt alice@localhost </dev/null
		[ "$status" -eq 0 ] || { says built && continue; }
		[ "$(delivered)" -eq 1 ]
	done
}

@test "a home that cannot be written to hinders no series" {
	server
	a_file 150000
	rm -rf "$home/.local"
	: >"$home/.local" # nothing can be made below it, not even by root
	local how
	for how in '--split 50k -s x -a file.tgz alice@localhost' \
		'--each file.tgz file.tgz -s x alice@localhost' '--batch -'; do
		rm -rf "$home/Maildir"
		# shellcheck disable=SC2086 # words, on purpose
		send --set queue=never $how < <(
			printf 'From x\nTo: alice@localhost\nSubject: s\n\nx\n'
		)
		[ "$status" -eq 0 ]
		[[ $stderr == *'Not a directory'*--resume* ]]
		[ "$(delivered)" -gt 0 ]
	done
}
