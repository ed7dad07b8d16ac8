/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupHttpCounters: the requests of an endpoint, how many and how long. */
#include "config.h"

#include "kr-hub-soup-http-counters-private.h"

#include "kr-hub-soup-histogram-private.h"

#define REQUEST "kr-hub-soup-http-request"

/* Of what does not bear a name that everybody knows there is one (OpenTelemetry, HTTP metrics): clients must not be able to
 * make series up. */
static const char *const methods[] = { "CONNECT", "DELETE", "GET",  "HEAD",  "OPTIONS",
                                       "PATCH",   "POST",   "PUT", "TRACE", "_OTHER" };

/* What tells one series from another; small numbers only, so that there are few of them. */
typedef struct
{
  guint16 status;
  guint8 method;      /* index in methods */
  guint8 negotiation : 1;
  guint8 secure : 1;
  guint8 old : 1;     /* HTTP/1.0 */
} Key;

G_STATIC_ASSERT (sizeof (Key) == sizeof (guint32));

struct _KrHubSoupHttpCounters
{
  gatomicrefcount ref_count;
  char *path;
  GMutex lock;         /* guards the rest */
  GHashTable *series;  /* Key as a number -> KrHubSoupHistogram */
  guint64 n_active[G_N_ELEMENTS (methods)][2]; /* by secure */
  guint64 n_begun[G_N_ELEMENTS (methods)][2];
  guint64 n_upgraded;
};

struct _KrHubSoupHttpRequest
{
  KrHubSoupHttpCounters *counters;
  gint64 began;
  gboolean upgraded;   /* its connection carries something else now */
  Key key;
};

KrHubSoupHttpCounters *
kr_hub_soup_http_counters_new (const char *path)
{
  KrHubSoupHttpCounters *self = g_new0 (KrHubSoupHttpCounters, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->path = g_strdup (path);
  self->series = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
kr_hub_soup_http_counters_unref (KrHubSoupHttpCounters *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->series);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

/* --- one request --- */

static guint
find_method (const char *method)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (methods) - 1 && strcmp (methods[i], method) != 0)
    i++;
  return i;
}

static gpointer
key_to_pointer (const Key *key)
{
  guint32 number;

  memcpy (&number, key, sizeof number);
  return GUINT_TO_POINTER (number);
}

/* @status: 0 if it is not known how it ended. */
static void
end (KrHubSoupHttpRequest *self, guint status)
{
  KrHubSoupHttpCounters *counters = self->counters;
  KrHubSoupHistogram *histogram;

  self->key.status = MIN (status, 999);
  g_mutex_lock (&counters->lock);
  counters->n_active[self->key.method][self->key.secure]--;
  counters->n_upgraded -= self->upgraded;
  histogram = g_hash_table_lookup (counters->series, key_to_pointer (&self->key));
  if (histogram == NULL && status != 0)
    {
      histogram = g_new0 (KrHubSoupHistogram, 1);
      g_hash_table_insert (counters->series, key_to_pointer (&self->key), histogram);
    }
  if (status != 0)
    kr_hub_soup_histogram_add (histogram, kr_hub_soup_short_bounds, g_get_monotonic_time () - self->began);
  g_mutex_unlock (&counters->lock);
  kr_hub_soup_http_counters_unref (counters);
  g_free (self);
}

void
kr_hub_soup_http_request_drop (KrHubSoupHttpRequest *self)
{
  end (self, 0);
}

static void
drop (gpointer data)
{
  kr_hub_soup_http_request_drop (data);
}

void
kr_hub_soup_http_counters_begin (KrHubSoupHttpCounters *self, SoupServerMessage *message, gboolean negotiation)
{
  KrHubSoupHttpRequest *request = g_new0 (KrHubSoupHttpRequest, 1);
  GUri *uri = soup_server_message_get_uri (message);

  g_atomic_ref_count_inc (&self->ref_count);
  request->counters = self;
  request->began = g_get_monotonic_time ();
  request->key.method = find_method (soup_server_message_get_method (message));
  request->key.negotiation = negotiation;
  request->key.secure = g_strcmp0 (g_uri_get_scheme (uri), "https") == 0;
  request->key.old = soup_server_message_get_http_version (message) == SOUP_HTTP_1_0;
  g_mutex_lock (&self->lock);
  self->n_active[request->key.method][request->key.secure]++;
  self->n_begun[request->key.method][request->key.secure]++;
  g_mutex_unlock (&self->lock);
  g_object_set_data_full (G_OBJECT (message), REQUEST, request, drop);
}

