# others.bash - Exim, a Kerberos realm: made ready, started, stopped, looked into.
# shellcheck shell=bash
# shellcheck disable=SC2154 # inside sets $here
#
# `inside` starts what `run --beside NAME` brought, others.bats stops and starts
# it again.  NAME_ready, with the unpacked packages in place and as
# root, does what its installation would have done.

# detached LOG COMMAND... - in the background, holding nothing open of whoever
# starts it: bats would wait for that.
detached() {
	local -r log=$1
	shift
	(
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd < 3 || fd == 255)) || eval "exec $fd>&-"
		done
		exec setsid "$@" </dev/null >>"$log" 2>&1
	) &
}

exim_ready() {
	account group Debian-exim x:9104:
	account passwd Debian-exim \
		x:9104:9104::/var/spool/exim4:/bin/false
	install -m 644 "$here/exim/exim4.conf" /etc/exim4/exim4.conf
	install -d -m 750 -o Debian-exim -g Debian-exim /var/spool/exim4 \
		/run/exim4
	install -m 644 -o Debian-exim -g Debian-exim /dev/null \
		/srv/log/exim-main.log
	install -m 644 -o Debian-exim -g Debian-exim /dev/null \
		/srv/log/exim-reject.log
	install -m 644 -o Debian-exim -g Debian-exim /dev/null \
		/srv/log/exim-panic.log
	# It becomes root again to deliver.
	chmod 4755 /usr/sbin/exim4
}

# In the foreground, and put into the background by us: a child of process 1,
# which `inside` is, does not detach itself.
exim_start() {
	detached /srv/log/exim-panic.log /usr/sbin/exim4 -bdf \
		-oP /run/exim4/exim.pid
}

exim_pid() {
	cat /run/exim4/exim.pid
}

exim_idle() {
	[[ $(/usr/sbin/exim4 -bpc) == 0 ]]
}

# A realm with alice and bob in it, whose keys lie in /srv/keys, and the mail
# server's services; Dovecot, which runs already, takes their tickets.
kerberos_ready() {
	local name keys=/etc/dovecot/krb5.keytab

	install -m 644 "$here/kerberos/krb5.conf" /etc/krb5.conf
	install -d -m 700 /etc/krb5kdc /var/lib/krb5kdc
	install -d -m 755 /srv/keys
	install -m 600 "$here/kerberos/kdc.conf" /etc/krb5kdc/kdc.conf
	export KRB5_KDC_PROFILE=/etc/krb5kdc/kdc.conf
	kdb5_util create -s -r EXAMPLE.TEST -P master >/dev/null
	for name in alice bob; do
		kadmin.local -q "addprinc -randkey $name" >/dev/null 2>&1
		kadmin.local -q "ktadd -k /srv/keys/$name $name" >/dev/null
	done
	for name in smtp imap pop; do
		kadmin.local -q "addprinc -randkey $name/mail.example.test" \
			>/dev/null 2>&1
		kadmin.local -q "ktadd -k $keys $name/mail.example.test" \
			>/dev/null
	done
	chmod 644 /srv/keys/*
	chown dovecot "$keys"
	sed -i 's/^auth_mechanisms = /&gssapi /' /etc/dovecot/dovecot.conf
	# shellcheck disable=SC2016 # Dovecot's word for any
	printf '%s\n' "auth_krb5_keytab = $keys" 'auth_gssapi_hostname = "$ALL"' \
		>>/etc/dovecot/dovecot.conf
	doveadm reload
}

kerberos_start() {
	detached /srv/log/kdc.log env KRB5_KDC_PROFILE=/etc/krb5kdc/kdc.conf \
		/usr/sbin/krb5kdc -n
}
