/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupGuests: how many connections came through a front door, and from where. */
#include "config.h"

#include "kr-hub-soup-guests-private.h"

/* Counted here and there, since a connection may end in the thread of its hub. */
struct _KrHubSoupGuests
{
  gatomicrefcount ref_count;
  GMutex lock;            /* guards the rest */
  GHashTable *addresses;  /* text -> number of connections */
  guint n;
};

KrHubSoupGuests *
kr_hub_soup_guests_new (void)
{
  KrHubSoupGuests *self = g_new0 (KrHubSoupGuests, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

KrHubSoupGuests *
kr_hub_soup_guests_ref (KrHubSoupGuests *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
kr_hub_soup_guests_unref (KrHubSoupGuests *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->addresses);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Returns NULL, or which limit is reached. */
const char *
kr_hub_soup_guests_enter (KrHubSoupGuests *self, const char *address, guint max, guint max_per_address)
{
  const char *limit = NULL;
  guint n;

  g_mutex_lock (&self->lock);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, address));
  if (self->n >= max)
    limit = "connections";
  else if (n >= max_per_address)
    limit = "connections of one address";
  else
    {
      self->n++;
      g_hash_table_insert (self->addresses, g_strdup (address), GUINT_TO_POINTER (n + 1));
    }
  g_mutex_unlock (&self->lock);
  return limit;
}

void
kr_hub_soup_guests_leave (KrHubSoupGuests *self, const char *address)
{
  guint n;

  g_mutex_lock (&self->lock);
  self->n--;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, address));
  if (n > 1)
    g_hash_table_insert (self->addresses, g_strdup (address), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->addresses, address);
  g_mutex_unlock (&self->lock);
}

guint
kr_hub_soup_guests_get_n (KrHubSoupGuests *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n;
  g_mutex_unlock (&self->lock);
  return n;
}
