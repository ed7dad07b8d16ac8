/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A TLS database that trusts every certificate, for --insecure. */
#include "config.h"

#include "krhub-trust.h"

/* A database reaches each connection of a session, WebSockets too; a signal of its messages would not. */
struct _KrhubTrust
{
  GTlsDatabase parent_instance;
};

G_DEFINE_FINAL_TYPE (KrhubTrust, krhub_trust, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
krhub_trust_verify_chain (GTlsDatabase *database,
                          GTlsCertificate *chain,
                          const char *purpose,
                          GSocketConnectable *identity,
                          GTlsInteraction *interaction,
                          GTlsDatabaseVerifyFlags flags,
                          GCancellable *cancellable,
                          GError **error)
{
  return 0;
}

static void
krhub_trust_class_init (KrhubTrustClass *klass)
{
  G_TLS_DATABASE_CLASS (klass)->verify_chain = krhub_trust_verify_chain;
}

static void
krhub_trust_init (KrhubTrust *self)
{
}

/**
 * krhub_trust_new:
 *
 * Returns: (transfer full): a new database
 */
GTlsDatabase *
krhub_trust_new (void)
{
  return g_object_new (KRHUB_TYPE_TRUST, NULL);
}
