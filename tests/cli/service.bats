#!/usr/bin/env bats
# The service that sends for all users of a machine, by a unix socket, and its
# clients.  Who is at the other end is real: other uids, by setpriv.

# shellcheck disable=SC2030,SC2031,SC2154,SC2314 # helper.bash sets what is used here; each test is a shell of its own
load helper
load service

@test "a user's mail goes by the service's server, and tells whose it is" {
	start_service
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	arrived_are 1
	sed -n 2,3p "$(arrived)" | grep -qx 'Received: from localhost (alice, uid 2001).*'
	grep -q 'with ESMTPA;' "$(arrived)"
	[ "$(field Subject)" = hello ]
	grep -q 'uid=2001 user=alice' "$world/home/mailsend/log"
	grep -q 'alice, uid 2001: mail from' "$world/client/service.log"
	# it is root no more
	[ "$(awk '/^[UG]id:/ { print $2 $3 $4 $5 }' "/proc/$service/status" |
		uniq)" = 2004200420042004 ]
	stop_service
	[ ! -e "$world/run/submit" ] || [ -S "$world/run/submit" ]
}

@test "a socket of systemd's is one, too" {
	cat >"$world/client/activate.py" <<-'END'
	import os, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	os.chmod(sys.argv[1], 0o666)
	s.listen(10)
	os.dup2(s.fileno(), 3)
	os.set_inheritable(3, True)
	os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
	os.execvp(sys.argv[2], sys.argv[2:])
	END
	launch python3 "$world/client/activate.py" "$world/run/submit" \
		"$world/bin/mailsend" --config /etc/mailsend/service.conf \
		--serve 25
	mail bob -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	grep -q '(bob, uid 2002)' "$(arrived)"
	# the name is systemd's
	stop_service
	[ -S "$world/run/submit" ]
}

# waits_then_goes - alice's mail is queued with a notice, and then it is sent.
waits_then_goes() {
	mail alice -s later carol@example.net <<<hi
	[ "$status" -eq 0 ]
	says queued
	arrived_are 0
	[ -z "${service-}" ] || stop_service KILL || true
	rm -rf "$world/run"
	mkdir -m 755 "$world/run"
	start_service
	as alice mailsend --flush
	arrived_are 1
	rm "$(arrived)"
	stop_service
}

@test "no socket, nobody behind it, one that is not theirs: the caller's queue" {
	waits_then_goes
	start_service
	stop_service KILL || true
	[ -S "$world/run/submit" ]
	waits_then_goes
	start_service --set serve_socket_mode=0660
	waits_then_goes
	chmod 700 "$world/run"
	waits_then_goes
}

@test "a service that is overloaded: the caller's queue" {
	service_conf 'serve_max_connections 1'
	start_service
	cat >"$world/client/hold.py" <<-'END'
	exec(open(__import__("os").environ["CLIENT"]).read().split("if __name__")[0])
	held = [Raw().send(b"EHLO me\r\nMAIL FROM:<alice>\r\nRCPT TO:<x@example.net>\r\nDATA\r\n")
	        for _ in range(2)]
	print(held[0].codes(5), flush=True)
	import time
	time.sleep(100)
	END
	as alice env CLIENT="$world/bin/smtp_client.py" python3 \
		"$world/client/hold.py" "$world/run/submit" >hold.out 3>&- &
	until_true grep -q 354 hold.out
	mail alice -s later carol@example.net <<<hi
	kill %% || true
	[ "$status" -eq 0 ]
	says queued
	says "too many"
}

