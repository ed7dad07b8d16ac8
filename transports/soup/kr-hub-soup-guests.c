/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupGuests: how many connections a front door has let in, in all and from each address. */
#include "config.h"

#include "kr-hub-soup-guests-private.h"

#include "kr-hub-soup-histogram-private.h"

#include <string.h>

struct _KrHubSoupGuests
{
  gatomicrefcount ref_count;
  GMutex lock;            /* guards the rest */
  GHashTable *addresses;  /* set of KrHubSoupGuest, each as long as it has connections */
  guint n;
  guint64 n_rejected;
  guint64 n_handshakes;   /* of TLS, going on */
  KrHubSoupHistogram handshakes[2]; /* that failed; that succeeded */
};

struct _KrHubSoupGuest
{
  KrHubSoupGuests *guests;
  guint n;
  guint len;
  guint8 address[8];      /* of IPv4, or the network of IPv6 */
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

static const guint8 mapped[12] = { [10] = 0xff, 0xff };

/* Of IPv6 the network, since a subscriber has at least a /64 and with it any number of addresses (RFC 6177); IPv4 in the
 * form of IPv6 (RFC 4291, 2.5.5.2) is IPv4. */
static void
set_address (KrHubSoupGuest *self, GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  gboolean is_v4 = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4;

  if (!is_v4 && memcmp (bytes, mapped, sizeof mapped) == 0)
    {
      is_v4 = TRUE;
      bytes += sizeof mapped;
    }
  self->len = is_v4 ? 4 : 8;
  memcpy (self->address, bytes, self->len);
}

KrHubSoupGuest *
kr_hub_soup_guests_enter (KrHubSoupGuests *self,
                          GInetAddress *address,
                          guint max,
                          guint max_per_address,
                          const char **limit)
{
  KrHubSoupGuest key = { .guests = self };
  KrHubSoupGuest *guest = NULL;

  set_address (&key, address);
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
  self->n_rejected += guest == NULL;
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

/* --- TLS --- */

void
kr_hub_soup_guests_begin_tls (KrHubSoupGuests *self)
{
  g_mutex_lock (&self->lock);
  self->n_handshakes++;
  g_mutex_unlock (&self->lock);
}

void
kr_hub_soup_guests_end_tls (KrHubSoupGuests *self, gboolean succeeded, gint64 duration)
{
  g_mutex_lock (&self->lock);
  self->n_handshakes--;
  kr_hub_soup_histogram_add (&self->handshakes[succeeded], kr_hub_soup_short_bounds, duration);
  g_mutex_unlock (&self->lock);
}

/* --- metrics, by the names of Kestrel, which counts the same --- */

static const char *const tcp[] = { "network.transport=tcp", NULL };
static const char *const failed[] = { "network.transport=tcp", "error.type=_OTHER", NULL };

static void
read_handshakes (KrHubSoupGuests *self, GPtrArray *metrics)
{
  g_ptr_array_add (metrics, kr_hub_metric_new ("kestrel.active_tls_handshakes", KR_HUB_METRIC_GAUGE, "{handshake}",
                                               "Number of TLS handshakes that are currently in progress on the server.", tcp,
                                               self->n_handshakes));
  for (guint i = 0; i < G_N_ELEMENTS (self->handshakes); i++)
    g_ptr_array_add (metrics,
                     kr_hub_metric_new_histogram ("kestrel.tls_handshake.duration", "s",
                                                  "The duration of TLS handshakes on the server.", i ? tcp : failed,
                                                  kr_hub_soup_short_bounds, KR_HUB_SOUP_N_BOUNDS,
                                                  self->handshakes[i].buckets, self->handshakes[i].sum));
}

void
kr_hub_soup_guests_read (KrHubSoupGuests *self, GPtrArray *metrics)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (metrics, kr_hub_metric_new ("kestrel.active_connections", KR_HUB_METRIC_GAUGE, "{connection}",
                                               "Number of connections that are currently active on the server.", tcp, self->n));
  g_ptr_array_add (metrics, kr_hub_metric_new ("kestrel.rejected_connections", KR_HUB_METRIC_COUNTER, "{connection}",
                                               "Number of connections rejected by the server, since there were too many.", tcp,
                                               self->n_rejected));
  read_handshakes (self, metrics);
  g_mutex_unlock (&self->lock);
}
