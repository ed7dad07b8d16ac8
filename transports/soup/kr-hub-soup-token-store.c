/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupTokenStore: which connection a token stands for, from the negotiation to its end. */
#include "config.h"

#include "kr-hub-soup-token-store-private.h"

/* While a token waits, somebody looks every second; who looks so late has been held up. */
#define HELD_UP (2 * G_USEC_PER_SEC)

struct _KrHubSoupTokenStore
{
  gatomicrefcount ref_count;
  GMutex lock;            /* guards all below, and what the tokens say is guarded; never held while calling out */
  GHashTable *tokens;     /* token -> KrHubSoupToken, which it owns */
  GQueue waiting;         /* of KrHubSoupToken, by age: no transport yet */
  guint max_waiting;
  guint max_connections;
  guint n_connections;
  gint64 timeout;         /* of a waiting token, µs */
  gint64 looked;          /* when it was looked for old ones, µs */
  gint64 lost;            /* time that does not count, µs */
};

struct _KrHubSoupToken
{
  gatomicrefcount ref_count;
  KrHubSoupTokenStore *store;
  char *id;
  char *token;                    /* may be the id */
  gint64 created;                 /* in the time that counts */
  gboolean is_stateful;           /* set before anybody else knows the token */
  GObject *followed;              /* hub's thread only, weak: the token ends with it */
  gboolean strange;               /* hub's thread only: see note_stranger() */
  GList link;                     /* in waiting; guarded, as all below */
  gboolean is_waiting;
  gboolean is_stored;
  KrHubTransportFlags transport;  /* 0: none yet */
  GObject *object;                /* what requests of this connection talk to */
  GByteArray *early;              /* posted before there was a transport */
};

KrHubSoupTokenStore *
kr_hub_soup_token_store_new (void)
{
  KrHubSoupTokenStore *self = g_new0 (KrHubSoupTokenStore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->tokens = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) kr_hub_soup_token_unref);
  g_queue_init (&self->waiting);
  self->max_waiting = self->max_connections = G_MAXUINT;
  self->timeout = G_MAXINT64;
  return self;
}

KrHubSoupTokenStore *
kr_hub_soup_token_store_ref (KrHubSoupTokenStore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/* Each token holds a reference, so the table is empty by now. */
void
kr_hub_soup_token_store_unref (KrHubSoupTokenStore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->tokens);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
kr_hub_soup_token_store_set_limits (KrHubSoupTokenStore *self,
                                    guint max_waiting,
                                    guint max_connections,
                                    gint64 timeout)
{
  g_mutex_lock (&self->lock);
  self->max_waiting = max_waiting;
  self->max_connections = max_connections;
  self->timeout = timeout;
  g_mutex_unlock (&self->lock);
}

/* The lock is held. */
static void
stop_waiting (KrHubSoupToken *token)
{
  if (token->is_waiting)
    g_queue_unlink (&token->store->waiting, &token->link);
  token->is_waiting = FALSE;
}

/* The lock is held; returns the table's reference, to be dropped without it. */
static KrHubSoupToken *
remove_stored (KrHubSoupToken *token)
{
  stop_waiting (token);
  if (!token->is_stored)
    return NULL;
  token->is_stored = FALSE;
  g_hash_table_steal (token->store->tokens, token->token);
  return token;
}

/* With the lock held: the time that counts. What the process itself has lost does not, since clients may have knocked
 * meanwhile without being heard. */
static gint64
count_time (KrHubSoupTokenStore *self, gint64 now)
{
  if (now - self->looked >= HELD_UP)
    self->lost += now - self->looked;
  self->looked = MAX (self->looked, now);
  return now - self->lost;
}

/* With the lock held: what waits too long, or is too much, is forgotten. @now: in the time that counts */
static GPtrArray *
expire (KrHubSoupTokenStore *self, gint64 now)
{
  GPtrArray *gone = NULL;
  KrHubSoupToken *oldest;

  while ((oldest = g_queue_peek_head (&self->waiting)) != NULL &&
         (now - oldest->created >= self->timeout || self->waiting.length > self->max_waiting))
    {
      if (gone == NULL)
        gone = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_soup_token_unref);
      g_ptr_array_add (gone, remove_stored (oldest));
    }
  return gone;
}

