#!/usr/bin/env bats
# The name msmtp, for `set sendmail=msmtp` and its like.

# shellcheck disable=SC2154 # the helpers set what is used here
load helper
load face
load server

ready() {
	printf '%s\n' 'From: Ann <ann@example.org>' 'To: a@example.org' \
		'Cc: c@example.org' 'Bcc: zoe@example.org' 'Subject: hello' \
		'Date: Tue, 14 Nov 2023 22:13:20 +0000' \
		'Message-ID: <1@example.org>' '' 'text'
}

@test "a message to those who are named, and the header as it is" {
	configure
	sends msmtp a@example.org b@example.org < <(ready)
	diff <(ready | grep -v '^Bcc') <(grep -v '^Return-Path' mail)
	came_from me@example.org
	went_to a@example.org b@example.org
	sends msmtp -- -odd@example.org < <(ready)
	went_to -odd@example.org
}

@test "those who are named in no field stay unnamed" {
	configure
	sends msmtp a@example.org b@example.org <<<$'Subject: x\n\ntext'
	lacks 'a@example.org' mail
	lacks 'b@example.org' mail
	is body/text text
}

@test "-t: those of the header, and those who are named" {
	configure
	for option in -t --read-recipients; do
		sends msmtp $option b@example.org < <(ready)
		went_to {a,c,zoe,b}@example.org
		lacks zoe@ mail
	done
	refuses 64 recipient msmtp < <(ready)
	refuses 64 recipient msmtp -t <<<$'Subject: x\n\ntext'
	refuses 64 empty msmtp '' < <(ready)
}

@test "-f, --from: the envelope, and the account that has it" {
	configure 'account other' 'host localhost' "port $(cat "$server/port")" \
		'tls off' 'from other@example.org' "logfile $PWD/log"
	for option in '-f ' -f '--from ' --from=; do
		# shellcheck disable=SC2086 # words, on purpose
		sends msmtp ${option}other@example.org a@example.org < <(ready)
		is headers/From 'Ann <ann@example.org>'
		came_from other@example.org
	done
	sends msmtp -a other a@example.org < <(ready)
	came_from other@example.org
	sends msmtp --account=other a@example.org < <(ready)
	refuses 78 nobody msmtp -a nobody a@example.org < <(ready)
}

@test "--read-envelope-from" {
	configure
	sends msmtp --read-envelope-from a@example.org < <(ready)
	came_from ann@example.org
	sends msmtp --read-envelope-from -f f@example.org a@example.org < <(ready)
	came_from f@example.org
	sends msmtp --read-envelope-from a@example.org <<<$'Subject: x\n\ntext'
	came_from me@example.org
}

@test "-F: the name in a From that is missing" {
	configure
	sends msmtp -F 'Full Name' -f f@example.org a@example.org <<<$'Subject: x\n\ntext'
	is headers/From 'Full Name <f@example.org>'
	sends msmtp -F 'Full Name' a@example.org < <(ready)
	is headers/From 'Ann <ann@example.org>'
}

@test "-C, --file: another configuration" {
	configure
	mv "$MAILSEND_CONFIG" other.conf
	: >"$MAILSEND_CONFIG"
	for option in '-C ' '--file='; do
		# shellcheck disable=SC2086 # words, on purpose
		sends msmtp ${option}other.conf a@example.org < <(ready)
	done
	refuses 78 missing msmtp -C missing.conf a@example.org < <(ready)
}

