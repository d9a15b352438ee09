# helper.bash - what the tests against the real servers share.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # bats and the tests set and use them

# Exit statuses by cause; where two would be right, a list.
EXIT_SOME_REFUSED=79
EXIT_NO_MAILBOX=67
EXIT_TOO_BIG='65 69'
EXIT_REFUSED='65 69 77' # the content, the relaying: for good
EXIT_LATER=75
EXIT_LOGIN=77
EXIT_NO_SERVER='69 75'
EXIT_NO_HOST='68 75'
# A certificate that must not be believed: any but success and bad usage.
EXIT_CERTIFICATE='69 75 76 77 78'

TESTS=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
PATIENCE=120 # seconds that a delivery may take

# For each file's setup: an empty spool, a home and a folder of the test's own.
servers_setup() {
	set +T # as untraced in cli/helper.bash
	if [[ -z ${MAIL_HOST-} ]]; then
		if [[ ${MAILSEND_REQUIRE_SERVERS-} == 1 ]]; then
			echo "start this by tests/server/run" >&2
			return 1
		fi
		skip "start this by tests/server/run"
	fi
	export LC_ALL=C.UTF-8 TZ=UTC
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME"
	cd "$BATS_TEST_TMPDIR" || return
	settle
	until_true sessions_over
	find "$MAIL_SPOOL" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
	mark=$(($(wc -l <"$MAIL_LOG/postfix.log") + 1))
	CONFIG=$BATS_TEST_TMPDIR/config
}

# password USER
password() {
	sed -n "s/^$1://p" "$MAIL_USERS"
}

# account PORT [LINE...] - write $CONFIG: one account on that port, LINEs last.
account() {
	printf '%s\n' 'defaults' 'tls on' "tls_trust_file $MAIL_CA" \
		'account default' "host $MAIL_HOST" "port $1" \
		'from alice@example.test' ${QUEUE_LINE:+"$QUEUE_LINE"} "${@:2}" \
		>"$CONFIG"
	chmod 600 "$CONFIG"
}

# login USER - the lines that sign in, for account.
login() {
	printf '%s\n' 'auth on' "user $1" "password $(password "$1")"
}

# submission [PORT [LINE...]] - alice's account; 587 unless told.
submission() {
	local -r port=${1:-$MAIL_PORT_SUBMISSION}
	local lines
	mapfile -t lines < <(login alice)
	account "$port" "${lines[@]}" "${@:2}"
}

# send ARG... - run the program; $status, and its words in the files out, err.
send() {
	status=0
	"$MAILSEND" --config "$CONFIG" "$@" >out 2>err || status=$?
	echo "status $status" >&2
	cat out err >&2
}

# exits STATUS... - one of these was the status.
exits() {
	[[ " $* " == *" $status "* ]] || {
		echo "status $status, and not $*" >&2
		return 1
	}
}

# until_true COMMAND [ARG...] - wait until it succeeds.
until_true() {
	local -r deadline=$((SECONDS + PATIENCE))
	until "$@"; do
		((SECONDS < deadline)) || {
			echo "in vain for $PATIENCE s: $*" >&2
			return 1
		}
		sleep 0.03
	done
}

# sessions_over [FIRST] - whoever connected to Postfix since that line of its
# log has gone, and what there is to log of it was logged.
sessions_over() {
	tail -n "+${1:-1}" "$MAIL_LOG/postfix.log" | awk '
		/smtpd\[[0-9]+\]: connect from/ { open++ }
		/smtpd\[[0-9]+\]: disconnect from/ { open-- }
		END { exit open > 0 }'
}

queue_is_empty() {
	[[ -z $(postqueue -j) ]]
}

# Everything accepted so far is delivered.
settle() {
	until_true queue_is_empty
}

# log_since - what Postfix logged in this test.
log_since() {
	local -r word=mark-$RANDOM$RANDOM
	until_true sessions_over "$mark"
	# It arrives last, as all that was logged before has gone its way.
	postlog -t tests "$word" 2>/dev/null
	until_true grep -q "$word" "$MAIL_LOG/postfix.log"
	tail -n "+$mark" "$MAIL_LOG/postfix.log"
}

