#!/usr/bin/env bats
# secrets.bats - every command that logs in, with every way to tell of it: the
# password is nowhere in what it says, writes or runs, be it plain or in base64.
# shellcheck disable=SC2154,SC2034 # the helper sets and uses them

load helper

setup() {
	servers_setup
	submission "$MAIL_PORT_SUBMISSION" "logfile $PWD/log"
	export MAILSEND_QUEUE=$BATS_TEST_TMPDIR/queue
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	mkdir -p "$MAILSEND_QUEUE" told
	count=0
}

teardown() {
	unwatch
}

# begin_watch, unwatch - between them all that runs is seen in the file argv:
# nothing of the test's own may be called with the secret.
begin_watch() {
	watch &
	watcher=$!
	until_true test -s argv
}

unwatch() {
	[[ -z ${watcher-} ]] || kill "$watcher"
	watcher=
}

# watch - what all processes were called with, while it is there.
watch() {
	exec python3 - <<-'END' 3>&-
		import glob, time
		seen = set()
		with open("argv", "wb", buffering=0) as out:
		    while True:
		        for name in glob.glob("/proc/[0-9]*/cmdline"):
		            try:
		                line = open(name, "rb").read()
		            except OSError:
		                continue
		            if line not in seen:
		                seen.add(line)
		                out.write(line + b"\n")
		        time.sleep(0.001)
	END
}

# tells PROGRAM ARG... - run it; what it tells is kept below told/.
tells() {
	local program=$1

	shift
	count=$((count + 1))
	status=0
	"${MAILSEND%mailsend}$program" --config "$CONFIG" "$@" \
		>"told/$count.out" 2>"told/$count.err" || status=$?
	echo "status $status: $program $*" >&2
	cat "told/$count".* >&2
}

# kept_secret PASSWORD - in no file of these, in no form.
kept_secret() {
	unwatch
	python3 - "$1" "$HOME" "$MAILSEND_QUEUE" "$XDG_STATE_HOME" \
		told log argv <<-'END'
		import base64, os, re, sys, urllib.parse
		secret, found = sys.argv[1].encode(), []
		def files(path):
		    if os.path.isfile(path):
		        yield path
		    for folder, _, names in os.walk(path):
		        for name in names:
		            yield os.path.join(folder, name)
		def forms(data):
		    yield data
		    yield urllib.parse.unquote_to_bytes(data)
		    for word in re.findall(rb"[A-Za-z0-9+/_-]{8,}", data):
		        word = word.replace(b"-", b"+").replace(b"_", b"/")
		        for skip in range(4):
		            text = word[skip:]
		            text = text[:len(text) // 4 * 4 + (0, 0, 2, 3)[len(text) % 4]]
		            yield base64.b64decode(text + b"=" * (-len(text) % 4))
		# the judge itself sees it where it is
		probe = base64.b64encode(b"\0alice\0" + secret)
		assert any(secret in form for form in forms(b"AUTH PLAIN " + probe))
		looked = 0
		for path in sys.argv[2:]:
		    for name in files(path):
		        data = open(name, "rb").read()
		        looked += len(data)
		        if any(secret in form for form in forms(data)):
		            found.append(name)
		assert looked > 1000, "there was nothing to look at"
		assert b"mailsend\0" in open("argv", "rb").read(), "nothing was watched"
		sys.exit("the password is in " + ", ".join(found) if found else 0)
	END
}

every_command() {
	local url

	tells mailsend -v --transcript=told/send -s hello alice@example.test \
		</etc/hostname
	[[ $status == 0 ]]
	tells mailsend --json -s hello bob@example.test nobody@example.test \
		</etc/hostname
	exits "$EXIT_SOME_REFUSED"
	tells mailsend --set queue=only -v -s later bob@example.test \
		</etc/hostname
	[[ $status == 0 ]]
	tells mailsend --show-config
	[[ $status == 0 ]]
	tells mailsend --explain -s hello bob@example.test </etc/hostname
	[[ $status == 0 ]]
	tells mailsend --explain --json -s hello bob@example.test </etc/hostname
	[[ $status == 0 ]]
	for option in -v --json --nagios --transcript=told/check; do
		tells mailsend --check "$option" bob@example.test
		[[ $status == 0 ]]
	done
	tells mailsend --talk --transcript=told/talk <<-'END'
		NOOP
		QUIT
	END
	[[ $status == 0 ]]
	for method in plain login cram-md5 digest-md5 scram-sha-256; do
		tells mailsend --talk --no-auth --transcript=told/hand <<-END
			\\auth $method
			QUIT
		END
		[[ $status == 0 ]]
	done
	settle
	for url in "imaps://alice@$MAIL_HOST" "pop3s://alice@$MAIL_HOST"; do
		tells mailsend -v --transcript=told/round --roundtrip "$url" \
			alice@example.test
		[[ $status == 0 ]]
		tells mailsend --json --roundtrip "$url" alice@example.test
		[[ $status == 0 ]]
		tells mailget -v "$url"
		[[ $status == 0 ]]
		tells mailget --talk "$url" --transcript=told/get <<-'END'
			NOOP
		END
		tells mailget --talk "$url" --no-auth --transcript=told/get <<-'END'
			\auth plain
		END
		[[ $status == 0 ]]
	done
}

@test "the password is nowhere to be read" {
	begin_watch
	every_command
	kept_secret "$(password alice)"
}

# The server's answer may repeat what was said, the account may be refused.
@test "nor is one that is refused" {
	sed -i 's/^password .*/password not-the-one-1/' "$CONFIG"
	begin_watch
	tells mailsend -v --transcript=told/send -s hello bob@example.test \
		</etc/hostname
	tells mailsend --check -v bob@example.test
	exits "$EXIT_LOGIN"
	tells mailsend --check --json bob@example.test
	exits "$EXIT_LOGIN"
	tells mailsend --talk --no-auth --transcript=told/talk <<-'END'
		\auth plain
		AUTH LOGIN
		bm90LXRoZS1vbmUtMQ==
		bm90LXRoZS1vbmUtMQ==
	END
	tells mailget -v "imaps://alice@$MAIL_HOST"
	tells mailget -v "pop3s://alice@$MAIL_HOST"
	kept_secret not-the-one-1
}

@test "--setup: in the one file that is to have it, and nobody else's" {
	local file

	# kept in a file; the configuration written; a mail for a trial; no cron
	printf '%s\n' alice file "$(password alice)" yes yes no >answers
	status=0
	begin_watch
	"$MAILSEND" --setup alice@example.test --set "host=$MAIL_HOST" \
		--set "port=$MAIL_PORT_SUBMISSION" --set tls_starttls=on \
		--set "tls_trust_file=$MAIL_CA" -v <answers >told/out \
		2>told/err || status=$?
	cat told/out told/err >&2
	exits 0
	unwatch
	file=$(grep -rlF -e "$(password alice)" "$HOME")
	[[ -n $file && $(wc -l <<<"$file") == 1 ]]
	[[ $(stat -c %a "$file") == 600 ]]
	rm "$file"
	kept_secret "$(password alice)"
}
