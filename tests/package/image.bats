#!/usr/bin/env bats
# image.bats - contrib/Containerfile, without a container engine.
#
# The steps of its last stage are run in a root of their own, with the package that
# `make deb` made in place of the first stage's, which differs by the compiler's
# machine alone.  The entry point is started as an engine would: as the image's
# user, with its environment.

load helper

setup() {
	new_root bare
	service=
}

teardown() {
	[[ -z $service ]] || kill "$service" || :
	stop_sink
	drop_root
}

# steps - the instructions of the last stage, one a line.
steps() {
	sed -e ':a' -e '/\\$/{N;ba' -e '}' -e 's/\\\n\t*/ /g' \
		"$TESTS/../contrib/Containerfile" |
		awk '/^FROM/ { n = 0 } /^[A-Z]/ { step[n++] = $0 }
		END { for (i = 0; i < n; i++) print step[i] }'
}

# build_image - $user, $entry and the array environment.
build_image() {
	local instruction words
	environment=()
	steps >list
	while read -r instruction words; do
		case $instruction in
		FROM) [[ $words == debian:bookworm-slim ]] ;;
		COPY)
			[[ $words == '--from=build /src/build/deb/mailsend_*.deb /tmp/' ]]
			cp "$FIRST"/mailsend_*.deb "$ROOT/tmp/"
			;;
		RUN) within sh -c "$words" </dev/null ;;
		USER) user=$words ;;
		ENV) environment+=("$words") ;;
		VOLUME) ;;
		ENTRYPOINT) entry=$words ;;
		*)
			echo "what is $instruction?"
			return 1
			;;
		esac || return
	done <list
}

@test "what the first stage copies is there, and so is its target" {
	local sources
	cd "$TESTS/.."
	grep '^COPY [^-]' contrib/Containerfile | sed 's/^COPY //; s/ [^ ]*$//' |
		while read -r sources; do
			# shellcheck disable=SC2086 # words
			ls -d $sources
		done
	grep '^deb:' contrib/package.mk
}

@test "the image's service sends the mail of those who share its socket" {
	local command
	build_image
	start_sink
	mkdir -p "$ROOT/etc/mailsend"
	printf '%s\n' 'host 127.0.0.1' "port $SINK_PORT" 'tls off' 'auth off' \
		'from shop@example.test' >"$ROOT/etc/mailsend/service.conf"
	mapfile -t command < <(python3 -c \
		'import json, sys; print(*json.loads(sys.argv[1]), sep="\n")' "$entry")
	as "$user" env "${environment[@]}" "${command[@]}" 3>&- &
	service=$!
	until_true test -S "$ROOT/run/mailsend/submit"

	echo 'socket /run/mailsend/submit' >"$ROOT/etc/mailsend.conf"
	as www-data mailsend -s 'Order 7' bob@example.test <<<'Dear Bob'
	judge "$(taken '^Subject: Order 7')" headers/delivered-to=bob@example.test \
		body/text='Dear Bob' headers/received~www-data
	kill "$service"
	wait "$service" || :
	service=
}
