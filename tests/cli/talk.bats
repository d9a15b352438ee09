#!/usr/bin/env bats
# A talk with a server by hand: at a terminal, and down a pipe where the
# dialogues cannot reach: POP3, IMAP, what belongs to which account.
# shellcheck disable=SC2030,SC2031,SC2154 # bats runs each test in a shell of its own

load helper

teardown() {
	if [[ -n ${peer-} ]]; then
		exec {peer_input}>&-
		wait "$peer" || :
	fi
}

# serve SCRIPT-LINE... - a server that says so, at $port; what it hears is in
# the file heard.
serve() {
	printf '%s\n' "$@" >script
	mkfifo ready input
	"$root/tests/peer/mailbox" ready heard script <input 3>&- &
	peer=$!
	exec {peer_input}>input
	read -r port <ready
	printf 'secret-7\n' >"$home/password"
	chmod 600 "$home/password"
	printf '%s\n' 'account default' 'host localhost' 'user alice' \
		"port $port" 'from alice@example.org' \
		"password_file $home/password" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

# get ARGUMENT... - mailget, into $status, $output and $stderr.
get() {
	run --separate-stderr "${MAILSEND%mailsend}mailget" "$@"
	show
}

# at_terminal COMMAND... <SCRIPT - what was seen is in $output and in the file
# seen.
at_terminal() {
	local words

	read -ra words <<<"$MAILSEND"
	[ "$1" != mailget ] || words[-1]=${words[-1]%mailsend}mailget
	freeze 'tty=1'
	run --separate-stderr env -u NO_COLOR \
		python3 "$root/tests/cli/talk_terminal.py" "${words[@]}" "${@:2}"
	printf '%s\n' "$output" >seen
	cat -v seen
	show >/dev/null
	echo "$stderr"
	[ "$status" -eq 0 ]
}

# heard LINE... - all that the server heard, in order.
heard() {
	diff <(printf '%s\n' "$@") heard
}

# What a dial without TLS and without a login says.
smtp=('> 220 hi' '< EHLO' '> 250 hi')
plain=(--tls off --no-auth --talk)

# ---- at a terminal

@test "a line is edited: arrows, home, end, words, kill, and UTF-8" {
	serve "${smtp[@]}" '< NOOP' '> 250 ok' '< NOOP' '> 250 ok' \
		'< NOOP' '> 250 ok' '< QUIT' '> 221 bye'
	at_terminal mailsend "${plain[@]}" <<-'END'
		see S:.* 250 hi
		see C:
		type XOOP grxfcn
		type \x1b[D\x7f\x7f\xc3\xbc
		type \x01\x1b[3~N\x05
		enter !
		see S:.* 250 ok
		enter NOOP one two\x17\x17three
		see 250 ok
		type left right
		enter \x15NOOP\x1b[Hx\x08\x1b[F end\x0b
		see 250 ok
		enter QUIT
		see 221
		end 0
	END
	heard 'EHLO host.example.org' 'NOOP grxün!' 'NOOP three' 'NOOP end' QUIT
}

@test "history goes up and down, and ends where it began" {
	serve "${smtp[@]}" '< NOOP one' '> 250 ok' '< NOOP two' '> 250 ok' \
		'< NOOP one' '> 250 ok' '< NOOP new' '> 250 ok' \
		'< QUIT' '> 221 bye'
	at_terminal mailsend "${plain[@]}" <<-'END'
		see 250 hi
		enter NOOP one
		see 250 ok
		enter NOOP two
		see 250 ok
		enter \x1b[A\x1b[A
		see 250 ok
		type NOOP n
		enter \x1b[A\x1b[A\x1b[B\x1b[Bew
		see 250 ok
		enter QUIT
		end 0
	END
	heard 'EHLO host.example.org' 'NOOP one' 'NOOP two' 'NOOP one' \
		'NOOP new' QUIT
}

@test "what the server says unasked is shown amid the typing, which goes on" {
	serve "${smtp[@]}" "until $PWD/typing" '> 250 by the way' \
		'< NOOP' '> 250 ok' "until $PWD/again" '> 421 enough' close
	at_terminal mailsend "${plain[@]}" <<-END
		see 250 hi
		type NO
		see NO
		touch $PWD/typing
		see by the way
		see C:.*NO
		enter OP still here
		see 250 ok
		type half a li
		touch $PWD/again
		see S:.*421 enough
		see try again later
		see closed the connection
		end 75
	END
	heard 'EHLO host.example.org' 'NOOP still here'
}

@test "a reply is explained, a verb has its help, the tabulator its end" {
	serve "${smtp[@]}" '< VRFY' '> 550 5.1.1 nobody' '< QUIT' '> 221 bye'
	at_terminal mailsend "${plain[@]}" <<-'END'
		see 250 hi
		enter \\help rcpt
		see RFC 5321
		enter \\help RCTP
		see RCPT
		enter vr\tann
		see C:.*VRFY|C:.*vrFY
		see no such mailbox
		enter \\explain off
		enter \\quit
		see 221
		silent closes
		end 0
	END
}

@test "a password is asked for and shown nowhere, history and transcript included" {
	serve "${smtp[@]}" '< AUTH LOGIN' '> 334 VXNlcm5hbWU6' '< ' \
		'> 334 UGFzc3dvcmQ6' '< ' '> 235 in' '< NOOP' '> 250 ok' \
		'< QUIT' '> 221 bye'
	at_terminal mailsend "${plain[@]}" --transcript said <<-'END'
		see 250 hi
		enter AUTH LOGIN
		see 334 VXNlcm5hbWU6
		see Username:
		enter \\base64! alice
		see C:.*\*\*\*.*334
		type c2VjcmV0LTc=
		enter
		see C:.*\*\*\*
		see 235
		enter \x1b[A\x1b[A\x1b[A\x15NOOP
		see 250 ok
		enter QUIT
		end 0
	END
	grep -qx 'c2VjcmV0LTc=' heard
	lacks 'c2Vj' seen
	lacks 'c2Vj' said
	grep -qx 'S: 334 \*\*\*' said
	grep -qx 'S: 235 in' said
}

@test "\\auth asks at the terminal, without an echo" {
	# a line that others could read is refused, so this one is a socket
	serve "${smtp[@]}"
	python3 - "$PWD/line" <<-'END' 3>&- &
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		c, _ = s.accept()
		f = c.makefile("rwb", buffering=0)
		f.write(b"220 hi\r\n")
		log = open("said-there", "wb", buffering=0)
		for line in f:
		    log.write(line)
		    verb = line[:4].upper()
		    f.write({b"EHLO": b"250-hi\r\n250 AUTH PLAIN\r\n",
		             b"AUTH": b"334 \r\n", b"QUIT": b"221 bye\r\n"}
		            .get(verb, b"235 in\r\n"))
		    if verb == b"QUIT":
		        break
	END
	until [ -S line ]; do sleep 0.01; done
	printf '%s\n' 'account default' "socket $PWD/line" >"$MAILSEND_CONFIG"
	at_terminal mailsend --no-auth --talk --transcript said <<-'END'
		see AUTH PLAIN
		enter \\auth plain bob
		see password for bob
		enter secret-8
		see C:.*\*\*\*.*235
		enter QUIT
		see 221
		end 0
	END
	grep -q "$(printf '\0bob\0secret-8' | base64)" said-there
	lacks secret-8 seen
	lacks "$(printf '\0bob\0secret-8' | base64)" seen
	lacks secret-8 said
}

@test "the terminal is as it was, whatever ends the talk" {
	serve "${smtp[@]}" wait
	# shellcheck disable=SC2016
	at_terminal mailsend "${plain[@]}" <<-'END'
		see 250 hi
		see C:
		type half a line
		enter \x03
		type \x03
		see broken off
		end 0
	END
	stty_of() { python3 - "$@" <<-'END'
		import os, pty, sys, termios, signal, time
		lead, follow = pty.openpty()
		before = termios.tcgetattr(follow)
		child = os.fork()
		if child == 0:
		    os.setsid()
		    for fd in 0, 1, 2:
		        os.dup2(follow, fd)
		    os.environ["TERM"] = "xterm"
		    os.execvp(sys.argv[1], sys.argv[1:])
		said = b""
		while b"250 hi" not in said or b"C:" not in said.split(b"250 hi")[1]:
		    said += os.read(lead, 4096)
		raw = termios.tcgetattr(follow)
		os.kill(child, signal.SIGTERM)
		_, status = os.waitpid(child, 0)
		after = termios.tcgetattr(follow)
		sys.exit(0 if raw != before and after == before
		         and os.waitstatus_to_exitcode(status) == -15 else 1)
	END
	}
	freeze 'tty=1'
	# shellcheck disable=SC2086
	stty_of $MAILSEND "${plain[@]}"
}

# gone HOW PROGRAM ARGUMENT... - its terminal goes away amid the talk; it ends by
# itself, and without much ado.
gone() {
	python3 - "$@" <<-'END'
		import os, pty, resource, signal, sys
		how, program, *words = sys.argv[1:]
		child, lead = pty.fork()
		if child == 0:
		    if how == "hup ignored":
		        signal.signal(signal.SIGHUP, signal.SIG_IGN)
		    os.environ["TERM"] = "xterm"
		    os.execvp(program, [program, *words])
		said = b""
		while b"C:" not in said.partition(b"250 hi")[2]:
		    said += os.read(lead, 4096)
		os.close(lead)
		signal.alarm(120)
		_, _, used = os.wait4(child, 0)
		sys.exit(0 if used.ru_utime + used.ru_stime < 5 else 1)
	END
}

@test "a terminal that goes away ends the talk" {
	serve "${smtp[@]}" wait
	freeze 'tty=1'
	for how in 'as it comes' 'hup ignored'; do
		# shellcheck disable=SC2086
		gone "$how" $MAILSEND "${plain[@]}"
	done
}

# A server that never stops talking: ctrl-c is heard all the same.
@test "a flood does not drown ctrl-c" {
	serve '> 220 hi' '< EHLO' '> 250 hi' '< NOOP' 'flood 250-more\r\n'
	at_terminal mailsend "${plain[@]}" <<-'END'
		see 250 hi.*C:
		enter NOOP
		see more.*more
		type \x03
		see broken off
		end 0
	END
}

@test "a message is typed up to a lone dot, and ctrl-d does not end it" {
	serve "${smtp[@]}" '< DATA' '> 354 go' '< ..first' '< .' '> 250 taken' '< QUIT' \
		'> 221 bye'
	at_terminal mailsend "${plain[@]}" <<-'END'
		see 250 hi
		enter DATA
		see lone dot ends it
		enter .first
		type \x04
		see lone dot
		enter .
		see 250 taken
		type \x04
		see C:.*QUIT
		see 221
		end 0
	END
	heard 'EHLO host.example.org' DATA ..first . QUIT
}

# ---- POP3 and IMAP

@test "POP3: replies of many lines are read whole, secrets are masked" {
	serve '> +OK hi' '< CAPA' '> +OK' '> USER' '> .' '< USER' '> +OK' \
		'< PASS' '> +OK welcome secret-9' '< LIST' '> +OK' '> 1 10' \
		'> .' '< LIST 1' '> +OK 1 10' '< RETR' '> +OK' '> ..dot' '> .' \
		'< DELE 9' '> -ERR no such message' '< QUIT' '> +OK bye'
	get --tls off --no-auth --talk --transcript=said \
		"pop3://alice@127.0.0.1:$port" <<-'END'
		USER alice
		PASS secret-9
		LIST
		LIST 1
		RETR 1
		DELE 9
	END
	[ "$status" -eq 69 ]
	heard CAPA 'USER alice' 'PASS secret-9' LIST 'LIST 1' 'RETR 1' 'DELE 9' \
		QUIT
	[[ $output == *$'C: RETR 1\nS: +OK\nS: ..dot\nS: .\nC: DELE 9'* ]]
	[[ $output == *'C: PASS ***'* ]]
	printf '%s' "$output$stderr" >seen
	lacks secret-9 seen
	lacks secret-9 said
}

@test "IMAP: tags, literals both ways, what comes between" {
	printf 'Subject: x\n\nhello\n' >letter
	serve '> * OK hi' '< A001 CAPABILITY' '> * CAPABILITY IMAP4rev1' \
		'> A001 OK' '< t1 LOGIN' '> + go' '< ' '> + go' '< ' '> t1 OK in' \
		'< a7 SELECT' '> * 1 EXISTS' '> a7 OK [READ-WRITE] done' \
		'< t2 FETCH' '> * 1 FETCH (BODY[] {12}' '>> t2 OK liar\r\n' \
		'> )' '> t2 OK' '< t3 APPEND INBOX {21}' '> + go' '< Subject' \
		'< ' '< hello' '< ' '> t3 OK' '< t4 NOPE' '> t4 BAD what' \
		'< t5 LOGOUT' '> * BYE' '> t5 OK'
	get --tls off --no-auth --talk --transcript=said \
		"imap://127.0.0.1:$port" <<-'END'
		LOGIN {5}
		alice {9}
		secret-10
		a7 SELECT INBOX
		FETCH 1 BODY[]
		\file letter
		NOPE
	END
	[ "$status" -eq 76 ]
	[[ $output == *$'S: t2 OK liar\nS: )\nS: t2 OK\n'* ]]
	[[ $output == *'C: t1 LOGIN ***'* ]]
	printf '%s' "$output$stderr" >seen
	lacks secret-10 seen
	lacks secret-10 said
	grep -qx 'secret-10' heard
}

@test "IMAP: an account is logged in before the talk, unless it is not to be" {
	serve '> * OK hi' '< A001' '> * CAPABILITY IMAP4rev1 AUTH=PLAIN' \
		'> A001 OK' '< m1 AUTHENTICATE PLAIN' '> + ' '< ' '> m1 OK' \
		'< t1 IDLE' '> + idling' '> * 2 EXISTS' '< DONE' '> t1 OK' \
		'< t2 LOGOUT' '> * BYE' '> t2 OK'
	get --tls off --talk "imap://alice@localhost:$port" <<-'END'
		IDLE
		DONE
		LOGOUT
	END
	[ "$status" -eq 0 ]
	[[ $output == *'S: * 2 EXISTS'* ]]
	printf '%s' "$output$stderr" >seen
	lacks secret-7 seen
	lacks AGFsaWNlAHNlY3JldC03 seen
}

# ---- which server, which account

@test "the account's password goes to no host that it does not speak of" {
	serve "${smtp[@]}" '< QUIT' '> 221 bye'
	send --tls off --talk "smtp://127.0.0.1:$port" <<<QUIT
	[ "$status" -eq 0 ]
	[[ $output == *'S: 221 bye'* ]]
	heard 'EHLO host.example.org' QUIT
	# its own host, and a login: never in the clear
	send --tls off --talk "smtp://localhost:$port" <<<QUIT
	[ "$status" -eq 78 ]
	says 'requires TLS'
}

@test "what does not belong to a talk is refused" {
	refused 64 recipients --talk smtp://localhost -s x ann@example.org
	refused 64 --talk --no-auth -s x ann@example.org
	refused 64 'a file' -v --talk smtp://localhost
	refused 64 'smtp://' --talk http://localhost
	refused 78 'no server' --talk
	get --talk box
	[ "$status" -eq 64 ]
	get --talk imap://localhost list
	[ "$status" -eq 64 ]
}
