#!/usr/bin/env bats
# The names mutt and neomutt: batch mode, as scripts call it.

# shellcheck disable=SC2154,SC2016 # the helpers set what is used here
load helper
load face
load server

@test "both names: -s -c -b, recipients with and without --" {
	configure
	for name in mutt neomutt; do
		sends $name -s hello -c c@example.org -b zoe@example.org -- \
			a@example.org b@example.org <<<text
		is headers/Subject hello
		is headers/Cc c@example.org
		is body/text text
		lacks zoe@ mail
		went_to {a,b,c,zoe}@example.org
		sends $name -s hello a@example.org <<<text
		went_to a@example.org
		call $name --help
		[[ $output == *"usage: $name "* ]]
	done
}

@test "the long options are the same as everywhere" {
	echo data >data.txt
	prints mutt --subject hello --to a@example.org --cc b@example.org \
		--from me@example.org --envelope-from x@example.org \
		--header 'X-A: b' --attach data.txt --charset utf-8 <<<text
	is headers/X-A b
	is headers/To a@example.org
	is file/data.txt/disposition attachment
}

@test "-a takes all up to --" {
	configure
	for name in one two three; do
		echo $name >$name.txt
	done
	sends mutt -s x -a one.txt two.txt -s y three.txt -- a@example.org <<<text
	is headers/Subject y
	for name in one two three; do
		is file/$name.txt/sha256 "$(sha256sum <$name.txt | cut -d' ' -f1)"
	done
	went_to a@example.org
	sends mutt -s x a@example.org -a one.txt -a two.txt <<<text
	is file/two.txt/disposition attachment
	went_to a@example.org
	sends mutt -s x -a one.txt -- -b@example.org <<<text
	went_to -b@example.org
}

@test "-a without -- before the address is told" {
	configure
	echo one >one.txt
	refuses 64 'write --' mutt -s x -a one.txt a@example.org <<<text
	refuses 66 missing mutt -s x -a missing.txt -- a@example.org <<<text
	refuses 66 missing mutt -s x -a one.txt missing.txt -- a@example.org <<<text
	refuses 64 'recipient' mutt -s x -a one.txt <<<text
}

@test "a recipient as a link" {
	configure
	sends mutt 'mailto:a@example.org,b%40example.org?subject=Gr%C3%BC%C3%9Fe%20x&cc=c@example.org' <<<text
	is headers/Subject 'Grüße x'
	is headers/Cc c@example.org
	went_to {a,b,c}@example.org
	sends mutt -s own -- 'MAILTO:?to=a@example.org&Subject=its' b@example.org <<<text
	is headers/Subject own
	went_to {a,b}@example.org
	echo data >data.txt
	call mutt 'mailto:a@example.org?attach=data.txt&bcc=evil@example.org' <<<text
	[ "$status" -eq 0 ]
	says attach
	says bcc
	there
	lacks data mail
	went_to a@example.org
	for bad in 'a@example.org?subject=x%0D%0ABcc:%20evil@example.org' \
		'a@example.org?cc=%00' 'a%0A@example.org'; do
		refuses 64 'line break' mutt "mailto:$bad" <<<text
	done
	refuses 64 body mutt 'mailto:a@example.org?body=lost' <<<text
	refuses 64 recipient mutt 'mailto:?subject=x' <<<text
	refuses 64 mailto mail mailto:a@example.org <<<text
}

@test "-i: the file, and standard input after it" {
	configure
	printf 'the file\n' >text.txt
	sends mutt -s x -i text.txt a@example.org <<<'the text'
	is body/text $'the file\nthe text'
	printf 'Grüße\n' >text.txt
	sends mutt -s x -i text.txt -a text.txt -- a@example.org </dev/null
	is body/text 'Grüße'
	is body/charset utf-8
	sends mutt -s x -i - a@example.org <<<'the text'
	is body/text 'the text'
	refuses 66 missing mutt -s x -i missing a@example.org <<<text
}

