/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMessage: one message of the hub protocol, as slices of the received bytes. */
#include "config.h"

#include "kr-hub-message.h"

/**
 * kr_hub_message_clear: (skip)
 * @self: a message
 *
 * Frees what the message owns and makes it an empty one.
 *
 * Since: 0.1
 */
void
kr_hub_message_clear (KrHubMessage *self)
{
  if (G_UNLIKELY (self->arguments_error != NULL))
    g_error_free (self->arguments_error);
  if (self->scratch != NULL)
    g_string_free (self->scratch, TRUE);
  memset (self, 0, sizeof *self);
}
