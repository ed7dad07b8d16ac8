/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A connector to a hub in the same program, over memory, which fails as often as it is told to. */
#include "config.h"

#include "kr-test-connector.h"

static void kr_test_connector_iface_init (KrHubConnectorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrTestConnector, kr_test_connector, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_CONNECTOR, kr_test_connector_iface_init))

static void
kr_test_connector_finalize (GObject *object)
{
  g_clear_object (&KR_TEST_CONNECTOR (object)->last);
  g_clear_object (&KR_TEST_CONNECTOR (object)->server);
  G_OBJECT_CLASS (kr_test_connector_parent_class)->finalize (object);
}

static void
kr_test_connector_class_init (KrTestConnectorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_test_connector_finalize;
}

static void
kr_test_connector_init (KrTestConnector *self)
{
  self->failure = G_IO_ERROR_CONNECTION_REFUSED;
}

static KrHubTransport *
new_transport (KrTestConnector *self, KrHubMemoryTransport **server_end)
{
  g_clear_object (&self->last);
  kr_hub_memory_transport_new_pair (kr_hub_server_get_clock (self->server), server_end, &self->last);
  return g_object_ref (KR_HUB_TRANSPORT (self->last));
}

static gboolean
hang_cancelled (GCancellable *cancellable, gpointer task)
{
  g_assert_true (g_task_return_error_if_cancelled (task));
  return G_SOURCE_REMOVE;
}

static void
hang (GTask *task, GCancellable *cancellable)
{
  g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (hang_cancelled), g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

static void
connector_connect (KrHubConnector *connector,
                   gboolean stateful,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  KrTestConnector *self = KR_TEST_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  g_autoptr (KrHubTransport) transport = NULL;

  self->n_connects++;
  g_task_set_task_data (task, GINT_TO_POINTER (stateful), NULL);
  if (self->n_failures > 0)
    {
      self->n_failures--;
      g_task_return_new_error (task, G_IO_ERROR, self->failure, "Nobody listens");
      return;
    }
  if (self->n_hangs > 0)
    {
      self->n_hangs--;
      hang (task, cancellable);
      return;
    }
  transport = new_transport (self, &server_end);
  if (stateful)
    kr_hub_server_accept_stateful (self->server, KR_HUB_TRANSPORT (server_end), "the-id", NULL);
  else
    kr_hub_server_accept (self->server, KR_HUB_TRANSPORT (server_end), "the-id", NULL);
  g_task_return_pointer (task, g_steal_pointer (&transport), g_object_unref);
}

static KrHubTransport *
connector_connect_finish (KrHubConnector *connector,
                          GAsyncResult *result,
                          char **connection_id,
                          gboolean *stateful,
                          GError **error)
{
  *connection_id = g_strdup ("the-id");
  *stateful = GPOINTER_TO_INT (g_task_get_task_data (G_TASK (result)));
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
connector_reconnect (KrHubConnector *connector,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  KrTestConnector *self = KR_TEST_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  KrHubConnection *connection = kr_hub_server_lookup (self->server, "the-id");
  g_autoptr (KrHubTransport) transport = NULL;

  self->n_reconnects++;
  if (self->refuse_reconnect || connection == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "The server answered 404 (Not Found)");
      return;
    }
  if (self->n_failures > 0)
    {
      self->n_failures--;
      g_task_return_new_error (task, G_IO_ERROR, self->failure, "Nobody listens");
      return;
    }
  transport = new_transport (self, &server_end);
  g_assert_true (kr_hub_connection_reattach (connection, KR_HUB_TRANSPORT (server_end)));
  g_task_return_pointer (task, g_steal_pointer (&transport), g_object_unref);
}

static KrHubTransport *
connector_reconnect_finish (KrHubConnector *connector, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
kr_test_connector_iface_init (KrHubConnectorInterface *iface)
{
  iface->connect_async = connector_connect;
  iface->connect_finish = connector_connect_finish;
  iface->reconnect_async = connector_reconnect;
  iface->reconnect_finish = connector_reconnect_finish;
}

KrTestConnector *
kr_test_connector_new (KrHubServer *server)
{
  KrTestConnector *self = g_object_new (KR_TEST_TYPE_CONNECTOR, NULL);

  self->server = g_object_ref (server);
  return self;
}