@test "-H: a draft, from a file and from standard input" {
	configure
	printf '%s\n' 'From: f@example.org' 'To: a@example.org' \
		'Bcc: zoe@example.org' 'Subject: own' 'X-A: b' '' 'Grüße' >draft
	sends mutt -H draft </dev/null
	is headers/Subject own
	is headers/From f@example.org
	is headers/X-A b
	is body/text 'Grüße'
	came_from f@example.org
	went_to a@example.org zoe@example.org
	lacks zoe@ mail
	sends mutt -s other -c c@example.org -H - -- b@example.org <draft
	is headers/Subject other
	is headers/To 'a@example.org, b@example.org'
	went_to a@example.org zoe@example.org b@example.org c@example.org
	echo data >data.txt
	sends mutt -H - -a data.txt -- <draft
	is body/text 'Grüße'
	is file/data.txt/sha256 "$(sha256sum <data.txt | cut -d' ' -f1)"
	refuses 66 missing mutt -H missing </dev/null
	refuses 64 recipient mutt -H - <<<$'Subject: x\n\ntext'
}

@test "-H: mutt's own words are done, and never leave" {
	configure
	echo data >'a file.txt'
	echo more >more.txt
	mkdir -p box/{cur,new,tmp} "$home/Mail"
	echo 'set folder=~/Mail' >"$home/.muttrc"
	printf '%s\n' 'To: a@example.org' 'Subject: x' 'Fcc: =sent' \
		'Fcc: box' 'Attach: a\ file.txt The rows of today' 'Pgp:' \
		'ATTACH: more.txt' 'Smime: C<aes256>' 'X-Mutt-References: <1@x>' \
		'X-Mutt-Resume-Draft: draft' 'Bcc: zoe@example.org' '' 'Grüße' >draft
	for way in draft -; do
		sends mutt -H $way <draft
		is body/text 'Grüße'
		is 'file/a file.txt/sha256' "$(sha256sum <'a file.txt' | cut -d' ' -f1)"
		is file/more.txt/disposition attachment
		grep -q '^Content-Description: The rows of today' mail
		lacks '^\(Fcc\|Attach\|Pgp\|Smime\|X-Mutt\)' mail
		went_to a@example.org zoe@example.org
	done
	# the copies, each as it went
	[ "$(grep -c '^From ' "$home/Mail/sent")" -eq 2 ]
	grep -q '^Subject: x' "$home/Mail/sent"
	[ "$(find box/new -type f | wc -l)" -eq 2 ]
	# a real field of that name is one
	printf '%s\n' 'To: a@example.org' 'Autocrypt: addr=me@example.org; keydata=x' \
		'' text >draft
	sends mutt -H draft
	grep -q '^Autocrypt: addr=me' mail
}

@test "-H: Fcc: /dev/null is no copy, as mutt has it" {
	configure
	ln -s /dev/null null
	for file in /dev/null "$PWD/null"; do
		printf 'To: a@example.org\nFcc: %s\n\ntext\n' "$file" >draft
		sends mutt -H draft
		lacks Fcc mail
	done
	[ -c /dev/null ]
}

@test "-H: of mutt's own words, what cannot be done is refused" {
	local field

	configure
	while IFS= read -r field; do
		printf '%s\n' 'To: a@example.org' "$field" '' 'kept text' >draft
		call mutt -H draft
		[ "$status" -ne 0 ]
		says "${field%%:*}" || says "${field#*: }"
		[ -z "$(arrived)" ]
	done <<-'END'
	Pgp: ES
	Pgp: S<0x1234>
	Smime: E
	X-Mutt-PGP: S
	X-Mutt-Mix: remailer
	Autocrypt: E
	Fcc: imap://example.org/sent
	Fcc: /nonexistent/sent
	Attach: missing.txt
	END
}

@test "--draft: mutt's own words attach nothing, write nothing and never leave" {
	local field

	configure
	echo secret >secret
	while IFS= read -r field; do
		printf '%s\n' 'To: a@example.org' "$field" '' 'kept text' >draft
		refuses 65 "${field%%:*}" mailsend --draft draft
		refuses 65 'mutt -H' mail -t <draft
	done <<-END
	Attach: $PWD/secret
	Fcc: $PWD/copy
	X-Mutt-Fcc: $PWD/copy
	Pgp: ES
	Smime: E
	END
	[ ! -e copy ]
	printf '%s\n' 'To: a@example.org' 'Attach:' 'Fcc: /dev/null' 'Pgp:' \
		'Smime: C<aes256>' 'X-Mutt-References: <1@x>' 'Subject: x' \
		'X-Mutt-Resume-Draft: d' '' text >draft
	sends mailsend --draft draft
	lacks '^\(Fcc\|Attach\|Pgp\|Smime\|X-Mutt\)' mail
	is headers/Subject x
}

