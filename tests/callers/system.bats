#!/usr/bin/env bats
# system.bats - what a machine tells its administrator: cron, anacron, at,
# mdadm, logrotate run for real; fail2ban, apticron and Icinga by the command
# lines that are written in their files.
#
# shellcheck disable=SC2016,SC2154 # jobs for other shells; attempt sets status

load helper

setup_file() {
	callers_setup_file
}

setup() {
	callers_setup
}

teardown() {
	[[ -z ${daemon-} ]] || kill "$daemon" || :
	callers_teardown
}

# ---- cron

# cron_runs USER [CHARSET] - the real daemon starts, with the crontab that is
# on standard input; its @reboot jobs run at once.
cron_runs() {
	local -r table=/var/spool/cron/crontabs/$1
	rm -f /var/spool/cron/crontabs/* /run/crond.{reboot,pid}
	cat >"$table"
	chown "$1" "$table"
	chmod 600 "$table"
	LANG=${2-C.UTF-8} bare HOME=/root cron -f </dev/null >cron.log 2>&1 3>&- &
	daemon=$!
}

@test "cron: a job of root's" {
	cron_runs root <<-'END'
		@reboot echo 'The backup is done.'; printf 'a\n.\n..b\nno end'
	END
	await_mail bob
	holds bob headers/to~'@example.test' headers/from~'Cron Daemon.*@' \
		headers/subject~'^Cron <root@mail> echo .The backup' \
		body/text=$'The backup is done.\na\n.\n..b\nno end' \
		headers/x-cron-env~LOGNAME
}

@test "cron: a job of a user's, in UTF-8" {
	cron_runs alice <<-'END'
		@reboot echo 'Grüße aus München'; id -un
	END
	await_mail alice
	holds alice headers/to=alice@example.test headers/from~'Cron Daemon.*@' \
		headers/subject~'^Cron <alice@mail> echo .Grüße' \
		body/text=$'Grüße aus München\nalice'
}

@test "cron: UTF-8 from a daemon without a locale" {
	cron_runs alice C <<-'END'
		@reboot echo 'Grüße aus München'
	END
	await_mail alice
	holds alice body/text='Grüße aus München'
}

@test "cron: MAILTO with two addresses, in one argument" {
	cron_runs alice <<-'END'
		MAILTO=carol@example.test,root
		@reboot echo ready
	END
	await_mail carol
	await_mail bob
	holds carol body/text=ready
	holds bob body/text=ready
	mailbox alice 0
}

@test "cron: a long line and control characters" {
	cron_runs root <<-'END'
		@reboot head -c 3000 /dev/zero | tr '\0' x; printf '\n\033[1m\000 \r\n'
	END
	await_mail bob
	holds bob body/text~'^x{3000}$'
}

@test "cron: octets that are not of the charset that it declares" {
	cron_runs root <<-'END'
		@reboot printf 'caf\351\n'; echo last
	END
	await_mail bob
	holds bob body/text~'^café$' body/text~'^last$'
}

@test "cron: the server is away, and the user has the mail at home" {
	server_is_away
	cron_runs alice <<-'END'
		MAILTO=bob@example.test
		@reboot echo 'The backup failed.'
	END
	kept /srv/home/alice/dead.letter bob@example.test 'The backup failed.'
	[[ $(stat -c %U:%a /srv/home/alice/dead.letter) == alice:600 ]]
}

@test "cron: the server is away for a while: the mail waits, and goes" {
	server_is_away 'queue auto'
	cron_runs alice <<-'END'
		MAILTO=bob@example.test
		@reboot echo 'The backup failed.'
	END
	until_true alice_waits
	nothing_accepted
	configure_machine
	as alice env -C / mailsend --flush
	await_mail bob
	holds bob body/text~'The backup failed'
	if alice_waits; then return 1; fi
}

alice_waits() {
	[[ -n $(find /srv/home/alice/.local/state/mailsend/queue/env -type f) ]]
}

@test "cron: the line that --setup-queue writes is run, and is taken away again" {
	printf '# mine\n0 3 * * * true\n' | bare HOME=/root crontab -
	bare HOME=/root mailsend --setup-queue
	bare HOME=/root mailsend --setup-queue
	bare HOME=/root crontab -l >table
	[[ $(grep -c 'mailsend --flush --due' table) == 1 ]]
	head -n 2 table | cmp - <(printf '# mine\n0 3 * * * true\n')
	bare HOME=/root mailsend --queue=only -s hello bob@example.test <<<waited
	mailbox bob 0
	sed -n 's,^\*/5 \* \* \* \*,@reboot,p' table >reboot
	[[ -s reboot ]]
	bare HOME=/root mailsend --setup-queue=remove
	bare HOME=/root crontab -l | cmp - <(printf '# mine\n0 3 * * * true\n')
	cron_runs root <reboot
	await_mail bob
	holds bob headers/subject=hello body/text=waited
}

