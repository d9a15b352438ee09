#!/usr/bin/env bats
# --setup-service on a machine with a real systemd: one secret, all users.

# shellcheck disable=SC2016,SC2154 # helper.bash sets what is used here; $ is for inner shells
load helper
load systemd

setup_file() {
	systemd_start
	systemd_provider joe
}

teardown_file() {
	systemd_stop
}

setup() {
	untraced
	cd "$BATS_TEST_TMPDIR" || return 1
	on sh -c 'mailsend --setup-service=remove >/dev/null 2>&1
		rm -rf /etc/mailsend* /etc/msmtprc; systemctl reset-failed'
	find "$world/share/mail/new" -type f -delete 2>/dev/null || true
}

# configure [LINE...] - the machine's configuration, with the secret in it.
configure() {
	printf '%s\n' '# ours' 'account default' 'host localhost' \
		"port $(cat "$world/port")" 'tls on' \
		'tls_trust_file /share/ca.pem' 'auth on' 'user joe' \
		'password never-shown' 'from me@example.org' \
		'maildomain example.org' "$@" >"$world/share/conf"
	on install -m 600 /share/conf /etc/mailsend.conf
}

# sets_up ARGUMENT... - into $status, $output, $stderr.
sets_up() {
	run --separate-stderr on mailsend "$@"
	show
}

arrived() {
	find "$world/share/mail/new" -type f 2>/dev/null
}

# state_of - what of the machine --setup-service could change.
state_of() {
	on find /etc/mailsend /etc/mailsend.conf /etc/systemd/system \
		/var/lib/mailsend /var/lib/private /run/mailsend \
		-printf '%p %y %m %u %s %T@\n' 2>/dev/null |
		grep -v '^/etc/systemd/system[^/ ]* d\|^/var/lib/private d' | sort
	on md5sum /etc/mailsend.conf
}

as_alice() {
	on setpriv --reuid 2001 --regid 2001 --init-groups --bounding-set=-all \
		env HOME=/home/alice "$@"
}

@test "a user's mail goes by the service; the secret is nobody's but root's" {
	configure
	sets_up --setup-service
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ $output == *'nobody to me@example.org was sent'* ]]
	[[ $output != *never-shown* ]]
	# the units are shown before they are there
	[[ $output == *ProtectSystem=strict*'wrote /etc/systemd/system/mailsend-submit.service'* ]]
	[ "$(arrived | wc -l)" -eq 1 ]
	grep -q 'nobody' "$(arrived)"
	rm "$(arrived)"
	as_alice mailsend -s hello carol@example.net <<<hi
	[ "$(arrived | wc -l)" -eq 1 ]
	grep -q 'Received: from localhost (alice, uid 2001)' "$(arrived)"
	# what she may read
	as_alice cat /etc/mailsend.conf >client
	lacks never-shown client
	grep -qx 'socket /run/mailsend/submit' client
	grep -qx 'maildomain example.org' client
	[ "$(on stat -c %a /etc/mailsend.conf)" = 644 ]
	run -1 as_alice cat /etc/mailsend/service.conf
	run -2 as_alice ls /etc/mailsend
	run -2 as_alice ls /run/credentials/mailsend-submit.service
	run -2 as_alice ls /var/lib/mailsend/
	# nor in plain text anywhere below /etc
	on grep -rl never-shown /etc >found || true
	[ "$(cat found)" = /etc/mailsend/undo/mailsend.conf ]
	[ "$(on stat -c %a /etc/mailsend /etc/mailsend/undo/mailsend.conf)" = $'700\n600' ]
}

@test "it has no rights, and one more start gives the same" {
	configure
	sets_up --setup-service
	[ "$status" -eq 0 ]
	on sh -c 'grep -E "^(Uid|Cap...|NoNewPrivs|Seccomp):" \
		"/proc/$(systemctl show -p MainPID --value mailsend-submit)/status"' >rights
	[ "$(grep -c '0000000000000000' rights)" -eq 5 ]
	grep -q 'NoNewPrivs:.1' rights
	grep -q 'Seccomp:.2' rights
	lacks 'Uid:.*	0	' rights
	on systemctl restart mailsend-submit.service
	as_alice mailsend -s again carol@example.net <<<hi
	[ "$(arrived | wc -l)" -eq 2 ]
	# by the socket alone
	on systemctl stop mailsend-submit.service
	as_alice mailsend -s third carol@example.net <<<hi
	[ "$(arrived | wc -l)" -eq 3 ]
}

@test "remove leaves the machine as it was; twice is no failure" {
	configure
	state_of >before
	sets_up --setup-service
	[ "$status" -eq 0 ]
	sets_up --setup-service=remove
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	state_of >after
	diff before after
	[ "$(on systemctl is-active mailsend-submit.socket || true)" = inactive ]
	sets_up --setup-service=remove
	[ "$status" -eq 0 ]
	state_of | diff before -
	# root's mail goes as it did
	on mailsend -s hi carol@example.net </dev/null
	[ "$(arrived | wc -l)" -eq 2 ]
}

@test "again: nothing is asked or written anew, and what was changed stays" {
	configure
	sets_up --setup-service
	[ "$status" -eq 0 ]
	on sh -c 'echo "serve_rate 100/h" >>/etc/mailsend/service.conf'
	state_of | grep -v /var/lib >before
	sets_up --setup-service
	[ "$status" -eq 0 ]
	[[ $output == *'nobody to me@example.org was sent'* ]]
	state_of | grep -v /var/lib | diff before - | grep -v /run/mailsend >differs || true
	lacks '^[<>]' differs
	# somebody's work is not lost with it
	sets_up --setup-service=remove
	[ "$status" -eq 0 ]
	on grep -q 'serve_rate 100/h' /etc/mailsend/service.conf.old
	on grep -q '# ours' /etc/mailsend.conf
}

