#!/usr/bin/env bats
# oauth.bats - logging in at a provider, and tokens that stay valid: against the
# provider of oauth_provider.py, over whose requests each test looks.
# shellcheck disable=SC2154,SC2317,SC2016,SC2119,SC2120,SC2030,SC2031

bats_require_minimum_version 1.5.0

load helper

setup() {
	load helper
	cd "$BATS_TEST_TMPDIR" || return 1
	home=$BATS_TEST_TMPDIR/home
	mkdir -m 700 "$home"
	export HOME=$home MAILSEND_CONFIG=$BATS_TEST_TMPDIR/conf
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	unset XDG_CONFIG_HOME EMAIL DISPLAY WAYLAND_DISPLAY
	kept=$XDG_STATE_HOME/mailsend/oauth/a.json
	mkdir provider
	python3 "$root/tests/cli/oauth_provider.py" provider \
		>provider/log 2>&1 3>&- &
	provider=$!
	within '[ -s provider/url ]'
	url=$(cat provider/url)
	configure
}

teardown() {
	kill "$provider" 2>/dev/null || true
}

# within CONDITION - it comes true before two minutes are over.
within() {
	local i
	for ((i = 0; i < 2400; i++)); do
		if eval "$1"; then
			return 0
		fi
		sleep 0.05
	done
	return 1
}

# configure LINE... - the account, and more lines of it.
configure() {
	printf '%s\n' 'account a' 'host 127.0.0.1' 'from a@example.org' \
		'user alice' 'auth oauth' "oauth $url" \
		'oauth_client_id client' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

# provide WORD... - what the provider does from now on.
provide() {
	echo "$*" >provider/mode
}

# asked PATH [WORD] - how often it was asked there, with that in the form.
asked() {
	grep -F "\"path\": \"$1\"" provider/requests | grep -cF -- "${2-}" ||
		true
}

# log_in - as a person with a browser of this machine.
log_in() {
	start_login
	curl -sfL --max-time 60 "$(sed -n 2p login)" >page
	end_login
}

start_login() {
	# a shell starts what runs in the background with SIGINT ignored
	# shellcheck disable=SC2086
	env --default-signal=INT $MAILSEND --login "$@" a >login \
		2>login.errors 3>&- &
	login=$!
	within '[ "$(wc -l <login)" -ge 2 ] || ! kill -0 $login 2>/dev/null'
}

end_login() {
	status=0
	wait "$login" || status=$?
	echo "login: $status" "$(cat login login.errors)"
	[ "$status" -eq "${1-0}" ]
}

# member NAME - of what is kept.
member() {
	python3 -IS -c 'import json, sys
print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$kept" "$1"
}

# expire - the token that is kept is over.
expire() {
	python3 -IS -c 'import json, sys
o = json.load(open(sys.argv[1]))
o["expires"] = o["obtained"] + int(sys.argv[2])
json.dump(o, open(sys.argv[1], "w"))' "$kept" "${1-0}"
}

# ---- logging in ----

@test "a browser of this machine logs in, with PKCE, and the token is kept for us alone" {
	log_in
	grep -q 'close this window' page
	[ "$(stat -c %a "$kept")" = 600 ]
	[ "$(asked /token authorization_code)" -eq 1 ]
	[ "$(asked /authorize '"code_challenge_method": "S256"')" -eq 1 ]
	send --token a
	[ "$status" -eq 0 ]
	[ "$output" = "$(member access_token)" ]
}

@test "who is not the browser that we sent is answered, and forgotten" {
	local at state port
	start_login
	at=$(sed -n 2p login | grep -o 'redirect_uri=[^&]*' | sed 's/.*=//;s/%3A/:/g;s/%2F/\//g')
	state=$(sed -n 2p login | grep -o 'state=[^&]*' | sed 's/.*=//')
	# silent ones hold nobody up
	port=${at##*:}
	exec 7<>"/dev/tcp/127.0.0.1/${port%/}"
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$at?code=evil&state=wrong")" = 400 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$at?code=evil")" = 400 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "${at}favicon.ico")" = 404 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -d x "$at?code=evil&state=$state")" = 404 ]
	head -c 20000 /dev/zero | tr '\0' x | curl -s -o /dev/null "$at?$(cat)" || true
	curl -sfL "$(sed -n 2p login)" >page
	end_login
	exec 7>&-
	[ "$(asked /token evil)" -eq 0 ]
	# what ended the login cannot be played again
	run curl -s --max-time 5 "$at?code=again&state=$state"
	[ "$status" -ne 0 ]
}

@test "an answer of another issuer is none (RFC 9207)" {
	provide issuer=https://evil.example
	start_login
	curl -sL "$(sed -n 2p login)" >page
	end_login 76
	[ ! -e "$kept" ]
	[ "$(asked /token)" -eq 0 ]
}

