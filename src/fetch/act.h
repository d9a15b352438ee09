/* act.h - what the actions of an order have in common. */
#ifndef FETCH_ACT_H
#define FETCH_ACT_H

#include "deliver/account_mailbox.h"
#include "fetch/order.h"

/* Borrows the order. */
struct account_mailbox_wish act_wish(const struct fetch_order *o);

#endif
