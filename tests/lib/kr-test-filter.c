/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTestFilter: a hub filter that keeps a diary. */
#include "config.h"

#include "kr-test-filter.h"

static void filter_iface_init (KrHubFilterInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrTestFilter, kr_test_filter, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_FILTER, filter_iface_init))

static void
kr_test_filter_finalize (GObject *object)
{
  KrTestFilter *self = KR_TEST_FILTER (object);

  g_clear_pointer (&self->kept, kr_hub_invocation_unref);
  g_free (self->name);
  g_free (self->refused);
  g_free (self->delayed);
  g_free (self->translated);
  G_OBJECT_CLASS (kr_test_filter_parent_class)->finalize (object);
}

static void
kr_test_filter_class_init (KrTestFilterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_test_filter_finalize;
}

static void
kr_test_filter_init (KrTestFilter *self)
{
}

static gboolean
filter_invoke (KrHubFilter *filter, KrHubInvocation *invocation)
{
  KrTestFilter *self = KR_TEST_FILTER (filter);
  const char *method = kr_hub_invocation_get_method_name (invocation);

  g_string_append_printf (self->diary, "%s>%s%s ", self->name, method,
                          kr_hub_invocation_is_known (invocation) ? "" : "?");
  if (g_strcmp0 (method, self->refused) == 0)
    {
      kr_hub_invocation_return_error_literal (invocation, "refused");
      return FALSE;
    }
  if (g_strcmp0 (method, self->delayed) == 0)
    {
      self->kept = kr_hub_invocation_ref (invocation);
      return FALSE;
    }
  return TRUE;
}

static void
filter_returned (KrHubFilter *filter, KrHubInvocation *invocation, const char *failure)
{
  KrTestFilter *self = KR_TEST_FILTER (filter);
  const char *method = kr_hub_invocation_get_method_name (invocation);
  g_autofree char *text = NULL;

  g_string_append_printf (self->diary, "%s<%s%s%s ", self->name, method, failure != NULL ? ":" : "",
                          failure != NULL ? failure : "");
  if (g_strcmp0 (method, self->translated) != 0)
    return;
  text = g_strdup_printf ("%s by %s", failure != NULL ? failure : "success", self->name);
  if (failure != NULL)
    kr_hub_invocation_return_string (invocation, text);
  else
    kr_hub_invocation_return_error_literal (invocation, text);
}

static gboolean
filter_connected (KrHubFilter *filter, KrHubConnection *connection, GError **error)
{
  KrTestFilter *self = KR_TEST_FILTER (filter);

  g_string_append_printf (self->diary, "%s+ ", self->name);
  if (g_strcmp0 (self->refused, "*") != 0)
    return TRUE;
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "we are closed");
  return FALSE;
}

static void
filter_disconnected (KrHubFilter *filter, KrHubConnection *connection, const GError *error)
{
  KrTestFilter *self = KR_TEST_FILTER (filter);

  g_string_append_printf (self->diary, "%s- ", self->name);
}

static void
filter_iface_init (KrHubFilterInterface *iface)
{
  iface->invoke = filter_invoke;
  iface->returned = filter_returned;
  iface->connected = filter_connected;
  iface->disconnected = filter_disconnected;
}

KrTestFilter *
kr_test_filter_new (const char *name, GString *diary)
{
  KrTestFilter *self = g_object_new (KR_TEST_TYPE_FILTER, NULL);

  self->name = g_strdup (name);
  self->diary = diary;
  return self;
}
