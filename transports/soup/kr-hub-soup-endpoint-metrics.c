/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupEndpoint: what it has counted. */
#include "config.h"

#include "kr-hub-soup-endpoint-private.h"

/**
 * kr_hub_soup_endpoint_read_metrics:
 * @self: an endpoint
 *
 * Reads what the endpoint has counted since it was made: its HTTP requests under OpenTelemetry's and ASP.NET Core's names,
 * `http.server.request.duration` by method, route and status, and `http.server.active_requests`; WebSockets as Kestrel's
 * `kestrel.upgraded_connections`; and connections that were negotiated and have no transport. Any thread. Those of its hub are
 * [method@KrHub.Server.read_metrics]'s; [method@KrHub.Metrics.merge] puts them into one text.
 *
 * As with ASP.NET Core, the request of a WebSocket or of Server-Sent Events lasts as long as that does; one whose client left is
 * counted as 499. Nothing that a client chooses becomes an attribute: methods that HTTP does not know are `_OTHER`.
 *
 * Returns: (transfer full): the metrics as they are now
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_soup_endpoint_read_metrics (KrHubSoupEndpoint *self)
{
  g_autoptr (GPtrArray) metrics = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_metric_unref);
  g_autofree char *route = NULL;
  const char *attributes[2] = { NULL };

  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);

  attributes[0] = route = g_strdup_printf ("http.route=%s", self->path);
  kr_hub_soup_http_counters_read (self->requests, metrics);
  g_ptr_array_add (metrics, kr_hub_metric_new ("krhub.endpoint.negotiated_connections", KR_HUB_METRIC_GAUGE, "{connection}",
                                               "Connections that were negotiated and have no transport yet.", attributes,
                                               kr_hub_soup_endpoint_get_n_negotiated (self)));
  return kr_hub_metrics_new ((KrHubMetric *const *) metrics->pdata, metrics->len);
}
