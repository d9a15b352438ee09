#!/usr/bin/env bats
# One rule for addresses: aliases, domains, masquerade, in envelope and header.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

# configure LINE... - a smarthost elsewhere, and these lines.
configure() {
	printf '%s\n' 'host smtp.example.net' "$@" >"$MAILSEND_CONFIG"
}

# system_aliases LINE... - what /etc/aliases of this machine says.
system_aliases() {
	printf '%s\n' "$@" >aliases
	freeze "aliases=$PWD/aliases"
}

# recipients ARGUMENT... <INPUT - of the envelope, in one line.
recipients() {
	mailsend --dry-run "$@" | sed -n 's/^to: *<\(.*\)>$/\1/p' | paste -sd' '
}

reverse_path() {
	mailsend --dry-run "$@" | sed -n 's/^from: *<\(.*\)>$/\1/p'
}

# field NAME ARGUMENT... <INPUT - as the header has it, unfolded.
field() {
	local name=$1

	shift
	mailsend --print "$@" | tr -d '\r' | sed '/^$/q' |
		sed -e ':a' -e '$!N' -e 's/\n\([ \t]\)/\1/' -e ta -e P -e D |
		sed -n "s/^$name: //p"
}

# equal WANTED GOT
equal() {
	[ "$1" = "$2" ] || {
		echo "wanted: $1"
		echo "got:    $2"
		return 1
	}
}

@test "envelope and header have the same addresses" {
	system_aliases 'root: ops, "Eve" <eve@x.example>'
	configure 'from joe@example.org'
	equal 'ops@example.org eve@x.example' "$(recipients root </dev/null)"
	equal 'The Boss <ops@example.org>, Eve <eve@x.example>' \
		"$(field To 'The Boss <root>' </dev/null)"
	equal 'ops@example.org, Eve <eve@x.example>' \
		"$(field Reply-To --reply-to root a@x.example </dev/null)"
}

@test "a draft's header is rewritten as its envelope is" {
	system_aliases 'root: ops, eve@x.example'
	configure 'from joe@example.org'
	printf '%s\n' 'From: root (Cron Daemon)' 'To: root@localhost' \
		'Cc: dan,' '  "B,  b" <b@x.example>' 'Sender: daemon' \
		'Bcc: hidden' 'Subject: x' '' text >draft
	equal 'ops@example.org eve@x.example dan@example.org b@x.example hidden@example.org' \
		"$(recipients --draft draft)"
	equal 'ops@example.org, eve@x.example' "$(field To --draft draft)"
	equal 'dan@example.org, "B,  b" <b@x.example>' "$(field Cc --draft draft)"
	equal daemon@example.org "$(field Sender --draft draft)"
	equal '"Cron Daemon (root on host)" <joe@example.org>' \
		"$(field From --draft draft)"
	mailsend --print --draft draft >m.eml
	lacks hidden m.eml
	judge --crlf m.eml >/dev/null
}

@test "fields of a draft in which nothing is rewritten keep their lines" {
	system_aliases 'root: ops'
	configure 'from joe@example.org'
	printf '%s\n' 'From: Joe  (at work) <joe@example.org>' \
		'To: a@x.example (first),' '	b@x.example' \
		'Cc: undisclosed recipients' 'X-To: root' 'Subject: x' '' text >draft
	mailsend --print --draft draft | tr -d '\r' >m.eml
	head -n 6 draft | while IFS= read -r line; do
		grep -qxF -- "$line" m.eml || {
			echo "it lacks: $line"
			exit 1
		}
	done
	equal 'a@x.example b@x.example' "$(recipients --draft draft)"
}

@test "a field that is no list of addresses stops a mail only if it counts" {
	configure 'from joe@example.org'
	printf '%s\n' 'To: a@x.example b@x.example' 'Subject: x' '' text >draft
	equal ops@x.example "$(recipients --draft draft ops@x.example)"
	equal 'a@x.example b@x.example' \
		"$(field To --draft draft ops@x.example)"
	refused 65 b@x.example --draft draft
	printf '%s\n' 'To: undisclosed recipients' 'Bcc: c@x.example' '' text >draft
	equal c@x.example "$(recipients --draft draft)"
}

@test "recipients as people write them, where they can mean one thing alone" {
	local line to header

	configure 'from joe@example.org'
	while IFS='|' read -r line to header; do
		printf 'To: %s\nSubject: x\n\ntext\n' "$line" >draft
		equal "$to" "$(recipients --draft draft)"
		equal "$header" "$(field To --draft draft)"
		# and who only sees the field has a valid one, too
		equal "$header" "$(field To --draft draft ops@x.example)"
		equal "$header" "$(mailsend --print --to "$line" </dev/null |
			tr -d '\r' | sed -n 's/^To: //p')"
	done <<-'END'
	[Team] X <a@x.example>|a@x.example|"[Team] X" <a@x.example>
	'a@x.example' <a@x.example>|a@x.example|a@x.example
	'B, b' <a@x.example>, c@x.example|a@x.example c@x.example|"B, b" <a@x.example>, c@x.example
	a@x.example; b@x.example|a@x.example b@x.example|a@x.example, b@x.example
	a@x.example;|a@x.example|a@x.example
	"Last, first" a@x.example|a@x.example|"Last, first" <a@x.example>
	"a@x.example"|a@x.example|a@x.example
	A <mailto:a@x.example>|a@x.example|A <a@x.example>
	Re: disk full <a@x.example>|a@x.example|"Re: disk full" <a@x.example>
	END
}

