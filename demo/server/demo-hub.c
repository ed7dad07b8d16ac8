/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The hub of the demo: its methods, and the events that it sends to all clients. */
#include "config.h"

#include "demo-hub.h"

/* As Kestrun sets its hubs up. */
#define HANDSHAKE_TIMEOUT (5 * G_TIME_SPAN_SECOND)
#define KEEP_ALIVE_INTERVAL (2 * G_TIME_SPAN_SECOND)
#define CLIENT_TIMEOUT (10 * G_TIME_SPAN_SECOND)

/* Calls a method of the client that has called us. */
static void
answer_caller (KrHubServer *hub, KrHubInvocation *invocation, const char *target, const char *text)
{
  g_autoptr (KrHubClients) caller = kr_hub_clients_new_caller (hub, invocation);
  g_autoptr (GError) error = NULL;

  if (kr_hub_clients_send (caller, target, g_variant_new ("(s)", text), &error))
    kr_hub_invocation_return_void (invocation);
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
on_echo (KrHubInvocation *invocation, gpointer user_data)
{
  answer_caller (user_data, invocation, "ReceiveEcho", kr_hub_invocation_get_string (invocation, 0));
}

static const char *
get_caller_id (KrHubInvocation *invocation)
{
  return kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation));
}

static void
on_join_group (KrHubInvocation *invocation, gpointer user_data)
{
  KrHubServer *hub = user_data;
  const char *group = kr_hub_invocation_get_string (invocation, 0);

  kr_hub_server_add_to_group (hub, get_caller_id (invocation), group);
  answer_caller (hub, invocation, "GroupJoined", group);
}

static void
on_leave_group (KrHubInvocation *invocation, gpointer user_data)
{
  KrHubServer *hub = user_data;
  const char *group = kr_hub_invocation_get_string (invocation, 0);

  kr_hub_server_remove_from_group (hub, get_caller_id (invocation), group);
  answer_caller (hub, invocation, "GroupLeft", group);
}

/* The request that opens a WebSocket or an event stream leaves libsoup before it is answered: this is its line. */
static void
log_connection (KrHubServer *hub, KrHubConnection *connection, const char *what)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S");

  g_print ("%s hub %s over %s, %u connected\n", time, what, kr_hub_connection_get_transport_name (connection),
           kr_hub_server_get_n_connections (hub));
}

static void
on_connected (KrHubServer *hub, KrHubConnection *connection, gpointer user_data)
{
  log_connection (hub, connection, "connected");
}

static void
on_disconnected (KrHubServer *hub, KrHubConnection *connection, const GError *error, gpointer user_data)
{
  log_connection (hub, connection, "disconnected");
}

/**
 * demo_hub_new:
 *
 * Creates the hub that lives at `/hubs/kestrun`, in the thread-default main context.
 *
 * Returns: (transfer full): a hub
 */
KrHubServer *
demo_hub_new (void)
{
  KrHubServer *hub = kr_hub_server_new (NULL);

  g_object_set (hub,
                "handshake-timeout", HANDSHAKE_TIMEOUT,
                "keep-alive-interval", KEEP_ALIVE_INTERVAL,
                "client-timeout", CLIENT_TIMEOUT,
                NULL);
  g_signal_connect (hub, "connected", G_CALLBACK (on_connected), NULL);
  g_signal_connect (hub, "disconnected", G_CALLBACK (on_disconnected), NULL);
  kr_hub_server_add_method (hub, "Echo", "(s)", NULL, on_echo, hub, NULL);
  kr_hub_server_add_method (hub, "JoinGroup", "(s)", NULL, on_join_group, hub, NULL);
  kr_hub_server_add_method (hub, "LeaveGroup", "(s)", NULL, on_leave_group, hub, NULL);
  return hub;
}

/**
 * demo_hub_format_now:
 *
 * Formats the time as the events carry it: UTC, ISO 8601, with milliseconds.
 *
 * Returns: (transfer full): a text
 */
char *
demo_hub_format_now (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *seconds = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");

  return g_strdup_printf ("%s.%03dZ", seconds, g_date_time_get_microsecond (now) / 1000);
}

static void
send_to_all (KrHubServer *hub, const char *target, GVariant *arguments)
{
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (hub);
  g_autoptr (GError) error = NULL;

  if (!kr_hub_clients_send (all, target, arguments, &error))
    g_warning ("%s cannot be sent: %s", target, error->message);
}

/**
 * demo_hub_send_event:
 * @hub: the hub
 * @name: what happened
 * @data: (transfer floating): a dictionary `a{sv}` that says more
 *
 * Calls `ReceiveEvent` at all clients, with one argument: `{eventName, data, timestamp}`.
 */
void
demo_hub_send_event (KrHubServer *hub, const char *name, GVariant *data)
{
  g_autofree char *timestamp = demo_hub_format_now ();
  g_auto (GVariantBuilder) event = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&event, "{sv}", "eventName", g_variant_new_string (name));
  g_variant_builder_add (&event, "{sv}", "data", data);
  g_variant_builder_add (&event, "{sv}", "timestamp", g_variant_new_string (timestamp));
  send_to_all (hub, "ReceiveEvent", g_variant_new ("(a{sv})", &event));
}

/**
 * demo_hub_shutdown:
 * @hub: the hub
 *
 * Tells all clients that the server is stopping, and ends their connections.
 */
void
demo_hub_shutdown (KrHubServer *hub)
{
  send_to_all (hub, "serverShutdown", g_variant_new ("(s)", "Server stopping"));
  kr_hub_server_shutdown (hub);
}
