# helper.bash - what the tests with real callers share.
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats and the other helper set them

load ../server/helper

# For each file's setup_file: the machine as an administrator would leave it.
# The root is the overlay that tests/server/run makes, never the machine's own.
callers_setup_file() {
	[[ -n ${MAIL_HOST-} ]] || return 0 # servers_setup has a word on it
	grep -q '^mailsend-test / overlay' /proc/mounts || {
		echo "this root is the machine's own: not to be changed" >&2
		return 1
	}
	take_names
	configure_users
	configure_spools
}

# What scripts call is ours; what bears the same name as a caller under test
# goes to where a PATH has it first.
take_names() {
	local name
	install -m 755 "$MAILSEND" /usr/bin/mailsend
	for name in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mail \
		/usr/bin/mailx /usr/bin/mailq /usr/bin/newaliases \
		/usr/local/bin/mutt /usr/local/bin/neomutt /usr/local/bin/msmtp; do
		ln -sf /usr/bin/mailsend "$name"
	done
}

# One account for all users; root's mail is bob's.
configure_machine() {
	cat >/etc/mailsend.conf <<-END
		account default
		host $MAIL_HOST
		port $MAIL_PORT_SUBMISSION
		tls_trust_file $MAIL_CA
		user alice
		password $(password alice)
		from alice@example.test
		aliases /etc/aliases
	END
	chmod 644 /etc/mailsend.conf
	echo 'root: bob@example.test' >/etc/aliases
}

configure_users() {
	local name
	for name in alice bob; do
		sed -i "/^$name:/d" /etc/shadow
		printf '%s:*:19000:0:99999:7:::\n' "$name" >>/etc/shadow
	done
}

# What the packages' installation would have done.
configure_spools() {
	local -r jobs=/var/spool/cron/atjobs
	rm -f /etc/cron.d/*
	mkdir -p /var/spool/cron/crontabs
	touch "$jobs/.SEQ"
	chmod 600 "$jobs/.SEQ"
	chown -R daemon:daemon "$jobs" /var/spool/cron/atspool /usr/bin/at
	chmod 6755 /usr/bin/at
	chgrp daemon /etc/at.deny
}

callers_setup() {
	servers_setup
	rm -rf /var/spool/mailsend /srv/home/*/.local/state/mailsend
	configure_machine
	rm -f /srv/home/*/dead.letter
	: >server.log
	server=
}

callers_teardown() {
	[[ -z ${server-} ]] || stop_server
}

# as USER COMMAND [ARG...]
as() {
	local -r user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
		env HOME="/srv/home/$user" USER="$user" LOGNAME="$user" "$@"
}

# bare COMMAND [ARG...] - with the environment of a daemon.
bare() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG="${LANG-C.UTF-8}" "$@"
}

has() {
	local files
	shopt -s nullglob
	files=("$MAIL_SPOOL/$1/new"/*)
	shopt -u nullglob
	((${#files[@]} >= $2))
}

# await_mail USER [COUNT] - for callers that do not wait for their mailer.
await_mail() {
	until_true has "$1" "${2:-1}"
}

# holds USER [CLAIM]... - the one message in USER's mailbox is without defects,
# and CLAIM is true of it: WHAT=VALUE, WHAT~REGEX, -WHAT (see holds.py).
holds() {
	local file
	file=$(mailbox "$1") || return
	judged "$file" "${@:2}"
}

# holds_each USER COUNT [CLAIM]... - every one of the COUNT messages does.
holds_each() {
	local file files
	files=$(mailbox "$1" "$2") || return
	while IFS= read -r file; do
		judged "$file" "${@:3}" || return
	done <<<"$files"
}

judged() {
	python3 "$TESTS/callers/holds.py" "$@" || {
		sed 's/^/| /' "$1" >&2
		return 1
	}
}

# attempt COMMAND [ARG...] - $status, and its words in the files out, err.
attempt() {
	status=0
	"$@" >out 2>err || status=$?
	echo "status $status: $*" >&2
	cat out err >&2
}

answers() {
	{ exec 9<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null && exec 9>&-
}

# The account's server is down.
server_is_away() {
	sed -i "s/^port .*/port 9\n${1-queue never}/" /etc/mailsend.conf
}

# kept FILE WORD... - a mail lies there that has each WORD in it.
kept() {
	local word
	until_true test -s "$1"
	for word in "${@:2}"; do
		says "$word" "$1" || return
	done
}

# was_refused NAME - the server refused that recipient, and has nothing.
was_refused() {
	logged "reject: RCPT .*<$1@example.test>" && nothing_accepted
}

# log_in_required - write $CONFIG: the machine's, with TLS and a log-in for those
# who come to our server.
log_in_required() {
	cat >check <<-END
		#!/bin/sh
		read -r user && read -r password &&
			grep -qxF "\$user:\$password" "$MAIL_USERS"
	END
	chmod 755 check
	{
		cat /etc/mailsend.conf
		printf '%s\n' "serve_cert $MAIL_CERTS/good.pem" \
			"serve_key $MAIL_CERTS/good.key" \
			"serve_auth_command $PWD/check"
	} >"$CONFIG"
	chmod 600 "$CONFIG"
}

SERVE_PORT=2525

# serve [ARG...] - our own server, in front of the account.
serve() {
	mailsend --serve "127.0.0.1:$SERVE_PORT" "$@" >server.log 2>&1 3>&- &
	server=$!
	until_true answers_or_ended
	! ended "$server" || {
		cat server.log >&2
		return 1
	}
}

# ended PID - though nobody waited for it yet.
ended() {
	local state
	! read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || [[ $state == Z ]]
}

answers_or_ended() {
	answers "$SERVE_PORT" || ended "$server"
}

# It ends by itself when it is asked to, and well.
stop_server() {
	local status=0
	kill -TERM "$server" || :
	wait "$server" || status=$?
	server=
	cat server.log >&2
	((status == 0)) || {
		echo "the server ended with status $status" >&2
		return 1
	}
}
