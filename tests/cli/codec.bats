#!/usr/bin/env bats
# The codecs against other people's decoders: Python, OpenSSL, sharutils.
# CODEC_FILTER is the program built from tests/unit/codec_filter.c.

setup() {
	set +T # as untraced in helper.bash
	[ -x "$CODEC_FILTER" ] || {
		echo "CODEC_FILTER is not a program" >&2
		return 1
	}
	judge=$BATS_TEST_DIRNAME/codec_judge.py
	dir=$BATS_TEST_TMPDIR
}

million() {
	python3 -c 'import random, sys
random.seed(7)
sys.stdout.buffer.write(random.randbytes(1000003))'
}

@test "base64: Python decodes every size" {
	python3 "$judge" base64
}

@test "base64: OpenSSL decodes a million octets" {
	million >"$dir/in"
	"$CODEC_FILTER" base64 <"$dir/in" >"$dir/code"
	tr -d '\r' <"$dir/code" | openssl base64 -d | cmp - "$dir/in"
	"$CODEC_FILTER" base64 5 <"$dir/in" | cmp - "$dir/code"
}

@test "quoted-printable text: Python decodes every size" {
	python3 "$judge" qp
}

@test "quoted-printable binary: Python decodes every size" {
	python3 "$judge" qp-binary
}

@test "uuencode: Python decodes every size" {
	python3 "$judge" uu
}

@test "uuencode: uudecode takes it, sizes and a million octets" {
	command -v uudecode
	for n in 0 1 2 3 44 45 46 90 1000003; do
		million | head -c "$n" >"$dir/in"
		"$CODEC_FILTER" uu <"$dir/in" | tr -d '\r' >"$dir/code"
		uudecode -o "$dir/out" "$dir/code"
		cmp "$dir/in" "$dir/out"
		grep -qx 'begin 644 file.bin' "$dir/code"
	done
}

@test "base64, quoted-printable and uuencode of Python's are read back" {
	python3 "$judge" unbase64
	python3 "$judge" unqp
	python3 "$judge" unuu
}

@test "crlf and dot: Python reads back the same" {
	python3 "$judge" crlf
	python3 "$judge" dot
}

@test "encoded words: Python's header decoders read the text" {
	python3 "$judge" text
}

@test "display names: Python reads one mailbox with that name" {
	python3 "$judge" phrase
}

@test "parameters: Python reads the file name" {
	python3 "$judge" parameter
}

@test "fallback names are ASCII, as Unicode's decompositions say" {
	python3 "$judge" fallback
}
