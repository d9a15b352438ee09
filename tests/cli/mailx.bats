#!/usr/bin/env bats
# The names mail and mailx: POSIX, the habits of bsd-mailx, s-nail and
# mailutils, and what bit people with them.

# shellcheck disable=SC2154,SC2016 # the helpers set what is used here
load helper
load face
load server

# ---- the options ----

@test "both names: subject, copies, several recipients" {
	configure
	for name in mail mailx; do
		sends $name -s hello -c 'c@example.org,d@example.org' \
			-b zoe@example.org a@example.org b@example.org <<<text
		is headers/Subject hello
		is headers/To 'a@example.org, b@example.org'
		is headers/Cc 'c@example.org, d@example.org'
		is body/text text
		lacks zoe@ mail
		went_to {a,b,c,d,zoe}@example.org
		call $name --help
		[[ $output == *"usage: $name "* ]]
	done
}

@test "the long options are the same as everywhere" {
	echo data >data.txt
	echo '<b>x</b>' >page.html
	prints mail --subject hello --to a@example.org --cc b@example.org \
		--from me@example.org --envelope-from x@example.org \
		--header 'X-A: b' --attach data.txt --html page.html \
		--charset utf-8 --timeout 5 <<<text
	is headers/X-A b
	is html/text '<b>x</b>'
	is file/data.txt/sha256 "$(sha256sum <data.txt | cut -d' ' -f1)"
	call mail --json --skip-empty --transcript a@example.org </dev/null
	[ "$status" -eq 0 ]
	printf 'To: a@example.org\n\ntext\n' >draft
	call mail --draft draft --dry-run --host localhost
	[ "$status" -eq 0 ]
	[[ $output == *a@example.org* ]]
}

@test "each long option, the same under every name" {
	local name parts series=1

	configure
	echo data >data.txt
	echo '<img src="cid:pixel.png">' >page.html
	head -c 50000 /dev/urandom >pixel.png
	echo 'the text' >body.txt
	printf '%s\n' 'To: a@example.org' 'Subject: own' '' 'ready text' >draft
	for name in mailsend mail mailx mutt neomutt; do
		call $name --json --transcript=conversation --timeout 5 \
			--account default --attach data.txt --type text/x-rows \
			--html page.html --inline pixel.png --body body.txt \
			--header 'X-Note: yes' --from f@example.org \
			--envelope-from e@example.org --to a@example.org \
			--cc c@example.org --bcc zoe@example.org \
			--subject hello --charset iso-8859-15 --skip-empty </dev/null
		[ "$status" -eq 0 ]
		json_of 'j["status"] == "sent"' <<<"$output"
		grep -q 'MAIL FROM:<e@example.org>' conversation
		rm conversation
		there
		came_from e@example.org
		went_to {a,c,zoe}@example.org
		lacks zoe@ mail
		is headers/From f@example.org
		is headers/To a@example.org
		is headers/Cc c@example.org
		is headers/Subject hello
		is headers/X-Note yes
		is body/text 'the text'
		is body/charset iso-8859-15
		is html/text '<img src="cid:pixel.png@example.org">'
		is file/data.txt/type text/x-rows
		is file/pixel.png/disposition inline

		sends $name --draft draft </dev/null
		is headers/Subject own
		went_to a@example.org
		prints $name --to a@example.org --subject hello <<<text
		is headers/Subject hello
		call $name --dry-run --to a@example.org <<<text
		[ "$status" -eq 0 ]
		[[ $output == *'RCPT TO:<a@example.org>'* ]]
		sends $name --skip-empty --to a@example.org <<<text
		call $name --skip-empty --to a@example.org </dev/null
		[ "$status" -eq 0 ]
		[ -z "$(arrived)" ]
		freeze "seed=$((++series))" # of the id
		call $name --split 30k --format uuencode --attach pixel.png \
			--to a@example.org --subject x </dev/null
		[ "$status" -eq 0 ]
		parts=$(arrived)
		[ "$(wc -l <<<"$parts")" -gt 1 ]
		[ "$(xargs grep -l '^begin 6[04]4 pixel.png' <<<"$parts" | wc -l)" -eq 1 ]
		xargs rm <<<"$parts"
		refuses 64 --split $name --split 0 --attach pixel.png \
			--to a@example.org </dev/null
		refuses 78 nonesuch $name --account nonesuch --to a@example.org <<<text
	done
}

