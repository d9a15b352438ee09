#!/usr/bin/env bats
# The manual says what the program does.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

page=$root/man/mailsend.1

options_in_help() {
	mailsend --help all | grep -oE -- '--[a-z][a-z-]+' | sort -u
}

options_in_manual() {
	grep -E '^\.(It|Fl) ' "$page" | grep -oE 'Fl Fl [a-z-]+' |
		sed 's/Fl Fl /--/' | sort -u
}

# example N - the shell text of the N-th display below EXAMPLES.
example() {
	awk -v n="$1" '
		/^\.Sh/ { inside = /EXAMPLES|QUICK START/ }
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

	for letter in $(mailsend --help all | grep -oE '^ +-[A-Za-z], (-[A-Za-z], )?' |
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

@test "the pages are clean mdoc" {
	command -v mandoc >/dev/null || skip "no mandoc"
	run mandoc -Tlint -Wwarning "$root"/man/*
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the pages as they are rendered; their options are those of the programs" {
	local words

	read -ra words <<<"$MAILSEND"
	mkdir names
	python3 "$root/tests/cli/manpage.py" "$root" "$MAILSEND" "$PWD/names"
}

@test "each page knows the others that it belongs with" {
	local other

	for other in mail.1 mailget.1 mailjoin.1 mailsend-mailq.1 mailsend-run.1 mailsend-names.7 \
		mailsend.conf.5 sendmail.8; do
		grep -q '^\.Xr mailsend 1' "$root/man/$other"
		[[ $other == mailjoin.1 || $other == mailsend-mailq.1 || $other == mailsend-run.1 ]] ||
			sed -n '/SEE ALSO/,$p' "$root/man/$other" |
			grep -q '^\.Xr mailget 1\|^\.Xr mailjoin 1'
		sed -n '/SEE ALSO/,$p' "$root/man/mailsend.1" |
			grep -q "^\.Xr ${other%.*} ${other##*.}"
	done
}

# cron has no /usr/local/bin, and takes a line as one command.
@test "the lines for a crontab work as cron runs them" {
	local line lines words name path=/usr/bin:/bin

	read -ra words <<<"$MAILSEND"
	mkdir -p local "$home/Maildir"
	ln -s "${words[-1]}" local/mailsend
	for name in backup sync-mirror mailget; do
		printf '#!/bin/sh\necho "%s $*" >>%q\necho said\nexit 1\n' $name "$PWD/ran" \
			>local/$name
		chmod +x local/$name
	done
	lines=$(cat "$root/README.md" "$root"/man/*.[178] |
		sed -nE '/^ *PATH=[^;]*$/p; s/^ *([0-9*\/]+ ){5} *//p' |
		sed 's/\\(aq/"/g')
	[ "$(wc -l <<<"$lines")" -ge 3 ]
	while IFS= read -r line; do
		[[ $line != *\\e && $line != *%* ]]
		line=${line//\/usr\/local\/bin/$PWD/local}
		line=${line//ops@example.org/alice}
		if [[ $line =~ ^\ *PATH=([^;]*)$ ]]; then
			path=${BASH_REMATCH[1]}
			continue
		fi
		count=$((${count:-0} + 1))
		env -i HOME="$home" LOGNAME=alice SHELL=/bin/sh PATH="$path" \
			MAILSEND_CONFIG="$MAILSEND_CONFIG" \
			MAILSEND_QUEUE="$MAILSEND_QUEUE" \
			MAILSEND_FROZEN="$MAILSEND_FROZEN" \
			/bin/sh -c "$line" >out 2>&1 || cat out
		[ ! -s out ] || [ "$(cat out)" = said ]
	done <<<"$lines"
	[ "$(wc -l <ran)" -eq "$count" ]
	[ "$(grep -vc mailget ran)" -eq "$(delivered)" ]
}

# The commands run as they stand; what they name is made here, and nothing
# leaves the machine: where they would send, they tell what they would do.
@test "the examples work" {
	local n text count=0

	mkdir bin directory
	echo data >directory/file
	for file in text.txt data.txt page.html logo.png report.pdf; do
		echo "$file" >"$file"
	done
	printf 'To: ops@example.org\nSubject: ready\n\ntext\n' >message.eml
	printf '#!/bin/sh\necho output\n' >bin/backup
	cat >bin/mailsend <<-'END'
	#!/bin/sh
	case " $* " in
	*" --print "* | *" --explain "*) ;;
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
		text=$(sed -E '/^PATH=/d; s/^([0-9*]+ ){5}//' <<<"$text")
		run bash -o pipefail -c "$text"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *ops@example.org* || $output == *X-Job:* ]]
		count=$((count + 1))
	done
	[ "$count" -ge 8 ]
}

# as NAME ARGUMENT... - under another name, printing what it would send.
as() {
	local words name=$1

	shift
	read -ra words <<<"$MAILSEND"
	ln -sf "${words[-1]}" "$name"
	words[-1]=./$name
	"${words[@]}" "$@"
}

