#!/usr/bin/env bats
# status.bats - each cause of a failure by a real command: the exit status that
# the pages have for it, and a sentence that names what is wrong.

# helper.bash sets what is used here; a test is a shell of its own
# shellcheck disable=SC2154,SC2030,SC2031,SC2094,SC2016
load helper

# ends STATUS WORD PROGRAM ARGUMENT... <INPUT - the status, the word, and the
# page of the program has that status.
ends() {
	local wanted=$1 word=$2 page=$3.1

	run --separate-stderr "${MAILSEND%mailsend}$3" "${@:4}"
	show
	[ "$status" -eq "$wanted" ] || return 1
	says "$word" || return 1
	grep -qxF ".It $wanted" "$root/man/$page"
}

# conf LINE... - the configuration.
conf() {
	printf '%s\n' "$@" >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
}

# A server at a port where nobody listens, and no queue.
conf_nobody() {
	conf 'host localhost' 'port 1' 'tls off' 'from me@example.org' \
		'queue never' "$@"
}

kept() {
	[ -s "$home/dead.letter" ]
}

waiting() {
	find "$MAILSEND_QUEUE/env" -type f 2>/dev/null | wc -l
}

# serve_tls [OPTION...] - a good server that has implicit TLS: $port
# and $ca.
serve_tls() {
	local line

	mkfifo ready
	python3 "$root/tests/peer/peer" --serve --tls implicit --auth '' \
		"$@" >ready 2>peer.log 3>&- &
	peer=$!
	while IFS= read -r line; do
		case $line in
		PEER_PORT=*) port=${line#*=} ;;
		PEER_CA=*) ca=${line#*=} ;;
		ready) break ;;
		esac
	done <ready
	[ -n "$port" ]
}

teardown() {
	[ -z "${peer:-}" ] || kill "$peer"
}

# broken LIBRARY - a file of that name that is no library, found first.
broken() {
	mkdir -p broken
	echo 'no library' >"broken/$1"
	export LD_LIBRARY_PATH=$PWD/broken
}

# ---- the pages ----

# rows PAGE - "STATUS WORDS" of its list of exit statuses, one a line.
rows() {
	python - "$root/man/$1" <<-'END'
	import re, sys
	text = open(sys.argv[1]).read()
	part = text.split(".Sh EXIT STATUS\n")[1].split("\n.Sh ")[0]
	for row in part.split("\n.It ")[1:]:
	    words = re.sub(r"\n\.(El|Pp|It)\b[^\n]*", "", row).split()
	    print(" ".join(words))
	END
}

@test "the pages have the statuses of the table, in its words" {
	local page code name meaning count=0

	"${B:-$root/build}/unit/fault_table" | grep -v ' -$' >table
	for page in mailsend.1 mailget.1 mailjoin.1 mailsend-mailq.1 sendmail.8; do
		rows "$page" >rows
		while read -r code meaning; do
			[[ $code -ge 64 ]] || continue
			name=$(sed -n "s/^$code [^ ]* //p" table)
			echo "$page $code: $meaning"
			[[ -n $name && $meaning == "$name"* ]]
			count=$((count + 1))
		done <rows
	done
	[ "$count" -gt 40 ]
	diff <(grep -v '^0 ' table | cut -d' ' -f1) \
		<(rows mailsend.1 | grep -v '^0 ' | cut -d' ' -f1)
}

# ---- the configuration ----

@test "78: a configuration that is missing, a directory, unreadable" {
	ends 78 /nowhere/conf mailsend --config /nowhere/conf ann@example.org </dev/null
	ends 78 directory mailsend --config "$home" ann@example.org </dev/null
	MAILSEND_CONFIG=$home/none
	ends 78 "$home/none" mailsend ann@example.org </dev/null
	ends 78 "$home/none" mailget "pop3://me@localhost:1" list
	ends 78 "$home/none" mailjoin "pop3://me@localhost:1"
}

@test "78: a configuration that we may not read" {
	[ "$(id -u)" -eq 0 ] || skip 'only root can make such a file for others'
	command -v setpriv >/dev/null || skip 'no setpriv'
	local copy=$BATS_TEST_TMPDIR/mailsend

	cp "${MAILSEND##* }" "$copy"
	conf 'host localhost'
	chmod 755 . .. "$copy"
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$copy" --config "$MAILSEND_CONFIG" ann@example.org </dev/null
	show
	[ "$status" -eq 78 ]
	says 'permission denied'
}

@test "78: a sender that is none, with file and line" {
	conf 'host localhost' 'from bad@'
	ends 78 "$MAILSEND_CONFIG:2" mailsend ann@example.org </dev/null
	conf 'host localhost' 'from %U@bad@example.org'
	ends 78 "$MAILSEND_CONFIG:2" mailsend ann@example.org </dev/null
	conf 'host localhost'
	ends 64 bad@ mailsend --from bad@ ann@example.org </dev/null
}

