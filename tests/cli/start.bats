#!/usr/bin/env bats
# start.bats - what the three programs begin with, however they are started.
# Each test ends in what it wants to see; bats looks at that alone.
# shellcheck disable=SC2154,SC2317

bats_require_minimum_version 1.5.0

setup_file() {
	load helper
	# shellcheck disable=SC2086
	set -- $MAILSEND
	export PROGRAMS
	PROGRAMS=$(dirname "${*: -1}")
}

load helper

# message - the one mail in the mailbox.
message() {
	[ "$(delivered)" -eq 1 ] || return 1
	cat "$home"/Maildir/new/*
}

@test "set-user-ID and set-group-ID programs refuse to run" {
	if [ "$(id -u)" -ne 0 ]; then
		skip 'only root can make a set-user-ID program'
	fi
	local name bits folder
	folder=$(mktemp -d /var/tmp/mailsend-test.XXXXXX)
	chmod 755 "$folder"
	for name in mailsend sendmail mailjoin mailget; do
		cp -L "$PROGRAMS/$name" "$folder/$name"
		for bits in u+s,g-s g+s,u-s; do
			chmod "$bits" "$folder/$name"
			run setpriv --reuid=65534 --regid=65534 --clear-groups \
				env -u MAILSEND_FROZEN \
				MAILSEND_CONFIG=/nonexistent \
				"$folder/$name" --help </dev/null
			show
			[ "$status" -eq 78 ] && [[ $output == *set-user-ID* ]] ||
				break 2
		done
		bits=
	done
	rm -rf "$folder"
	[ -z "$bits" ]
}

# started WORDS ARGUMENT... - the program with descriptors as the shell's WORDS
# say.  A shell of its own: where bats' has one closed, its pipe takes the place.
started() {
	local words=$1
	shift
	run --separate-stderr timeout 60 \
		bash -c "exec \"\$@\" $words" - "$@"
	show
}

@test "with standard input closed the body is empty, and no attachment is it" {
	echo attached >file.txt
	started '<&-' "$PROGRAMS/mailsend" -s x -a file.txt alice@localhost
	[ "$status" -eq 0 ]
	[ "$(message | grep -cE '^(attached|YXR0YWNoZWQK)')" -eq 1 ]
}

@test "our own words get into no file that we opened" {
	head -c 400000 /dev/urandom | base64 >big.txt
	local closed
	for closed in '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		rm -rf "$MAILSEND_QUEUE"
		started "<big.txt $closed" "$PROGRAMS/mailsend" \
			--set host=127.0.0.1 --set port=1 --set tls=off \
			-s x --set from=alice@example.org bob@example.org
		[ "$status" -eq 0 ]
		if grep -rq 'mailsend: ' "$MAILSEND_QUEUE"; then
			return 1
		fi
		[ -n "$(find "$MAILSEND_QUEUE" -type f)" ]
	done
}

@test "standard output that cannot be written is an error, not silence" {
	local program words
	for program in mailsend mailjoin mailget; do
		for words in '>&-' '1</dev/null' '<&- >&-'; do
			started "$words" "$PROGRAMS/$program" --version
			[ "$status" -eq 73 ]
			[[ $stderr == *'standard output'* ]]
		done
	done
}

@test "nohup's standard input is as empty as /dev/null" {
	started '0>/dev/null' "$PROGRAMS/mailsend" -s x alice@localhost
	[ "$status" -eq 0 ]
	message | grep -q '^Subject: x'
}

@test "any umask leaves a queue that can be used" {
	local mask
	for mask in 0777 0277 0377 0177; do
		rm -rf "$MAILSEND_QUEUE"
		(
			umask "$mask"
			mailsend --queue=only --set host=127.0.0.1 -s x \
				--set from=alice@example.org bob@example.org \
				<<<text
		)
		[ -z "$(find "$MAILSEND_QUEUE" -type d ! -perm 700)" ]
		[ -z "$(find "$MAILSEND_QUEUE" -type f ! -perm -600)" ]
	done
}

@test "descriptors that are not ready are waited for" {
	head -c 300000 /dev/urandom | base64 >text
	local program
	run --separate-stderr timeout 100 python3 \
		"$root/tests/cli/nonblocking.py" "$PROGRAMS/mailsend" -s x \
		--print alice@localhost <text
	echo "status $status stderr: $stderr"
	[ "$status" -eq 0 ]
	[ "$(tr -d '\r' <<<"$output" | sed '1,/^$/d')" = "$(cat text)" ]
	printf 'From x\nSubject: s\n\n' | cat - text >box
	run --separate-stderr timeout 100 python3 \
		"$root/tests/cli/nonblocking.py" "$PROGRAMS/mailget" - show 1 \
		<box
	echo "status $status stderr: $stderr"
	[ "$status" -eq 0 ]
	[ "$(tr -d '\r' <<<"$output" | sed '1,/^$/d')" = "$(cat text)" ]
}

@test "standard input that is open for writing only is told as that" {
	local name
	: >out
	for name in mailsend 'sendmail -oi' mail mutt \
		msmtp; do
		# shellcheck disable=SC2086 # a name and its options
		started '0>>out' "$PROGRAMS"/$name alice@localhost
		[ "$status" -eq 66 ]
		[[ $stderr == *'not open for reading'* ]]
	done
	[ "$(delivered)" -eq 0 ]
}
