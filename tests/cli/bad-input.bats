#!/usr/bin/env bats
# Bad input: a clear sentence, the right status, nothing sent.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

@test "no recipient" {
	refused 64 recipient -s hello <<<text
	refused 64 recipient <<<text
	refused 64 recipient --reply-to bob@example.org <<<text
	refused 64 recipient 'nobody:;' <<<text
}

@test "an empty recipient among others" {
	refused 64 empty alice@localhost '' <<<text
	refused 64 --to alice@localhost --to '' <<<text
}

@test "a line break in a subject" {
	refused 64 -s -s $'a\nBcc: eve@example.org' alice@localhost <<<text
	refused 64 --subject --subject=$'a\rb' alice@localhost <<<text
}

@test "a line break in an address" {
	refused 64 line $'alice@localhost\nBcc: eve@example.org' <<<text
	for option in --to --cc --bcc --from --reply-to --envelope-from; do
		refused 64 "$option" "$option" $'alice@localhost\r\nX: y' \
			alice@localhost <<<text
	done
}

@test "a line break in a header, a name, an id" {
	refused 64 -H -H $'X-A: b\nBcc: eve@example.org' alice@localhost <<<text
	refused 64 -a -a $'x\ny' alice@localhost <<<text
	refused 64 --message-id --message-id $'<a@b\n>' alice@localhost <<<text
	refused 64 --dsn-envid --dsn-envid $'a\nb' alice@localhost <<<text
	refused 64 --type -a "$MAILSEND_CONFIG" --type $'text/x\nX: y' \
		alice@localhost <<<text
}

@test "an address that is none names the column" {
	refused 64 column 'alice@@localhost' <<<text
	refused 64 column alice@localhost --cc 'bob@example.org, eve@' <<<text
	says --cc
	refused 64 column 'alice@localhost eve' <<<text
}

@test "an address that is a command or a file" {
	refused 64 '|' '|touch pwned' <<<text
	refused 64 /tmp "/tmp/mailsend-pwned" <<<text
	refused 64 "'-'" - alice@localhost <<<text
	[ ! -e pwned ]
}

@test "a header that is none, or not for hands" {
	refused 64 -H -H 'no colon' alice@localhost <<<text
	refused 64 -H -H 'bad name: x' alice@localhost <<<text
	refused 64 --type -H 'Content-Type: text/html' alice@localhost <<<text
	refused 64 --draft -H 'MIME-Version: 1.0' alice@localhost <<<text
}

@test "a missing attachment" {
	refused 66 missing.txt -a missing.txt alice@localhost <<<text
	refused 66 missing.txt --inline missing.txt alice@localhost <<<text
	refused 66 missing.txt -i missing.txt alice@localhost
	refused 66 missing.txt --html missing.txt alice@localhost <<<text
	refused 66 missing.txt --draft missing.txt
	refused 66 missing=x.txt -a missing=x.txt alice@localhost <<<text
}

@test "an attachment in a folder that is missing, or below a file" {
	: >file
	refused 66 no/such.txt -a no/such.txt alice@localhost <<<text
	refused 66 file/x -a file/x alice@localhost <<<text
}

@test "an attachment that may not be read" {
	echo secret >closed.txt
	chmod 000 closed.txt
	if [ "$(id -u)" -eq 0 ]; then # root, but for what makes it read all
		command -v setpriv >/dev/null || skip "no setpriv"
		MAILSEND="setpriv --bounding-set -dac_override,-dac_read_search \
			$MAILSEND"
	fi
	refused 66 closed.txt -a closed.txt alice@localhost <<<text
}

@test "a folder as an attachment" {
	mkdir things
	refused 66 directory -a things alice@localhost <<<text
	says tar
	refused 66 directory -a things/ alice@localhost <<<text
	refused 66 directory -i things alice@localhost
}

