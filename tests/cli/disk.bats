#!/usr/bin/env bats
# What is said of the disk is true: each call that a run makes fails in turn,
# or the run is killed at it, and the exit status is held against what lies
# there afterwards.
# shellcheck disable=SC2030,SC2031,SC2154 # bats runs each test in a shell of its own

load helper
load sweep

setup() {
	own_home config
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	freeze ''
}

# ---- a mail fails, and its sender is told ----

# a mail whose next try is the last one
failing_mail() {
	local try

	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	echo text | mailsend --set queue=only -s token-of-the-mail \
		bob@example.org 2>/dev/null || return 1
	for try in 1 2 3 4; do
		freeze "clock=$((1700000000 + try * 86400))"
		mailsend --flush 2>/dev/null || return 1
	done
	freeze 'clock=1701000000'
	rm -r home/Maildir # of the delay
	mv queue queue.before && mv home home.before
}

put_back() {
	rm -rf queue home && cp -a queue.before queue && cp -a home.before home
}

# It is in the queue, or a notice of it is there or at home.
nothing_vanished() {
	grep -rqs token-of-the-mail queue home/Maildir
}

@test "a mail that failed and its notice: whatever look fails, one of them stays" {
	can_sweep
	failing_mail
	sweep "$looks" error=EIO put_back nothing_vanished "$MAILSEND" --flush
	sweep "$looks" error=ENOMEM put_back nothing_vanished "$MAILSEND" --flush
}

# ---- a word that is a file, where there is one of that name ----

nothing() {
	rm -rf queue box
}

# Never taken for what it would be if there were no file.
no_other_sense() {
	[[ $stderr != *"no account"* && $stderr != *"comes after -a"* ]] &&
		! grep -qrs 'notes.txt@' queue
}

@test "a word that may be a file is not taken for another, whatever look fails" {
	can_sweep
	local error name
	for name in mailx mutt; do
		ln -s "$(realpath "${MAILSEND##* }")" "$name"
	done
	printf '%s\n' 'host 127.0.0.1' 'port 1' 'tls off' 'queue only' \
		'from me@example.org' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	touch report notes.txt a@b.txt
	for error in error=EIO error=ENOMEM; do
		sweep "$looks" $error nothing no_other_sense ./mailx -A report \
			-s x a@example.org
		sweep "$looks" $error nothing no_other_sense "$MAILSEND" -s x \
			notes.txt a@example.org
		sweep "$looks" $error nothing no_other_sense ./mutt -s x \
			-a report a@b.txt -- a@example.org
	done
}

# ---- an mbox is rewritten ----

box() {
	local i

	for i in 1 2 3; do
		printf 'From a@x Sun Nov 22 05:3%d:00 2026\nSubject: %d\n\ntext\n\n' $i $i
	done
}

new_box() {
	rm -rf spool && mkdir spool && box >spool/box
}

# No lock and nothing half-written beside it.
alone() {
	[ "$(ls -A spool)" = box ] || {
		ls -A spool
		return 1
	}
}

# All three are there, or the second is gone.
whole_box() {
	local subjects

	subjects=$(grep ^Subject spool/box | tr -dc 123)
	[ "$subjects" = 123 ] || [ "$subjects" = 13 ]
}

mailget() {
	"${MAILSEND%mailsend}mailget" "$@"
}

# The next one who deletes is not held up, and tidies.
next_goes_on() {
	whole_box && mailget --yes spool/box delete 1 && alone
}

@test "an mbox that is rewritten: killed anywhere, the next run goes on" {
	can_sweep
	unset MAILSEND_FROZEN
	sweep 'openat,link,linkat,rename,renameat,write,fsync,fchmod,unlink,close,flock' \
		signal=KILL new_box next_goes_on \
		"${MAILSEND%mailsend}mailget" --yes spool/box delete 2
}

# By the signal, or before it came.
ended_cleanly() {
	case $status in 0 | $((128 + $(kill -l "$signal")))) ;; *) return 1 ;; esac
	whole_box && alone
}

@test "an mbox that is rewritten: a signal anywhere leaves no lock" {
	local signal

	can_sweep
	unset MAILSEND_FROZEN
	for signal in TERM INT HUP; do
		sweep 'openat,link,linkat,rename,renameat,write,fsync,fchmod,unlink,close,flock' \
			"signal=$signal" new_box ended_cleanly env \
			--default-signal=INT,TERM,HUP \
			"${MAILSEND%mailsend}mailget" --yes spool/box delete 2
	done
}

