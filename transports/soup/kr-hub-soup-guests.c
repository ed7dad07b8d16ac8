/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupGuests: how many connections a front door has let in, in all and from each address. */
#include "config.h"

#include "kr-hub-soup-guests-private.h"

#include <string.h>

struct _KrHubSoupGuests
{
  gatomicrefcount ref_count;
  GMutex lock;            /* guards the rest */
  GHashTable *addresses;  /* set of KrHubSoupGuest, each as long as it has connections */
  guint n;
};

struct _KrHubSoupGuest
{
  KrHubSoupGuests *guests;
  guint n;
  guint len;
  guint8 address[16];
};

static guint
guest_hash (gconstpointer key)
{
  const KrHubSoupGuest *self = key;
  guint hash = 5381;

  for (guint i = 0; i < self->len; i++)
    hash = hash * 33 + self->address[i];
  return hash;
}

static gboolean
guest_equal (gconstpointer a, gconstpointer b)
{
  const KrHubSoupGuest *one = a, *other = b;

  return one->len == other->len && memcmp (one->address, other->address, one->len) == 0;
}

KrHubSoupGuests *
kr_hub_soup_guests_new (void)
{
  KrHubSoupGuests *self = g_new0 (KrHubSoupGuests, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->addresses = g_hash_table_new_full (guest_hash, guest_equal, g_free, NULL);
  return self;
}

KrHubSoupGuests *
kr_hub_soup_guests_ref (KrHubSoupGuests *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/* Each connection holds a reference, so nobody is in by now. */
void
kr_hub_soup_guests_unref (KrHubSoupGuests *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->addresses);
  g_mutex_clear (&self->lock);
  g_free (self);
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

/* The lock is held. */
static KrHubSoupGuest *
ensure_guest (KrHubSoupGuests *self, const KrHubSoupGuest *key)
{
  KrHubSoupGuest *guest = g_hash_table_lookup (self->addresses, key);

  if (guest != NULL)
    return guest;
  guest = g_memdup2 (key, sizeof *key);
  g_hash_table_add (self->addresses, guest);
  return guest;
}

KrHubSoupGuest *
kr_hub_soup_guests_enter (KrHubSoupGuests *self,
                          GInetAddress *address,
                          guint max,
                          guint max_per_address,
                          const char **limit)
{
  KrHubSoupGuest key = { .guests = self, .len = g_inet_address_get_native_size (address) };
  KrHubSoupGuest *guest = NULL;

  memcpy (key.address, g_inet_address_to_bytes (address), key.len);
  g_mutex_lock (&self->lock);
  if (self->n >= max)
    *limit = "connections";
  else
    {
      guest = ensure_guest (self, &key);
      if (guest->n >= max_per_address)
        {
          *limit = "connections of one address";
          guest = NULL;
        }
      else
        {
          guest->n++;
          self->n++;
          kr_hub_soup_guests_ref (self);
        }
    }
  g_mutex_unlock (&self->lock);
  return guest;
}

void
kr_hub_soup_guest_leave (KrHubSoupGuest *self)
{
  KrHubSoupGuests *guests = self->guests;

  g_mutex_lock (&guests->lock);
  guests->n--;
  if (--self->n == 0)
    g_hash_table_remove (guests->addresses, self);
  g_mutex_unlock (&guests->lock);
  kr_hub_soup_guests_unref (guests);
}
