/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The answer to one request: documents, problems, headers. */
#include "config.h"

#include <string.h>

#include "kr-task-soup-exchange-private.h"
#include "kr-task-soup-record-private.h"

#define JSON "application/json; charset=utf-8"
#define PROBLEM "application/problem+json; charset=utf-8"
#define RETRY_SECONDS "1"

/* private */
void
kr_task_soup_answer_clear (KrTaskSoupAnswer *answer)
{
  g_free (answer->body);
  g_free (answer->etag);
  g_free (answer->location);
  *answer = (KrTaskSoupAnswer) { 0 };
}

/* private: RFC 9457, or the sample's `{error}` */
void
kr_task_soup_answer_set_problem (KrTaskSoupAnswer *answer, gboolean sample, guint status, const char *detail,
                                 const char *state)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  if (sample)
    {
      json_builder_set_member_name (builder, "error");
      json_builder_add_string_value (builder, detail);
    }
  else
    {
      json_builder_set_member_name (builder, "title");
      json_builder_add_string_value (builder, soup_status_get_phrase (status));
      json_builder_set_member_name (builder, "status");
      json_builder_add_int_value (builder, status);
      json_builder_set_member_name (builder, "detail");
      json_builder_add_string_value (builder, detail);
    }
  if (state != NULL && !sample)
    {
      json_builder_set_member_name (builder, "state");
      json_builder_add_string_value (builder, state);
    }
  json_builder_end_object (builder);
  answer->status = status;
  answer->content_type = sample ? JSON : PROBLEM;
  g_free (answer->body);
  answer->body = kr_task_soup_builder_to_text (builder);
}

/* private: in the HTTP thread; the body of @answer is taken over */
void
kr_task_soup_answer_send (KrTaskSoupAnswer *answer, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  char *body = g_steal_pointer (&answer->body);

  soup_server_message_set_status (message, answer->status, NULL);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  /* who has an ETag may keep the document, but asks before using it */
  soup_message_headers_replace (headers, "Cache-Control", answer->etag != NULL ? "private, no-cache" : "no-store");
  if (answer->etag != NULL)
    soup_message_headers_replace (headers, "ETag", answer->etag);
  if (answer->location != NULL)
    soup_message_headers_replace (headers, "Location", answer->location);
  if (answer->retry)
    soup_message_headers_replace (headers, "Retry-After", RETRY_SECONDS);
  if (body != NULL)
    soup_server_message_set_response (message, answer->content_type != NULL ? answer->content_type : JSON,
                                      SOUP_MEMORY_TAKE, body, strlen (body));
}
