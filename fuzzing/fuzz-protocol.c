/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What every protocol must do with any bytes, for the fuzz targets of each. */
#include "config.h"

#include "fuzz-protocol.h"

#include "kr-hub-arguments-private.h"

#define CHECK(condition) \
  G_STMT_START { if (!(condition)) g_error ("%s:%d: not so: %s", __FILE__, __LINE__, #condition); } G_STMT_END

static const char *const types[] = { "b",  "y",     "i",     "t",    "d",  "s",   "o", "ay",
                                     "as", "a{sv}", "a{ix}", "(is)", "ms", "mai", "v" };

/* Whatever fails must say why. */
static void
decode (KrHubProtocol *protocol, const KrHubSlice *value)
{
  g_autoptr (GString) scratch = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;
  KrHubSlice text;

  CHECK (kr_hub_protocol_decode_string (protocol, value, scratch, &text, &error) == (error == NULL));
  if (error == NULL && text.data != NULL)
    CHECK (g_utf8_validate_len (text.data, text.len, NULL) || memchr (text.data, 0, text.len) != NULL);
  g_clear_error (&error);
  node = kr_hub_protocol_decode_node (protocol, value, &error);
  CHECK ((node != NULL) == (error == NULL));
  g_clear_error (&error);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GVariant) variant =
          kr_hub_protocol_decode_variant (protocol, value, G_VARIANT_TYPE (types[i]), &error);

      CHECK ((variant != NULL) == (error == NULL));
      CHECK (variant == NULL || g_variant_is_of_type (variant, G_VARIANT_TYPE (types[i])));
      g_clear_error (&error);
    }
}

static void
decode_all (KrHubProtocol *protocol, const KrHubSlice *values, guint n_values)
{
  KrHubSlice rest = *values, value;
  guint n = 0;

  for (; kr_hub_protocol_next_value (protocol, &rest, &value); n++)
    decode (protocol, &value);
  CHECK (n == n_values && rest.len == 0);
}

static void
check_values (KrHubProtocol *protocol, const KrHubMessage *message)
{
  if (message->type == KR_HUB_MESSAGE_INVOCATION || message->type == KR_HUB_MESSAGE_STREAM_INVOCATION)
    {
      if (message->arguments_error == NULL)
        decode_all (protocol, &message->value.slice, message->n_arguments);
      decode_all (protocol, &message->stream_ids, message->n_stream_ids);
    }
  else if (message->value.kind == KR_HUB_VALUE_RAW)
    decode_all (protocol, &message->value.slice, 1);
}

static void
write_message (KrHubProtocol *protocol, const KrHubMessage *message, KrHubBuffer *out, KrHubSlice *body)
{
  CHECK (kr_hub_protocol_write (protocol, message, out, NULL));
  CHECK (kr_hub_protocol_frame (protocol, out->data, out->len, 0, body, NULL) == (gssize) out->len);
}

void
fuzz_protocol (KrHubProtocol *protocol, const char *data, gsize size)
{
  g_auto (KrHubMessage) message = { 0 }, again = { 0 };
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT, out_again = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;
  KrHubSlice body = { data, size };
  KrHubParseResult result = kr_hub_protocol_parse (protocol, &body, &message, &error);

  CHECK ((result == KR_HUB_PARSE_ERROR) == (error != NULL));
  if (result != KR_HUB_PARSE_MESSAGE)
    return;
  check_values (protocol, &message);
  if (message.arguments_error != NULL)
    return;
  write_message (protocol, &message, &out, &body);
  CHECK (kr_hub_protocol_parse (protocol, &body, &again, NULL) == KR_HUB_PARSE_MESSAGE);
  CHECK (message.type == again.type);
  if (message.type == KR_HUB_MESSAGE_INVOCATION || message.type == KR_HUB_MESSAGE_STREAM_INVOCATION)
    CHECK (message.n_arguments == again.n_arguments && message.n_stream_ids == again.n_stream_ids);
  write_message (protocol, &again, &out_again, &body);
  CHECK (out.len == out_again.len && memcmp (out.data, out_again.data, out.len) == 0);
}
