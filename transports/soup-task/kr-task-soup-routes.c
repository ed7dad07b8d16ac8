/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskSoupRoutes: the tasks of a manager below a path of a SoupServer. */
#include "config.h"

#include "kr-task-soup-routes-private.h"

#include <string.h>

#include "kr-task-soup-exchange-private.h"

#define MAX_BODY_BYTES 65536
#define MAX_WAIT_SECONDS 60
#define MAX_WAITING 1000
#define KILL_AFTER (5 * G_TIME_SPAN_SECOND)

/**
 * KrTaskSoupRoutes:
 *
 * The tasks of a manager below a path of a SoupServer, here `/tasks`:
 *
 * | request | answer |
 * |---|---|
 * | `POST /tasks` with `{kind, parameters, title, key, tags, priority, start}` | 201, Location, the task; 422, 503 |
 * | `GET /tasks`, `GET /tasks?tag=word` | 200, all tasks, or those with a tag, always as an array |
 * | `GET /tasks/{id}` | 200 with an ETag; 304 to the same If-None-Match; 404 |
 * | `GET /tasks/{id}?wait=30` | the same, up to 30 s later: at the end, or, with If-None-Match, at a change |
 * | `GET /tasks/{id}/result` | 200, what the task returned; 404, 409 |
 * | `POST /tasks/{id}/start`, `POST /tasks/{id}/cancel` with `{"reason", "defer"}` | 202, the task; 404, 409 |
 * | `DELETE /tasks/{id}` | 204; 404, 409 |
 *
 * Problems are `application/problem+json` (RFC 9457). Beside these there are the routes of Kestrun's tasks sample,
 * with its keys, where what changes something is a POST: `create/{kind}`, `run/{kind}`, `start`, `cancel`, `remove`,
 * `state`, `result` (all with `?id=`) and `list`; no task of another id is hidden by them unless it has one of these
 * names.
 *
 * What changes something is refused with 403 until a handler of [signal@KrTaskSoup.Routes::guard] lets it pass, or
 * [property@KrTaskSoup.Routes:allow-unguarded] is set. Who asks is said by a handler of
 * [signal@KrTaskSoup.Routes::identify]; then [signal@KrTask.Manager::authorize] decides about every action, and lists
 * hold what the caller may see. Without one everybody may.
 *
 * It belongs to the thread of its server. The manager may live in another main context: then each request goes there
 * and back, and no lock is held meanwhile.
 *
 * Since: 0.1
 */
struct _KrTaskSoupRoutes
{
  GObject parent_instance;

  KrTaskManager *manager;
  GHashTable *kinds;       /* name to Kind; does not change once a server may ask */
  char *path;              /* NULL: not attached */
  gsize max_body_bytes;
  guint max_wait;          /* seconds */
  guint max_waiting;
  guint n_waiting;         /* in the manager's context only */
  gboolean allow_unguarded;
};

typedef struct
{
  KrTaskSoupFactory factory;
  gpointer user_data;
  GDestroyNotify destroy;
} Kind;

typedef struct
{
  char *kind;
  char *title;
  char **argv;
} Command;

typedef enum
{
  PROP_MANAGER = 1,
  PROP_ALLOW_UNGUARDED,
  PROP_MAX_BODY_BYTES,
  PROP_MAX_WAIT,
  PROP_MAX_WAITING,
} KrTaskSoupRoutesProperty;

static GParamSpec *props[PROP_MAX_WAITING + 1];

typedef enum
{
  SIGNAL_GUARD,
  SIGNAL_IDENTIFY,
} KrTaskSoupRoutesSignal;

static guint signals[SIGNAL_IDENTIFY + 1];

/**
 * kr_task_soup_routes_get_type:
 *
 * Gets the type of #KrTaskSoupRoutes.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrTaskSoupRoutes, kr_task_soup_routes, G_TYPE_OBJECT)

/* --- requests ----------------------------------------------------------------------------------------------------- */

static void
answer_problem (SoupServerMessage *message, gboolean sample, guint status, const char *detail)
{
  g_auto (KrTaskSoupAnswer) answer = { 0 };

  kr_task_soup_answer_set_problem (&answer, sample, status, detail, NULL);
  kr_task_soup_answer_send (&answer, message);
}

