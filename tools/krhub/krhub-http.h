/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The HTTP of one run: its session, what was asked, and how the last answer was. */
#pragma once

#include <libsoup/soup.h>

#include "krhub-output.h"

G_BEGIN_DECLS

typedef struct
{
  SoupSession *session;
  KrhubOutput *output;
  guint status;                     /* of the last answer; 0: there was none */
  GTlsCertificateFlags tls_errors;  /* of the last certificate */
} KrhubHttp;

void krhub_http_init (KrhubHttp *self, const KrhubOptions *options, KrhubOutput *output);
void krhub_http_clear (KrhubHttp *self);

G_END_DECLS
