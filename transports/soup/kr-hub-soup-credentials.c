/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupCredentials: where the access token of a client's requests comes from. */
#include "config.h"

#include "kr-hub-soup-credentials-private.h"

#include "kr-hub-soup-token-request-private.h"

struct _KrHubSoupCredentials
{
  grefcount ref_count;
  char *token;              /* had last; NULL: none */
  KrHubSoupTokenFunc func;  /* NULL: there is just that token */
  gpointer data;
  GDestroyNotify destroy;
};

KrHubSoupCredentials *
kr_hub_soup_credentials_new (const char *token)
{
  KrHubSoupCredentials *self = g_new0 (KrHubSoupCredentials, 1);

  g_ref_count_init (&self->ref_count);
  self->token = g_strdup (token);
  return self;
}

KrHubSoupCredentials *
kr_hub_soup_credentials_new_provider (KrHubSoupTokenFunc func, gpointer data, GDestroyNotify destroy)
{
  KrHubSoupCredentials *self = kr_hub_soup_credentials_new (NULL);

  self->func = func;
  self->data = data;
  self->destroy = destroy;
  return self;
}

KrHubSoupCredentials *
kr_hub_soup_credentials_ref (KrHubSoupCredentials *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
kr_hub_soup_credentials_unref (KrHubSoupCredentials *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self->token);
  g_free (self);
}

const char *
kr_hub_soup_credentials_get_token (KrHubSoupCredentials *self)
{
  return self->token;
}

gboolean
kr_hub_soup_credentials_can_ask (KrHubSoupCredentials *self)
{
  return self->func != NULL;
}

gboolean
kr_hub_soup_credentials_check_token (const char *token, GError **error)
{
  if (token == NULL || strpbrk (token, "\r\n") == NULL)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The access token has more than one line");
  return FALSE;
}

static void
has_token (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrHubSoupCredentials *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *token = g_task_propagate_pointer (G_TASK (result), &error);

  if (error != NULL || !kr_hub_soup_credentials_check_token (token, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_free (self->token);
  self->token = g_steal_pointer (&token);
  g_task_return_boolean (task, TRUE);
}

void
kr_hub_soup_credentials_ask_async (KrHubSoupCredentials *self,
                                   gboolean refused,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GTask) answer = NULL;
  g_autoptr (KrHubSoupTokenRequest) request = NULL;
  GError *error = NULL;

  g_task_set_source_tag (task, kr_hub_soup_credentials_ask_async);
  g_task_set_task_data (task, kr_hub_soup_credentials_ref (self), (GDestroyNotify) kr_hub_soup_credentials_unref);
  if (self->func == NULL)
    {
      if (kr_hub_soup_credentials_check_token (self->token, &error))
        g_task_return_boolean (task, TRUE);
      else
        g_task_return_error (task, error);
      return;
    }
  answer = g_task_new (NULL, cancellable, has_token, g_object_ref (task));
  g_task_set_source_tag (answer, kr_hub_soup_credentials_ask_async);
  request = kr_hub_soup_token_request_new (answer, refused);
  self->func (request, self->data);
}

gboolean
kr_hub_soup_credentials_ask_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
