#!/usr/bin/env bats
# What another user, or a user of their own, can put in root's way, and that it
# gets them nothing.

# shellcheck disable=SC2154 # helper.bash and users.bash set what is used here
# shellcheck disable=SC2016 # for a user's shell
bats_require_minimum_version 1.5.0
load helper
load everybody

setup() {
	machine_setup_served
	in_machine mailsend --flush --due
}

# The mail of a user who has nothing to do with it goes all the same.
others_go_on() {
	[ "$(count_arrived)" -eq 1 ]
	grep -q '^Subject: innocent' "$(arrived)"
}

# traced COMMAND... - as root, into the file `trace`.
traced() {
	command -v strace >/dev/null || skip "no strace"
	run --separate-stderr nsenter -t "$machine" -m -- env -i \
		PATH=/srv/bin:/usr/bin:/bin HOME=/srv/home/root LC_ALL=C.UTF-8 \
		ASAN_OPTIONS=detect_leaks=0 \
		strace -f -qq -o "$PWD/trace" \
		-e trace=openat,open,fork,vfork,clone,clone3,setresuid,execve "$@"
	show
}

# ---- who does it

@test "root itself opens no file of a user's; their own process does" {
	local parent

	queue alice innocent
	configure_user alice 'host localhost' "port $(cat "$server/port")" \
		'tls off' 'from alice@example.org'
	traced mailsend --flush
	[ "$status" -eq 0 ]
	others_go_on
	parent=$(head -n 1 trace | cut -d' ' -f1)
	grep -q "/srv/home/alice/.*env" trace
	lacks "^$parent .*/srv/home/alice" trace
	# each process that opened one had become the user before
	awk '/setresuid\(2001, 2001, 2001/ { is[$1] = 1 }
		/(clone|clone3|fork|vfork)[ (].*= [0-9]+$/ {
			if (is[$1]) is[$NF] = 1 }
		/\/srv\/home\/alice/ && !is[$1] { print; bad = 1 }
		END { exit bad }' trace
}

@test "the process of a user cannot become root again, and has no descriptor" {
	configure_user alice 'host localhost' "port $(cat "$server/port")" \
		'tls off' 'from alice@example.org' 'auth plain' 'user x' \
		'passwordeval (grep -E "^(Uid|Gid|Groups|CapPrm|CapEff|CapInh|CapAmb)" /proc/self/status; ls -l /proc/self/fd; tty) >~/who 2>&1; echo x'
	queue alice one
	exec 8<"$root/README.md"
	run --separate-stderr script -qec "nsenter -t $machine -m -- env -i \
		PATH=/srv/bin:/usr/bin:/bin HOME=/srv/home/root mailsend --flush" \
		/dev/null
	exec 8<&-
	in_machine cat /srv/home/alice/who >rights
	cat rights
	grep -qx 'Uid:	2001	2001	2001	2001' rights
	grep -qx 'Gid:	2001	2001	2001	2001' rights
	grep -q '^Groups:	500 2001' rights
	[ "$(grep -c '^Cap.*	0000000000000000$' rights)" -eq 4 ]
	lacks 'README\|/dev/pts\|/dev/tty' rights
}

@test "a configuration's command runs as its user, never as root" {
	configure_user alice 'host localhost' "port $(cat "$server/port")" \
		'tls on' 'from alice@example.org' 'auth plain' 'user x' \
		'passwordeval id -u >/srv/home/alice/ran; echo x'
	queue alice one
	root_runs mailsend --flush
	[ "$(in_machine cat /srv/home/alice/ran)" = 2001 ]
	for word in --mailq '--mailq --check' '--mailq --json' '--mailq --hold ALL'; do
		in_machine rm -f /srv/home/alice/ran
		# shellcheck disable=SC2086 # words
		root_runs mailsend $word
		[ "$status" -eq 0 ]
		in_machine test ! -e /srv/home/alice/ran
	done
}

@test "what a user's command says cannot fool a terminal, and bears their name" {
	configure_user alice 'host localhost' "port $(cat "$server/port")" \
		'tls on' 'tls_certcheck off' 'from alice@example.org' \
		'auth plain' 'user x' \
		'passwordeval printf "\033]0;x\007mailsend: root: all is well\n" >&2; false'
	queue alice one
	queue bob innocent
	root_runs mailsend --flush
	[[ $stderr != *$'\033'* ]]
	while IFS= read -r line; do
		[[ $line == 'mailsend: alice: '* || $line == 'mailsend: bob: '* ||
			$line =~ ^mailsend:\ [0-9]+\ sent ]]
	done <<<"$stderr"
	others_go_on
}

@test "a flood of words ends, and the others go on" {
	configure_user alice 'host localhost' 'port 9' 'tls off' \
		'from alice@example.org' 'transport command yes >&2' \
		'command_timeout 2'
	queue alice one
	queue bob innocent
	root_runs mailsend --flush
	[ "$(wc -l <<<"$stderr")" -lt 1100 ]
	others_go_on
}

# ---- what hangs

@test "a password command that hangs holds up nobody else" {
	configure_user alice 'host localhost' "port $(cat "$server/port")" \
		'tls on' 'tls_certcheck off' 'from alice@example.org' 'auth plain' \
		'user x' 'command_timeout 120' \
		'passwordeval echo $$ >~/hangs; sleep 300'
	queue alice one
	queue bob innocent
	become_machine mailsend --flush 3>&- 2>flush.log &
	flusher=$!
	until_true others_go_on
	until_true in_machine test -s /srv/home/alice/hangs
	# ... and when the run is asked to end it ends
	kill "$flusher"
	wait "$flusher" || true
	until_true hangs_no_more
	[ "$(waits "$(home_queue alice)")" -eq 1 ]
}

hangs_no_more() {
	! kill -0 "$(in_machine cat /srv/home/alice/hangs)" 2>/dev/null
}

@test "a queue that does not answer is an error of its owner's" {
	queue bob innocent
	as alice mkdir -p -m 700 /srv/home/alice/.config/mailsend
	as alice mkfifo /srv/home/alice/.config/mailsend/config
	queue carol other
	as alice mkdir -p "$(home_queue alice)/env"
	root_runs mailq
	[[ $output == *'(owner bob)'*'(owner carol)'*'in 2 Requests.' ]]
	root_runs mailsend --mailq --check
	[[ $output == *count=2* ]]
}

@test "a process that is stopped by its user is ended" {
	queue alice one
	queue bob innocent
	# the configuration's command stops what runs it
	configure_user alice 'host localhost' "port $(cat "$server/port")" \
		'tls on' 'tls_certcheck off' 'from alice@example.org' 'auth plain' \
		'user x' 'command_timeout 120' \
		'passwordeval ps -o ppid= $PPID | xargs kill -STOP; kill -STOP $PPID; echo $PPID >~/stopped'
	become_machine mailsend --flush 3>&- 2>flush.log &
	flusher=$!
	until_true others_go_on
	until_true in_machine test -s /srv/home/alice/stopped
	kill "$flusher"
	wait "$flusher" || true
	until_true stopped_no_more
	[ "$(waits "$(home_queue alice)")" -eq 1 ]
}

stopped_no_more() {
	! kill -0 "$(in_machine cat /srv/home/alice/stopped)" 2>/dev/null
}

# ---- whose it is

@test "a queue that another user made is refused and never run" {
	local victim=/var/spool/mailsend/33

	# before www-data had one
	in_machine rm -rf "$victim"
	as alice env MAILSEND_QUEUE="$victim" mailsend --queue=only -s evil \
		evil@example.net <<<evil
	queue bob innocent
	for command in mailq 'mailsend --flush' 'mailsend --mailq --check'; do
		# shellcheck disable=SC2086 # words
		root_runs $command
		says "$victim was made by uid 2001"
		says "www-data: the queue $victim belongs to another user"
		[[ $output != *evil@* ]]
	done
	others_go_on
	[ "$(waits "$victim")" -eq 1 ]
	# ... nor does its victim use it
	user_runs www-data mailq
	[ "$status" -eq 77 ]
	says 'belongs to another user (uid 2001)'
	user_runs www-data mailsend --queue=only -s own own@example.net
	[ "$status" -ne 0 ]
	says 'belongs to another user'
	[ "$(waits "$victim")" -eq 1 ]
}

@test "a queue in another's home is theirs and nobody's else" {
	local folder

	folder=$(home_queue carol)
	as carol mkdir -p "${folder%/*}"
	in_machine install -d -m 700 -o alice -g alice "$folder"
	as alice env MAILSEND_QUEUE=/srv/home/alice/q mailsend --queue=only \
		-s evil evil@example.net <<<evil
	in_machine cp -a /srv/home/alice/q/. "$folder"
	queue bob innocent
	root_runs mailsend --flush
	[ "$status" -eq 77 ]
	says "carol: the queue $folder belongs to another user (uid 2001)"
	others_go_on
}

@test "root's own place cannot be taken beforehand" {
	in_machine rm -rf /var/spool/mailsend/0 /var/spool/mailsend/users
	as alice mkdir -m 777 /var/spool/mailsend/0
	as alice ln -s /srv/home/alice /var/spool/mailsend/users
	root_runs mailsend --queue=only -s zero zero@example.net
	[ "$status" -eq 0 ]
	says 'was made by another user (uid 2001)'
	[ "$(in_machine stat -c %U:%a /var/spool/mailsend/0)" = root:700 ]
	[ "$(in_machine stat -c %U:%a:%F /var/spool/mailsend/users)" = \
		root:1733:directory ]
	[ "$(waits /var/spool/mailsend/0)" -eq 1 ]
	# the old name of a part is no part of root's queue
	as alice mkdir /var/spool/mailsend/env
	as alice touch /var/spool/mailsend/env/1abcdef-12345
	root_runs mailq
	[[ $output == *'in 1 Request.' ]]
	in_machine test -e /var/spool/mailsend/env/1abcdef-12345
}

@test "nobody removes or lists another's queue in the spool" {
	queue www-data one
	user_runs alice ls /var/spool/mailsend
	[ "$status" -ne 0 ]
	user_runs alice mv /var/spool/mailsend/33 /var/spool/mailsend/x
	[ "$status" -ne 0 ]
	user_runs alice ls /var/spool/mailsend/33
	[ "$status" -ne 0 ]
	[ "$(waits /var/spool/mailsend/33)" -eq 1 ]
}

# ---- links

@test "a place in the spool that is a link to another's queue" {
	queue bob innocent
	as alice ln -s "$(home_queue bob)" /var/spool/mailsend/2001
	root_runs mailq
	[ "$(grep -c example.net <<<"$output")" -eq 1 ]
	says '/var/spool/mailsend/2001'
	root_runs mailsend --flush
	others_go_on
	# and one that bob is to follow
	as alice ln -s /srv/home/alice /var/spool/mailsend/2002
	as alice mkdir -p /srv/home/alice/env
	root_runs mailq
	[[ $output != *'(owner'* ]]
}

@test "links of another user on the way to a queue" {
	# a home in which others can make names, as /tmp is for some accounts
	in_machine install -d -m 1777 /srv/shared
	in_machine sed -i 's,^daemon:.*,daemon:x:1:1::/srv/shared:/bin/sh,' \
		/etc/passwd
	as daemon mkdir -p -m 755 /srv/shared/own
	as daemon env MAILSEND_QUEUE=/srv/shared/own/mailsend/queue mailsend \
		--queue=only -s theirs theirs@example.net <<<theirs
	as alice mkdir -p -m 755 /srv/shared/.local
	as alice ln -s /srv/shared/own /srv/shared/.local/state
	queue bob innocent
	root_runs mailsend --flush
	says 'daemon: on the way to the queue'
	says '/srv/shared/.local/state is a symbolic link of another user'
	others_go_on
}

@test "a link in a home does not show whether a file of root's is there" {
	command -v strace >/dev/null || skip "no strace"
	in_machine mkdir -p -m 700 /srv/home/root/mailsend
	in_machine touch /srv/home/root/mailsend/config
	as bob ln -s /srv/home/root "/srv/home/bob/.config"
	as carol ln -s /srv/home/root/nothing "/srv/home/carol/.config"
	queue alice innocent
	root_runs env ASAN_OPTIONS=detect_leaks=0 strace -f -qq \
		-o "$PWD/trace" -e trace=setresuid mailq
	[ "$status" -eq 0 ]
	[[ $output == *innocent@example.net* ]]
	# it is the same for both
	grep -q 'setresuid(2002, 2002, 2002' trace
	grep -q 'setresuid(2003, 2003, 2003' trace
}

@test "links and pipes in the queue itself, and a file that is no entry" {
	local queue id

	queue alice one two
	queue bob innocent
	queue=$(home_queue alice)
	id=$(ids "$(home_queue bob)")
	in_machine sh -c 'echo root-secret >/srv/secret; chmod 600 /srv/secret'
	as alice ln -s /srv/secret "$queue/env/1zzzzzz-aaaaa"
	as alice ln -s "$(home_queue bob)/env/$id" "$queue/env/1zzzzzz-bbbbb"
	as alice ln -s /srv/secret "$queue/msg/1zzzzzz-aaaaa"
	as alice mkfifo "$queue/env/1zzzzzz-ccccc"
	as alice mkfifo "$queue/msg/1zzzzzz-ccccc"
	as alice mkdir "$queue/env/1zzzzzz-ddddd"
	as alice mkfifo "$queue/stamp/login"
	root_runs mailq
	[[ $output$stderr != *root-secret* ]]
	[ "$(grep -c 'example.net' <<<"$output")" -eq 3 ]
	root_runs mailq --print 1zzzzzz-aaaaa
	[[ $output$stderr != *root-secret* ]]
	[ "$status" -ne 0 ]
	root_runs mailq --print 1zzzzzz-ccccc
	[ "$status" -ne 0 ]
	root_runs mailsend --flush
	[[ $output$stderr != *root-secret* ]]
	[ "$(count_arrived)" -eq 3 ]
	root_runs mailq --delete ALL
	[ "$(in_machine cat /srv/secret)" = root-secret ]
}

@test "a hard link to another's entry is no way to read it" {
	local queue id

	queue alice one
	queue bob innocent
	queue=$(home_queue alice)
	id=$(ids "$(home_queue bob)")
	# as a kernel without fs.protected_hardlinks would let alice
	in_machine ln "$(home_queue bob)/env/$id" "$queue/env/1zzzzzz-bbbbb"
	in_machine ln "$(home_queue bob)/msg/$id" "$queue/msg/1zzzzzz-bbbbb"
	root_runs mailq --user alice
	[[ $output != *innocent@* ]]
	root_runs mailq --user alice --print 1zzzzzz-bbbbb
	[[ $output != *innocent* ]]
	root_runs mailsend --flush
	[ "$(count_arrived)" -eq 2 ]
}

@test "the register: another's name, a link, a hard link, lines that are none" {
	queue bob innocent
	in_machine sh -c 'echo root-secret >/srv/secret'
	as alice sh -c 'echo /srv/evil >/var/spool/mailsend/users/33'
	as carol ln -s /srv/secret /var/spool/mailsend/users/2003
	as daemon sh -c '
		printf "%s\n" ../../etc /srv/home/bob/.local/state/mailsend/queue \
		/var/spool/mailsend/0 "$(printf "/a\033b")" "" \
		>/var/spool/mailsend/users/1; printf /torn \
		>>/var/spool/mailsend/users/1'
	in_machine touch /var/spool/mailsend/users/not-a-uid
	root_runs mailq
	says '/var/spool/mailsend/users/'
	says '1 more like it'
	# what daemon names is not theirs
	says 'daemon: the queue /var/spool/mailsend/0 belongs to another user'
	in_machine ln /var/spool/mailsend/users/1 /var/spool/mailsend/users/4
	root_runs mailq
	says '3 more like it'
	[[ $output$stderr != *root-secret* ]]
	[ "$(grep -c '(owner ' <<<"$output")" -eq 1 ]
	root_runs mailsend --flush
	others_go_on
}

# ---- too much of it

@test "an entry of 10 gigabytes, and one that tells lies" {
	local queue id

	queue alice one
	queue bob innocent
	queue=$(home_queue alice)
	id=$(ids "$queue")
	as alice sh -c "cd $queue && sed 's/^size .*/size 10737418240/' env/$id \
		>env/1zzzzzz-bbbbb && truncate -s 10G msg/1zzzzzz-bbbbb"
	as alice truncate -s 10G "$queue/env/1zzzzzz-aaaaa"
	as alice touch "$queue/msg/1zzzzzz-aaaaa"
	root_runs mailq
	[[ $output == *'1zzzzzz-aaaaa'*'(owner alice)'*'too large'* ]]
	[[ $output == *'(owner bob)'* ]]
	root_runs timeout 110 mailsend --flush --user bob
	[ "$status" -eq 0 ]
	others_go_on
}

@test "100000 entries are counted, some are shown, and the others are there" {
	local queue

	queue alice one
	queue bob innocent
	queue=$(home_queue alice)
	# links of their own are entries like others
	as alice sh -c "cd $queue/env && set -- * && python3 -c 'import os, sys
for i in range(100000): os.symlink(sys.argv[1], \"2%06d-aaaaa\" % i)' \$1"
	time root_runs mailq >/dev/null
	[ "$(grep -c '^2.*(owner alice)' <<<"$output")" -le 10000 ]
	[[ $output == *'more of alice: mailq --user alice)'* ]]
	[[ $output == *'(owner bob)'* ]]
	[[ $(tail -n 1 <<<"$output") == *'in 100002 Requests.' ]]
	root_runs mailq --json
	says 'alice has'
	json_of 'len(j) <= 30000' <<<"$output"
	root_runs mailsend --mailq --check -c 90000
	[ "$status" -eq 2 ]
}

@test "100000 names of a user's in the spool" {
	queue bob innocent
	as alice python3 -c 'import os
for i in range(100000): os.mkdir("/var/spool/mailsend/%d" % (10000000 + i))'
	root_runs mailq
	[[ $output == *'(owner bob)'*'in 1 Request.' ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	says '99999 more like it'
}

@test "a spool that is full: the mail is kept, and root's list goes on" {
	queue bob innocent
	nsenter -t "$machine" -m -- mount -t tmpfs -o mode=1733,size=64k full \
		/var/spool/mailsend
	nsenter -t "$machine" -m -- mkdir -m 1733 /var/spool/mailsend/users
	in_machine sh -c 'cat /dev/zero >/var/spool/mailsend/fill' || true
	user_runs www-data mailsend --queue=only -s own own@example.net
	[ "$status" -eq 75 ]
	says 'No space left'
	root_runs mailq
	[[ $output == *'(owner bob)'*'in 1 Request.' ]]
	root_runs mailsend --flush
	others_go_on
}

# ---- who is not quite there

@test "a home that root may not enter, and one that is not there" {
	queue alice innocent
	# as a file server that does not trust root: the path is walked by alice
	in_machine chmod 700 /srv/home/alice
	root_runs setpriv --bounding-set=-dac_override,-dac_read_search \
		--inh-caps=-all mailsend --flush
	[ "$status" -eq 0 ]
	others_go_on
	in_machine rm -rf /srv/home/carol
	root_runs mailq
	[ "$status" -eq 0 ]
	[ "$output" = 'Mail queue is empty' ]
}

@test "a user without a shell" {
	queue carol innocent
	root_runs mailsend --flush
	[ "$status" -eq 0 ]
	others_go_on
}

@test "a user who was deleted: the queue goes by the uid" {
	in_machine sh -c 'echo "dave:x:2009:2009::/nonexistent:/bin/sh" >>/etc/passwd'
	queue dave innocent
	in_machine sed -i /^dave:/d /etc/passwd
	root_runs mailq
	[[ $output == *'(owner 2009)'* ]]
	root_runs mailq --json --user 2009
	json_of 'j[0]["owner"] == "2009" and j[0]["uid"] == 2009' <<<"$output"
	root_runs mailsend --flush
	[ "$status" -eq 0 ]
	others_go_on
	[ "$(waits /var/spool/mailsend/2009)" -eq 0 ]
}

@test "a configuration that is broken is told by its owner's name" {
	queue alice one
	queue bob innocent
	configure_user alice 'host' 'nonsense yes'
	root_runs mailq
	[ "$status" -eq 0 ]
	[[ $output == *'in 2 Requests.' ]]
	root_runs mailsend --flush
	says 'alice: '
	says 'config:1'
	others_go_on
	[ "$(waits "$(home_queue alice)")" -eq 1 ]
	# one without mail has nothing to say
	configure_user carol 'nonsense'
	root_runs mailq --user carol
	[ -z "$stderr" ]
}
