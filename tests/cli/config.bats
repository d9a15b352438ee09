#!/usr/bin/env bats
# Where settings come from.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

# setting NAME - the line of --show-config about it.
setting() {
	grep -E "^(# )?$1 " <<<"$output"
}

@test "the command wins over the file, and both are told" {
	printf 'host file.example.org\nport 2525\ntimeout 30\n' >a.conf
	send --show-config --config a.conf --port 2526 --set timeout=40
	[ "$status" -eq 0 ]
	[[ $(setting host) == *file.example.org*a.conf:1* ]]
	[[ $(setting port) == *2526*--port* ]]
	[[ $(setting timeout) == *40*--set* ]]
}

@test "of two on the command line the later holds" {
	send --show-config --host one.example.org --set host=two.example.org
	[[ $(setting host) == *two.example.org* ]]
	send --show-config --set host=two.example.org --host one.example.org
	[[ $(setting host) == *one.example.org* ]]
}

@test "--tls in its ways" {
	send --show-config --host x.example.org --tls=implicit
	[[ $(setting tls) == *on* ]]
	[[ $(setting tls_starttls) == *off* ]]
	send --show-config --host x.example.org --tls=starttls
	[[ $(setting tls) == *on* ]]
	[[ $(setting tls_starttls) == *on* ]]
	send --show-config --host x.example.org --tls=off
	[[ $(setting tls) == *off* ]]
}

@test "files are found in their order" {
	no_configuration
	printf 'host msmtp.example.org\n' >"$home/.msmtprc"
	chmod 600 "$home/.msmtprc"
	send --show-config
	[[ $(setting host) == *msmtp.example.org* ]]
	mkdir -p "$home/.config/mailsend"
	printf 'host ours.example.org\n' >"$home/.config/mailsend/config"
	send --show-config
	[[ $(setting host) == *ours.example.org* ]]
	printf 'host variable.example.org\n' >v.conf
	MAILSEND_CONFIG=v.conf send --show-config
	[[ $(setting host) == *variable.example.org* ]]
	printf 'host option.example.org\n' >o.conf
	MAILSEND_CONFIG=v.conf send --show-config --config o.conf
	[[ $(setting host) == *option.example.org* ]]
}

@test "the account is chosen by name, by sender, or is the default" {
	cat >accounts.conf <<-'END'
	account work
	host work.example.org
	from me@work.example.org
	account home
	host home.example.org
	from me@home.example.org
	account default : home
	END
	send --dry-run --config accounts.conf bob@example.org <<<text
	[[ $output == *home.example.org* ]]
	send --dry-run --config accounts.conf --account work bob@example.org <<<text
	[[ $output == *work.example.org* ]]
	send --dry-run --config accounts.conf -r 'Me <me@work.example.org>' \
		bob@example.org <<<text
	[[ $output == *'server:'*work.example.org* ]]
}

@test "a password in a file that others can read is refused" {
	printf 'host x.example.org\nuser me\npassword s3cret-word\n' >open.conf
	chmod 644 open.conf
	refused 78 open.conf --config open.conf bob@example.org <<<text
	says chmod
	[[ $stderr != *s3cret-word* ]]
	chmod 600 open.conf
	send --dry-run --config open.conf bob@example.org <<<text
	[ "$status" -eq 0 ]
}

@test "secrets are in no output" {
	printf 'host x.example.org\nauth on\nuser me\npassword s3cret-word\n' >p.conf
	chmod 600 p.conf
	send --show-config --config p.conf
	[ "$status" -eq 0 ]
	[[ $(setting user) == *me* ]]
	[[ $(setting password) == *'***'* ]]
	[[ $output$stderr != *s3cret-word* ]]
	send --dry-run --config p.conf bob@example.org <<<text
	[[ $output$stderr != *s3cret-word* ]]
	printf 'password "s3cret-word\n' >>p.conf
	send --show-config --config p.conf
	[[ $output$stderr != *s3cret-word* ]]
	printf 'password s3cret-word more\npasword s3cret-word\n' >p.conf
	send --show-config --config p.conf
	[ "$status" -eq 78 ]
	[[ $output$stderr != *s3cret-word* ]]
}

@test "an unset or wrong HOME does no harm" {
	unset HOME
	send --print -s x bob@example.org <<<text
	[ "$status" -eq 0 ]
	export HOME=/no/such/folder
	send --print -s x bob@example.org <<<text
	[ "$status" -eq 0 ]
	# as under cron: nothing at all is set
	# shellcheck disable=SC2086
	run --separate-stderr env -i PATH="$PATH" \
		MAILSEND_CONFIG="$MAILSEND_CONFIG" $MAILSEND --print -s x \
		bob@example.org <<<text
	show
	[ "$status" -eq 0 ]
	judge - <<<"$output"
}

@test "port 465 is implicit TLS, in a file of msmtp's too" {
	printf '%s\n' 'account default' 'host mail.example.org' 'port 465' \
		'tls on' 'from me@example.org' >msmtprc
	chmod 600 msmtprc
	MAILSEND_CONFIG=$PWD/msmtprc send --dry-run ops@example.org <<<text
	[ "$status" -eq 0 ]
	[[ $output == *mail.example.org:465* && $output != *STARTTLS* ]]
	# who says otherwise is believed
	echo 'tls_starttls on' >>msmtprc
	MAILSEND_CONFIG=$PWD/msmtprc send --dry-run ops@example.org <<<text
	[[ $output == *STARTTLS* ]]
}