@test "recipients in one argument, with blanks or commas" {
	configure
	sends mail -s x 'a@example.org b@example.org' 'c@example.org,d@example.org' <<<text
	went_to {a,b,c,d}@example.org
	sends mail -s x -c 'Alice Example <c@example.org>' 'root operator' <<<text
	went_to root@example.org operator@example.org c@example.org
	refuses 64 column mail -s x 'Bob b@example.org' <<<text
}

@test "options after the recipients; -- and -. end them" {
	configure
	sends mail a@example.org -s late <<<text
	is headers/Subject late
	for end in -- -.; do
		sends mail -s x $end a@example.org -b@example.org <<<text
		went_to a@example.org -b@example.org
		refuses 64 -r mail -s x a@example.org $end -f b@example.org <<<text
		refuses 64 -r mail -s x a@example.org $end -fb@example.org <<<text
	done
}

@test "-a is a header field where it looks like one" {
	configure
	echo x >'X-Note: file'
	sends mail -s x -a 'X-Note: yes' -a 'X-Other:no blank' \
		-a 'From: Ops <ops@example.org>' -a 'Reply-To: r@example.org' \
		-a 'Cc: c@example.org' a@example.org <<<text
	is headers/X-Note yes
	is headers/X-Other 'no blank'
	is headers/From 'Ops <ops@example.org>'
	is headers/Reply-To r@example.org
	went_to a@example.org c@example.org
	sends mail -s x -a 'X-Note: file' a@example.org <<<text
	is headers/X-Note file
}

@test "-a is a file where there is one, and ./x:y always" {
	configure
	echo data | tee data.txt 'x:y' 'a b.txt' >/dev/null
	sends mail -s x -a data.txt -a ./x:y -a "$PWD/a b.txt" a@example.org <<<text
	for name in data.txt x:y 'a b.txt'; do
		is "file/$name/disposition" attachment
		is "file/$name/sha256" "$(sha256sum <data.txt | cut -d' ' -f1)"
	done
}

@test "-a that is neither says both spellings" {
	configure
	refuses 64 "'X-Name: value'" mail -s x -a missing.txt a@example.org <<<text
	says ./FILE
	refuses 64 "'X-Name: value'" mail -s x -a 'no_field: x' a@example.org <<<text
	refuses 64 ./FILE mail -s x -a /no/such:file a@example.org <<<text
	mkdir folder
	refuses 66 folder mail -s x -a folder a@example.org <<<text
}

@test "-a Content-Type and its like say what the text is" {
	configure
	sends mail -s x -a 'Content-Type: text/html; charset=UTF-8' \
		-a 'MIME-Version: 1.0' -a 'Content-Transfer-Encoding: 8bit' \
		a@example.org <<<'<p>Grüße</p>'
	is parts/0/type text/html
	is parts/0/charset utf-8
	is parts/0/text '<p>Grüße</p>'
	[ "$(grep -ci '^mime-version:' mail)" -eq 1 ]
	refuses 64 Content-Transfer-Encoding mail \
		-a 'Content-Transfer-Encoding: base64' a@example.org <<<dGV4dAo=
	refuses 64 multipart mail -a 'Content-Type: multipart/mixed; boundary=x' \
		a@example.org <<<text
	refuses 64 Return-Path mail -a 'Return-Path: a@example.org' a@example.org <<<text
}

@test "-A attaches where the file exists, else it is an account" {
	configure 'account other' 'host localhost' "port $(cat "$server/port")" \
		'tls off' 'from other@example.org'
	echo data >report
	sends mail -s x -A report a@example.org <<<text
	is file/report/disposition attachment
	sends mail -s x -A other a@example.org <<<text
	is headers/From other@example.org
	refuses 78 nobody mail -s x -A nobody a@example.org <<<text
}

