/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubFramer: messages come out whole and in order however the bytes are cut. */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-framer-private.h"
#include "kr-hub-json-protocol.h"

/* Five messages, one of them empty. */
#define STREAM "{\"type\":6}\x1e{\"type\":7}\x1e\x1e{\"a\":\"bc\"}\x1e{}\x1e"
#define BODIES "{\"type\":6}|{\"type\":7}||{\"a\":\"bc\"}|{}|"

static const char stream[] = STREAM;
static const gsize stream_len = sizeof stream - 1;

/* Feeds a copy that is gone afterwards, as a socket's buffer would be, and notes what comes out. */
static void
feed (KrHubFramer *framer, KrHubProtocol *protocol, const char *data, gsize len, GString *bodies)
{
  g_autofree guint8 *copy = g_malloc (MAX (len, 1));
  g_autoptr (GError) error = NULL;
  KrHubSlice body;

  memcpy (copy, data, len);
  kr_hub_framer_feed (framer, copy, len);
  while (kr_hub_framer_next (framer, protocol, 0, &body, &error))
    {
      g_string_append_len (bodies, body.data, body.len);
      g_string_append_c (bodies, '|');
    }
  g_assert_no_error (error);
}

static void
check_cut (KrHubProtocol *protocol, gsize first, gsize second)
{
  g_auto (KrHubFramer) framer = { 0 };
  g_autoptr (GString) bodies = g_string_new (NULL);

  feed (&framer, protocol, stream, first, bodies);
  feed (&framer, protocol, stream + first, second - first, bodies);
  feed (&framer, protocol, stream + second, stream_len - second, bodies);
  g_assert_cmpstr (bodies->str, ==, BODIES);
  g_assert_cmpuint (kr_hub_framer_get_held (&framer), ==, 0);
  g_assert_null (framer.partial.data);
}

static void
test_every_cut (void)
{
  for (gsize first = 0; first <= stream_len; first++)
    for (gsize second = first; second <= stream_len; second++)
      {
        check_cut (NULL, first, second);
        check_cut (kr_hub_json_protocol_get_default (), first, second);
      }
}

static void
test_byte_by_byte (void)
{
  g_auto (KrHubFramer) framer = { 0 };
  g_autoptr (GString) bodies = g_string_new (NULL);

  for (gsize i = 0; i < stream_len; i++)
    feed (&framer, NULL, stream + i, 1, bodies);
  g_assert_cmpstr (bodies->str, ==, BODIES);
}

/* A whole message is handed out where it lies. */
static void
test_borrows (void)
{
  g_auto (KrHubFramer) framer = { 0 };
  g_autoptr (GError) error = NULL;
  KrHubSlice body;

  kr_hub_framer_feed (&framer, (const guint8 *) stream, stream_len);
  g_assert_true (kr_hub_framer_next (&framer, NULL, 0, &body, &error));
  g_assert_true (body.data == stream);
  g_assert_cmpuint (body.len, ==, 10);
  g_assert_null (framer.partial.data);
}

/* The end of a message that was begun earlier does not take what follows it into the copy. */
static void
test_gives_back (void)
{
  g_auto (KrHubFramer) framer = { 0 };
  g_autoptr (GError) error = NULL;
  KrHubSlice body;

  kr_hub_framer_feed (&framer, (const guint8 *) stream, 4);
  g_assert_false (kr_hub_framer_next (&framer, NULL, 0, &body, &error));
  g_assert_cmpuint (kr_hub_framer_get_held (&framer), ==, 4);
  kr_hub_framer_feed (&framer, (const guint8 *) stream + 4, stream_len - 4);
  g_assert_true (kr_hub_framer_next (&framer, NULL, 0, &body, &error));
  g_assert_cmpmem (body.data, body.len, "{\"type\":6}", 10);
  g_assert_true (kr_hub_framer_next (&framer, NULL, 0, &body, &error));
  g_assert_true (body.data == stream + 11);
  g_assert_no_error (error);
}

/* A reader that pauses: whole messages wait too. */
static void
test_hold (void)
{
  g_auto (KrHubFramer) framer = { 0 };
  g_autofree char *copy = g_memdup2 (stream, stream_len);
  g_autoptr (GString) bodies = g_string_new (NULL);
  KrHubSlice body;

  kr_hub_framer_feed (&framer, (guint8 *) copy, stream_len - 1);
  g_assert_true (kr_hub_framer_next (&framer, NULL, 0, &body, NULL));
  g_string_append_printf (bodies, "%.*s|", (int) body.len, body.data);
  kr_hub_framer_hold (&framer);
  memset (copy, 'x', stream_len);
  g_assert_cmpuint (kr_hub_framer_get_held (&framer), ==, stream_len - 12);
  g_assert_true (kr_hub_framer_next (&framer, NULL, 0, &body, NULL));
  g_string_append_printf (bodies, "%.*s|", (int) body.len, body.data);
  feed (&framer, NULL, "\x1e", 1, bodies);
  g_assert_cmpstr (bodies->str, ==, BODIES);
}

/* The limit counts the separator (signalr-observed: 65,535 bytes pass under a limit of 65,536). */
static void
test_limit (void)
{
  for (gsize split = 0; split <= 5; split++)
    {
      g_auto (KrHubFramer) framer = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body;

      kr_hub_framer_feed (&framer, (const guint8 *) "1234\x1e", split);
      while (kr_hub_framer_next (&framer, NULL, 5, &body, &error))
        continue;
      g_assert_no_error (error);
      kr_hub_framer_feed (&framer, (const guint8 *) "1234\x1e" + split, 5 - split);
      if (split < 5)
        g_assert_true (kr_hub_framer_next (&framer, NULL, 5, &body, &error));
      g_assert_no_error (error);
    }
}

static void
test_too_large (void)
{
  for (gsize split = 0; split <= 5; split++)
    {
      g_auto (KrHubFramer) framer = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body;

      kr_hub_framer_feed (&framer, (const guint8 *) "12345\x1e", split);
      if (kr_hub_framer_next (&framer, NULL, 5, &body, &error))
        g_assert_not_reached ();
      if (error == NULL)
        {
          kr_hub_framer_feed (&framer, (const guint8 *) "12345\x1e" + split, 6 - split);
          g_assert_false (kr_hub_framer_next (&framer, NULL, 5, &body, &error));
        }
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
      g_assert_cmpstr (
          error->message, ==,
          "InvalidDataException: The maximum message size of 5B was exceeded. The message size can be configured "
          "in AddHubOptions.");
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krhub/framer/every-cut", test_every_cut);
  g_test_add_func ("/krhub/framer/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/krhub/framer/borrows", test_borrows);
  g_test_add_func ("/krhub/framer/gives-back", test_gives_back);
  g_test_add_func ("/krhub/framer/hold", test_hold);
  g_test_add_func ("/krhub/framer/limit", test_limit);
  g_test_add_func ("/krhub/framer/too-large", test_too_large);
  return g_test_run ();
}
