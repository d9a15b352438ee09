#!/usr/bin/env bats
# rpm.bats - the spec file, as far as a Debian can tell: built from objects that
# are there, without its dependencies, and looked into.

load helper

setup_file() {
	local -r tree=$(echo "$PACKAGE_FOLDER"/first/deb/mailsend-*/)
	export RPMS=$BATS_FILE_TMPDIR/rpms
	cd "$tree" || return
	env -u B -u MAKEFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		rpmbuild -bb --nodeps --build-in-place --define "_topdir $RPMS" \
		contrib/mailsend.spec >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		tail -n 30 "$BATS_FILE_TMPDIR/log"
		return 1
	}
	mv "$RPMS"/RPMS/*/*.rpm "$RPMS"
}

# files_of NAME - paths and modes.
files_of() {
	rpm -qp --qf '[%{FILENAMES} %{FILEMODES:perms}\n]' "$RPMS/$1"-[0-9]*.rpm
}

@test "the RPMs have the programs, units, pages and the spool directory" {
	files_of mailsend | tee files
	grep -x '/usr/bin/mailsend -rwxr-xr-x' files
	grep -x '/usr/bin/mailget -rwxr-xr-x' files
	grep -x '/usr/bin/mailjoin -rwxr-xr-x' files
	grep -x '/var/spool/mailsend drwx-wx-wt' files
	grep -x '/usr/lib/systemd/system/mailsend-queue.timer -rw-r--r--' files
	local page
	for page in "$TESTS"/../man/mail{send,get,join}*; do
		grep "/${page##*/}.gz " files
	done
	files_of mailsend-mta | tee files
	grep '^/usr/sbin/sendmail ' files
	grep '^/usr/bin/mailq ' files
}

@test "what the program loads by itself is required or recommended" {
	local name
	rpm -qp --requires --recommends "$RPMS"/mailsend-[0-9]*.rpm | tee named
	# Of the table that --version prints.
	sed -n 's/.*"\(lib[a-z0-9]*\.so\.[0-9]*\)".*/\1/p' \
		"$TESTS/../cmd/output.c" | sort -u >loaded
	(($(wc -l <loaded) >= 8))
	sed -i 's/^libcrypto/libssl/' loaded # of one package
	while read -r name; do
		grep -F "$name" named
	done <loaded
}

@test "its scripts are good shell, and enable the retries alone" {
	rpm -qp --scripts "$RPMS"/*.rpm |
		sed 's/^[a-z]* scriptlet.*/:/' | tee scripts
	sh -n scripts
	grep 'systemctl.*preset mailsend-queue.timer mailsend-queue.path' scripts
	not grep 'preset.*submit' scripts
	grep -- '--install /usr/sbin/sendmail mta /usr/bin/mailsend' scripts
}