@test "no access granted: 77, and nothing is kept" {
	provide deny
	start_login
	curl -sL "$(sed -n 2p login)" >page
	end_login 77
	[ ! -e "$kept" ]
}

@test "a browser elsewhere: the address is pasted" {
	local back
	mkfifo answer
	start_login_pasting() {
		mailsend --login --paste a <answer >login 2>login.errors 3>&- &
		login=$!
		exec 8>answer
		within '[ "$(grep -c authorize login)" -ge 1 ]'
	}
	start_login_pasting
	back=$(curl -s -o /dev/null -w '%{redirect_url}' "$(grep authorize login)")
	echo "$back" >&8
	exec 8>&-
	end_login
	[ -s "$kept" ]
	rm "$kept"
	start_login_pasting
	echo "$back" >&8 # of the login before
	exec 8>&-
	end_login 65
	[ ! -e "$kept" ]
	# the end of input is an end
	run mailsend --login --paste a </dev/null
	[ "$status" -eq 66 ]
}

@test "a device: waits as it is told, slows down, and ends when it is refused" {
	provide pending=2
	run --separate-stderr mailsend --login --device a
	show
	[ "$status" -eq 0 ]
	[[ $output == *WDJB-MJHT* && $output == *"$url/activate"* ]]
	[ "$(asked /token device_code)" -eq 3 ]
	[ -s "$kept" ]
	rm "$kept"
	provide deny
	run --separate-stderr mailsend --login --device a
	[ "$status" -eq 77 ]
	[ ! -e "$kept" ]
}

@test "logging out revokes the grant and removes the tokens" {
	log_in
	send --logout a
	[ "$status" -eq 0 ]
	[ ! -e "$kept" ]
	[ "$(asked /revoke refresh_token)" -eq 1 ]
	send --logout a
	[ "$status" -eq 0 ]
	send --token a
	[ "$status" -eq 77 ]
	says --login
}

@test "signals end a login, and leave no port open" {
	local name
	for name in INT TERM HUP; do
		start_login
		kill -s "$name" "$login"
		end_login $((128 + $(kill -l "$name")))
	done
	[ ! -e "$kept" ]
}

# ---- keeping valid ----

@test "twenty processes at the end of a token: one refresh" {
	local i all=()
	log_in
	expire
	provide delay=0.5
	for ((i = 0; i < 20; i++)); do
		mailsend --token a >"token.$i" 3>&- &
		all+=($!)
	done
	wait "${all[@]}"
	[ "$(asked /token '"grant_type": "refresh_token"')" -eq 1 ]
	[ "$(sort -u token.* | wc -l)" -eq 1 ]
	[ "$(cat token.0)" = "$(member access_token)" ]
}

@test "a refresh that brings no new refresh token keeps the old one" {
	local before
	log_in
	before=$(member refresh_token)
	provide keep
	expire
	send --token a
	[ "$status" -eq 0 ]
	[ "$(member refresh_token)" = "$before" ]
}

@test "the endpoint is away or busy: what is valid is used, else it is temporary" {
	local word
	log_in
	for word in token=500 token=503 token=429 body=html body=array \
		body=empty body=huge body=endless redirect=http://127.0.0.1:1/ \
		redirect=https://evil.example/ error=temporarily_unavailable; do
		provide "$word"
		expire 30 # nearly over: one would be fetched
		send --token a
		[ "$status" -eq 0 ] && [ "$output" = "$(member access_token)" ] || return 1
		expire 0
		send --token a
		[ "$status" -eq 75 ] && [ -z "$output" ] || return 1
		[[ $stderr != *$'\x1b'* && $stderr != *$'\u202e'* ]] || return 1
	done
	kill "$provider"
	wait "$provider" || true
	send --token a
	[ "$status" -eq 75 ]
	[ -n "$(member refresh_token)" ]
}

@test "a login that is gone is 77 with the way out, and nothing is deleted" {
	local word before
	log_in
	before=$(cat "$kept")
	expire
	for word in invalid_grant interaction_required consent_required; do
		provide "error=$word"
		send --token a
		[ "$status" -eq 77 ] && says "$word" && says '--login a' || return 1
		[[ $stderr != *$'\x1b'* && $stderr != *$'\u202e'* ]] || return 1
	done
	[ -n "$(member refresh_token)" ]
	provide error=invalid_client
	send --token a
	[ "$status" -eq 78 ]
}

@test "the clock went back: the token is fetched anew" {
	log_in
	python3 -IS -c 'import json, sys
o = json.load(open(sys.argv[1]))
o["obtained"] += 86400; o["expires"] += 86400
json.dump(o, open(sys.argv[1], "w"))' "$kept"
	send --token a
	[ "$status" -eq 0 ]
	[ "$(asked /token '"grant_type": "refresh_token"')" -eq 1 ]
}