@test "-e: set from, realname, use_from, my_hdr, alias" {
	configure
	sends mutt -e 'set from=ops@example.org realname="Ops, on duty"' \
		-e 'my_hdr X-A: b' -e "my_hdr Reply-To: 'R' <r@example.org>" \
		-e 'alias bob Bob B <bob@example.net>' -s x bob <<<text
	is headers/From '"Ops, on duty" <ops@example.org>'
	is headers/X-A b
	is headers/To 'Bob B <bob@example.net>'
	came_from ops@example.org
	went_to bob@example.net
	sends mutt -e 'my_hdr From: M <m@example.org>; my_hdr Subject: theirs' \
		-s mine a@example.org <<<text
	is headers/From 'M <m@example.org>'
	is headers/Subject mine
	sends mutt -e 'set from=ops@example.org use_from=no' -s x a@example.org <<<text
	is headers/From me@example.org
	sends mutt -e 'set envelope_from_address=bounce@example.org' \
		-e 'set use_envelope_from' -s x a@example.org <<<text
	came_from bounce@example.org
	sends mutt -e 'my_hdr X-A: 1' -e 'my_hdr X-A: 2' -e 'my_hdr X-B: 1' \
		-e 'unmy_hdr x-b' -s x a@example.org <<<text
	is headers/X-A 2
	lacks '^X-B' mail
}

@test "-e: the text is HTML" {
	configure
	for command in 'set content_type=text/html' \
		'set content_type="text/html; charset=utf-8"' \
		'my_hdr Content-Type: text/html'; do
		sends mutt -e "$command" -s x a@example.org <<<'<p>Grüße</p>'
		is parts/0/type text/html
		is parts/0/text '<p>Grüße</p>'
	done
}

@test "-e: what is passed over is told, what is so anyway is not" {
	configure
	for command in 'set foo=1' 'macro index x y' 'set copy=yes' \
		'set record=~/sent' 'set sendmail=/usr/bin/msmtp'; do
		call mutt -e "$command" -s x a@example.org <<<text
		[ "$status" -eq 0 ]
		says ignored
		there
	done
	sends mutt -e 'set copy=no; unset record' -e 'set send_charset=utf-8' \
		-s x a@example.org <<<text
}

@test "-e: a server, but no password" {
	: >"$MAILSEND_CONFIG"
	call mutt --dry-run -e 'set smtp_url=smtps://joe@mail.example.org' \
		-e 'set from=me@example.org' a@example.org <<<text
	[[ $output == *mail.example.org:465* && $output == *joe* ]]
	for secret in smtp_pass=s3cr3t 'smtp_url=smtp://joe:s3cr3t@localhost'; do
		refuses 64 password mutt -e "set $secret" a@example.org <<<text
		[[ $stderr != *s3cr3t* ]]
	done
}

@test "-e: what must be signed or encrypted is not sent" {
	configure
	for name in crypt_autosign crypt_autoencrypt pgp_autoencrypt; do
		refuses 64 $name mutt -e "set $name" -s x a@example.org <<<text
		refuses 64 $name mutt -e "set $name=yes" -s x a@example.org <<<text
		sends mutt -e "set no$name" -s x a@example.org <<<text
	done
}

@test "the start-up file: alias, set from, my_hdr, source" {
	configure
	cat >"$home/.muttrc" <<-'END'
	# settings
	set from="Ops <ops@example.org>"   # who
	set realname = 'Nobody'
	set sendmail="/usr/bin/msmtp" ; set smtp_pass=`pass show mail`
	my_hdr X-A: b
	alias -group friends bob Bob B <bob@example.net>
	alias team bob, \
	    carol@example.net
	set crypt_autosign=yes
	color index red black ~F
	source ~/aliases
	END
	echo 'alias dave dave@example.net (Dave D)' >"$home/aliases"
	sends mutt -s x team dave <<<text
	is headers/From 'Ops <ops@example.org>'
	is headers/X-A b
	is headers/To 'Bob B <bob@example.net>, carol@example.net, Dave D <dave@example.net>'
	went_to {bob,carol,dave}@example.net
	sends mutt -e 'set from=other@example.org' -e 'unmy_hdr *' -n -x -s x bob <<<text
	is headers/From 'Nobody <other@example.org>'
	lacks '^X-A' mail
	printf 'To: team\n\ntext\n' >draft
	sends mutt -H draft </dev/null
	went_to {bob,carol}@example.net
}

