/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSettings: what all connections of one hub share. */
#include "config.h"

#include "kr-hub-session-private.h"

/* ASP.NET Core's defaults (signalr.md 7.1). */
#define HANDSHAKE_TIMEOUT (15 * G_USEC_PER_SEC)
#define KEEP_ALIVE_INTERVAL (15 * G_USEC_PER_SEC)
#define PEER_TIMEOUT (30 * G_USEC_PER_SEC)
#define MAX_MESSAGE_SIZE (32 * 1024)
#define RECONNECT_WINDOW (15 * G_USEC_PER_SEC)
/* Ours: what a client may hold without taking a slot. */
#define MAX_STREAMS 1000
#define CALL_BURST 100
#define STREAM_BUFFER_CAPACITY 10
/* Ours: what a peer that does not read may cost. */
#define MAX_OUTBOX_SIZE (1024 * 1024)

KrHubSettings *
kr_hub_settings_new (void)
{
  KrHubSettings *self = g_new0 (KrHubSettings, 1);

  g_ref_count_init (&self->ref_count);
  self->protocols = g_ptr_array_new_with_free_func (g_object_unref);
  self->scratch = g_string_new (NULL);
  self->handshake_timeout = HANDSHAKE_TIMEOUT;
  self->keep_alive_interval = KEEP_ALIVE_INTERVAL;
  self->peer_timeout = PEER_TIMEOUT;
  self->max_message_size = MAX_MESSAGE_SIZE;
  self->max_outbox_size = MAX_OUTBOX_SIZE;
  self->reconnect_window = RECONNECT_WINDOW;
  self->max_parallel_invocations = 1;
  self->max_streams = MAX_STREAMS;
  self->call_burst = CALL_BURST;
  self->stream_buffer_capacity = STREAM_BUFFER_CAPACITY;
  return self;
}

KrHubSettings *
kr_hub_settings_ref (KrHubSettings *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
kr_hub_settings_unref (KrHubSettings *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  kr_hub_buffer_pool_clear (&self->pool);
  kr_hub_counters_clear (&self->counters);
  while (self->n_spare > 0)
    g_free (self->spare[--self->n_spare]);
  kr_hub_call_pool_clear (&self->call_pool);
  g_clear_pointer (&self->calls, g_hash_table_unref);
  g_string_free (self->scratch, TRUE);
  g_ptr_array_unref (self->protocols);
  g_free (self->name);
  g_free (self);
}

/* Names match in any case (signalr-observed.md 5). */
KrHubProtocol *
kr_hub_settings_find_protocol (KrHubSettings *self, const char *name)
{
  for (guint i = 0; i < self->protocols->len; i++)
    {
      KrHubProtocol *protocol = g_ptr_array_index (self->protocols, i);

      if (g_ascii_strcasecmp (kr_hub_protocol_get_name (protocol), name) == 0)
        return protocol;
    }
  return NULL;
}
