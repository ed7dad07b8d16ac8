/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Fuzz target: both halves of the handshake; a request that parses must survive being written and parsed again. */
#include "config.h"

#include <stdint.h>

#include "kr-hub-handshake-private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (KrHubHandshakeRequest) request = { 0 }, again = { 0 };
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;
  KrHubSlice text = { (const char *) data, size };

  if (kr_hub_handshake_parse_response (&text, &error) != (error == NULL))
    g_error ("a response without a reason");
  g_clear_error (&error);
  if (kr_hub_handshake_parse_request (&text, &request, &error) != (error == NULL))
    g_error ("a refusal without a reason");
  if (error != NULL || request.version < 0)
    return 0;
  kr_hub_handshake_write_request (request.protocol, request.version, &out);
  text = (KrHubSlice) { (char *) out.data, out.len - 1 };
  if (!kr_hub_handshake_parse_request (&text, &again, NULL) || g_strcmp0 (request.protocol, again.protocol) != 0 ||
      request.version != again.version)
    g_error ("a request changed on its way");
  return 0;
}