@test "cron: a job of --run's that fails is one mail, and that is ours" {
	cron_runs root <<-'END'
		PATH=/usr/bin:/bin
		@reboot mailsend --run --name backup root -- sh -c 'echo Grüße; echo trouble >&2; exit 3'
	END
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] backup: failed \(exit 3\) after' \
		headers/auto-submitted=auto-generated headers/references~'^<run' \
		body/text~'^Grüße$' body/text~'^! trouble$' \
		body/text~'^User: root$'
}

@test "cron: jobs of --run's that work, and one that works again" {
	bare mailsend --run --name backup root -- false || :
	await_mail bob
	rm -f "$MAIL_SPOOL/bob/new/"*
	cron_runs root <<-'END'
		PATH=/usr/bin:/bin
		@reboot mailsend --run --name quiet root -- echo nothing to tell; touch /run/quiet
		@reboot mailsend --run --name backup root -- echo done
	END
	await_mail bob
	until_true test -e /run/quiet
	holds bob headers/subject~'^\[[a-z]+\] backup: recovered' body/text~'^done$'
}

@test "cron: the server is away: the job's mail waits, its status is its own" {
	server_is_away 'queue auto'
	cron_runs alice <<-'END'
		PATH=/usr/bin:/bin
		MAILTO=""
		@reboot mailsend --run bob@example.test -- sh -c 'exit 3' 2>err; echo $? >status
	END
	until_true test -s /srv/home/alice/status
	[[ $(cat /srv/home/alice/status) == 3 ]]
	alice_waits
	configure_machine
	as alice env -C / mailsend --flush
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] sh: failed \(exit 3\)'
}

# ---- anacron, at

@test "anacron: a job that is due" {
	mkdir spool
	cat >anacrontab <<-'END'
		SHELL=/bin/sh
		1 0 weekly.job echo 'Rotated.'; echo .; echo last
	END
	attempt bare HOME=/root MAILTO=root anacron -f -n -d -t "$PWD/anacrontab" \
		-S "$PWD/spool"
	exits 0
	await_mail bob
	holds bob headers/from~'Anacron.*@' headers/subject~"^Anacron job 'weekly.job' on" \
		body/text~'^Rotated\.$'
}

@test "anacron: a recipient elsewhere" {
	mkdir spool
	cat >anacrontab <<-'END'
		MAILTO=carol@example.test
		1 0 daily echo 'Grüße'
	END
	attempt bare HOME=/root anacron -f -n -d -t "$PWD/anacrontab" \
		-S "$PWD/spool"
	exits 0
	await_mail carol
	holds carol headers/to=carol@example.test body/text='Grüße'
}

@test "at: a job that is due" {
	attempt as alice env -C / at now <<-'END'
		echo 'Tea is ready.'; echo .; echo 'Grüße'
	END
	exits 0
	attempt bare atd -s
	exits 0
	await_mail alice
	holds alice headers/to=alice@example.test headers/from~'@example.test' \
		headers/subject~'^Output from your job +[0-9]+$' \
		body/text=$'Tea is ready.\n.\nGrüße'
}

