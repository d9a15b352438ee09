#!/usr/bin/env bats
# Root looks after the queues of all users, each as its owner.

# shellcheck disable=SC2034,SC2154 # helper.bash and users.bash set what is used here
# shellcheck disable=SC2016 # for a user's shell
# shellcheck disable=SC2094 # a FIFO
bats_require_minimum_version 1.5.0
load helper
load everybody

json() {
	json_of "$1" <<<"$output"
}

spool_made() {
	in_machine mailsend --flush --due
}

@test "root's mailq has the mail of all, each with its owner" {
	spool_made
	in_machine mailsend --queue=only -s zero zero@example.net <<<zero
	queue alice one two
	queue www-data three
	queue nobody four
	root_runs mailq
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(grep -c '(owner alice)' <<<"$output")" -eq 2 ]
	[ "$(grep -c '(owner www-data)' <<<"$output")" -eq 1 ]
	[ "$(grep -c '(owner nobody)' <<<"$output")" -eq 1 ]
	[ "$(grep -c '(owner root)' <<<"$output")" -eq 1 ]
	[[ $(tail -n 1 <<<"$output") =~ ^'-- '[0-9]+' Kbytes in 5 Requests.'$ ]]
	root_runs mailq --json
	json '{m["owner"]: m["uid"] for m in j} == {"root": 0, "www-data": 33,
		"alice": 2001, "nobody": 65534}'
	python "$root/tests/schema.py" mailq <<<"$output"
	root_runs mailsend --mailq --check -w 5 -c 6
	[ "$status" -eq 1 ]
	[[ $output == 'MAILQ WARNING - 5 wait'*'|'*'count=5;5;6;0'* ]]
	# nothing of it was told to be root's
	[ "$(in_machine stat -c %U "$(home_queue alice)/env")" = alice ]
	[ "$(in_machine stat -c %U:%a /var/spool/mailsend/33)" = www-data:700 ]
}

@test "--user narrows, by a name or a number; a user sees their own" {
	spool_made
	queue alice one
	queue www-data two
	root_runs mailq --user alice
	[ "$(grep -c 'example.net' <<<"$output")" -eq 1 ]
	[[ $output == *'one@example.net'* ]]
	root_runs mailq --user 33
	[[ $output == *'two@example.net'*'in 1 Request.' ]]
	root_runs mailsend --mailq --check --user alice
	[[ $output == *'only the queue of alice'*count=1* ]]
	user_runs alice mailq
	[ "$(grep -c 'example.net' <<<"$output")" -eq 1 ]
	[[ $output != *owner* ]]
	user_runs alice mailq --user alice
	[ "$status" -eq 0 ]
	[[ $output == *'one@example.net'* ]]
}

@test "--user that is wrong" {
	spool_made
	queue alice one
	root_runs mailq --user nosuchuser
	[ "$status" -eq 67 ]
	says nosuchuser
	root_runs mailq --user ''
	[ "$status" -ne 0 ]
	root_runs mailq --user 99999999999
	[ "$status" -eq 67 ]
	user_runs bob mailq --user alice
	[ "$status" -eq 77 ]
	says 'only root'
	[ -z "$output" ]
	user_runs bob mailsend --flush --user alice
	[ "$status" -eq 77 ]
	root_runs env MAILSEND_QUEUE=/srv/q mailq --user alice
	[ "$status" -eq 64 ]
	says MAILSEND_QUEUE
	root_runs mailq --user alice --set queue_folder=/srv/q
	[ "$status" -eq 64 ]
	says queue_folder
	root_runs mailsend --flush --user nosuchuser
	[ "$status" -eq 67 ]
	[ "$(waits "$(home_queue alice)")" -eq 1 ]
}

@test "a monitor that is another user hears of its own queue, and that it is" {
	spool_made
	queue alice one
	user_runs daemon mailsend --mailq --check
	[ "$status" -eq 0 ]
	[[ $output == 'MAILQ OK - no mail waiting (only the queue of daemon: root '*count=0* ]]
}

