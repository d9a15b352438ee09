#!/usr/bin/env bats
# Completion in bash, zsh and fish: the files that are made of the option
# tables, and what real shells make of them.

# shellcheck disable=SC2154 # helper.bash sets what is used here
load helper

names=(mailsend mailjoin mailget sendmail mailq newaliases mail mailx mutt
	neomutt msmtp)

setup_files() {
	local words name

	read -ra words <<<"$MAILSEND"
	programs=$(dirname "$(readlink -f "${words[-1]}")")
	files=$programs/completion
	export PATH=$programs:$PATH
	printf '%s\n' 'account work' 'host localhost' 'password never-shown' \
		'account my home : work' 'account me@example.org : work' \
		'account default : work' \
		'passwordeval touch evaluated' >"$MAILSEND_CONFIG"
	chmod 600 "$MAILSEND_CONFIG"
	printf '%s\n' 'alias robert robert@example.org' \
		'alias robin robin@example.org' 'alias odd:name x@example.org' >"$home/.mailrc"
	touch 'a file' "it's" 'plain.txt'
	mkdir 'a folder'
}

# typed SHELL LINE... - what the line is with a Tab, or with all that is offered
# for a last "*"; into $lines.
typed() {
	local shell=$1

	shift
	command -v "$shell" >/dev/null || skip "no $shell"
	[ "$shell" != bash ] || [ -e /usr/share/bash-completion/bash_completion ] ||
		skip 'no bash-completion'
	run python3 "$root/tests/cli/completion_shell.py" "$shell" "$files" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

# line NUMBER TEXT - without what a shell puts behind it.
line() {
	[ "${lines[$1]%"${lines[$1]##*[! ]}"}" = "$2" ] || {
		echo "line $1 is: ${lines[$1]}"
		return 1
	}
}

# both LINE RESULT... - the same in bash and zsh.
both() {
	local shell i asked=()

	for ((i = 1; i <= $#; i += 2)); do
		asked+=("${!i}")
	done
	for shell in bash zsh; do
		typed "$shell" "${asked[@]}"
		for ((i = 0; i < ${#asked[@]}; i++)); do
			line "$i" "${@:2 * i + 2:1}" || return 1
		done
	done
}

# fish_offers LINE - the words, into $output.
fish_offers() {
	command -v fish >/dev/null || skip 'no fish'
	mkdir -p data/fish/vendor_completions.d
	for name in "${names[@]}"; do
		ln -sf "$files/fish/$name" \
			"data/fish/vendor_completions.d/$name.fish"
	done
	XDG_DATA_DIRS=$PWD/data:/usr/share run fish -c \
		"complete -C \$argv[1]" "$1"
	echo "$output"
	[ "$status" -eq 0 ]
}

fish_words() {
	fish_offers "$1"
	output=$(cut -f 1 <<<"$output" | sort | paste -sd ' ')
}

@test "each row of each table is in the file of each shell, and nothing else" {
	setup_files
	for name in "${names[@]}"; do
		"$programs/$name" --help all >"$name.help"
	done
	python3 - "$files" "${names[@]}" <<-'END'
	import re, sys
	files, *names = sys.argv[1:]
	def forms(text, pattern, flags=re.M):
	    return set(" ".join(re.findall(pattern, text, flags)).split())
	for name in names:
	    rows = forms(open(name + ".help").read(),
	        r"^ {2,6}((?:-[^-], )*(?:-[^- ](?=[ \[\n])|--[a-z0-9-]+))")
	    rows = {row.rstrip(",") for row in rows}
	    assert len(rows) > 9 and "--version" in rows, (name, rows)
	    shells = {}
	    text = open(files + "/bash/" + name).read()
	    text = text.split("_mailsend_rows_" + name + "=(")[1].split("\n)")[0]
	    shells["bash"] = forms(text.replace("'\\''", "'"), r"^\t'([^|]*)\|")
	    text = open(files + "/zsh/" + name).read()
	    text = text.split("_mailsend_of_" + name + "()")[1].split("\n}")[0]
	    shells["zsh"] = {form.replace("\\", "") for form in forms(text,
	        r"^\t\t'!?(?:\([^)]*\))?\*?(-(?:\\.|[^\[\\])*?)(?:=-|=|\+|(?<=\w)-)?\[")}
	    text = "".join(row for row in open(files + "/fish/" + name)
	        if '"__mailsend_behind' not in row)
	    text = text.split(" -f\n", 1)[1]
	    shells["fish"] = {"--" + form for form in forms(text, r" -l '([^']*)'")} | {
	        "-" + form for form in forms(text, r" -[so] '([^']*)'")}
	    for shell, found in shells.items():
	        joined = {form for form in found
	            if len(form) > 2 and form[1] != "-" and form[:2] in rows}
	        assert found - joined == rows, (name, shell, found ^ rows)
	END
}

@test "every word that is offered for an option is one that it takes" {
	setup_files
	for name in "${names[@]}"; do
		sed -n "/^_mailsend_rows_$name=(/,/^)/s/^	'\([^|]*\)|\(value\|optional\)|words|\([^|]*\)|.*/\1|\3/p" \
			"$files/bash/$name" | while IFS='|' read -r forms list; do
			for word in $list; do
				form=${forms##* }
				case $form in --*) form=$form= ;; esac
				"$programs/$name" "$form$word" --version >out 2>err || {
					echo "$name $form$word"
					cat err
					exit 1
				}
			done
		done
	done
}

@test "the files are right for their shells" {
	setup_files
	for name in "${names[@]}"; do
		bash -n "$files/bash/$name"
		! command -v zsh >/dev/null || zsh -n "$files/zsh/$name"
		! command -v fish >/dev/null || fish -n "$files/fish/$name"
	done
}

@test "the accounts are listed without their secrets" {
	setup_files
	send --show-config=accounts
	[ "$status" -eq 0 ]
	[ "$output" = $'work\nmy home\nme@example.org\ndefault' ]
	[ ! -e evaluated ]
	send --config no-such --show-config=accounts
	[ "$status" -eq 78 ]
	refused 64 accounts --show-config=account
	refused 64 together --show-config=accounts --print
	echo 'hots x' >"$MAILSEND_CONFIG"
	refused 78 'hots' --show-config=accounts
}

@test "bash and zsh: options, and their values" {
	setup_files
	both 'mailsend --queu' 'mailsend --queue=' \
		'mailsend --queue=ne' 'mailsend --queue=never' \
		'mailsend --queue ne' 'mailsend --queue never' \
		'mailsend --tls=im' 'mailsend --tls=implicit' \
		'mailsend --set queue=ne' 'mailsend --set queue=never' \
		'mailsend --set dead_l' 'mailsend --set dead_letter=' \
		'mailsend --set=smtp' 'mailsend --set=smtp' \
		'mail --subj' 'mail --subject=' \
		'msmtp --read-r' 'msmtp --read-recipients' \
		'newaliases --acc' 'newaliases --account=' \
		'mailjoin --sta' 'mailjoin --stat' \
		'mailget x sa' 'mailget x save' \
		'mailget --raw x sa' 'mailget --raw x sa' \
		'neomutt --incl' 'neomutt --include='
}

@test "bash and zsh: what belongs to a command, behind it; what it excludes, not" {
	setup_files
	both 'mailsend --nag' 'mailsend --nag' \
		'mailsend --check --nag' 'mailsend --check --nagios' \
		'mailsend --du' 'mailsend --du' \
		'mailsend --flush --du' 'mailsend --flush --due' \
		'mailsend --flush --subj' 'mailsend --flush --subj' \
		'mailsend --check --flu' 'mailsend --check --flu' \
		'mailsend --json --nagi' 'mailsend --json --nagi' \
		'mailsend --mail' 'mailsend --mailq' \
		'mailsend -E --mail' 'mailsend -E --mail' \
		'mailsend --mailq --hol' 'mailsend --mailq --hold' \
		'mailsend --run --tim' 'mailsend --run --timeout=' \
		'mailsend --run --on=rec' 'mailsend --run --on=recovery' \
		'mailsend --run x@example.org -- mktem' 'mailsend --run x@example.org -- mktemp' \
		'mailq --hold --delet' 'mailq --hold --delet' \
		'mailq --crit-c' 'mailq --crit-c' \
		'mailq --check --crit-c' 'mailq --check --crit-count='
}

@test "bash and zsh: files with blanks and quotes" {
	setup_files
	both 'mailsend --body a\ fi' 'mailsend --body a\ file' \
		'mailsend --body=a\ fi' 'mailsend --body=a\ file' \
		'mailsend -a it' "mailsend -a it\\'s" \
		'mailsend --each plain.txt a\ fi' 'mailsend --each plain.txt a\ file' \
		'mutt -a pl' 'mutt -a plain.txt' \
		'mailjoin pla' 'mailjoin plain.txt'
}

@test "bash and zsh: accounts, addresses, ids" {
	setup_files
	mailsend --queue=only -s one ops@example.org </dev/null
	id=$(mailsend --mailq --json | json_of 'j[0]["id"]')
	both 'mailsend --account wor' 'mailsend --account work' \
		'mailsend --account my' 'mailsend --account my\ home' \
		'mailsend --account me@ex' 'mailsend --account me@example.org' \
		'mailsend --account=me@ex' 'mailsend --account=me@example.org' \
		'mailsend --login wor' 'mailsend --login work' \
		'mailget --account wor' 'mailget --account work' \
		'mailsend robe' 'mailsend robert' \
		'mailsend --cc robert,robi' 'mailsend --cc robert,robin' \
		"mailq --delete ${id:0:9}" "mailq --delete $id" \
		"mailsend --mailq --hold ${id:0:9}" "mailsend --mailq --hold $id" \
		"mailsend --flush ${id:0:9}" "mailsend --flush $id"
	typed bash 'mailsend --account "my' 'mailsend odd:na' 'mailsend --to=odd:na'
	line 0 'mailsend --account "my home"'
	line 1 'mailsend odd:name'
	line 2 'mailsend --to=odd:name'
	[ ! -e evaluated ]
}

@test "bash and zsh: another configuration is that of the accounts" {
	setup_files
	printf 'account elsewhere\nhost x\n' >'other conf'
	chmod 600 'other conf'
	both 'mailsend --config other\ conf --account els' \
		'mailsend --config other\ conf --account elsewhere'
}

@test "bash: all that is offered, and nothing that is refused or ignored" {
	setup_files
	typed bash 'sendmail -b*' 'mailx -*' 'mailsend --queue=*'
	line 0 'sendmail -bi -bm -bp -bs -bv'
	[[ ${lines[1]} == *' -S '* ]]
	[[ ${lines[1]} != *' -u '* ]]
	[[ ${lines[1]} != *' -N '* ]]
	line 2 'mailsend --queue=auto background never only'
}

@test "fish: options with their words, values, what belongs together" {
	setup_files
	fish_offers 'mailsend --qui'
	[ "$output" = $'--quiet\tprint errors only' ]
	fish_words 'mailsend --queue='
	[ "$output" = '--queue=auto --queue=background --queue=never --queue=only' ]
	fish_words 'mailsend --nag'
	[ -z "$output" ]
	fish_words 'mailsend --check --nag'
	[ "$output" = --nagios ]
	fish_words 'mailsend --flush --subj'
	[ -z "$output" ]
	fish_words 'mailsend --mailq --hol'
	[ "$output" = --hold ]
	fish_words 'mailsend --run --mis'
	[ "$output" = --missed ]
	fish_words 'mailsend --run x@example.org -- mktem'
	[ "$output" = mktemp ]
	fish_words 'mailsend --hol'
	[ -z "$output" ]
	fish_words 'mailq --hold --del'
	[ -z "$output" ]
	fish_words 'sendmail -b'
	[[ " $output " == *' -bp '* ]]
	fish_words 'mailx -'
	[[ " $output " == *' -S '* && " $output " != *' -u '* ]]
	fish_offers 'mailsend --inl'
	[[ $output == *"refers to as 'cid:NAME'; ;cid=ID"* ]]
	fish_words 'mailsend --set queue=n'
	[ "$output" = queue=never ]
	fish_words 'mailget x sa'
	[ "$output" = save ]
	fish_words 'mailget --account work x sa'
	[ "$output" = save ]
}

@test "fish: files, accounts, addresses, ids" {
	setup_files
	mailsend --queue=only -s one ops@example.org </dev/null
	id=$(mailsend --mailq --json | json_of 'j[0]["id"]')
	fish_offers 'mailsend --body a\ fi'
	[[ $output == 'a file'* || $output == 'a\ file'* ]]
	fish_words 'mailsend --account m'
	[ "$output" = 'me@example.org my home' ]
	fish_words 'mailsend --login w'
	[ "$output" = work ]
	fish_words 'mailsend rob'
	[ "$output" = 'robert robin' ]
	fish_words 'mailsend --cc robert,robi'
	[ "$output" = robert,robin ]
	fish_words "mailq --delete ${id:0:9}"
	[ "$output" = "$id" ]
	[ ! -e evaluated ]
}

@test "make install puts them where the shells look, and leaves others' alone" {
	setup_files
	to=$PWD/root
	mkdir -p "$to/usr/share/bash-completion/completions"
	echo theirs >"$to/usr/share/bash-completion/completions/mailq"
	install() { # TARGET
		make -C "$root" B="$programs" DESTDIR="$to" PREFIX=/usr MTA=1 \
			ZSH_DIR=share/zsh/site-functions "$1" -o all >make.out 2>&1
	}
	# what is built is not built again
	install install || { cat make.out; false; }
	for name in mailsend mailget mailjoin sendmail newaliases mail mailx; do
		cmp "$files/bash/$name" "$to/usr/share/bash-completion/completions/$name"
		cmp "$files/zsh/$name" "$to/usr/share/zsh/site-functions/_$name"
		cmp "$files/fish/$name" "$to/usr/share/fish/vendor_completions.d/$name.fish"
	done
	[ "$(cat "$to/usr/share/bash-completion/completions/mailq")" = theirs ]
	[ ! -e "$to/usr/share/bash-completion/completions/mutt" ]
	install uninstall
	[ "$(find "$to/usr/share" -path '*completion*' -type f)" = \
		"$to/usr/share/bash-completion/completions/mailq" ]
	[ -z "$(find "$to" -name '_*')" ]
}
