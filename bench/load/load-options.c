/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadOptions: what one run of the load generator shall do. */
#include "config.h"

#include "load-options.h"

static const char *const modes[] = { "echo", "fan", "stream", "idle", "connect", NULL };
static const char *const transports[] = { "websocket", "sse", "long-polling", NULL };
static const char *const protocols[] = { "json", "messagepack", NULL };

static gboolean
choose (const char *const *names, const char *name, const char *what, int *chosen, GError **error)
{
  for (int i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      {
        *chosen = i;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is no %s", name, what);
  return FALSE;
}

static gboolean
check_range (const char *name, int value, int min, int max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s must be %d to %d", name, min, max);
  return FALSE;
}

static gboolean
check_ranges (LoadOptions *self, GError **error)
{
  return check_range ("port", self->port, 1, 65535, error) &&
         check_range ("connections", self->connections, 1, 100000, error) &&
         check_range ("depth", self->depth, 1, 1024, error) &&
         check_range ("payload", self->payload, 0, 1000000, error) &&
         check_range ("rounds", self->rounds, 1, 1000, error) &&
         check_range ("items", self->items, 1, G_MAXINT, error) &&
         check_range ("idle", self->idle, 0, 100000, error) &&
         check_range ("half-open", self->half_open, 0, 100000, error);
}

static void
set_defaults (LoadOptions *self)
{
  *self = (LoadOptions) { .connections = 10, .depth = 1, .payload = 100, .rounds = 1, .seconds = 5, .items = 100000 };
  self->host = g_strdup ("127.0.0.1");
  self->path = g_strdup ("/hub");
}

gboolean
load_options_parse (LoadOptions *self, int *argc, char ***argv, GError **error)
{
  g_autofree char *mode = g_strdup ("echo"), *protocol = g_strdup ("json");
  g_autofree char *transport = g_strdup ("websocket"), *idle_transport = g_strdup ("websocket");
  const GOptionEntry entries[] = {
    { "host", 0, 0, G_OPTION_ARG_STRING, &self->host, "IPv4 address (default 127.0.0.1)", "ADDRESS" },
    { "port", 'p', 0, G_OPTION_ARG_INT, &self->port, "Port of the server", "N" },
    { "path", 0, 0, G_OPTION_ARG_STRING, &self->path, "Path of the hub (default /hub)", "PATH" },
    { "tls", 0, 0, G_OPTION_ARG_NONE, &self->tls, "Talk TLS, without looking at the certificate", NULL },
    { "mode", 'm', 0, G_OPTION_ARG_STRING, &mode, "echo, fan, stream, idle or connect (default echo)", "MODE" },
    { "transport", 0, 0, G_OPTION_ARG_STRING, &transport, "websocket, sse or long-polling", "NAME" },
    { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol, "json or messagepack", "NAME" },
    { "connections", 'c', 0, G_OPTION_ARG_INT, &self->connections, "Connections (default 10)", "N" },
    { "depth", 'd', 0, G_OPTION_ARG_INT, &self->depth, "Calls in flight on each that calls (default 1)", "N" },
    { "payload", 0, 0, G_OPTION_ARG_INT, &self->payload, "Length of the text that is sent (default 100)", "N" },
    { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &self->seconds, "How long to measure (default 5)", "S" },
    { "warm-up", 0, 0, G_OPTION_ARG_DOUBLE, &self->warm_up, "How long to run before that (default 0)", "S" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &self->rounds, "Rounds of mode connect (default 1)", "N" },
    { "target", 0, 0, G_OPTION_ARG_STRING, &self->target, "Method (default Echo, Broadcast or Counter)", "NAME" },
    { "join", 0, 0, G_OPTION_ARG_STRING, &self->join, "Method that each but the idle ones calls first", "NAME" },
    { "group", 0, 0, G_OPTION_ARG_STRING, &self->group, "Group: the first argument of each call", "NAME" },
    { "items", 0, 0, G_OPTION_ARG_INT, &self->items, "Items of each stream (default 100000)", "N" },
    { "idle", 0, 0, G_OPTION_ARG_INT, &self->idle, "Further connections that wait", "N" },
    { "idle-transport", 0, 0, G_OPTION_ARG_STRING, &idle_transport, "Their transport (default websocket)", "NAME" },
    { "half-open", 0, 0, G_OPTION_ARG_INT, &self->half_open, "Further ones that send half a request head", "N" },
    { "pid", 0, 0, G_OPTION_ARG_INT, &self->pid, "Process of the server, for CPU time and memory", "PID" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- drives a SignalR hub from one thread");

  set_defaults (self);
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error) && check_ranges (self, error) &&
         choose (modes, mode, "mode", (int *) &self->mode, error) &&
         choose (transports, transport, "transport", (int *) &self->transport, error) &&
         choose (transports, idle_transport, "transport", (int *) &self->idle_transport, error) &&
         choose (protocols, protocol, "protocol", &self->messagepack, error);
}

void
load_options_clear (LoadOptions *self)
{
  g_free (self->host);
  g_free (self->path);
  g_free (self->target);
  g_free (self->group);
  g_free (self->join);
}

const char *
load_mode_to_string (LoadMode mode)
{
  return modes[mode];
}

const char *
load_transport_to_string (LoadTransport transport)
{
  return transports[transport];
}
