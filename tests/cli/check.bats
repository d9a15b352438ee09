#!/usr/bin/env bats
# check.bats - --check on the command line: what it looks like where, what it
# refuses, what it leaves alone.
# shellcheck disable=SC2154,SC2030,SC2031 # status, output and stderr are bats'

load helper
load face
load server

# on_terminal WORDS - the command as a person sees it, without CRs.
on_terminal() {
	script -qec "$MAILSEND $*" /dev/null </dev/null | tr -d '\r'
}

@test "in a pipe: words, no ticks, no colour" {
	configure
	send --check ann@example.org
	[ "$status" -eq 0 ]
	[[ $output == *'ok '*'name lookup'* ]]
	[[ $output != *$'\033'* && $output != *✓* ]]
	[ -z "$stderr" ]
	[ -z "$(arrived)" ]
}

@test "on a terminal: ticks and colour, unless they are not wanted" {
	configure
	export TERM=xterm
	freeze tty=1
	[[ $(on_terminal --check) == *$'\033[32m✓\033[0m'* ]]
	NO_COLOR=1
	export NO_COLOR
	[[ $(on_terminal --check) == '✓ configuration'* ]]
	freeze 'tty=1 charset=us-ascii'
	[[ $(on_terminal --check) == 'ok '*configuration* ]]
}

