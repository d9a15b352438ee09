#!/usr/bin/env bats
# The command as its user meets it.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

# named NAME ARGUMENT... - the program under another name.
named() {
	local words name=$1

	shift
	read -ra words <<<"$MAILSEND"
	case $name in
	mailget | mailjoin) words[-1]=${words[-1]%mailsend}$name ;;
	*) ln -sf "${words[-1]}" "$name" && words[-1]=./$name ;;
	esac
	run --separate-stderr "${words[@]}" "$@" </dev/null
	show
}

names=(mailsend sendmail mailq newaliases mail mailx mutt neomutt msmtp mailget
	mailjoin)

@test "--help fits a screen, with examples; --help all has every option" {
	local name options option all

	for name in "${names[@]}"; do
		echo "$name"
		named "$name" --help
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ $output == "usage: $name "* ]]
		[ "${#lines[@]}" -le 40 ]
		[ "$(awk 'length > 79' <<<"$output" | wc -l)" -eq 0 ]
		[[ $name == newaliases || $output == *Examples:*"  "*"$name"* ]]
		options=$(grep -oE '^  +-.*' <<<"$output" | sed 's/   .*//')
		named "$name" --help all
		[ "$status" -eq 0 ]
		[ "$(awk 'length > 79' <<<"$output" | wc -l)" -eq 0 ]
		while IFS= read -r option; do
			[[ $output == *"$option"* ]]
		done <<<"$options"
		all=$output
		named "$name" --help=all
		[ "$output" = "$all" ]
	done
}

@test "-h is help where the name has no other use for it" {
	local name

	for name in mailsend mailq newaliases mail mailx mutt neomutt mailget \
		mailjoin; do
		named "$name" --help
		help=$output
		named "$name" -h
		[ "$status" -eq 0 ]
		[ "$output" = "$help" ]
	done
	# the hop count of sendmail
	for name in sendmail msmtp; do
		named "$name" -h
		[ "$status" -eq 64 ]
		named "$name" --help all
		[[ $output == *-h\ COUNT*ignored*--help* ]]
	done
}

@test "--help is the same wherever it stands" {
	send --help
	local first=$output
	send --no-recipient-here --help
	[ "$status" -eq 64 ]
	send -s x --help --bogus
	[ "$status" -eq 0 ]
	[ "$output" = "$first" ]
	refused 64 'help all' --help=most
}

@test "a wrong command is told in a sentence and one line of usage" {
	send --bogus-option
	[ "$status" -eq 64 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	says 'usage: mailsend'
	says --help
	[ -z "$output" ]
}

@test "--version has the name, the libraries and the features" {
	local name

	for name in "${names[@]}"; do
		named "$name" --version
		[ "$status" -eq 0 ]
		[[ ${lines[0]} =~ ^$name( \(mailsend\))?\ [0-9]+\.[0-9]+ ]]
		for word in libcurl OpenSSL libgsasl libmagic libidn2 jansson zlib TLS; do
			[[ $output == *$word* ]]
		done
	done
	[[ $output == *libcurl\ *"$(curl --version | sed -n '1s/.*libcurl.\([0-9.]*\).*/\1/p')"* ]]
}

@test "--version says which library is missing" {
	mkdir lib
	: >lib/libidn2.so.0
	LD_LIBRARY_PATH=$PWD/lib send --version
	[ "$status" -eq 0 ]
	[[ $output == *libidn2\ *missing*install\ libidn2-0* ]]
	[[ $output == *libmagic\ *[0-9].[0-9]* ]]
}

@test "output that cannot be written is a failure" {
	[ -e /dev/full ] || skip "no /dev/full"
	for what in --help --version --show-config --print '--dry-run alice' \
		'--json alice'; do
		local status=0
		# shellcheck disable=SC2086 # words, on purpose
		mailsend $what <<<text >/dev/full 2>err || status=$?
		echo "$what: $status"
		cat err
		# a full disk may be emptied: temporary is right too
		[ "$status" -eq 74 ] || [ "$status" -eq 75 ] ||
			[[ $what == --json* && $status -eq 0 ]]
		grep -q 'standard output' err
	done
}

@test "success is silent" {
	send -s hello alice@localhost <<<text
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ -z "$stderr" ]
	[ "$(judge "$(mail_file)" headers/Subject)" = hello ]
}

@test "options and addresses in any order, long ones cut short" {
	send alice@localhost --subj=hello -- alice
	[ "$status" -eq 0 ]
	[ "$(judge "$(mail_file)" headers/Subject)" = hello ]
}

@test "-E sends nothing when there is nothing" {
	send -E -s hello alice@localhost </dev/null
	[ "$status" -eq 0 ]
	# cron mails whatever a job says
	[ -z "$output$stderr" ]
	nothing_sent
	send -E -s hello alice@localhost <<<text
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
}

@test "-E sends an empty text with an attachment" {
	echo data >data.txt
	send -E -a data.txt alice@localhost </dev/null
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
}

@test "an empty text is sent without -E" {
	send -s hello alice@localhost </dev/null
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
	[ "$(judge "$(mail_file)" parts/0/size)" -eq 0 ]
}

