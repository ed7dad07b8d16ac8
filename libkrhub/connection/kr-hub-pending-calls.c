/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubPendingCalls: our own calls that the peer has not answered yet, by invocation id. */
#include "config.h"

#include "kr-hub-pending-calls-private.h"

#include "kr-hub-error.h"
#include "kr-hub-plain-words-private.h"
#include "kr-hub-stream-private.h"

#define MIN_BUCKETS 8
#define MAX_IDLE_BUCKETS 64

struct _KrHubPendingCalls
{
  KrHubSettings *settings; /* the connection's, which outlives this */
  KrHubRole role;
  guint64 next;
  KrHubCall **buckets;     /* by number, which spreads by itself; NULL until the first call */
  guint n_buckets;         /* a power of two */
  guint n;
  KrHubCall *answering;    /* whose callback runs now and borrows an encoded result; NULL: none */
};

/* The call has left the table: gives up what was held for it. */
static void
release (KrHubPendingCalls *self, KrHubCall *call)
{
  for (guint i = 0; G_UNLIKELY (call->uploads != NULL) && i < call->uploads->len; i++)
    kr_hub_stream_drop (call->uploads->pdata[i]);
  g_clear_pointer (&call->uploads, g_ptr_array_unref);
  kr_hub_call_release (call, &self->settings->call_pool);
}

KrHubPendingCalls *
kr_hub_pending_calls_new (KrHubSettings *settings, KrHubRole role)
{
  KrHubPendingCalls *self = g_new0 (KrHubPendingCalls, 1);

  self->settings = settings;
  self->role = role;
  return self;
}

/* --- ids --- */

static guint64
new_number (KrHubPendingCalls *self)
{
  return self->role == KR_HUB_ROLE_SERVER ? ++self->settings->n_calls : self->next++;
}

/* Written from the end of @storage. */
static KrHubSlice
format_id (KrHubPendingCalls *self, guint64 number, char storage[KR_HUB_CALL_ID_SIZE])
{
  char *end = storage + KR_HUB_CALL_ID_SIZE, *to = end;

  do
    *--to = '0' + number % 10;
  while ((number /= 10) > 0);
  if (self->role == KR_HUB_ROLE_SERVER)
    *--to = 's';
  return (KrHubSlice) { to, end - to };
}

/* Only as format_id() writes it. */
static gboolean
parse_id (const KrHubSlice *id, KrHubRole role, guint64 *number)
{
  const char *at = id->data, *end = id->data + id->len;

  if (role == KR_HUB_ROLE_SERVER && (at == end || *at++ != 's'))
    return FALSE;
  /* Nineteen digits are less than 2^64, and more than will ever be needed. */
  if (at == end || end - at > 19 || (*at == '0' && end - at > 1))
    return FALSE;
  for (*number = 0; at < end; at++)
    {
      if (!g_ascii_isdigit (*at))
        return FALSE;
      *number = *number * 10 + (*at - '0');
    }
  return TRUE;
}

char *
kr_hub_pending_calls_new_id (KrHubPendingCalls *self)
{
  char storage[KR_HUB_CALL_ID_SIZE];
  KrHubSlice id = format_id (self, new_number (self), storage);

  return g_strndup (id.data, id.len);
}

KrHubSlice
kr_hub_pending_calls_get_id (KrHubPendingCalls *self, const KrHubCall *call, char storage[KR_HUB_CALL_ID_SIZE])
{
  return format_id (self, call->number, storage);
}

static void
index_call (KrHubPendingCalls *self, KrHubCall *call)
{
  KrHubSettings *settings = self->settings;

  if (settings->calls == NULL)
    settings->calls = g_hash_table_new (g_int64_hash, g_int64_equal);
  call->index = g_hash_table_ref (settings->calls);
  g_hash_table_add (call->index, &call->number);
}

static void
unindex_call (KrHubCall *call)
{
  if (G_LIKELY (call->index == NULL))
    return;
  g_hash_table_remove (call->index, &call->number);
  g_clear_pointer (&call->index, g_hash_table_unref);
}