# one NAME TEXT - a side of a row, its words in capitals filled in.
one() {
	local name=$1 text=$2 print=--print

	[[ $text != --show-config && $text != -P ]] || print=
	text=$(sed -e 's/NAME: VALUE/X-A: b/g' -e 's/\(LIST\|ADDRESS\)/ops@example.org/g' \
		-e 's/-\(C\|-config\) FILE/-\1 empty.conf/' \
		-e 's/\(FILE\|NOTE\)/text.txt/g' -e 's/HOST/mail.example.org/g' \
		-e 's/TEXT/text/g' -e 's/NAME/default/g' -e 's/TYPE/text\/csv/g' \
		<<<"$text")
	echo "$name $print $text ops@example.org"
	eval "as $name $print $text ops@example.org" <draft >out
	grep -qE '^(From: |host )' out
}

@test "the table of other programs: both sides work" {
	local row left right count=0

	printf '%s\n' 'account default' 'host mail.example.org' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	printf 'To: ops@example.org\nSubject: x\n\ntext\n' >draft
	cp draft text.txt
	while IFS= read -r row; do
		left=${row%% Ta *}
		right=${row##* Ta }
		# one of several
		left=${left%% , *}
		right=${right%% , *}
		[[ $right != 'the same' ]] || right=${left#* }
		right=${right#Li }
		one mailsend "$right"
		case $left in
		mail\ * | mutt\ * | msmtp\ *) one "${left%% *}" "${left#* }" ;;
		esac
		count=$((count + 1))
	done < <(sed -n 's/^\.It Li \(.* Ta .*\)/\1/p' "$page")
	[ "$count" -ge 25 ]
}

# Words of one character in the lines that tell of options.
letters_in_manual() {
	awk '/^\.(It|Pq|Fl) / {
		gsub(/\\&/, ""); gsub(/\\\(ti/, "~")
		for (i = 2; i <= NF; i++) if (length($i) == 1) print $i }' "$1"
}

@test "the other names: every letter of --help is in the manual" {
	local name letter count=0

	for name in mail:mail.1 mutt:mailsend-names.7 msmtp:mailsend-names.7; do
		letters_in_manual "$root/man/${name#*:}" >letters
		for letter in $(as "${name%:*}" --help all |
			sed -n 's/^  -\([^-]\)\(, -\([^-]\)\)\?.*/\1 \3/p'); do
			echo "${name%:*} -$letter"
			grep -qFx -e "$letter" letters
			count=$((count + 1))
		done
	done
	[ "$count" -gt 60 ]
}

@test "the other names: every long option of msmtp is in the manual" {
	local option

	for option in $(as msmtp --help all | grep -oE -- '--[a-z][a-z-]+'); do
		grep -qE "Fl Fl ${option#--}( |$)" "$root/man/mailsend-names.7" || {
			echo "$option"
			return 1
		}
	done
}

@test "mailq: every option and letter of --help is in the manual, and back" {
	local letter queue=$root/man/mailsend-mailq.1

	diff <(mailsend --mailq --help all | grep -oE -- '--[a-z][a-z-]+' |
		grep -v -- --mailq | sort -u) \
		<(grep -E '^\.(It|Fl) ' "$queue" | grep -oE 'Fl Fl [a-z-]+' |
			sed 's/Fl Fl /--/' | sort -u)
	for letter in $(mailsend --mailq --help all | sed -n 's/^  -\([^-]\).*/\1/p'); do
		grep -qE "^\.It .*(Fl|,) $letter( |$)" "$queue"
	done
	diff <(as mailq --help all) \
		<(mailsend --mailq --help all | sed 's/mailsend --mailq/mailq/')
}

@test "--run: every option and letter of --help is in the manual, and back" {
	local letter page=$root/man/mailsend-run.1

	diff <(mailsend --run --help all | grep -oE -- '--[a-z][a-z-]+' |
		grep -v -- --run | sort -u) \
		<(grep -E '^\.(It|Fl) ' "$page" | grep -oE 'Fl Fl [a-z-]+' |
			sed 's/Fl Fl /--/' | grep -v -- --run | sort -u)
	for letter in $(mailsend --run --help all | sed -n 's/^  -\([^-]\).*/\1/p'); do
		grep -qE "^\.It .*Fl $letter( |$)" "$page"
	done
}

@test "each setting of the queue is in the manual and in the example" {
	local setting

	for setting in $(mailsend --show-config |
		sed -n 's/^#\? *\(queue[a-z_]*\|fallback\)\b.*/\1/p'); do
		grep -q "^\.It Ic $setting " "$root/man/mailsend.conf.5"
		grep -q "^#$setting " "$root/contrib/mailsend.conf.example"
		echo "$setting" >>found
	done
	[ "$(wc -l <found)" -eq 9 ]
}
