/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What went wrong, in words for people and as an exit status. */
#include "config.h"

#include "krhub-failure.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

G_GNUC_PRINTF (4, 5)
static gboolean
set (KrhubFailure *self, KrhubExit status, const char *hint, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  *self = (KrhubFailure) { status, g_strdup_vprintf (format, args), g_strdup (hint) };
  va_end (args);
  return TRUE;
}

/* --- nobody there --- */

static char *
dup_place (const KrhubOptions *options)
{
  g_autoptr (GUri) uri = g_uri_parse (options->url, SOUP_HTTP_URI_FLAGS, NULL);
  gboolean secure = g_str_has_prefix (g_uri_get_scheme (uri), "https") || g_str_equal (g_uri_get_scheme (uri), "wss");

  return g_strdup_printf ("%s:%d", g_uri_get_host (uri),
                          g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : secure ? 443 : 80);
}

static char *
describe_certificate (GTlsCertificateFlags flags)
{
  static const struct
  {
    GTlsCertificateFlags flag;
    const char *text;
  } faults[] = {
    { G_TLS_CERTIFICATE_UNKNOWN_CA, N_("it is self-signed, or signed by nobody this computer trusts") },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, N_("it is for another host") },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, N_("it is not valid yet") },
    { G_TLS_CERTIFICATE_EXPIRED, N_("it has expired") },
    { G_TLS_CERTIFICATE_REVOKED, N_("it was revoked") },
    { G_TLS_CERTIFICATE_INSECURE, N_("its algorithms are not safe") },
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    if (flags & faults[i].flag)
      g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", _(faults[i].text));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
explain_tls (KrhubFailure *self, const GError *error, const char *place, const KrhubHttp *http)
{
  g_autofree char *faults = describe_certificate (http->tls_errors);

  if (http->tls_errors != 0 || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return set (self, KRHUB_EXIT_UNREACHABLE, _("If you know the server, --insecure accepts its certificate."),
                *faults != '\0' ? _("The certificate of %s is not trusted: %s")
                                : _("The certificate of %s is not trusted"),
                place, faults);
  if (error->domain != G_TLS_ERROR)
    return FALSE;
  return set (self, KRHUB_EXIT_UNREACHABLE, _("Perhaps the hub does without TLS: try http:// instead of https://."),
              _("%s does not speak TLS as it should: %s"), place, error->message);
}

static gboolean
explain_network (KrhubFailure *self, const GError *error, const char *place)
{
  if (error->domain == G_RESOLVER_ERROR)
    return set (self, KRHUB_EXIT_UNREACHABLE, _("Is the name in the URL right, and is there a network?"),
                _("The host of %s was not found"), place);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return set (self, KRHUB_EXIT_UNREACHABLE, _("Is the server running, and is the port right?"),
                _("Nothing listens at %s"), place);
  return FALSE;
}

/* --- somebody there, but no hub for us --- */

/* A WebSocket that is opened without negotiation is no request of the session's; its error says what the answer was. */
static guint
get_status (const GError *error, const KrhubHttp *http)
{
  guint status = 0;

  if (http->status >= 300)
    return http->status;
  return sscanf (error->message, "The server answered %u", &status) == 1 ? status : 0;
}

static gboolean
explain_status (KrhubFailure *self, guint status, const KrhubOptions *options)
{
  const char *url = options->url;

  if (status == SOUP_STATUS_UNAUTHORIZED && options->token == NULL)
    return set (self, KRHUB_EXIT_UNAUTHORIZED,
                _("Give a token: in the environment as KRHUB_TOKEN, or by --token-file."),
                _("%s wants to know who you are"), url);
  if (status == SOUP_STATUS_UNAUTHORIZED)
    return set (self, KRHUB_EXIT_UNAUTHORIZED, _("It may have expired, or be for something else."),
                _("%s does not accept the token"), url);
  if (status == SOUP_STATUS_FORBIDDEN)
    return set (self, KRHUB_EXIT_UNAUTHORIZED, NULL, _("%s does not let you in"), url);
  if (status == SOUP_STATUS_NOT_FOUND)
    return set (self, KRHUB_EXIT_UNREACHABLE, _("The server is there; is the path right?"),
                _("There is no hub at %s"), url);
  if (status >= 300)
    return set (self, KRHUB_EXIT_UNREACHABLE, NULL, _("%s answered %u (%s)"), url, status,
                soup_status_get_phrase (status));
  return FALSE;
}

static gboolean
explain_document (KrhubFailure *self, const GError *error, const KrhubOptions *options)
{
  if (g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED) ||
      g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE))
    return set (self, KRHUB_EXIT_UNREACHABLE, _("The server is there; is the path right?"),
                _("What answers at %s is not a hub: %s"), options->url, error->message);
  if (strstr (error->message, "does not support Binary.") != NULL)
    return set (self, KRHUB_EXIT_UNREACHABLE, _("What the hub offers carries text only: use --protocol json."), "%s",
                error->message);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED) ||
      strstr (error->message, "is disabled by the client.") != NULL)
    return set (self, KRHUB_EXIT_UNREACHABLE, _("“krhub info” lists the transports that the hub offers."), "%s",
                error->message);
  if (g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE))
    return set (self, KRHUB_EXIT_FAILED,
                options->messagepack ? _("Perhaps the hub speaks --protocol json only.") : NULL,
                _("The hub refuses the connection: %s"), error->message);
  if (error->domain == KR_HUB_ERROR)
    return set (self, KRHUB_EXIT_FAILED, NULL, _("The hub refuses the connection: %s"), error->message);
  return FALSE;
}

