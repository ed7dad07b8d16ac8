/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The handshake: request and response, both written and parsed (HubProtocol.md, "Handshake"). */
#include "config.h"

#include "kr-hub-handshake-private.h"

#include "kr-hub-error.h"
#include "kr-hub-json-scanner-private.h"
#include "kr-hub-json-writer-private.h"
#include "kr-hub-plain-words-private.h"
#include "kr-hub-text-frame-private.h"

/* How much of a peer's text an error message repeats. */
#define MAX_QUOTED 200

void
kr_hub_handshake_request_clear (KrHubHandshakeRequest *self)
{
  g_clear_pointer (&self->protocol, g_free);
  self->version = 0;
}

static gboolean
is_name (const KrHubSlice *name, guint flags, const char *literal)
{
  g_autoptr (GString) plain = NULL;

  if (!(flags & KR_HUB_JSON_ESCAPED))
    return name->len == strlen (literal) && memcmp (name->data, literal, name->len) == 0;
  plain = g_string_new (NULL);
  return kr_hub_json_unescape (name, plain, NULL) && g_strcmp0 (plain->str, literal) == 0;
}

/* The string value of property @name as a C string. */
static gboolean
read_text (KrHubJsonScanner *scanner, const char *name, char **text, GError **error)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  KrHubSlice value;
  guint flags;

  if (!kr_hub_json_scanner_expect (scanner, KR_HUB_JSON_STRING, name, error))
    return FALSE;
  if (!kr_hub_json_scanner_read_string (scanner, &value, &flags))
    {
      kr_hub_json_scanner_set_error (scanner, error);
      return FALSE;
    }
  if (!kr_hub_json_validate_utf8 (&value, error) || !kr_hub_json_unescape (&value, plain, error))
    return FALSE;
  g_free (*text);
  *text = g_string_free (g_steal_pointer (&plain), FALSE);
  return TRUE;
}

static gboolean
read_version (KrHubJsonScanner *scanner, KrHubHandshakeRequest *request, gboolean *has_version, GError **error)
{
  gint64 version;

  *has_version = kr_hub_json_scanner_peek (scanner) != KR_HUB_JSON_NULL;
  if (!*has_version)
    return kr_hub_json_scanner_skip_value (scanner);
  if (!kr_hub_json_scanner_read_integer (scanner, "version", G_MININT32, G_MAXINT32, &version, error))
    return FALSE;
  request->version = version;
  return TRUE;
}

static gboolean
skip (KrHubJsonScanner *scanner, GError **error)
{
  if (kr_hub_json_scanner_skip_value (scanner))
    return TRUE;
  kr_hub_json_scanner_set_error (scanner, error);
  return FALSE;
}

static gboolean
parse_request (KrHubJsonScanner *scanner, KrHubHandshakeRequest *request, gboolean *has_version, GError **error)
{
  gboolean first = TRUE, ok = TRUE;
  KrHubSlice name;
  guint flags;

  if (!kr_hub_json_scanner_expect_object (scanner, error))
    return FALSE;
  kr_hub_json_scanner_enter (scanner);
  while (ok && kr_hub_json_scanner_next_property (scanner, &first, &name, &flags))
    if (is_name (&name, flags, "protocol"))
      ok = read_text (scanner, "protocol", &request->protocol, error);
    else if (is_name (&name, flags, "version"))
      ok = read_version (scanner, request, has_version, error);
    else
      ok = skip (scanner, error);
  if (ok && scanner->fault != KR_HUB_JSON_FAULT_NONE)
    {
      kr_hub_json_scanner_set_error (scanner, error);
      return FALSE;
    }
  return ok;
}

static gboolean
missing (const KrHubSlice *text, const char *name, GError **error)
{
  g_autofree char *quoted = g_utf8_make_valid (text->data, MIN (text->len, MAX_QUOTED));

  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE,
               "InvalidDataException: Missing required property '%s'. Message content: %s", name, quoted);
  return FALSE;
}

gboolean
kr_hub_handshake_parse_request (const KrHubSlice *text, KrHubHandshakeRequest *request, GError **error)
{
  KrHubJsonScanner scanner;
  gboolean has_version = FALSE;

  kr_hub_json_scanner_init (&scanner, text);
  scanner.detailed = TRUE;
  if (!parse_request (&scanner, request, &has_version, error))
    {
      if (error != NULL && *error != NULL)
        (*error)->code = KR_HUB_ERROR_HANDSHAKE;
      return FALSE;
    }
  if (request->protocol == NULL)
    return missing (text, "protocol", error);
  return has_version || missing (text, "version", error);
}

void
kr_hub_handshake_write_request (const char *protocol, guint version, KrHubBuffer *out)
{
  kr_hub_buffer_append_literal (out, "{\"protocol\":");
  kr_hub_json_write_string (out, protocol, strlen (protocol));
  kr_hub_buffer_append_literal (out, ",\"version\":");
  kr_hub_json_write_uint64 (out, version);
  kr_hub_buffer_append_literal (out, "}\x1e");
}

void
kr_hub_handshake_write_response (const char *refusal, KrHubBuffer *out)
{
  kr_hub_buffer_append_byte (out, '{');
  if (refusal != NULL)
    {
      kr_hub_buffer_append_literal (out, "\"error\":");
      kr_hub_json_write_string (out, refusal, strlen (refusal));
    }
  kr_hub_buffer_append_literal (out, "}\x1e");
}

static gboolean
parse_response (KrHubJsonScanner *scanner, char **refusal, GError **error)
{
  gboolean first = TRUE, ok = TRUE;
  KrHubSlice name;
  guint flags;

  if (!kr_hub_json_scanner_expect_object (scanner, error))
    return FALSE;
  kr_hub_json_scanner_enter (scanner);
  while (ok && kr_hub_json_scanner_next_property (scanner, &first, &name, &flags))
    if (is_name (&name, flags, "error"))
      ok = read_text (scanner, "error", refusal, error);
    else if (is_name (&name, flags, "type"))
      {
        /* An ordinary message: the server skipped the handshake. */
        g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE,
                             "InvalidDataException: Expected a handshake response from the server.");
        ok = FALSE;
      }
    else
      ok = skip (scanner, error);
  if (ok && scanner->fault != KR_HUB_JSON_FAULT_NONE)
    {
      kr_hub_json_scanner_set_error (scanner, error);
      return FALSE;
    }
  return ok;
}

gboolean
kr_hub_handshake_parse_response (const KrHubSlice *text, GError **error)
{
  g_autofree char *refusal = NULL;
  KrHubJsonScanner scanner;

  kr_hub_json_scanner_init (&scanner, text);
  scanner.detailed = TRUE;
  if (!parse_response (&scanner, &refusal, error))
    {
      if (error != NULL && *error != NULL)
        {
          (*error)->code = KR_HUB_ERROR_HANDSHAKE;
          kr_hub_plain_words (*error, "The hub's handshake cannot be read");
        }
      return FALSE;
    }
  /* The official clients take an empty text for none. */
  if (refusal == NULL || *refusal == '\0')
    return TRUE;
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE, refusal);
  return FALSE;
}
