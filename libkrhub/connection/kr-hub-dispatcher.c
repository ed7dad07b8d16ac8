/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubDispatcher: the methods of one hub or client, by name. */
#include "config.h"

#include "kr-hub-dispatcher-private.h"

#include "kr-hub-invocation-private.h"

/* Longer names cannot be registered, so a foreign name beyond it need not be looked up. */
#define MAX_NAME 255

static void
clear_uploads (KrHubMethod *self)
{
  for (guint i = 0; i < self->n_uploads; i++)
    g_variant_type_free (self->uploads[i]);
  g_clear_pointer (&self->uploads, g_free);
  self->n_uploads = 0;
}

static void
method_free (gpointer data)
{
  KrHubMethod *self = data;

  clear_uploads (self);
  if (self->authorize_destroy != NULL)
    self->authorize_destroy (self->authorize_data);
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_clear_pointer (&self->arguments, g_variant_type_free);
  g_clear_pointer (&self->result, g_variant_type_free);
  g_free (self->counters);
  g_free (self->name);
  g_free (self);
}

KrHubDispatcher *
kr_hub_dispatcher_new (void)
{
  KrHubDispatcher *self = g_new0 (KrHubDispatcher, 1);

  g_ref_count_init (&self->ref_count);
  self->methods = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, method_free);
  return self;
}

KrHubDispatcher *
kr_hub_dispatcher_ref (KrHubDispatcher *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
kr_hub_dispatcher_unref (KrHubDispatcher *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  kr_hub_dispatcher_set_fallback (self, NULL, NULL, NULL);
  g_hash_table_unref (self->methods);
  g_free (self);
}

void
kr_hub_dispatcher_set_fallback (KrHubDispatcher *self, KrHubMethodFunc func, gpointer data, GDestroyNotify destroy)
{
  if (self->fallback_destroy != NULL)
    self->fallback_destroy (self->fallback_data);
  self->fallback = func;
  self->fallback_data = data;
  self->fallback_destroy = destroy;
}

/* Upper case, one character for one, as .NET's OrdinalIgnoreCase compares. FALSE if it is too long or no text. */
static gboolean
fold (const KrHubSlice *name, char folded[MAX_NAME * 6 + 1])
{
  guchar seen = 0;

  /* A NUL would end the key early. */
  if (name->len > MAX_NAME || memchr (name->data, '\0', name->len) != NULL)
    return FALSE;
  for (gsize i = 0; i < name->len; i++)
    {
      guchar c = name->data[i];

      seen |= c;
      folded[i] = c - (c >= 'a' && c <= 'z' ? 'a' - 'A' : 0);
    }
  folded[name->len] = '\0';
  if (G_LIKELY (seen < 0x80))
    return TRUE;
  if (!g_utf8_validate_len (name->data, name->len, NULL))
    return FALSE;
  for (const char *p = name->data, *end = p + name->len; p < end; p = g_utf8_next_char (p))
    folded += g_unichar_to_utf8 (g_unichar_toupper (g_utf8_get_char (p)), folded);
  *folded = '\0';
  return TRUE;
}

static gboolean
takes_strings_only (const KrHubMethod *method)
{
  if (method->arguments == NULL || method->n_arguments > KR_HUB_INLINE_STRINGS)
    return FALSE;
  for (const GVariantType *item = g_variant_type_first (method->arguments); item != NULL;
       item = g_variant_type_next (item))
    if (!g_variant_type_equal (item, G_VARIANT_TYPE_STRING))
      return FALSE;
  return TRUE;
}

gboolean
kr_hub_dispatcher_add (KrHubDispatcher *self,
                       const char *name,
                       const char *arguments,
                       const char *result,
                       KrHubMethodFunc func,
                       gpointer data,
                       GDestroyNotify destroy)
{
  const KrHubSlice slice = { name, strlen (name) };
  char folded[MAX_NAME * 6 + 1];
  KrHubMethod *method;

  if (slice.len == 0 || !fold (&slice, folded) || g_hash_table_contains (self->methods, folded))
    return FALSE;
  method = g_new0 (KrHubMethod, 1);
  method->name = g_strdup (name);
  method->name_length = slice.len;
  method->arguments = arguments != NULL ? g_variant_type_new (arguments) : NULL;
  method->n_arguments = arguments != NULL ? g_variant_type_n_items (method->arguments) : 0;
  method->strings_only = takes_strings_only (method);
  method->result = result != NULL ? g_variant_type_new (result) : NULL;
  method->func = func;
  method->data = data;
  method->destroy = destroy;
  method->counters = g_new0 (KrHubMethodCounters, 1);
  return g_hash_table_insert (self->methods, g_strdup (folded), method);
}

const KrHubMethod *
kr_hub_dispatcher_find (KrHubDispatcher *self, const KrHubSlice *name)
{
  char folded[MAX_NAME * 6 + 1];

  return name->len > 0 && fold (name, folded) ? g_hash_table_lookup (self->methods, folded) : NULL;
}

KrHubMethod *
kr_hub_dispatcher_lookup (KrHubDispatcher *self, const char *name)
{
  const KrHubSlice slice = { name, strlen (name) };

  return (KrHubMethod *) kr_hub_dispatcher_find (self, &slice);
}

void
kr_hub_method_set_uploads (KrHubMethod *self, const GVariantType *item_types)
{
  guint i = 0;

  clear_uploads (self);
  self->n_uploads = g_variant_type_n_items (item_types);
  self->uploads = g_new (GVariantType *, self->n_uploads);
  for (const GVariantType *type = g_variant_type_first (item_types); type != NULL; type = g_variant_type_next (type))
    self->uploads[i++] = g_variant_type_copy (type);
  self->special = TRUE;
}

void
kr_hub_method_set_authorizer (KrHubMethod *self, KrHubAuthorizeFunc func, gpointer data, GDestroyNotify destroy)
{
  if (self->authorize_destroy != NULL)
    self->authorize_destroy (self->authorize_data);
  self->authorize = func;
  self->authorize_data = data;
  self->authorize_destroy = destroy;
  self->special = TRUE;
}
