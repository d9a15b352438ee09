#!/usr/bin/env bats
# programs.bats - git, PHP, Perl and the mail programs, which run us as their
# sendmail or msmtp; each one the real program, but for those at the end.
#
# shellcheck disable=SC2154,SC2030,SC2031 # attempt sets status, in each test

load helper

setup_file() {
	callers_setup_file
}

setup() {
	callers_setup
}

teardown() {
	callers_teardown
}

# ---- git

# repository - two commits with all that a patch can have in it; $count, $tree.
repository() {
	git init -q -b main repository
	cd repository || return
	git config user.name 'Jürgen Groß, Jr'
	git config user.email alice@example.test
	git config sendemail.confirm never
	git config sendemail.suppresscc all
	git commit -q --allow-empty -m begin
	printf '%s\n' 'Grüße' . .. 'From here' "$(printf '%0990d' 7)" >text
	git add text
	git commit -q -m 'Add a text: Grüße aus München, einer Stadt, deren Name lang ist'
	printf 'trailing \nno end' >>text
	git commit -q -a -m 'Change it' -m 'From what it was.'
	count=2
	tree=$(git rev-parse 'HEAD^{tree}')
}

# holds_patches USER [CLAIM]... - git folds no line and counts no octets.
holds_patches() {
	holds_each "$1" "$count" '?a line with an encoded word is over 76' \
		'headers/subject~^\[PATCH [12]/2\]' "${@:2}"
}

# applies USER - the patches in that mailbox make the same tree again.
applies() {
	local files
	mailbox "$1" "$count" >files || return
	mapfile -t files < <(xargs grep -l '^Subject: .*1/2' <files
		xargs grep -l '^Subject: .*2/2' <files)
	git checkout -q -b again main~2
	git am -q "${files[@]}" || return
	[[ $(git rev-parse 'HEAD^{tree}') == "$tree" ]]
}