gboolean
kr_hub_pending_calls_is_foreign (KrHubSettings *settings, const KrHubSlice *id)
{
  guint64 number;

  return settings->calls != NULL && parse_id (id, KR_HUB_ROLE_SERVER, &number) &&
         g_hash_table_contains (settings->calls, &number);
}

/* --- the table --- */

guint
kr_hub_pending_calls_get_n (KrHubPendingCalls *self)
{
  return self->n;
}

static inline KrHubCall **
bucket_of (KrHubPendingCalls *self, guint64 number)
{
  return &self->buckets[number & (self->n_buckets - 1)];
}

static void
grow (KrHubPendingCalls *self)
{
  g_autofree KrHubCall **old = g_steal_pointer (&self->buckets);
  guint n_old = self->n_buckets;

  self->n_buckets = MAX (n_old * 2, MIN_BUCKETS);
  self->buckets = g_new0 (KrHubCall *, self->n_buckets);
  for (guint i = 0; i < n_old; i++)
    while (old[i] != NULL)
      {
        KrHubCall *call = old[i];
        KrHubCall **bucket = bucket_of (self, call->number);

        old[i] = call->next;
        call->next = *bucket;
        *bucket = call;
      }
}

/* The place that points to the call, or NULL. */
static KrHubCall **
find (KrHubPendingCalls *self, guint64 number)
{
  KrHubCall **place;

  if (self->n == 0)
    return NULL;
  place = bucket_of (self, number);
  while (*place != NULL && (*place)->number != number)
    place = &(*place)->next;
  return *place != NULL ? place : NULL;
}

/* Takes it out, with the table's reference. */
static KrHubCall *
take (KrHubPendingCalls *self, KrHubCall **place)
{
  KrHubCall *call = *place;

  *place = g_steal_pointer (&call->next);
  unindex_call (call);
  /* What many calls at a time needed is not kept for ever. */
  if (--self->n == 0 && G_UNLIKELY (self->n_buckets > MAX_IDLE_BUCKETS))
    {
      g_clear_pointer (&self->buckets, g_free);
      self->n_buckets = 0;
    }
  return call;
}

/* All of them, linked in no order. */
static KrHubCall *
take_all (KrHubPendingCalls *self)
{
  KrHubCall *all = NULL;

  for (guint i = 0; i < self->n_buckets; i++)
    while (self->buckets[i] != NULL)
      {
        KrHubCall *call = self->buckets[i];

        self->buckets[i] = call->next;
        unindex_call (call);
        call->next = all;
        all = call;
      }
  self->n = 0;
  return all;
}

void
kr_hub_pending_calls_free (KrHubPendingCalls *self)
{
  KrHubCall *next;

  for (KrHubCall *call = take_all (self); call != NULL; call = next)
    {
      next = g_steal_pointer (&call->next);
      release (self, call);
    }
  g_free (self->buckets);
  g_free (self);
}

KrHubSlice
kr_hub_pending_calls_add (KrHubPendingCalls *self,
                          KrHubCall *call,
                          KrHubStream *const *uploads,
                          char storage[KR_HUB_CALL_ID_SIZE])
{
  KrHubCall **bucket;

  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    {
      if (call->uploads == NULL)
        call->uploads = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (call->uploads, g_object_ref (uploads[i]));
    }
  call->number = new_number (self);
  if (G_UNLIKELY (self->n == self->n_buckets))
    grow (self);
  bucket = bucket_of (self, call->number);
  call->next = *bucket;
  *bucket = g_object_ref (call);
  self->n++;
  if (self->role == KR_HUB_ROLE_SERVER)
    index_call (self, call);
  return format_id (self, call->number, storage);
}

/* --- answers --- */

