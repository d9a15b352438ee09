#!/usr/bin/env bats
# systemd.bats - jobs of --run's on a machine with systemd: lines of a crontab
# that systemd-cron makes units of, and units that fail.
#
# shellcheck disable=SC2016,SC2154 # jobs for other shells; attempt sets status

load helper
load ../cli/systemd

setup_file() {
	[[ -n ${MAIL_HOST-} ]] || return 0 # servers_setup has a word on it
	callers_setup_file
	export root=${BATS_TEST_DIRNAME%/tests/callers}
	export systemd_tree=$MAIL_SERVERS/tree.systemd
	export systemd_root=$MAIL_SERVERS/space/root
	[[ -d $systemd_tree ]] || skip 'systemd-cron could not be fetched'
	systemd_start
	on systemd-sysusers
	on install -d /var/spool/cron/crontabs
	# systemd-cron's own mail asks the manager as another user than root
	on systemctl start dbus.socket || true
	# a timer may be a minute late otherwise
	on sh -c 'mkdir /etc/systemd/system/cron-.timer.d &&
		printf "[Timer]\nAccuracySec=1s\n" \
			>/etc/systemd/system/cron-.timer.d/soon.conf'
	cp "$MAIL_CA" "$world/share/ca.pem"
	on install -D -m 644 /share/ca.pem "$MAIL_CA"
	begin_journal
}

# Of this machine alone: without the kernel's messages and its audit.
begin_journal() {
	on sh -c 'rm -rf /var/log/journal && cd /etc/systemd/system &&
		rm systemd-journald.service systemd-journald.socket \
			systemd-journald-dev-log.socket &&
		mkdir -p /etc/systemd/journald.conf.d &&
		printf "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n" \
			>/etc/systemd/journald.conf.d/test.conf &&
		systemctl daemon-reload && systemctl start systemd-journald'
}

teardown_file() {
	systemd_stop
}

setup() {
	callers_setup
	on sh -c 'systemctl stop cron.target "cron-*.timer" 2>/dev/null
		systemctl reset-failed
		rm -rf /var/spool/cron/crontabs/* /var/spool/mailsend \
			/root/.local /root/dead.letter /srv/home/*/.local
		rm -f /etc/systemd/system/job.service'
	cp /etc/mailsend.conf /etc/aliases "$world/share/"
	on sh -c 'cp /share/mailsend.conf /share/aliases /etc/'
}

teardown() {
	[[ -z ${world-} ]] || on journalctl -b --no-pager -n 60 2>&1
	callers_teardown
}

# crontab_of USER - the crontab that is on standard input, and its units.
crontab_of() {
	cat >"$world/share/table"
	on sh -c 'cp /share/table "/var/spool/cron/crontabs/$1" &&
		chown "$1" "/var/spool/cron/crontabs/$1" &&
		chmod 600 "/var/spool/cron/crontabs/$1" &&
		systemctl daemon-reload && systemctl start cron.target' _ "$1"
}

# of_table - the unit of the first line's job.
of_table() {
	on systemctl list-unit-files 'cron-*-*.timer' --no-legend |
		sed -n 's/\.timer .*//p' | grep -v -- '-failure' | head -n 1
}

# run_now - what its timer would start; $status.
run_now() {
	status=0
	on systemctl start "$(of_table).service" || status=$?
}

@test "systemd-cron: its timer runs a job, whose mail is ours alone" {
	crontab_of root <<-'END'
		PATH=/usr/bin:/bin
		MAILTO=
		* * * * * mailsend --run --name backup root -- sh -c 'echo Grüße; echo trouble >&2; exit 3'
	END
	until_true has bob 1
	on systemctl stop "$(of_table).timer"
	holds bob headers/subject~'^\[[a-z]+\] backup: failed \(exit 3\) after' \
		headers/auto-submitted=auto-generated \
		body/text~'^Grüße$' body/text~'^! trouble$' body/text~'^User: root$'
}