@test "a kill at each step of keeping leaves a token that can be used" {
	local point program
	program=${B:-$root/build}/crash/mailsend
	if [ ! -x "$program" ]; then
		skip 'the program with crash points was not built'
	fi
	log_in
	provide keep
	for point in oauth-keep oauth-written oauth-synced oauth-named; do
		expire
		run env MAILSEND_CRASH=$point "$program" --token a
		[ "$status" -eq 137 ] || return 1
		send --token a
		[ "$status" -eq 0 ] && [ -n "$output" ] || return 1
	done
	[ "$(find "$(dirname "$kept")" -type f | wc -l)" -le 2 ]
}

@test "a lifetime without measure is no reason to fall over" {
	provide lifetime=9223372036854775807
	log_in
	send --token a
	[ "$status" -eq 0 ]
	[ "$(member expires)" -gt "$(member obtained)" ]
}

@test "a file that others can read, or that is damaged, is not used" {
	log_in
	chmod 644 "$kept"
	send --token a
	[ "$status" -eq 78 ]
	says 'chmod'
	chmod 600 "$kept"
	echo '{"access_token":' >"$kept"
	send --token a
	[ "$status" -eq 78 ]
	says '--login a'
}

# ---- programs by themselves ----

@test "an application with a secret" {
	printf 'app secret\n' >secret
	chmod 600 secret
	configure 'oauth_flow app' "oauth_client_secret_file $PWD/secret" \
		'oauth_scope https://example.org/.default'
	send --token a
	[ "$status" -eq 0 ]
	[ "$(asked /token client_credentials)" -eq 1 ]
	send --token a # it is kept
	[ "$(asked /token client_credentials)" -eq 1 ]
	send --login a
	[ "$status" -eq 0 ]
	printf 'another\n' >secret
	rm "$kept"
	send --token a
	[ "$status" -eq 78 ]
	says invalid_client
}

# make_key - key.pem with its certificate; the provider knows the public half.
make_key() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert \
		-subj /CN=app -days 2 2>/dev/null
	openssl pkey -in key -pubout -out provider/public.pem
	cat key cert >key.pem
	chmod 600 key.pem
}

@test "an application with a certificate: PS256, known by its thumbprint" {
	make_key
	configure 'oauth_flow app' "oauth_client_key $PWD/key.pem"
	send --token a
	[ "$status" -eq 0 ]
	grep '"method": "JWT"' provider/requests >jwt
	grep -q '"good": true' jwt
	grep -q "\"aud\": \"$url/token\"" jwt
	grep -qF "\"x5t#S256\": \"$(openssl x509 -in cert -outform der |
		openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d =)\"" jwt
	# without a key, with another's
	configure 'oauth_flow app' "oauth_client_key $PWD/cert"
	chmod 600 cert
	rm "$kept"
	send --token a
	[ "$status" -eq 78 ]
	says "$PWD/cert"
}

@test "a service account asks in the user's name" {
	make_key
	python3 -IS -c 'import json, sys
json.dump({"type": "service_account", "client_email": "robot@example.org",
           "private_key": open("key").read(), "token_uri": sys.argv[1] + "/token"},
          open("service.json", "w"))' "$url"
	chmod 600 service.json
	configure "oauth_service_account $PWD/service.json"
	send --token a
	[ "$status" -eq 0 ]
	grep '"method": "JWT"' provider/requests >jwt
	grep -q '"alg": "RS256"' jwt && grep -q '"good": true' jwt
	grep -q '"sub": "alice"' jwt && grep -q '"iss": "robot@example.org"' jwt
	echo '{}' >service.json
	rm "$kept"
	send --token a
	[ "$status" -eq 78 ]
}

@test "commands keep the tokens" {
	configure 'oauth_store_read "cat vault 2>/dev/null || true"' \
		'oauth_store_write "cat >vault"'
	log_in
	[ ! -e "$kept" ]
	send --token a
	[ "$status" -eq 0 ]
	grep -qF "$output" vault
	send --logout a
	[ ! -s vault ]
	configure 'oauth_store_read false' 'oauth_store_write false'
	send --token a
	[ "$status" -eq 75 ]
	run mailsend --set 'oauth_store_read=cat vault' --token a
	[ "$status" -eq 64 ]
}

# ---- what it must not do ----

@test "a secret goes nowhere but to https, or to this machine" {
	configure
	sed -i "s|^oauth .*|oauth http://issuer.example.org|" "$MAILSEND_CONFIG"
	send --login a
	[ "$status" -eq 78 ]
	says https
}