/* To be called every second. Returns when the next one is due, G_MAXINT64 if none waits. */
gint64
kr_hub_soup_token_store_expire (KrHubSoupTokenStore *self, gint64 now)
{
  g_autoptr (GPtrArray) gone = NULL;
  KrHubSoupToken *oldest;
  gint64 next = G_MAXINT64;

  g_mutex_lock (&self->lock);
  gone = expire (self, count_time (self, now));
  oldest = g_queue_peek_head (&self->waiting);
  if (oldest != NULL)
    next = oldest->created + self->lost + self->timeout;
  g_mutex_unlock (&self->lock);
  return next;
}

/* A new connection that waits for its transport. Beyond the limit the oldest is forgotten: whoever negotiates and never
 * connects must not keep those out who do. */
KrHubSoupToken *
kr_hub_soup_token_store_create (KrHubSoupTokenStore *self, gboolean with_secret, gint64 now)
{
  KrHubSoupToken *token = g_new0 (KrHubSoupToken, 1);
  g_autoptr (GPtrArray) gone = NULL;

  g_atomic_ref_count_init (&token->ref_count);
  token->store = kr_hub_soup_token_store_ref (self);
  token->id = kr_hub_server_new_connection_id ();
  token->token = with_secret ? kr_hub_server_new_connection_id () : token->id;
  token->link.data = token;
  token->is_waiting = token->is_stored = TRUE;
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->tokens, token->token, kr_hub_soup_token_ref (token));
  g_queue_push_tail_link (&self->waiting, &token->link);
  token->created = count_time (self, now);
  gone = expire (self, token->created);
  g_mutex_unlock (&self->lock);
  return token;
}

KrHubSoupToken *
kr_hub_soup_token_store_lookup (KrHubSoupTokenStore *self, const char *token, gint64 now)
{
  g_autoptr (GPtrArray) gone = NULL;
  KrHubSoupToken *found;

  g_mutex_lock (&self->lock);
  gone = expire (self, count_time (self, now));
  found = g_hash_table_lookup (self->tokens, token);
  if (found != NULL)
    kr_hub_soup_token_ref (found);
  g_mutex_unlock (&self->lock);
  return found;
}

