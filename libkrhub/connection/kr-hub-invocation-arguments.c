/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation: what the caller sent. */
#include "config.h"

#include "kr-hub-invocation-private.h"

#include "kr-hub-arguments-private.h"
#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"

/* A string of a method that takes only strings: borrowed if it lies in the message as it is. One with a NUL in it is none
 * for C, as it is none for GVariant. */
static gboolean
bind_string (KrHubInvocation *self, guint index, const KrHubSlice *value, GString *scratch, GError **error)
{
  const KrHubSession *session = &self->connection->session;

  if (!session->encoding->decode_string (session->protocol, value, scratch, &self->strings[index], NULL) ||
      (self->strings[index].len > 0 && memchr (self->strings[index].data, '\0', self->strings[index].len) != NULL))
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, KR_HUB_ARGUMENTS_MISMATCH);
      return FALSE;
    }
  if (self->strings[index].data == scratch->str)
    {
      self->texts[index] = g_strndup (scratch->str, scratch->len);
      self->strings[index].data = self->texts[index];
    }
  return TRUE;
}

static gboolean
bind_plain_strings (KrHubInvocation *self, const KrHubMessage *message)
{
  for (guint i = 0; i < self->n_arguments; i++)
    {
      if (message->texts[i].data == NULL)
        return FALSE;
      self->strings[i] = message->texts[i];
    }
  return TRUE;
}

static gboolean
bind_strings (KrHubInvocation *self, GError **error)
{
  const KrHubSession *session = &self->connection->session;
  GString *scratch = session->settings->scratch;
  KrHubSlice rest = self->arguments;
  KrHubSlice value;

  G_STATIC_ASSERT (KR_HUB_INLINE_STRINGS <= KR_HUB_MESSAGE_TEXTS);
  for (guint i = 0; i < self->n_arguments; i++)
    if (!session->encoding->next_value (session->protocol, &rest, &value) ||
        !bind_string (self, i, &value, scratch, error))
      return FALSE;
  return TRUE;
}

gboolean
kr_hub_invocation_bind (KrHubInvocation *self, const KrHubMessage *message, GError **error)
{
  const KrHubMethod *method = self->method;

  if (message->arguments_error != NULL)
    {
      g_propagate_error (error, g_error_copy (message->arguments_error));
      return FALSE;
    }
  if (method->arguments == NULL)
    return TRUE;
  if (self->n_arguments != method->n_arguments)
    {
      g_set_error (error,
                   KR_HUB_ERROR,
                   KR_HUB_ERROR_BINDING,
                   "InvalidDataException: Invocation provides %u argument(s) but target expects %u.",
                   self->n_arguments,
                   method->n_arguments);
      return FALSE;
    }
  if (method->strings_only)
    return bind_plain_strings (self, message) || bind_strings (self, error);
  self->variant = kr_hub_arguments_to_variant (self->connection->session.protocol,
                                               &self->arguments,
                                               self->n_arguments,
                                               method->arguments,
                                               error);
  return self->variant != NULL;
}

static gboolean
open_upload (KrHubInvocation *self, const KrHubSlice *id, const GVariantType *item_type)
{
  KrHubConnection *connection = self->connection;
  g_autoptr (GString) scratch = g_string_new (NULL);
  g_autofree char *text = NULL;
  KrHubStream *stream;
  KrHubSlice decoded;

  if (!kr_hub_protocol_decode_string (connection->session.protocol, id, scratch, &decoded, NULL) || decoded.data == NULL)
    return FALSE;
  text = g_strndup (decoded.data, decoded.len);
  stream = kr_hub_stream_new_reader (item_type);
  kr_hub_stream_begin_reading (stream, connection, text);
  g_ptr_array_add (self->uploads, stream);
  return TRUE;
}

gboolean
kr_hub_invocation_open_uploads (KrHubInvocation *self, const KrHubSlice *stream_ids)
{
  KrHubProtocol *protocol = self->connection->session.protocol;
  KrHubSlice rest = *stream_ids, id;

  self->uploads = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->method->n_uploads; i++)
    if (!kr_hub_protocol_next_value (protocol, &rest, &id) || !open_upload (self, &id, self->method->uploads[i]))
      return FALSE;
  return TRUE;
}

/**
 * kr_hub_invocation_get_n_arguments:
 * @self: an invocation
 *
 * Gets how many arguments the caller sent. Any thread.
 *
 * Returns: the number of arguments
 *
 * Since: 0.1
 */