@test "each name has its own start-up file" {
	configure
	mkdir -p "$home/.config/neomutt" "$home/.config/mutt"
	echo 'alias bob neo@example.net' >"$home/.config/neomutt/neomuttrc"
	echo 'alias bob mutt@example.net' >"$home/.config/mutt/muttrc"
	sends mutt -s x bob <<<text
	went_to mutt@example.net
	sends neomutt -s x bob <<<text
	went_to neo@example.net
}

@test "-F: another start-up file instead" {
	configure
	echo 'alias bob bob@example.net' >"$home/.muttrc"
	echo 'alias bob other@example.net' >rc
	sends mutt -F rc -s x bob <<<text
	went_to other@example.net
	sends mutt -F /dev/null -s x bob <<<text
	went_to bob@example.org
	refuses 66 missing mutt -F missing -s x bob <<<text
}

@test "the start-up file: variables, quotes, files as mutt reads them" {
	configure
	printf '%s\n' 'alias filed filed@example.net' >"$home/al"
	cat >"$home/.muttrc" <<-'END'
	set alias_file=~/al my_dept="Ops\; night"
	set realname="Ops Team" from=ops@example.org
	source $alias_file
	alias me $realname <$from>
	alias two a@example.net\; b@example.net
	alias dept "$my_dept" <d@example.net>
	my_hdr X-A: a\; b
	END
	sends mutt -s x filed me two dept <<<text
	is headers/To 'filed@example.net, Ops Team <ops@example.org>, a@example.net, b@example.net, "Ops; night" <d@example.net>'
	is headers/X-A 'a; b'
	went_to filed@example.net ops@example.org {a,b,d}@example.net
}

@test "a start-up file that cannot be followed: no bare name is guessed" {
	local line

	configure
	while IFS= read -r line; do
		printf '%s\n' 'alias known k@example.net' "$line" >"$home/.muttrc"
		refuses 78 "$home/.muttrc:2" mutt -s x bob <<<text
		# what is known, and what is whole, goes on
		sends mutt -s x known eve@example.net <<<text
		went_to {k,eve}@example.net
	done <<-'END'
	source "touch made|"
	source `touch made; echo al`
	source ~/not-there
	source $my_nothing/al
	alias bob `touch made`@example.net
	END
	[ ! -e made ]
	refuses 64 program mutt -e 'source "touch made|"' -s x bob <<<text
	[ ! -e made ]
	rm "$home/.muttrc"
	mkdir "$home/.muttrc"
	call mutt -s x bob <<<text
	[ "$status" -eq 78 ]
	says .muttrc
	[ -z "$(arrived)" ]
}

# fits yes|no|maybe PATTERN ARGUMENT... - whether a send-hook is run.
fits() {
	local wanted=$1

	printf '%s\n' 'alias team ops@work.example' 'set from=home@example.org' \
		"send-hook '$2' 'set from=work@example.org'" >"$home/.muttrc"
	echo "pattern: $2"
	shift 2
	if [ "$wanted" = maybe ]; then
		refuses 78 "$home/.muttrc:3" mutt "$@" <<<text
		sends mutt -e 'unhook send-hook' "$@" <<<text
		wanted=home
	else
		sends mutt "$@" <<<text
		[ "$wanted" = yes ] && wanted=work || wanted=home
	fi
	is headers/From "$wanted@example.org"
}

@test "-H: the draft's From holds before one of the start-up file" {
	configure
	echo 'set from=rc@example.org' >"$home/.muttrc"
	printf 'From: D <draft@example.org>\nTo: a@example.net\n\ntext\n' >draft
	sends mutt -H draft
	is headers/From 'D <draft@example.org>'
	came_from draft@example.org
	sends mutt -e 'my_hdr From: typed@example.org' -H draft
	is headers/From typed@example.org
	sed -i 1d draft
	sends mutt -H draft
	is headers/From rc@example.org
}

@test "send-hook: the patterns of a new mail" {
	configure
	fits yes . -s x a@work.example
	[ -z "$stderr" ]
	fits yes '~t @work\\.example' -s x a@work.example
	fits no '~t @work\\.example' -s x a@home.example
	fits no '~t @WORK' -s x a@work.example
	fits yes '~t "ops@"' -s x team
	fits no '! ~t @work' -s x a@work.example
	fits no '~c @work' -s x a@work.example
	fits yes '~c @work' -s x -c b@work.example -- a@home.example
	fits yes '~C @work' -s x -c b@work.example -- a@home.example
	fits yes '~t @work ~s urgent' -s 'Urgent: x' a@work.example
	fits no '~t @work ~s urgent' -s x a@work.example
	fits yes '~t @other | ~t @work' -s x a@work.example
	fits yes '~P (~t @other | =t @work.ex)' -s x a@work.example
	fits yes @work -s x a@work.example
	fits no !@work -s x a@work.example
	fits maybe '~t @work ~g' -s x a@work.example
	fits maybe '~f home' -s x a@work.example
	fits maybe '~t [' -s x a@work.example
	fits maybe '(~t @work' -s x a@work.example
}

