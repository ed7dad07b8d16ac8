/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoHubSource: the tasks of kr-demo over its hub. */
#include "config.h"

#include "demo-hub-source.h"

#include <glib/gi18n.h>
#include <krhub-soup.h>

#include "demo-hub-task.h"

/* Between two tries to connect, µs; a hub that has said good-bye is tried again as one that was lost. */
#define FIRST_DELAY (G_USEC_PER_SEC / 2)
#define LONGEST_DELAY (5 * G_USEC_PER_SEC)
#define RESTART_MS 500

/*
 * DemoHubSource:
 *
 * The tasks of kr-demo over its hub. While the hub is out of reach the list stays as it was; it is compared with the
 * hub's own as soon as that is back.
 */
struct _DemoHubSource
{
  DemoSource parent_instance;

  char *url;
  KrHubClient *client;
  gboolean following;     /* on this connection: the list is the hub's */
  gboolean was_following; /* ever */
  guint restart_id;
};

static void start_client (DemoHubSource *self);

G_DEFINE_FINAL_TYPE (DemoHubSource, demo_hub_source, DEMO_TYPE_SOURCE)

/* What the client calls back may come when the window has long been closed. */
static GWeakRef *
weak_new (DemoHubSource *self)
{
  GWeakRef *weak = g_new (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  return weak;
}

static void
weak_free (gpointer weak)
{
  g_weak_ref_clear (weak);
  g_free (weak);
}

/* (transfer full) (nullable) */
static DemoHubSource *
weak_take (gpointer weak)
{
  DemoHubSource *self = g_weak_ref_get (weak);

  weak_free (weak);
  return self;
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

static GListStore *
get_tasks (DemoHubSource *self)
{
  return demo_source_get_tasks (DEMO_SOURCE (self));
}

/* (transfer full) (nullable) */
static DemoHubTask *
find (DemoHubSource *self, const char *id, guint *position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (get_tasks (self)));

  for (*position = 0; *position < n; ++*position)
    {
      g_autoptr (DemoHubTask) task = g_list_model_get_item (G_LIST_MODEL (get_tasks (self)), *position);

      if (g_strcmp0 (demo_task_get_info (DEMO_TASK (task))->id, id) == 0)
        return g_steal_pointer (&task);
    }
  return NULL;
}

static const char *
get_id (GVariant *status)
{
  const char *id = NULL;

  g_variant_lookup (status, "id", "&s", &id);
  return id;
}

static void
show_task (DemoHubSource *self, GVariant *status)
{
  guint position;
  g_autoptr (DemoHubTask) task = NULL;

  if (get_id (status) == NULL)
    return;
  task = find (self, get_id (status), &position);
  if (task != NULL)
    {
      demo_hub_task_update (task, status);
      return;
    }
  task = demo_hub_task_new (self->client, status);
  g_list_store_append (get_tasks (self), task);
}

static void
drop_task (DemoHubSource *self, const char *id)
{
  guint position;
  g_autoptr (DemoHubTask) task = find (self, id, &position);

  if (task != NULL)
    g_list_store_remove (get_tasks (self), position);
}

static gboolean
has_id (GVariant *list, const char *id)
{
  GVariantIter iter;
  GVariant *status;
  gboolean found = FALSE;

  g_variant_iter_init (&iter, list);
  while (!found && (status = g_variant_iter_next_value (&iter)) != NULL)
    {
      found = g_strcmp0 (get_id (status), id) == 0;
      g_variant_unref (status);
    }
  return found;
}

/* Rows of tasks that are still there stay where they are, open or closed. */
static void
take_list (DemoHubSource *self, GVariant *list)
{
  GVariantIter iter;
  GVariant *status;

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (get_tasks (self))); i-- > 0;)
    {
      g_autoptr (DemoTask) task = g_list_model_get_item (G_LIST_MODEL (get_tasks (self)), i);

      if (!has_id (list, demo_task_get_info (task)->id))
        g_list_store_remove (get_tasks (self), i);
    }
  g_variant_iter_init (&iter, list);
  while ((status = g_variant_iter_next_value (&iter)) != NULL)
    {
      show_task (self, status);
      g_variant_unref (status);
    }
}

/* --- what the hub sends ------------------------------------------------------------------------------------------- */