@test "-E: an empty text is no mail; a set command behind it is swallowed" {
	configure
	for arguments in -E '-E -s x'; do
		# shellcheck disable=SC2086 # words, on purpose
		call mail $arguments a@example.org </dev/null
		[ "$status" -eq 0 ]
		[ -z "$output$stderr$(arrived)" ]
	done
	sends mail -E 'set nonascii' -s x a@example.org <<<text
	went_to a@example.org
	sends mail -E -s x a@example.org <<<text
}

@test "an empty text without -E is sent, without a word" {
	configure
	sends mail -s x a@example.org </dev/null
	is headers/Subject x
	is body/text ''
	sends mail a@example.org <<<text
	lacks '^Subject' mail
}

@test "reading mail is not here" {
	configure
	for arguments in -e -f '-f file' -H '-u user' -R '' '-n' '-L :n' -p; do
		# shellcheck disable=SC2086 # words, on purpose
		refuses 64 'reading mail' mail $arguments </dev/null
	done
}

@test "-F, and what runs commands" {
	configure
	refuses 64 'copies' mail -F a@example.org <<<text
	for option in -I '-~' '-#' '-X set' '-Y set'; do
		# shellcheck disable=SC2086 # words, on purpose
		refuses 64 command mail $option a@example.org <<<text
	done
}

@test "what has no meaning here is taken: -i -n -N -B" {
	configure
	sends mail -inNB -s x a@example.org <<<text
	sends mail -i -n -s x a@example.org <<<text
	# -n eats nothing, under any name
	for name in mailsend mail mailx mutt neomutt; do
		sends $name -n a@example.org -s x <<<text
		went_to a@example.org
	done
}

@test "-v shows the conversation, -d sends nothing" {
	configure
	call mail -v -s x a@example.org <<<text
	[ "$status" -eq 0 ]
	says 'RCPT TO:<a@example.org>'
	there
	call mail -d -s x a@example.org <<<text
	[ "$status" -eq 0 ]
	[[ $output == *a@example.org* ]]
	[ -z "$(arrived)" ]
}

@test "-r is From and envelope, with a name too" {
	configure
	sends mail -s x -r ops@example.org a@example.org <<<text
	is headers/From ops@example.org
	came_from ops@example.org
	sends mail -s x -r 'Me <ops@example.org>' a@example.org <<<text
	is headers/From 'Me <ops@example.org>'
	came_from ops@example.org
	sends mail -s x -r '' a@example.org <<<text
	is headers/From me@example.org
}

@test "-m is the text, -q and -Q stand before it" {
	configure
	printf 'the file' >text.txt
	echo '<p>x</p>' >page.html
	sends mail -s x -m text.txt a@example.org <<<ignored
	is body/text 'the file'
	sends mail -s x -m page.html a@example.org </dev/null
	is parts/0/type text/html
	printf 'the file\n' >text.txt
	for option in -q -Q; do
		sends mail -s x $option text.txt a@example.org <<<'the text'
		is body/text $'the file\nthe text'
	done
	sends mail -s x -q - a@example.org <<<'the text'
	is body/text 'the text'
	refuses 66 missing mail -s x -q missing a@example.org <<<text
}

@test "-M is the type of standard input" {
	configure
	sends mail -s x -M text/html a@example.org <<<'<p>x</p>'
	is parts/0/type text/html
	printf '\0\1\2' >data
	sends mail -s x -M application/x-data a@example.org <data
	is parts/0/type application/x-data
	is parts/0/sha256 "$(sha256sum <data | cut -d' ' -f1)"
	refuses 64 'media type' mail -M html a@example.org <<<text
}

@test "-C and -T are fields" {
	configure
	sends mail -s x -C 'X-A: b' -T 'cc: c@example.org' a@example.org <<<text
	is headers/X-A b
	went_to a@example.org c@example.org
	refuses 64 to mail -T 'fcc: file' a@example.org <<<text
}

# ---- -t ----

