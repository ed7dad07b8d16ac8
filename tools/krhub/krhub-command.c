/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What krhub can be told to do. */
#include "config.h"

#include "krhub-command.h"

static const KrhubCommand *const commands[] = {
  &krhub_command_call, &krhub_command_info, &krhub_command_listen, &krhub_command_send, &krhub_command_stream,
};

/**
 * krhub_command_find:
 * @name: the first word of the command line
 *
 * Returns: (nullable): the command of that name
 */
const KrhubCommand *
krhub_command_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];
  return NULL;
}
