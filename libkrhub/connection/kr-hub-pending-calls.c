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
} PendingCall;

struct _KrHubPendingCalls
{
  const char *prefix;
  guint64 next;
  GHashTable *calls; /* of PendingCall, by id */
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
  g_free (self->id);
  g_free (self);
}

KrHubPendingCalls *
kr_hub_pending_calls_new (const char *prefix)
{
  KrHubPendingCalls *self = g_new0 (KrHubPendingCalls, 1);

  self->prefix = prefix;
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
  return g_strdup_printf ("%s%" G_GUINT64_FORMAT, self->prefix, self->next++);
}

guint
kr_hub_pending_calls_get_n (KrHubPendingCalls *self)
{
  return g_hash_table_size (self->calls);
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

static void
return_result (PendingCall *call, KrHubProtocol *protocol, const KrHubMessage *completion)
{
  const GVariantType *type = call->result_type != NULL ? call->result_type : G_VARIANT_TYPE_VARIANT;
  GError *error = NULL;
  GVariant *value;

  if (completion->error.data != NULL)
    g_task_return_new_error (call->task,
                             KR_HUB_ERROR,
                             KR_HUB_ERROR_FAILED,
                             "%.*s",
                             (int) completion->error.len,
                             completion->error.data);
  else if (completion->value.kind != KR_HUB_VALUE_RAW || g_variant_type_equal (type, G_VARIANT_TYPE_UNIT))
    g_task_return_pointer (call->task, g_variant_ref_sink (g_variant_new ("()")), (GDestroyNotify) g_variant_unref);
  else if ((value = kr_hub_protocol_decode_variant (protocol, &completion->value.slice, type, &error)) == NULL)
    g_task_return_error (call->task, error);
  else
    g_task_return_pointer (call->task, value, (GDestroyNotify) g_variant_unref);
}

gboolean
kr_hub_pending_calls_complete (KrHubPendingCalls *self, KrHubProtocol *protocol, const KrHubMessage *completion)
{
  g_autofree char *id = g_strndup (completion->invocation_id.data, completion->invocation_id.len);
  PendingCall *call = steal (self, id);

  if (call == NULL)
    return FALSE;
  return_result (call, protocol, completion);
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
