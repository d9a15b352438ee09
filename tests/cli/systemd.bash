# systemd.bash - a machine of its own with a real systemd, for the tests of what
# is installed for one: all that is not the project is a layer above, and goes
# with it.  /share is the folder of that name in $world; the packages that are
# unpacked in $systemd_tree, if that is set, are installed there.  $systemd_root
# is what it is made of, if the root of the caller's mounts is another: a chroot is
# left for that, as only the root of mounts can be exchanged.
# shellcheck shell=bash disable=SC2154

# What would touch the kernel's settings or wait for a network.
systemd_masked=(systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service
	systemd-tmpfiles-clean.service systemd-sysctl.service
	systemd-udevd.service systemd-udev-trigger.service
	systemd-hwdb-update.service systemd-journald.service
	systemd-journal-flush.service systemd-random-seed.service
	systemd-update-utmp.service systemd-binfmt.service
	systemd-modules-load.service systemd-remount-fs.service
	systemd-machine-id-commit.service systemd-firstboot.service
	systemd-sysusers.service systemd-journald.socket
	systemd-journald-dev-log.socket systemd-journald-audit.socket
	systemd-udevd-control.socket systemd-udevd-kernel.socket
	local-fs.target network-online.target)

# systemd_boot COMMAND... - the first process of new namespaces becomes that.
systemd_boot() {
	local name R=$world/layers/root

	[ -d "$world" ] || return 1
	mount --make-rprivate / && mkdir "$world/layers" &&
		mount -t tmpfs layers "$world/layers" || return 1
	mkdir "$world/layers"/{upper,work,root}
	mount -t overlay layers "$R" \
		-o "lowerdir=${systemd_tree:+$systemd_tree:}${systemd_root:-/}" \
		-o "upperdir=$world/layers/upper,workdir=$world/layers/work" &&
		mount -t tmpfs -o mode=1777 tmp "$R/tmp" &&
		mount -t tmpfs -o mode=755 run "$R/run" &&
		mount -t proc proc "$R/proc" &&
		mount --bind "$R/proc/sys" "$R/proc/sys" &&
		mount -o remount,ro,bind "$R/proc/sys" &&
		mount -t sysfs sys "$R/sys" -o ro &&
		mount -t cgroup2 cgroup "$R/sys/fs/cgroup" &&
		mount -t tmpfs -o mode=755 dev "$R/dev" || return 1
	for name in null zero full random urandom tty; do
		cp -a "/dev/$name" "$R/dev/" || return 1
	done
	mkdir "$R/dev/pts" "$R/dev/shm" "$R/dev/mqueue" "$R/dev/hugepages"
	ln -s /proc/self/fd "$R/dev/fd"
	ln -s fd/0 "$R/dev/stdin"
	ln -s fd/1 "$R/dev/stdout"
	ln -s fd/2 "$R/dev/stderr"
	ln -s pts/ptmx "$R/dev/ptmx"
	mount -t tmpfs -o mode=1777 shm "$R/dev/shm" &&
		mount -t devpts pts "$R/dev/pts" -o newinstance,ptmxmode=0666 &&
		mkdir -p "$R/share" && mount --bind "$world/share" "$R/share" &&
		cd "$R" && mkdir -p old && pivot_root . old && umount -l /old &&
		mount --make-rshared / || return 1
	rm -rf /etc/systemd/system/*.wants /etc/mailsend* /etc/msmtprc
	for name in "${systemd_masked[@]}"; do
		ln -sf /dev/null "/etc/systemd/system/$name"
	done
	printf '[Unit]\nDescription=no more than this\n' \
		>/etc/systemd/system/bare.target
	[ "$1" = systemd ] || exec "$@"
	# shellcheck disable=SC2093 # it is what this process becomes
	exec env container=test /lib/systemd/systemd --system --unit=bare.target \
		--log-target=console --show-status=no </dev/null
}

# systemd_start [COMMAND...] - into $world, with systemd or another first
# process; skips where that cannot be.
systemd_start() {
	[ $# -gt 0 ] || set -- systemd
	[ "$EUID" -eq 0 ] || skip 'a machine takes root'
	[ -x /lib/systemd/systemd ] || skip 'no systemd'
	[ "${MAILSEND##* }" = "$MAILSEND" ] || skip 'others cannot run a checker'
	world=$(mktemp -d /tmp/mailsend-systemd.XXXXXX)
	export world
	chmod 755 "$world"
	mkdir "$world/share"
	groups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	mkdir "$groups/${world##*/}" 2>/dev/null || skip 'no groups of processes'
	echo "$groups/${world##*/}" >"$world/groups"
	# shellcheck disable=SC2016 # for the inner shell
	bash -c 'echo $$ >"$1/cgroup.procs" &&
		exec ${systemd_root:+nsenter --mount=/proc/self/ns/mnt} \
		unshare --pid --fork --kill-child --mount --uts --ipc --cgroup \
		bash -c ". \"\$1\"; shift; systemd_boot \"\$@\"" _ "${@:2}"' _ \
		"$(cat "$world/groups")" "$root/tests/cli/systemd.bash" "$@" \
		>"$world/boot.log" 2>&1 </dev/null 3>&- &
	echo $! >"$world/unshare.pid"
	systemd_wait "$1" || {
		cat "$world/boot.log" >&2
		skip 'systemd does not run here'
	}
}

# systemd_wait WHAT - the system is up, within two minutes.
systemd_wait() {
	local tries=600 parent

	parent=$(cat "$world/unshare.pid")
	while ((tries--)); do
		cat "/proc/$parent/task/$parent/children" >"$world/init.pid" \
			2>/dev/null || return 1
		if [ -s "$world/init.pid" ]; then
			if [ "$1" = systemd ]; then
				[ "$(on systemctl is-system-running \
					2>/dev/null)" != running ] || return 0
			else
				! on test -e /share || return 0
			fi
		fi
		sleep 0.2
	done
	return 1
}

# systemd_provider USER - a provider of theirs outside, the program and the user
# alice inside.
systemd_provider() {
	local line

	mkfifo "$world/ready"
	python3 "$root/tests/peer/peer" --serve --certs "$world/share/certs" \
		--tls starttls --user "$1" --password never-shown \
		--maildir "$world/share/mail" \
		>"$world/ready" 2>"$world/peer.log" 3>&- &
	echo $! >"$world/peer.pid"
	while IFS= read -r line; do
		case $line in
		PEER_PORT=*) echo "${line#*=}" >"$world/port" ;;
		PEER_CA=*) cp "${line#*=}" "$world/share/ca.pem" ;;
		ready) break ;;
		esac
	done <"$world/ready"
	chmod 755 "$world/share"
	chmod 644 "$world/share/ca.pem"
	cp "$MAILSEND" "$world/share/mailsend"
	on install -m 755 /share/mailsend /usr/local/bin/mailsend
	on useradd -m -u 2001 alice
}

systemd_stop() {
	[ -n "${world-}" ] || return 0
	[ ! -e "$world/peer.pid" ] || kill "$(cat "$world/peer.pid")" || true
	kill -KILL "$(tr -d ' ' <"$world/init.pid")" 2>/dev/null || true
	wait "$(cat "$world/unshare.pid")" 2>/dev/null || true
	find "$(cat "$world/groups")" -depth -type d -exec rmdir {} + \
		2>/dev/null || true
	rm -rf "$world"
}

# on COMMAND... - on that machine, as its root.
on() {
	timeout -k 5 120 nsenter -t "$(tr -d ' ' <"$world/init.pid")" -a -r \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 "$@"
}
