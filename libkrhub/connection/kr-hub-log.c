/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What hubs and connections log, with fields that say whose message it is. */
#include "config.h"

#include "kr-hub-log-private.h"

#define MAX_FIELDS 8

typedef struct
{
  GLogField fields[MAX_FIELDS];
  gsize n;
} Record;

static void
add (Record *self, const char *name, const char *value)
{
  g_assert (self->n < MAX_FIELDS);
  if (value != NULL)
    self->fields[self->n++] = (GLogField) { name, value, -1 };
}

/* As syslog numbers them. */
static const char *
get_priority (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_WARNING)
    return "4";
  if (level & G_LOG_LEVEL_MESSAGE)
    return "5";
  return level & G_LOG_LEVEL_INFO ? "6" : "7";
}

static void
begin (Record *self, const KrHubSettings *settings, GLogLevelFlags level, const char *message)
{
  add (self, "MESSAGE", message);
  add (self, "PRIORITY", get_priority (level));
  add (self, "GLIB_DOMAIN", G_LOG_DOMAIN);
  add (self, "KR_HUB_HUB", settings->name);
}

void
kr_hub_connection_log (KrHubConnection *self, GLogLevelFlags level, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  Record record = { .n = 0 };
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("connection %s %s", self->id != NULL ? self->id : "to the server", text);
  begin (&record, self->session.settings, level, message);
  add (&record, "KR_HUB_CONNECTION_ID", self->id);
  add (&record, "KR_HUB_TRANSPORT", self->session.counters->name);
  add (&record, "KR_HUB_PROTOCOL", kr_hub_connection_get_protocol_name (self));
  if (self->session.reason != KR_HUB_CLOSE_REASON_NONE)
    add (&record, "KR_HUB_CLOSE_REASON", kr_hub_close_reason_to_string (self->session.reason));
  g_log_structured_array (level, record.fields, record.n);
}

void
kr_hub_settings_log (KrHubSettings *self, GLogLevelFlags level, const char *format, ...)
{
  g_autofree char *message = NULL;
  Record record = { .n = 0 };
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  begin (&record, self, level, message);
  g_log_structured_array (level, record.fields, record.n);
}