static void
on_task_changed (KrHubInvocation *invocation, gpointer weak)
{
  g_autoptr (DemoHubSource) self = g_weak_ref_get (weak);
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, NULL);
  g_autoptr (GVariant) status = arguments != NULL ? g_variant_get_child_value (arguments, 0) : NULL;

  if (self != NULL && status != NULL)
    show_task (self, status);
}

static void
on_task_removed (KrHubInvocation *invocation, gpointer weak)
{
  g_autoptr (DemoHubSource) self = g_weak_ref_get (weak);

  if (self != NULL)
    drop_task (self, kr_hub_invocation_get_string (invocation, 0));
}

/* The page's events, which are not for us. */
static void
on_other_event (KrHubInvocation *invocation, gpointer user_data)
{
}

static void
set_following (DemoHubSource *self, gboolean following)
{
  self->following = following;
  self->was_following = self->was_following || following;
  demo_source_set_available (DEMO_SOURCE (self), following);
}

static void
on_list (GObject *client, GAsyncResult *result, gpointer weak)
{
  g_autoptr (DemoHubSource) self = weak_take (weak);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) list = kr_hub_client_invoke_finish (KR_HUB_CLIENT (client), result, &error);

  if (self == NULL)
    return;
  if (list == NULL)
    {
      /* a connection that was lost meanwhile asks again when it is back */
      g_debug ("the tasks cannot be followed: %s", error->message);
      return;
    }
  take_list (self, list);
  set_following (self, TRUE);
}

static void
on_kinds (GObject *client, GAsyncResult *result, gpointer weak)
{
  g_autoptr (DemoHubSource) self = weak_take (weak);
  g_autoptr (GVariant) kinds = kr_hub_client_invoke_finish (KR_HUB_CLIENT (client), result, NULL);
  g_autofree const char **names = kinds != NULL ? g_variant_get_strv (kinds, NULL) : NULL;

  if (self != NULL && names != NULL)
    demo_source_set_kinds (DEMO_SOURCE (self), (const char *const *) names);
}

/* The answers come in the order of the questions: what can be started is known when the list is. */
static void
follow (DemoHubSource *self)
{
  kr_hub_client_invoke_async (self->client, "ListKinds", NULL, G_VARIANT_TYPE ("as"), NULL, on_kinds, weak_new (self));
  kr_hub_client_invoke_async (self->client, "FollowTasks", NULL, G_VARIANT_TYPE ("aa{sv}"), NULL, on_list,
                              weak_new (self));
}

/* --- the connection ----------------------------------------------------------------------------------------------- */

static void
on_state (KrHubClient *client, GParamSpec *pspec, gpointer user_data)
{
  set_following (user_data, FALSE);
}

static void
on_reconnected (KrHubClient *client, const char *id, gpointer user_data)
{
  follow (user_data);
}

static gboolean
on_restart (gpointer user_data)
{
  DemoHubSource *self = user_data;

  self->restart_id = 0;
  start_client (self);
  return G_SOURCE_REMOVE;
}

static void
restart_later (DemoHubSource *self)
{
  if (self->restart_id == 0)
    self->restart_id = g_timeout_add (RESTART_MS, on_restart, self);
}

/* A server that stops says good-bye and asks not to be called again; but it may be started again. */
static void
on_closed (KrHubClient *client, const GError *error, gpointer user_data)
{
  restart_later (user_data);
}

static void
on_started (GObject *client, GAsyncResult *result, gpointer weak)
{
  g_autoptr (DemoHubSource) self = weak_take (weak);

  if (self == NULL)
    kr_hub_client_start_finish (KR_HUB_CLIENT (client), result, NULL);
  else if (kr_hub_client_start_finish (KR_HUB_CLIENT (client), result, NULL))
    follow (self);
  else
    restart_later (self);
}

static void
start_client (DemoHubSource *self)
{
  kr_hub_client_start_async (self->client, NULL, on_started, weak_new (self));
}

/* --- the source --------------------------------------------------------------------------------------------------- */

static char *
dup_hint (DemoSource *source)
{
  DemoHubSource *self = DEMO_HUB_SOURCE (source);
  const GError *error = kr_hub_client_get_last_error (self->client);

  if (error != NULL)
    return g_strdup_printf (_("The hub at %s is out of reach: %s"), self->url, error->message);
  return g_strdup_printf (_("Looking for the hub at %s."), self->url);
}

