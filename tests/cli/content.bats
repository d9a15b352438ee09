#!/usr/bin/env bats
# Texts in any charset, files of any kind: what of them arrives.

# shellcheck disable=SC2154 # the helpers set what is used here
load helper

# prints ARGUMENT... <INPUT - the finished message, into the file `mail`.
prints() {
	send --print -s x "$@" a@example.org
	[ "$status" -eq 0 ] || return 1
	printf '%s\n' "$output" >mail
}

# part N WHAT - of the Nth leaf, by a parser that is not ours: type (with its
# parameters, sorted), text, octets (in hex), name, id.
part() {
	python3 - "$@" <<-'END'
	import email.policy, sys
	with open("mail", "rb") as file:
	    mail = email.message_from_binary_file(file, policy=email.policy.default)
	leaves = [p for p in mail.walk() if not p.is_multipart()]
	p = leaves[int(sys.argv[1])]
	what = sys.argv[2]
	if what == "type":
	    ps = dict(p["Content-Type"].params)
	    print(p.get_content_type() + "".join(
	        f"; {k}={ps[k]}" for k in sorted(ps) if k not in ("name",)))
	elif what == "text":
	    sys.stdout.write(p.get_payload(decode=True).decode(
	        p.get_content_charset("us-ascii")))
	elif what == "octets":
	    print(p.get_payload(decode=True).hex())
	elif what == "name":
	    print(p.get_filename())
	elif what == "id":
	    print(p["Content-ID"])
	END
}

# is N WHAT VALUE
is() {
	local found

	found=$(part "$1" "$2")
	[ "$found" = "$3" ] || {
		echo "$2 of part $1 is: $found"
		return 1
	}
}

@test "a media type may have parameters, however it is said" {
	echo BEGIN:VCALENDAR >invite.ics
	prints -a invite.ics --type 'text/calendar; method=REQUEST' <<<text
	is 1 type 'text/calendar; charset=us-ascii; method=REQUEST'
	is 1 name invite.ics
	prints -a 'invite.ics;type=text/calendar;method=REQUEST' <<<text
	is 1 type 'text/calendar; charset=us-ascii; method=REQUEST'
	prints -a 'invite.ics=x.ics;type=TEXT/Calendar; method=REQUEST;x="a; b"' \
		<<<text
	is 1 type 'text/calendar; charset=us-ascii; method=REQUEST; x=a; b'
	is 1 name x.ics
	prints --html <(echo '<p>') --inline \
		'invite.ics;type=text/calendar;method=REQUEST;cid=one' <<<text
	is 2 type 'text/calendar; charset=us-ascii; method=REQUEST'
	prints -a 'invite.ics;type=text/plain;charset=utf-8' <<<text
	is 1 type 'text/plain; charset=utf-8'
	touch 'a;type=b;c=d'
	prints -a 'a;type=b;c=d' <<<text
	is 1 name 'a;type=b;c=d'
	for wrong in 'text/calendar; method' 'text/calendar; =x' text \
		'text/calendar method=x' 'multipart/mixed; boundary=x' \
		$'text/plain; x="\xff"'; do
		send --print -s x -a invite.ics --type "$wrong" a@example.org \
			<<<text
		[ "$status" -eq 64 ]
		send --print -s x -a "invite.ics;type=$wrong" a@example.org \
			<<<text
		[ "$status" -eq 64 ]
	done
}

@test "a type with parameters, of the text itself" {
	mkdir names
	ln -s "${MAILSEND##* }" names/mail
	names/mail --print -s x -a 'Content-Type: text/calendar; method=REQUEST' \
		a@example.org <<<BEGIN:VCALENDAR >mail
	is 0 type 'text/calendar; charset=us-ascii; method=REQUEST'
}

@test ".asc is what its armour says" {
	armour() { printf '%s\n' "$2-----BEGIN PGP $1-----" '' aGVsbG8= \
		"-----END PGP $1-----" >"x.asc"; }

	armour SIGNATURE
	prints -a x.asc <<<text
	is 1 type application/pgp-signature
	armour 'PUBLIC KEY BLOCK'
	prints -a x.asc <<<text
	is 1 type application/pgp-keys
	armour 'PRIVATE KEY BLOCK' $'a key:\n'
	prints -a x.asc <<<text
	is 1 type application/pgp-keys
	armour MESSAGE
	prints -a x.asc <<<text
	is 1 type application/pgp-encrypted
	armour 'SIGNED MESSAGE'
	prints -a x.asc <<<text
	[[ $(part 1 type) == text/plain* ]]
	printf '= A title\n\nof AsciiDoc\n' >x.asc
	prints -a x.asc <<<text
	[[ $(part 1 type) == text/plain* ]]
}

@test "standard input may go by the names that the system has for it" {
	for name in - /dev/stdin /dev/fd/0 /proc/self/fd/0; do
		prints -a "$name=x.txt" <<<attached
		is 0 name x.txt
		is 0 octets 61747461636865640a
		# nothing but that file: it is not the text as well
		[ "$(grep -c '^Content-Disposition' mail)" -eq 1 ]
		lacks multipart mail
		prints -a "$name" <<<attached
		is 0 name stdin
		prints -i "$name" <<<text
		is 0 text $'text'
		send --print -s x -a "$name" -i "$name" a@example.org <<<text
		[ "$status" -eq 64 ]
		says 'standard input'
	done
	printf 'Subject: ready\nTo: b@example.org\n\ntext\n' |
		mailsend --print --draft /dev/stdin >mail
	grep -q '^Subject: ready' mail
}

# ---- a draft whose end was cut ----------------------------------------------

@test "a CR that ends a draft is half of a line end" {
	printf 'Subject: x\r\n\r\ntext\r' | mailsend --print --draft - \
		a@example.org >mail
	is 0 octets 746578740a
	lacks quoted-printable mail
	printf 'Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\r' |
		mailsend --print --draft - a@example.org >mail
	is 0 octets 6f6e65
	is 1 octets 74776f
	[ "$(tail -n 1 mail | tr -d '\r')" = --b-- ]
	printf 'Subject: only a header\r' | mailsend --print --draft - \
		a@example.org >mail
	tr -d '\r' <mail | grep -qx 'Subject: only a header'
	# where there are no lines it is an octet as any other
	printf 'Subject: x\nContent-Type: application/x-y\n\n\001\002\r' |
		mailsend --print --draft - a@example.org >mail
	is 0 octets 01020d
}
