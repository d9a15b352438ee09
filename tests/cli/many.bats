#!/usr/bin/env bats
# Many recipients in one mail: what each of them costs.

# shellcheck disable=SC2154 # the helpers set what is used here
load helper
load face
load server

# message N - for so many.
message() {
	python - "$1" <<-'END'
	import sys
	n = int(sys.argv[1])
	print("To: " + ",\n ".join(f"user{i}@host{i % 7}.example.org"
	                           for i in range(n)))
	print("Subject: hello\n\ntext")
	END
}

# cost UNIT COMMAND... - kilobytes at most (%M), or seconds of the processor
# (%U).
cost() {
	/usr/bin/time -o cost -f "$1" "${@:2}" >out 2>err || {
		cat err
		return 1
	}
	tail -n 1 cost
}

# A checker's memory is its own.
plain() {
	! grep -q __asan "${MAILSEND##* }"
}

@test "a recipient costs less than a kilobyte: sent, queued, tried again" {
	local one many

	command -v time >/dev/null || skip "no time"
	plain || skip "a checker's memory is its own"
	configure
	ln -s "${MAILSEND##* }" msmtp
	message 1 >one
	message 10000 >many
	one=$(cost %M ./msmtp -t <one)
	there
	many=$(cost %M ./msmtp -t <many)
	there
	echo "sent: $one and $many kB"
	[ $((many - one)) -lt 10000 ]
	one=$(cost %M ./msmtp -t --queue=only <one)
	many=$(cost %M ./msmtp -t --queue=only <many)
	echo "queued: $one and $many kB"
	[ $((many - one)) -lt 10000 ]
	many=$(cost %M "$MAILSEND" --flush)
	echo "flushed: $many kB"
	[ $((many - one)) -lt 20000 ]
}

@test "recipients are compared in time that grows with their number" {
	local few many

	command -v time >/dev/null || skip "no time"
	configure
	message 4000 >few
	message 32000 >many
	ln -s "${MAILSEND##* }" msmtp
	# each with each: 64 times as long for 8 times as many
	for _ in 1 2 3 4 5; do
		few=$(cost %U ./msmtp -t --dry-run <few)
		many=$(cost %U ./msmtp -t --dry-run <many)
		echo "few: $few s, many: $many s"
		! python -c "exit($many > 24 * max($few, 0.01))" || return 0
	done
	return 1
}