@test "an attachment comes back byte for byte" {
	head -c 100000 /dev/urandom >random.bin
	printf 'a\rb\r\nc\nd\0e' >text.txt
	send -a random.bin -a text.txt alice@localhost <<<text
	[ "$status" -eq 0 ]
	local file
	file=$(mail_file)
	[ "$(judge "$file" file/random.bin/sha256)" = \
		"$(sha256sum <random.bin | cut -d' ' -f1)" ]
	python - "$file" <<-'END'
	import email, email.policy, sys
	m = email.message_from_binary_file(open(sys.argv[1], "rb"),
	                                   policy=email.policy.default)
	part = [p for p in m.walk() if p.get_filename() == "text.txt"][0]
	assert part.get_payload(decode=True) == open("text.txt", "rb").read()
	END
}

@test "standard input as an attachment, from a pipe" {
	head -c 300000 /dev/urandom >random.bin
	# shellcheck disable=SC2002 # a pipe, on purpose
	cat random.bin | mailsend -a -=pipe.bin alice@localhost
	[ "$(judge "$(mail_file)" file/pipe.bin/sha256)" = \
		"$(sha256sum <random.bin | cut -d' ' -f1)" ]
}

@test "a name given behind = and a type behind ;type=" {
	echo 1,2 >data.txt
	echo x >'real=name.txt'
	send --print -a 'data.txt=figures.csv;type=text/x-figures' \
		-a real=name.txt -a data.txt --type application/x-last <<<text
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" >m.eml
	[ "$(judge m.eml file/figures.csv/type)" = text/x-figures ]
	[ "$(judge m.eml file/real=name.txt/size)" -eq 2 ]
	[ "$(judge m.eml file/data.txt/type)" = application/x-last ]
}

@test "uuencode is what uudecode takes" {
	command -v uudecode >/dev/null || skip "no uudecode"
	head -c 5000 /dev/urandom >random.bin
	send --encoding uuencode -a random.bin alice@localhost <<<text
	[ "$status" -eq 0 ]
	local file
	file=$(mail_file)
	grep -q '^begin 644 random.bin' "$file"
	cp random.bin before
	rm random.bin
	tr -d '\r' <"$file" | uudecode
	cmp before random.bin
}

@test "--dry-run tells account, recipients and size, and sends nothing" {
	send --dry-run -s x --host mail.example.org -r me@example.org \
		-b hidden@example.org bob@example.org <<<text
	[ "$status" -eq 0 ]
	for word in mail.example.org me@example.org bob@example.org \
		hidden@example.org default SIZE=; do
		[[ $output == *"$word"* ]]
	done
	[ -z "$stderr" ]
	send --dry-run -s x alice@localhost <<<text
	[ "$status" -eq 0 ]
	nothing_sent
}

@test "--print sends nothing and needs no recipient" {
	send --print -s x <<<text
	[ "$status" -eq 0 ]
	send --print -s x alice@localhost <<<text
	[ "$status" -eq 0 ]
	nothing_sent
	[ ! -e "$home/dead.letter" ]
}

@test "--print that fails keeps no dead letter" {
	printf '\303\244\n' >utf8.txt
	refused 66 missing --print -a missing alice@localhost <<<text
	refused 65 7bit --print --encoding 7bit -a utf8.txt <<<text
	refused 65 7bit --dry-run --encoding 7bit -a utf8.txt alice <<<text
	[ ! -e "$home/dead.letter" ]
}

@test "two runs have two ids" {
	unset MAILSEND_FROZEN
	mailsend --print -s x <<<text >one
	mailsend --print -s x <<<text >two
	[ -n "$(judge one headers/Message-ID)" ]
	[ "$(judge one headers/Message-ID)" != "$(judge two headers/Message-ID)" ]
}

@test "the locale tells what was typed" {
	freeze charset=iso-8859-1
	send --print -s $'caf\xe9' bob@example.org <<<$'na\xefve'
	printf '%s\n' "$output" >m.eml
	[ "$(judge m.eml headers/Subject)" = café ]
	[ "$(judge m.eml body/text)" = naïve ]
	[ "$(judge m.eml body/charset)" = iso-8859-1 ]
}

@test "a draft whose UTF-8 is none gets the charset that its octets have" {
	printf '%s\n' 'From: a@b.example' 'To: c@d.example' 'MIME-Version: 1.0' \
		'Content-Type: text/plain; charset=UTF-8' '' >draft
	printf 'caf\351\n' >>draft
	send --print --draft draft
	[ "$status" -eq 0 ]
	[[ $output == *"charset=windows-1252"* ]]
	printf 'From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; charset=UTF-8\n\ncaf\303\251\n' >draft
	send --print --draft draft
	[[ $output == *"charset=UTF-8"* ]]
}

@test "who is to be answered replaces the draft's Reply-To, however it is said" {
	printf '%s\n' 'From: a@b.example' 'To: c@d.example' \
		'Reply-To: old@b.example' '' text >draft
	for option in '--reply-to=new' '--header=Reply-To: new' '-HReply-To: new'; do
		send --print --draft draft "$option" --set domain=x.example \
			--set qualify_domain=b.example
		[ "$status" -eq 0 ]
		[ "$(grep -ci '^Reply-To:' <<<"$output")" -eq 1 ]
		grep -q '^Reply-To: new@b.example' <<<"$output"
	done
	ln -s "$(realpath "${MAILSEND##* }")" mail
	run --separate-stderr ./mail -t --print --reply-to new@b.example <draft
	show
	# a message of mail -t prevails over what is typed
	grep -q '^Reply-To: old@b.example' <<<"$output"
}