guint
kr_hub_soup_token_store_get_n_waiting (KrHubSoupTokenStore *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->waiting.length;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
kr_hub_soup_token_store_get_n_connections (KrHubSoupTokenStore *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_connections;
  g_mutex_unlock (&self->lock);
  return n;
}

/* --- tokens --- */

KrHubSoupToken *
kr_hub_soup_token_ref (KrHubSoupToken *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
kr_hub_soup_token_unref (KrHubSoupToken *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->token != self->id)
    g_free (self->token);
  g_free (self->id);
  g_clear_object (&self->object);
  g_clear_pointer (&self->early, g_byte_array_unref);
  kr_hub_soup_token_store_unref (self->store);
  g_free (self);
}

const char *
kr_hub_soup_token_get_id (KrHubSoupToken *self)
{
  return self->id;
}

const char *
kr_hub_soup_token_get_token (KrHubSoupToken *self)
{
  return self->token;
}

/* The connection may go on over another transport. */
void
kr_hub_soup_token_set_stateful (KrHubSoupToken *self)
{
  self->is_stateful = TRUE;
}

gboolean
kr_hub_soup_token_is_stateful (KrHubSoupToken *self)
{
  return self->is_stateful;
}

static void
followed_gone (gpointer data, GObject *where_it_was)
{
  g_autoptr (KrHubSoupToken) self = data;

  self->followed = NULL;
  kr_hub_soup_token_end (self);
}

/* In the hub's thread: the token ends when @connection is let go, not when a transport ends. */
void
kr_hub_soup_token_follow (KrHubSoupToken *self, GObject *connection)
{
  self->followed = connection;
  g_object_weak_ref (connection, followed_gone, kr_hub_soup_token_ref (self));
}

/* In the hub's thread. */
GObject *
kr_hub_soup_token_get_followed (KrHubSoupToken *self)
{
  return self->followed;
}

gboolean
kr_hub_soup_token_note_stranger (KrHubSoupToken *self)
{
  gboolean was_strange = self->strange;

  self->strange = TRUE;
  return !was_strange;
}

/* Takes the connection for a request of @transport. */
KrHubSoupClaim
kr_hub_soup_token_claim (KrHubSoupToken *self, KrHubTransportFlags transport)
{
  KrHubSoupTokenStore *store = self->store;
  KrHubSoupClaim claim;

  g_mutex_lock (&store->lock);
  if (!self->is_stored)
    claim = KR_HUB_SOUP_CLAIM_GONE;
  else if (self->transport != 0)
    claim = self->transport == transport ? KR_HUB_SOUP_CLAIM_AGAIN : KR_HUB_SOUP_CLAIM_OTHER;
  else if (store->n_connections >= store->max_connections)
    claim = KR_HUB_SOUP_CLAIM_FULL;
  else
    {
      claim = KR_HUB_SOUP_CLAIM_NEW;
      stop_waiting (self);
      self->transport = transport;
      store->n_connections++;
    }
  g_mutex_unlock (&store->lock);
  return claim;
}

/* Returns 0 before there is one. */
KrHubTransportFlags
kr_hub_soup_token_get_transport (KrHubSoupToken *self)
{
  KrHubTransportFlags transport;

  g_mutex_lock (&self->store->lock);
  transport = self->transport;
  g_mutex_unlock (&self->store->lock);
  return transport;
}

/* What later requests of the connection talk to; forgotten at its end. */
void
kr_hub_soup_token_set_object (KrHubSoupToken *self, GObject *object)
{
  g_mutex_lock (&self->store->lock);
  if (self->is_stored && self->object == NULL)
    self->object = g_object_ref (object);
  g_mutex_unlock (&self->store->lock);
}

GObject *
kr_hub_soup_token_dup_object (KrHubSoupToken *self)
{
  GObject *object;

  g_mutex_lock (&self->store->lock);
  object = self->object != NULL ? g_object_ref (self->object) : NULL;
  g_mutex_unlock (&self->store->lock);
  return object;
}

/* Keeps what was posted before there is a transport. FALSE: it would be more than @max_size. */
gboolean
kr_hub_soup_token_keep_early (KrHubSoupToken *self, GBytes *bytes, gsize max_size)
{
  gboolean fits;

  g_mutex_lock (&self->store->lock);
  if (self->early == NULL)
    self->early = g_byte_array_new ();
  fits = g_bytes_get_size (bytes) <= max_size && self->early->len <= max_size - g_bytes_get_size (bytes);
  if (fits)
    g_byte_array_append (self->early, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_mutex_unlock (&self->store->lock);
  return fits;
}

GBytes *
kr_hub_soup_token_take_early (KrHubSoupToken *self)
{
  GByteArray *early;

  g_mutex_lock (&self->store->lock);
  early = g_steal_pointer (&self->early);
  g_mutex_unlock (&self->store->lock);
  return early != NULL ? g_byte_array_free_to_bytes (early) : NULL;
}

/* The connection is over; harmless when repeated. */
void
kr_hub_soup_token_end (KrHubSoupToken *self)
{
  KrHubSoupTokenStore *store = self->store;
  g_autoptr (KrHubSoupToken) stored = NULL;
  g_autoptr (GObject) object = NULL;

  g_mutex_lock (&store->lock);
  if (self->is_stored && self->transport != 0)
    store->n_connections--;
  stored = remove_stored (self);
  object = g_steal_pointer (&self->object);
  g_mutex_unlock (&store->lock);
}
