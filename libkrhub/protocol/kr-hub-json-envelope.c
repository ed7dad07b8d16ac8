/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* JSON text as a hub message: the properties in any order, then what the type makes of them. */
#include "config.h"

#include "kr-hub-json-envelope-private.h"

#include "kr-hub-error.h"
#include "kr-hub-json-scanner-private.h"

/* What the properties of one message were, before its type says which of them count. */
typedef struct
{
  KrHubJsonScanner scanner;
  KrHubMessage *message;
  gint64 type;
  gboolean has_type;
  gboolean has_sequence_id;
  KrHubSlice arguments;
  KrHubSlice item;
  KrHubSlice result;
} Envelope;

/* FALSE, so that callers can return it. */
static gboolean
malformed (GError **error, const char *text)
{
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, text);
  return FALSE;
}

static gboolean
missing (GError **error, const char *name)
{
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, "InvalidDataException: Missing required property '%s'.",
               name);
  return FALSE;
}

static gboolean
broken (Envelope *self, GError **error)
{
  kr_hub_json_scanner_set_error (&self->scanner, error);
  return FALSE;
}

static gboolean
decode_unusual (Envelope *self, KrHubSlice *text, guint flags, GError **error)
{
  KrHubMessage *message = self->message;
  gsize begin;

  if ((flags & KR_HUB_JSON_NON_ASCII) && !kr_hub_json_validate_utf8 (text, error))
    return FALSE;
  if (!(flags & KR_HUB_JSON_ESCAPED))
    return TRUE;
  /* As large as everything that can be unescaped into it: earlier slices point into it, so it must not move. */
  if (message->scratch == NULL)
    message->scratch = g_string_sized_new (self->scanner.end - self->scanner.start);
  begin = message->scratch->len;
  if (!kr_hub_json_unescape (text, message->scratch, error))
    return FALSE;
  *text = (KrHubSlice) { message->scratch->str + begin, message->scratch->len - begin };
  return TRUE;
}

static inline gboolean
decode_text (Envelope *self, KrHubSlice *text, guint flags, GError **error)
{
  return G_LIKELY (flags == 0) || decode_unusual (self, text, flags, error);
}

static gboolean
read_string (Envelope *self, const char *name, KrHubSlice *text, GError **error)
{
  guint flags;

  if (G_UNLIKELY (!kr_hub_json_scanner_expect (&self->scanner, KR_HUB_JSON_STRING, name, error)))
    return FALSE;
  if (G_UNLIKELY (!kr_hub_json_scanner_read_string (&self->scanner, text, &flags)))
    return broken (self, error);
  return decode_text (self, text, flags, error);
}

static gboolean
read_type (Envelope *self, GError **error)
{
  const char *p = self->scanner.pos;

  self->has_type = TRUE;
  /* One digit and more to come: nearly always. */
  if (G_LIKELY (self->scanner.end - p >= 2 && g_ascii_isdigit (p[0]) && (p[1] == ',' || p[1] == '}')))
    {
      self->type = p[0] - '0';
      self->scanner.pos = p + 1;
      return TRUE;
    }
  return kr_hub_json_scanner_read_integer (&self->scanner, "type", G_MININT32, G_MAXINT32, &self->type, error);
}

static gboolean
read_sequence_id (Envelope *self, GError **error)
{
  /* Of all properties this one alone may be null, and is then absent. */
  self->has_sequence_id = kr_hub_json_scanner_peek (&self->scanner) != KR_HUB_JSON_NULL;
  if (!self->has_sequence_id)
    return kr_hub_json_scanner_skip_value (&self->scanner);
  return kr_hub_json_scanner_read_integer (&self->scanner, "sequenceId", G_MININT64, G_MAXINT64,
                                           &self->message->sequence_id, error);
}

static gboolean
read_allow_reconnect (Envelope *self, GError **error)
{
  KrHubJsonKind kind = kr_hub_json_scanner_peek (&self->scanner);

  if (kind == KR_HUB_JSON_BROKEN)
    return broken (self, error);
  if (kind != KR_HUB_JSON_TRUE && kind != KR_HUB_JSON_FALSE)
    return malformed (error, "InvalidDataException: Expected 'allowReconnect' to be true or false.");
  self->message->allow_reconnect = kind == KR_HUB_JSON_TRUE;
  return kr_hub_json_scanner_skip_value (&self->scanner);
}