@test "git send-email: by sendmail" {
	repository
	attempt git send-email --smtp-server=/usr/sbin/sendmail \
		--to='Bob Größe <bob@example.test>' --cc=carol@example.test \
		--bcc=tricky@example.test main~2
	exits 0
	holds_patches bob headers/from='"Jürgen Groß, Jr" <alice@example.test>' \
		headers/to='Bob Größe <bob@example.test>' headers/cc=carol@example.test \
		headers/x-mailer~git headers/return-path~alice@example.test
	holds_patches carol
	holds_patches tricky -headers/bcc
	applies bob
	grep -q '^In-Reply-To:' "$MAIL_SPOOL"/bob/new/*
}

@test "git send-email: by sendmail on its PATH, not named at all" {
	repository
	attempt git send-email --to=bob@example.test main~2
	exits 0
	holds_patches bob headers/to=bob@example.test
	applies bob
}

@test "git send-email: --sendmail-cmd, an envelope sender" {
	repository
	attempt git send-email --sendmail-cmd='/usr/sbin/sendmail -oi' \
		--envelope-sender=bounces@example.test \
		--to=bob@example.test main~2
	exits 0
	holds_patches bob headers/return-path~bounces@example.test
	applies bob
}

@test "git send-email: by msmtp" {
	repository
	attempt git send-email --smtp-server=/usr/local/bin/msmtp \
		--to=bob@example.test --transfer-encoding=8bit main~2
	exits 0
	holds_patches bob headers/from~alice@example.test
	applies bob
}

@test "git send-email: a recipient who is refused" {
	repository
	attempt git send-email --smtp-server=/usr/sbin/sendmail \
		--to=nobody@example.test main~1
	((status != 0))
	was_refused nobody
}

# ---- PHP

php() {
	local program
	program=$(compgen -G '/usr/bin/php[0-9]*' | head -n 1)
	attempt "$program" "$@"
}

@test "PHP: mail(), as it comes" {
	# shellcheck disable=SC2016
	php -r 'exit(mail("bob@example.test", "Order 7",
		"Dear Bob,\n.\n..two\nGrüße",
		"From: Shop <shop@example.test>\r\n" .
		"Reply-To: desk@example.test\r\n" .
		"Cc: carol@example.test\r\nBcc: tricky@example.test\r\n" .
		"X-Mailer: PHP/" . phpversion()) ? 0 : 1);'
	exits 0
	holds bob headers/from='Shop <shop@example.test>' \
		headers/to=bob@example.test headers/subject='Order 7' \
		headers/reply-to=desk@example.test headers/cc=carol@example.test \
		headers/x-mailer~^PHP/ -headers/bcc \
		body/text=$'Dear Bob,\n.\n..two\nGrüße'
	holds carol
	holds tricky -headers/bcc
}

# PHP itself ends the body with one more line feed.
@test "PHP: mail(), CRLF throughout, raw UTF-8 in the header, -f" {
	php -r 'exit(mail("Bob Größe <bob@example.test>", "Grüße aus München",
		"line one\r\nline two\r\n",
		["From" => "Jürgen <shop@example.test>", "MIME-Version" => "1.0",
		"Content-Type" => "text/plain; charset=utf-8"],
		"-fbounces@example.test") ? 0 : 1);'
	exits 0
	holds bob headers/from='Jürgen <shop@example.test>' \
		headers/to='Bob Größe <bob@example.test>' \
		headers/subject='Grüße aus München' \
		headers/return-path~bounces@example.test \
		body/text=$'line one\nline two\n\n'
}

@test "PHP: mail() without a header or a From" {
	php -r 'exit(mail("bob@example.test", "", "Only this") ? 0 : 1);'
	exits 0
	holds bob headers/from~alice@example.test headers/to=bob@example.test \
		body/text='Only this'
}

@test "PHP: HTML and long lines" {
	php -r 'exit(mail("bob@example.test", "Page",
		"<p>" . str_repeat("ü", 4000) . "</p>",
		"Content-Type: text/html; charset=UTF-8\r\nMIME-Version: 1.0")
		? 0 : 1);'
	exits 0
	holds bob headers/subject=Page html/text~'^<p>ü{4000}</p>$'
}

@test "PHP: sendmail_path is msmtp -t" {
	php -d sendmail_path='/usr/local/bin/msmtp -t' \
		-r 'exit(mail("bob@example.test", "Hello", "Hello, Bob.",
		"From: shop@example.test\r\nBcc: carol@example.test") ? 0 : 1);'
	exits 0
	holds bob headers/from=shop@example.test body/text='Hello, Bob.'
	holds carol -headers/bcc
}

@test "PHP: mail() tells a refusal" {
	php -r 'exit(mail("nobody@example.test", "Hello", "Hello.") ? 0 : 1);'
	exits 1
	was_refused nobody
}

# ---- Perl

@test "MIME::Lite: by /usr/lib/sendmail, with an attachment" {
	head -c 5000 /dev/urandom >noise.bin
	attempt perl -MMIME::Lite - <<-'END'
		$m = MIME::Lite->new(From => 'alice@example.test',
			To => 'bob@example.test', Cc => 'carol@example.test',
			Bcc => 'tricky@example.test', Subject => 'Report',
			Type => 'multipart/mixed');
		$m->attach(Type => 'TEXT', Data => "See the file.\n.\nBye\n");
		$m->attach(Type => 'AUTO', Path => 'noise.bin',
			Disposition => 'attachment', Encoding => 'base64');
		$m->send('sendmail', SetSender => 1) or die;
	END
	exits 0
	holds bob headers/subject=Report headers/from=alice@example.test \
		headers/cc=carol@example.test -headers/bcc \
		body/text=$'See the file.\n.\nBye' \
		"file/noise.bin/sha256=$(sum noise.bin)"
	holds carol
	holds tricky -headers/bcc
}

@test "Perl: a pipe to sendmail -t, header in any case" {
	attempt perl - <<-'END'
		open(my $mail, '|-', '/usr/sbin/sendmail', '-oi', '-t') or die;
		print $mail "TO: bob\@example.test\nsubject: Hello\n",
			"bCC: carol\@example.test,\n tricky\@example.test\n\nHello.\n";
		close($mail) or die;
	END
	exits 0
	holds bob headers/subject=Hello body/text=Hello. -headers/bcc
	holds carol -headers/bcc
	holds tricky -headers/bcc
}

# ---- s-nail, bsd-mailx

s_nail() {
	attempt s-nail -:/ -S v15-compat -S mta=/usr/sbin/sendmail \
		-S sendwait "$@"
}

@test "s-nail: mta is sendmail" {
	head -c 5000 /dev/urandom >'noise ä.bin'
	s_nail -s 'Grüße' -r 'Alice <alice@example.test>' -a 'noise ä.bin' \
		-c carol@example.test -b tricky@example.test bob@example.test \
		<<<$'Hello, Bob.\n.\nGrüße'
	exits 0
	holds bob headers/subject='Grüße' headers/from='Alice <alice@example.test>' \
		headers/cc=carol@example.test -headers/bcc \
		body/text=$'Hello, Bob.\n.\nGrüße' \
		"file/noise ä.bin/sha256=$(sum 'noise ä.bin')"
	holds carol
	holds tricky -headers/bcc
}

@test "s-nail: -t, and arguments for the mta" {
	s_nail -t -S mta-arguments='-f bounces@example.test' <<-'END'
		From: shop@example.test
		To: bob@example.test
		Subject: By its own header

		The body
	END
	exits 0
	holds bob headers/from=shop@example.test headers/subject='By its own header' \
		body/text='The body'
}

@test "s-nail: mta is msmtp" {
	s_nail -S mta=/usr/local/bin/msmtp -s Hello -r alice@example.test \
		bob@example.test <<<'Hello, Bob.'
	exits 0
	holds bob headers/subject=Hello body/text='Hello, Bob.'
}

@test "s-nail: a refusal is told" {
	s_nail -s Hello nobody@example.test <<<'Hello'
	((status != 0))
	was_refused nobody
}

@test "bsd-mailx: its sendmail is ours" {
	attempt bsd-mailx -s 'Disk report' -a 'X-Machine: web' \
		-c carol@example.test -b tricky@example.test \
		-r alice@example.test bob@example.test <<<$'sda\n.\n~! false\nend'
	exits 0
	await_mail bob
	await_mail tricky
	await_mail carol
	holds bob headers/subject='Disk report' headers/x-machine=web \
		headers/cc=carol@example.test headers/from~alice@example.test \
		-headers/bcc body/text~^sda$
	holds tricky -headers/bcc
}

@test "bsd-mailx: a user to another, by bare names" {
	attempt as alice bsd-mailx -s Lunch bob <<<'At noon?'
	exits 0
	await_mail bob
	holds bob headers/subject=Lunch headers/from~alice@example.test \
		headers/to=bob@example.test body/text~'^At noon\?$'
}

# ---- mutt, NeoMutt

# mutt_like PROGRAM ARG... - the real one, in batch mode.
mutt_like() {
	attempt "$1" -n -F /dev/null -e 'set copy=no' -e 'set realname="Älice"' \
		-e 'set from=alice@example.test' -e 'set use_from=yes' \
		-e 'set use_envelope_from=yes' "${@:2}"
}

for_each_mutt() {
	local program
	for program in /usr/bin/mutt /usr/bin/neomutt; do
		"$@" "$program" || {
			echo "$program" >&2
			return 1
		}
		find "$MAIL_SPOOL" -path '*/new/*' -delete
	done
}

by_sendmail() {
	mutt_like "$1" -s 'Grüße aus München' -a noise.bin \
		-c carol@example.test -b tricky@example.test -- bob@example.test \
		<<<$'Hello, Bob.\n.\nGrüße'
	exits 0
	holds bob headers/subject='Grüße aus München' \
		headers/from='Älice <alice@example.test>' \
		headers/to=bob@example.test headers/cc=carol@example.test \
		headers/return-path~alice@example.test -headers/bcc \
		body/text=$'Hello, Bob.\n.\nGrüße' \
		"file/noise.bin/sha256=$(sum noise.bin)"
	holds carol
	holds tricky -headers/bcc
}

@test "mutt, NeoMutt: their sendmail is ours" {
	head -c 5000 /dev/urandom >noise.bin
	for_each_mutt by_sendmail
}

with_dsn() {
	mutt_like "$1" -e 'set sendmail="/usr/sbin/sendmail -oem -oi"' \
		-e 'set dsn_notify=failure,delay' -e 'set dsn_return=hdrs' \
		-e 'set use_8bitmime=yes' -e 'set allow_8bit=yes' \
		-s Report bob@example.test <<<'Grüße'
	exits 0
	holds bob headers/subject=Report body/text='Grüße'
}

@test "mutt, NeoMutt: -B8BITMIME -N -R" {
	for_each_mutt with_dsn
}

by_msmtp() {
	mutt_like "$1" -e 'set sendmail=/usr/local/bin/msmtp' -s Hello \
		bob@example.test carol@example.test <<<'Hello.'
	exits 0
	holds bob headers/subject=Hello body/text=Hello. \
		headers/return-path~alice@example.test
	holds carol
}

@test "mutt, NeoMutt: their sendmail is msmtp" {
	for_each_mutt by_msmtp
}

by_msmtp_account() {
	mutt_like "$1" -e 'set sendmail="/usr/local/bin/msmtp -C own -a mine"' \
		-s Hello bob@example.test <<<'Hello.'
	exits 0
	holds bob headers/subject=Hello headers/return-path~alice@example.test
	logged 'sasl_username=carol'
}

@test "mutt, NeoMutt: msmtp -C FILE -a ACCOUNT" {
	cat >own <<-END
		account other
		host unknown.example.test
		account mine
		host $MAIL_HOST
		port $MAIL_PORT_SUBMISSION
		tls on
		tls_trust_file $MAIL_CA
		auth on
		user carol
		password $(password carol)
		from carol@example.test
	END
	chmod 600 own
	for_each_mutt by_msmtp_account
}

refused() {
	mutt_like "$1" -e 'set sendmail_wait=10' -s Hello nobody@example.test \
		<<<'Hello.'
	((status != 0))
	logged 'reject: RCPT .*<nobody@example.test>'
	# by -oem, which mutt says of itself, by mail too
	await_mail alice
	says nobody@example.test "$(mailbox alice)"
	rm -rf /var/spool/mailsend # one notice in an hour
}

@test "mutt, NeoMutt: a refusal is told" {
	for_each_mutt refused
}

# ---- no server: each is told, and the mail is not gone

# away CALLER - ran, failed, and what it sent is at hand.
away() {
	((status != 0)) || {
		echo "$1 was told that all is well" >&2
		return 1
	}
	kept "$HOME/dead.letter" bob@example.test 'Hello, Bob.'
	rm "$HOME/dead.letter"
}

@test "PHP, s-nail, mutt, NeoMutt, Perl: the server is away" {
	export HOME=/srv/home/root # where s-nail takes itself
	server_is_away
	php -r 'exit(mail("bob@example.test", "Hello", "Hello, Bob.") ? 0 : 1);'
	away PHP
	s_nail -s Hello bob@example.test <<<'Hello, Bob.'
	away s-nail
	mutt_like /usr/bin/mutt -s Hello bob@example.test <<<'Hello, Bob.'
	away mutt
	mutt_like /usr/bin/neomutt -s Hello bob@example.test <<<'Hello, Bob.'
	away NeoMutt
	attempt perl - <<-'END'
		open(my $mail, '|-', '/usr/sbin/sendmail', '-oi', '-t') or die;
		print $mail "To: bob\@example.test\n\nHello, Bob.\n";
		close($mail) or exit 1;
	END
	away Perl
}

# ---- what cannot be had here, by the command lines that it was seen to use

@test "nodemailer: a Bcc field though there is no -t" {
	attempt /usr/sbin/sendmail -i -f alice@example.test bob@example.test \
		carol@example.test <<-'END'
		From: Alice <alice@example.test>
		To: bob@example.test
		Bcc: carol@example.test
		Message-ID: <7@example.test>
		Subject: Hello
		MIME-Version: 1.0
		Content-Type: text/plain; charset=utf-8
		Content-Transfer-Encoding: quoted-printable

		Gr=C3=BC=C3=9Fe
	END
	exits 0
	holds bob headers/subject=Hello headers/message-id='<7@example.test>' \
		body/text='Grüße' -headers/bcc
	holds carol -headers/bcc
}

@test "Symfony: -i -f, then --" {
	printf '%s\r\n' 'From: shop@example.test' 'To: bob@example.test' \
		'Subject: Order' '' 'Hello, Bob.' . end >mail
	attempt /usr/sbin/sendmail -i -fbounces@example.test -- bob@example.test \
		<mail
	exits 0
	holds bob headers/subject=Order headers/return-path~bounces@example.test \
		body/text=$'Hello, Bob.\n.\nend'
}

@test "PHPMailer: options more than once" {
	attempt /usr/sbin/sendmail -t -i -fbounces@example.test -oi \
		-fbounces@example.test -t <<-'END'
		To: bob@example.test
		From: Shop <shop@example.test>
		Subject: Order

		Hello, Bob.
	END
	exits 0
	holds bob headers/from='Shop <shop@example.test>' body/text='Hello, Bob.' \
		headers/return-path~bounces@example.test
}

@test "cronie: -t -f and a bare name" {
	attempt bare HOME=/root /usr/sbin/sendmail -FCronDaemon -i -odi -oem -oi -t \
		-f root <<-'END'
		From: "(Cron Daemon)" <root>
		To: root
		Subject: Cron <root@mail> true
		MIME-Version: 1.0
		Content-Type: text/plain; charset=UTF-8
		Content-Transfer-Encoding: 8bit
		Auto-Submitted: auto-generated
		Precedence: bulk

		Grüße
		.
		end
	END
	exits 0
	holds bob headers/subject='Cron <root@mail> true' \
		headers/auto-submitted=auto-generated headers/from~Cron.Daemon.*@ \
		body/text=$'Grüße\n.\nend'
}

@test "Emacs: -oep -odi -t, BCC, a folded To" {
	attempt /usr/sbin/sendmail -oi -f alice@example.test -oep -odi -t <<-'END'
		From: Alice <alice@example.test>
		To: Bob <bob@example.test>,
		    Carol
		    <carol@example.test>
		BCC: tricky@example.test
		Subject: Hello

		Hello, you two.
	END
	exits 0
	holds bob headers/to='Bob <bob@example.test>, Carol <carol@example.test>' \
		body/text='Hello, you two.' -headers/bcc
	holds carol
	holds tricky -headers/bcc
}

@test "rkhunter: no option at all, 8-bit text without a label" {
	attempt bare /usr/sbin/sendmail root <<-'END'
		Subject: [rkhunter] Warnings
		To: root

		Grüße
	END
	exits 0
	holds bob headers/subject='[rkhunter] Warnings' body/text='Grüße' \
		headers/from~@example.test
}