@test "-t takes header and recipients from the text" {
	configure
	printf '%s\n' 'To: a@example.org' 'Cc: c@example.org' \
		'Bcc: zoe@example.org' 'Subject: own' 'X-A: b' '' 'Grüße' >draft
	sends mail -t -s other b@example.org <draft
	is headers/Subject own
	is headers/To 'a@example.org, b@example.org'
	is headers/X-A b
	is body/text 'Grüße'
	lacks zoe@ mail
	went_to {a,c,zoe,b}@example.org
	printf 'From: f@example.org\nTo: a@example.org\n\ntext\n' >draft
	sends mail -t -s mine <draft
	is headers/Subject mine
	is headers/From f@example.org
	came_from f@example.org
	refuses 64 recipient mail -t <<<$'Subject: x\n\ntext'
}

@test "-t: comments in the header, and none in the text" {
	configure
	sends mail -t <<-'END'
	# who gets it
	To: a@example.org
	# not: yet
	#Cc: c@example.org
	Subject: own

	# a heading
	text
	END
	went_to a@example.org
	is headers/Subject own
	is body/text $'# a heading\ntext'
	lacks 'who gets it\|not: yet' mail
	call sendmail -t <<<$'To: a@example.org\n#: x\n\ntext'
	there
	is headers/# x
}

@test "-t keeps a message with MIME parts as it is" {
	configure
	cat >draft <<-'END'
	To: a@example.org
	Subject: ready
	MIME-Version: 1.0
	Content-Type: multipart/mixed; boundary="xx"

	--xx
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: quoted-printable

	Gr=C3=BC=C3=9Fe
	--xx
	Content-Type: application/octet-stream; name=x
	Content-Transfer-Encoding: base64
	Content-Disposition: attachment; filename=x

	AAEC
	--xx--
	END
	sends mail -t <draft
	[ "$(grep -ci '^mime-version:' mail)" -eq 1 ]
	diff <(sed '1,/^$/d' draft) <(sed '1,/^$/d' mail)
	echo data >data.txt
	refuses 65 parts mail -t -a data.txt <draft
}

@test "-t with files: the text gets parts" {
	configure
	echo data >data.txt
	printf 'To: a@example.org\nSubject: x\n\nGrüße\n' >draft
	sends mail -t -a data.txt -A data.txt <draft
	is headers/Subject x
	is body/text 'Grüße'
	is file/data.txt/sha256 "$(sha256sum <data.txt | cut -d' ' -f1)"
	went_to a@example.org
	refuses 66 missing mail -t -A missing.txt <draft
	refuses 64 --draft mail -t --draft draft </dev/null
}

# ---- -S ----

@test "-S smtp, mta: the server" {
	configure
	: >"$MAILSEND_CONFIG"
	port=$(cat "$server/port")
	for way in "smtp=localhost:$port" "smtp=smtp://localhost:$port" \
		"mta=smtp://localhost:$port" "mta=localhost:$port" \
		"mta=submission://localhost:$port/"; do
		sends mail -S v15-compat -S "$way" -S from=me@example.org \
			-S sendcharsets=utf-8,iso-8859-1 -s x a@example.org <<<text
		is headers/From me@example.org
	done
	call mail -d -S mta=smtps://mail.example.org a@example.org <<<text
	[[ $output == *mail.example.org:465* ]]
	call mail -d -S smtp=mail.example.org -S smtp-use-starttls \
		-S smtp-auth-user=joe -S smtp-auth=login a@example.org <<<text
	[[ $output == *STARTTLS* && $output == *joe* ]]
	call mail -d -S mta=smtp://joe@mail.example.org a@example.org <<<text
	[[ $output == *STARTTLS* && $output == *joe* ]]
}

@test "-S mta: a program is told of, test prints" {
	configure
	call mail -S mta=/usr/sbin/sendmail -s x a@example.org <<<text
	[ "$status" -eq 0 ]
	says configuration
	there
	call mail -S mta=test -s x a@example.org <<<text
	[ "$status" -eq 0 ]
	[[ $output == *'Subject: x'* ]]
	[ -z "$(arrived)" ]
}

