#!/usr/bin/env bats
# callers.bats - cron, at, mdadm, PHP and git, installed by apt, send mail as
# soon as our packages are installed.

load helper

setup() {
	new_root callers
	install_ours "$FIRST"
	daemon=
}

teardown() {
	[[ -z $daemon ]] || kill "$daemon" || :
	stop_sink
	drop_root
}

# cron_runs LINE - the real daemon, with root's crontab.
cron_runs() {
	printf '%s\n' "$1" | within crontab -
	within cron -f 3>&- &
	daemon=$!
}

@test "cron, at and mdadm: without any configuration, to root's own mailbox" {
	cron_runs '@reboot echo The backup is done.'
	judge "$(mail_of /root)" headers/subject~'^Cron <root@mail' \
		body/text='The backup is done.'
	rm -r "$ROOT/root/Maildir"

	within at now <<<'echo Tea is ready.'
	within atd -s
	judge "$(mail_of /root)" headers/subject~'^Output from your job' \
		body/text='Tea is ready.'
	rm -r "$ROOT/root/Maildir"

	printf '%s\n' 'MAILADDR root' \
		'ARRAY /dev/md0 metadata=1.2 UUID=01020304:01020304:01020304:01020304' \
		>"$ROOT/etc/mdadm/mdadm.conf"
	within mdadm --monitor --scan --oneshot --test
	judge "$(mail_of /root)" headers/subject~'^TestMessage event on /dev/md0'
}

@test "cron: to an administrator elsewhere, by the relay" {
	start_sink
	use_sink 'aliases /etc/aliases'
	echo 'root: admin@example.test' >"$ROOT/etc/aliases"
	cron_runs '@reboot echo The backup is done.'
	judge "$(taken '^Subject: Cron ')" headers/delivered-to=admin@example.test \
		body/text='The backup is done.'
}

@test "PHP: mail(), as the user of a web server" {
	start_sink
	use_sink
	# shellcheck disable=SC2016 # PHP's
	as www-data php -r 'exit(mail("bob@example.test", "Order 7", "Dear Bob",
		"From: Shop <shop@example.test>") ? 0 : 1);'
	judge "$(taken '^Subject: Order 7')" headers/delivered-to=bob@example.test \
		headers/from='Shop <shop@example.test>' body/text='Dear Bob'
}

@test "git send-email" {
	start_sink
	use_sink
	within useradd -m alice
	as alice sh -ec 'cd && git init -q work && cd work &&
		git config user.name Alice &&
		git config user.email alice@example.test &&
		echo text >file && git add file && git commit -q -m "Add a file" &&
		git send-email --quiet --root --confirm=never --suppress-cc=all \
			--to=bob@example.test HEAD'
	judge "$(taken '^Subject: \[PATCH\] Add a file')" \
		headers/delivered-to=bob@example.test \
		headers/from='Alice <alice@example.test>'
}