/* Keeps a whole value, encoded as it is. */
static gboolean
read_raw (Envelope *self, KrHubSlice *value, GError **error)
{
  const char *begin = self->scanner.pos;

  if (!kr_hub_json_scanner_skip_value (&self->scanner))
    return broken (self, error);
  *value = (KrHubSlice) { begin, self->scanner.pos - begin };
  return TRUE;
}

static gboolean
read_stream_id (Envelope *self, GError **error)
{
  KrHubJsonKind kind = kr_hub_json_scanner_peek (&self->scanner);
  KrHubSlice text;
  guint flags;

  switch (kind)
    {
    case KR_HUB_JSON_STRING:
      if (!kr_hub_json_scanner_read_string (&self->scanner, &text, &flags))
        return broken (self, error);
      return decode_text (self, &text, flags, error);
    case KR_HUB_JSON_NULL:
      return malformed (error, "InvalidDataException: Null value for 'streamIds' is not valid.");
    case KR_HUB_JSON_BROKEN:
      return broken (self, error);
    case KR_HUB_JSON_TRUE:
    case KR_HUB_JSON_FALSE:
    case KR_HUB_JSON_NUMBER:
    case KR_HUB_JSON_ARRAY:
    case KR_HUB_JSON_OBJECT:
    default:
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
                   "InvalidOperationException: Cannot get the value of a token type '%s%s' as a string.",
                   kind == KR_HUB_JSON_ARRAY || kind == KR_HUB_JSON_OBJECT ? "Start" : "",
                   kr_hub_json_kind_to_string (kind));
      return FALSE;
    }
}

static gboolean
read_stream_ids (Envelope *self, GError **error)
{
  KrHubMessage *message = self->message;
  gboolean first = TRUE;
  const char *begin;

  if (!kr_hub_json_scanner_expect (&self->scanner, KR_HUB_JSON_ARRAY, "streamIds", error))
    return FALSE;
  message->n_stream_ids = 0;
  if (!kr_hub_json_scanner_enter (&self->scanner))
    return broken (self, error);
  begin = self->scanner.pos;
  while (kr_hub_json_scanner_next_element (&self->scanner, &first))
    {
      if (!read_stream_id (self, error))
        return FALSE;
      message->n_stream_ids++;
      message->stream_ids = (KrHubSlice) { begin, self->scanner.pos - begin };
    }
  if (message->n_stream_ids == 0)
    message->stream_ids = (KrHubSlice) { NULL, 0 };
  return self->scanner.fault == KR_HUB_JSON_FAULT_NONE || broken (self, error);
}

/* A map of strings to strings; kept as it is. */
static gboolean
read_headers (Envelope *self, GError **error)
{
  const char *begin = self->scanner.pos;
  gboolean first = TRUE;
  KrHubSlice name, value;
  guint flags;

  if (!kr_hub_json_scanner_expect (&self->scanner, KR_HUB_JSON_OBJECT, "headers", error))
    return FALSE;
  if (!kr_hub_json_scanner_enter (&self->scanner))
    return broken (self, error);
  while (kr_hub_json_scanner_next_property (&self->scanner, &first, &name, &flags))
    {
      KrHubJsonKind kind = kr_hub_json_scanner_peek (&self->scanner);

      if (kind == KR_HUB_JSON_BROKEN)
        return broken (self, error);
      if (!decode_text (self, &name, flags, error))
        return FALSE;
      if (kind != KR_HUB_JSON_STRING)
        {
          g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
                       "InvalidDataException: Expected header '%.*s' to be of type String.", (int) MIN (name.len, 100),
                       name.data);
          return FALSE;
        }
      if (!kr_hub_json_scanner_read_string (&self->scanner, &value, &flags))
        return broken (self, error);
      if (!decode_text (self, &value, flags, error))
        return FALSE;
    }
  self->message->headers = (KrHubSlice) { begin, self->scanner.pos - begin };
  return self->scanner.fault == KR_HUB_JSON_FAULT_NONE || broken (self, error);
}