@test "a file among the addresses, as a pattern leaves it" {
	: >one.txt
	: >two.txt
	refused 64 two.txt -a ./*.txt alice@localhost <<<text
}

@test "a type that is none" {
	: >file
	refused 64 type -a 'file;type=nonsense' alice@localhost <<<text
	refused 64 --type --type text/plain -a file alice@localhost <<<text
	refused 64 --encoding -a file --encoding rot13 alice@localhost <<<text
}

@test "standard input for two" {
	refused 64 'standard input' -a - -i - alice@localhost <<<text
	refused 64 'standard input' -a - --html - alice@localhost <<<text
}

@test "contradictions name both" {
	: >file
	refused 64 --draft --draft file -i file alice@localhost
	says --body
	refused 64 --draft --draft file --inline file alice@localhost
	says --inline
	refused 64 --print --print --dry-run alice@localhost <<<text
	refused 64 --json --json --dry-run alice@localhost <<<text
	refused 64 uuencode --encoding uuencode --html file alice@localhost <<<text
	says --html
}

@test "options that are none suggest the nearest" {
	refused 64 --subject --sujbect x alice@localhost <<<text
	refused 64 --help --zzzzzz alice@localhost <<<text
	refused 64 -Z -Z alice@localhost <<<text
	refused 64 --subject -subject hello alice@localhost <<<text
	refused 64 --subject alice@localhost --subject <<<text
	refused 64 --dsn --dsn alice@localhost <<<text
}

@test "values that are none" {
	refused 64 --date --date someday alice@localhost <<<text
	refused 64 --message-id --message-id 'not one' alice@localhost <<<text
	refused 64 --port --port seventy alice@localhost <<<text
	refused 64 --timeout --timeout soon alice@localhost <<<text
	refused 64 --tls --tls=perhaps alice@localhost <<<text
	refused 64 --dsn-notify --dsn-notify sometimes alice@localhost <<<text
	refused 64 --dsn-ret --dsn-ret half alice@localhost <<<text
	refused 64 tls_certcheck --set tls_certchek=off alice@localhost <<<text
}

@test "a password as an argument is refused and not repeated" {
	refused 64 password_env --set password=s3cret-word alice@localhost <<<text
	[[ $stderr != *s3cret-word* ]]
	refused 64 --password --password=s3cret-word alice@localhost <<<text
	[[ $stderr != *s3cret-word* ]]
}

@test "a config with a typo names file, line and the nearest keyword" {
	printf 'account default\nhots mail.example.org\n' >typo.conf
	refused 78 typo.conf:2 --config typo.conf alice@localhost <<<text
	says host
}

@test "a config that is missing where it was named" {
	refused 78 missing.conf --config missing.conf alice@localhost <<<text
	MAILSEND_CONFIG=missing.conf \
		refused 78 missing.conf alice@localhost <<<text
}

@test "an account that is not there" {
	printf 'account work\nhost mail.example.org\n' >some.conf
	refused 78 wrok --config some.conf --account wrok alice@localhost <<<text
}

@test "sizes and times as people type them" {
	local size

	head -c 20000 /dev/urandom >data
	for size in 9000 9kB '9 kB' 9KiB 8.8k; do
		run --separate-stderr mailsend --dry-run --split "$size" \
			-a data -s x alice@localhost <<<text
		[ "$status" -eq 0 ]
		[[ "$output" == *'4 parts'* ]]
	done
	refused 64 --split --split 9X -a data alice@localhost <<<text
	refused 64 --split --split 1k5 -a data alice@localhost <<<text
	refused 64 'too small' --split 500 -a data alice@localhost <<<text
	mailsend --print --timeout '1 min' alice@localhost <<<text
	refused 64 1h30m --set queue_retry=1x alice@localhost <<<text
}

# The option is named once, and what it takes is a sentence.
@test "words that an option does not know" {
	refused 64 'parts, uuencode, partial or shar' --format zip \
		alice@localhost <<<text
	refused 64 'gzip, xz, zstd or none' --compress zip alice@localhost <<<text
	refused 64 --show-config=accounts --show-config=x
	refused 64 'file name is empty' --transcript= alice@localhost <<<text
	refused 64 '--port: "x"' --port x alice@localhost <<<text
	refused 64 'needs auto' --queue '' alice@localhost <<<text
	refused 64 undisclosed_recipients --set set_to_header=x \
		alice@localhost <<<text
}

@test "a setting that names a directory, or a link to itself" {
	mkdir dir
	ln -s loop loop
	refused 78 'aliases: cannot read loop' --set aliases=loop \
		--host localhost ops <<<text
	refused 66 'no mail in dir' --batch dir
}
