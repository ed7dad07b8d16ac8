/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What krhub can be told to do. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _KrhubRun KrhubRun;

/* Options that are not everybody's. */
typedef enum
{
  KRHUB_TAKES_UPLOAD = 1 << 0,
  KRHUB_TAKES_COUNT = 1 << 1,
  KRHUB_TAKES_RECONNECT = 1 << 2,
  KRHUB_TAKES_ANSWER = 1 << 3,
} KrhubTakes;

typedef struct
{
  const char *name;
  gboolean has_method;          /* URL Method ARGUMENT..., else URL Event... */
  gboolean has_operands;
  gboolean connects;            /* start() is called on a connected client, else on none */
  KrhubTakes takes;
  gboolean (*prepare) (KrhubRun *run, GError **error);  /* before the client connects; may be NULL */
  void (*start) (KrhubRun *run);                        /* ends in krhub_run_finish(), now or later */
} KrhubCommand;

extern const KrhubCommand krhub_command_call;
extern const KrhubCommand krhub_command_info;
extern const KrhubCommand krhub_command_listen;
extern const KrhubCommand krhub_command_send;
extern const KrhubCommand krhub_command_stream;

const KrhubCommand *krhub_command_find (const char *name);

G_END_DECLS