@test "at -m: a job without output" {
	attempt as bob env -C / at -m now <<<true
	exits 0
	attempt bare atd -s
	exits 0
	await_mail bob
	holds bob headers/to=bob@example.test headers/subject~'^Output from your job'
}

@test "at: the server is away, and the user has the mail at home" {
	server_is_away
	attempt as alice env -C / at now <<<'echo Tea is ready.'
	exits 0
	attempt bare atd -s
	kept /srv/home/alice/dead.letter alice@example.test 'Tea is ready.'
}

# ---- mdadm, logrotate

@test "mdadm --monitor --test" {
	cat >mdadm.conf <<-'END'
		MAILADDR root
		ARRAY /dev/md0 metadata=1.2 UUID=01020304:01020304:01020304:01020304
	END
	attempt mdadm --monitor --scan --oneshot --test --config mdadm.conf
	exits 0
	await_mail bob
	holds bob headers/from~'mdadm monitoring <.*@.*>' \
		headers/to~'@example.test' \
		headers/subject~'^TestMessage event on /dev/md0' \
		body/text~'^A TestMessage event had been detected on md device /dev/md0'
}

@test "mdadm: MAILFROM and a full address" {
	cat >mdadm.conf <<-'END'
		MAILADDR carol@example.test
		MAILFROM Discs of the house <discs@example.test>
		ARRAY /dev/md7 metadata=1.2 UUID=01020304:01020304:01020304:01020304
	END
	attempt mdadm --monitor --scan --oneshot --test --config mdadm.conf
	exits 0
	await_mail carol
	holds carol headers/from='Discs of the house <discs@example.test>' \
		headers/to=carol@example.test headers/subject~'^TestMessage event'
}

# rotate WORD... - the log once, by logrotate, with these words for it.
rotate() {
	{
		printf '%s {\nnocreate\nsu root root\n' "$PWD/app.log"
		printf '%s\n' "$@" '}'
	} >rotate.conf
	chmod 644 rotate.conf app.log
	attempt bare HOME=/root logrotate -f -s "$PWD/state" rotate.conf
	exits 0
}

@test "logrotate: mailfirst" {
	printf '%s\n' 'first' . '~! touch pwned' '..' 'Grüße' "$(printf '%03000d' 1)" \
		last >app.log
	cp app.log copy
	rotate 'rotate 3' mailfirst 'mail root'
	await_mail bob
	holds bob headers/subject~'app\.log' headers/to~'@example.test' \
		headers/from~'@example.test' body/text="$(<copy)"
	[[ ! -e pwned ]]
}

@test "logrotate: the log that goes, compressed meanwhile" {
	echo 'from long ago' >app.log
	rotate 'rotate 1' compress 'mail carol@example.test'
	mailbox carol 0
	echo 'from today' >app.log
	rotate 'rotate 1' compress 'mail carol@example.test'
	await_mail carol
	holds carol headers/subject~'app\.log' body/text='from long ago'
}

@test "logrotate: bytes of no charset" {
	printf 'caf\351\r\n\033[31mred\033[0m\r\nx\rprogress\n' >app.log
	rotate 'rotate 3' mailfirst 'mail bob@example.test'
	await_mail bob
	holds bob body/text~'^café$'
}

# ---- by the command lines in their files

@test "fail2ban: the sendmail action" {
	printf %b "Subject: [Fail2Ban] sshd: banned 192.0.2.7 from $(uname -n)
Date: $(LC_ALL=C date +"%a, %d %h %Y %T %z")
From: Fail2Bän <fail2ban@example.test>
To: root\n
Hi,\n
The IP 192.0.2.7 has just been banned by Fail2Ban after
3 attempts against sshd.\n\n
Regards,\n
Fail2Ban" | bare /usr/sbin/sendmail -f "fail2ban@example.test" "root"
	holds bob headers/from='Fail2Bän <fail2ban@example.test>' \
		headers/subject="[Fail2Ban] sshd: banned 192.0.2.7 from $(uname -n)" \
		headers/to~'@example.test' headers/return-path~fail2ban@example.test \
		body/text~'^The IP 192.0.2.7 has just been banned' \
		body/text~'^Fail2Ban$'
}