@test "-S: what has a meaning here, and what has none" {
	configure
	sends mail -S autocc=c@example.org -S autobcc=d@example.org \
		-S reply-to=r@example.org -S hostname=example.net \
		-S 'customhdr=X-A: b' -S nosave -S noask -s x a@example.org bob <<<text
	is headers/X-A b
	is headers/Reply-To r@example.org
	went_to a@example.org bob@example.net c@example.org d@example.org
	call mail -S skipemptybody a@example.org </dev/null
	[ "$status" -eq 0 ]
	[ -z "$(arrived)" ]
	sends mail -S from=v@example.org -r r@example.org -s x a@example.org <<<text
	is headers/From r@example.org
	call mail -S frobnicate=1 -s x a@example.org <<<text
	[ "$status" -eq 0 ]
	says frobnicate
	there
}

@test "-S: no password in an argument" {
	configure
	for secret in smtp-auth-password=s3cr3t password=s3cr3t \
		password-me@example.org=s3cr3t mta=smtp://me:s3cr3t@localhost \
		smtp=smtp://me:s3cr3t@localhost; do
		refuses 64 password mail -S "$secret" a@example.org <<<text
		[[ $stderr != *s3cr3t* ]]
	done
}

# ---- the start-up file ----

@test "~/.mailrc: aliases, groups, the sender" {
	configure
	cat >"$home/.mailrc" <<-'END'
	# who is who
	alias bob 'Bob B <bob@example.net>'
	alias team bob carol@example.net \
		dave@example.net
	group team erin@example.net
	set ask from="Ops <ops@example.org>" reply-to=r@example.org
	ignore received
	if receive
	alias bob wrong@example.net
	else
	alias frank frank@example.net
	endif
	if $TERM == x
	set from=wrong@example.net
	endif
	END
	sends mail -s x -c frank team <<<text
	is headers/To 'Bob B <bob@example.net>, carol@example.net, dave@example.net, erin@example.net'
	is headers/From 'Ops <ops@example.org>'
	is headers/Reply-To r@example.org
	came_from ops@example.org
	went_to {bob,carol,dave,erin,frank}@example.net
	sends mail -s x -r me@example.org nobody <<<text
	is headers/From me@example.org
	went_to nobody@example.org
	printf 'To: team\n\ntext\n' >draft
	sends mail -t <draft
	went_to {bob,carol,dave,erin}@example.net
}

# holds yes|no|maybe CONDITION - what bob means then.
holds() {
	printf '%s\n' 'set editor=vi shown="two words" three=3' "if $2" \
		'alias bob yes@example.net' else 'alias bob no@example.net' \
		endif >"$home/.mailrc"
	echo "condition: $2"
	if [ "$1" = maybe ]; then
		refuses 78 mailrc mail -S crt=one -s x bob <<<text
	else
		sends mail -S crt=one -s x bob <<<text
		went_to "$1@example.net"
	fi
}

@test "~/.mailrc: conditions, as s-nail has them" {
	configure
	export KNOWN=Value
	unset UNKNOWN
	holds yes '$editor == vi'
	holds yes '"$editor" == "vi" # a comment'
	holds no '$editor != vi'
	holds yes '"$shown" == "two words"'
	holds no "'\$editor' == vi"
	holds maybe '$editor == VI'
	holds yes '$editor ==?case VI'
	holds yes '$KNOWN =% alu'
	holds yes '$KNOWN =~ ^V.*e$'
	holds no '$KNOWN !~ ^V.*e$'
	holds yes '$KNOWN !% xyz'
	holds yes '${KNOWN} == Value'
	holds yes '"$UNKNOWN" == ""'
	holds no '$UNKNOWN'
	holds yes '$crt == one'
	holds yes '$three -gt 2'
	holds no '$three -le 2'
	holds yes '! receive'
	holds yes '[ $editor == vi ] && [ $three -eq 3 ]'
	holds yes '[ $editor == vi && send ] || $features =% +regex'
	holds no 'receive && $features =% +regex'
	holds yes '-N editor'
	holds no '-Z editor'
	holds yes '-n "$editor"'
	holds no '-z "$editor"'
	holds yes '$LOGNAME == alice'
	holds no terminal
	holds maybe '$features =% +regex'
	holds maybe '$ttycharset == utf-8'
	holds maybe '$(hostname) == here'
	holds maybe '$editor'
	holds maybe '[ $editor == vi'
	holds maybe '$editor =~ ['
	holds maybe '$editor likes vi'
	holds maybe ''
}

