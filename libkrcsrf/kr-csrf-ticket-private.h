/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Remembers which tickets were redeemed, until they would have ended anyway. */
#pragma once

#include "kr-csrf-token-codec-private.h"

#define KR_CSRF_MAX_TICKETS 65536
#define KR_CSRF_MAX_TICKET_SECONDS 300

typedef struct _KrCsrfTicketMemory KrCsrfTicketMemory;

KrCsrfTicketMemory *kr_csrf_ticket_memory_new (void);
void kr_csrf_ticket_memory_free (KrCsrfTicketMemory *self);
KrCsrfCode kr_csrf_ticket_memory_use (KrCsrfTicketMemory *self, const KrCsrfToken *ticket, gint64 now);
