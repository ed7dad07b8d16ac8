/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCall: one call of a peer's method, from its caller to its callback. */
#include "config.h"

#include "kr-hub-call-private.h"

#include "kr-hub-error.h"

#define MAX_SPARE 32

static void async_result_iface_init (GAsyncResultIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubCall, kr_hub_call, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT, async_result_iface_init))

static void
drop_encoded (KrHubCall *self)
{
  if (self->kept)
    {
      g_object_unref (self->protocol);
      g_free ((char *) self->encoded.data);
    }
  self->protocol = NULL;
  self->kept = FALSE;
}

/* All but the object itself. What has the caller's code run goes last. */
static void
clear (KrHubCall *self)
{
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->context, g_main_context_unref);
  drop_encoded (self);
  g_clear_pointer (&self->value, g_variant_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->long_type, g_free);
  g_clear_object (&self->connection);
  g_clear_object (&self->source);
}

static void
kr_hub_call_finalize (GObject *object)
{
  KrHubCall *self = (KrHubCall *) object;

  /* Not by g_cancellable_disconnect(), which waits for the handlers that run: one of them may have dropped this. */
  if (self->cancel_handler != 0)
    g_signal_handler_disconnect (self->cancellable, self->cancel_handler);
  clear (self);
  G_OBJECT_CLASS (kr_hub_call_parent_class)->finalize (object);
}

static void
kr_hub_call_class_init (KrHubCallClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_call_finalize;
}

static void
kr_hub_call_init (KrHubCall *self)
{
}

static gpointer
get_user_data (GAsyncResult *result)
{
  return KR_HUB_CALL (result)->user_data;
}

static GObject *
get_source_object (GAsyncResult *result)
{
  return g_object_ref (KR_HUB_CALL (result)->source);
}

static gboolean
is_tagged (GAsyncResult *result, gpointer tag)
{
  return KR_HUB_CALL (result)->tag == tag;
}

static void
async_result_iface_init (GAsyncResultIface *iface)
{
  iface->get_user_data = get_user_data;
  iface->get_source_object = get_source_object;
  iface->is_tagged = is_tagged;
}

static void
set_result_type (KrHubCall *self, const GVariantType *type)
{
  self->type_length = g_variant_type_get_string_length (type);
  if (G_LIKELY (self->type_length < sizeof self->type))
    memcpy (self->type, g_variant_type_peek_string (type), self->type_length);
  else
    self->long_type = g_variant_type_dup_string (type);
}

/* --- use and reuse --- */

void
kr_hub_call_pool_clear (KrHubCallPool *self)
{
  while (self->first != NULL)
    {
      KrHubCall *call = self->first;

      self->first = g_steal_pointer (&call->next);
      g_object_unref (call);
    }
  self->n = 0;
}

static KrHubCall *
pool_take (KrHubCallPool *self)
{
  KrHubCall *call = self->first;

  if (call == NULL)
    return g_object_new (KR_HUB_TYPE_CALL, NULL);
  self->first = g_steal_pointer (&call->next);
  self->n--;
  return call;
}

/* Nobody knows the object: no other reference, and nothing that its end would have to tell, which GObject keeps in the
 * associated data (weak references, toggle references, closures, a binding's wrapper). It has no property, so that
 * nobody has a handler of its one signal. */
static gboolean
is_forgotten (KrHubCall *self)
{
  return g_atomic_int_get (&self->parent_instance.ref_count) == 1 && self->parent_instance.qdata == NULL &&
         self->cancellable == NULL;
}

void
kr_hub_call_release (KrHubCall *self, KrHubCallPool *pool)
{
  if (pool->n >= MAX_SPARE || !is_forgotten (self))
    {
      g_object_unref (self);
      return;
    }
  self->starting = self->wants_encoded = FALSE;
  self->type_length = 0;
  pool->n++;
  clear (self);
  self->next = pool->first;
  pool->first = self;
}

KrHubCall *
kr_hub_call_new (KrHubCallPool *pool,
                 gpointer source,
                 gpointer tag,
                 const GVariantType *result_type,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  KrHubCall *self = pool_take (pool);

  self->source = g_object_ref (source);
  self->tag = tag;
  self->callback = callback;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default ();
  if (cancellable != NULL)
    self->cancellable = g_object_ref (cancellable);
  if (result_type != NULL)
    set_result_type (self, result_type);
  return self;
}