# lock_of AGE CONTENT [NAME] - somebody's, on an mbox of its own
lock_of() {
	box >"spool/${3:-box}"
	printf '%s' "$2" >"spool/${3:-box}.lock"
	touch -d "@$(($(date +%s) - $1))" "spool/${3:-box}.lock"
}

taken_over() {
	mailget --yes spool/box delete 2
	[ "$(grep ^Subject spool/box | tr -dc 123)" = 13 ]
	alone
}

@test "an mbox's lock: taken over when its owner is gone" {
	local node gone

	unset MAILSEND_FROZEN
	mkdir spool
	node=$(uname -n)
	sh -c 'exit 0' &
	gone=$!
	wait $gone
	# of a process that is gone
	lock_of 0 "$gone:$node"
	taken_over
	# nobody can be asked: by its age
	lock_of 100000 ''
	taken_over
	lock_of 100000 "$gone:elsewhere"
	taken_over
	# the number is somebody else's by now
	lock_of 200000 "$$:$node"
	taken_over
}

@test "an mbox's lock: respected while somebody may be behind it" {
	local node i pids=() owners

	unset MAILSEND_FROZEN
	mkdir spool
	node=$(uname -n)
	owners=("500 " "500 0" "500 999999999:elsewhere" "500 999999999"
		"5000 $$:$node" "300000 ")
	for i in "${!owners[@]}"; do
		lock_of "${owners[i]%% *}" "${owners[i]#* }" "$i"
	done
	exec 7<"spool/$i.lock" # of the last, which is old
	flock 7
	for i in "${!owners[@]}"; do
		mailget --yes "spool/$i" delete 2 2>"err$i" 3>&- 7<&- &
		pids+=($!)
	done
	for i in "${!owners[@]}"; do
		status=0
		wait "${pids[i]}" || status=$?
		cat "err$i"
		[ "$status" -eq 75 ]
		grep -q "spool/$i.lock" "err$i"
		[ -e "spool/$i.lock" ]
		[ "$(grep ^Subject "spool/$i" | tr -dc 123)" = 123 ]
	done
	exec 7<&-
	mailget --yes "spool/$i" delete 2
	[ ! -e "spool/$i.lock" ]
}

@test "an mbox's lock: of many who find it abandoned, one at a time goes on" {
	local i pids=()

	unset MAILSEND_FROZEN
	new_box
	for i in 1 2 3 4 5 6 7 8; do box; done >spool/box
	printf '%s' "999999999:$(uname -n)" >spool/box.lock
	touch -d '3 days ago' spool/box.lock
	for i in 1 2 3 4 5 6; do
		mailget --yes spool/box delete "$i" 2>/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || :; done
	alone
	# as many are gone as said so: each saw the box as it was, or gave up
	[ "$(grep -c ^Subject spool/box)" -ge 18 ]
	[ "$(grep -c ^Subject spool/box)" -lt 24 ]
}

# ---- mail is read ----

# a Maildir and a folder of files, four messages each
four() {
	local i

	mkdir -p maildir/new maildir/cur maildir/tmp folder
	for i in 1 2; do
		printf 'Subject: %d\n\ntext\n' $i >"maildir/new/$i.x"
		printf 'Subject: %d\n\ntext\n' $((i + 2)) >"maildir/cur/$((i + 2)).x:2,S"
	done
	for i in 1 2 3 4; do
		printf 'Subject: %d\n\ntext\n' $i >"folder/$i.eml"
	done
}

fresh_kept() {
	rm -rf kept
}

# Status 0 says: all four of them.
all_or_told() {
	[ "$status" -ne 0 ] && [ -n "$stderr" ] && return 0
	if [ -n "$fetching" ]; then
		[ "$(find kept -type f -size +0 -not -path '*/.*' | wc -l)" -eq 4 ]
	else
		[ "$(wc -l <<<"$output")" -eq 4 ]
	fi
}

@test "reading a Maildir or a folder: exit 0 is said of all messages alone" {
	can_sweep
	local get=${MAILSEND%mailsend}mailget box calls

	four
	for box in maildir folder; do
		for calls in "$looks" '?getdents64,?getdents' '?openat,?open' '?read,?pread64'; do
			fetching=
			sweep "$calls" error=EIO fresh_kept all_or_told "$get" $box list
			fetching=yes
			sweep "$calls" error=EIO fresh_kept all_or_told "$get" $box fetch kept
			sweep "$calls" error=EIO fresh_kept all_or_told "$get" \
				--maildir $box fetch kept
		done
	done
}