@test "tokens and secrets are in no argument, transcript, log or error" {
	log_in
	expire
	# shellcheck disable=SC2086
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=execve -s 4096 -o calls \
		$MAILSEND --set logfile="$PWD/log" --token \
		--transcript=transcript a >token 2>errors
	touch transcript log
	local file
	for file in calls errors transcript log; do
		lacks "$(cat token)" "$file" || return 1
		lacks "$(member refresh_token)" "$file" || return 1
	done
}

@test "a provider that registers clients needs no id of ours (RFC 7591)" {
	sed -i '/^oauth_client_id/d' "$MAILSEND_CONFIG"
	send --login a
	[ "$status" -eq 78 ]
	provide registers
	log_in
	[ "$(asked /register '"token_endpoint_auth_method": "none"')" -eq 1 ]
	expire
	send --token a
	[ "$status" -eq 0 ]
	[ "$(asked /token '"client_id": "registered-1"')" -eq 2 ]
	send --logout a
	[ "$(asked /revoke registered-1)" -eq 1 ]
}

@test "metadata at OpenID's place" {
	provide openid
	log_in
	send --token a
	[ "$status" -eq 0 ]
}

@test "endpoints by https: the certificate is checked, by the account's trust" {
	kill "$provider"
	wait "$provider" || true
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout provider/key -out provider/cert -subj /CN=provider \
		-addext subjectAltName=IP:127.0.0.1 -days 2 2>/dev/null
	rm provider/url
	python3 "$root/tests/cli/oauth_provider.py" provider \
		>provider/log 2>&1 3>&- &
	provider=$!
	within '[ -s provider/url ]'
	url=$(cat provider/url)
	[[ $url == https://* ]]
	configure "tls_trust_file $PWD/provider/cert"
	send --login --device a
	[ "$status" -eq 0 ]
	expire
	configure
	send --token a
	[ "$status" -eq 78 ]
	says certificate
	[ -n "$(member refresh_token)" ]
}

@test "a mail that waits for a login is not given up, and mailq says why" {
	local day
	configure 'queue_lifetime 1d' 'queue_retry 1m' 'queue_retry_max 1m'
	freeze 'clock=1800000000'
	send -s waits b@example.org <<<text
	[ "$status" -eq 0 ]
	says '--login a'
	for day in 1 2 3 4 5 6; do
		freeze "clock=$((1800000000 + day * 86400))"
		send --flush
		says '--login a' || return 1
	done
	send --mailq
	[[ $output == *b@example.org* && $output == *'--login a'* ]]
	[ "$(find "$MAILSEND_QUEUE/msg" -type f | wc -l)" -eq 1 ]
	[ -s "$MAILSEND_QUEUE/stamp/login" ] # syslog was told, today
	# at a terminal, until somebody logs in
	freeze 'tty=1'
	# shellcheck disable=SC2086
	python3 "$root/tests/cli/talk_terminal.py" $MAILSEND -s x \
		b@example.org --body /dev/null <<-'END'
	see waits in the queue for a login
	end 0
	END
	unset MAILSEND_FROZEN
	send --login --device a
	[ "$status" -eq 0 ]
	[ "$(cat "$MAILSEND_QUEUE/stamp/login")" = 0 ]
}

@test "two log in at once, each with a browser of their own" {
	local first first_login
	start_login
	first=$(sed -n 2p login) first_login=$login
	mv login login.one
	start_login
	[ "$first" != "$(sed -n 2p login)" ]
	curl -sfL --max-time 60 "$(sed -n 2p login)" >page
	end_login
	curl -sfL --max-time 60 "$first" >page
	login=$first_login
	wait "$login"
	send --token a
	[ "$status" -eq 0 ]
}

@test "an account that repeats another uses its login" {
	configure
	printf '%s\n' 'account default : a' 'account b : a' 'user bob' \
		>>"$MAILSEND_CONFIG"
	log_in
	send --token
	[ "$status" -eq 0 ]
	send --token b # somebody else
	[ "$status" -eq 77 ]
}

@test "what is missing is told: the provider, the client, the kind of account" {
	sed -i '/^oauth/d' "$MAILSEND_CONFIG"
	send --login a
	[ "$status" -eq 78 ]
	says 'set oauth'
	send --token a
	[ "$status" -eq 78 ]
	says 'set oauth'
	echo 'oauth google' >>"$MAILSEND_CONFIG"
	send --login a
	[ "$status" -eq 78 ]
	says oauth_client_id
	says console.cloud.google.com
	echo 'oauth nobody' >>"$MAILSEND_CONFIG"
	send --login a
	[ "$status" -eq 78 ]
	configure
	send --login a -s subject
	[ "$status" -eq 64 ]
	send --device a
	[ "$status" -eq 64 ]
	send --login b
	[ "$status" -eq 78 ]
}