const GVariantType *
kr_hub_call_get_result_type (KrHubCall *self)
{
  if (self->type_length == 0)
    return NULL;
  return (const GVariantType *) (self->long_type != NULL ? self->long_type : self->type);
}

/* As g_main_context_get_thread_default() has it. */
static gboolean
is_thread_default (GMainContext *context)
{
  GMainContext *current = g_main_context_get_thread_default ();

  return current != NULL ? current == context : context == g_main_context_default ();
}

static void
run_callback (KrHubCall *self)
{
  gboolean pushed = !is_thread_default (self->context);

  if (self->callback == NULL)
    return;
  if (G_UNLIKELY (pushed))
    g_main_context_push_thread_default (self->context);
  self->callback (self->source, (GAsyncResult *) self, self->user_data);
  if (G_UNLIKELY (pushed))
    g_main_context_pop_thread_default (self->context);
}

static gboolean
run_later (gpointer data)
{
  run_callback (data);
  return G_SOURCE_REMOVE;
}

static void
defer (KrHubCall *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "KrHubCall");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_later, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->context);
}

static gboolean
may_run_now (KrHubCall *self)
{
  GSource *current = g_main_current_source ();

  return !self->starting && current != NULL && g_source_get_context (current) == self->context;
}

void
kr_hub_call_answer (KrHubCall *self, GVariant *value, GError *error)
{
  self->value = value;
  self->error = error;
  if (G_LIKELY (may_run_now (self)))
    run_callback (self);
  else
    defer (self);
}

void
kr_hub_call_keep_encoded (KrHubCall *self)
{
  if (self->protocol == NULL || self->kept)
    return;
  g_object_ref (self->protocol);
  self->encoded.data = g_memdup2 (self->encoded.data, self->encoded.len);
  self->kept = TRUE;
}

void
kr_hub_call_answer_encoded (KrHubCall *self, KrHubProtocol *protocol, const KrHubSlice *value)
{
  self->protocol = protocol;
  self->encoded = *value;
  if (G_UNLIKELY (!may_run_now (self)))
    {
      kr_hub_call_keep_encoded (self);
      defer (self);
      return;
    }
  run_callback (self);
  /* Not finished yet: only who has kept a reference can do that now. */
  if (G_UNLIKELY (self->protocol != NULL))
    kr_hub_call_keep_encoded (self);
}

void
kr_hub_call_fail (KrHubCall *self, GError *error)
{
  self->error = error;
  defer (self);
}

gboolean
kr_hub_call_is_valid (GAsyncResult *result, gpointer source, gpointer tag)
{
  KrHubCall *self = (KrHubCall *) result;

  return KR_HUB_IS_CALL (result) && self->source == source && self->tag == tag;
}

GVariant *
kr_hub_call_propagate (GAsyncResult *result, GError **error)
{
  KrHubCall *self = (KrHubCall *) result;

  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  return g_steal_pointer (&self->value);
}

gboolean
kr_hub_call_take_encoded (GAsyncResult *result, KrHubProtocol **protocol, KrHubSlice *value, GError **error)
{
  KrHubCall *self = (KrHubCall *) result;

  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  g_return_val_if_fail (self->protocol != NULL, FALSE);
  *protocol = self->protocol;
  *value = self->encoded;
  /* What was kept goes with the call, which whoever finishes it holds. */
  if (!self->kept)
    self->protocol = NULL;
  return TRUE;
}

gboolean
kr_hub_call_fail_null (const GVariantType *type, GError **error)
{
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "The result is null; ask for the type 'm%.*s' if it may be.",
               (int) g_variant_type_get_string_length (type), g_variant_type_peek_string (type));
  return FALSE;
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
  return kr_hub_call_fail_null (type, error);
}

GVariant *
kr_hub_call_decode (KrHubProtocol *protocol, const KrHubSlice *value, const GVariantType *type, GError **error)
{
  if (!check_null (type, protocol, value, error))
    return NULL;
  return kr_hub_protocol_decode_variant (protocol, value, type, error);
}
