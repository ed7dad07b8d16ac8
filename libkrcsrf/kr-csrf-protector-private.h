/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of a protector, for the files that its functions are in. */
#pragma once

#include "kr-csrf-counters-private.h"
#include "kr-csrf-key-ring-private.h"
#include "kr-csrf-protector.h"
#include "kr-csrf-request-private.h"
#include "kr-csrf-settings-private.h"
#include "kr-csrf-ticket-private.h"

struct _KrCsrfProtector
{
  GObject parent_instance;

  KrCsrfKeyRing *key_ring;
  KrCsrfSettings settings;   /* immutable once initialised */
  KrCsrfCounters *counters;
  KrCsrfTicketMemory *tickets;
  int report_only;           /* atomic */

  gint64 logged[KR_CSRF_N_ERRORS];   /* atomic: when a refusal for this reason was last logged, in ms */
  gint64 counted[KR_CSRF_N_ERRORS];  /* atomic: how many there had been then */
};

void kr_csrf_protector_notify_rejected (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code);

KrCsrfCode kr_csrf_protector_fail (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, gint64 now);
KrCsrfCode kr_csrf_protector_conclude (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, gint64 now);
gboolean kr_csrf_protector_set_error (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, GError **error);
