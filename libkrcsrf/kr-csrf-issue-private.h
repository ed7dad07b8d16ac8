/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Makes cookie tokens and request tokens. */
#pragma once

#include "kr-csrf-counters-private.h"
#include "kr-csrf-tokens-private.h"
#include "kr-csrf-verify-private.h"

typedef struct
{
  const KrCsrfSettings *settings;
  KrCsrfKeyRing *ring;
  KrCsrfCounters *counters;
  KrCsrfRequest *request;
  gint64 now;
} KrCsrfIssue;

KrCsrfCode kr_csrf_issue_cookie (const KrCsrfIssue *issue, gboolean fresh);
KrCsrfCode kr_csrf_issue_ticket (const KrCsrfIssue *issue, gint64 lifetime, char text[KR_CSRF_TOKEN_LENGTH + 1]);
KrCsrfCode kr_csrf_issue_tokens (const KrCsrfIssue *issue, KrCsrfTokens **tokens);