guint
kr_hub_invocation_get_n_arguments (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_arguments;
}

/**
 * kr_hub_invocation_get_string:
 * @self: an invocation of a method whose signature has an `s` at @index
 * @index: which argument, from 0
 *
 * Gets an argument that was declared as a string, without making a #GVariant of it. In the handler's thread.
 *
 * Returns: (transfer none) (nullable): the text, valid as long as @self; %NULL if the caller sent null
 *
 * Since: 0.1
 */
const char *
kr_hub_invocation_get_string (KrHubInvocation *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->n_arguments, NULL);

  if (self->method->strings_only)
    {
      const KrHubSlice *text = &self->strings[index];

      if (self->texts[index] == NULL && text->data != NULL)
        {
          self->texts[index] = kr_hub_invocation_take_room (self, text->len + 1);
          memcpy (self->texts[index], text->data, text->len);
          self->texts[index][text->len] = '\0';
        }
      return self->texts[index];
    }
  if (self->variant != NULL)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (self->variant, index);

      /* The parent keeps the bytes of its children. */
      if (g_variant_is_of_type (child, G_VARIANT_TYPE_STRING))
        return g_variant_get_string (child, NULL);
    }
  g_critical ("argument %u of method '%s' is not declared as a string", index, self->method->name);
  return NULL;
}

static GVariantType *
new_tuple_of_variants (guint n)
{
  g_autofree const GVariantType **types = g_new (const GVariantType *, n);

  for (guint i = 0; i < n; i++)
    types[i] = G_VARIANT_TYPE_VARIANT;
  return g_variant_type_new_tuple (types, n);
}

/**
 * kr_hub_invocation_get_arguments:
 * @self: an invocation
 * @error: return location for an error
 *
 * Gets all arguments as a tuple of the types that the method declared; where it declared none, of variants. In the
 * handler's thread.
 *
 * Null for a string, bytes, list or dictionary is the empty one; where that matters, declare a maybe (`ms`).
 *
 * Errors: %KR_HUB_ERROR_BINDING if an argument does not fit.
 *
 * Returns: (transfer none): the tuple, valid as long as @self; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_invocation_get_arguments (KrHubInvocation *self, GError **error)
{
  g_autoptr (GVariantType) any = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (self->variant != NULL)
    return self->variant;
  if (self->method->arguments == NULL)
    any = new_tuple_of_variants (self->n_arguments);
  self->variant = kr_hub_arguments_to_variant (self->connection->session.protocol,
                                               &self->arguments,
                                               self->n_arguments,
                                               any != NULL ? any : self->method->arguments,
                                               error);
  return self->variant;
}

/**
 * kr_hub_invocation_dup_node:
 * @self: an invocation
 * @index: which argument, from 0
 * @error: return location for an error
 *
 * Decodes an argument of any type. In the handler's thread.
 *
 * Errors: %KR_HUB_ERROR_BINDING if there is no such argument, or JSON cannot express it.
 *
 * Returns: (transfer full): the argument; %NULL with @error set
 *
 * Since: 0.1
 */
JsonNode *
kr_hub_invocation_dup_node (KrHubInvocation *self, guint index, GError **error)
{
  KrHubSlice value;

  g_return_val_if_fail (self != NULL, NULL);
  if (!kr_hub_arguments_nth (self->connection->session.protocol, &self->arguments, index, &value))
    {
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "There is no argument %u", index);
      return NULL;
    }
  return kr_hub_protocol_decode_node (self->connection->session.protocol, &value, error);
}

/**
 * kr_hub_invocation_get_n_uploads:
 * @self: an invocation
 *
 * Gets how many streams the caller sends along, which is what the method declares. Any thread.
 *
 * Returns: the number of streams
 *
 * Since: 0.1
 */
guint
kr_hub_invocation_get_n_uploads (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->uploads != NULL ? self->uploads->len : 0;
}

/**
 * kr_hub_invocation_get_upload:
 * @self: an invocation of a method with uploads ([method@KrHub.Server.set_method_uploads])
 * @index: which stream, from 0
 *
 * Gets a stream that the caller sends along, to be read in the thread of the hub. It ends with the call at the latest.
 *
 * Returns: (transfer none): the stream, valid as long as @self
 *
 * Since: 0.1
 */
KrHubStream *
kr_hub_invocation_get_upload (KrHubInvocation *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < kr_hub_invocation_get_n_uploads (self), NULL);
  return g_ptr_array_index (self->uploads, index);
}