@test "--host: the server alone, no file, no TLS, no login" {
	configure 'auth on' 'user joe' 'tls on'
	call msmtp --host=localhost --port="$(cat "$server/port")" \
		-f f@example.org a@example.org < <(ready)
	[ "$status" -eq 0 ]
	there
	refuses 64 --account msmtp --host=localhost -a default a@example.org < <(ready)
	call msmtp --host=mail.example.org --tls -P
	[ "$status" -eq 0 ]
	[[ $output =~ tls\ +on ]]
	[[ $output =~ port\ +25 ]]
	call msmtp --host=mail.example.org --tls --tls-starttls=off --user=joe -P
	[[ $output =~ port\ +465 ]]
	[[ $output =~ user\ +\"joe ]]
}

@test "settings on the command line" {
	configure
	call msmtp -P --source-ip=127.0.0.1 --proxy-host=localhost \
		--proxy-port=1080 --timeout=7 --protocol=smtp --domain=x.example.org \
		--auth=plain --user=joe --tls=on --tls-starttls \
		--tls-trust-file=/etc/ca --tls-certcheck=off \
		--tls-fingerprint= --tls-key-file= --tls-cert-file= \
		--tls-priorities= --tls-host-override=h.example.org \
		--tls-min-dh-prime-bits= --tls-crl-file= --socket= \
		--set-from-header=off --set-date-header --set-msgid-header=auto \
		--remove-bcc-headers --undisclosed-recipients=on \
		--logfile=/tmp/l --logfile-time-format=%s --syslog=off \
		--aliases= --auto-from=off --maildomain=example.net
	[ "$status" -eq 0 ]
	for line in source_ip=127.0.0.1 proxy_port=1080 timeout=7 \
		domain=x.example.org auth=PLAIN user=joe tls=on \
		tls_trust_file=/etc/ca tls_certcheck=off \
		tls_host_override=h.example.org set_from_header=off \
		undisclosed_recipients=on logfile=/tmp/l maildomain=example.net; do
		grep -qE "^${line%%=*} +\"?${line#*=}\"?( |$)" <<<"$output" || {
			echo "not there: $line"
			return 1
		}
	done
}

@test "-X, --syslog, --aliases, --undisclosed-recipients at work" {
	configure
	echo 'bob: bob@example.net' >aliases
	sends msmtp -X "$PWD/own.log" --aliases="$PWD/aliases" \
		--undisclosed-recipients bob < <(ready)
	is headers/To 'undisclosed-recipients:;'
	lacks '^Cc' mail
	grep -q 'bob@example.net' own.log
}

@test "-N -R: reports" {
	configure
	call msmtp -d -N failure,delay -R hdrs a@example.org < <(ready)
	[ "$status" -eq 0 ]
	says NOTIFY=FAILURE,DELAY
	says RET=HDRS
	there
	call msmtp --debug --dsn-notify=off --dsn-return=off a@example.org < <(ready)
	[[ $stderr != *NOTIFY* ]]
	there
	refuses 64 failure msmtp -N sometimes a@example.org < <(ready)
}

@test "-P tells the configuration and sends nothing" {
	configure 'password s3cr3t' 'user joe'
	for option in -P --pretend; do
		call msmtp $option a@example.org < <(ready)
		[ "$status" -eq 0 ]
		[[ $output =~ host\ +localhost ]]
		[[ $output != *s3cr3t* ]]
		[ -z "$(arrived)" ]
	done
}

@test "what sendmail's callers add is taken" {
	configure
	sends msmtp -oi -oem -o i -i -m -n -bm -B8BITMIME -h 5 -G -L tag \
		-O Timeout=5 -f f@example.org -- a@example.org < <(ready)
	came_from f@example.org
	went_to a@example.org
}

@test "modes that are not here read no mail" {
	configure
	for arguments in --rmqs=host --configure=a@example.org \
		-bs --protocol=lmtp; do
		refuses 64 "${arguments%%=*}" msmtp $arguments a@example.org < <(ready)
	done
	refuses 64 passwordeval msmtp --passwordeval='touch made' a@example.org < <(ready)
	[ ! -e made ]
}

@test "--version, --help, an option that is none" {
	call msmtp --version
	[ "$status" -eq 0 ]
	[[ $output == msmtp\ *mailsend* ]]
	call msmtp --help
	[[ $output == *'usage: msmtp '* ]]
	refuses 64 '--read-recipients' msmtp --read-recipiens a@example.org </dev/null
}

@test "the server is away: 75, and the message is kept" {
	call msmtp --host=127.0.0.1 --port=1 -f f@example.org a@example.org < <(ready)
	[ "$status" -eq 75 ]
	grep -q '^Subject: hello' "$home/dead.letter"
}

@test "a message of no terminal is not marked as automatic" {
	configure
	sends msmtp a@example.org < <(ready)
	lacks '^Auto-Submitted' mail
}
