# everybody.bash - the machine with several users (users.bash) and a server that
# takes their mail.  Sourced after helper.bash.
# shellcheck shell=bash disable=SC2154
load users
load face
load server

machine_setup_served() {
	machine_setup
	configure_all 'host localhost' "port $(cat "$server/port")" 'tls off' \
		'from %U@example.org'
	find "$server/mail/new" -type f -delete 2>/dev/null || true
}

setup() {
	machine_setup_served
}

teardown() {
	[ -z "${own_server-}" ] || kill "$own_server" || true
	machine_teardown
}

count_arrived() {
	arrived | wc -l
}