@test "what cannot be told of a sender or a recipient is not guessed" {
	local line

	configure
	while IFS= read -r line; do
		printf '%s\n' 'set my_x=1' "$line" >"$home/.muttrc"
		refuses 78 "$home/.muttrc:2" mutt -s x a@example.net <<<text
	done <<-'END'
	set from=`touch made`
	ifdef no_such_thing 'set from=no@example.net'
	ifndef no_such_thing 'my_hdr Bcc: no@example.net'
	my_hdr Bcc: `touch made`
	my_hdr From: `touch made`
	send-hook '~f x' 'my_hdr Reply-To: no@example.net'
	my_hdr From:
	my_hdr From: a@example.net, b@example.net
	my_hdr Cc: no address
	ifdef no_such_thing 'send-hook . "set from=no@example.net"'
	END
	[ ! -e made ]
	echo "ifdef no_such_thing 'alias bob no@example.net'" >"$home/.muttrc"
	refuses 78 "$home/.muttrc:1" mutt -s x bob <<<text
	# what counts for nothing here, and what was set since, is no matter
	cat >"$home/.muttrc" <<-'END'
	set signature="`touch made`|" from=`touch made`
	ifdef no_such_thing 'set signature=x; set sidebar_visible'
	send-hook '~f x' 'set signature=~/x'
	send-hook '~f x' 'unmy_hdr Bcc'
	set from=me@example.net
	END
	sends mutt -s x a@example.net <<<text
	is headers/From me@example.net
	echo 'set from=`touch made`' >"$home/.muttrc"
	sends mutt -e 'set from=typed@example.org' -s x a@example.net <<<text
	is headers/From typed@example.org
	# a name is not worth a mail
	echo 'set realname=`touch made`' >"$home/.muttrc"
	call mutt -s x a@example.net <<<text
	[ "$status" -eq 0 ]
	says realname
	[ ! -e made ]
}

@test "what is for a person at a screen is refused" {
	configure
	for arguments in -E '-f inbox' -z -Z -p -y -R '-A bob' '-Q from' -D -B -G; do
		# shellcheck disable=SC2086 # words, on purpose
		refuses 64 "${arguments%% *}" mutt $arguments a@example.org <<<text
	done
	refuses 64 -C neomutt -C -s x a@example.org <<<text
	for arguments in '' '-s x' -n; do
		# shellcheck disable=SC2086 # words, on purpose
		refuses 64 recipient mutt $arguments <<<text
	done
}

@test "a terminal as standard input is refused" {
	command -v script >/dev/null || skip 'no script(1)'
	configure
	call mutt --version # makes the link
	run script -qec 'names/mutt -s x a@example.org' /dev/null </dev/null
	[ "$status" -eq 64 ]
	[[ $output == *terminal* ]]
	[ -z "$(arrived)" ]
}

@test "-v and -d show the conversation" {
	configure
	for option in -v '-d 2'; do
		# shellcheck disable=SC2086 # words, on purpose
		call mutt $option -s x a@example.org <<<text
		[ "$status" -eq 0 ]
		says 'RCPT TO:<a@example.org>'
		there
	done
	sends mutt -d 0 -m mbox -s x a@example.org <<<text
}

@test "what bit people: the charset, the checksum, the failure" {
	configure
	freeze 'charset=us-ascii'
	printf 'zw\303\266lf\n' >note.txt
	sends mutt -s 'Grüße' -a note.txt -- a@example.org <<<'Grüße'
	is headers/Subject 'Grüße'
	is body/text 'Grüße'
	is file/note.txt/sha256 "$(sha256sum <note.txt | cut -d' ' -f1)"
	refuses 64 -s mutt -s $'x\nBcc: evil@example.org' a@example.org <<<text
	refuses 64 'touch' mutt -s x -- '|touch made' <<<text
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'from me@example.org' \
		'queue never' >"$MAILSEND_CONFIG"
	call mutt -s x a@example.org <<<'kept text'
	[ "$status" -eq 75 ]
	grep -q '^kept text' "$home/dead.letter"
}
