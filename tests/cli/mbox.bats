#!/usr/bin/env bats
# Every form of mbox (tests/corpus/mbox), judged by Python's mailbox.
# shellcheck disable=SC2154 # of the helper

load helper

forms=$BATS_TEST_DIRNAME/../corpus/mbox

setup() {
	own_home config
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	freeze ''
}

get() {
	run --separate-stderr "${MAILSEND%mailsend}mailget" "$@"
	show
}

# subjects FILE - as Python's mailbox finds them, in order.
subjects() {
	python - "$1" <<-'END'
		import mailbox, sys

		for message in mailbox.mbox(sys.argv[1]):
		    print(message["Subject"])
	END
}

@test "each form has its three messages, and the text of each is as it was" {
	local file

	for file in "$forms"/*; do
		echo "# $file"
		get "$file" --json list
		[ "$status" -eq 0 ]
		[ "$(grep -c '"number"' <<<"$output")" -eq 3 ]
		for n in 1 2 3; do
			rm -f one
			get "$file" save "$n" one
			[ "$status" -eq 0 ]
			grep -q "^Subject: mail $n" one
			lacks "^Subject: mail $((n % 3 + 1))" one
		done
	done
}

@test "quoted lines lose one quote, and what was counted unquoted none" {
	get "$forms/mboxrd" save 2 mboxrd
	grep -q '^From here on, quoted' mboxrd
	grep -q '^>From twice' mboxrd
	get "$forms/mboxcl" save 2 mboxcl
	grep -q '^From here on, quoted' mboxcl
	get "$forms/mboxcl2" save 2 mboxcl2
	grep -q '^From here on, not quoted' mboxcl2
	grep -q '^>From the mail it answers' mboxcl2
}

@test "what is deleted goes alone, by Python's count" {
	local file

	for file in "$forms"/*; do
		echo "# $file"
		cp "$file" box
		get box --yes delete 2
		[ "$status" -eq 0 ]
		get box --json list
		[ "$(grep -c '"number"' <<<"$output")" -eq 2 ]
		case $file in
		*/mboxcl2 | */blank-at-start | */uucp) continue ;; # which Python cannot read
		esac
		[ "$(subjects box)" = $'mail 1\nmail 3' ]
	done
}

@test "--batch sends each of them" {
	local file

	for file in "$forms"/*; do
		rm -rf "$home/Maildir" state
		send --batch "$file"
		[ "$status" -eq 0 ]
		[ "$(delivered)" -eq 3 ]
	done
}

@test "a file in doubt is read, and not changed" {
	cat >box <<-'END'
		From a@example.org Sun Nov 22 05:30:00 2026
		Subject: one

		text

		From the manual, page one:
		Note: this may be text

		From b@example.org Sun Nov 22 05:30:00 2026
		Subject: two

		text
	END
	cp box before
	get box list
	[ "$status" -eq 0 ]
	get box --yes delete 1
	[ "$status" -eq 65 ]
	says 'nothing was deleted'
	cmp box before
}

@test "--draft takes the one message of an mbox, and refuses two" {
	send --draft "$forms/bare" alice
	[ "$status" -eq 65 ]
	nothing_sent
	head -n 8 "$forms/uucp" >one
	send --draft one alice
	[ "$status" -eq 0 ]
	judge "$(mail_file)"
	grep -q '^Subject: mail 1' "$(mail_file)"
}