@test "78: an address to come from that is not ours, in --check too" {
	conf_nobody 'source_ip 192.0.2.77'
	ends 78 192.0.2.77 mailsend ann@example.org <<<text
	run --separate-stderr mailsend --check
	show
	[ "$status" -eq 78 ]
	[[ $output == *192.0.2.77*'Do:'*source_ip* ]]
	# ours, but of the other family
	conf 'host 127.0.0.1' 'port 1' 'tls off' 'from me@example.org' \
		'queue never' 'source_ip ::1'
	ends 78 'source_ip ::1' mailsend ann@example.org <<<text
	run --separate-stderr mailsend --check
	show
	[ "$status" -eq 78 ]
}

@test "a wrong line in an account that is not used stops nobody" {
	conf 'account default' 'maildir ~/Maildir' \
		'account other' 'host smtp://u@h' 'account heir : other'
	send -s hello alice <<<text
	[ "$status" -eq 0 ]
	[ "$(delivered)" -eq 1 ]
	says "$MAILSEND_CONFIG:4"
	says 'account other'
	rm -r "$home/Maildir"
	refused 78 "$MAILSEND_CONFIG:4" --account other alice <<<text
	refused 78 "$MAILSEND_CONFIG:4" --account heir alice <<<text
}

@test "settings above defaults make an account, and that is said" {
	conf 'timeout 5' 'defaults' 'maildir ~/Maildir'
	send -s hello alice <<<text
	[ "$status" -eq 0 ]
	says 'account of their own'
	says "$MAILSEND_CONFIG:2"
	rm -r "$home/Maildir"
	conf 'timeout 5' 'account default' 'maildir ~/Maildir'
	refused 78 'above the first account line' alice <<<text
}

# ---- libraries ----

@test "69: without libcurl, with the package's name; the mail is kept" {
	broken libcurl.so.4
	conf_nobody 'queue auto'
	ends 69 libcurl4 mailsend -s hello ann@example.org <<<text
	kept
	[ "$(waiting)" -eq 0 ]
	export SECRET=secret
	ends 69 libcurl4 mailget --tls off --set password_env=SECRET \
		'pop3://me@localhost:1' list
	ends 69 libcurl4 mailjoin --tls off --set password_env=SECRET \
		'pop3://me@localhost:1'
}

@test "what waits already stays where it is without libcurl" {
	conf_nobody 'queue auto'
	send --queue=only -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(waiting)" -gt 0 ]
	broken libcurl.so.4
	send --flush
	[ "$(waiting)" -gt 0 ]
	says libcurl4
	send --mailq
	[[ $output == *ann@example.org* ]]
}

@test "69: a libcurl that is too old to be safe" {
	mkdir old
	# the functions that we use, and a version from before 7.79
	cat >old.c <<-'END'
	static const struct { int age; const char *version; unsigned num; }
		info = { 9, "7.74.0", 0x074A00 };
	const void *curl_version_info(int v) { (void)v; return &info; }
	int curl_global_init(long flags) { (void)flags; return 0; }
	#define NONE(name) void name(void) { __builtin_trap(); }
	NONE(curl_easy_init) NONE(curl_easy_setopt) NONE(curl_easy_getinfo)
	NONE(curl_easy_perform) NONE(curl_easy_send) NONE(curl_easy_recv)
	NONE(curl_easy_cleanup) NONE(curl_easy_strerror)
	NONE(curl_slist_append) NONE(curl_slist_free_all)
	END
	cc -shared -fPIC -o old/libcurl.so.4 old.c
	export LD_LIBRARY_PATH=$PWD/old
	conf_nobody 'queue auto'
	ends 69 7.74.0 mailsend -s hello ann@example.org <<<text
	says 7.79
	kept
}

@test "69: other libraries, by their packages' names" {
	conf_nobody
	broken libidn2.so.0
	ends 69 libidn2-0 mailsend ann@bücher.example <<<text
	broken libz.so.1
	echo data >file
	ends 69 zlib1g mailsend --compress gzip -a file ann@example.org <<<text
}

@test "75: descriptors that ran out while a library was loaded" {
	conf_nobody
	# as many as are needed up to there, and none for the library
	run --separate-stderr bash -c 'ulimit -n 6; exec "$0" "$@"' "$MAILSEND" \
		-s hello ann@example.org <<<text
	show
	[ "$status" -eq 75 ]
}

# ---- what is used up ----

@test "75: whichever descriptor is the one too many, with TLS" {
	local n count=0

	export ASAN_OPTIONS=detect_leaks=0 # which wants descriptors too
	serve_tls
	conf 'host localhost' "port $port" 'tls on' 'tls_starttls off' \
		"tls_trust_file $ca" 'from me@example.org' 'queue never'
	for ((n = 3; n < 24; n++)); do
		status=0
		bash -c "ulimit -n $n; exec \"\$@\"" - "$MAILSEND" \
			-s hello ann@example.org <<<text >out 2>&1 || status=$?
		echo "$n: $status: $(<out)"
		# below that the loader has none for libc
		[[ $status -ne 127 ]] || continue
		[[ $status -eq 0 || $status -eq 75 ]]
		[[ $status -ne 75 ]] || count=$((count + 1))
	done
	[ "$status" -eq 0 ]
	[ "$count" -gt 2 ]
}