@test "a server that refuses: the clients' configuration is as it was" {
	configure
	on sed -i s/never-shown/wrong-word/ /etc/mailsend.conf
	on md5sum /etc/mailsend.conf >before
	sets_up --setup-service
	[ "$status" -eq 69 ]
	says '/etc/mailsend.conf is'
	says journalctl
	on md5sum /etc/mailsend.conf | diff before -
	on test ! -e /etc/mailsend/undo/mailsend.conf
	# set right, done: the secret is read anew
	configure
	sets_up --setup-service
	[ "$status" -eq 0 ]
}

@test "ended at any step, the next one goes on, and mail goes all the time" {
	configure
	on sh -c 'mkdir -p /opt/fake; printf "#!/bin/sh\n[ ! -e /opt/fake/stop ] || case \"\$*\" in *\$(cat /opt/fake/stop)*) kill -KILL \$PPID; sleep 60;; esac\nexec /usr/bin/systemctl \"\$@\"\n" >/opt/fake/systemctl; chmod +x /opt/fake/systemctl'
	for step in daemon-reload enable restart; do
		echo "$step" >"$world/share/stop"
		on cp /share/stop /opt/fake/stop
		run on env "PATH=/opt/fake:$PATH" /usr/local/bin/mailsend --setup-service
		[ "$status" -ne 0 ]
		on /usr/local/bin/mailsend -s "after $step" carol@example.net </dev/null
	done
	[ "$(arrived | wc -l)" -eq 3 ]
	sets_up --setup-service
	[ "$status" -eq 0 ]
	for step in disable daemon-reload; do
		echo "$step" >"$world/share/stop"
		on cp /share/stop /opt/fake/stop
		run on env "PATH=/opt/fake:$PATH" /usr/local/bin/mailsend --setup-service=remove
		on /usr/local/bin/mailsend -s "after $step" carol@example.net </dev/null
	done
	sets_up --setup-service=remove
	[ "$status" -eq 0 ]
	on test ! -e /etc/mailsend
	[ "$(arrived | wc -l)" -eq 6 ]
	on rm -r /opt/fake
}

@test "without systemd-creds the secret is root's file; several accounts" {
	configure 'fallback other' '' 'account other : default' \
		'from other@example.org' 'passwordeval echo never-shown'
	on mount --bind /bin/false /usr/bin/systemd-creds
	sets_up --setup-service you@example.org
	on umount /usr/bin/systemd-creds
	[ "$status" -eq 0 ]
	[[ $output == *'nobody to you@example.org was sent'* ]]
	on find /etc/mailsend/credentials -type f -printf '%f %m %u\n' | sort >files
	[ "$(cat files)" = $'password 600 root\npassword-2 600 root' ]
	on cat /etc/mailsend/service.conf >conf
	lacks never-shown conf
	grep -qx 'password_credential password-2' conf
	grep -q '^fallback "\?other' conf
}

@test "a certificate's key that root alone can read is handed over" {
	on sh -c 'install -m 600 /share/ca.pem /root/own-ca.pem'
	configure
	on sed -i 's,/share/ca.pem,/root/own-ca.pem,' /etc/mailsend.conf
	sets_up --setup-service
	[ "$status" -eq 0 ]
	on grep -qx 'LoadCredential=tls_trust_file:/root/own-ca.pem' \
		/etc/systemd/system/mailsend-submit.service
}

@test "mail that waits is kept at the end" {
	configure
	sets_up --setup-service
	[ "$status" -eq 0 ]
	kill -STOP "$(cat "$world/peer.pid")"
	on sed -i 's/^command_timeout.*//; $a timeout 2' /etc/mailsend/service.conf
	on systemctl restart mailsend-submit.service
	as_alice mailsend -s waits carol@example.net <<<hi
	kill -CONT "$(cat "$world/peer.pid")"
	[ -n "$(on ls /var/lib/mailsend/queue/env)" ]
	# as the manual has it
	awk '/^setpriv/ { on = 1 } /^\.Ed/ { on = 0 } on' "$root/man/mailsend.1" |
		sed 's/\\e$/\\/' >"$world/share/look.sh"
	on sh /share/look.sh >looked
	grep -q carol@example.net looked
	sets_up --setup-service=remove
	[ "$status" -eq 0 ]
	[[ $output == *'1 mails wait'* ]]
	[ -n "$(on ls /var/lib/mailsend/queue/env)" ]
	# ... nor is what could not be sent or read thrown away
	for place in queue/failed queue/bad dead.letter; do
		sets_up --setup-service
		[ "$status" -eq 0 ]
		on sh -c "rm -f /var/lib/mailsend/dead.letter
			find /var/lib/mailsend/queue -type f -delete
			path=/var/lib/mailsend/$place
			[ ! -d \$path ] || path=\$path/1aaaaaa-bbbbb
			echo kept >\$path"
		sets_up --setup-service=remove
		[ "$status" -eq 0 ]
		[[ $output == *'could not be sent'* ]]
		on grep -rqx kept /var/lib/mailsend/
	done
	on rm -rf /var/lib/mailsend /var/lib/private/mailsend
}