@test "recipients that can be read in two ways are refused, never guessed" {
	local line

	configure 'from joe@example.org'
	while IFS= read -r line; do
		printf 'To: %s\nSubject: x\n\nkept text\n' "$line" >draft
		refused 65 address --draft - <draft
		grep -q '^kept text' "$home/dead.letter"
		rm "$home/dead.letter"
	done <<-'END'
	a@x.example <b@x.example>
	Smith, Bob <b@x.example>
	"a@x.example" b@x.example
	"a@x.example, b@x.example"
	Bob Smith b@x.example
	a@x.example b@x.example
	Bob <b@x.example
	END
}

@test "the envelope's sender is the Resent-From's, in whatever form" {
	local words

	configure 'from joe@example.org' 'masquerade off'
	read -ra words <<<"$MAILSEND"
	ln -s "${words[-1]}" msmtp
	words[-1]=$PWD/msmtp
	path() {
		"${words[@]}" --dry-run --read-envelope-from -t |
			sed -n 's/^from: *<\(.*\)>$/\1/p'
	}
	printf '%s\n' 'From: [Team] X <b@x.example>' 'To: c@x.example' '' text >draft
	equal b@x.example "$(path <draft)"
	sed -i '1i Resent-From: '"'r@x.example'"' <r@x.example>\nResent-To: d@x.example' draft
	equal r@x.example "$(path <draft)"
	# what another sent on before is no word of ours
	sed -i '1i Resent-To: e@x.example\nReceived: x' draft
	equal b@x.example "$(path <draft)"
}

@test "of Resent blocks, the newest is ours to rewrite" {
	configure 'from joe@example.org'
	printf '%s\n' 'Resent-From: root' 'Resent-To: dan' 'Received: x' \
		'Resent-From: far' 'Resent-To: away' 'From: b@x.example' \
		'To: c@x.example' '' text >draft
	equal dan@example.org "$(recipients --draft draft)"
	equal "$(printf 'dan@example.org\naway')" \
		"$(field Resent-To --draft draft)"
	equal "$(printf 'root on host <joe@example.org>\nfar')" \
		"$(field Resent-From --draft draft)"
}

@test "a mailbox gets it once, however many names led there" {
	system_aliases 'root: ops@x.example' 'dev: root, ops@X.example' \
		'www: dev, joe'
	configure 'from joe@example.org'
	equal 'ops@x.example joe@example.org' \
		"$(recipients root dev -c www -b 'ops@x.example, joe' </dev/null)"
	equal ops@x.example "$(field To root dev </dev/null)"
}

@test "the system's aliases hold where the account names none" {
	system_aliases 'root: ops@x.example' '+nis' 'robot: "|cat"'
	configure 'from joe@example.org'
	equal ops@x.example "$(recipients root </dev/null)"
	equal root@example.org "$(recipients --set aliases=off root </dev/null)"
	equal root@example.org "$(recipients --set aliases= root </dev/null)"
	echo 'root: other@x.example' >own
	equal other@x.example \
		"$(recipients --set "aliases=$PWD/own" root </dev/null)"
	mailsend --show-config | grep -q "^aliases .*$PWD/aliases.*default"
	rm aliases
	equal root@example.org "$(recipients root </dev/null)"
}

@test "a system's file that cannot be read is told, and loses no mail" {
	mkdir aliases
	freeze "aliases=$PWD/aliases"
	configure 'from joe@example.org'
	send --dry-run root </dev/null
	[ "$status" -eq 0 ]
	says "$PWD/aliases"
	[[ $output == *root@example.org* ]]
	send --dry-run ops@x.example </dev/null
	[ -z "$stderr" ]
}

@test "aliases: default, lists, the name itself" {
	printf '%s\n' '# the team' a@x.example 'b@x.example, root' >team
	system_aliases "team: :include:$PWD/team" 'root: root, ops@x.example' \
		'default: team'
	configure 'from joe@example.org'
	equal 'a@x.example b@x.example root@example.org ops@x.example' \
		"$(recipients who.ever </dev/null)"
	# nobody on a list is told who the others are
	equal 'Team <team@example.org>' "$(field To 'Team <team>' </dev/null)"
	equal 'root@example.org, ops@x.example' "$(field To root </dev/null)"
}

@test "commands, files, circles and strange lists are refused, and kept" {
	local word

	system_aliases 'pipe: "|cat"' 'file: /var/mail/x' 'one: two' 'two: one' \
		'near: :include:team' 'gone: :include:/nonexistent/team' 'none:'
	configure 'from joe@example.org'
	for word in pipe file one near gone none; do
		refused 78 "$PWD/aliases:" "$word" <<<text
		refused 78 "$PWD/aliases:" --draft - "$word" \
			<<<"Subject: to $word"
		grep -q "to $word" "$home/dead.letter"
	done
	# whoever only sees it in a header is not stopped by it
	printf 'To: pipe\n\ntext\n' >draft
	equal pipe@example.org "$(field To --draft draft ops@x.example)"
}

