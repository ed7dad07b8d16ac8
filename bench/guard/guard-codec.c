/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Parses an Echo invocation and writes its completion, N times: work for whoever counts its instructions. */
#include "config.h"

#include <stdlib.h>

#include "kr-hub-arguments-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-msgpack-protocol.h"

#define MAX_SIZE 32768

static void
write_invocation (KrHubProtocol *protocol, KrHubBuffer *input)
{
  g_autofree char *text = g_strnfill (100, 'x');
  g_autoptr (GVariant) arguments = g_variant_ref_sink (g_variant_new ("(s)", text));
  const KrHubMessage message = { .type = KR_HUB_MESSAGE_INVOCATION,
                                 .invocation_id = KR_HUB_SLICE_LITERAL ("12345"),
                                 .target = KR_HUB_SLICE_LITERAL ("Echo"),
                                 .value = { .kind = KR_HUB_VALUE_VARIANT, .variant = arguments } };

  if (!kr_hub_protocol_write (protocol, &message, input, NULL))
    g_error ("the invocation cannot be written");
}

static void
echo (KrHubProtocol *protocol, const KrHubBuffer *input, GString *scratch, KrHubBuffer *output)
{
  g_auto (KrHubMessage) message = { 0 };
  KrHubMessage completion = { .type = KR_HUB_MESSAGE_COMPLETION, .value = { .kind = KR_HUB_VALUE_STRING } };
  KrHubSlice body, argument;

  if (kr_hub_protocol_frame (protocol, input->data, input->len, MAX_SIZE, &body, NULL) <= 0 ||
      kr_hub_protocol_parse (protocol, &body, &message, NULL) != KR_HUB_PARSE_MESSAGE ||
      !kr_hub_arguments_nth (protocol, &message.value.slice, 0, &argument) ||
      !kr_hub_protocol_decode_string (protocol, &argument, scratch, &completion.value.slice, NULL))
    g_error ("the invocation cannot be read");
  completion.invocation_id = message.invocation_id;
  output->len = 0;
  if (!kr_hub_protocol_write (protocol, &completion, output, NULL))
    g_error ("the completion cannot be written");
}

/* Usage: guard-codec [N [json|messagepack]] */
int
main (int argc, char **argv)
{
  guint n = argc > 1 ? atoi (argv[1]) : 10000;
  gboolean packed = argc > 2 && g_str_equal (argv[2], "messagepack");
  KrHubProtocol *protocol = packed ? kr_hub_msgpack_protocol_get_default () : kr_hub_json_protocol_get_default ();
  g_autoptr (GString) scratch = g_string_new (NULL);
  KrHubBuffer input = { 0 }, output = { 0 };

  write_invocation (protocol, &input);
  for (guint i = 0; i < n; i++)
    echo (protocol, &input, scratch, &output);
  kr_hub_buffer_clear (&input);
  kr_hub_buffer_clear (&output);
  return 0;
}