/* ASP.NET Core binds the arguments while it reads them if it knows the target by then, and holds what goes wrong
 * against the invocation alone as long as its reader can go on behind: that is so after ["a",]. */
static gboolean
forgive_arguments (Envelope *self, GError **error)
{
  g_autofree char *text = NULL;

  if (self->scanner.fault != KR_HUB_JSON_FAULT_TRAILING_COMMA_ARRAY || self->message->target.len == 0)
    return broken (self, error);
  text = kr_hub_json_scanner_describe (&self->scanner);
  g_clear_error (&self->message->arguments_error);
  g_set_error_literal (&self->message->arguments_error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, text);
  self->scanner.fault = KR_HUB_JSON_FAULT_NONE;
  kr_hub_json_scanner_leave (&self->scanner);
  return TRUE;
}

/* An ordinary string is found whole here already; its receiver need not scan it again. */
static inline gboolean
read_argument (Envelope *self)
{
  KrHubMessage *message = self->message;
  KrHubSlice text;
  guint flags;

  if (message->n_arguments >= KR_HUB_MESSAGE_TEXTS)
    return kr_hub_json_scanner_skip_value (&self->scanner);
  message->texts[message->n_arguments].data = NULL;
  if (*self->scanner.pos != '"')
    return kr_hub_json_scanner_skip_value (&self->scanner);
  if (!kr_hub_json_scanner_read_string (&self->scanner, &text, &flags))
    return FALSE;
  if (flags == 0)
    message->texts[message->n_arguments] = text;
  return TRUE;
}

static gboolean
read_arguments (Envelope *self, GError **error)
{
  KrHubMessage *message = self->message;
  gboolean first = TRUE;
  const char *begin;

  if (!kr_hub_json_scanner_expect (&self->scanner, KR_HUB_JSON_ARRAY, "arguments", error))
    return FALSE;
  g_clear_error (&message->arguments_error);
  message->n_arguments = 0;
  if (!kr_hub_json_scanner_enter (&self->scanner))
    return broken (self, error);
  begin = self->scanner.pos;
  self->arguments = (KrHubSlice) { begin, 0 };
  while (kr_hub_json_scanner_next_element (&self->scanner, &first))
    {
      if (!read_argument (self))
        return broken (self, error);
      message->n_arguments++;
      self->arguments.len = self->scanner.pos - begin;
    }
  return self->scanner.fault == KR_HUB_JSON_FAULT_NONE || forgive_arguments (self, error);
}

static gboolean
skip_unknown (Envelope *self, GError **error)
{
  return kr_hub_json_scanner_skip_value (&self->scanner) || broken (self, error);
}

#define IS(name, literal) (memcmp ((name)->data, literal, sizeof (literal) - 1) == 0)

static gboolean
read_property (Envelope *self, const KrHubSlice *name, GError **error)
{
  switch (name->len)
    {
    case 4:
      if (IS (name, "type"))
        return read_type (self, error);
      return IS (name, "item") ? read_raw (self, &self->item, error) : skip_unknown (self, error);
    case 5:
      return IS (name, "error") ? read_string (self, "error", &self->message->error, error)
                                : skip_unknown (self, error);
    case 6:
      if (IS (name, "target"))
        return read_string (self, "target", &self->message->target, error);
      return IS (name, "result") ? read_raw (self, &self->result, error) : skip_unknown (self, error);
    case 7:
      return IS (name, "headers") ? read_headers (self, error) : skip_unknown (self, error);
    case 9:
      if (IS (name, "arguments"))
        return read_arguments (self, error);
      return IS (name, "streamIds") ? read_stream_ids (self, error) : skip_unknown (self, error);
    case 10:
      return IS (name, "sequenceId") ? read_sequence_id (self, error) : skip_unknown (self, error);
    case 12:
      return IS (name, "invocationId") ? read_string (self, "invocationId", &self->message->invocation_id, error)
                                       : skip_unknown (self, error);
    case 14:
      return IS (name, "allowReconnect") ? read_allow_reconnect (self, error) : skip_unknown (self, error);
    default:
      return skip_unknown (self, error);
    }
}

