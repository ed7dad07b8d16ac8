/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The results of a run, as one line of figures or as JSON. */
#include "config.h"

#include "load-report.h"

typedef struct
{
  GString *text;
  gboolean json;
} Report;

static void
add_name (Report *self, const char *name)
{
  if (self->text->len > 0)
    g_string_append (self->text, self->json ? ", " : " ");
  g_string_append_printf (self->text, self->json ? "\"%s\": " : "%s=", name);
}

static void
add_string (Report *self, const char *name, const char *value)
{
  add_name (self, name);
  g_string_append_printf (self->text, self->json ? "\"%s\"" : "%s", value);
}

static void
add_int (Report *self, const char *name, guint64 value)
{
  add_name (self, name);
  g_string_append_printf (self->text, "%" G_GUINT64_FORMAT, value);
}

static void
add_double (Report *self, const char *name, double value, const char *format)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  add_name (self, name);
  g_string_append (self->text, g_ascii_formatd (buffer, sizeof buffer, format, value));
}

static void
add_settings (Report *self, const LoadOptions *options)
{
  add_string (self, "mode", load_mode_to_string (options->mode));
  add_string (self, "transport", load_transport_to_string (options->transport));
  add_string (self, "protocol", options->messagepack ? "messagepack" : "json");
  add_int (self, "tls", options->tls);
  add_int (self, "connections", options->connections);
  add_int (self, "depth", options->depth);
  add_int (self, "payload", options->payload);
  add_int (self, "idle", options->idle);
  add_int (self, "half_open", options->half_open);
}

static void
add_traffic (Report *self, const LoadRun *run)
{
  add_double (self, "seconds", run->seconds, "%.3f");
  add_int (self, "messages", run->n_messages);
  add_double (self, "per_second", run->seconds > 0 ? run->n_messages / run->seconds : 0, "%.0f");
  add_double (self, "p50_us", load_histogram_get_us (&run->latency, 0.5), "%.1f");
  add_double (self, "p90_us", load_histogram_get_us (&run->latency, 0.9), "%.1f");
  add_double (self, "p99_us", load_histogram_get_us (&run->latency, 0.99), "%.1f");
  add_double (self, "p999_us", load_histogram_get_us (&run->latency, 0.999), "%.1f");
  add_double (self, "max_us", run->latency.max_ns / 1e3, "%.1f");
  add_int (self, "errors", run->n_errors);
  add_int (self, "half_open_alive", run->half_open_alive);
}

static void
add_server (Report *self, const LoadRun *run)
{
  double cpu = load_process_get_cpu_seconds (&run->start, &run->end);

  if (run->options->mode != LOAD_MODE_CONNECT)
    {
      add_double (self, "server_cpu_seconds", cpu, "%.3f");
      add_double (self, "server_cores", run->seconds > 0 ? cpu / run->seconds : 0, "%.2f");
      add_double (self, "server_cpu_us", run->n_messages > 0 ? cpu * 1e6 / run->n_messages : 0, "%.3f");
    }
  add_int (self, "rss_before_kib", run->before.rss_kib);
  add_int (self, "rss_kib", run->end.rss_kib);
  add_int (self, "pss_before_kib", run->before.pss_kib);
  add_int (self, "pss_kib", run->end.pss_kib);
  add_int (self, "descriptors_before", run->before.n_descriptors);
  add_int (self, "descriptors", run->end.n_descriptors);
  add_int (self, "threads", run->end.n_threads);
}

/* A line each without JSON, an array with it. */
static void
add_rounds (Report *self, const LoadRun *run)
{
  if (self->json)
    {
      add_name (self, "rounds");
      g_string_append_c (self->text, '[');
    }
  for (guint i = 0; i < run->n_rounds; i++)
    {
      Report round = { g_string_new (NULL), self->json };

      add_double (&round, "connect_ms", run->rounds[i].connect_ms, "%.1f");
      add_int (&round, "rss_kib", run->rounds[i].rss_kib);
      add_int (&round, "pss_kib", run->rounds[i].pss_kib);
      add_int (&round, "descriptors", run->rounds[i].n_descriptors);
      g_string_append_printf (self->text, self->json ? "%s{%s}" : "%s%s", self->json ? (i > 0 ? ", " : "") : "\n",
                              round.text->str);
      g_string_free (round.text, TRUE);
    }
  if (self->json)
    g_string_append_c (self->text, ']');
}

void
load_report_print (const LoadRun *run)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Report self = { text, run->options->json };

  add_settings (&self, run->options);
  add_double (&self, "connect_ms", run->connect_ms, "%.1f");
  add_int (&self, "ready", run->n_ready);
  add_int (&self, "failed", run->n_failed);
  if (run->options->mode != LOAD_MODE_CONNECT)
    add_traffic (&self, run);
  if (run->options->pid != 0)
    add_server (&self, run);
  if (run->options->mode == LOAD_MODE_CONNECT)
    add_rounds (&self, run);
  g_print (self.json ? "{%s}\n" : "%s\n", text->str);
}
