#!/usr/bin/env bats
# --setup-queue: units of systemd, or a line of the crontab.
#
# The systemctl and the crontab here are made of shell: they write down how they
# are called, and no real one is touched.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

setup_files() {
	mkdir fake
	cat >fake/systemctl <<-'END'
	#!/bin/sh
	echo "systemctl $*" >>"$FAKE/calls"
	[ -e "$FAKE/running" ] || { echo 'Failed to connect to bus' >&2; exit 1; }
	case $* in *enable*) [ ! -e "$FAKE/refuses" ] || { echo 'no, never' >&2; exit 3; } ;; esac
	END
	cat >fake/crontab <<-'END'
	#!/bin/sh
	echo "crontab $*" >>"$FAKE/calls"
	case $1 in
	-l)
		[ ! -e "$FAKE/broken" ] || { echo 'cannot open the spool' >&2; exit 1; }
		[ -e "$FAKE/table" ] || { echo 'no crontab for alice' >&2; exit 1; }
		cat "$FAKE/table" ;;
	-) cat >"$FAKE/table" ;;
	esac
	END
	chmod +x fake/*
	export FAKE=$PWD/fake
	export PATH=$FAKE:$PATH
	unset MAILSEND_QUEUE XDG_STATE_HOME
	# somebody who is not root
	freeze 'uid=1000'
	units=$home/.config/systemd/user
	queue=$home/.local/state/mailsend/queue
	read -ra words <<<"$MAILSEND"
	program=$(readlink -f "${words[-1]}")
}

with_systemd() {
	setup_files
	: >fake/running
}

without_systemd() {
	setup_files
}

calls() {
	[ "$(grep -v 'show --property' fake/calls)" = "$1" ] || {
		cat fake/calls
		return 1
	}
}

line="# mailsend --setup-queue"

@test "systemd of a user: three units, and two are started" {
	with_systemd
	send --setup-queue
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(find "$units" -type f -printf '%f %m\n' | sort)" = "$(printf '%s\n' \
		'mailsend-queue.path 644' 'mailsend-queue.service 644' \
		'mailsend-queue.timer 644')" ]
	calls 'systemctl --user daemon-reload
systemctl --user enable --now mailsend-queue.timer mailsend-queue.path'
	grep -qxF "ExecStart=$program --flush --due" \
		"$units/mailsend-queue.service"
	# what is watched is there
	grep -qx 'PathChanged=%h/.local/state/mailsend/queue/env' \
		"$units/mailsend-queue.path"
	[ -d "$queue/env" ]
	# each step is told
	for word in .service .timer .path daemon-reload enable linger; do
		[[ $output == *$word* ]]
	done
	[ ! -e fake/table ]
}

@test "systemd: again changes nothing; an older one of ours is replaced" {
	with_systemd
	send --setup-queue
	before=$(stat -c '%Y %i' "$units"/*)
	send --setup-queue
	[ "$status" -eq 0 ]
	[ "$(stat -c '%Y %i' "$units"/*)" = "$before" ]
	sed -i 's/5min/9min/' "$units/mailsend-queue.timer"
	send --setup-queue
	[ "$status" -eq 0 ]
	lacks 9min "$units/mailsend-queue.timer"
}

@test "systemd: somebody else's unit is never touched" {
	with_systemd
	mkdir -p "$units"
	echo mine >"$units/mailsend-queue.timer"
	refused 73 mailsend-queue.timer --setup-queue
	[ "$(find "$units" -type f)" = "$units/mailsend-queue.timer" ]
	calls ''
	send --setup-queue=remove
	[ "$status" -eq 0 ]
	[ "$(cat "$units/mailsend-queue.timer")" = mine ]
	calls 'crontab -l'
}

@test "systemd: remove undoes it all" {
	with_systemd
	send --setup-queue
	: >fake/calls
	send --setup-queue=remove
	[ "$status" -eq 0 ]
	[ -z "$(find "$units" -type f)" ]
	calls 'systemctl --user disable --now mailsend-queue.timer mailsend-queue.path
systemctl --user daemon-reload
crontab -l'
	# the mail stays
	[ -d "$queue/env" ]
	send --setup-queue=remove
	[ "$status" -eq 0 ]
}

@test "systemd that refuses is a failure, with its words" {
	with_systemd
	: >fake/refuses
	refused 69 'no, never' --setup-queue
}

@test "show: all of it is told and nothing is done" {
	with_systemd
	send --setup-queue=show
	[ "$status" -eq 0 ]
	[ ! -e "$units" ]
	[ ! -e "$queue" ]
	calls ''
	[[ $output == *"would write $units/mailsend-queue.service"* ]]
	[[ $output == *"ExecStart=$program --flush --due"* ]]
	[[ $output == *'would run systemctl --user enable --now'* ]]
	rm fake/running
	send --setup-queue=show
	[ "$status" -eq 0 ]
	[[ $output == *"would write"*"$program --flush --due $line" ]]
	[ ! -e fake/table ]
}

@test "the way that was named is the way of the runs" {
	with_systemd
	cp "$MAILSEND_CONFIG" 'my file'
	printf 'account other\nhost localhost\n' >'my file'
	send --setup-queue --config "$PWD/my file" --account other
	[ "$status" -eq 0 ]
	grep -qxF "ExecStart=$program --flush --due --config \"$PWD/my file\" --account other" \
		"$units/mailsend-queue.service"
	# a relative name means nothing to systemd
	send --setup-queue --config 'my file'
	grep -qF "\"$PWD/my file\"" "$units/mailsend-queue.service"
}

@test "another folder is watched, and named where only our environment does" {
	with_systemd
	printf 'host localhost\nqueue_folder %s\n' "$PWD/100% mine" >"$MAILSEND_CONFIG"
	send --setup-queue
	[ "$status" -eq 0 ]
	grep -qxF "PathChanged=$PWD/100%% mine/env" "$units/mailsend-queue.path"
	grep -qxF "ExecStart=$program --flush --due" "$units/mailsend-queue.service"
	[ -d '100% mine/env' ]
	MAILSEND_QUEUE=$PWD/own send --setup-queue
	grep -qxF "PathChanged=$PWD/own/env" "$units/mailsend-queue.path"
	grep -qxF "ExecStart=$program --flush --due --set queue_folder=$PWD/own" \
		"$units/mailsend-queue.service"
}

@test "contrib has the same for both, but for the folder" {
	diff "$root/contrib/systemd/system/mailsend-queue.path" \
		<(sed 's,%h/.local/state/mailsend/queue,/var/spool/mailsend/0,' \
			"$root/contrib/systemd/mailsend-queue.path")
}

@test "the units are those that systemd reads" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	with_systemd
	send --setup-queue
	[ "$status" -eq 0 ]
	systemd-analyze --user verify "$units"/* 2>err || true
	[ ! -s err ] || lacks 'mailsend-queue' err
}

@test "the system's units are for the system's queue" {
	setup_files
	: >fake/running
	freeze 'uid=0'
	send --setup-queue=show
	[ "$status" -eq 0 ]
	[[ $output == *'would write /etc/systemd/system/mailsend-queue.service'* ]]
	[[ $output == *'PathChanged=/var/spool/mailsend/0/env'* ]]
	[[ $output == *'would run systemctl enable --now'* ]]
	[[ $output != *--user* ]]
}

@test "without systemd: a line in the crontab, once, and the others stay" {
	without_systemd
	printf 'MAILTO=me\n# mine\n0 3 * * * backup\n' >fake/table
	cp fake/table before
	send --setup-queue
	[ "$status" -eq 0 ]
	{ cat before; echo "*/5 * * * * $program --flush --due $line"; } |
		cmp - fake/table
	[[ $output == *"--flush --due"* ]]
	cp fake/table once
	: >fake/calls
	send --setup-queue
	[ "$status" -eq 0 ]
	cmp once fake/table
	calls 'crontab -l'
	send --setup-queue=remove
	[ "$status" -eq 0 ]
	cmp before fake/table
}