@test "~/.mailrc: elif, what is nested, and several commands on a line" {
	configure
	cat >"$home/.mailrc" <<-'END'
	if receive
	  alias bob no@example.net
	elif $features =% +x
	  alias ann no@example.net
	elif send
	  set x; alias zoe '"Zoe; Z" <zoe@example.net>'
	  if receive; alias zoe no@example.net; endif
	else
	  alias bob no@example.net
	endif
	if receive
	  if $features =% +x
	    alias bob no@example.net
	  endif
	elif send
	  alias carl carl@example.net
	else
	  source nowhere
	endif
	END
	sends mail -s x carl bob <<<text
	went_to carl@example.net bob@example.org
	refuses 78 "'if'" mail -s x ann <<<text
	refuses 78 "'if'" mail -s x zoe <<<text
	sed -i 's/^elif .features.*/elif receive/' "$home/.mailrc"
	sends mail -s x zoe <<<text
	went_to zoe@example.net
}

@test "~/.mailrc: a variable in doubt is not guessed" {
	configure
	local set
	for set in from=no@example.net autocc=no@example.net \
		autobcc=no@example.net reply-to=no@example.net customhdr=X:y; do
		printf '%s\n' 'if $features =% +x' "set $set" endif \
			>"$home/.mailrc"
		refuses 78 "set ${set%%=*}" mail -s x a@example.net <<<text
		sends mail -S "${set/no@/yes@}" -s x a@example.net <<<text
		# what is sure comes behind it
		echo "set ${set/no@/yes@}" >>"$home/.mailrc"
		sends mail -s x a@example.net <<<text
		lacks no@ mail
	done
	# of a block as well
	cat >"$home/.mailrc" <<-'END'
	if $features =% +x
	account work {
	  set from=no@example.net
	  set mta=smtp://no.example.net
	}
	endif
	END
	sends mail -s x a@example.net <<<text
	refuses 78 'set from' mail -A work -s x a@example.net <<<text
	refuses 78 'set mta' mail -A work -r me@example.org -s x a@example.net \
		<<<text
}

@test "~/.mailrc: its sender is not put in place of a message's own" {
	configure
	echo 'set from=rc@example.org' >"$home/.mailrc"
	printf 'From: D <draft@example.org>\nTo: a@example.net\n\ntext\n' >draft
	sends mail --draft draft
	is headers/From 'D <draft@example.org>'
	sends mail -S from=typed@example.org --draft draft
	is headers/From typed@example.org
	sed -i 1d draft
	sends mail --draft draft
	is headers/From rc@example.org
}

@test "~/.mailrc: circles and nonsense" {
	configure
	printf '%s\n' 'alias a b' 'alias b a' 'alias self self' \
		'alias bad |command' >"$home/.mailrc"
	refuses 78 loop mail -s x a <<<text
	refuses 78 bad mail -s x bad <<<text
	sends mail -s x self <<<text
	went_to self@example.org
	echo 'set from=nonsense@@x' >"$home/.mailrc"
	refuses 78 nonsense mail -s x a <<<text
}

@test "~/.mailrc: blocks are kept until they are chosen" {
	configure
	cat >"$home/.mailrc" <<-END
	define wrong {
	  set from=wrong@example.net
	  alias bob wrong@example.net
	}
	account work {
	  localopts yes
	  set from=work@example.net smtp=localhost:$(cat "$server/port")
	  set autocc=boss@example.net
	}
	END
	sends mail -s x bob <<<text
	is headers/From me@example.org
	went_to bob@example.org
	# its server holds, though the configuration has one that is away
	configure 'port 1' 'user joe' 'tls on' 'auth on' 'password not-for-it'
	sends mail -A work -s x a@example.org <<<text
	is headers/From work@example.net
	is headers/Cc boss@example.net
	went_to a@example.org boss@example.net
	refuses 78 other mail -A other -s x a@example.org <<<text
}

