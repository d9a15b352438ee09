# sweep.bash - a command run again and again, each time with another of its
# system calls failing, or with a signal at it.  Real failures, by strace.
# shellcheck shell=bash disable=SC2154,SC2034

# what asks whether something is there, by any name that a libc has for it
looks='?access,?faccessat,?faccessat2,?stat,?lstat,?newfstatat,?statx'

# can_sweep - where tracing is not allowed there is nothing to be seen.  No
# sanitizer finds leaks in what is traced.
can_sweep() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	strace -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	# Stops at the calls that are looked at, and at no others.
	strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync true 2>/dev/null &&
		sweep_fast=yes || sweep_fast=
}

# sweep CALLS HOW PREPARE JUDGE COMMAND... - HOW is "error=EIO" or
# "signal=KILL".  For each call in turn: PREPARE, the command with the call
# failing, JUDGE, which sees $status, $output and $stderr, and $n.  Input comes
# from the file "input" where there is one.  Calls are counted in each process by
# itself.  With signals only the first one is looked at, unless $sweep_all is set.
sweep() {
	local calls=$1 how=$2 prepare=$3 judge=$4

	shift 4
	local tracer=(strace ${sweep_all:+-f})
	# strace injects no signals then
	[[ -z $sweep_fast || $how == signal=* ]] || tracer=(strace -f --seccomp-bpf)
	[ -e input ] || : >input
	for ((n = 1; n <= ${sweep_most:-400}; n++)); do
		"$prepare" || {
			echo "call $n: cannot prepare"
			return 1
		}
		status=0
		"${tracer[@]}" -qq -o trace -e "trace=$calls" \
			-e "inject=$calls:$how:when=$n" "$@" \
			<input >output.txt 2>stderr.txt 3>&- || status=$?
		# without a word about NUL
		{ output=$(<output.txt) stderr=$(<stderr.txt); } 2>/dev/null
		grep -qE 'INJECTED|^([0-9]+ +)?(---|\+\+\+) .*SIG(TERM|KILL|INT|HUP)' trace ||
			break
		"$judge" || {
			echo "call $n of $calls, $how: $(grep -m1 -aE 'INJECTED|SIG' trace)"
			show
			return 1
		}
	done
	echo "# $((n - 1)) runs of $calls with $how"
	[ "$n" -gt 1 ] || {
		echo "no call of $calls was made"
		return 1
	}
}
