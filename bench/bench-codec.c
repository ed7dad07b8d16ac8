/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Cost of the codecs: nanoseconds per message for parsing an echo invocation and writing its completion. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "kr-hub-arguments-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-msgpack-protocol.h"

typedef struct
{
  KrHubProtocol *protocol;
  KrHubBuffer input;      /* one framed invocation */
  KrHubBuffer output;
  GString *scratch;
} Bench;

/* An echo invocation as the load generator sends it: the text has @size characters. */
static void
bench_init (Bench *self, KrHubProtocol *protocol, guint size)
{
  g_autofree char *text = g_strnfill (size, 'x');
  KrHubMessage message = { .type = KR_HUB_MESSAGE_INVOCATION,
                           .invocation_id = KR_HUB_SLICE_LITERAL ("12345"),
                           .target = KR_HUB_SLICE_LITERAL ("Echo") };
  g_autoptr (GVariant) arguments = g_variant_ref_sink (g_variant_new ("(s)", text));

  *self = (Bench) { .protocol = protocol, .scratch = g_string_new (NULL) };
  message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = arguments };
  if (!kr_hub_protocol_write (protocol, &message, &self->input, NULL))
    abort ();
}

static void
bench_clear (Bench *self)
{
  kr_hub_buffer_clear (&self->input);
  kr_hub_buffer_clear (&self->output);
  g_string_free (self->scratch, TRUE);
}

static void
parse (Bench *self, KrHubMessage *message)
{
  KrHubSlice body;

  if (kr_hub_protocol_frame (self->protocol, self->input.data, self->input.len, 32768, &body, NULL) <= 0 ||
      kr_hub_protocol_parse (self->protocol, &body, message, NULL) != KR_HUB_PARSE_MESSAGE)
    abort ();
}

static void
run_parse (Bench *self)
{
  g_auto (KrHubMessage) message = { 0 };

  parse (self, &message);
}

static void
run_echo (Bench *self)
{
  g_auto (KrHubMessage) message = { 0 };
  KrHubMessage completion = { .type = KR_HUB_MESSAGE_COMPLETION };
  KrHubSlice value;

  parse (self, &message);
  /* As a connection does: a plain string was found whole while its message was parsed. */
  completion.value.slice = message.texts[0];
  if (completion.value.slice.data == NULL &&
      (!kr_hub_arguments_nth (self->protocol, &message.value.slice, 0, &value) ||
      !kr_hub_protocol_decode_string (self->protocol, &value, self->scratch, &completion.value.slice, NULL)))
    abort ();
  completion.invocation_id = message.invocation_id;
  completion.value.kind = KR_HUB_VALUE_STRING;
  self->output.len = 0;
  if (!kr_hub_protocol_write (self->protocol, &completion, &self->output, NULL))
    abort ();
}

static void
run_variant (Bench *self)
{
  g_auto (KrHubMessage) message = { 0 };
  KrHubMessage completion = { .type = KR_HUB_MESSAGE_COMPLETION };
  g_autoptr (GVariant) arguments = NULL;
  g_autoptr (GVariant) text = NULL;

  parse (self, &message);
  arguments = kr_hub_arguments_to_variant (self->protocol, &message.value.slice, 1, G_VARIANT_TYPE ("(s)"), NULL);
  text = g_variant_get_child_value (arguments, 0);
  completion.invocation_id = message.invocation_id;
  completion.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = text };
  self->output.len = 0;
  if (!kr_hub_protocol_write (self->protocol, &completion, &self->output, NULL))
    abort ();
}

/* Processor time, because others use the machine too. */
static double
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

/* The best of several rounds, for the same reason. */
static double
measure (Bench *self, void (*run) (Bench *self), guint iterations)
{
  double best = G_MAXDOUBLE;

  for (guint round = 0; round < 10; round++)
    {
      double begin = now_ns ();

      for (guint i = 0; i < iterations; i++)
        run (self);
      best = MIN (best, (now_ns () - begin) / iterations);
    }
  return best;
}

int
main (int argc, char *argv[])
{
  static const guint sizes[] = { 20, 100, 1000 };
  KrHubProtocol *protocols[] = { kr_hub_json_protocol_get_default (), kr_hub_msgpack_protocol_get_default () };
  guint iterations = argc > 1 ? atoi (argv[1]) : 20000;

  g_print ("%-12s %6s %10s %10s %12s\n", "protocol", "bytes", "parse ns", "echo ns", "GVariant ns");
  for (guint p = 0; p < G_N_ELEMENTS (protocols); p++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
      {
        Bench bench;

        if (argc > 2 && sizes[s] != (guint) atoi (argv[2]))
          continue;
        bench_init (&bench, protocols[p], sizes[s]);
        g_print ("%-12s %6u %10.1f %10.1f %12.1f\n", kr_hub_protocol_get_name (protocols[p]), sizes[s],
                 measure (&bench, run_parse, iterations), measure (&bench, run_echo, iterations),
                 measure (&bench, run_variant, iterations / 4));
        bench_clear (&bench);
      }
  return 0;
}
