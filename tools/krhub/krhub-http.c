/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The HTTP of one run: its session, what was asked, and how the last answer was. */
#include "config.h"

#include "krhub-http.h"

#include "krhub-trust.h"

/* Parts of a query are secrets: the token of a connection is. */
static char *
describe (SoupMessage *message)
{
  const GUriHideFlags hidden = G_URI_HIDE_QUERY | G_URI_HIDE_USERINFO | G_URI_HIDE_FRAGMENT;
  g_autofree char *uri = g_uri_to_string_partial (soup_message_get_uri (message), hidden);

  return g_strdup_printf ("%s %s", soup_message_get_method (message), uri);
}

/* The message itself does not tell what was wrong once it has failed. */
static gboolean
on_certificate (SoupMessage *message, GTlsCertificate *certificate, GTlsCertificateFlags errors, KrhubHttp *self)
{
  self->tls_errors = errors;
  return FALSE;
}

static void
on_request_queued (SoupSession *session, SoupMessage *message, KrhubHttp *self)
{
  self->status = 0;
  self->tls_errors = 0;
  g_signal_connect (message, "accept-certificate", G_CALLBACK (on_certificate), self);
}

static void
on_request_unqueued (SoupSession *session, SoupMessage *message, KrhubHttp *self)
{
  g_autofree char *what = describe (message);

  self->status = soup_message_get_status (message);
  g_signal_handlers_disconnect_by_data (message, self);
  if (self->status != 0)
    krhub_output_detail (self->output, "%s: %u %s", what, self->status, soup_message_get_reason_phrase (message));
  else
    krhub_output_detail (self->output, "%s: -", what);
}

/**
 * krhub_http_init:
 * @self: what to fill
 * @options: what the command line wants
 * @output: where --verbose is told what happens
 *
 * Makes the session.
 */
void
krhub_http_init (KrhubHttp *self, const KrhubOptions *options, KrhubOutput *output)
{
  *self = (KrhubHttp) { .session = soup_session_new (), .output = output };
  if (options->insecure)
    {
      g_autoptr (GTlsDatabase) trust = krhub_trust_new ();

      soup_session_set_tls_database (self->session, trust);
    }
  g_signal_connect (self->session, "request-queued", G_CALLBACK (on_request_queued), self);
  g_signal_connect (self->session, "request-unqueued", G_CALLBACK (on_request_unqueued), self);
}

/**
 * krhub_http_clear:
 * @self: a run's HTTP
 *
 * Gives up the session.
 */
void
krhub_http_clear (KrhubHttp *self)
{
  g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->session);
}
