#!/usr/bin/env bats
# Whichever way a signed mail takes, OpenSSL, GnuPG and dkimpy verify what comes
# of it (signed_judge.py).  The server is another one of us.
# shellcheck disable=SC2154 # of the helper

load helper

setup() {
	own_home client.conf
	: >server.conf
	chmod 600 server.conf client.conf
	# many processes: no two names of files may be the same
	local uid

	uid=$(id -u)
	export MAILSEND_FROZEN="host=host.example.org user=alice uid=$uid \
home=$home tty=0"
	judged make box
	all=$(find box -type f | wc -l)
}

teardown() {
	[ ! -e server.pid ] || kill "$(cat server.pid)" 2>/dev/null || true
	GNUPGHOME=$PWD/gnupg gpgconf --kill gpg-agent 2>/dev/null || true
}

judged() {
	python3 "$root/tests/cli/signed_judge.py" "$@"
}

verified() {
	judged verify "$home/Maildir/new" "$all"
}

# server - takes mail for alice; its port goes into the configuration.
server() {
	MAILSEND_CONFIG=$BATS_TEST_TMPDIR/server.conf begin_server || return 1
	printf '%s\n' 'host 127.0.0.1' 'tls off' 'from me@example.org' \
		"port $port" >client.conf
}

@test "--draft and sendmail -t" {
	local file

	for file in box/*; do
		mailsend --draft="$file" alice@localhost
	done
	verified
	rm -r "$home/Maildir"
	ln -s "$(command -v "${MAILSEND##* }")" sendmail
	for file in box/*; do
		./sendmail -t -i <"$file"
	done
	verified
}

@test "--batch of files, of an mbox, of a Maildir, of standard input" {
	mailsend --batch box
	verified
	rm -r "$home/Maildir"
	judged mbox box mbox
	mailsend --batch mbox
	verified
	mv "$home/Maildir" Maildir
	mailsend --batch Maildir
	verified
	rm -r "$home/Maildir"
	mailsend --batch - <mbox
	verified
}

@test "a batch that is taken up again, and one that is sent again" {
	local id

	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'queue never' \
		'from me@example.org' >client.conf
	send --batch box
	[ "$status" -eq 75 ]
	nothing_sent
	: >client.conf
	id=$(ls "$home/.local/state/mailsend/series")
	mailsend --resume "$id"
	verified
	rm -r "$home/Maildir"
	mailsend --resend "$id"
	verified
}

@test "over a server, and from the queue" {
	server
	mailsend --batch box
	verified
	rm -r "$home/Maildir"
	mailsend --set queue=only --batch box
	nothing_sent
	mailsend --flush
	verified
	rm -r "$home/Maildir"
	mailsend --set queue=only --batch box
	kill "$(cat server.pid)"
	wait "$(cat server.pid)" || true
	mailsend --flush || true
	nothing_sent
	server
	mailsend --flush
	verified
}