@test "without systemd and without a crontab: the first line" {
	without_systemd
	send --setup-queue
	[ "$status" -eq 0 ]
	[ "$(cat fake/table)" = "*/5 * * * * $program --flush --due $line" ]
	send --setup-queue=remove
	[ ! -s fake/table ]
}

@test "a crontab that cannot be read is never written" {
	without_systemd
	echo '0 3 * * * backup' >fake/table
	: >fake/broken
	refused 69 'cannot open the spool' --setup-queue
	[ "$(cat fake/table)" = '0 3 * * * backup' ]
	lacks 'crontab -$' fake/calls
}

@test "what cron and the shell take for signs of theirs is quoted" {
	without_systemd
	mkdir "odd % 'dir"
	printf 'account default\nhost localhost\n' >"odd % 'dir/file"
	send --setup-queue --config "$PWD/odd % 'dir/file"
	[ "$status" -eq 0 ]
	# as cron does: up to the first bare %, and \% is one
	text=$(sed -e 's/^\([^ ]* \)\{5\}//' -e 's/\\%/%/g' fake/table)
	cat >show <<-'END'
	#!/bin/sh
	printf '%s\n' "$@"
	END
	chmod +x show
	run sh -c "${text/"$program"/./show}"
	[ "${lines[3]}" = "$PWD/odd % 'dir/file" ]
	[ "${#lines[@]}" -eq 4 ]
}

@test "neither systemd nor cron: 69, and what to do" {
	setup_files
	rm fake/*
	MAILSEND="env PATH=$FAKE $MAILSEND"
	refused 69 '--flush --due' --setup-queue
	send --setup-queue=remove
	[ "$status" -eq 0 ]
}

@test "wrong command lines" {
	refused 64 remove --setup-queue=nonsense
	refused 64 'no new' --setup-queue ops@example.org
	refused 64 together --setup-queue --flush
	refused 64 --flush --due ops@example.org
	refused 64 --flush --sender me@example.org -s x ops@example.org
	refused 64 'after --flush' ops@example.org --flush
	refused 64 empty --flush ''
	refused 64 json --flush --json
}