@test "fail2ban: the mail action" {
	printf %b "Hi,\n
The IP 192.0.2.7 has just been banned.\n
Regards,\n
Fail2Ban" | bare mail -E 'set escape' -s "[Fail2Ban] sshd: banned 192.0.2.7 from $(uname -n)" root
	holds bob headers/subject="[Fail2Ban] sshd: banned 192.0.2.7 from $(uname -n)" \
		body/text~'^The IP 192.0.2.7 has just been banned' \
		body/text~'^Fail2Ban$'
	mailbox bob 1
}

@test "apticron: MIME fields by -a" {
	printf '%s\n' 'apticron report' '' 'Grüße: libc6 2.36-9' |
		bare mailx -a "MIME-Version: 1.0" \
			-a "Content-type: text/plain; charset=UTF-8" \
			-a "Content-transfer-encoding: 8bit" \
			-s "3 Debian package update(s) for $(uname -n)" root
	holds bob headers/subject="3 Debian package update(s) for $(uname -n)" \
		body/text=$'apticron report\n\nGrüße: libc6 2.36-9' body/charset=utf-8
}

@test "Icinga: From by -a" {
	/usr/bin/printf '%b' "***** Icinga *****\n\nHost: web is DOWN!\nInfo: 100% loss\n" |
		bare /usr/bin/mail -a "From: Icinga <icinga@example.test>" \
			-s "[PROBLEM] Host web is DOWN!" carol@example.test
	holds carol headers/from='Icinga <icinga@example.test>' \
		headers/subject='[PROBLEM] Host web is DOWN!' \
		body/text=$'***** Icinga *****\n\nHost: web is DOWN!\nInfo: 100% loss'
}

@test "Nagios, smartd: mail -s" {
	/usr/bin/printf "%b" "***** Nagios *****\n\nState: CRITICAL\n.\nend" |
		bare /usr/bin/mail -s "** PROBLEM Service Alert: web/HTTP is CRITICAL **" \
			bob@example.test carol@example.test
	holds bob headers/subject='** PROBLEM Service Alert: web/HTTP is CRITICAL **' \
		body/text=$'***** Nagios *****\n\nState: CRITICAL\n.\nend'
	holds carol
}

@test "logwatch, sudo: sendmail -t, a bare From, no -i" {
	printf '%s\n' 'To: root' 'From: root' 'Subject: *** SECURITY information ***' \
		'' 'mail.example.test : alice : user NOT in sudoers' |
		bare /usr/sbin/sendmail -t
	holds bob headers/subject='*** SECURITY information ***' \
		headers/from~'@example.test' headers/to~'@example.test' \
		body/text='mail.example.test : alice : user NOT in sudoers'
}

@test "automysqlbackup: mutt -s -a -a -- R R" {
	head -c 3000 /dev/urandom >daily.sql.gz
	head -c 7 /dev/urandom >'weekly dump.sql.gz'
	echo 'The dumps' >log
	attempt mutt -s 'MySQL Backup Log' -a daily.sql.gz -a 'weekly dump.sql.gz' -- \
		bob@example.test carol@example.test <log
	exits 0
	holds bob headers/subject='MySQL Backup Log' body/text='The dumps' \
		"file/daily.sql.gz/sha256=$(sum daily.sql.gz)" \
		"file/weekly dump.sql.gz/sha256=$(sum 'weekly dump.sql.gz')"
	holds carol
}

@test "check_mailq: mailq of an empty queue" {
	attempt mailq
	exits 0
	says 'Mail queue is empty' out
}

@test "newaliases, after a package changed the file" {
	attempt newaliases
	exits 0
}
