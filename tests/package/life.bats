#!/usr/bin/env bats
# life.bats - mailsend and mailsend-mta are installed, used, upgraded, removed
# and purged, by apt and dpkg.

load helper

setup() {
	new_root needs
}

teardown() {
	stop_sink
	drop_root
}

# queue_mail USER SUBJECT - where the relay is away.
queue_mail() {
	as "$1" mailsend -s "$2" bob@example.test <<<"Hello." 2>&1
}

# waits SUBJECT - whose queue it is in is not asked.
waits() {
	grep -rqs "^Subject: $1" "$ROOT/var/spool/mailsend" \
		"$ROOT"/home/*/.local/state/mailsend
}

add_alice() {
	within useradd -m alice
}

@test "a bare Debian has all that they need when they are installed" {
	drop_root
	new_root bare
	install_ours "$FIRST"
	is_installed libcurl4
	is_installed ca-certificates
	within mailsend --version >version
	cat version
	[[ $(grep -c 'libcurl \|OpenSSL ' version) == 2 ]]
	not grep 'libcurl .*missing\|OpenSSL .*missing' version
	# No root of the test's own: a server's certificate is believed.
	[[ -s $ROOT/etc/ssl/certs/ca-certificates.crt ]]
}

@test "what is recommended makes all of it work" {
	apt install "$(deb "/packages${FIRST#"$PACKAGE_FOLDER"}" mailsend)"
	within mailsend --version >version
	cat version
	grep Libraries version
	not grep missing version
}

@test "nothing runs, listens or is enabled but the retries" {
	find "$ROOT/etc/systemd" -type l -printf '%f\n' | sort >before
	install_ours "$FIRST"
	# The processes of this namespace are the test's, and they are outside.
	for pid in /proc/[0-9]*; do
		[[ $(readlink "$pid/root") != "$ROOT" ]] || cat "$pid/cmdline"
	done >running 2>/dev/null
	[[ ! -s running ]]
	[[ -z $(ss -Hltuxp) ]]
	find "$ROOT/etc/systemd" -type l -printf '%f\n' | sort |
		comm -13 before - >enabled
	printf 'mailsend-queue.%s\n' path timer | diff - enabled
	[[ $(stat -c '%a %u:%g' "$ROOT/var/spool/mailsend") == '1733 0:0' ]]
	[[ ! -e $ROOT/etc/mailsend.conf ]]
}

@test "systemd finds no fault with the units" {
	install_ours "$FIRST"
	command -v systemd-analyze || skip "there is no systemd-analyze"
	mkdir units
	cp "$ROOT"/lib/systemd/system/mailsend-* units
	# Their programs are in another root.
	sed -i "s,=/usr/bin/,=$ROOT/usr/bin/," units/*
	systemd-analyze verify --man=no units/* 2>&1 | tee faults
	not grep mailsend faults
}

@test "each name answers, with its page" {
	local name
	install_ours "$FIRST"
	for name in mailsend mailget mailjoin /usr/sbin/sendmail /usr/lib/sendmail \
		mailq newaliases mail mailx; do
		within "$name" --version
		name=${name##*/}
		[[ -n $(find "$ROOT/usr/share/man/" -name "$name.[1-8].gz") ]]
	done
	# Whatever it is a link to is there, too.
	find "$ROOT"/usr/share/man "$ROOT"/usr/bin/mail* "$ROOT"/etc/alternatives \
		-lname '*mail*' >links
	[[ $(wc -l <links) -ge 8 ]]
	sed "s,^$ROOT,," links | while read -r name; do
		within test -e "$name"
	done
}

@test "mail to this machine's users arrives without any configuration" {
	add_alice
	install_ours "$FIRST"
	within mail -s one root <<<"To root."
	as alice sendmail -t <<<$'To: alice\nSubject: two\n\nTo alice.'
	judge "$(mail_of /root)" headers/subject=one body/text='To root.'
	judge "$(mail_of /home/alice)" headers/subject=two body/text='To alice.'
}

@test "an upgrade keeps the configuration and the queue, which is delivered" {
	add_alice
	install_ours "$FIRST"
	use_sink
	cp -a "$ROOT/etc/mailsend.conf" before.conf
	echo '# ours' >>"$ROOT/etc/cron.d/mailsend"
	queue_mail root waiting-root
	queue_mail alice waiting-alice
	waits waiting-root && waits waiting-alice

	# As unattended-upgrades does it, at no terminal.
	install_ours "$NEXT" </dev/null
	within mailsend --version | grep -F '+next'
	within dpkg -s mailsend-mta | grep -F '+next'
	cmp before.conf "$ROOT/etc/mailsend.conf"
	tail -n 1 "$ROOT/etc/cron.d/mailsend" | grep -x '# ours'
	waits waiting-root && waits waiting-alice

	start_sink
	within mailsend --flush
	as alice mailsend --flush
	judge "$(taken '^Subject: waiting-root')" headers/delivered-to=bob@example.test
	judge "$(taken '^Subject: waiting-alice')" headers/delivered-to=bob@example.test
	[[ $(find "$SINK" -type f | wc -l) == 2 ]]
	not waits waiting
}

