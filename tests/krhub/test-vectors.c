/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What ASP.NET Core makes of messages and handshakes, recorded in tests/vectors, is what we make of them. */
#include "config.h"

#include <math.h>

#include "kr-hub-arguments-private.h"
#include "kr-hub-error.h"
#include "kr-hub-handshake-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-json-writer-private.h"
#include "kr-hub-msgpack-protocol.h"

/* The parameters of the methods that the vectors call; those of Program.cs in tests/interop/dotnet-protocol. */
static const struct
{
  const char *target;
  const char *signature;
} methods[] = {
  { "S", "(ms)" }, { "SS", "(msms)" }, { "I", "(i)" }, { "X", "(x)" }, { "Y", "(y)" }, { "D", "(d)" }, { "T", "(b)" },
  { "B", "(may)" }, { "L", "(mai)" }, { "M", "(ma{si})" }, { "A", "(v)" }, { "N", "()" },
};

static const GVariantType *
find_signature (const KrHubSlice *target)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (target->len == strlen (methods[i].target) && memcmp (target->data, methods[i].target, target->len) == 0)
      return G_VARIANT_TYPE (methods[i].signature);
  return NULL;
}

static void
append_text (KrHubBuffer *out, const KrHubSlice *text)
{
  kr_hub_buffer_append_byte (out, ' ');
  if (text->data != NULL)
    kr_hub_json_write_string (out, text->data, text->len);
  else
    kr_hub_buffer_append_byte (out, '-');
}

static void
append_c_string (KrHubBuffer *out, const char *text)
{
  kr_hub_buffer_append (out, text, strlen (text));
}

static void
append_arguments (KrHubBuffer *out, GVariant *arguments)
{
  append_c_string (out, " [");
  for (gsize i = 0; i < g_variant_n_children (arguments); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (arguments, i);

      if (i > 0)
        kr_hub_buffer_append_byte (out, ',');
      if (g_variant_is_of_type (child, G_VARIANT_TYPE_DOUBLE) && isinf (g_variant_get_double (child)))
        append_c_string (out, g_variant_get_double (child) < 0 ? "-Infinity" : "Infinity");
      else
        g_assert_true (kr_hub_json_write_variant (out, child, 0, NULL));
    }
  kr_hub_buffer_append_byte (out, ']');
}

/* As it is in JSON, or as JSON would have it. */
static void
append_value (KrHubBuffer *out, KrHubProtocol *protocol, const KrHubValue *value)
{
  g_autoptr (GVariant) variant = NULL;

  kr_hub_buffer_append_byte (out, ' ');
  if (value->kind == KR_HUB_VALUE_NONE)
    kr_hub_buffer_append_byte (out, '-');
  else if (kr_hub_protocol_get_transfer_format (protocol) == KR_HUB_TRANSFER_FORMAT_TEXT)
    kr_hub_buffer_append (out, value->slice.data, value->slice.len);
  else
    {
      variant = kr_hub_protocol_decode_variant (protocol, &value->slice, G_VARIANT_TYPE_VARIANT, NULL);
      g_assert_true (kr_hub_json_write_variant (out, variant, 0, NULL));
    }
}

static void
append_stream_ids (KrHubBuffer *out, KrHubProtocol *protocol, const KrHubMessage *message)
{
  g_autoptr (GString) scratch = g_string_new (NULL);
  KrHubSlice rest = message->stream_ids, value, text;

  append_c_string (out, " [");
  while (kr_hub_protocol_next_value (protocol, &rest, &value))
    {
      g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, NULL));
      kr_hub_json_write_string (out, text.data, text.len);
      if (rest.len > 0)
        kr_hub_buffer_append_byte (out, ',');
    }
  kr_hub_buffer_append_byte (out, ']');
}

static void
append_invocation (KrHubBuffer *out, KrHubProtocol *protocol, const KrHubMessage *message)
{
  const GVariantType *signature = find_signature (&message->target);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) arguments = NULL;

  if (signature == NULL)
    error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_METHOD_NOT_FOUND, "HubException: Method does not exist.");
  else if (message->arguments_error != NULL)
    error = g_error_copy (message->arguments_error);
  else
    arguments = kr_hub_arguments_to_variant (protocol, &message->value.slice, message->n_arguments, signature, &error);
  append_c_string (out, arguments != NULL ? (message->type == KR_HUB_MESSAGE_INVOCATION ? "1" : "4") : "binding");
  append_text (out, &message->invocation_id);
  append_text (out, &message->target);
  if (arguments == NULL)
    {
      g_assert_nonnull (error);
      kr_hub_buffer_append_byte (out, ' ');
      append_c_string (out, error->message);
      return;
    }
  append_arguments (out, arguments);
  append_stream_ids (out, protocol, message);
}

static void
append_message (KrHubBuffer *out, KrHubProtocol *protocol, const KrHubMessage *message)
{
  if (message->type == KR_HUB_MESSAGE_INVOCATION || message->type == KR_HUB_MESSAGE_STREAM_INVOCATION)
    {
      append_invocation (out, protocol, message);
      return;
    }
  kr_hub_buffer_append_byte (out, '0' + message->type);
  if (message->type == KR_HUB_MESSAGE_STREAM_ITEM || message->type == KR_HUB_MESSAGE_COMPLETION ||
      message->type == KR_HUB_MESSAGE_CANCEL_INVOCATION)
    append_text (out, &message->invocation_id);
  if (message->type == KR_HUB_MESSAGE_COMPLETION || message->type == KR_HUB_MESSAGE_CLOSE)
    append_text (out, &message->error);
  if (message->type == KR_HUB_MESSAGE_STREAM_ITEM || message->type == KR_HUB_MESSAGE_COMPLETION)
    append_value (out, protocol, &message->value);
  if (message->type == KR_HUB_MESSAGE_CLOSE)
    append_c_string (out, message->allow_reconnect ? " reconnect" : " -");
  if (message->type == KR_HUB_MESSAGE_ACK || message->type == KR_HUB_MESSAGE_SEQUENCE)
    {
      kr_hub_buffer_append_byte (out, ' ');
      kr_hub_json_write_int64 (out, message->sequence_id);
    }
}

