#!/usr/bin/env bats
# Whole messages against Python's email package, munpack and uudecode, which
# share nothing with the code under test.  MESSAGE_FILTER is the program built
# from tests/unit/message_filter.c.

setup() {
	set +T # as untraced in helper.bash
	[ -x "$MESSAGE_FILTER" ] || {
		echo "MESSAGE_FILTER is not a program" >&2
		return 1
	}
	judge=$BATS_TEST_DIRNAME/message_judge.py
	cd "$BATS_TEST_TMPDIR" || return 1
	export MAILSEND_FROZEN='clock=1700000000 zone=0 seed=1 charset=utf-8'
}

@test "message: any body comes back by its lines, in every encoding" {
	python3 "$judge" bodies
}

@test "message: the smallest safe encoding, and logs stay readable" {
	python3 "$judge" readable
}

@test "message: any attachment comes back to the octet, under any name" {
	python3 "$judge" attachments
}

@test "message: an encoding that was asked for is exact or refused" {
	python3 "$judge" asked-for
}

@test "message: message/rfc822 is never encoded" {
	python3 "$judge" messages
}

@test "message: multiparts in multiparts, up to the limit" {
	python3 "$judge" nested
}

@test "message: munpack takes the attachments out" {
	python3 "$judge" munpack
}

@test "message: uudecode takes the files out of the text" {
	python3 "$judge" uudecode
}

@test "draft: what is fit stays as it is, Bcc goes" {
	python3 "$judge" draft-unchanged
}

@test "draft: any body can be sent" {
	python3 "$judge" draft-bodies
}

@test "draft: raw and overlong header values are encoded" {
	python3 "$judge" draft-headers
}

@test "draft: with no header or no blank line nothing is lost" {
	python3 "$judge" draft-shapes
}

@test "draft: parts that are unfit are encoded anew, each for itself" {
	python3 "$judge" draft-parts
}

@test "draft: boundaries that lie or never end" {
	python3 "$judge" draft-lies
}

@test "draft: encoded parts with long lines decode to the same" {
	python3 "$judge" draft-encoded
}

@test "draft: whatever comes in, what goes out is fit and stable" {
	python3 "$judge" draft-random
}