@test "hold, release, retry, print and delete, wherever the mail is" {
	local one two

	spool_made
	queue alice one
	queue www-data two
	one=$(ids "$(home_queue alice)")
	two=$(ids /var/spool/mailsend/33)
	root_runs mailq --hold "$one" "$two"
	[ "$status" -eq 0 ]
	says '2 held'
	root_runs mailq
	[ "$(grep -c '^(held)' <<<"$output")" -eq 2 ]
	root_runs mailq --user alice --release ALL
	says '1 released'
	root_runs mailq --retry "$one"
	[ "$status" -eq 0 ]
	root_runs mailq --print "$two"
	[ "$status" -eq 0 ]
	grep -q '^Subject: two' <<<"$output"
	# its file is still its owner's
	[ "$(in_machine stat -c %U:%a "/var/spool/mailsend/33/env/$two")" = \
		www-data:600 ]
	root_runs mailq --delete "$two" no-such-id
	[ "$status" -eq 66 ]
	says no-such-id
	says '1 deleted'
	root_runs mailq --print no-such-id
	[ "$status" -eq 66 ]
	root_runs mailq --delete ALL
	says '1 deleted'
	root_runs mailq
	[ "$output" = 'Mail queue is empty' ]
}

@test "sendmail -q by root delivers as the owner, with their configuration" {
	spool_made
	printf 's3cr3t-Pa55\n' | as alice tee /srv/home/alice/secret >/dev/null
	as alice chmod 600 /srv/home/alice/secret
	own_server
	configure_user alice 'host localhost' "port $port" 'tls on' \
		'tls_certcheck off' 'auth CRAM-MD5' 'user alice-at-work' 'from alice@example.com' \
		'passwordeval (id -u; id -G; echo $HOME $USER $SECRET) >~/who; cat ~/secret' \
		'logfile ~/log'
	queue alice one
	root_runs env SECRET=x sendmail -q
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	in_machine cat /srv/home/alice/log
	[ "$(find mail/new -type f | wc -l)" -eq 1 ]
	grep -q '^Subject: one' mail/new/*
	[ "$(waits "$(home_queue alice)")" -eq 0 ]
	[ "$(in_machine cat /srv/home/alice/who)" = "2001
2001 500
/srv/home/alice alice" ]
	in_machine grep -q 'from=<alice@example.com>' /srv/home/alice/log
	all_is_alice_s
}

# own_server - a server that knows one log-in, which is alice's; $port.
own_server() {
	local line

	mkfifo ready
	python3 "$root/tests/peer/peer" --serve --auth CRAM-MD5 \
		--user alice-at-work --maildir "$PWD/mail" >ready 2>peer.log 3>&- &
	own_server=$!
	while IFS= read -r line && [ "$line" != ready ]; do
		[[ $line != PEER_PORT=* ]] || port=${line#*=}
	done <ready
	[ -n "$port" ]
}

# Nothing in her home has come to be another's.
all_is_alice_s() {
	in_machine find /srv/home/alice ! -user alice >foreign
	[ ! -s foreign ] || {
		cat foreign
		return 1
	}
}

@test "--flush --due, as the timer runs it: all users, and nothing is told" {
	spool_made
	queue alice one
	queue www-data two
	queue nobody three
	root_runs mailsend --flush --due
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ "$(count_arrived)" -eq 3 ]
	root_runs mailq
	[ "$output" = 'Mail queue is empty' ]
}

@test "--flush --user delivers theirs alone, and --flush ID the one" {
	local id

	spool_made
	queue alice one two
	queue www-data three
	root_runs mailsend --flush --user www-data
	[ "$status" -eq 0 ]
	says 'www-data: '
	says '1 sent'
	[ "$(count_arrived)" -eq 1 ]
	id=$(ids "$(home_queue alice)" | head -n 1)
	root_runs mailsend --flush "$id"
	says '1 sent'
	[ "$(waits "$(home_queue alice)")" -eq 1 ]
	root_runs mailsend --flush nope-nope
	[ "$status" -eq 66 ]
	[ "$(count_arrived)" -eq 2 ]
}

@test "a notice for a user is in their mailbox, and theirs" {
	spool_made
	configure_user alice 'host localhost' 'port 9' 'tls off' \
		'from alice@example.org' 'queue_warning 1s'
	queue alice one
	in_machine find "$(home_queue alice)/env" -type f -exec \
		sed -i 's/^arrived .*/arrived 1000000000/' {} +
	root_runs mailsend --flush
	[ -n "$(in_machine find /srv/home/alice/Maildir/new -type f)" ]
	in_machine test ! -e /srv/home/root/Maildir
	all_is_alice_s
}