# broken PATH CALLS COMMAND... - each of these calls on the path fails.
broken() {
	local path=$1 calls=$2

	shift 2
	run --separate-stderr strace -qq -o trace -P "$path" -P "$PWD/$path" \
		-e "trace=$calls" \
		-e "inject=$calls:error=EIO" "$@"
	show
	grep -q INJECTED trace
}

@test "a message that cannot be read: named, the others come, and it stays" {
	can_sweep
	local get=${MAILSEND%mailsend}mailget calls

	four
	for calls in '?openat,?open' '?read,?pread64'; do
		broken folder/2.eml "$calls" "$get" folder list
		[ "$status" -eq 74 ]
		says 2.eml
		[ "$(wc -l <<<"$output")" -eq 3 ]
		rm -rf kept
		broken maildir/cur/3.x:2,S "$calls" "$get" --new maildir fetch kept
		[ "$status" -eq 74 ]
		says 3.x
		[ "$(find kept -type f | wc -l)" -eq 3 ]
		# what was not read was not noted as taken
		"$get" --new maildir fetch kept
		[ "$(find kept -type f | wc -l)" -eq 4 ]
		rm -r "$XDG_STATE_HOME"
	done
	[ -e folder/2.eml ]
	[ -e maildir/cur/3.x:2,S ]
}

@test "a message that is no file, or gone by now, is no failure" {
	four
	ln -s nowhere folder/5.eml
	mkfifo maildir/cur/5.x:2,S
	mailget folder list >lines
	[ "$(wc -l <lines)" -eq 4 ]
	mailget maildir list >lines
	[ "$(wc -l <lines)" -eq 4 ]
}

# ---- a series ----

fresh_series() {
	rm -rf state home/Maildir
}

arrived() {
	find home/Maildir/new -type f 2>/dev/null | wc -l
}

# What is said to have gone is what has arrived, and what is said to be resumed
# can be: then all of it is there.
series_is_true() {
	local said id

	[ "$status" -eq 0 ] && [ "$(arrived)" -lt 4 ] && return 1
	if [[ $stderr =~ ([0-9]+)\ of\ ([0-9]+)\ (parts|mails)\ sent ]]; then
		said=${BASH_REMATCH[1]}
		[ "$said" -eq "$(arrived)" ] || {
			echo "$said said, $(arrived) arrived"
			return 1
		}
		[[ $stderr =~ --resume\ ([0-9a-f]+) ]] || return 1
		id=${BASH_REMATCH[1]}
		mailsend --resume "$id" <input 2>err || {
			cat err
			return 1
		}
		[ "$(arrived)" -ge 4 ] || return 1
	fi
	[ "$status" -ne 0 ] || [[ $stderr != *'mails sent'* ]]
}

@test "a series: how many went is true whatever fails, and what is told can be resumed" {
	can_sweep
	printf '%s\n' 'from me@example.org' "maildir $home/Maildir" \
		'queue never' 'dead_letter off' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	head -c 60000 /dev/urandom >big.bin
	for i in 1 2 3 4; do echo $i >"file$i"; done
	for calls in fsync write rename '?mkdir,?mkdirat'; do
		sweep "$calls" error=EIO fresh_series series_is_true \
			"$MAILSEND" --split 20k -s split -a big.bin alice
		sweep "$calls" error=EIO fresh_series series_is_true \
			"$MAILSEND" --each file1 file2 file3 file4 -s each alice
	done
}

# Killed: what is there can be resumed, or says that nothing of it was sent.
series_is_there() {
	local folder

	for folder in state/mailsend/series/*/; do
		[ -e "$folder" ] || continue
		if ! mailsend --resume "$(basename "$folder")" <input 2>err; then
			grep -q 'nothing of series' err || {
				cat err
				return 1
			}
			[ "$(arrived)" -eq 0 ] || return 1
		fi
	done
}

@test "a series that is killed as it begins: what is there can be read" {
	can_sweep
	printf '%s\n' 'from me@example.org' "maildir $home/Maildir" \
		'queue never' 'dead_letter off' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	head -c 40000 /dev/urandom >big.bin
	sweep_most=60 sweep 'openat,mkdir,rename,write,fsync' signal=KILL \
		fresh_series series_is_there \
		"$MAILSEND" --split 20k -s split -a big.bin alice
}

# ---- files are joined ----

join_prepare() {
	head -c 30000 /dev/urandom >file.bin
	python "$root/tests/cli/join_parts.py" parts file.bin 9000 parts
	mkdir box box/cur box/new box/tmp
	for i in parts/*; do cp "$i" "box/new/${i#*/}"; done
	mails=$(find box/new -type f | wc -l)
}