/* Of a client's answer; the texts are what ASP.NET Core's callers see (signalr-observed.md 7). */
static GError *
result_error (KrHubPendingCalls *self, const GVariantType *type, const KrHubMessage *completion, GError *cause)
{
  g_autoptr (GError) owned = cause;

  if (completion->error.data != NULL && self->role == KR_HUB_ROLE_CLIENT)
    return kr_hub_plain_failure (&completion->error);
  if (completion->error.data != NULL)
    return g_error_new (KR_HUB_ERROR,
                        KR_HUB_ERROR_FAILED,
                        "%.*s",
                        (int) completion->error.len,
                        completion->error.data);
  if (self->role == KR_HUB_ROLE_CLIENT)
    {
      kr_hub_plain_words_for_value (owned, "The hub's answer", type);
      return g_steal_pointer (&owned);
    }
  if (cause == NULL)
    return g_error_new_literal (KR_HUB_ERROR,
                                KR_HUB_ERROR_FAILED,
                                "Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.");
  return g_error_new (KR_HUB_ERROR,
                      KR_HUB_ERROR_BINDING,
                      "Error trying to deserialize result to %s. %s",
                      kr_hub_type_get_display_name (type),
                      cause->message);
}

static void
return_result (KrHubPendingCalls *self, KrHubCall *call, KrHubProtocol *protocol, const KrHubMessage *completion)
{
  const GVariantType *result_type = kr_hub_call_get_result_type (call);
  const GVariantType *type = result_type != NULL ? result_type : G_VARIANT_TYPE_VARIANT;
  gboolean is_unit = g_variant_type_equal (type, G_VARIANT_TYPE_UNIT);
  gboolean has_result = completion->value.kind == KR_HUB_VALUE_RAW;
  gboolean needs_result = result_type != NULL && !is_unit;
  const KrHubSlice none = { NULL, 0 };
  GError *error = NULL;
  GVariant *value = NULL;

  if (G_LIKELY (completion->error.data == NULL))
    {
      if (call->wants_encoded)
        {
          self->answering = call;
          kr_hub_call_answer_encoded (call, protocol, has_result ? &completion->value.slice : &none);
          self->answering = NULL;
          return;
        }
      if (has_result && !is_unit)
        value = kr_hub_call_decode (protocol, &completion->value.slice, type, &error);
      else if (!needs_result || self->role == KR_HUB_ROLE_CLIENT)
        value = g_variant_ref_sink (g_variant_new ("()"));
    }
  kr_hub_call_answer (call, value, value == NULL ? result_error (self, type, completion, error) : NULL);
}

gboolean
kr_hub_pending_calls_complete (KrHubPendingCalls *self, KrHubProtocol *protocol, const KrHubMessage *completion)
{
  guint64 number;
  KrHubCall **place = parse_id (&completion->invocation_id, self->role, &number) ? find (self, number) : NULL;
  KrHubCall *call;

  if (place == NULL)
    return FALSE;
  call = take (self, place);
  return_result (self, call, protocol, completion);
  release (self, call);
  return TRUE;
}

void
kr_hub_pending_calls_keep (KrHubPendingCalls *self)
{
  if (self->answering != NULL)
    kr_hub_call_keep_encoded (self->answering);
}

gboolean
kr_hub_pending_calls_fail (KrHubPendingCalls *self, KrHubCall *call, GError *error)
{
  KrHubCall **place = find (self, call->number);

  if (place == NULL || *place != call)
    {
      g_error_free (error);
      return FALSE;
    }
  take (self, place);
  kr_hub_call_fail (call, error);
  release (self, call);
  return TRUE;
}

void
kr_hub_pending_calls_fail_all (KrHubPendingCalls *self, const GError *error)
{
  KrHubCall *next;

  for (KrHubCall *call = take_all (self); call != NULL; call = next)
    {
      next = g_steal_pointer (&call->next);
      kr_hub_call_fail (call, g_error_copy (error));
      release (self, call);
    }
}

const char *
kr_hub_type_get_display_name (const GVariantType *type)
{
  static const struct
  {
    const char *type, *name;
  } names[] = {
    { "s", "String" }, { "b", "Boolean" }, { "y", "Byte" },   { "n", "Int16" },  { "q", "UInt16" }, { "i", "Int32" },
    { "u", "UInt32" }, { "x", "Int64" },   { "t", "UInt64" }, { "d", "Double" }, { "ay", "Byte[]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_variant_type_equal (type, (const GVariantType *) names[i].type))
      return names[i].name;
  return "Object";
}
