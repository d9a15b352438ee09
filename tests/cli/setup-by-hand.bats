#!/usr/bin/env bats
# The README's way to one secret for a machine without systemd, followed word by
# word on a machine of its own.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper
load systemd

setup_file() {
	systemd_start sleep infinity
	systemd_provider you@example.org
}

teardown_file() {
	systemd_stop
}

# section TITLE - the first block of code below it, as one would type it.
section() {
	awk -v title="### $1" '$0 == title { on = 1; next } /^#/ && on { exit }
		on && /^    / { print substr($0, 5); seen = 1; next }
		seen { exit }' "$root/README.md"
}

arrived() {
	find "$world/share/mail/new" -type f 2>/dev/null
}

@test "without systemd: the README's lines make a service for all users" {
	section 'Without systemd' >typed
	[ "$(wc -l <typed)" -gt 15 ]
	# the provider is ours, and somebody types the password
	sed -e "s/^host .*/host localhost\ntls_trust_file \/share\/ca.pem/" \
		-e "s/^port .*/port $(cat "$world/port")/" \
		-e 's,^\(install .*/dev/stdin /etc/mailsend/password\) .*,echo never-shown | \1,' \
		typed >"$world/share/typed.sh"
	sed -i 's,^runuser,until [ -S /run/mailsend/submit ]; do sleep 0.1; done; &,' \
		"$world/share/typed.sh"
	# into a file: the service holds on to what it is
	on sh -e /share/typed.sh >typed.log 2>&1 3>&- || {
		cat typed.log
		false
	}
	[ "$(arrived | wc -l)" -eq 1 ]
	grep -q 'Received: from localhost (nobody, uid ' "$(arrived)"
	rm "$(arrived)"
	on setpriv --reuid 2001 --regid 2001 --init-groups \
		env HOME=/home/alice mailsend -s hello carol@example.net <<<hi
	grep -q '(alice, uid 2001)' "$(arrived)"
	rm "$(arrived)"
	run -1 on setpriv --reuid 2001 --regid 2001 --init-groups \
		cat /etc/mailsend/password
	# it is root no more
	on sh -c 'ps -o user= -C mailsend | sort -u' >users
	[ "$(tr -d ' ' <users)" = mailsend ]
}

@test "in a container: any uid, a secret of the engine's, state in a volume" {
	cat >"$world/share/container.sh" <<-'END'
	mkdir -p /run/secrets /box/run /box/state
	mount -t tmpfs -o mode=755 secrets /run/secrets
	echo never-shown >/run/secrets/password
	chmod 444 /run/secrets/password
	chown 2000 /box/run /box/state
	cd /
	exec setpriv --reuid 2000 --regid 2000 --clear-groups --bounding-set=-all \
		env -i PATH=$PATH STATE_DIRECTORY=/box/state mailsend \
		--serve unix:/box/run/submit --config /share/service.conf
	END
	printf '%s\n' 'host localhost' "port $(cat "$world/port")" 'tls on' \
		'tls_trust_file /share/ca.pem' 'auth on' 'user you@example.org' \
		'password_file /run/secrets/password' 'from you@example.org' \
		>"$world/share/service.conf"
	on sh /share/container.sh >container.log 2>&1 3>&- &
	tries=300
	until on test -S /box/run/submit; do
		((tries--))
		sleep 0.1
	done
	on setpriv --reuid 2001 --regid 2001 --init-groups env HOME=/home/alice \
		mailsend --config /dev/null --set socket=/box/run/submit \
		--queue=never -s hello carol@example.net <<<hi
	cat container.log
	grep -q '(alice, uid 2001)' "$(arrived)"
	on test -d /box/state/queue
}
