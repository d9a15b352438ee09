# face.bash - the program under another name, and a server that it sends to.
# Sourced after helper.bash by the suites of the other names.
# shellcheck shell=bash disable=SC2154

# call NAME ARGUMENT... <INPUT - into $status, $output and $stderr.  The name
# is a link in the test's own folder.
call() {
	local words name=$1

	shift
	read -ra words <<<"$MAILSEND"
	mkdir -p "$BATS_TEST_TMPDIR/names"
	ln -sf "${words[-1]}" "$BATS_TEST_TMPDIR/names/$name"
	words[-1]=$BATS_TEST_TMPDIR/names/$name
	run --separate-stderr "${words[@]}" "$@"
	show
}

# sends NAME ARGUMENT... <INPUT - with status 0 and without a word.
sends() {
	call "$@"
	[ "$status" -eq 0 ] || return 1
	[ -z "$output$stderr" ] || return 1
	there
}

# prints NAME ARGUMENT... <INPUT - the finished message, into the file `mail`;
# nothing is sent.
prints() {
	call "$1" --print "${@:2}"
	[ "$status" -eq 0 ] || return 1
	printf '%s\n' "$output" >mail
}

# refuses STATUS WORD NAME ARGUMENT... <INPUT - a sentence, and nothing sent.
refuses() {
	local wanted=$1 word=$2

	call "${@:3}"
	[ "$status" -eq "$wanted" ] || return 1
	says "$word" || return 1
	[[ $stderr == "$3: "* ]] || return 1
	[ -z "$(arrived)" ] || return 1
	nothing_sent
}

# configure LINE... - the account of the test.
configure() {
	printf '%s\n' 'host localhost' "port $(cat "$server/port")" 'tls off' \
		'from me@example.org' "logfile $PWD/log" "$@" \
		>"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	rm -f log
	find "$server/mail/new" -type f -delete 2>/dev/null || true
}

arrived() {
	find "$server/mail/new" -type f 2>/dev/null
}

# there - the one message at the server, as the file `mail`.
there() {
	local file

	file=$(arrived)
	[ -f "$file" ] || return 1
	tr -d '\r' <"$file" >mail
	rm "$file"
}

# is WHAT VALUE - of the message in `mail`, by a parser that is not ours.
is() {
	local found

	found=$(judge mail "$1") || return 1
	[ "$found" = "$2" ] || {
		echo "$1 is: $found"
		return 1
	}
}

# went_to ADDRESS... - the envelope of the last mail, by the log.
went_to() {
	local found

	found=$(tail -n 1 log | grep -oE 'to=[^ ]*' | tr -d '<>')
	found=${found#to=}
	[ "$found" = "$(IFS=,; echo "$*")" ] || {
		echo "the envelope has: $found"
		tail -n 1 log
		return 1
	}
}

came_from() {
	grep -q "from=<\?$1[> ]" <(tail -n 1 log) || {
		tail -n 1 log
		return 1
	}
}