static char *
dup_status (DemoSource *source)
{
  DemoHubSource *self = DEMO_HUB_SOURCE (source);

  if (self->following)
    return NULL;
  return g_strdup (self->was_following ? _("Reconnecting…") : _("Connecting…"));
}

static void
on_task_started (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) id = kr_hub_client_invoke_finish (KR_HUB_CLIENT (client), result, &error);

  if (id != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, demo_hub_task_unframe (error));
}

static void
start_async (DemoSource *source, const char *kind, guint seconds, GCancellable *cancellable,
             GAsyncReadyCallback callback, gpointer user_data)
{
  DemoHubSource *self = DEMO_HUB_SOURCE (source);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, start_async);
  g_task_set_check_cancellable (task, FALSE);
  kr_hub_client_invoke_async (self->client, "StartTask", g_variant_new ("(su)", kind, seconds), NULL, cancellable,
                              on_task_started, task);
}

static gboolean
start_finish (DemoSource *source, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
demo_hub_source_dispose (GObject *object)
{
  DemoHubSource *self = DEMO_HUB_SOURCE (object);

  g_clear_handle_id (&self->restart_id, g_source_remove);
  if (self->client != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->client, self);
      /* it would try for ever, and what it does holds it */
      kr_hub_client_stop_async (self->client, NULL, NULL, NULL);
    }
  g_clear_object (&self->client);
  G_OBJECT_CLASS (demo_hub_source_parent_class)->dispose (object);
}

static void
demo_hub_source_finalize (GObject *object)
{
  DemoHubSource *self = DEMO_HUB_SOURCE (object);

  g_free (self->url);
  G_OBJECT_CLASS (demo_hub_source_parent_class)->finalize (object);
}

static void
demo_hub_source_class_init (DemoHubSourceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  DemoSourceClass *source_class = DEMO_SOURCE_CLASS (klass);

  object_class->dispose = demo_hub_source_dispose;
  object_class->finalize = demo_hub_source_finalize;
  source_class->dup_hint = dup_hint;
  source_class->dup_status = dup_status;
  source_class->start_async = start_async;
  source_class->start_finish = start_finish;
}

static void
demo_hub_source_init (DemoHubSource *self)
{
}

/* --- making one --------------------------------------------------------------------------------------------------- */

static void
add_handlers (DemoHubSource *self)
{
  kr_hub_client_add_handler (self->client, "TaskChanged", "(a{sv})", on_task_changed, weak_new (self), weak_free);
  kr_hub_client_add_handler (self->client, "TaskRemoved", "(s)", on_task_removed, weak_new (self), weak_free);
  kr_hub_client_set_default_handler (self->client, on_other_event, NULL, NULL);
  g_signal_connect (self->client, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (self->client, "notify::last-error", G_CALLBACK (on_state), self);
  g_signal_connect (self->client, "reconnected", G_CALLBACK (on_reconnected), self);
  g_signal_connect (self->client, "closed", G_CALLBACK (on_closed), self);
}

/**
 * demo_hub_source_new:
 * @url: the hub
 * @certificate: (nullable): a file with the certificate to trust; %NULL for those that the system trusts
 * @error: return location for an error
 *
 * Creates a source, which begins to connect at once and never gives up.
 *
 * Returns: (transfer full): a source; %NULL with @error set if @url or @certificate is none
 */
DemoSource *
demo_hub_source_new (const char *url, const char *certificate, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (url, session, error);
  g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (FIRST_DELAY, LONGEST_DELAY);
  g_autoptr (GTlsDatabase) database = NULL;
  DemoHubSource *self;

  if (connector == NULL)
    return NULL;
  if (certificate != NULL)
    {
      database = g_tls_file_database_new (certificate, error);
      if (database == NULL)
        return NULL;
      soup_session_set_tls_database (session, database);
    }
  self = g_object_new (DEMO_TYPE_HUB_SOURCE, NULL);
  self->url = g_strdup (url);
  self->client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));
  g_object_set (self->client, "retry-policy", policy, "retry-start", TRUE, NULL);
  add_handlers (self);
  start_client (self);
  return DEMO_SOURCE (self);
}
