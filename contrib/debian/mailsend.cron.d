# Retry queued mail where there is no systemd; where there is, its
# mailsend-queue.timer does it.  A mail about a mail that cannot be sent would be
# one more of them: no MAILTO.
MAILTO=""
*/5 * * * * root [ -d /run/systemd/system ] || [ ! -x /usr/bin/mailsend ] || exec /usr/bin/mailsend --flush --due