@test "~/.mailrc: a server where the configuration has none" {
	printf 'logfile %s\n' "$PWD/log" >"$MAILSEND_CONFIG"
	cat >"$home/.mailrc" <<-END
	set smtp=smtp://localhost:$(cat "$server/port") from=me@example.org
	set autobcc=zoe@example.org customhdr="X-A: a\\, b, X-B: c"
	END
	for way in smtp mta; do
		sed -i "1s/^set [a-z]*=/set $way=/" "$home/.mailrc"
		sends mail -s x a@example.org <<<text
		is headers/X-A 'a, b'
		is headers/X-B c
		went_to {a,zoe}@example.org
		lacks zoe@ mail
	done
	# the configuration's own comes first
	configure
	sed -i 's/^set mta=[^ ]*/set mta=smtp:\/\/localhost:1/' "$home/.mailrc"
	sends mail -s x a@example.org <<<text
	# a login that only the file has cannot wait in the queue
	: >"$MAILSEND_CONFIG"
	echo 'set mta=smtps://joe:s3cr3t@localhost:1 from=me@example.org' >"$home/.mailrc"
	chmod 644 "$home/.mailrc"
	refuses 78 chmod mail -s x a@example.org <<<text
	chmod 600 "$home/.mailrc"
	call mail -s x a@example.org <<<'kept text'
	[ "$status" -ne 0 ]
	says mailrc
	grep -q '^kept text' "$home/dead.letter"
	lacks s3cr3t <(grep -r '' "$MAILSEND_QUEUE" "$home/dead.letter" 2>/dev/null)
	[[ $stderr != *s3cr3t* ]]
}

@test "\$MAILRC names the start-up file; -: / leaves it out, -n does not" {
	configure
	echo 'alias bob bob@example.net' >"$home/.mailrc"
	echo 'alias bob other@example.net' >rc
	sends mail -n -s x bob <<<text
	went_to bob@example.net
	sends mail -:/ -s x bob <<<text
	went_to bob@example.org
	MAILRC=$PWD/rc sends mail -s x bob <<<text
	went_to other@example.net
	MAILRC=/dev/null sends mail -s x bob <<<text
	went_to bob@example.org
}

@test "a lone dot in a pipe is text, whatever is set" {
	configure
	echo 'set dot' >"$home/.mailrc"
	sends mail -S dot -s x a@example.org <<<$'one\n.\ntwo'
	is body/text $'one\n.\ntwo'
}

@test "a lone dot ends what is typed where dot is set" {
	command -v script >/dev/null || skip 'no script(1)'
	configure
	call mail --version # makes the link
	for set in 'set dot' 'unset dot'; do
		echo "$set" >"$home/.mailrc"
		printf 'one\n.\ntwo\n\004' |
			script -qec 'names/mail -s x a@example.org' /dev/null
		there
		case $set in
		set*) is body/text one ;;
		*) is body/text $'one\n.\ntwo' ;;
		esac
	done
}

# ---- what bites people ----

@test "locale C and UTF-8: found from the bytes" {
	configure
	freeze 'charset=us-ascii'
	sends mail -s 'Grüße' a@example.org <<<'Grüße'
	is headers/Subject 'Grüße'
	is body/charset utf-8
	is body/text 'Grüße'
	sends mail -s x a@example.org <<<$'Gr\374\337e'
	is body/charset windows-1252
	is body/text 'Grüße'
	sends mail -s x a@example.org <<<plain
	is body/charset us-ascii
	freeze 'charset=iso-8859-15'
	sends mail -s x a@example.org <<<$'5 \244'
	is body/text '5 €'
}

@test "control bytes stay readable text" {
	configure
	printf 'one\001two\033[1mthree\n' >text
	sends mail -s x a@example.org <text
	is parts/0/type text/plain
	is parts/0/cte quoted-printable
	is body/text "$(cat text)"
}

@test "a line of 5000 characters is encoded" {
	configure
	line=$(printf 'x%.0s' {1..5000})
	sends mail -s x a@example.org <<<"$line"
	is body/text "$line"
	lacks '.\{77\}' mail
}