join_afresh() {
	rm -rf out state maildir && mkdir out && cp -a box maildir
}

# Status 0: the file is there whole, and with --delete the mails are gone; else
# whatever is under its name is whole, and what is lost of the mails lies in it.
joined_is_true() {
	local left

	left=$(find maildir -type f | wc -l)
	if [ -e out/file.bin ]; then
		cmp file.bin out/file.bin || return 1
	else
		[ "$status" -ne 0 ] || return 1
		[ "$left" -eq "$mails" ] || return 1
	fi
	[ "$status" -ne 0 ] || [ -n "$unsynced" ] || [ "$left" -eq 0 ] || return 1
	[ "$status" -eq 0 ] || [ "$status" -gt 128 ] || [ -n "$stderr" ] ||
		return 1
	# the next run ends it, and nothing lies about
	"$join" --delete -o out maildir >log 2>&1 || [ "$left" -eq 0 ] || {
		cat log
		return 1
	}
	cmp file.bin out/file.bin || return 1
	[ "$(ls -A out)" = file.bin ] || {
		ls -A out
		return 1
	}
}

@test "mailjoin: the status is true whatever fails, nothing is deleted that is not safe" {
	can_sweep
	local join=${MAILSEND%mailsend}mailjoin calls unsynced=

	unset MAILSEND_FROZEN
	join_prepare
	for calls in "$looks" '?getdents64,?getdents' 'rename,link,linkat,unlink,?rmdir' \
		'?mkdir,?mkdirat' 'write' 'flock' 'close'; do
		sweep "$calls" error=EIO join_afresh joined_is_true \
			"$join" --delete -o out maildir
	done
	unsynced=yes # then the mails stay, and a warning says so
	sweep fsync error=EIO join_afresh joined_is_true \
		"$join" --delete -o out maildir
	sweep 'write,?openat' error=ENOSPC join_afresh joined_is_true \
		"$join" --delete -o out maildir
}

@test "mailjoin: killed or ended anywhere, the next run ends it and leaves nothing" {
	can_sweep
	local join=${MAILSEND%mailsend}mailjoin unsynced=

	unset MAILSEND_FROZEN
	join_prepare
	for how in signal=KILL signal=TERM; do
		sweep 'write,fsync,rename,link,unlink,?rmdir,close' $how \
			join_afresh joined_is_true "$join" --delete -o out maildir
	done
}

# ---- messages are fetched and saved ----

# Status 0: all four; else what has a name is whole.  The next run fetches the
# rest and leaves nothing beside them.
fetched_is_true() {
	local file

	[ "$status" -ne 0 ] || [ "$(find kept -type f -name '*.eml' | wc -l)" -eq 4 ] ||
		return 1
	mailget folder fetch kept 2>log || {
		cat log
		return 1
	}
	for file in folder/*.eml; do
		cmp "$file" "kept/$(basename "$file").eml" || return 1
	done
	[ "$(find kept -type f | wc -l)" -eq 4 ] || {
		ls -A kept
		return 1
	}
}

@test "mailget fetch: whole files alone have names, and the next run leaves no others" {
	can_sweep
	local get=${MAILSEND%mailsend}mailget how

	four
	for how in error=EIO error=ENOSPC signal=KILL signal=TERM; do
		sweep 'write,fsync,rename,link,unlink,?mkdir,close' $how fresh_kept \
			fetched_is_true "$get" folder fetch kept
	done
}

saved_afresh() {
	rm -rf out && mkdir out && echo old >out/mail
}

# The old one or the new one, and the new one where the status says so.
saved_is_true() {
	if cmp -s out/mail folder/1.eml; then
		return 0
	fi
	[ "$(cat out/mail)" = old ] && [ "$status" -ne 0 ]
}

@test "mailget save: the file that is replaced is the old one or the new one" {
	can_sweep
	local get=${MAILSEND%mailsend}mailget how

	four
	for how in error=EIO error=ENOSPC signal=KILL signal=TERM; do
		sweep 'write,fsync,rename,link,unlink,fchmod,close' $how saved_afresh \
			saved_is_true "$get" --force folder/1.eml save 1 out/mail
	done
	# it is there whole, and a directory that cannot be synced is a warning
	rm -rf out && mkdir out
	run --separate-stderr strace -qq -o trace -e inject=fsync:error=EIO:when=2 \
		"$get" folder/1.eml save 1 out/mail
	[ "$status" -eq 0 ]
	says power
	cmp out/mail folder/1.eml
}
