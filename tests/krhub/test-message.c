/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMessage and KrHubBuffer: what they own, and what clearing leaves. */
#include "config.h"

#include "kr-hub-buffer.h"
#include "kr-hub-error.h"
#include "kr-hub-message.h"

static void
test_clear (void)
{
  KrHubMessage message = { .type = KR_HUB_MESSAGE_INVOCATION,
                           .target = KR_HUB_SLICE_LITERAL ("Echo"),
                           .sequence_id = 5,
                           .arguments_error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "broken"),
                           .scratch = g_string_new ("text") };
  static const KrHubMessage empty;

  kr_hub_message_clear (&message);
  g_assert_cmpmem (&message, sizeof message, &empty, sizeof empty);
  kr_hub_message_clear (&message);
}

static void
test_buffer_grows (void)
{
  g_auto (KrHubBuffer) buffer = KR_HUB_BUFFER_INIT;
  guint n_moves = 0;
  const guint8 *data = NULL;

  for (guint i = 0; i < 100000; i++)
    {
      kr_hub_buffer_append_byte (&buffer, i);
      n_moves += buffer.data != data;
      data = buffer.data;
    }
  g_assert_cmpuint (buffer.len, ==, 100000);
  g_assert_cmpuint (buffer.data[99999], ==, 99999 & 0xff);
  /* It doubles: else appending would cost the square of the length. */
  g_assert_cmpuint (n_moves, <=, 10);
}

static void
test_buffer_to_bytes (void)
{
  KrHubBuffer buffer = KR_HUB_BUFFER_INIT;
  g_autoptr (GBytes) bytes = NULL;
  gsize len;

  kr_hub_buffer_append_literal (&buffer, "abc");
  kr_hub_buffer_append (&buffer, NULL, 0);
  bytes = kr_hub_buffer_free_to_bytes (&buffer);
  g_assert_cmpmem (g_bytes_get_data (bytes, &len), g_bytes_get_size (bytes), "abc", 3);
  g_assert_cmpuint (len, ==, 3);
  g_assert_null (buffer.data);
  g_assert_cmpuint (buffer.cap, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krhub/message/clear", test_clear);
  g_test_add_func ("/krhub/message/buffer-grows", test_buffer_grows);
  g_test_add_func ("/krhub/message/buffer-to-bytes", test_buffer_to_bytes);
  return g_test_run ();
}