static void
append_request (KrHubBuffer *out, const KrHubSlice *text, GError **error)
{
  g_auto (KrHubHandshakeRequest) request = { 0 };
  KrHubSlice name;

  if (!kr_hub_handshake_parse_request (text, &request, error))
    return;
  name = (KrHubSlice) { request.protocol, strlen (request.protocol) };
  append_c_string (out, "request");
  append_text (out, &name);
  kr_hub_buffer_append_byte (out, ' ');
  kr_hub_json_write_int64 (out, request.version);
}

#define UNREADABLE "The hub's handshake cannot be read: "

/* What we make of one vector, in the words of the file. */
static char *
run_vector (const char *section, const KrHubSlice *text)
{
  KrHubProtocol *protocol =
    g_str_equal (section, "messagepack") ? kr_hub_msgpack_protocol_get_default () : kr_hub_json_protocol_get_default ();
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) result = g_string_new (NULL);

  if (g_str_equal (section, "request"))
    append_request (&out, text, &error);
  else if (g_str_equal (section, "response"))
    append_c_string (&out, kr_hub_handshake_parse_response (text, &error) ? "response" : "");
  else
    switch (kr_hub_protocol_parse (protocol, text, &message, &error))
      {
      case KR_HUB_PARSE_MESSAGE: append_message (&out, protocol, &message); break;
      case KR_HUB_PARSE_IGNORED: append_c_string (&out, "ignored"); break;
      case KR_HUB_PARSE_ERROR: default: g_assert_nonnull (error); break;
      }
  g_string_append_len (result, (const char *) out.data, out.len);
  /* a refusal is an answer, too, and stands there in the hub's words */
  if (error != NULL && g_str_equal (section, "response") && !g_str_has_prefix (error->message, UNREADABLE))
    g_string_append_printf (result, "response \"%s\"", error->message);
  else if (error != NULL)
    g_string_append_printf (result, "error %s", error->message);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

/* In the vectors a line is one outcome. */
static char *
escape_line (const char *text)
{
  g_autoptr (GString) result = g_string_new (text);

  g_string_replace (result, "\\", "\\\\", 0);
  g_string_replace (result, "\n", "\\n", 0);
  g_string_replace (result, "\r", "\\r", 0);
  g_string_replace (result, "\t", "\\t", 0);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

/* g_strcompress() with the length, because a vector may contain NUL. */
static GBytes *
decode_vector (const char *text)
{
  g_autoptr (GByteArray) result = g_byte_array_new ();

  while (*text != '\0')
    {
      guint8 byte = *text++;

      if (byte == '\\')
        {
          byte = *text++;
          if (byte >= '0' && byte <= '3')
            {
              byte = (byte - '0') << 6 | (text[0] - '0') << 3 | (text[1] - '0');
              text += 2;
            }
          else
            byte = byte == 'n' ? '\n' : byte == 'r' ? '\r' : byte == 't' ? '\t' : byte;
        }
      g_byte_array_append (result, &byte, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&result));
}

/* "96 01 80" */
static GBytes *
decode_hex (const char *text)
{
  g_autoptr (GByteArray) result = g_byte_array_new ();

  for (; g_ascii_isxdigit (text[0]); text += text[2] == ' ' ? 3 : 2)
    {
      guint8 byte = g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]);

      g_byte_array_append (result, &byte, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&result));
}

static gboolean
check_vector (const char *section, const char *input, const char *expected)
{
  g_autoptr (GBytes) bytes = g_str_equal (section, "messagepack") ? decode_hex (input) : decode_vector (input);
  g_autofree char *outcome = NULL, *line = NULL;
  KrHubSlice text;

  text.data = g_bytes_get_data (bytes, &text.len);
  outcome = run_vector (section, &text);
  line = escape_line (outcome);
  if (g_str_equal (line, expected))
    return TRUE;
  g_test_message ("%s: %s", section, input);
  g_test_message ("  expected %s", expected);
  g_test_message ("  got      %s", line);
  return FALSE;
}

/* "> input", "< what ASP.NET Core does", "= what we do instead, where it differs". */
static void
check_file (const char *name, guint n_expected)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  const char *section = "message", *input = NULL, *expected = NULL;
  guint n_checked = 0, n_failed = 0;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *value = lines[i][0] != '\0' ? lines[i] + 2 : NULL;

      if (g_str_has_prefix (lines[i], "@ "))
        section = value;
      else if (g_str_has_prefix (lines[i], "> "))
        input = value;
      else if (g_str_has_prefix (lines[i], "< ") || g_str_has_prefix (lines[i], "= "))
        expected = value;
      if (expected == NULL || (lines[i + 1] != NULL && g_str_has_prefix (lines[i + 1], "= ")))
        continue;
      n_failed += !check_vector (section, input, expected);
      n_checked++;
      expected = NULL;
    }
  g_assert_cmpuint (n_failed, ==, 0);
  g_assert_cmpuint (n_checked, >=, n_expected);
}

static void
test_json (void)
{
  check_file ("aspnet-json.txt", 500);
}

static void
test_messagepack (void)
{
  check_file ("aspnet-messagepack.txt", 500);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krhub/vectors/json", test_json);
  g_test_add_func ("/krhub/vectors/messagepack", test_messagepack);
  return g_test_run ();
}
