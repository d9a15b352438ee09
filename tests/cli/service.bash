# service.bash - a machine with users, for the tests of the service that sends
# for all of them (service.bats, service-attack.bats): a mount namespace in which
# /etc is a copy with more users, and a folder that all of them can reach.  The
# users have numbers of their own, so that the kernel tells them apart.
# shellcheck shell=bash disable=SC2154,SC2119,SC2120

service_users=(alice bob www mailsend)
service_crowd=20

# add_user NAME UID - with a home of their own.
add_user() {
	echo "$1:x:$2:$2:$1 Example:$world/home/$1:/bin/sh" >>"$world/etc/passwd"
	echo "$1:x:$2:" >>"$world/etc/group"
	mkdir -m 700 "$world/home/$1"
	chown "$2:$2" "$world/home/$1"
}

setup_file() {
	local line n uid=2001 name

	[ "$EUID" -eq 0 ] || skip 'other users take root'
	command -v setpriv nsenter >/dev/null || skip 'no setpriv or nsenter'
	unshare --mount true 2>/dev/null || skip 'no mount namespaces here'
	[ "${MAILSEND##* }" = "$MAILSEND" ] || skip 'others cannot run a checker'
	world=$(mktemp -d /tmp/mailsend-service.XXXXXX)
	export world
	chmod 755 "$world"
	mkdir "$world/bin" "$world/home" "$world/run" "$world/client"
	cp -a /etc "$world/etc"
	rm -f "$world/etc/mailsend.conf" "$world/etc/msmtprc" \
		"$world/etc/aliases"
	for name in "${service_users[@]}"; do
		add_user "$name" $((uid++))
	done
	for ((n = 1; n <= service_crowd; n++)); do
		add_user "user$n" $((2100 + n))
	done
	echo 'staff2:x:3001:alice' >>"$world/etc/group"
	cp "$MAILSEND" "$world/bin/mailsend"
	cp "$root/tests/cli/smtp_client.py" "$world/bin/"
	cp -a "$root/tests/peer" "$world/peer"
	chmod -R go+rX "$world/bin"
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --propagation private bash -c \
		'mount --bind "$1/etc" /etc && mount -t tmpfs -o mode=755 run /run &&
			mount -t tmpfs -o mode=755 spool /var/spool &&
			echo ready && exec sleep infinity' \
		_ "$world" >"$world/holder.out" 3>&- &
	echo $! >"$world/holder.pid"
	until_true grep -q ready "$world/holder.out"
	mkfifo "$world/ready"
	python3 "$root/tests/peer/peer" --serve --certs "$world/certs" \
		--maildir "$world/mail" --tls none --auth '' \
		>"$world/ready" 2>"$world/peer.log" 3>&- &
	echo $! >"$world/peer.pid"
	while IFS= read -r line; do
		[[ $line != PEER_PORT=* ]] || echo "${line#*=}" >"$world/port"
		[ "$line" != ready ] || break
	done <"$world/ready"
	[ -s "$world/port" ]
}

