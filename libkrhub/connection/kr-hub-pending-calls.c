/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubPendingCalls: our own calls that the peer has not answered yet, by invocation id. */
#include "config.h"

#include "kr-hub-pending-calls-private.h"

#include "kr-hub-error.h"
#include "kr-hub-stream-private.h"

typedef struct
{
  char *id;
  GTask *task;
  GVariantType *result_type; /* NULL: whatever comes */
  GPtrArray *uploads;        /* of KrHubStream; NULL: none */
  GHashTable *index;         /* the hub's, of ids; NULL for a client */
} PendingCall;

struct _KrHubPendingCalls
{
  KrHubSettings *settings; /* the connection's, which outlives this */
  KrHubRole role;
  guint64 next;
  GHashTable *calls;       /* of PendingCall, by id */
};

static void
pending_call_free (gpointer data)
{
  PendingCall *self = data;

  for (guint i = 0; self->uploads != NULL && i < self->uploads->len; i++)
    kr_hub_stream_drop (self->uploads->pdata[i]);
  g_clear_pointer (&self->uploads, g_ptr_array_unref);
  g_clear_pointer (&self->result_type, g_variant_type_free);
  g_object_unref (self->task);
  if (self->index != NULL)
    {
      g_hash_table_remove (self->index, self->id);
      g_hash_table_unref (self->index);
    }
  g_free (self->id);
  g_free (self);
}

KrHubPendingCalls *
kr_hub_pending_calls_new (KrHubSettings *settings, KrHubRole role)
{
  KrHubPendingCalls *self = g_new0 (KrHubPendingCalls, 1);

  self->settings = settings;
  self->role = role;
  self->calls = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, pending_call_free);
  return self;
}

void
kr_hub_pending_calls_free (KrHubPendingCalls *self)
{
  g_hash_table_unref (self->calls);
  g_free (self);
}

char *
kr_hub_pending_calls_new_id (KrHubPendingCalls *self)
{
  if (self->role == KR_HUB_ROLE_SERVER)
    return g_strdup_printf ("s%" G_GUINT64_FORMAT, ++self->settings->n_calls);
  return g_strdup_printf ("%" G_GUINT64_FORMAT, self->next++);
}

guint
kr_hub_pending_calls_get_n (KrHubPendingCalls *self)
{
  return g_hash_table_size (self->calls);
}

static void
index_call (KrHubPendingCalls *self, PendingCall *call)
{
  KrHubSettings *settings = self->settings;

  if (settings->calls == NULL)
    settings->calls = g_hash_table_new (g_str_hash, g_str_equal);
  call->index = g_hash_table_ref (settings->calls);
  g_hash_table_add (call->index, call->id);
}

gboolean
kr_hub_pending_calls_is_foreign (KrHubSettings *settings, const KrHubSlice *id)
{
  g_autofree char *text = NULL;

  if (settings->calls == NULL)
    return FALSE;
  text = g_strndup (id->data, id->len);
  return g_hash_table_contains (settings->calls, text);
}

const char *
kr_hub_pending_calls_add (KrHubPendingCalls *self,
                          GTask *task,
                          const GVariantType *result_type,
                          KrHubStream *const *uploads)
{
  PendingCall *call = g_new0 (PendingCall, 1);

  call->id = kr_hub_pending_calls_new_id (self);
  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    {
      if (call->uploads == NULL)
        call->uploads = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (call->uploads, g_object_ref (uploads[i]));
    }
  call->task = g_object_ref (task);
  call->result_type = result_type != NULL ? g_variant_type_copy (result_type) : NULL;
  g_hash_table_insert (self->calls, call->id, call);
  if (self->role == KR_HUB_ROLE_SERVER)
    index_call (self, call);
  return call->id;
}

static PendingCall *
steal (KrHubPendingCalls *self, const char *id)
{
  PendingCall *call = g_hash_table_lookup (self->calls, id);

  if (call != NULL)
    g_hash_table_steal (self->calls, id);
  return call;
}

/* Of a client's answer; the texts are what ASP.NET Core's callers see (signalr-observed.md 7). */
static GError *
result_error (KrHubPendingCalls *self, const GVariantType *type, const KrHubMessage *completion, GError *cause)
{
  g_autoptr (GError) owned = cause;

  if (completion->error.data != NULL)
    return g_error_new (KR_HUB_ERROR,
                        KR_HUB_ERROR_FAILED,
                        "%.*s",
                        (int) completion->error.len,
                        completion->error.data);
  if (self->role == KR_HUB_ROLE_CLIENT)
    return g_steal_pointer (&owned);
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

/* A GVariant of most types cannot say that there is none, and an empty string is something else. */
static gboolean
check_null (const GVariantType *type, KrHubProtocol *protocol, const KrHubSlice *value, GError **error)
{
  gboolean text = kr_hub_protocol_get_transfer_format (protocol) == KR_HUB_TRANSFER_FORMAT_TEXT;
  gboolean null = text ? value->len == 4 && memcmp (value->data, "null", 4) == 0
                       : value->len == 1 && (guint8) value->data[0] == 0xc0;

  if (!null || g_variant_type_is_maybe (type) || g_variant_type_is_variant (type))
    return TRUE;
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "The result is null; ask for the type 'm%.*s' if it may be.",
               (int) g_variant_type_get_string_length (type), g_variant_type_peek_string (type));
  return FALSE;
}

static void
return_result (KrHubPendingCalls *self, PendingCall *call, KrHubProtocol *protocol, const KrHubMessage *completion)
{
  const GVariantType *type = call->result_type != NULL ? call->result_type : G_VARIANT_TYPE_VARIANT;
  gboolean has_result = completion->value.kind == KR_HUB_VALUE_RAW;
  gboolean needs_result = call->result_type != NULL && !g_variant_type_equal (type, G_VARIANT_TYPE_UNIT);
  GError *error = NULL;
  GVariant *value = NULL;

  if (completion->error.data == NULL)
    {
      if (has_result && !g_variant_type_equal (type, G_VARIANT_TYPE_UNIT) &&
          check_null (type, protocol, &completion->value.slice, &error))
        value = kr_hub_protocol_decode_variant (protocol, &completion->value.slice, type, &error);
      else if (error == NULL && (!needs_result || self->role == KR_HUB_ROLE_CLIENT))
        value = g_variant_ref_sink (g_variant_new ("()"));
    }
  if (value != NULL)
    g_task_return_pointer (call->task, value, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (call->task, result_error (self, type, completion, error));
}

gboolean
kr_hub_pending_calls_complete (KrHubPendingCalls *self, KrHubProtocol *protocol, const KrHubMessage *completion)
{
  g_autofree char *id = g_strndup (completion->invocation_id.data, completion->invocation_id.len);
  PendingCall *call = steal (self, id);

  if (call == NULL)
    return FALSE;
  return_result (self, call, protocol, completion);
  pending_call_free (call);
  return TRUE;
}

gboolean
kr_hub_pending_calls_fail (KrHubPendingCalls *self, const char *id, GError *error)
{
  PendingCall *call = steal (self, id);

  if (call == NULL)
    {
      g_error_free (error);
      return FALSE;
    }
  g_task_return_error (call->task, error);
  pending_call_free (call);
  return TRUE;
}

void
kr_hub_pending_calls_fail_all (KrHubPendingCalls *self, const GError *error)
{
  g_autoptr (GHashTable) calls = self->calls;
  GHashTableIter iter;
  PendingCall *call;

  /* A caller may call again as soon as it hears of the failure. */
  self->calls = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, pending_call_free);
  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &call))
    g_task_return_error (call->task, g_error_copy (error));
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
