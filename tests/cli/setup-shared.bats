#!/usr/bin/env bats
# --setup-service without a systemd that runs: what it shows and refuses, and
# what it says of its unit.  The systemctl and the systemd-creds here are made of
# shell.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

setup_files() {
	[ "${MAILSEND_PRIVATE-}" = mounts ] || skip 'writes /etc'
	mkdir fake
	cat >fake/systemctl <<-'END'
	#!/bin/sh
	[ -e "$FAKE/running" ] || { echo 'Failed to connect to bus' >&2; exit 1; }
	echo "systemctl $*" >>"$FAKE/calls"
	END
	cat >fake/systemd-creds <<-'END'
	#!/bin/sh
	echo "systemd-creds $*" >>"$FAKE/calls"
	cat >"$FAKE/read"
	echo sealed
	END
	chmod +x fake/*
	: >fake/running
	: >fake/calls
	export FAKE=$PWD/fake
	export PATH=$FAKE:$PATH
	freeze 'uid=0'
	rm -rf /etc/mailsend /etc/mailsend.conf \
		/etc/systemd/system/mailsend-submit.*
	printf '%s\n' 'account default' 'host localhost' 'port 9' 'tls off' \
		'auth plain' 'user joe' 'password never-shown' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

nothing_done() {
	[ ! -e /etc/mailsend ]
	[ ! -e /etc/mailsend.conf ]
	[ -z "$(compgen -G '/etc/systemd/system/mailsend-submit.*')" ]
	! grep -v 'show --property' fake/calls
}

@test "show: all of it is told, no secret, and nothing is done" {
	setup_files
	send --setup-service=show
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	nothing_done
	for word in /etc/systemd/system/mailsend-submit.socket \
		/etc/systemd/system/mailsend-submit.service \
		LoadCredential=password:/etc/mailsend/credentials/password \
		'would write /etc/mailsend/service.conf' 'SocketMode=0660' \
		'password_credential password' 'user "joe"' \
		'would run systemctl enable' 'me@example.org as the user nobody' \
		'would write /etc/mailsend.conf' 'socket /run/mailsend/submit'; do
		[[ $output == *"$word"* ]] || { echo "no: $word"; false; }
	done
	[[ $output != *never-shown* ]]
}

@test "the secret goes to systemd-creds by its input, and nowhere else" {
	setup_files
	# the service itself is not there
	refused 69 'does not send' --setup-service
	[ "$(cat fake/read)" = never-shown ]
	lacks never-shown fake/calls
	[[ $output$stderr != *never-shown* ]]
	[ "$(cat /etc/mailsend/credentials/password.cred)" = sealed ]
	grep -qx 'LoadCredentialEncrypted=password:/etc/mailsend/credentials/password.cred' \
		/etc/systemd/system/mailsend-submit.service
	[ "$(stat -c %a /etc/mailsend /etc/mailsend/credentials \
		/etc/mailsend/service.conf /etc/mailsend/credentials/password.cred)" \
		= $'700\n700\n600\n600' ]
	run ! grep -r never-shown /etc/mailsend /etc/systemd
	[ ! -e /etc/mailsend.conf ]
	send --setup-service=remove
	[ "$status" -eq 0 ]
	: >fake/calls
	nothing_done
}

@test "another's unit or configuration is never touched" {
	local path

	setup_files
	for path in /etc/systemd/system/mailsend-submit.socket \
		/etc/systemd/system/mailsend-submit.service \
		/etc/mailsend/service.conf; do
		mkdir -p "${path%/*}"
		echo mine >"$path"
		refused 73 "$path" --setup-service
		[ "$(cat "$path")" = mine ]
		[ ! -e /etc/mailsend/credentials ]
		send --setup-service=remove
		[ "$status" -eq 0 ]
		[ "$(cat "$path")" = mine ]
		rm "$path"
	done
	rmdir /etc/mailsend
	# nor a secret of theirs
	mkdir -p /etc/mailsend/credentials
	echo mine >/etc/mailsend/credentials/password
	refused 73 /etc/mailsend/credentials/password --setup-service
	send --setup-service=remove
	[ "$status" -eq 0 ]
	[ "$(cat /etc/mailsend/credentials/password)" = mine ]
	rm -r /etc/mailsend
	nothing_done
}

@test "nothing that could send, or nobody for the test mail" {
	setup_files
	: >"$MAILSEND_CONFIG"
	refused 78 --setup --setup-service
	echo 'socket /run/mailsend/submit' >"$MAILSEND_CONFIG"
	refused 78 --config --setup-service
	printf 'host localhost\nauth off\n' >"$MAILSEND_CONFIG"
	refused 64 you@example.org --setup-service
	nothing_done
}

@test "without systemd: what does the same, and nothing is done" {
	setup_files
	rm fake/running
	refused 69 '--serve unix:/run/mailsend/submit --config /etc/mailsend/service.conf' \
		--setup-service
	refused 69 --serve --setup-service=show
	send --setup-service=remove
	[ "$status" -eq 0 ]
	nothing_done
}

@test "a user who is not root" {
	setup_files
	freeze 'uid=1000'
	refused 77 root --setup-service
	refused 77 root --setup-service=show
	refused 77 root --setup-service=remove
	nothing_done
}

@test "wrong command lines" {
	setup_files
	refused 64 remove --setup-service=off
	refused 64 'one address' --setup-service a@example.org b@example.org
	refused 64 'one address' --setup-service -s hello a@example.org
	refused 64 together --setup-service --setup-queue
	nothing_done
}

@test "the unit is as closed as it can be, and one that systemd reads" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	mkdir units
	sed "s,/usr/local/bin/mailsend,$(command -v true)," \
		"$root/contrib/systemd/system/mailsend-submit.service" \
		>units/mailsend-submit.service
	cp "$root/contrib/systemd/system/mailsend-submit.socket" units/
	systemd-analyze verify --man=no units/* 2>err
	[ ! -s err ]
	systemd-analyze security --offline=true --threshold=15 \
		--no-pager units/mailsend-submit.service >out || {
		cat out
		false
	}
	grep -q 'Overall exposure' out
	# they would make each client the same user, or keep mail from leaving
	lacks '^\(PrivateUsers\|IPAddressDeny\|PrivateNetwork\)=' \
		units/mailsend-submit.service
}