static gboolean
read_envelope (Envelope *self, GError **error)
{
  gboolean first = TRUE;
  KrHubSlice name;
  guint flags;

  if (!kr_hub_json_scanner_expect_object (&self->scanner, error))
    return FALSE;
  kr_hub_json_scanner_enter (&self->scanner);
  while (kr_hub_json_scanner_next_property (&self->scanner, &first, &name, &flags))
    {
      /* Raw bytes that are no UTF-8 make a name merely unknown; an escape that is no Unicode is an error. */
      if (G_UNLIKELY (flags & KR_HUB_JSON_ESCAPED) && !decode_text (self, &name, KR_HUB_JSON_ESCAPED, error))
        return FALSE;
      if (!read_property (self, &name, error))
        return FALSE;
    }
  return self->scanner.fault == KR_HUB_JSON_FAULT_NONE || broken (self, error);
}

static gboolean
finish_invocation (Envelope *self, gboolean streaming, GError **error)
{
  KrHubMessage *message = self->message;

  if (message->target.data == NULL)
    return missing (error, "target");
  if (streaming && message->invocation_id.len == 0)
    return missing (error, "invocationId");
  if (self->arguments.data == NULL)
    return missing (error, "arguments");
  /* An empty id is none. */
  if (message->invocation_id.len == 0)
    message->invocation_id.data = NULL;
  if (message->n_arguments > 0)
    message->value = (KrHubValue) { .kind = KR_HUB_VALUE_RAW, .slice = self->arguments };
  return TRUE;
}

static gboolean
finish_item (Envelope *self, GError **error)
{
  if (self->message->invocation_id.data == NULL)
    return missing (error, "invocationId");
  if (self->item.data == NULL)
    return missing (error, "item");
  if (self->message->invocation_id.len == 0)
    return malformed (error, "KeyNotFoundException: No stream with id '' could be found.");
  self->message->value = (KrHubValue) { .kind = KR_HUB_VALUE_RAW, .slice = self->item };
  return TRUE;
}

static gboolean
finish_completion (Envelope *self, GError **error)
{
  if (self->message->invocation_id.len == 0)
    return missing (error, "invocationId");
  if (self->result.data == NULL)
    return TRUE;
  if (self->message->error.data != NULL)
    return malformed (error, "InvalidDataException: The 'error' and 'result' properties are mutually exclusive.");
  self->message->value = (KrHubValue) { .kind = KR_HUB_VALUE_RAW, .slice = self->result };
  return TRUE;
}

static gboolean
finish (Envelope *self, GError **error)
{
  switch ((KrHubMessageType) self->type)
    {
    case KR_HUB_MESSAGE_INVOCATION:
    case KR_HUB_MESSAGE_STREAM_INVOCATION:
      return finish_invocation (self, self->type == KR_HUB_MESSAGE_STREAM_INVOCATION, error);
    case KR_HUB_MESSAGE_STREAM_ITEM:
      return finish_item (self, error);
    case KR_HUB_MESSAGE_COMPLETION:
      return finish_completion (self, error);
    case KR_HUB_MESSAGE_CANCEL_INVOCATION:
      return self->message->invocation_id.len > 0 || missing (error, "invocationId");
    case KR_HUB_MESSAGE_ACK:
    case KR_HUB_MESSAGE_SEQUENCE:
      return self->has_sequence_id || missing (error, "sequenceId");
    case KR_HUB_MESSAGE_PING:
    case KR_HUB_MESSAGE_CLOSE:
    default:
      return TRUE;
    }
}

KrHubParseResult
kr_hub_json_envelope_parse (const KrHubSlice *body, KrHubMessage *message, GError **error)
{
  Envelope envelope = { .message = message };

  kr_hub_json_scanner_init (&envelope.scanner, body);
  if (!read_envelope (&envelope, error))
    return KR_HUB_PARSE_ERROR;
  if (!envelope.has_type)
    {
      missing (error, "type");
      return KR_HUB_PARSE_ERROR;
    }
  if (envelope.type < KR_HUB_MESSAGE_INVOCATION || envelope.type > KR_HUB_MESSAGE_SEQUENCE)
    return KR_HUB_PARSE_IGNORED;
  message->type = envelope.type;
  return finish (&envelope, error) ? KR_HUB_PARSE_MESSAGE : KR_HUB_PARSE_ERROR;
}
