#!/usr/bin/env bats
# --setup: from nothing to a configuration that works, by question and answer.
#
# The name server and the mail servers are of the test's own, on loopback.

# shellcheck disable=SC2154,SC2034 # helper.bash sets and reads what is used here
load helper
load server

password=s3cr3t-Pa55

# The domains of the tests, each told of in its own way.
zone() {
	local implicit starttls

	implicit=$(cat "$servers/implicit/port")
	starttls=$(cat "$servers/starttls/port")
	cat <<-END
	_submissions._tcp.example.org SRV 0 1 $implicit localhost
	_submission._tcp.example.org SRV 0 1 $starttls localhost
	_submissions._tcp.example.com SRV 0 0 0 .
	_submission._tcp.example.com SRV 0 1 $starttls localhost
	example.net MX 10 aspmx.l.google.com
	_submissions._tcp.gone.example SRV 0 1 1 localhost
	_submission._tcp.gone.example SRV 0 1 $starttls localhost
	END
}

setup_file() {
	export servers=$BATS_FILE_TMPDIR
	serve implicit --tls implicit
	serve starttls --tls starttls
	zone >"$servers/zone"
	mkdir "$servers/dns"
	mkfifo "$servers/dns/ready"
	python3 "$root/tests/cli/dns_server.py" "$servers/zone" \
		>"$servers/dns/ready" 2>"$servers/dns/log" 3>&- &
	echo $! >"$servers/dns/pid"
	head -n 1 "$servers/dns/ready" >"$servers/dns/port"
}

