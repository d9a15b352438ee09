#!/usr/bin/env bats
# The manual says what the program does.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

page=$root/man/mailsend.1

options_in_help() {
	mailsend --help | grep -oE -- '--[a-z][a-z-]+' | sort -u
}

options_in_manual() {
	grep -E '^\.(It|Fl) ' "$page" | grep -oE 'Fl Fl [a-z-]+' |
		sed 's/Fl Fl /--/' | sort -u
}

# example N - the shell text of the N-th display below EXAMPLES.
example() {
	awk -v n="$1" '
		/^\.Sh/ { inside = /EXAMPLES/ }
		inside && /^\.Bd/ { count++; next }
		/^\.Ed/ { if (count == n) exit; next }
		inside && count == n && !/^\./ { print }' "$page" |
		sed -e "s/\\\\(aq/'/g" -e 's/\\-/-/g' -e 's/\\e/\\/g'
}

@test "every option of --help is in the manual, and the other way round" {
	diff <(options_in_help) <(options_in_manual)
}

@test "every letter of --help is in the manual" {
	local letter

	for letter in $(mailsend --help | grep -oE '^ +-[A-Za-z], (-[A-Za-z], )?' |
		grep -oE '[A-Za-z]'); do
		grep -qE "^\.It (Fl . Ar [a-z]+ , )?Fl $letter( |$)" "$page"
	done
}

@test "every exit status of the program is in the manual" {
	local code

	for code in 0 64 65 66 67 68 69 70 71 73 74 75 76 77 78 79; do
		grep -q "^\.It $code$" "$page"
	done
}

@test "the manual is clean mdoc" {
	command -v mandoc >/dev/null || skip "no mandoc"
	run mandoc -Tlint -Wwarning "$page"
	[ "$status" -eq 0 ]
}

# The commands run as they stand; what they name is made here, and nothing
# leaves the machine: where they would send, they tell what they would do.
@test "the examples work" {
	local n text count=0

	mkdir bin folder
	echo data >folder/file
	for file in text.txt data.txt page.html logo.png report.pdf; do
		echo "$file" >"$file"
	done
	printf 'To: ops@example.org\nSubject: ready\n\ntext\n' >message.eml
	printf '#!/bin/sh\necho output\n' >bin/backup
	cat >bin/mailsend <<-'END'
	#!/bin/sh
	case " $* " in
	*" --print "*) ;;
	*" --json "*) for x; do shift; [ "$x" = --json ] || set -- "$@" "$x"; done
		set -- --dry-run "$@" ;;
	*) set -- --dry-run "$@" ;;
	esac
	exec $MAILSEND "$@"
	END
	chmod +x bin/*
	export MAILSEND PATH=$PWD/bin:$PATH
	printf 'host mail.example.org\nfrom me@example.org\n' >"$MAILSEND_CONFIG"

	for ((n = 1; ; n++)); do
		text=$(example "$n")
		[ -n "$text" ] || break
		echo "example $n: $text"
		# a line of a crontab: five fields before the command
		text=$(sed -E 's/^([0-9*]+ ){5}//' <<<"$text")
		run bash -o pipefail -c "$text"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *ops@example.org* || $output == *X-Job:* ]]
		count=$((count + 1))
	done
	[ "$count" -ge 8 ]
}
