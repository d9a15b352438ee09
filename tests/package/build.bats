#!/usr/bin/env bats
# build.bats - the tarball and the packages as files: the same wherever they are
# made, and as Debian wants them.

load helper

digests() {
	(cd "$1" && sha256sum ./*.deb)
}

@test "the tarball is the same, from git or from itself, in another place" {
	cmp "$PACKAGE_FOLDER"/first/mailsend-*.tar.gz \
		"$PACKAGE_FOLDER"/other/a/b/*/build/mailsend-*.tar.gz
}

@test "the tarball has all that git has, and what is a program is one" {
	local -r tree=$(echo "$PACKAGE_FOLDER"/first/deb/mailsend-*/)
	local name
	[[ -x $tree/tests/run && -x $tree/contrib/debian/rules ]]
	[[ ! -x $tree/README.md ]]
	cd "$TESTS/.."
	# From a tarball there is only what the test above compares.
	git ls-files --error-unmatch Makefile || return 0
	while IFS= read -rd '' name; do
		cmp "$name" "$tree/$name"
	done < <(git ls-files -z)
}

@test "the packages are the same, built in another place" {
	[[ $(digests "$FIRST") == "$(digests "$OTHER")" ]]
	(($(digests "$FIRST" | wc -l) == 2))
}

@test "lintian has no word on them" {
	run lintian --allow-root --pedantic --display-info \
		--fail-on error,warning,info,pedantic "$FIRST"/*.changes
	echo "$output"
	((status == 0)) && [[ -z $output ]]
}
