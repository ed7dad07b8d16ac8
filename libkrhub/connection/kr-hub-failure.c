/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a caller is told of a method that failed. */
#include "config.h"

#include "kr-hub-failure-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"

const char *
kr_hub_failure_get_exception (const GError *error)
{
  static const struct
  {
    gint code;
    const char *exception;
  } known[] = {
    { G_IO_ERROR_CANCELLED, "OperationCanceledException" },
    { G_IO_ERROR_INVALID_ARGUMENT, "ArgumentException" },
    { G_IO_ERROR_INVALID_DATA, "InvalidDataException" },
    { G_IO_ERROR_NOT_SUPPORTED, "NotSupportedException" },
    { G_IO_ERROR_PERMISSION_DENIED, "UnauthorizedAccessException" },
    { G_IO_ERROR_TIMED_OUT, "TimeoutException" },
  };

  if (error->domain == KR_HUB_ERROR)
    return KR_HUB_EXCEPTION;
  if (error->domain != G_IO_ERROR)
    return "Exception";
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (error->code == known[i].code)
      return known[i].exception;
  return "IOException";
}

/* A HubException is always shown, others as a detail (signalr.md 7.4). */
char *
kr_hub_failure_to_text (KrHubInvocation *invocation, const char *exception, const char *message)
{
  KrHubSession *session = &invocation->connection->session;
  const char *name = invocation->method->name;
  g_autofree char *detail = NULL;

  /* A client's error goes as it is (signalr.md 9, "Client results"). */
  if (session->role == KR_HUB_ROLE_CLIENT && !g_atomic_int_get (&invocation->opened))
    return g_strdup (message);
  if (session->settings->detailed_errors || g_str_equal (exception, KR_HUB_EXCEPTION))
    detail = g_strdup_printf (" %s: %s", exception, message);
  else
    detail = g_strdup ("");
  if (g_atomic_int_get (&invocation->opened))
    return g_strdup_printf ("An error occurred on the server while streaming results.%s", detail);
  if (invocation->unknown != NULL)
    return g_strdup_printf ("Failed to invoke '%s' due to an error on the server.%s", name, detail);
  return g_strdup_printf ("An unexpected error occurred invoking '%s' on the server.%s", name, detail);
}
