/* remote_trouble.h - why a mailbox server could not be dialled. */
#ifndef STORE_REMOTE_TROUBLE_H
#define STORE_REMOTE_TROUBLE_H

#include "store/remote.h"

int remote_explain(struct remote *r, CURLcode code, struct error *f);

#endif