@test "queues elsewhere: queue_folder, XDG_STATE_HOME by the register" {
	spool_made
	in_machine install -d -m 700 -o alice /srv/elsewhere
	configure_user alice 'account default' 'host localhost' 'port 9' \
		'tls off' 'queue_folder /srv/elsewhere/queue' \
		'from alice@example.org'
	queue alice one
	[ "$(waits /srv/elsewhere/queue)" -eq 1 ]
	as bob env XDG_STATE_HOME=/srv/home/bob/state mailsend --queue=only \
		-s two two@example.net <<<two
	[ "$(waits /srv/home/bob/state/mailsend/queue)" -eq 1 ]
	[ "$(in_machine stat -c %U /var/spool/mailsend/users/2002)" = bob ]
	root_runs mailq
	[[ $output == *'(owner alice)'*'(owner bob)'*'in 2 Requests.' ]]
	# what is named for once is not registered
	as carol env MAILSEND_QUEUE=/srv/home/carol/q mailsend --queue=only \
		-s three three@example.net <<<three
	in_machine test ! -e /var/spool/mailsend/users/2003
}

@test "queue_folder in the system's configuration, for users who have nothing else" {
	configure_all 'host localhost' "port $(cat "$server/port")" 'tls off' \
		'from %U@example.org' 'queue_folder /srv/shared/%U'
	in_machine install -d -m 1777 /srv/shared
	spool_made
	queue bob one
	in_machine rm -rf /var/spool/mailsend/users/2002
	root_runs mailq --json
	json '{m["owner"] for m in j} == {"bob"}'
}

# becomes UID - did a process do so?
becomes() {
	grep -q "setresuid($1, $1, $1" trace
}

@test "only users who have a queue or a configuration need a process" {
	command -v strace >/dev/null || skip "no strace"
	spool_made
	queue alice one
	queue www-data two
	configure_user bob 'host localhost'
	root_runs env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$PWD/trace" \
		-e trace=setresuid,setfsuid,newfstatat,lstat mailq --json
	[ "$status" -eq 0 ]
	json '{m["owner"] for m in j} == {"alice", "www-data"}'
	becomes 2001
	becomes 2002
	becomes 33
	! becomes 2003 || false
	! becomes 1 || false
	# carol's home was looked at with her rights
	awk '/setfsuid\(/ { split($0, part, "("); uid = part[2] + 0
			if (uid >= 0 && uid < 4294967295) is[$1] = uid }
		/\/srv\/home\/carol\// { seen = 1; if (is[$1] != 2003) bad = 1 }
		END { exit bad || !seen }' trace
}

@test "a home that came back: the queue in the spool is still seen" {
	spool_made
	in_machine chown root /srv/home/carol
	in_machine chmod 755 /srv/home/carol
	queue carol one
	[ "$(waits /var/spool/mailsend/2003)" -eq 1 ]
	in_machine chown carol /srv/home/carol
	queue carol two
	[ "$(waits "$(home_queue carol)")" -eq 1 ]
	user_runs carol mailq
	[[ $output == *'in 2 Requests.' ]]
	root_runs mailq
	[ "$(grep -c '(owner carol)' <<<"$output")" -eq 2 ]
	root_runs mailsend --flush
	[ "$(count_arrived)" -eq 2 ]
}