# full WHERE N COMMAND... - the N-th change below the folder finds a full disk.
full() {
	local lib=${B:-$root/build}/queue/full.so

	[ -e "$lib" ] || make -s -C "$root" B="${B:-build}" "$lib" >&2
	head -c 64 /dev/zero >full.state
	LD_PRELOAD=$lib FULL_STATE=$PWD/full.state FULL_BELOW=$1 FULL_AT=$2 \
		FULL_ERRNO=28 FULL_STAYS=1 "${@:3}"
}

@test "a series whose record cannot be written tells no fewer than went" {
	local n port='' ca='' went arrived unwritten=0

	! grep -q libasan "${MAILSEND##* }" ||
		skip 'a sanitizer has to be the first library'
	mkdir -p box "$home/.local/state/mailsend/series"
	chmod 700 "$home/.local/state/mailsend/series"
	serve_tls --maildir "$PWD/box"
	conf 'host localhost' "port $port" 'tls on' 'tls_starttls off' \
		"tls_trust_file $ca" 'from me@example.org' 'queue never'
	echo a >a
	echo b >b
	for ((n = 1; n < 40; n++)); do
		freeze "seed=$n"
		rm -rf box/new
		mkdir -p box/new
		status=0
		full "$home/.local/state/mailsend/series" "$n" "$MAILSEND" \
			--each a --each b -s x ann@example.org >out 2>err ||
			status=$?
		arrived=$(find box/new -type f | wc -l)
		echo "$n: $status, $arrived arrived: $(<out) $(<err)"
		went=$(sed -n 's/.* \([0-9]\) of 2 mails sent.*/\1/p' err)
		[ "${went:-0}" -ge "$arrived" ] || [ "$status" -eq 0 ]
		[[ $status -eq 0 || $status -eq 75 ]]
		unwritten=$((unwritten + (arrived > 0 && status != 0)))
		# with a word it goes without any record from the beginning
		[ "$status" -ne 0 ] || [ -s err ] || break
	done
	[ "$status" -eq 0 ]
	[ "$unwritten" -gt 0 ]
}

@test "75: a full disk, whatever is written to it" {
	[ -c /dev/full ] || skip 'no /dev/full'
	conf 'from me@example.org' 'queue auto'
	printf 'From: a@example.org\nSubject: x\n\ntext\n' >mail
	local command

	for command in "mailsend --print alice" "mailsend --mailq --json" \
		"mailsend --show-config" "mailsend --help" "mailsend --json alice" \
		"mailget mail show 1" "mailget mail list" "mailget mail list --json" \
		"mailget --help" "mailjoin --json mail" "mailjoin --help"; do
		status=0
		# shellcheck disable=SC2086 # words, on purpose
		"${MAILSEND%mailsend}"$command <mail >/dev/full 2>err || status=$?
		echo "$command: $status: $(<err)"
		case $command in
		# its mail went, and that is what counts
		'mailsend --json'*) [ "$status" -eq 0 ] ;;
		*) [ "$status" -eq 75 ] ;;
		esac
		[ -s err ]
	done
}

@test "66: a message that is not there" {
	printf 'From: a@example.org\nSubject: x\n\ntext\n' >mail
	ends 66 999 mailget mail show 999
	ends 66 9 mailget mail delete 9 --yes
	ends 66 9 mailget mail fetch "$PWD/out" 9
	ends 64 nonsense mailget mail show nonsense
}

# ---- the queue ----

@test "what waits in a queue that nothing runs: what to do, in the same line" {
	conf_nobody 'queue auto'
	send -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	[ "$(grep -c . <<<"$stderr")" -eq 1 ]
	says --setup-queue
	[[ $stderr != *'will be retried'* ]]
	# on purpose: told once a day
	rm -r "$MAILSEND_QUEUE"
	send --queue=only -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	says --setup-queue
	send --queue=only -s hello ann@example.org <<<text
	[ -z "$stderr" ]
	send --queue=background -s hello ann@example.org <<<text
	[[ $stderr != *--setup-queue* ]]
	for file in a b; do echo "$file" >"$file"; done
	send --each a --each b -s hello ann@example.org
	[ "$(grep -c -e --setup-queue <<<"$stderr")" -eq 1 ]
}

@test "a queue that a timer runs: nothing of that, until it is a week ago" {
	conf_nobody 'queue auto'
	# before there is any queue, as on a new machine
	send --flush --due
	send -s hello ann@example.org <<<text
	[ "$status" -eq 0 ]
	says 'will be retried'
	[[ $stderr != *--setup-queue* ]]
	send --queue=only -s hello ann@example.org <<<text
	[ -z "$stderr" ]
	freeze 'clock=1700700000'
	send -s hello ann@example.org <<<text
	says --setup-queue
}
