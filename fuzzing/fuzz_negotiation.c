/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Fuzz target: the negotiation document; what parses must survive being written and parsed again. */
#include "config.h"

#include <stdint.h>

#include "kr-hub-negotiation.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size), written = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubNegotiation) first = kr_hub_negotiation_parse (bytes, &error), second = NULL;

  if ((first != NULL) != (error == NULL))
    g_error ("a refusal without a reason");
  if (first == NULL)
    return 0;
  written = kr_hub_negotiation_write (first);
  second = kr_hub_negotiation_parse (written, &error);
  if (second == NULL)
    g_error ("a document that cannot be read again: %s", error->message);
  again = kr_hub_negotiation_write (second);
  if (!g_bytes_equal (written, again))
    g_error ("a document changed on its way");
  return 0;
}
