/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Remembers which tickets were redeemed, until they would have ended anyway. */
#include "config.h"

#include "kr-csrf-ticket-private.h"

typedef struct
{
  guint8 nonce[KR_CSRF_NONCE_SIZE];
  gint64 ends_at;  /* ms */
} Used;

struct _KrCsrfTicketMemory
{
  GMutex lock;
  GHashTable *used;  /* of Used, as key and value */
};

static guint
used_hash (gconstpointer data)
{
  const Used *used = data;
  guint hash;

  memcpy (&hash, used->nonce, sizeof hash);
  return hash;
}

static gboolean
used_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (((const Used *) a)->nonce, ((const Used *) b)->nonce, KR_CSRF_NONCE_SIZE) == 0;
}

KrCsrfTicketMemory *
kr_csrf_ticket_memory_new (void)
{
  KrCsrfTicketMemory *self = g_new0 (KrCsrfTicketMemory, 1);

  g_mutex_init (&self->lock);
  self->used = g_hash_table_new_full (used_hash, used_equal, g_free, NULL);
  return self;
}

void
kr_csrf_ticket_memory_free (KrCsrfTicketMemory *self)
{
  g_hash_table_unref (self->used);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
has_ended (gpointer key, gpointer value, gpointer now)
{
  return ((const Used *) key)->ends_at < *(const gint64 *) now;
}

/* Called with the lock held. Full of tickets that have not ended, it lets nobody in: better that than somebody
 * twice. */
static KrCsrfCode
use (KrCsrfTicketMemory *self, const KrCsrfToken *ticket, gint64 now)
{
  Used wanted = { .ends_at = ticket->issued_at };

  memcpy (wanted.nonce, kr_csrf_token_get_nonce (ticket), sizeof wanted.nonce);
  if (g_hash_table_contains (self->used, &wanted))
    return KR_CSRF_ERROR_TICKET_USED;
  if (g_hash_table_size (self->used) >= KR_CSRF_MAX_TICKETS)
    g_hash_table_foreach_remove (self->used, has_ended, &now);
  if (g_hash_table_size (self->used) >= KR_CSRF_MAX_TICKETS)
    return KR_CSRF_ERROR_UPGRADE_REJECTED;
  g_hash_table_add (self->used, g_memdup2 (&wanted, sizeof wanted));
  return KR_CSRF_OK;
}

/* @ticket was found good; the first to call this has it. */
KrCsrfCode
kr_csrf_ticket_memory_use (KrCsrfTicketMemory *self, const KrCsrfToken *ticket, gint64 now)
{
  KrCsrfCode code;

  g_mutex_lock (&self->lock);
  code = use (self, ticket, now);
  g_mutex_unlock (&self->lock);
  return code;
}