@test "systemd-cron: the unit has the job's status; without MAILTO= it mails, too" {
	crontab_of alice <<-'END'
		PATH=/usr/bin:/bin
		0 3 * * * mailsend --run --name backup bob@example.test -- sh -c 'echo words; exit 3'
	END
	run_now
	[[ $status != 0 ]]
	[[ $(on systemctl show -P ExecMainStatus "$(of_table).service") == 3 ]]
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] backup: failed \(exit 3\)' \
		body/text~'^User: alice$'
	on test -S /run/dbus/system_bus_socket || return 0
	await_mail alice
	holds alice headers/subject~'^\[[^]]+\] job cron-.* failed$'
}

@test "systemd-cron: a job that works says nothing, and one that works again does" {
	crontab_of root <<-'END'
		PATH=/usr/bin:/bin
		MAILTO=
		0 3 * * * mailsend --run --name backup root -- test -e /run/works
	END
	run_now
	[[ $status != 0 ]]
	await_mail bob
	rm -f "$MAIL_SPOOL/bob/new/"*
	on touch /run/works
	run_now
	[[ $status == 0 ]]
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] backup: recovered'
	rm -f "$MAIL_SPOOL/bob/new/"*
	run_now
	[[ $status == 0 ]]
	mailbox bob 0
}

# unit LINE... - job.service, whose failure is mailed; $status.
unit() {
	printf '%s\n' '[Unit]' 'OnFailure=mailsend@%n.service' '[Service]' \
		'Type=oneshot' "$@" >"$world/share/job.service"
	sed 's|/usr/local/bin|/usr/bin|' \
		"$root/contrib/systemd/mailsend@.service" \
		>"$world/share/mailsend@.service"
	on sh -c 'cp /share/*.service /etc/systemd/system && systemctl daemon-reload'
	status=0
	on systemctl start job.service || status=$?
}

@test "OnFailure: the status of that run, and what it wrote" {
	unit 'ExecStart=/bin/sh -c "echo from this run; exit 3"'
	[[ $status != 0 ]]
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] job\.service: failed \(exit 3\)' \
		headers/auto-submitted=auto-generated body/text~'from this run'
	rm -f "$MAIL_SPOOL/bob/new/"*
	unit 'ExecStart=/bin/sh -c "echo from the next; exit 4"'
	await_mail bob
	holds bob headers/subject~'failed \(exit 4\)' body/text~'from the next'
}

@test "OnFailure: a signal, a time that is over" {
	unit 'ExecStart=/bin/sh -c "kill -KILL $$$$"'
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] job\.service: killed by SIGKILL'
	rm -f "$MAIL_SPOOL/bob/new/"*
	unit 'ExecStart=/bin/sleep 600' 'TimeoutStartSec=1'
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] job\.service: timed out'
}

@test "OnFailure: a unit that cannot be executed" {
	unit 'ExecStart=/nowhere/program'
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] job\.service: (not found|cannot be run|failed)'
}

@test "OnFailure of all services by a drop-in: one mail, and none about the mail" {
	unit 'ExecStart=/bin/true'
	[[ $status == 0 ]]
	on sh -c 'cd /etc/systemd/system && mkdir service.d mailsend@.service.d &&
		printf "[Unit]\nOnFailure=mailsend@%%n.service\n" \
			>service.d/mailsend.conf &&
		: >mailsend@.service.d/mailsend.conf &&
		printf "[Service]\nType=oneshot\nExecStart=/bin/false\n" \
			>other.service && systemctl daemon-reload'
	on systemctl start other.service || status=$?
	[[ $status != 0 ]]
	await_mail bob
	holds bob headers/subject~'^\[[a-z]+\] other\.service: failed \(exit 1\)'
	[[ -z $(on systemctl show -P OnFailure mailsend@other.service.service) ]]
	on sh -c 'cd /etc/systemd/system && rm -r service.d mailsend@.service.d \
		other.service && systemctl daemon-reload'
}
