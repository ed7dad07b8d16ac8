/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The command line of krhub. */
#pragma once

#include <krhub.h>

#include "krhub-arguments.h"
#include "krhub-command.h"

G_BEGIN_DECLS

typedef struct
{
  const KrhubCommand *command;  /* NULL: only the version is wanted */
  char *url;
  char *method;                 /* NULL for commands without one */
  char **operands;              /* what follows: arguments, or names of events */
  KrhubArgumentsKind kind;
  char *token;                  /* NULL: none */
  char **headers;               /* "Name", "value", "Name", "value", ..., NULL */
  gboolean messagepack;
  KrHubTransportFlags transports;
  gboolean skip_negotiation;
  gboolean insecure;
  gboolean reconnect;
  gboolean upload;
  char *answer;                 /* to calls that want one; NULL: none */
  gint64 timeout;               /* µs; 0: none */
  guint count;                  /* 0: no limit */
  gboolean json;
  gboolean raw;
  gboolean verbose;
} KrhubOptions;

gboolean krhub_options_parse (KrhubOptions *options, char **argv, GError **error);
void krhub_options_clear (KrhubOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrhubOptions, krhub_options_clear)

G_END_DECLS