@test "an alias file of the account's must be there and right, once it is used" {
	configure 'from joe@example.org' "aliases $PWD/none"
	refused 78 "$PWD/none" root <<<text
	equal ops@x.example "$(recipients ops@x.example </dev/null)"
	echo 'no colon' >none
	refused 78 "$PWD/none:1" no <<<text
	equal root@example.org "$(recipients root </dev/null)"
}

@test "the domain of a bare name" {
	configure
	equal root@host.example.org "$(recipients root </dev/null)"
	freeze mailname=mail.example.com
	equal root@mail.example.com "$(recipients root </dev/null)"
	equal alice@mail.example.com "$(reverse_path root </dev/null)"
	configure 'from joe@example.org'
	equal root@example.org "$(recipients root </dev/null)"
	equal root@example.org "$(recipients root@localhost </dev/null)"
	equal root@example.org "$(recipients root@host </dev/null)"
	equal root@host.example.org "$(recipients root@host.example.org </dev/null)"
	configure 'from joe@example.org' 'maildomain old.example.org'
	equal root@old.example.org "$(recipients root </dev/null)"
	configure 'from joe@example.org' 'maildomain old.example.org' \
		'qualify_domain %M'
	equal root@mail.example.com "$(recipients root </dev/null)"
	refused 78 qualify_domain --set qualify_domain=a@b root <<<text
}

@test "localhost is left to a server that runs here" {
	configure 'from joe@example.org' 'host 127.0.0.1'
	equal 'root@localhost root@example.org' \
		"$(recipients root@localhost root </dev/null)"
}

@test "From: the account's address, with who it was" {
	configure 'from ops@example.org'
	equal 'root on host <ops@example.org>' \
		"$(field From -r root a@x.example </dev/null)"
	equal 'ops@example.org' "$(reverse_path -r root a@x.example </dev/null)"
	equal 'ops@example.org' "$(reverse_path -f root a@x.example </dev/null)"
	equal '"Backup (root on host)" <ops@example.org>' \
		"$(field From -r 'Backup <root@localhost>' a@x.example </dev/null)"
	equal '"=?UTF-8?' "$(field From -r 'Jörg <joerg>' a@x.example </dev/null |
		sed 's/^=/"=/' | cut -c1-9)"
	equal root@host.example.org \
		"$(field From -r root@host.example.org a@x.example </dev/null)"
	equal eve@x.example "$(field From -r eve@x.example a@x.example </dev/null)"
	# without a sender of its own, an account has nobody to put there
	configure
	equal root@host.example.org "$(field From -r root a@x.example </dev/null)"
}

@test "masquerade on and off" {
	configure 'from ops@example.org' 'masquerade off'
	equal root@example.org "$(field From -r root a@x.example </dev/null)"
	equal root@example.org "$(reverse_path -f root a@x.example </dev/null)"
	configure 'from ops@example.org' 'masquerade on'
	equal 'root on host <ops@example.org>' \
		"$(field From -r root@host.example.org a@x.example </dev/null)"
	equal eve@x.example "$(field From -r eve@x.example a@x.example </dev/null)"
	equal 'root@host.example.org' "$(field Reply-To -r root \
		--reply-to root@host.example.org a@x.example </dev/null)"
	equal '' "$(reverse_path -f '' a@x.example </dev/null)"
	refused 64 masquerade --set masquerade=maybe a@x.example <<<text
}

@test "fields by hand are under the rule, too" {
	system_aliases 'root: ops@x.example'
	configure 'from joe@example.org'
	equal daemon@example.org \
		"$(field Sender -H 'Sender: daemon' a@x.example </dev/null)"
	equal ops@x.example \
		"$(field Mail-Followup-To -H 'Mail-Followup-To: root' a@x.example </dev/null)"
}

@test "without a server the caller stays here, whatever his alias" {
	system_aliases 'alice: away@x.example' 'root: alice'
	echo 'from ops@example.org' >"$MAILSEND_CONFIG"
	send -s x root <<<text
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
	[ "$(judge "$(mail_file)" headers/To)" = alice@host.example.org ]
	refused_elsewhere() {
		send -s x bob <<<text
		[ "$status" -eq 78 ]
		says bob@example.org
	}
	refused_elsewhere
}

@test "the manual's example of an alias file" {
	echo member@x.example >team
	awk '/^\.Bd -unfilled/ { inside = 1; next } /^\.Ed/ { inside = 0 } inside' \
		"$root/man/mailsend.conf.5" |
		sed -e 's/\\e/\\/g' -e "s,/etc/mail/,$PWD/," >own
	configure 'from joe@example.org' "aliases $PWD/own" \
		'qualify_domain example.com'
	equal 'joe@example.com ops@example.com root@example.com' \
		"$(recipients postmaster </dev/null)"
	equal member@x.example "$(recipients team </dev/null)"
}
