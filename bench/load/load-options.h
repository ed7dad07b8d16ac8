/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadOptions: what one run of the load generator shall do. */
#pragma once

#include <glib.h>

typedef enum
{
  LOAD_MODE_ECHO,      /* every connection keeps calls in flight */
  LOAD_MODE_FAN,       /* the first one does, and what all of them get is counted */
  LOAD_MODE_STREAM,    /* the first one reads streams */
  LOAD_MODE_IDLE,      /* all of them wait */
  LOAD_MODE_CONNECT,   /* all of them connect and close again, several times */
} LoadMode;

typedef enum
{
  LOAD_TRANSPORT_WEBSOCKET,
  LOAD_TRANSPORT_SSE,
  LOAD_TRANSPORT_LONG_POLLING,
} LoadTransport;

typedef struct
{
  char *host, *path;
  int port;
  gboolean tls;
  LoadMode mode;
  LoadTransport transport, idle_transport;
  gboolean messagepack;
  int connections, depth, payload, rounds;
  double seconds, warm_up;
  char *target, *group, *join;
  int items;           /* of each stream */
  int idle, half_open; /* beside the connections */
  int pid;             /* of the server, 0 if unknown */
  gboolean json;
} LoadOptions;

gboolean load_options_parse (LoadOptions *self, int *argc, char ***argv, GError **error);
void load_options_clear (LoadOptions *self);
const char *load_mode_to_string (LoadMode mode);
const char *load_transport_to_string (LoadTransport transport);
