#!/usr/bin/env bats
# Addresses, headers and dates against Python's email package, which shares
# nothing with the code under test.  MAIL_FILTER is the program built from
# tests/unit/mail_filter.c.

setup() {
	set +T # as untraced in helper.bash
	[ -x "$MAIL_FILTER" ] || {
		echo "MAIL_FILTER is not a program" >&2
		return 1
	}
	judge=$BATS_TEST_DIRNAME/mail_judge.py
}

@test "addresses: Python reads the names and mailboxes that were meant" {
	python3 "$judge" addresses
}

@test "addresses: any display name comes back, without defects" {
	python3 "$judge" names
}

@test "addresses: a list of thousands is folded between its entries" {
	python3 "$judge" long-list
}

@test "addresses: what Python's own writer makes is read" {
	python3 "$judge" foreign
}

@test "headers: any subject comes back, without defects" {
	python3 "$judge" subjects
}

@test "headers: structured fields come through as they are" {
	python3 "$judge" structured
}

@test "dates: mail's forms mean what Python says" {
	python3 "$judge" dates
}

@test "dates: ISO 8601 forms mean what Python says" {
	python3 "$judge" iso-dates
}
