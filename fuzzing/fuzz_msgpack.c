/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Fuzz target: MessagePack messages; what parses must survive being written and parsed again. */
#include "config.h"

#include <stdint.h>

#include "fuzz-protocol.h"
#include "kr-hub-msgpack-protocol.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  fuzz_protocol (kr_hub_msgpack_protocol_get_default (), (const char *) data, size);
  return 0;
}
