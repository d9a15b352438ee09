# users.bash - a machine with several users: a mount namespace for each test,
# with a password database, homes and a spool of its own.  Sourced after
# helper.bash; for root in the mounts of tests/private.
# shellcheck shell=bash disable=SC2154

# The machine of a test: /srv/home/NAME and /srv/bin are there, /var/spool is
# empty.  alice and bob are people, www-data has a home of root's, daemon one
# that is not there.
machine_setup() {
	untraced
	cd "$BATS_TEST_TMPDIR" || return 1
	if [ "$EUID" -ne 0 ] || [ "${MAILSEND_PRIVATE-}" != mounts ]; then
		skip "it needs root and mounts of its own"
	fi
	unshare --mount --propagation private sleep infinity 3>&- &
	machine=$!
	until_true own_namespace
	nsenter -t "$machine" -m bash -euc "$(declare -f make_machine)
		make_machine" || return 1
	words=()
	read -ra words <<<"$MAILSEND"
	in_machine install -m 755 "${words[-1]}" /srv/bin/mailsend
	in_machine ln -s mailsend /srv/bin/mailq
	in_machine ln -s mailsend /srv/bin/sendmail
}

machine_teardown() {
	[ -z "${machine-}" ] || kill "$machine" || true
}

own_namespace() {
	[ "$(readlink "/proc/$machine/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
}

# until_true COMMAND... - for two minutes.
until_true() {
	local i

	for ((i = 0; i < 1200; i++)); do
		if "$@"; then
			return 0
		fi
		sleep 0.1
	done
	echo "it never came true: $*"
	return 1
}

make_machine() {
	local name

	mount -t tmpfs -o mode=755 machine /srv
	mount -t tmpfs -o mode=755 spool /var/spool
	mount -t tmpfs -o mode=1777 spare /var/tmp
	mkdir -p /srv/bin /srv/home /srv/www
	cp -a /etc /srv/etc
	rm -f /srv/etc/msmtprc /srv/etc/mailsend.conf
	mount --bind /srv/etc /etc
	cat >/etc/passwd <<-'END'
		root:x:0:0:root:/srv/home/root:/bin/sh
		daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
		www-data:x:33:33:www-data:/srv/www:/usr/sbin/nologin
		alice:x:2001:2001:Alice:/srv/home/alice:/bin/bash
		bob:x:2002:2002:Bob:/srv/home/bob:/bin/sh
		carol:x:2003:2003:Carol:/srv/home/carol:/usr/sbin/nologin
		nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
	END
	cat >/etc/group <<-'END'
		root:x:0:
		daemon:x:1:
		www-data:x:33:
		secret:x:500:alice
		alice:x:2001:
		bob:x:2002:
		carol:x:2003:
		nogroup:x:65534:
	END
	for name in alice bob carol; do
		install -d -m 700 -o "$name" -g "$name" "/srv/home/$name"
	done
	install -d -m 700 /srv/home/root
}

# in_machine COMMAND... - as its root, with nothing of our environment.
in_machine() {
	(become_machine "$@")
}

# become_machine COMMAND... - in the place of this shell, for one in the
# background.
become_machine() {
	exec nsenter -t "$machine" -m -- env -i PATH=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/srv/home/root TZ=UTC LC_ALL=C.UTF-8 "$@"
}

# as USER COMMAND... - likewise, as a log-in would; without a home that is
# not there.
as() {
	local user=$1 home gid

	shift
	home=$(in_machine getent passwd "$user" | cut -d: -f6)
	gid=$(in_machine getent passwd "$user" | cut -d: -f4)
	in_machine setpriv --reuid "$user" --regid "$gid" --init-groups \
		env HOME="$home" "$@"
}

# root_runs COMMAND... - into $status, $output and $stderr.
root_runs() {
	run --separate-stderr in_machine "$@"
	show
}

# user_runs USER COMMAND...
user_runs() {
	run --separate-stderr as "$@"
	show
}

# configure_user USER LINE... - their own configuration.
configure_user() {
	local user=$1 home

	shift
	home=$(in_machine getent passwd "$user" | cut -d: -f6)
	as "$user" mkdir -p -m 700 "$home/.config/mailsend"
	printf '%s\n' "$@" | as "$user" tee "$home/.config/mailsend/config" \
		>/dev/null
	as "$user" chmod 600 "$home/.config/mailsend/config"
}

# configure_all LINE... - /etc/mailsend.conf.
configure_all() {
	printf '%s\n' "$@" | in_machine tee /etc/mailsend.conf >/dev/null
}

# queue USER SUBJECT... - mails that wait.
queue() {
	local user=$1 subject

	shift
	for subject; do
		as "$user" mailsend --queue=only -s "$subject" \
			"$subject@example.net" <<<"$subject" 2>err || {
			cat err
			return 1
		}
	done
}

# home_queue USER
home_queue() {
	echo "/srv/home/$1/.local/state/mailsend/queue"
}

# waits FOLDER - how many.
waits() {
	in_machine find "$1/env" -type f 2>/dev/null | wc -l
}

# ids FOLDER
ids() {
	in_machine find "$1/env" -type f -printf '%f\n' | sort
}