teardown_file() {
	local pid

	[ -n "${world-}" ] || return 0
	for pid in "$world"/*.pid; do
		kill "$(cat "$pid")" 2>/dev/null || true
	done
	rm -rf "$world"
}

# until_true COMMAND... - within two minutes.
until_true() {
	local tries=1200

	until "$@"; do
		((tries--)) || return 1
		sleep 0.1
	done
}

within() {
	nsenter -t "$(cat "$world/holder.pid")" -m --wd="$world/client" "$@"
}

# as USER COMMAND... - in the world, with the environment of a login.
as() {
	local user=$1

	shift
	within setpriv --reuid "$(user_id "$user")" --regid "$(user_id "$user")" \
		--init-groups --inh-caps=-all --bounding-set=-all \
		env -i PATH="$world/bin:$PATH" HOME="$(home_of "$user")" \
		LC_ALL=C.UTF-8 "$@"
}

user_id() {
	awk -F: -v name="$1" '$1 == name { print $3 }' "$world/etc/passwd"
}

home_of() {
	awk -F: -v name="$1" '$1 == name { print $6 }' "$world/etc/passwd"
}

# service_conf LINE... - the service's file; its account leads to the peer.
service_conf() {
	printf '%s\n' 'host 127.0.0.1' "port $(cat "$world/port")" 'tls off' \
		'from noreply@example.org' 'queue_retry 1s' 'queue_warning off' \
		'logfile ~/log' "$@" >"$world/etc/mailsend/service.conf"
}

# In setup: nothing is left of the test before.
setup() {
	local name

	untraced
	cd "$BATS_TEST_TMPDIR" || return 1
	find "$world/mail/new" -type f -delete
	for name in "${service_users[@]}"; do
		find "$(home_of "$name")" -mindepth 1 -delete
	done
	rm -rf "$world/run" "$world/etc/mailsend" "$world/client"
	mkdir -m 755 "$world/run" "$world/etc/mailsend" "$world/client"
	rm -f "$world/etc/aliases"
	echo "socket $world/run/submit" >"$world/etc/mailsend.conf"
	: >"$world/etc/mailsend/service.conf"
	chmod 640 "$world/etc/mailsend/service.conf"
	chgrp 2004 "$world/etc/mailsend/service.conf"
	service_conf
}

teardown() {
	local log

	stop_service KILL || true
	end_all
	for log in "$world"/client/*.log; do
		[ ! -e "$log" ] || lacks 'Sanitizer\|runtime error' "$log"
	done
}

# end_all - whatever still runs in the world, but for who keeps it.
end_all() {
	local holder pid mounts

	holder=$(cat "$world/holder.pid")
	mounts=$(readlink "/proc/$holder/ns/mnt")
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		if [ "$pid" != "$holder" ] &&
			[ "$(readlink "/proc/$pid/ns/mnt" 2>/dev/null)" = "$mounts" ]; then
			kill -KILL "$pid" 2>/dev/null || true
		fi
	done
	until_true all_ended "$holder" "$mounts"
}

all_ended() {
	local pid

	for pid in /proc/[0-9]*; do
		[ "${pid#/proc/}" = "$1" ] ||
			[ "$(readlink "$pid/ns/mnt" 2>/dev/null)" != "$2" ] ||
			return 1
	done
}

# as_service USER - the words that begin a service as that user.
as_service() {
	echo setpriv --reuid "$(user_id "$1")" --regid "$(user_id "$1")" \
		--init-groups --inh-caps=-all --bounding-set=-all \
		env -i "PATH=$world/bin:$PATH" "HOME=$(home_of "$1")" \
		LC_ALL=C.UTF-8
}

# start_service [ARGUMENT...] - by root, as in a unit; its log is service.log.
start_service() {
	launch env -i PATH="$PATH" LC_ALL=C.UTF-8 "$world/bin/mailsend" \
		--config /etc/mailsend/service.conf \
		--serve "unix:$world/run/submit" "$@"
}

# launch COMMAND... - a service in the world; $service is its process.
launch() {
	: >"$world/client/service.log"
	nsenter -t "$(cat "$world/holder.pid")" -m --wd="$world/client" "$@" \
		2>>"$world/client/service.log" 3>&- &
	service=$!
	until_true service_is_up
	kill -0 "$service"
}

service_is_up() {
	kill -0 "$service" 2>/dev/null || return 0
	grep -q 'listening on' "$world/client/service.log"
}

# stop_service [SIGNAL] - the status is its own.
stop_service() {
	[ -n "${service-}" ] || return 0
	kill "-${1:-TERM}" "$service" 2>/dev/null
	wait "$service"
	local status=$?
	service=
	return $status
}

# mail USER ARGUMENT... <TEXT - by the command, into $status, $output, $stderr.
mail() {
	local user=$1

	shift
	run --separate-stderr as "$user" mailsend "$@"
	show
	echo "service: $(cat "$world/client/service.log" 2>/dev/null)"
}

# talk USER <SCRIPT - by SMTP, what smtp_client.py's script prints in $output.
talk() {
	run --separate-stderr as "$1" python3 "$world/bin/smtp_client.py" \
		"$world/run/submit"
	show
	echo "service: $(cat "$world/client/service.log")"
	[ "$status" -eq 0 ]
}

arrived() {
	find "$world/mail/new" -type f
}

# arrived_are COUNT
arrived_are() {
	[ "$(arrived | wc -l)" -eq "$1" ]
}

# field NAME - of the one mail that has arrived.
field() {
	judge "$(arrived)" "headers/$1"
}

service_queue() {
	as mailsend mailsend --mailq --json "$@"
}