@test "root's own queue of an older version is moved, and a mail of it sent" {
	in_machine env MAILSEND_QUEUE=/var/spool/mailsend mailsend --queue=only \
		-s old old@example.net <<<old
	in_machine env MAILSEND_QUEUE=/var/spool/mailsend mailsend --queue=only \
		-s new new@example.net <<<new
	in_machine test -d /var/spool/mailsend/env
	root_runs mailq
	[ "$status" -eq 0 ]
	[ "$(grep -c '(owner root)' <<<"$output")" -eq 2 ]
	in_machine test ! -e /var/spool/mailsend/env
	[ "$(waits /var/spool/mailsend/0)" -eq 2 ]
	root_runs mailsend --flush
	says '2 sent'
	[ "$(count_arrived)" -eq 2 ]
	[ "$(in_machine stat -c %U:%a /var/spool/mailsend)" = root:1733 ]
}

@test "a user without a home is told of the timer that root has" {
	spool_made
	user_runs www-data mailsend --set port=9 --queue=auto -s one \
		one@example.net
	[ "$status" -eq 0 ]
	[[ $stderr != *'nothing seems to flush'* ]]
}

@test "without the right to change the user root's own queue is looked after" {
	spool_made
	in_machine mailsend --queue=only -s zero zero@example.net <<<zero
	queue alice one
	root_runs setpriv --bounding-set=-setuid,-setgid --inh-caps=-all mailq
	[[ $output == *'(owner root)'*'in 1 Request.' ]]
	says CAP_SETUID
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "without the spool, a user without a home is told who makes it" {
	user_runs www-data mailsend --queue=only -s one one@example.net
	[ "$status" -ne 0 ]
	says 'mailsend --setup-queue'
	user_runs www-data mailq
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
}

@test "a reader that has seen enough ends the list" {
	spool_made
	queue alice one two
	run bash -c "nsenter -t $machine -m -- env -i HOME=/root \
		/srv/bin/mailq | head -n 1"
	[[ $output == '-Queue ID-'* ]]
}

# The state of a service whose user is there only while it runs.
service_state() {
	nsenter -t "$machine" -m -- mount -t tmpfs -o mode=755 state /var/lib
	in_machine install -d -m 700 /var/lib/private
	in_machine install -d -m 700 -o 64000 -g 64000 /var/lib/private/mailsend \
		/srv/service
	in_machine ln -s private/mailsend /var/lib/mailsend
	in_machine setpriv --reuid 64000 --regid 64000 --clear-groups \
		env MAILSEND_QUEUE=/srv/service/queue mailsend --queue=only \
		-s served served@example.net <<<served
	in_machine mv /srv/service/queue /var/lib/private/mailsend/
}

@test "the queue of the service is listed and changed, and not run by root" {
	local id

	spool_made
	service_state
	queue alice one
	root_runs mailq
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ $output == *'served@example.net'*'in 2 Requests.' ]]
	[ "$(grep -c '(owner 64000)' <<<"$output")" -eq 1 ]
	root_runs mailsend --flush
	[ "$(count_arrived)" -eq 1 ]
	id=$(ids /var/lib/private/mailsend/queue)
	root_runs mailq --user 64000 --hold "$id"
	says '1 held'
	[ "$(in_machine stat -c %u "/var/lib/private/mailsend/queue/env/$id")" \
		-eq 64000 ]
	root_runs mailq --print "$id"
	grep -q '^Subject: served' <<<"$output"
	root_runs mailq --delete "$id"
	says '1 deleted'
	# a directory that is not below root's is no service's
	in_machine rm /var/lib/mailsend
	in_machine chmod 1777 /var/lib
	as alice ln -s /srv/home/alice /var/lib/mailsend
	root_runs mailq
	[ "$output" = 'Mail queue is empty' ]
}
