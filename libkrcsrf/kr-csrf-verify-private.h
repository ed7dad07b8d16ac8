/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The rules: headers, where a request comes from, its tokens. Each answers with a code and changes nothing. */
#pragma once

#include "kr-csrf-key-ring-private.h"
#include "kr-csrf-request-private.h"
#include "kr-csrf-settings-private.h"
#include "kr-csrf-ticket-private.h"

KrCsrfCode kr_csrf_verify_headers (const KrCsrfSettings *settings, const KrCsrfRequest *request);
KrCsrfCode kr_csrf_verify_origin (const KrCsrfSettings *settings, const KrCsrfRequest *request);
KrCsrfCode kr_csrf_verify_websocket (const KrCsrfSettings *settings, const KrCsrfRequest *request);
KrCsrfCode kr_csrf_verify_event_stream (const KrCsrfSettings *settings, const KrCsrfRequest *request);
KrCsrfCode kr_csrf_verify_cookie (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfSigner *signer,
                                  KrCsrfRequest *request, gint64 now, KrCsrfToken *token);
KrCsrfCode kr_csrf_verify_ticket (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfRequest *request,
                                  gint64 now, const KrCsrfText *text, KrCsrfToken *ticket);
KrCsrfCode kr_csrf_verify_tokens (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfRequest *request,
                                  gint64 now);
