/* install.h - what runs without a user, set up by the system: --setup-queue and
 * --setup-service.
 *
 * Each step is printed.  A file that exists and was not created by this program
 * is left alone, backed up, or is the error (ERROR_CANTCREAT).  Running it
 * again continues. */
#ifndef INSTALL_INSTALL_H
#define INSTALL_INSTALL_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"

enum install_action {
	INSTALL_SHOW, /* print the steps only */
	INSTALL_DO,
	INSTALL_UNDO,
};

/* Flushing the queue `folder` regularly: systemd units, or a crontab line where
 * systemd does not run. */
int install_queue_run(struct arena *a, enum install_action action,
		      const struct request *r, const char *folder,
		      struct error *f);
/* One service that sends for all users; by root alone.  The request has the
 * account, and the recipient of the test mail. */
int install_service(struct arena *a, enum install_action action,
		    const struct request *r, struct error *f);

#endif
