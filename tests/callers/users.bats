#!/usr/bin/env bats
# users.bats - the mail of several users that had to wait, and what root, a
# timer and Nagios' check_mailq make of it.

# shellcheck disable=SC2154 # attempt sets status
load helper

setup_file() {
	callers_setup_file
}

# A timer of root's has run before: the spool is there.
setup() {
	callers_setup
	bare HOME=/root mailsend --flush --due
	server_is_away 'queue auto'
}

teardown() {
	callers_teardown
}

# web COMMAND... - as a page of a web server would.
web() {
	setpriv --reuid www-data --regid www-data --clear-groups \
		env -i -C / PATH=/usr/bin:/bin "$@"
}

# Mail of both waits, since the server was away.
both_wait() {
	as alice env -C / sendmail -i bob@example.test <<-'END'
		Subject: from alice

		The backup failed.
	END
	web "$(compgen -G '/usr/bin/php[0-9]*' | head -n 1)" -r 'mail("carol@example.test", "from a page", "An order.") or exit(1);'
	[[ -n $(find /srv/home/alice/.local/state/mailsend/queue/env -type f) ]]
	[[ -n $(find "/var/spool/mailsend/$(id -u www-data)/env" -type f) ]]
	nothing_accepted
}

# Both have arrived, and nothing waits any more.
both_arrived() {
	await_mail bob
	await_mail carol
	holds bob headers/subject='from alice' body/text~'backup failed'
	holds carol headers/subject='from a page' body/text~'An order'
	attempt bare HOME=/root mailq
	[[ $(cat out) == 'Mail queue is empty' ]]
}

@test "mailq and check_mailq of root's count the mail of alice and of a page" {
	both_wait
	attempt bare HOME=/root mailq
	exits 0
	says '(owner alice)' out
	says '(owner www-data)' out
	attempt bare HOME=/root /usr/lib/nagios/plugins/check_mailq -M postfix \
		-w 2 -c 3
	exits 1
	says 'mailq is 2' out
	attempt bare HOME=/root mailsend --mailq --check -w 2 -c 3
	exits 1
	says 'count=2;2;3' out
}

@test "check_mailq by another user sees that user's own" {
	both_wait
	attempt web /usr/lib/nagios/plugins/check_mailq -M postfix -w 2 -c 3
	exits 0
	says 'mailq (1)' out
}

@test "sendmail -q of root's delivers both, as their owners" {
	both_wait
	configure_machine
	attempt bare HOME=/root sendmail -q
	exits 0
	both_arrived
	[[ -z $(find /srv/home/alice ! -user alice) ]]
	[[ -z $(find "/var/spool/mailsend/$(id -u www-data)" ! -user www-data) ]]
}

@test "the line of the timer delivers what is due" {
	both_wait
	configure_machine
	bare HOME=/root mailq --retry ALL
	line=$(sed -n 's/^ExecStart=[^ ]*mailsend //p' \
		"$TESTS/../contrib/systemd/mailsend-queue.service")
	[[ -n $line ]]
	# shellcheck disable=SC2086 # words
	attempt bare HOME=/root mailsend $line
	exits 0
	[[ ! -s err ]]
	both_arrived
}
