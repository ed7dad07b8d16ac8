/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What went wrong, in words for people and as an exit status. */
#pragma once

#include "krhub-exit.h"
#include "krhub-http.h"

G_BEGIN_DECLS

typedef struct
{
  KrhubExit status;
  char *message;
  char *hint;       /* what to do about it; NULL: nothing is known */
} KrhubFailure;

/* While the client was not connected yet; @http: as it stands after that. */
void krhub_failure_of_connecting (KrhubFailure *self,
                                  const GError *error,
                                  const KrhubOptions *options,
                                  const KrhubHttp *http);
/* Of a command on a connected client. */
void krhub_failure_of_calling (KrhubFailure *self, const GError *error, const KrhubOptions *options);
void krhub_failure_clear (KrhubFailure *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrhubFailure, krhub_failure_clear)

G_END_DECLS
