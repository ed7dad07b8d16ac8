/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A TLS database that trusts every certificate, for --insecure. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define KRHUB_TYPE_TRUST (krhub_trust_get_type ())
G_DECLARE_FINAL_TYPE (KrhubTrust, krhub_trust, KRHUB, TRUST, GTlsDatabase)

GTlsDatabase *krhub_trust_new (void);

G_END_DECLS