@test "the server is away: the dead letter is complete" {
	configure
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'from me@example.org' \
		'queue never' >"$MAILSEND_CONFIG"
	echo data >data.txt
	call mail -s hello -a data.txt a@example.org <<<'the text'
	[ "$status" -eq 75 ]
	says dead.letter
	sed 1d "$home/dead.letter" >mail
	is headers/Subject hello
	is body/text 'the text'
	is file/data.txt/sha256 "$(sha256sum <data.txt | cut -d' ' -f1)"
	grep -q '^X-Undelivered-To: .*a@example.org' mail
}

@test "the server is away: it waits, exit 0" {
	local name

	for name in mail mailx mutt neomutt; do
		configure 'port 1'
		call $name -s hello -b zoe@example.org a@example.org <<<"by $name"
		[ "$status" -eq 0 ]
		says queue
		[ ! -e "$home/dead.letter" ]
		call mailq
		[[ $output == *'in 1 Request.' ]]
		configure
		call sendmail -q
		[ "$status" -eq 0 ]
		there
		is body/text "by $name"
		went_to {a,zoe}@example.org
	done
}

@test "a line break in the subject is refused" {
	configure
	for subject in $'x\nBcc: evil@example.org' $'x\rBcc: evil@example.org'; do
		refuses 64 -s mail -s "$subject" a@example.org <<<text
		refuses 64 -a mail -s x -a "X: $subject" a@example.org <<<text
	done
}

@test "a command or a file is no recipient" {
	configure
	refuses 64 'touch' mail -s x "|touch $PWD/made" <<<text
	refuses 64 made mail -s x "$PWD/made" <<<text
	refuses 64 made mail -s x a@example.org -c "$PWD/made" <<<text
	refuses 64 'touch' mail -s x -b "|touch $PWD/made" a@example.org <<<text
	[ ! -e made ]
}

@test "tilde commands in the text are text" {
	configure
	printf '%s\n' '~!touch made' '~r /etc/passwd' '~| cat' '~.' '~b e@example.org' >text
	sends mail -s x a@example.org <text
	is body/text "$(cat text)"
	went_to a@example.org
	[ ! -e made ]
}

@test "a text attachment comes back byte for byte, in base64" {
	configure
	printf 'eins\r\nzw\303\266lf\ndrei\344\n' >note.txt
	sends mail -s x -a note.txt a@example.org <<<text
	is file/note.txt/cte base64
	is file/note.txt/type text/plain
	# with the very line ends: decoded by hand
	[ "$(sed -n '/filename/,/^--/p' mail | grep -E '^[A-Za-z0-9+/=]+$' |
		base64 -d | sha256sum)" = "$(sha256sum <note.txt)" ]
}

@test "file names: RFC 2231 and an ASCII one" {
	configure
	echo data >'Übersicht "1".txt'
	sends mail -s x -a 'Übersicht "1".txt' a@example.org <<<text
	is 'file/Übersicht "1".txt/disposition' attachment
	grep -qi "filename\*=utf-8''%C3%9Cbersicht" mail
	grep -qE '[ ;]name="Ubersicht' mail
	LC_ALL=C lacks $'[\200-\377]' mail
}

@test "a missing attachment: 66, nothing is sent, the text is kept" {
	configure
	refuses 66 missing.txt mail -s x -A missing.txt a@example.org <<<text
	refuses 66 missing.txt mail -s x --attach missing.txt a@example.org <<<text
	[ "$(grep -c '^text$' "$home/dead.letter")" -eq 2 ]
}

@test "a large attachment takes no memory" {
	command -v time >/dev/null || skip 'no time(1)'
	truncate -s 200M large
	call mail --version # makes the link
	read -ra words <<<"$MAILSEND"
	words[-1]=names/mail
	env time -f %M -o kilobytes "${words[@]}" --print -s x -A large \
		-r a@example.org b@example.org <<<text | wc -c >size
	[ "$(cat size)" -gt 270000000 ]
	[ "$(tail -n 1 kilobytes)" -lt 100000 ]
}