@test "a retry that an administrator has switched off stays off" {
	install_ours "$FIRST"
	rm "$ROOT"/etc/systemd/system/*.wants/mailsend-queue.*
	install_ours "$NEXT"
	[[ -z $(find "$ROOT/etc/systemd" -name 'mailsend*') ]]
}

@test "a removal keeps configuration and queue, and a purge leaves nothing" {
	files >before
	install_ours "$FIRST"
	use_sink
	within mailq
	queue_mail root waiting
	apt remove mailsend mailsend-mta
	[[ -f $ROOT/etc/mailsend.conf && -f $ROOT/etc/cron.d/mailsend ]]
	[[ ! -e $ROOT/usr/bin/mailsend && ! -e $ROOT/usr/sbin/sendmail ]]
	[[ ! -e $ROOT/usr/bin/mail ]]
	waits waiting

	# It is sent after all, so that there is nothing to keep.
	install_ours "$FIRST"
	start_sink
	within mailsend --flush
	taken '^Subject: waiting'
	apt purge mailsend mailsend-mta 2>&1 | tee said
	not grep 'not sent' said
	files | diff before -
}

@test "a purge keeps mail that was not sent, says so, and it is sent later" {
	files >before
	install_ours "$FIRST"
	use_sink
	queue_mail root waiting
	apt purge mailsend mailsend-mta 2>&1 | tee said
	grep 'not sent.*/var/spool/mailsend' said
	waits waiting
	files >after
	diff before after >added || :
	cat added
	not grep '^[<>]' <(grep -v '^> /var/spool/mailsend' added)

	install_ours "$FIRST"
	use_sink
	start_sink
	within mailsend --flush
	taken '^Subject: waiting'
}

# service_made - as --setup-service leaves it, with a mail in its queue.
service_made() {
	local -r state=$ROOT/var/lib/private/mailsend
	local unit
	mkdir -p "$ROOT/etc/mailsend/credentials" "$state/queue/msg" \
		"$ROOT/etc/systemd/system/sockets.target.wants"
	echo secret >"$ROOT/etc/mailsend/credentials/password"
	ln -s private/mailsend "$ROOT/var/lib/mailsend"
	echo token >"$state/token"
	echo mail >"$state/queue/msg/1"
	for unit in service socket; do
		{
			echo '# Made by mailsend --setup-service; =remove takes it away.'
			cat "$ROOT/lib/systemd/system/mailsend-submit.$unit"
		} >"$ROOT/etc/systemd/system/mailsend-submit.$unit"
	done
	ln -s /etc/systemd/system/mailsend-submit.socket \
		"$ROOT/etc/systemd/system/sockets.target.wants"
}

@test "a purge removes the service and its secret, and keeps its mail" {
	mkdir -p "$ROOT/var/lib/private"
	files >before
	install_ours "$FIRST"
	service_made
	echo letter >"$ROOT/var/lib/private/mailsend/dead.letter"
	echo mine >"$ROOT/etc/systemd/system/mailsend-mine.service"
	apt purge mailsend mailsend-mta 2>&1 | tee said
	grep 'not sent.*/var/lib/private/mailsend/queue' said
	[[ -s $ROOT/var/lib/private/mailsend/queue/msg/1 ]]
	grep 'not sent.*/var/lib/private/mailsend/dead.letter' said
	[[ -s $ROOT/var/lib/private/mailsend/dead.letter ]]
	rm "$ROOT/etc/systemd/system/mailsend-mine.service"
	rm -r "$ROOT/var/lib/private/mailsend"
	files | diff before -
}

@test "a purge follows no link that a user laid into the spool directory" {
	local name
	add_alice
	install_ours "$FIRST"
	mkdir -p "$ROOT/srv/precious"/{msg,env,tmp}
	as alice mkdir /var/spool/mailsend/1000
	for name in msg env failed bad tmp; do
		as alice ln -s "/srv/precious/$name" "/var/spool/mailsend/1000/$name"
	done
	as alice ln -s /srv/precious /var/spool/mailsend/1001
	apt purge mailsend mailsend-mta
	[[ -d $ROOT/srv/precious/msg && -d $ROOT/srv/precious/env &&
		-d $ROOT/srv/precious/tmp ]]
}

@test "a spool directory that root's mailsend made itself is taken over" {
	mkdir -m 700 "$ROOT/var/spool/mailsend"
	install_ours "$FIRST"
	[[ $(stat -c %a "$ROOT/var/spool/mailsend") == 1733 ]]
	within dpkg-statoverride --update --add root root 0700 /var/spool/mailsend
	install_ours "$NEXT"
	[[ $(stat -c %a "$ROOT/var/spool/mailsend") == 700 ]]
}