@test "no line is wider than a terminal" {
	configure
	send --check ann@example.org bob@example.org
	while IFS= read -r line; do
		[ ${#line} -le 80 ]
	done <<<"$output"
}

@test "an alias is tried as what it stands for" {
	configure "aliases $PWD/aliases"
	echo 'ops: ann@example.org, bob@example.org' >aliases
	send --check ops
	[ "$status" -eq 0 ]
	[[ $output == *'<ann@example.org>'*'<bob@example.org>'* ]]
}

@test "the envelope's sender is what a mail would have" {
	configure
	send --check -f '<>' ann@example.org
	[[ $output == *'sender '*'<>: 250'* ]]
	send --check -r other@example.org ann@example.org
	[[ $output == *'sender '*'<other@example.org>: 250'* ]]
	configure 'allow_from_override off'
	send --check -f other@example.org ann@example.org
	[[ $output == *'sender '*'<me@example.org>: 250'* ]]
}

@test "standard input is left alone" {
	configure
	[ "$({ mailsend --check >/dev/null; cat; } <<<'for others')" = 'for others' ]
}

@test "a configuration that is wrong is a step like any other" {
	configure 'tls perhaps'
	send --check --json
	[ "$status" -eq 78 ]
	json_of 'j["failure"]["step"] == "configuration" and "conf:" in j["failure"]["error"]' <<<"$output"
	send --check --nagios
	[ "$status" -eq 3 ]
	[[ $output == 'MAILSEND UNKNOWN - '* ]]
}

@test "an account that goes nowhere" {
	: >"$MAILSEND_CONFIG"
	send --check
	[ "$status" -eq 78 ]
	[[ $output == *FAILED*'no mail server'* ]]
}

@test "what does not belong to it is refused" {
	configure
	refused 64 content --check -s subject ann@example.org </dev/null
	refused 64 --check --nagios ann@example.org </dev/null
	refused 64 --json --check --json --nagios </dev/null
	refused 64 days --check --warn-days x </dev/null
}

@test "a full disk is no success" {
	[ -c /dev/full ] || skip 'no /dev/full'
	configure
	status=0
	mailsend --check >/dev/full 2>err || status=$?
	[ "$status" -ne 0 ]
	[ -s err ]
}

# ---- no cause is told that was not seen ----

# certificates - of tests/peer, in the folder certs.
certificates() {
	PYTHONPATH=$root/tests/peer python3 -c \
		'import certs; certs.Certificates("certs")'
}

# tls_server CERT END - its port into $port; it ends with this test's shell.
tls_server() {
	coproc TLS { python3 "$root/tests/cli/tls_server.py" "certs/$1.pem" \
		"certs/$1.key" "$2" 3>&-; }
	# shellcheck disable=SC2034 # for its users
	IFS= read -r port <&"${TLS[0]}"
	# shellcheck disable=SC2153 # the coproc's
	tls_pid=$TLS_PID # which is unset as soon as it has ended
}

tls_server_ends() {
	[ -z "${TLS[1]-}" ] || eval "exec ${TLS[1]}>&-"
	wait "$tls_pid"
}

# guesses WORD... - none of them may stand in what the check said.
guesses() {
	local word

	for word; do
		[[ ${output,,} != *"${word,,}"* ]] || {
			echo "it was not seen: $word"
			return 1
		}
	done
}

@test "a break behind the certificate is not blamed on its name" {
	local end

	certificates
	for end in close alert; do
		tls_server good "$end"
		printf '%s\n' 'host localhost' "port $port" 'tls on' \
			'tls_starttls off' 'from me@example.org' \
			"tls_trust_file $PWD/certs/ca.pem" >"$MAILSEND_CONFIG"
		send --check
		[ "$status" -eq 75 ] || [ "$status" -eq 69 ]
		guesses 'not for the name' tls_host_override tls_trust_file
		send --check --json
		json_of 'j["failure"]["step"] == "tls"' <<<"$output"
		json_of 'j["failure"]["cause"] is None' <<<"$output"
		tls_server_ends
	done
}

@test "TLS off with a login: nobody was dialled" {
	echo secret >secret
	chmod 600 secret
	configure 'auth on' 'user me' "password_file $PWD/secret"
	send --check
	[ "$status" -eq 78 ]
	[[ $output == *FAILED*login*'tls on'* ]]
	guesses 'speak SMTP' firewall greeting
	send --check --json
	json_of 'j["failure"]["cause"] == "login-without-tls"' <<<"$output"
}

@test "a library that is missing: nobody was dialled" {
	configure
	mkdir broken
	echo 'no library' >broken/libcurl.so.4
	export LD_LIBRARY_PATH=$PWD/broken
	send --check
	[ "$status" -eq 69 ]
	[[ $output == *libcurl4* ]]
	guesses 'speak SMTP' firewall greeting
	send --check --json
	json_of 'j["failure"]["cause"] == "no-library"' <<<"$output"
}

@test "a mailbox: a forged authority of the right name is not to be trusted" {
	local kind

	certificates
	echo secret >secret
	chmod 600 secret
	for kind in forged-rsa flipped-rsa; do
		tls_server "$kind" close
		run --separate-stderr "${MAILSEND%mailsend}mailget" \
			--trust-file certs/ca.pem --set "password_file=secret" \
			"pop3s://me@localhost:$port"
		show
		[ "$status" -eq 78 ]
		says certificate
		says 'before you trust it'
		tls_server_ends
	done
}

# silent PORT - takes connections and says nothing; its port is in $port.
silent() {
	mkfifo "silent.$1"
	python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(s.getsockname()[1], flush=True)
time.sleep(600)' "$1" >"silent.$1" 3>&- &
	silent=$!
	read -r port <"silent.$1"
}

@test "a server that is silent once TLS began: that it was reached is not denied" {
	silent 0
	for tls_certcheck in on off; do
		configure "port $port" 'tls on' 'tls_starttls off' 'timeout 1' \
			'queue never' "tls_certcheck $tls_certcheck"
		send -s x ann@example.org <<<text
		[ "$status" -eq 75 ]
		says 'TLS'
		[[ $stderr != *firewall* && $stderr != *'no connection'* ]]
	done
	send --check
	[ "$status" -eq 75 ]
	[[ $output == *'ok     connection'*'FAILED TLS'* ]]
	guesses firewall 'no connection'
	send --check --json
	json_of 'j["failure"]["cause"] is None' <<<"$output"
	kill "$silent"
}

@test "a silent port 465 without TLS: what to set" {
	silent 465 || skip 'port 465 is not to be had'
	configure "port 465" 'tls off' 'auth off' 'timeout 1' 'queue never'
	send -s x ann@example.org <<<text
	kill "$silent"
	[ "$status" -eq 75 ]
	says 'turn TLS on'
}
