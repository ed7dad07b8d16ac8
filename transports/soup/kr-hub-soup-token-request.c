/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupTokenRequest: a connector asks for an access token. */
#include "config.h"

#include "kr-hub-soup-token-request-private.h"

struct _KrHubSoupTokenRequest
{
  gatomicrefcount ref_count;
  GTask *task;
  gint answered;    /* atomic */
  gboolean refused;
};

G_DEFINE_BOXED_TYPE (KrHubSoupTokenRequest,
                     kr_hub_soup_token_request,
                     kr_hub_soup_token_request_ref,
                     kr_hub_soup_token_request_unref)

KrHubSoupTokenRequest *
kr_hub_soup_token_request_new (GTask *task, gboolean refused)
{
  KrHubSoupTokenRequest *self = g_new0 (KrHubSoupTokenRequest, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->task = g_object_ref (task);
  self->refused = refused;
  return self;
}

static gboolean
claim (KrHubSoupTokenRequest *self)
{
  return g_atomic_int_compare_and_exchange (&self->answered, FALSE, TRUE);
}

/**
 * kr_hub_soup_token_request_ref:
 * @self: a request
 *
 * Takes a reference. Any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrHubSoupTokenRequest *
kr_hub_soup_token_request_ref (KrHubSoupTokenRequest *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_hub_soup_token_request_unref:
 * @self: (transfer full): a request
 *
 * Gives up a reference; with the last one, a request without an answer fails. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_soup_token_request_unref (KrHubSoupTokenRequest *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (claim (self))
    g_task_return_new_error (self->task, G_IO_ERROR, G_IO_ERROR_FAILED, "Nobody gave an access token");
  g_object_unref (self->task);
  g_free (self);
}

/**
 * kr_hub_soup_token_request_is_refused:
 * @self: a request
 *
 * Gets whether the server has just refused the token that was given last.
 *
 * Returns: %TRUE if the same token would be of no use
 *
 * Since: 0.1
 */
gboolean
kr_hub_soup_token_request_is_refused (KrHubSoupTokenRequest *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->refused;
}

/**
 * kr_hub_soup_token_request_return_token:
 * @self: a request
 * @token: (nullable): the token, as it stands behind `Bearer`; %NULL to go without
 *
 * Gives the token. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_soup_token_request_return_token (KrHubSoupTokenRequest *self, const char *token)
{
  g_return_if_fail (self != NULL);

  if (!claim (self))
    return;
  if (token != NULL && strpbrk (token, "\r\n") != NULL)
    g_task_return_new_error (self->task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "An access token has one line");
  else
    g_task_return_pointer (self->task, g_strdup (token), g_free);
}

/**
 * kr_hub_soup_token_request_return_error:
 * @self: a request
 * @error: why there is no token
 *
 * Says that there is no token: connecting fails. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_soup_token_request_return_error (KrHubSoupTokenRequest *self, const GError *error)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (error != NULL);

  if (claim (self))
    g_task_return_error (self->task, g_error_copy (error));
}
