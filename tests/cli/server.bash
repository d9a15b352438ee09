# server.bash - servers for all tests of a file: one without TLS or login, or
# those that the file's own setup_file begins.  Sourced after helper.bash.
# shellcheck shell=bash disable=SC2154

# serve NAME OPTION... - a mail server; its $servers/NAME/port, and what it was
# sent in $servers/NAME/mail.
serve() {
	local name=$1 line port=

	shift
	mkdir -p "$servers/$name"
	mkfifo "$servers/$name/ready"
	python3 "$root/tests/peer/peer" --serve --certs "$servers/certs" \
		--maildir "$servers/$name/mail" "$@" \
		>"$servers/$name/ready" 2>"$servers/$name/log" 3>&- &
	echo $! >"$servers/$name/pid"
	while IFS= read -r line; do
		[[ $line != PEER_PORT=* ]] || port=${line#*=}
		[[ $line != PEER_CA=* ]] || echo "${line#*=}" >"$servers/ca"
		[[ $line != PEER_FINGERPRINT=* ]] ||
			echo "${line#*=}" >"$servers/fingerprint"
		[ "$line" != ready ] || break
	done <"$servers/$name/ready"
	echo "$port" >"$servers/$name/port"
	[ -n "$port" ]
}

# $server is the folder of the only one.
setup_file() {
	export servers=$BATS_FILE_TMPDIR server=$BATS_FILE_TMPDIR/server
	serve server --tls none --auth ''
}

teardown_file() {
	local pid

	for pid in "$servers"/*/pid; do
		kill "$(cat "$pid")"
	done
}