@test "limits are each user's own, and so is the digest of what they hold" {
	service_conf 'limit_same 1h'
	start_service
	local n queue

	for n in 1 2 3; do
		mail alice -s "disk $n" carol@example.net <<<"alice's $n"
		[ "$status" -eq 0 ]
		mail bob -s "disk $n" carol@example.net <<<"bob's $n"
		[ "$status" -eq 0 ]
	done
	arrived_are 2
	grep -q 'held=limit_same' "$world/home/mailsend/log"
	stop_service
	queue=$(home_of mailsend)/.local/state/mailsend/queue
	[ "$(grep -rl '^limit-by limit_same$' "$queue/env" | wc -l)" -eq 4 ]
	[ "$(grep -rh '^owner ' "$queue/env" | sort -u)" = \
		"$(printf '%s\n' 'owner 2001 alice' 'owner 2002 bob')" ]
	find "$world/mail/new" -type f -delete
	as mailsend env MAILSEND_FROZEN="clock=$(($(date +%s) + 3700))" \
		mailsend --config /etc/mailsend/service.conf --flush
	arrived_are 2
	for n in 2 3; do
		grep -l "alice's $n" "$world"/mail/new/* >alices
		grep -l "bob's $n" "$world"/mail/new/* >bobs
		[ "$(wc -l <alices) $(wc -l <bobs)" = '1 1' ]
		run ! cmp alices bobs
	done
}

@test "without a server of its own it serves nobody, nor itself" {
	cp "$world/etc/mailsend.conf" "$world/etc/mailsend/service.conf"
	run --separate-stderr within "$world/bin/mailsend" --config \
		/etc/mailsend/service.conf --serve "unix:$world/run/submit"
	show
	[ "$status" -eq 78 ]
	says 'configuration of its own'
	[ ! -e "$world/run/submit" ]
	# nor when it is told so later
	service_conf
	start_service
	cp "$world/etc/mailsend.conf" "$world/etc/mailsend/service.conf"
	talk alice <<<'print(send(sender="alice"))'
	[[ $output == "(451, "* ]]
	[[ $output != *"$world"* ]]
}

@test "a socket that was left is replaced, and nothing else" {
	start_service
	stop_service KILL || true
	[ -S "$world/run/submit" ]
	start_service
	# one that answers
	run --separate-stderr within "$world/bin/mailsend" --config \
		/etc/mailsend/service.conf --serve "unix:$world/run/submit"
	[ "$status" -eq 69 ]
	says 'another program'
	mail alice -s hello carol@example.net <<<hi
	arrived_are 1
	stop_service
	rm -f "$world/run/submit"
	echo precious >"$world/run/submit"
	run --separate-stderr within "$world/bin/mailsend" --config \
		/etc/mailsend/service.conf --serve "unix:$world/run/submit"
	[ "$status" -eq 73 ]
	[ "$(cat "$world/run/submit")" = precious ]
	rm "$world/run/submit"
	ln -s /etc/passwd "$world/run/submit"
	run --separate-stderr within "$world/bin/mailsend" --config \
		/etc/mailsend/service.conf --serve "unix:$world/run/submit"
	[ "$status" -eq 73 ]
	[ -L "$world/run/submit" ]
	[ -z "$(find "$world/run" -name 'submit.*')" ]
}

@test "any user may run one, as in a container" {
	install -d -o 2002 "$world/run/bob"
	service_conf
	cp "$world/etc/mailsend/service.conf" "$world/home/bob/conf"
	chown 2002 "$world/home/bob/conf"
	# shellcheck disable=SC2046 # words
	launch $(as_service bob) mailsend --config "$world/home/bob/conf" \
		--serve "unix:$world/run/bob/submit"
	echo "socket $world/run/bob/submit" >"$world/etc/mailsend.conf"
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	grep -q '(alice, uid 2001)' "$(arrived)"
	stop_service
	[ ! -e "$world/run/bob/submit" ]
	# a uid that no password database has
	install -d -o 54321 "$world/run/none"
	install -m 644 "$world/etc/mailsend/service.conf" "$world/client/conf"
	launch setpriv --reuid 54321 --regid 54321 --clear-groups \
		env -i PATH="$PATH" HOME="$world/run/none" "$world/bin/mailsend" \
		--config "$world/client/conf" \
		--serve "unix:$world/run/none/submit"
	echo "socket $world/run/none/submit" >"$world/etc/mailsend.conf"
	mail bob -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	arrived_are 2
	stop_service
}

@test "it runs its own queue, and needs no timer" {
	service_conf 'port 1'
	start_service
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(service_queue | json_of 'j[0]["sent_by"]')" = alice ]
	as mailsend mailsend --mailq | grep -q 'sent by alice)'
	service_conf
	until_true arrived_are 1
	grep -q 'uid=2001 user=alice' "$world/home/mailsend/log"
	[ "$(as mailsend mailsend --mailq --json | json_of 'len(j)')" -eq 0 ]
}

@test "SIGTERM: what has begun is finished, what waits stays queued" {
	start_service
	cat >script <<-'END'
	import os, signal
	idle = Raw()
	idle.codes(1)
	busy = Raw().send(b"EHLO me\r\nMAIL FROM:<alice>\r\n"
	                  b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n")
	print(busy.codes(5)[-1], flush=True)
	print(idle.codes(2))
	print(busy.send(b"\r\nx\r\n.\r\n").codes(3))
	END
	as alice python3 "$world/bin/smtp_client.py" "$world/run/submit" \
		<script >client.out 2>&1 3>&- &
	local client=$!
	until_true grep -q 354 client.out
	stop_service
	wait "$client"
	cat client.out
	[ "$(cat client.out)" = "354
['421', '']
['250', '421', '']" ]
	arrived_are 1
}

@test "SIGHUP has the configuration read again" {
	start_service
	service_conf 'serve_max_size 1k'
	kill -HUP "$service"
	until_true grep -q 'read again' "$world/client/service.log"
	head -c 4000 /dev/zero | tr '\0' x >"$world/client/large"
	mail alice -s large carol@example.net -f "$world/client/large" </dev/null || true
	run as alice mailsend -s large carol@example.net <"$world/client/large"
	[ "$status" -ne 0 ]
	arrived_are 0
	# one that is wrong changes nothing
	echo nonsense >>"$world/etc/mailsend/service.conf"
	kill -HUP "$service"
	until_true grep -q 'was not read again' "$world/client/service.log"
	kill -0 "$service"
}

@test "groups and users: who may send" {
	service_conf 'serve_allow staff2, user:www, staff3'
	start_service
	grep -q 'no group "staff3"' "$world/client/service.log"
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	mail www -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	arrived_are 2
	# bob cannot, and is told so; the mail is kept
	mail bob -s hello carol@example.net <<<hi
	[ "$status" -ne 0 ]
	says 554
	[ -e "$world/home/bob/dead.letter" ]
	arrived_are 2
	# ... also when he is slower than the service
	run --separate-stderr as bob strace -f -qq -o /dev/null -e trace=connect \
		-e inject=connect:delay_exit=500000 "$world/bin/mailsend" \
		-s hello carol@example.net <<<hi
	show
	[ "$status" -ne 0 ]
	says 554
	# a group that the process has, and not the database
	run within setpriv --reuid 2002 --regid 2002 --groups 3001 \
		env -i HOME="$world/home/bob" "$world/bin/mailsend" -s hello \
		carol@example.net <<<hi
	[ "$status" -eq 0 ]
	arrived_are 3
	# a change counts for the next mail
	service_conf 'serve_allow user:2002'
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -ne 0 ]
	mail root -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
}

# ---- settings ----

@test "the settings refuse what they cannot be" {
	local wrong

	for wrong in 'serve_rate 0/h' 'serve_rate 5' 'serve_rate 5/x' \
		'serve_quota many' 'serve_quota -1' 'serve_quota 3G' \
		'serve_reserve x' 'serve_reserve 0' 'serve_reserve off' \
		'serve_from nobody' 'serve_from' 'serve_from :own' \
		'serve_allow a/b' 'serve_allow user:' 'serve_allow *' \
		'serve_socket_mode 999' 'serve_socket_mode rw' 'serve_socket_mode 12345' \
		'serve_user a b' 'serve_socket_group a b' \
		'password_credential a/b' 'password_credential ..' \
		'password_credential .x'; do
		service_conf "$wrong"
		run --separate-stderr within "$world/bin/mailsend" --config \
			/etc/mailsend/service.conf --show-config
		echo "$wrong: $status $stderr"
		[ "$status" -eq 78 ]
		says "${wrong%% *}"
	done
	service_conf 'serve_user no-such-user'
	run --separate-stderr within "$world/bin/mailsend" --config \
		/etc/mailsend/service.conf --serve "unix:$world/run/submit"
	[ "$status" -eq 78 ]
	says no-such-user
	[ ! -e "$world/run/submit" ]
	service_conf 'serve_socket_group no-such-group'
	run --separate-stderr within "$world/bin/mailsend" --config \
		/etc/mailsend/service.conf --serve "unix:$world/run/submit"
	[ "$status" -eq 78 ]
	for wrong in unix: unix:relative "unix:/$(printf 'x%.0s' {1..120})"; do
		run --separate-stderr within "$world/bin/mailsend" --serve "$wrong"
		[ "$status" -eq 64 ]
		says unix:
	done
}

# ---- secrets and state ----

# begin_login - a server that wants a login, by me@example.org with hunter2; the
# service's account goes there with what is added.
begin_login() {
	local line

	mkfifo began
	python3 "$root/tests/peer/peer" --serve --certs "$world/certs" \
		--maildir "$world/mail" --tls starttls --auth PLAIN \
		--password hunter2 >began 2>login.log 3>&- &
	echo $! >"$world/login.pid"
	while IFS= read -r line; do
		[[ $line != PEER_PORT=* ]] || echo "${line#*=}" >login.port
		[ "$line" != ready ] || break
	done <began
	install -m 644 "$world/certs/ca.pem" "$world/etc/mailsend/ca.pem"
	service_conf 'host localhost' "port $(cat login.port)" 'tls on' \
		'tls_trust_file /etc/mailsend/ca.pem' 'user me@example.org' \
		'queue never' 'dead_letter off' "$@"
}

@test "a password from a credential of the service" {
	begin_login 'password_credential smtp'
	install -d -m 500 -o 2004 "$world/client/credentials"
	echo hunter2 >"$world/client/credentials/smtp"
	chmod 400 "$world/client/credentials/smtp"
	chown 2004 "$world/client/credentials/smtp"
	launch env -i PATH="$PATH" LC_ALL=C.UTF-8 \
		CREDENTIALS_DIRECTORY="$world/client/credentials" \
		"$world/bin/mailsend" --config /etc/mailsend/service.conf \
		--serve "unix:$world/run/submit"
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	arrived_are 1
	lacks hunter2 "$world/client/service.log"
	# it is not alice's to read, nor what is wrong with it hers to know
	run as alice cat "$world/client/credentials/smtp"
	[ "$status" -ne 0 ]
	chmod 444 "$world/client/credentials/smtp"
	talk alice <<<'print(send(sender="alice"))'
	[[ $output == "(451, "* && $output != *credentials* ]]
	grep -q 'others can read it' "$world/client/service.log"
	kill "$(cat "$world/login.pid")"
}

@test "a password below /run/secrets may be open to the container" {
	begin_login 'password_file /run/secrets/smtp'
	within mkdir -p /run/secrets
	within sh -c 'echo hunter2 >/run/secrets/smtp
		chmod 444 /run/secrets/smtp && chown 12345 /run/secrets/smtp'
	start_service
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	arrived_are 1
	# not where the directory is anybody's
	within chmod 777 /run/secrets
	talk alice <<<'print(send(sender="alice")[0])'
	[ "$output" = 451 ]
	within chmod 755 /run/secrets
	# nor elsewhere
	within cp -p /run/secrets/smtp /run/smtp
	sed -i 's,/run/secrets/smtp,/run/smtp,' \
		"$world/etc/mailsend/service.conf"
	talk alice <<<'print(send(sender="alice")[0])'
	[ "$output" = 451 ]
	grep -q 'others can read it' "$world/client/service.log"
	within rm -rf /run/secrets /run/smtp
	kill "$(cat "$world/login.pid")"
}

@test "state is in STATE_DIRECTORY where there is no home to be written" {
	install -d -m 700 -o 2001 "$world/client/state"
	run --separate-stderr as alice env \
		STATE_DIRECTORY="$world/client/state" mailsend --show-config
	show
	# a home of one's own comes first
	[[ $output != *STATE_DIRECTORY* ]]
	chmod 555 "$world/home/alice"
	chown root "$world/home/alice"
	run --separate-stderr as alice env \
		STATE_DIRECTORY="$world/client/state" mailsend --show-config
	show
	[[ $output == *"$world/client/state"* ]]
	[[ $output == *"$world/home/alice is used"*'uid 0'* ]]
	as alice env STATE_DIRECTORY="$world/client/state" mailsend -s x \
		carol@example.net <<<hi
	[ "$(find "$world/client/state/queue/env" -type f | wc -l)" -eq 1 ]
	chown 2001 "$world/home/alice"
	chmod 700 "$world/home/alice"
}

# ---- one process for each connection ----

@test "a socket on standard input: who is behind it counts" {
	cat >"$world/client/each.py" <<-'END'
	import os, socket, subprocess, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	os.chmod(sys.argv[1], 0o666)
	s.listen(10)
	print("listening on", sys.argv[1], file=sys.stderr, flush=True)
	while True:
	    c, _ = s.accept()
	    subprocess.run(sys.argv[2:], stdin=c, stdout=c)
	    c.close()
	END
	install -d -o 2004 "$world/run/each"
	# shellcheck disable=SC2046 # words
	launch $(as_service mailsend) python3 "$world/client/each.py" \
		"$world/run/each/submit" mailsend --config \
		/etc/mailsend/service.conf --serve -
	echo "socket $world/run/each/submit" >"$world/etc/mailsend.conf"
	mail alice -s hello -r bob carol@example.net <<<hi
	[ "$status" -eq 0 ]
	grep -q '(alice, uid 2001)' "$(arrived)"
	lacks '^From:.*bob' "$(arrived)"
}

# ---- as the first process of a container ----

@test "process 1 of a container: started by root, ended by SIGTERM, mail in flight" {
	unshare --pid --fork true 2>/dev/null || skip 'no pid namespaces here'
	: >"$world/client/service.log"
	nsenter -t "$(cat "$world/holder.pid")" -m --wd="$world/client" \
		unshare --pid --fork --kill-child env -i PATH="$PATH" \
		LC_ALL=C.UTF-8 "$world/bin/mailsend" \
		--config /etc/mailsend/service.conf \
		--serve "unix:$world/run/new/submit" \
		2>>"$world/client/service.log" 3>&- &
	service=$!
	until_true service_is_up
	local first
	first=$(cat "/proc/$service/task/$service/children")
	# its directory was made, and users get through
	echo "socket $world/run/new/submit" >"$world/etc/mailsend.conf"
	mail alice -s hello carol@example.net <<<hi
	[ "$status" -eq 0 ]
	arrived_are 1
	cat >"$world/client/script" <<-'END'
	busy = Raw().send(b"EHLO me\r\nMAIL FROM:<alice>\r\n"
	                  b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n")
	print(busy.codes(5)[-1], flush=True)
	import time, os
	while not os.path.exists("told"):
	    time.sleep(0.05)
	print(busy.send(b"\r\nx\r\n.\r\n").codes(2))
	END
	as alice python3 "$world/bin/smtp_client.py" "$world/run/new/submit" \
		<"$world/client/script" >client.out 2>&1 3>&- &
	local client=$!
	until_true grep -q 354 client.out
	kill -TERM "$first"
	touch "$world/client/told"
	wait "$client"
	cat client.out
	[[ $(cat client.out) == *"'250', '421'"* ]]
	wait "$service"
	service=
	arrived_are 2
}
