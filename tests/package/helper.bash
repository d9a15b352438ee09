# helper.bash - what the tests of the packages share.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # bats and the tests set and use them

[[ -n ${PACKAGE_SPACE-} && -n ${PACKAGE_FOLDER-} ]] || {
	echo "start this by tests/package/run" >&2
	exit 1
}

TESTS=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
PATIENCE=120 # seconds
SINK_PORT=2525

# The packages: of the first build, of the other one, of the next version.
FIRST=$PACKAGE_FOLDER/first/deb
OTHER=$(echo "$PACKAGE_FOLDER"/other/a/b/*/build/deb)
NEXT=$PACKAGE_FOLDER/next

# new_root LAYER - $ROOT: a Debian of its own, of the layers `roots` makes.
new_root() {
	local below
	cd "$BATS_TEST_TMPDIR" || return
	case $1 in
	bare) below=bare ;;
	needs) below=needs:bare ;;
	callers) below=callers:needs:bare ;;
	esac
	place=$(mktemp -d "$PACKAGE_SPACE/test.XXXXXX")
	chmod 755 "$place"
	mkdir "$place"/{upper,work,root}
	ROOT=$place/root
	(cd "$PACKAGE_SPACE" && mount -t overlay test "$ROOT" \
		-o "lowerdir=$below,upperdir=$place/upper,workdir=$place/work")
	mount -t proc proc "$ROOT/proc"
	mount -t tmpfs -o mode=755 run "$ROOT/run"
	mkdir "$ROOT/packages"
	mount --bind "$PACKAGE_FOLDER" "$ROOT/packages"
	printf '127.0.0.1 mail.example.test mail localhost\n' >"$ROOT/etc/hosts"
	: >"$ROOT/etc/resolv.conf"
	# Else nothing would start because of an installation, whatever is wrong.
	rm "$ROOT/usr/sbin/policy-rc.d"
}

drop_root() {
	local pid
	[[ -n ${ROOT-} ]] || return 0
	# What still runs in there.
	for pid in /proc/[0-9]*; do
		[[ $(readlink "$pid/root") != "$ROOT"* ]] ||
			kill -KILL "${pid#/proc/}" || :
	done 2>/dev/null
	umount --lazy "$ROOT"/{proc,run,packages} "$ROOT"
	rm -rf --one-file-system "$place"
	ROOT=
}

# within COMMAND [ARG...] - in $ROOT, with the environment of a daemon.
within() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive chroot "$ROOT" "$@"
}

# as USER COMMAND [ARG...] - the same as another user, with their home.
as() {
	local -r user=$1
	shift
	within setpriv --reuid "$user" --regid "$user" --init-groups \
		env HOME="$(within getent passwd "$user" | cut -d: -f6)" "$@"
}

# There is no network: packages come from apt's cache, or from us.
apt() {
	within apt-get -q -y -o APT::Sandbox::User=root \
		-o Dpkg::Use-Pty=0 "$@"
}

# install_ours FOLDER [ARG...] - both packages of that build.
install_ours() {
	local -r folder=/packages${1#"$PACKAGE_FOLDER"}
	shift
	apt --no-install-recommends "$@" install \
		"$(deb "$folder" mailsend)" "$(deb "$folder" mailsend-mta)"
}

# deb FOLDER PACKAGE - the file, as $ROOT sees it.
deb() {
	within sh -c "echo $1/$2_*.deb"
}

# is_installed PACKAGE
# shellcheck disable=SC2016 # dpkg-query's own variable
is_installed() {
	[[ $(within dpkg-query -W -f '${db:Status-Status}' "$1") == installed ]]
}

# files - every file, directory and link of $ROOT, with its mode and owner; but
# for what apt and dpkg write down of themselves.
files() {
	find "$ROOT" -xdev \
		! -path "$ROOT/var/lib/dpkg/*" ! -path "$ROOT/var/lib/apt/*" \
		! -path "$ROOT/var/cache/*" ! -path "$ROOT/var/log/*" \
		! -path "$ROOT/tmp/*" -printf '/%P %M %u %g %l\n' | LC_ALL=C sort
	find "$ROOT/var/lib/dpkg" -path '*mailsend*'
	# An alternative that is gone leaves nothing.
	find "$ROOT/var/lib/dpkg/alternatives" -printf '/%P\n' | LC_ALL=C sort
}

# not COMMAND [ARG...]
not() {
	! "$@"
}

until_true() {
	local -r end=$((SECONDS + PATIENCE))
	until "$@"; do
		((SECONDS < end)) || {
			echo "in vain: $*" >&2
			return 1
		}
		sleep 0.1
	done
}

# start_sink - a relay that has what it took in $SINK.
start_sink() {
	local ready
	SINK=$place/sink
	mkdir "$SINK"
	coproc SINK_SERVER { exec python3 "$TESTS/package/sink.py" $SINK_PORT "$SINK" 2>&1 3>&-; }
	read -ru "${SINK_SERVER[0]}" ready
	[[ $ready == ready ]]
}

stop_sink() {
	[[ -z ${SINK_SERVER_PID-} ]] || kill "$SINK_SERVER_PID" || :
}

# use_sink [LINE...] - the machine's configuration, as an administrator has it.
use_sink() {
	printf '%s\n' 'account default' 'host 127.0.0.1' "port $SINK_PORT" \
		'tls off' 'auth off' 'from machine@example.test' "$@" \
		>"$ROOT/etc/mailsend.conf"
}

# taken PATTERN - the mail of the sink that has such a line, once it is there.
taken() {
	until_true grep -qrsE --exclude='*.new' "$1" "$SINK"
	grep -lrE --exclude='*.new' "$1" "$SINK"
}

# judge FILE CLAIM... - by an independent parser; see callers/holds.py.
judge() {
	python3 "$TESTS/callers/holds.py" "$@" || {
		sed 's/^/| /' "$1" >&2
		return 1
	}
}

# mail_of HOME - the one mail in that Maildir, once it is there.
mail_of() {
	until_true compgen -G "$ROOT$1/Maildir/new/*" >/dev/null
	set -- "$ROOT$1"/Maildir/new/*
	(($# == 1)) && echo "$1"
}
