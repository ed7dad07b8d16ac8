/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A stream to a method, of the lines of standard input. */
#pragma once

#include "krhub-run.h"

G_BEGIN_DECLS

typedef struct _KrhubUpload KrhubUpload;

KrhubUpload *krhub_upload_new (KrhubRun *run);
void krhub_upload_unref (KrhubUpload *self);
/* NULL-terminated, for the call. */
KrHubStream *const *krhub_upload_get_streams (KrhubUpload *self);
/* After the call was made. */
void krhub_upload_start (KrhubUpload *self);

G_END_DECLS