/**
 * krhub_failure_of_connecting:
 * @self: what to fill
 * @error: why there is no connection
 * @options: what was wanted
 * @http: what the last answer was
 *
 * Explains why there is no connection.
 */
void
krhub_failure_of_connecting (KrhubFailure *self,
                             const GError *error,
                             const KrhubOptions *options,
                             const KrhubHttp *http)
{
  g_autofree char *place = NULL;

  if (error->domain == G_OPTION_ERROR)
    {
      set (self, KRHUB_EXIT_USAGE, NULL, "%s", error->message);
      return;
    }
  place = dup_place (options);
  if (!explain_tls (self, error, place, http) && !explain_network (self, error, place) &&
      !explain_status (self, get_status (error, http), options) && !explain_document (self, error, options))
    set (self, KRHUB_EXIT_UNREACHABLE, NULL, _("%s cannot be reached: %s"), options->url, error->message);
}

/* --- calls --- */

/* The texts are ASP.NET Core's, and those of hubs that answer as it does. */
static const char *
find_hint (const char *text)
{
  if (strstr (text, "invoke the streaming '") != NULL)
    return _("The method answers with a stream: use “krhub stream”.");
  if (strstr (text, "invoke the non-streaming '") != NULL)
    return _("The method answers once: use “krhub call”.");
  if (strstr (text, "Hub method expects") != NULL)
    return _("Streams to the method are the lines of standard input, with --upload.");
  if (g_str_has_suffix (text, "due to an error on the server."))
    return _("The hub keeps the details to itself; its log has them.");
  return NULL;
}

static gboolean
explain_answer (KrhubFailure *self, const GError *error, const KrhubOptions *options)
{
  if (g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING))
    return set (self, KRHUB_EXIT_USAGE, NULL, "%s", error->message);
  if (!g_error_matches (error, KR_HUB_ERROR, KR_HUB_ERROR_FAILED))
    return FALSE;
  if (strstr (error->message, "because user is unauthorized") != NULL)
    return set (self, KRHUB_EXIT_UNAUTHORIZED,
                options->token == NULL ? _("Perhaps the method wants a token.") : NULL, "%s", error->message);
  return set (self, KRHUB_EXIT_FAILED, find_hint (error->message), "%s", error->message);
}

/**
 * krhub_failure_of_calling:
 * @self: what to fill
 * @error: why a command failed
 * @options: what was wanted
 *
 * Explains why a command failed on a connection that was there.
 */
void
krhub_failure_of_calling (KrhubFailure *self, const GError *error, const KrhubOptions *options)
{
  if (error->domain == G_OPTION_ERROR)
    set (self, KRHUB_EXIT_USAGE, NULL, "%s", error->message);
  else if (!explain_answer (self, error, options))
    set (self, KRHUB_EXIT_LOST, NULL, _("The connection was lost: %s"), error->message);
}

/**
 * krhub_failure_clear:
 * @self: a failure
 *
 * Frees what @self holds.
 */
void
krhub_failure_clear (KrhubFailure *self)
{
  g_clear_pointer (&self->message, g_free);
  g_clear_pointer (&self->hint, g_free);
}
