/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: calls by format strings, which need no GVariant for what is simple. */
#include "config.h"

#include "kr-hub-client-private.h"

#include "kr-hub-error.h"

#include <string.h>

/* Those of g_variant_new() whose values are written as they are. */
#define BASIC_TYPES "sbynqiuxtd"

/* --- arguments --- */

/* A tuple of such values and nothing else. Returns how many, or -1. */
static gssize
count_basic (const char *format)
{
  gsize n = *format == '(' ? strspn (format + 1, BASIC_TYPES) : 0;

  return *format == '(' && strcmp (format + 1 + n, ")") == 0 ? (gssize) n : -1;
}

static gboolean
encode_text (KrHubSession *session, const char *text, KrHubBuffer *out, GError **error)
{
  KrHubSlice slice;

  if (text == NULL)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "An argument of type 's' is NULL");
      return FALSE;
    }
  slice = (KrHubSlice) { text, strlen (text) };
  return session->encoding->encode_basic (session->protocol, 's', &slice, out, error);
}

/* Takes one value from @arguments. */
static gboolean
encode_next (KrHubSession *session, char type, va_list *arguments, KrHubBuffer *out, GError **error)
{
  gboolean truth;
  gint64 number;
  guint64 natural;
  double real;

  switch (type)
    {
    case 's':
      return encode_text (session, va_arg (*arguments, const char *), out, error);
    case 'b':
      truth = va_arg (*arguments, gboolean);
      return session->encoding->encode_basic (session->protocol, 'b', &truth, out, error);
    case 'd':
      real = va_arg (*arguments, double);
      return session->encoding->encode_basic (session->protocol, 'd', &real, out, error);
    case 't':
      natural = va_arg (*arguments, guint64);
      return session->encoding->encode_basic (session->protocol, 't', &natural, out, error);
    case 'x': number = va_arg (*arguments, gint64); break;
    case 'u': number = va_arg (*arguments, guint32); break;
    case 'y': number = (guint8) va_arg (*arguments, int); break;
    case 'n': number = (gint16) va_arg (*arguments, int); break;
    case 'q': number = (guint16) va_arg (*arguments, int); break;
    default: number = va_arg (*arguments, gint32); break;
    }
  return session->encoding->encode_basic (session->protocol, 'x', &number, out, error);
}

static gboolean
encode (KrHubSession *session, const char *types, gsize n, va_list *arguments, KrHubBuffer *out, GError **error)
{
  for (gsize i = 0; i < n; i++)
    {
      /* Values of text protocols stand apart. */
      if (i > 0 && session->encoding->transfer_format == KR_HUB_TRANSFER_FORMAT_TEXT)
        kr_hub_buffer_append_byte (out, ',');
      if (!encode_next (session, types[i], arguments, out, error))
        return FALSE;
    }
  return TRUE;
}

static void
call_encoded (KrHubClient *self, KrHubCall *call, const char *target, const char *types, gsize n, va_list *arguments)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  GError *error = NULL;
  KrHubSlice slice;

  if (!encode (&self->connection->session, types, n, arguments, &out, &error))
    {
      kr_hub_call_fail (call, error);
      return;
    }
  slice = (KrHubSlice) { (const char *) out.data, out.len };
  kr_hub_connection_call_encoded (self->connection, call, target, &slice, n);
}

static inline gboolean
can_encode (KrHubClient *self)
{
  return self->state == KR_HUB_CLIENT_CONNECTED && self->connection != NULL &&
         self->connection->session.encoding != NULL && self->connection->session.encoding->encode_basic != NULL;
}

/**
 * kr_hub_client_call_async: (skip)
 * @self: a client
 * @target: the hub's method
 * @cancellable: (nullable): to cancel the call, also at the hub
 * @callback: called when the answer is there
 * @user_data: data for @callback
 * @format: (nullable): a format string of a tuple, as for g_variant_new(): `(si)`; %NULL for no arguments
 * @...: the arguments, as for g_variant_new(); texts are UTF-8
 *
 * Calls a method of the hub and waits for its answer, as [method@KrHub.Client.invoke_async] does.
 *
 * For C: it says less and costs less than half. No #GVariant is made for arguments that are all of basic types, nor for
 * a result that is a text.
 *
 * Since: 0.1
 */
