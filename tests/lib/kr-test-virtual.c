/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client and a hub in one program, over memory and in virtual time. */
#include "config.h"

#include "kr-test-virtual.h"

#include "kr-test.h"

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
leave (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_connection_abort (kr_hub_invocation_get_connection (invocation));
}

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  g_string_append_printf (data, "closed: %s;", error != NULL ? error->message : "fine");
}

static void
on_reconnecting (KrHubClient *client, const GError *error, gpointer data)
{
  g_string_append (data, "reconnecting;");
}

static void
on_reconnected (KrHubClient *client, const char *id, gpointer data)
{
  g_string_append_printf (data, "reconnected %s;", id);
}

static void
on_state (GObject *object, GParamSpec *pspec, gpointer data)
{
  static const char *const names[] = { "disconnected", "connecting", "connected", "reconnecting", "disconnecting" };

  g_string_append_printf (data, "[%s]", names[kr_hub_client_get_state (KR_HUB_CLIENT (object))]);
}

void
kr_test_virtual_set_up (KrTestVirtual *f, gconstpointer data)
{
  f->clock = kr_hub_clock_new_virtual (SECOND);
  f->server = kr_hub_server_new (f->clock);
  kr_hub_server_add_method (f->server, "Echo", "(s)", "s", echo, NULL, NULL);
  kr_hub_server_add_method (f->server, "Leave", "()", NULL, leave, NULL, NULL);
  f->connector = kr_test_connector_new (f->server);
  f->client = g_object_new (KR_HUB_TYPE_CLIENT, "clock", f->clock, "connector", f->connector, NULL);
  f->log = g_string_new (NULL);
  g_signal_connect (f->client, "closed", G_CALLBACK (on_closed), f->log);
  g_signal_connect (f->client, "reconnecting", G_CALLBACK (on_reconnecting), f->log);
  g_signal_connect (f->client, "reconnected", G_CALLBACK (on_reconnected), f->log);
  g_signal_connect (f->client, "notify::state", G_CALLBACK (on_state), f->log);
}

/* Virtual time, and the callbacks of operations, which come from the main context. */
void
kr_test_virtual_advance (KrTestVirtual *f, gint64 microseconds)
{
  for (gint64 step = CLAMP (microseconds / 100, 1, SECOND / 2); microseconds > 0; microseconds -= step)
    {
      kr_hub_clock_advance (f->clock, MIN (step, microseconds));
      while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
        ;
    }
}

void
kr_test_virtual_tear_down (KrTestVirtual *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (f->client, f->log);
  g_assert_finalize_object (f->client);
  kr_test_virtual_advance (f, 20 * SECOND);
  g_assert_finalize_object (f->connector);
  g_assert_finalize_object (f->server);
  g_assert_finalize_object (f->clock);
  g_string_free (f->log, TRUE);
}

void
kr_test_virtual_assert_log (KrTestVirtual *f, const char *expected)
{
  g_assert_cmpstr (f->log->str, ==, expected);
  g_string_truncate (f->log, 0);
}

void
kr_test_virtual_start (KrTestVirtual *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  kr_hub_client_start_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_string_truncate (f->log, 0);
}

void
kr_test_virtual_cut (KrTestVirtual *f)
{
  kr_hub_transport_abort (KR_HUB_TRANSPORT (f->connector->last));
}

void
kr_test_virtual_assert_echo (KrTestVirtual *f, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", text), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  value = kr_hub_client_invoke_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, text);
}

void
kr_test_virtual_set_policy (KrTestVirtual *f, KrHubRetryPolicy *policy)
{
  g_autoptr (KrHubRetryPolicy) owned = policy;

  g_object_set (f->client, "retry-policy", owned, NULL);
}