void
kr_hub_soup_http_counters_finish (KrHubSoupHttpCounters *self, SoupServerMessage *message, gboolean aborted)
{
  KrHubSoupHttpRequest *request = g_object_get_data (G_OBJECT (message), REQUEST);

  if (request == NULL || request->counters != self)
    return;
  g_object_steal_data (G_OBJECT (message), REQUEST);
  if (request->key.status == 0)
    request->key.status = aborted ? KR_HUB_SOUP_CLIENT_CLOSED_REQUEST : soup_server_message_get_status (message);
  end (request, request->key.status);
}

KrHubSoupHttpRequest *
kr_hub_soup_http_request_steal (SoupServerMessage *message)
{
  return g_object_steal_data (G_OBJECT (message), REQUEST);
}

static void
object_ended (gpointer data)
{
  KrHubSoupHttpRequest *self = data;

  end (self, self->key.status);
}

void
kr_hub_soup_http_request_follow (KrHubSoupHttpRequest *self, GObject *object, guint status)
{
  if (self == NULL)
    return;
  self->key.status = status;
  self->upgraded = status == SOUP_STATUS_SWITCHING_PROTOCOLS;
  if (self->upgraded)
    {
      g_mutex_lock (&self->counters->lock);
      self->counters->n_upgraded++;
      g_mutex_unlock (&self->counters->lock);
    }
  g_object_set_data_full (object, REQUEST, self, object_ended);
}

void
kr_hub_soup_http_request_set_status (GObject *object, guint status)
{
  KrHubSoupHttpRequest *self = g_object_get_data (object, REQUEST);

  if (self != NULL)
    self->key.status = status;
}

/* --- reading --- */

static void
read_series (KrHubSoupHttpCounters *self, const Key *key, const KrHubSoupHistogram *histogram, GPtrArray *metrics)
{
  g_autofree char *route = g_strdup_printf ("http.route=%s%s", self->path, key->negotiation ? "/negotiate" : "");
  g_autofree char *status = g_strdup_printf ("http.response.status_code=%u", key->status);
  g_autofree char *method = g_strdup_printf ("http.request.method=%s", methods[key->method]);
  const char *attributes[] = { method, status, route,
                               key->secure ? "url.scheme=https" : "url.scheme=http",
                               key->old ? "network.protocol.version=1.0" : "network.protocol.version=1.1",
                               NULL };

  g_ptr_array_add (metrics,
                   kr_hub_metric_new_histogram ("http.server.request.duration", "s", "Duration of HTTP server requests.",
                                                attributes, kr_hub_soup_short_bounds, KR_HUB_SOUP_N_BOUNDS,
                                                histogram->buckets, histogram->sum));
}

static void
read_active (KrHubSoupHttpCounters *self, guint method, gboolean secure, GPtrArray *metrics)
{
  g_autofree char *name = g_strdup_printf ("http.request.method=%s", methods[method]);
  g_autofree char *path = g_strdup_printf ("http.route=%s", self->path);
  const char *attributes[] = { name, secure ? "url.scheme=https" : "url.scheme=http", path, NULL };

  g_ptr_array_add (metrics,
                   kr_hub_metric_new ("http.server.active_requests", KR_HUB_METRIC_GAUGE, "{request}",
                                      "Number of active HTTP server requests.", attributes, self->n_active[method][secure]));
}

static void
read_upgraded (KrHubSoupHttpCounters *self, GPtrArray *metrics)
{
  g_autofree char *path = g_strdup_printf ("http.route=%s", self->path);
  const char *attributes[] = { "network.transport=tcp", path, NULL };

  g_ptr_array_add (metrics, kr_hub_metric_new ("kestrel.upgraded_connections", KR_HUB_METRIC_GAUGE, "{connection}",
                                               "Number of HTTP connections that are currently upgraded (WebSockets).", attributes,
                                               self->n_upgraded));
}

void
kr_hub_soup_http_counters_read (KrHubSoupHttpCounters *self, GPtrArray *metrics)
{
  GHashTableIter iter;
  gpointer number;
  KrHubSoupHistogram *histogram;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    for (guint secure = 0; secure < 2; secure++)
      if (self->n_begun[i][secure] > 0)
        read_active (self, i, secure, metrics);
  read_upgraded (self, metrics);
  g_hash_table_iter_init (&iter, self->series);
  while (g_hash_table_iter_next (&iter, &number, (gpointer *) &histogram))
    {
      guint32 bits = GPOINTER_TO_UINT (number);
      Key key;

      memcpy (&key, &bits, sizeof key);
      read_series (self, &key, histogram, metrics);
    }
  g_mutex_unlock (&self->lock);
}