void
kr_hub_client_call_async (KrHubClient *self,
                          const char *target,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data,
                          const char *format,
                          ...)
{
  g_autoptr (KrHubCall) call = NULL;
  gssize n = format != NULL ? count_basic (format) : 0;
  va_list arguments;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (format == NULL || *format == '(');

  call = kr_hub_call_new (&self->settings->call_pool, self, kr_hub_client_call_async, NULL, cancellable, callback,
                          user_data);
  call->wants_encoded = TRUE;
  va_start (arguments, format);
  if (G_LIKELY (n >= 0 && can_encode (self)))
    call_encoded (self, call, target, format + 1, n, &arguments);
  else
    kr_hub_client_begin (self, call, target, format != NULL ? g_variant_new_va (format, NULL, &arguments) : NULL, NULL);
  va_end (arguments);
}

/* --- results --- */

static gboolean
get_text (KrHubClient *self, KrHubProtocol *protocol, const KrHubSlice *value, char **text, GError **error)
{
  KrHubSlice slice;

  if (!kr_hub_protocol_decode_string (protocol, value, self->settings->scratch, &slice, error))
    return FALSE;
  if (slice.data == NULL)
    return kr_hub_call_fail_null (G_VARIANT_TYPE_STRING, error);
  if (memchr (slice.data, '\0', slice.len) != NULL)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "A string contains the character U+0000");
      return FALSE;
    }
  if (text == NULL)
    return TRUE;
  *text = g_malloc (slice.len + 1);
  memcpy (*text, slice.data, slice.len);
  (*text)[slice.len] = '\0';
  return TRUE;
}

/* A format string says more than a type: how its values are handed over. */
static char *
type_of_format (const char *format)
{
  GString *type = g_string_new (NULL);

  for (const char *at = format; *at != '\0'; at++)
    if (strchr ("@&^", *at) == NULL)
      g_string_append_c (type, *at);
  return g_string_free (type, FALSE);
}

static GVariant *
decode (KrHubProtocol *protocol, const KrHubSlice *value, const char *format, GError **error)
{
  g_autofree char *type = type_of_format (format);
  g_autoptr (GVariant) variant = NULL;

  g_return_val_if_fail (g_variant_type_string_is_valid (type) && g_variant_type_is_definite (G_VARIANT_TYPE (type)), NULL);
  variant = kr_hub_call_decode (protocol, value, G_VARIANT_TYPE (type), error);
  g_return_val_if_fail (variant == NULL || g_variant_check_format_string (variant, format, TRUE), NULL);
  return g_steal_pointer (&variant);
}

/**
 * kr_hub_client_call_finish: (skip)
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 * @format: (nullable): how to hand the result over, as for g_variant_get() and without pointers into it (`&`): `s`, `i`,
 *   `(sd)`, `^as`; %NULL: nobody wants it
 * @...: where to, as for g_variant_get(); each may be %NULL. Untouched after an error
 *
 * Finishes [method@KrHub.Client.call_async]: best in the callback itself, where the result need not be copied.
 *
 * Errors: those of [method@KrHub.Client.invoke_finish]; %KR_HUB_ERROR_BINDING also if there is no result.
 *
 * Returns: whether the call succeeded
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_call_finish (KrHubClient *self, GAsyncResult *result, GError **error, const char *format, ...)
{
  g_autoptr (GVariant) variant = NULL;
  KrHubProtocol *protocol;
  KrHubSlice value;
  va_list places;
  gboolean done;

  g_return_val_if_fail (KR_HUB_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (kr_hub_call_is_valid (result, self, kr_hub_client_call_async), FALSE);

  if (!kr_hub_call_take_encoded (result, &protocol, &value, error))
    return FALSE;
  if (format == NULL)
    return TRUE;
  if (value.data == NULL)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "The method returned nothing");
      return FALSE;
    }
  va_start (places, format);
  if (G_LIKELY (strcmp (format, "s") == 0))
    done = get_text (self, protocol, &value, va_arg (places, char **), error);
  else
    {
      variant = decode (protocol, &value, format, error);
      done = variant != NULL;
      if (done)
        g_variant_get_va (variant, format, NULL, &places);
    }
  va_end (places);
  return done;
}