# logged REGEX [COUNT] - Postfix logged it, that many times.
logged() {
	local found
	found=$(log_since | grep -cE -e "$1" || :)
	if (($# > 1)); then
		((found == $2))
	else
		((found > 0))
	fi || {
		echo "logged $found times: $1" >&2
		log_since >&2
		return 1
	}
}

# Postfix took no message at all.
nothing_accepted() {
	settle
	logged 'qmgr\[[0-9]+\]: [0-9A-F]+: from=<' 0
}

# mailbox USER [COUNT] - the messages that lie there, one a line; one unless
# told.
mailbox() {
	local files
	settle
	shopt -s nullglob
	files=("$MAIL_SPOOL/$1/new"/*)
	shopt -u nullglob
	((${#files[@]} == ${2:-1})) || {
		echo "${#files[@]} messages for $1, and not ${2:-1}" >&2
		return 1
	}
	((${#files[@]} == 0)) || printf '%s\n' "${files[@]}"
}

# judge FILE [WHAT...] - well formed; WHAT of it on standard output.
judge() {
	python3 "$TESTS/judge.py" "$@"
}

# received USER [WHAT...] - the one message in USER's mailbox, judged.
received() {
	local file
	file=$(mailbox "$1") || return
	judge "$file" "${@:2}"
}

# sum FILE - the sha256 alone.
sum() {
	sha256sum <"$1" | cut -d' ' -f1
}

# fingerprint NAME - of that certificate, as tls_fingerprint has it.
fingerprint() {
	openssl x509 -noout -fingerprint -sha256 -in "$MAIL_CERTS/$1.pem" |
		sed 's/.*=//'
}

# says WORD FILE, lacks WORD FILE - that string stands there, or nowhere there.
says() {
	grep -qF -e "$1" "$2" || {
		echo "not in $2: $1" >&2
		return 1
	}
}

lacks() {
	local status=0
	grep -qF -e "$1" "$2" || status=$?
	((status == 1)) || {
		echo "in $2: $1" >&2
		return 1
	}
}

# send_peak ARG... - send, with nothing on standard input, and the peak of its
# memory, in kB, in the file peak.
send_peak() {
	status=0
	# The kernel's own high-water mark, which only grows.
	python3 - "$MAILSEND" --config "$CONFIG" "$@" <<-'END' >peak || status=$?
		import re, subprocess, sys, time
		peak = 0
		child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
		while child.poll() is None:
		    with open(f"/proc/{child.pid}/status") as status:
		        found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
		    peak = max(peak, int(found[1]) if found else 0)
		    time.sleep(0.005)
		print(peak)
		sys.exit(child.returncode)
	END
}

# many_at_once - two dozen mails over one connection, several under way at a
# time: two are refused, one is large, and no other notices.
many_at_once() {
	local n to file
	mkdir many
	for n in {10..33}; do
		to=bob
		[[ $n != 1[35] ]] || to=nobody-here
		printf '%s\n' 'From: alice@example.test' \
			"To: $to@example.test" "Subject: Mail $n" '' \
			"This is $n." '.with a dot' >"many/$n.eml"
	done
	seq 100000 >>many/20.eml
	send -v --batch many
	exits "$EXIT_NO_MAILBOX"
	(($(grep -c '^sent ' out) == 22))
	(($(grep -c '^failed .*nobody-here' out) == 2))
	mailbox bob 22 >files
	while IFS= read -r file; do
		n=$(sed -n 's/^Subject: Mail //p' "$file" | tr -d '\r')
		grep -q "^This is $n\." "$file"
		[[ $n != 20 ]] || [[ $(tail -n 1 "$file" | tr -d '\r') == 100000 ]]
		echo "$n"
	done <files | sort -u | (($(wc -l) == 22))
}