/* What comes after the first guard has decided; the default handler of the signal. */
static gboolean
guard_by_default (KrTaskSoupRoutes *self, SoupServerMessage *message)
{
  return self->allow_unguarded;
}

/* A guard that refuses may have answered; whatever it did, nothing happens. */
static gboolean
is_guarded (KrTaskSoupRoutes *self, SoupServerMessage *message)
{
  gboolean passes = FALSE;

  g_signal_emit (self, signals[SIGNAL_GUARD], 0, message, &passes);
  if (!passes && soup_server_message_get_status (message) < SOUP_STATUS_BAD_REQUEST)
    answer_problem (message, FALSE, SOUP_STATUS_FORBIDDEN, "Requests that change something are not allowed");
  return passes;
}

static gboolean
parse_body (KrTaskSoupRoutes *self, SoupServerMessage *message, KrTaskSoupRequest *request, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  return kr_task_soup_request_parse_body (request, soup_message_headers_get_one (headers, "Content-Type"),
                                          data != NULL ? data : "", length, error);
}

static void
refuse (SoupServerMessage *message, const KrTaskSoupRequest *request, const GError *error)
{
  answer_problem (message, request->sample, (guint) error->code, error->message);
  if (error->code == SOUP_STATUS_METHOD_NOT_ALLOWED)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", request->allow);
}

static gboolean
is_below (const char *path, const char *place)
{
  gsize length = strlen (place);

  return strncmp (path, place, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  KrTaskSoupRoutes *self = user_data;
  GUri *uri = soup_server_message_get_uri (message);
  const char *encoded = g_uri_get_path (uri);
  g_auto (KrTaskSoupRequest) request = { 0 };
  g_autoptr (GVariant) identity = NULL;
  g_autoptr (GError) error = NULL;

  /* encoded differently than the place of the routes is written: the same to libsoup, not to those in front of it */
  if (!is_below (encoded, self->path))
    {
      answer_problem (message, FALSE, SOUP_STATUS_NOT_FOUND, "Not found");
      return;
    }
  if (!kr_task_soup_request_parse_target (&request, soup_server_message_get_method (message),
                                          encoded + strlen (self->path), g_uri_get_query (uri), &error))
    {
      refuse (message, &request, error);
      return;
    }
  if (request.changes && !is_guarded (self, message))
    return;
  if (!parse_body (self, message, &request, &error))
    {
      refuse (message, &request, error);
      return;
    }
  g_signal_emit (self, signals[SIGNAL_IDENTIFY], 0, message, &identity);
  kr_task_soup_exchange_run (self, message, &request, identity);
}

/* --- bodies that are too long ------------------------------------------------------------------------------------- */

typedef struct
{
  gsize left;
} Allowance;

static void
answer_too_large (SoupServerMessage *message)
{
  /* what is left on the connection is the rest of the body, so nothing may follow the answer */
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  answer_problem (message, FALSE, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "The body is too large");
}

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  Allowance *allowance = user_data;
  gsize size = g_bytes_get_size (chunk);

  if (size <= allowance->left)
    {
      allowance->left -= size;
      return;
    }
  /* with a status the message goes past its handler */
  allowance->left = 0;
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_message_body_truncate (soup_server_message_get_request_body (message));
  if (soup_server_message_get_status (message) == 0)
    answer_too_large (message);
}

static void
free_allowance (gpointer data, GClosure *closure)
{
  g_free (data);
}

static void
on_head (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  KrTaskSoupRoutes *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  Allowance *allowance;

  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
      && (guint64) soup_message_headers_get_content_length (headers) > self->max_body_bytes)
    {
      answer_too_large (message);
      return;
    }
  allowance = g_new0 (Allowance, 1);
  allowance->left = self->max_body_bytes;
  g_signal_connect_data (message, "got-chunk", G_CALLBACK (on_got_chunk), allowance, free_allowance, 0);
}

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static void
kind_free (gpointer data)
{
  Kind *kind = data;

  if (kind->destroy != NULL)
    kind->destroy (kind->user_data);
  g_free (kind);
}

/* private */
gboolean
kr_task_soup_routes_has_kind (KrTaskSoupRoutes *self, const char *kind)
{
  return g_hash_table_contains (self->kinds, kind);
}