# begin [WORD...] - a machine without a configuration, whose names are ours.
begin() {
	unset MAILSEND_CONFIG DBUS_SESSION_BUS_ADDRESS PASSWORD_STORE_DIR
	freeze "dns=$(cat "$servers/dns/port") $*"
	ca=$(cat "$servers/ca")
	config=$home/.config/mailsend/config
	find "$servers"/*/mail/new -type f -delete
	# no key ring and no store of this machine's
	mkdir -p bin
	PATH=$PWD/bin:/usr/bin:/bin
}

# answers LINE... - to the questions, one each.
answers() {
	printf '%s\n' "$@"
}

# assist [OPTION...] <ANSWERS
assist() {
	send --setup --set "tls_trust_file=$ca" "$@"
}

arrived() {
	find "$servers/$1/mail/new" -type f | wc -l
}

# What there is below the home but the folders.
nothing_written() {
	[ -z "$(find "$home" -type f)" ]
}

# tells WORDS - whatever the line breaks and the case.
tells() {
	local text=${output//[[:space:]]/ }

	text=$(tr -s ' ' <<<"$text")
	[[ ${text,,} == *"${1,,}"* ]] || {
		echo "standard output does not tell: $1"
		return 1
	}
}

# ---- the whole way

@test "an address, a server of the DNS, a password: a configuration that works" {
	begin
	answers yes '' file $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(stat -c %a "$config" "${config%/*}" "${config%/*}/example.password")" = \
		$'600\n700\n600' ]
	[ "$(cat "${config%/*}/example.password")" = $password ]
	grep -qx "port $(cat "$servers/implicit/port")" "$config"
	grep -q '^#' "$config"
	[ "$(arrived implicit)" -eq 1 ]
	# and a script has all it needs
	send -s 'by hand' me@example.org <<<text
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(arrived implicit)" -eq 2 ]
	# nobody was told the password
	lacks $password "$config"
	[[ $output != *$password* ]]
}

@test "the address is asked for, and ? explains each question" {
	begin
	answers '?' me@example.org '?' yes '?' '' '?' file $password '?' yes \
		'?' no '?' no >lines
	assist <lines
	[ "$status" -eq 0 ]
	[ -e "$config" ]
	for word in 'servers are looked up' certificate 'by secret-tool' 'nothing is changed' \
		'a short mail' crontab; do
		tells "$word"
	done
	[ "$(arrived implicit)" -eq 0 ]
}

@test "a second server, once the first is turned down" {
	begin
	answers no yes '' file $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	grep -qx 'tls_starttls on' "$config"
	[ "$(arrived starttls)" -eq 1 ]
}

@test "all that can be right is shown at once, and taken by its number" {
	local implicit starttls

	begin
	implicit=$(cat "$servers/implicit/port")
	starttls=$(cat "$servers/starttls/port")
	answers 2 >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	tells "1 localhost, port $implicit, implicit TLS"
	tells "2 localhost, port $starttls, STARTTLS"
	tells '1 me@example.org 2 me '
	answers 2 1 file $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	grep -qx "port $starttls" "$config"
	grep -qx 'user "me@example.org"' "$config"
	[ "$(arrived starttls)" -eq 1 ]
}

@test "one that was passed over is still there for its number" {
	begin
	answers no 1 '' file $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ "$(arrived implicit)" -eq 1 ]
}

@test "the other name for the login, by its number" {
	begin
	answers yes 2 file $password user 2 file $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	tells 'password for me at localhost'
	grep -qx 'user "me@example.org"' "$config"
	[ "$(arrived implicit)" -eq 1 ]
}

@test "a number that is not in the list, or a choice of one" {
	begin
	for answer in 3 0; do
		answers $answer >lines
		assist me@example.org <lines
		[ "$status" -eq 65 ]
		nothing_written
	done
	answers 1 >lines
	assist me@example.com <lines
	[ "$status" -eq 65 ]
	nothing_written
}

@test "a service that the DNS says is not there is not proposed" {
	begin
	answers yes file $password yes yes no >lines
	assist me@example.com --user me@example.org <lines
	[ "$status" -eq 0 ]
	grep -qx "port $(cat "$servers/starttls/port")" "$config"
	[[ $output != *'first byte'* ]]
}

@test "a server by hand, all of it by options" {
	begin
	echo $password >own.password
	chmod 600 own.password
	answers yes yes no >lines
	assist me@nowhere.example --host localhost --tls starttls \
		--port "$(cat "$servers/starttls/port")" \
		--user me@example.org --set "password_file=$PWD/own.password" <lines
	[ "$status" -eq 0 ]
	[ "$(arrived starttls)" -eq 1 ]
	grep -q '^password_file .*own.password' "$config"
}

@test "a server with its port in one answer" {
	local port server

	port=$(cat "$servers/implicit/port")
	for server in localhost "[localhost]"; do
		begin
		rm -f "$config"
		answers "$server:$port" implicit file $password yes yes no >lines
		assist me@nowhere.example --user me@example.org <lines
		[ "$status" -eq 0 ]
		grep -qx "port $port" "$config"
		grep -qx 'host localhost' "$config"
		tells '[yes]'
	done
	for server in '[::1]:1' '127.0.0.1:1'; do
		rm -f "$config"
		answers "$server" off - write yes no no >lines
		assist me@nowhere.example <lines
		grep -qx 'port 1' "$config"
		server=${server%:1}
		server=${server#[}
		grep -qx "host ${server%]}" "$config"
		# which program listens there nobody said
		lacks Proton "$config"
	done
	for server in '[::1' '[]' '[::1]x' -h '[::1]:0' h:99999; do
		answers "$server" >lines
		assist me@nowhere.example <lines
		[ "$status" -eq 65 ]
	done
}

@test "a provider by the domain's mail exchangers, with its hint" {
	begin
	answers yes >lines
	assist me@example.net <lines
	[ "$status" -eq 64 ]
	tells smtp.gmail.com
	tells 'app password'
	nothing_written
}

@test "a provider by its name" {
	begin
	answers no no sendgrid yes >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	tells smtp.sendgrid.net
	tells '[apikey]'
	nothing_written
}

@test "a relay without a login" {
	begin
	serve relay --tls none --auth ''
	answers no no localhost off "$(cat "$servers/relay/port")" - \
		yes yes no >lines
	assist me@example.net <lines
	[ "$status" -eq 0 ]
	grep -qx 'auth off' "$config"
	[ "$(arrived relay)" -eq 1 ]
}

# ---- what goes wrong

@test "a wrong password, then the right one" {
	begin
	answers yes '' file wrong-Pa55 password $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	tells 535
	[ "$(cat "${config%/*}/example.password")" = $password ]
	[ "$(arrived implicit)" -eq 1 ]
	[[ $output != *wrong-Pa55* ]]
}

@test "a wrong user, then the right one" {
	begin
	answers yes nobody file $password user me@example.org file $password \
		yes no no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	grep -qx 'user "me@example.org"' "$config"
}

@test "a certificate of nobody's, pinned by its fingerprint" {
	begin
	answers yes '' file $password certificate \
		"$(cat "$servers/fingerprint")" yes yes no >lines
	send --setup me@example.org <lines
	[ "$status" -eq 0 ]
	tells "fingerprint $(cat "$servers/fingerprint")"
	[ "$(arrived implicit)" -eq 1 ]
}

@test "a server that is not there, then the next one" {
	begin
	answers yes file $password server yes '' file $password yes yes no \
		>lines
	assist me@gone.example --user me@example.org <lines
	[ "$status" -eq 0 ]
	[ "$(arrived starttls)" -eq 1 ]
}

@test "a login that fails to the end: its status, and nothing is written" {
	begin
	answers yes '' file wrong-Pa55 quit >lines
	assist me@example.org <lines
	[ "$status" -eq 77 ]
	in_sentences
	nothing_written
	answers yes '' file wrong-Pa55 >lines # no answer is no as well
	assist me@example.org <lines
	[ "$status" -eq 77 ]
	nothing_written
}

@test "what does not work now is written only when that is said" {
	begin
	answers yes '' file wrong-Pa55 write yes no no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ -e "$config" ]
}

@test "a test mail that is not taken: its status, and the file stays" {
	begin
	serve small --tls starttls --size 100
	answers file $password yes yes no >lines
	assist me@example.org --host localhost --tls starttls --user \
		me@example.org --port "$(cat "$servers/small/port")" <lines
	[ "$status" -ne 0 ]
	[ -e "$config" ]
	[ "$(arrived small)" -eq 0 ]
	[ ! -e "$home/dead.letter" ]
	[ -z "$(find "$MAILSEND_QUEUE" -type f 2>/dev/null)" ]
}

@test "no network: it says so, and goes on with what is known" {
	begin dns=1
	answers yes '' none >lines
	assist me@gmail.com <lines
	[ "$status" -eq 64 ]
	tells 'connected'
	tells smtp.gmail.com
	nothing_written
}

# ---- a pipe

@test "answers that end early: at no place is anything left behind" {
	local n

	begin
	answers yes '' file $password yes >lines
	for n in 0 1 2 3 4; do
		head -n $n lines >early
		assist me@example.org <early
		[ "$status" -eq 64 ]
		in_sentences
		nothing_written
	done
	# written is written; what comes after it is not asked for
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ -e "$config" ]
	[ "$(arrived implicit)" -eq 0 ]
}

@test "an answer that cannot be ends it, and is not repeated" {
	begin
	answers yes '' $password $password >lines # a line too early
	assist me@example.org <lines
	[ "$status" -eq 65 ]
	[[ $output$stderr != *$password* ]]
	nothing_written
	answers 'no address' >lines
	assist <lines
	[ "$status" -eq 65 ]
	nothing_written
}

@test "a no at the end leaves all as it was" {
	begin
	answers yes '' file $password no >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	nothing_written
}

@test "the password is nowhere but where it was to be" {
	begin
	answers yes '' file $password yes yes no >lines
	strace -f -qq -e trace=execve -s 4096 -o trace env \
		"MAILSEND_FROZEN=$MAILSEND_FROZEN" \
		bash -c "$MAILSEND --setup -v --set tls_trust_file=$ca \
		me@example.org <lines >said 2>heard" || skip 'no strace here'
	lacks $password said
	lacks $password heard
	lacks "$(printf '\0me@example.org\0%s' $password | base64)" heard
	lacks $password trace
	[ "$(grep -rl -e $password "$home")" = "${config%/*}/example.password" ]
}

# ---- where the password is kept

fake_program() {
	cat >"bin/$1"
	chmod +x "bin/$1"
}

@test "in the key ring, by secret-tool" {
	begin
	fake_program secret-tool <<-'END'
	#!/bin/sh
	case $1 in
	store) shift; echo "$*" >kept; cat >secret ;;
	lookup) cat secret ;;
	esac
	END
	export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent
	answers yes '' '' $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ "$(cat secret)" = $password ]
	grep -q 'host localhost service smtp user me@example.org' kept
	lacks $password kept
	grep -qx 'passwordeval "secret-tool lookup host localhost service smtp user me@example.org"' "$config"
	[ "$(arrived implicit)" -eq 1 ]
	[ "$(find "$home" -type f)" = "$config" ]
}

@test "a key ring that does not keep it: nothing is written" {
	begin
	fake_program secret-tool <<-'END'
	#!/bin/sh
	exit 1
	END
	answers yes '' keyring $password yes >lines
	assist me@example.org <lines
	[ "$status" -eq 69 ]
	nothing_written
	# or one that keeps another
	fake_program secret-tool <<-'END'
	#!/bin/sh
	[ "$1" = store ] || echo other
	END
	assist me@example.org <lines
	[ "$status" -eq 78 ]
	nothing_written
}

@test "in pass, and an entry that is there is not lost unasked" {
	begin
	fake_program pass <<-'END'
	#!/bin/sh
	case $1 in
	insert) cat >"$PASSWORD_STORE_DIR/$4.gpg" ;;
	show) cat "$PASSWORD_STORE_DIR/$2.gpg" ;;
	esac
	END
	export PASSWORD_STORE_DIR=$PWD/store
	mkdir -p store/mail
	: >store/.gpg-id
	echo precious >store/mail/me@example.org.gpg
	answers yes '' '' $password yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	[ "$(cat store/mail/me@example.org.gpg)" = precious ]
	nothing_written
	answers yes '' '' $password yes yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ "$(cat store/mail/me@example.org.gpg)" = $password ]
	[ "$(arrived implicit)" -eq 1 ]
}

@test "a command of one's own" {
	begin
	answers yes '' command "printf '%s\n' $password" yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ "$(arrived implicit)" -eq 1 ]
}

@test "nowhere: it was tried, and no test mail is offered to nobody" {
	begin
	answers yes '' none $password yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[[ $output != *'test mail'* ]]
	[ "$(grep -rl -e $password "$home" || true)" = '' ]
}

# ---- what is there already

old_config() {
	mkdir -p "${config%/*}"
	cat >"$config" <<-'END'
	# mine
	account work
	host mail.example.com
	from boss@example.com
	END
	printf 'user joe' >>"$config" # without a line end
	cp "$config" old
}

@test "an account more: the old ones stay, and so does who is used" {
	begin
	old_config
	answers add '' no yes '' file $password yes yes no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	cmp old "$config.bak"
	head -c "$(stat -c %s old)" "$config" | cmp - old
	[ "$(arrived implicit)" -eq 1 ]
	send --show-config
	[[ $output == *mail.example.com* ]]
	send --show-config --account example
	[[ $output == *localhost* ]]
}

@test "an account more, which is to be used from now on" {
	begin
	old_config
	answers add house yes yes '' file $password yes no no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	send --show-config
	[[ $output == *localhost* ]]
	grep -qx 'account house' "$config"
}

@test "a name that is taken is not taken again" {
	begin
	old_config
	answers add work >lines
	assist me@example.org <lines
	[ "$status" -eq 65 ]
	cmp old "$config"
	assist me@example.org --account work <lines
	[ "$status" -eq 64 ]
	cmp old "$config"
}

@test "replaced on demand, and a copy is kept" {
	begin
	old_config
	answers replace yes '' file $password yes no no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	cmp old "$config.bak"
	lacks mail.example.com "$config"
}

@test "left alone on demand, and when the answers end" {
	begin
	old_config
	answers quit >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	answers add '' no yes '' file $password >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	cmp old "$config"
	[ "$(find "$home" -type f)" = "$config" ]
}

@test "one that cannot be read is told of, and stays" {
	begin
	old_config
	printf '\nnonsense\n' >>"$config"
	cp "$config" old
	assist me@example.org </dev/null
	[ "$status" -eq 78 ]
	says 'config:6'
	cmp old "$config"
}

@test "a link to a file elsewhere stays a link" {
	begin
	old_config
	mv "$config" elsewhere
	ln -s "$PWD/elsewhere" "$config"
	answers add '' no yes '' file $password yes no no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ -L "$config" ]
	grep -qx 'account example' elsewhere
}

@test "a .msmtprc is not put in the shade unasked" {
	begin
	printf 'account default\nhost mail.example.com\n' >"$home/.msmtprc"
	answers '' >lines
	assist me@example.org <lines
	[ "$status" -eq 64 ]
	[ ! -e "$config" ]
	answers yes yes '' file $password yes no no >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	[ -e "$config" ]
}

@test "the file that --config names" {
	begin
	answers yes '' file $password yes yes no >lines
	assist me@example.org --config own.conf <lines
	[ "$status" -eq 0 ]
	[ -e own.conf ]
	[ ! -e "$config" ]
	[ "$(arrived implicit)" -eq 1 ]
}

@test "a folder that cannot be: told before any question" {
	begin
	: >file
	assist me@example.org --config "$PWD/file/config" </dev/null
	[ "$status" -eq 73 ]
	nothing_written
}

@test "--setup-queue is done when it is wanted" {
	begin 'uid=1000'
	for name in systemctl crontab; do
		fake_program $name <<-END
		#!/bin/sh
		echo "$name \$*" >>"$PWD/calls"
		END
	done
	answers yes '' file $password yes no yes >lines
	assist me@example.org <lines
	[ "$status" -eq 0 ]
	grep -q 'enable --now' calls
}

# ---- the command line

@test "what belongs to a mail does not go with it" {
	begin
	refused 64 setup --setup -s hello me@example.org </dev/null
	refused 64 setup --setup me@example.org you@example.org </dev/null
	refused 64 setup --setup --setup-queue </dev/null
	nothing_written
}

# ---- guesses: names and ports of the usual kind, in a network of our own

@test "no word of the domain on sending: the usual names are tried" {
	[ "$(id -u)" -eq 0 ] || skip 'only root mounts'
	begin
	echo '127.0.0.1 localhost mail.guess.example mx.house.example' >hosts
	answers 2 >lines
	cat >inside <<-'END'
		mount --bind "$PWD/hosts" /etc/hosts && ip link set lo up || exit 99
		echo ok >began
		echo guess.example MX 10 mx.house.example >zone
		python3 "$root/tests/cli/dns_server.py" zone >port &
		dns=$!
		python3 "$root/tests/peer/peer" --serve --certs certs --tls starttls \
			--port 587 >ready &
		peer=$!
		while ! grep -q ready ready || [ ! -s port ]; do :; done
		MAILSEND_FROZEN="$MAILSEND_FROZEN dns=$(cat port)" \
			"$@" <lines >said 2>heard
		echo "$?" >status
		kill -9 $dns $peer
		wait
	END
	export root
	# shellcheck disable=SC2086 # words, on purpose
	unshare -m -n bash inside $MAILSEND --setup me@guess.example 3>&- ||
		[ -e began ] || skip 'no namespaces here'
	cat said heard
	[ "$(cat status)" -eq 64 ]
	grep -q 'Use mail.guess.example, port 587' said
	# who takes mail for the domain may take its own, too: with a warning
	grep -q '2  mx.house.example, port 587' said
	grep -q 'mx.house.example is not below guess.example' said
	grep -q 'Use mx.house.example, .*\[no\]' said
	lacks 'port 465' said
	nothing_written
}

# ---- a terminal

@test "at a terminal: no echo, another try, and Ctrl-C leaves nothing" {
	begin 'tty=1'
	# shellcheck disable=SC2086 # words, on purpose
	python3 "$root/tests/cli/setup_terminal.py" "$ca" $password \
		"$config" $MAILSEND
}

# ---- OAuth 2

@test "a provider that takes no passwords: the client id, and how to log in" {
	begin
	answers yes '' - yes no >lines
	send --setup me@outlook.com <lines
	[ "$status" -eq 0 ]
	grep -qx 'auth oauth' "$config"
	grep -qx 'oauth microsoft' "$config"
	grep -qx 'oauth_tenant consumers' "$config"
	grep -q '^# oauth_client_id' "$config"
	tells 'mailsend --login'
	send --login
	[ "$status" -eq 78 ]
	says oauth_client_id
}

@test "with a client id somebody is logged in at once" {
	local provider i
	begin
	export XDG_STATE_HOME=$PWD/state
	mkdir provider
	python3 "$root/tests/cli/oauth_provider.py" provider >provider/log 2>&1 3>&- &
	provider=$!
	for ((i = 0; i < 2400; i++)); do
		[ ! -s provider/url ] || break
		sleep 0.05
	done
	answers yes '' an-id yes yes no no >lines
	assist --auth oauth --set "oauth=$(cat provider/url)" \
		--set oauth_flow=device me@example.org <lines
	kill "$provider"
	[ "$status" -eq 0 ]
	grep -qx 'oauth_client_id an-id' "$config"
	grep -qx "oauth $(cat provider/url)" "$config"
	tells 'WDJB-MJHT'
	find state -name '*.json' | grep -q .
	send --token
	[ "$status" -eq 0 ] && [ -n "$output" ]
}