/* private: a factory that fails without an error is not a client's fault, but must not be one of ours either */
KrTaskJob *
kr_task_soup_routes_create (KrTaskSoupRoutes *self, const char *kind, GVariant *parameters, GError **error)
{
  Kind *entry = g_hash_table_lookup (self->kinds, kind);
  g_autoptr (GError) local_error = NULL;
  KrTaskJob *job = entry->factory (parameters, entry->user_data, &local_error);

  if (job == NULL && local_error == NULL)
    g_set_error_literal (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "The task cannot be made");
  else if (job == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return job;
}

/* private */
const char *
kr_task_soup_routes_get_path (KrTaskSoupRoutes *self)
{
  return self->path;
}

/* private */
gint64
kr_task_soup_routes_get_max_wait_us (KrTaskSoupRoutes *self)
{
  return (gint64) self->max_wait * G_USEC_PER_SEC;
}

/* private: FALSE: too many wait already, so this one is answered at once */
gboolean
kr_task_soup_routes_enter_wait (KrTaskSoupRoutes *self)
{
  if (self->n_waiting >= self->max_waiting || self->max_wait == 0)
    return FALSE;
  self->n_waiting++;
  return TRUE;
}

/* private */
void
kr_task_soup_routes_leave_wait (KrTaskSoupRoutes *self)
{
  self->n_waiting--;
}

static void
command_free (gpointer data)
{
  Command *command = data;

  g_free (command->kind);
  g_free (command->title);
  g_strfreev (command->argv);
  g_free (command);
}

static KrTaskJob *
create_command (GVariant *parameters, gpointer user_data, GError **error)
{
  Command *command = user_data;
  KrTaskJob *job;

  if (g_variant_n_children (parameters) > 0)
    {
      g_set_error_literal (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "This kind of task has no parameters");
      return NULL;
    }
  job = kr_task_job_new (command->kind, command->title);
  kr_task_job_set_subprocess (job, (const char *const *) command->argv, KILL_AFTER);
  return job;
}

/* --- the object --------------------------------------------------------------------------------------------------- */

static void
kr_task_soup_routes_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrTaskSoupRoutes *self = KR_TASK_SOUP_ROUTES (object);

  switch ((KrTaskSoupRoutesProperty) prop_id)
    {
    case PROP_MANAGER: g_value_set_object (value, self->manager); break;
    case PROP_ALLOW_UNGUARDED: g_value_set_boolean (value, self->allow_unguarded); break;
    case PROP_MAX_BODY_BYTES: g_value_set_uint (value, (guint) self->max_body_bytes); break;
    case PROP_MAX_WAIT: g_value_set_uint (value, self->max_wait); break;
    case PROP_MAX_WAITING: g_value_set_uint (value, self->max_waiting); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_soup_routes_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrTaskSoupRoutes *self = KR_TASK_SOUP_ROUTES (object);

  switch ((KrTaskSoupRoutesProperty) prop_id)
    {
    case PROP_MANAGER: self->manager = g_value_dup_object (value); break;
    case PROP_ALLOW_UNGUARDED: self->allow_unguarded = g_value_get_boolean (value); break;
    case PROP_MAX_BODY_BYTES: self->max_body_bytes = g_value_get_uint (value); break;
    case PROP_MAX_WAIT: self->max_wait = g_value_get_uint (value); break;
    case PROP_MAX_WAITING: self->max_waiting = g_value_get_uint (value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_soup_routes_finalize (GObject *object)
{
  KrTaskSoupRoutes *self = KR_TASK_SOUP_ROUTES (object);

  g_clear_object (&self->manager);
  g_hash_table_unref (self->kinds);
  g_free (self->path);
  G_OBJECT_CLASS (kr_task_soup_routes_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * KrTaskSoupRoutes:manager: (getter get_manager)
   *
   * The tasks.
   *
   * Since: 0.1
   */
  props[PROP_MANAGER] = g_param_spec_object ("manager", NULL, NULL, KR_TASK_TYPE_MANAGER, flags);
  /**
   * KrTaskSoupRoutes:allow-unguarded:
   *
   * Whether what changes something passes where no handler of [signal@KrTaskSoup.Routes::guard] has decided. Only for
   * servers that no browser can reach.
   *
   * Since: 0.1
   */
  props[PROP_ALLOW_UNGUARDED] = g_param_spec_boolean ("allow-unguarded", NULL, NULL, FALSE, flags);
  /**
   * KrTaskSoupRoutes:max-body-bytes:
   *
   * How long the body of a request may be; longer ones are answered with 413 and not kept.
   *
   * Since: 0.1
   */
  props[PROP_MAX_BODY_BYTES] = g_param_spec_uint ("max-body-bytes", NULL, NULL, 0, G_MAXINT, MAX_BODY_BYTES, flags);
  /**
   * KrTaskSoupRoutes:max-wait:
   *
   * How long a request may wait, in seconds; who asks for more is answered then.
   *
   * Since: 0.1
   */
  props[PROP_MAX_WAIT] = g_param_spec_uint ("max-wait", NULL, NULL, 0, 3600, MAX_WAIT_SECONDS, flags);
  /**
   * KrTaskSoupRoutes:max-waiting:
   *
   * How many requests may wait at once; a further one is answered at once.
   *
   * Since: 0.1
   */
  props[PROP_MAX_WAITING] = g_param_spec_uint ("max-waiting", NULL, NULL, 0, G_MAXUINT, MAX_WAITING, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_task_soup_routes_class_init (KrTaskSoupRoutesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_soup_routes_get_property;
  object_class->set_property = kr_task_soup_routes_set_property;
  object_class->finalize = kr_task_soup_routes_finalize;
  install_properties (object_class);

  /**
   * KrTaskSoupRoutes::guard:
   * @self: the routes
   * @message: a request that would change something
   *
   * Asks whether a request really comes from whom it seems to come, such as by an antiforgery token. The first handler
   * decides. One that refuses may answer @message with a status from 400 on; otherwise that is 403.
   *
   * Returns: %TRUE to let it pass
   *
   * Since: 0.1
   */
  signals[SIGNAL_GUARD] =
    g_signal_new_class_handler ("guard", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, G_CALLBACK (guard_by_default),
                                g_signal_accumulator_first_wins, NULL, NULL, G_TYPE_BOOLEAN, 1,
                                SOUP_TYPE_SERVER_MESSAGE);
  /**
   * KrTaskSoupRoutes::identify:
   * @self: the routes
   * @message: a request
   *
   * Asks who sent a request. What is returned is asked about with [signal@KrTask.Manager::authorize], and becomes the
   * owner of a task that the request creates.
   *
   * Returns: (transfer full) (nullable): an `a{sv}`, or %NULL to ask nobody
   *
   * Since: 0.1
   */
  signals[SIGNAL_IDENTIFY] =
    g_signal_new ("identify", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_first_wins, NULL,
                  NULL, G_TYPE_VARIANT, 1, SOUP_TYPE_SERVER_MESSAGE);
}

static void
kr_task_soup_routes_init (KrTaskSoupRoutes *self)
{
  self->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kind_free);
}

/**
 * kr_task_soup_routes_new:
 * @manager: the tasks
 *
 * Makes routes without kinds, which refuse what changes something until somebody guards them.
 *
 * Returns: (transfer full): new routes
 *
 * Since: 0.1
 */
KrTaskSoupRoutes *
kr_task_soup_routes_new (KrTaskManager *manager)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (manager), NULL);

  return g_object_new (KR_TASK_SOUP_TYPE_ROUTES, "manager", manager, NULL);
}

/**
 * kr_task_soup_routes_get_manager: (get-property manager)
 * @self: routes
 *
 * Gets the tasks.
 *
 * Returns: (transfer none): the manager
 *
 * Since: 0.1
 */
KrTaskManager *
kr_task_soup_routes_get_manager (KrTaskSoupRoutes *self)
{
  g_return_val_if_fail (KR_TASK_SOUP_IS_ROUTES (self), NULL);

  return self->manager;
}

/**
 * kr_task_soup_routes_add_kind:
 * @self: routes that are not attached yet
 * @kind: a name
 * @factory: (scope notified) (closure user_data) (destroy destroy): makes a job of this kind
 * @user_data: data for @factory
 * @destroy: (nullable): frees @user_data, in any thread
 *
 * Offers a kind of task to clients.
 *
 * Since: 0.1
 */
void
kr_task_soup_routes_add_kind (KrTaskSoupRoutes *self, const char *kind, KrTaskSoupFactory factory, gpointer user_data,
                              GDestroyNotify destroy)
{
  Kind *entry;

  g_return_if_fail (KR_TASK_SOUP_IS_ROUTES (self));
  g_return_if_fail (self->path == NULL);
  g_return_if_fail (kind != NULL);
  g_return_if_fail (factory != NULL);

  entry = g_new0 (Kind, 1);
  *entry = (Kind) { factory, user_data, destroy };
  g_hash_table_insert (self->kinds, g_strdup (kind), entry);
}

/**
 * kr_task_soup_routes_add_command:
 * @self: routes that are not attached yet
 * @kind: a name
 * @title: (nullable): what the task is called
 * @argv: (array zero-terminated=1): a program and its arguments; nothing of a request becomes one
 *
 * Offers a program as a kind of task. A cancel sends SIGTERM, and SIGKILL five seconds later.
 *
 * Since: 0.1
 */
void
kr_task_soup_routes_add_command (KrTaskSoupRoutes *self, const char *kind, const char *title, const char *const *argv)
{
  Command *command;

  g_return_if_fail (KR_TASK_SOUP_IS_ROUTES (self));
  g_return_if_fail (kind != NULL);
  g_return_if_fail (argv != NULL && argv[0] != NULL);

  command = g_new0 (Command, 1);
  *command = (Command) { g_strdup (kind), g_strdup (title), g_strdupv ((char **) argv) };
  kr_task_soup_routes_add_kind (self, kind, create_command, command, command_free);
}

/**
 * kr_task_soup_routes_attach:
 * @self: routes that are not attached yet
 * @server: a server
 * @path: where, such as `/tasks`
 *
 * Serves the routes at a path of a server, which keeps them. Handlers of @server for single paths below it go first.
 *
 * Since: 0.1
 */
void
kr_task_soup_routes_attach (KrTaskSoupRoutes *self, SoupServer *server, const char *path)
{
  g_return_if_fail (KR_TASK_SOUP_IS_ROUTES (self));
  g_return_if_fail (SOUP_IS_SERVER (server));
  g_return_if_fail (path != NULL && path[0] == '/' && path[1] != '\0' && !g_str_has_suffix (path, "/"));
  g_return_if_fail (self->path == NULL);

  self->path = g_strdup (path);
  soup_server_add_early_handler (server, path, on_head, g_object_ref (self), g_object_unref);
  soup_server_add_handler (server, path, on_request, g_object_ref (self), g_object_unref);
}

/**
 * kr_task_soup_routes_take_integer:
 * @parameters: the parameters of a kind, an `a{sv}`
 * @name: one of them
 * @lowest: the lowest value that is right
 * @highest: the highest one
 * @value: (inout): its default, then its value
 * @error: return location for a %KR_TASK_ERROR_INVALID that names the parameter and its range
 *
 * Reads a parameter that is a whole number; one that is missing leaves @value alone. For factories. Any thread.
 *
 * Returns: whether it is missing or right
 *
 * Since: 0.1
 */
gboolean
kr_task_soup_routes_take_integer (GVariant *parameters, const char *name, gint64 lowest, gint64 highest, gint64 *value,
                                  GError **error)
{
  g_autoptr (GVariant) parameter = NULL;

  g_return_val_if_fail (parameters != NULL && g_variant_is_of_type (parameters, G_VARIANT_TYPE_VARDICT), FALSE);
  g_return_val_if_fail (name != NULL && value != NULL, FALSE);

  parameter = g_variant_lookup_value (parameters, name, NULL);
  if (parameter == NULL)
    return TRUE;
  if (g_variant_is_of_type (parameter, G_VARIANT_TYPE_INT64) && g_variant_get_int64 (parameter) >= lowest
      && g_variant_get_int64 (parameter) <= highest)
    {
      *value = g_variant_get_int64 (parameter);
      return TRUE;
    }
  g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID,
               "“%s” must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, lowest, highest);
  return FALSE;
}
