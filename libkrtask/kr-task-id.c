/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Random names of tasks. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "kr-task-id-private.h"

#define ID_BYTES 16
#define BUFFER_BYTES 1024

/* A system call per id would cost as much as the rest of a job. */
static __thread struct
{
  guint8 bytes[BUFFER_BYTES];
  gsize n_left;
} buffer;

static void
refill (void)
{
  gsize n_filled = 0;

  while (n_filled < BUFFER_BYTES)
    {
      gssize n = getrandom (buffer.bytes + n_filled, BUFFER_BYTES - n_filled, 0);

      if (n > 0)
        n_filled += n;
      else if (errno != EINTR)
        g_error ("No random bytes: %s", g_strerror (errno)); /* an id that can be guessed would be worse */
    }
  buffer.n_left = BUFFER_BYTES;
}

/* Four bytes as eight digits, all at once: half a byte goes into each byte of a word, and those above 9 get what lies
 * between the digits and the letters. */
static inline void
write_digits (const guint8 *bytes, char *digits)
{
  guint32 word;
  guint64 spread, letters;

  memcpy (&word, bytes, sizeof word);
  spread = word;
  spread = (spread | spread << 16) & G_GUINT64_CONSTANT (0x0000ffff0000ffff);
  spread = (spread | spread << 8) & G_GUINT64_CONSTANT (0x00ff00ff00ff00ff);
  spread = (spread | spread << 4) & G_GUINT64_CONSTANT (0x0f0f0f0f0f0f0f0f);
  letters = ((spread + G_GUINT64_CONSTANT (0x0606060606060606)) >> 4) & G_GUINT64_CONSTANT (0x0101010101010101);
  spread += G_GUINT64_CONSTANT (0x3030303030303030) + letters * ('a' - '0' - 10);
  memcpy (digits, &spread, sizeof spread);
}

/* 32 hexadecimal digits that cannot be guessed; an id opens a task to whoever may ask for it on the web. */
void
kr_task_id_make (char id[33])
{
  guint8 *bytes;

  if (buffer.n_left == 0)
    refill ();
  buffer.n_left -= ID_BYTES;
  bytes = buffer.bytes + buffer.n_left;
  for (guint i = 0; i < ID_BYTES; i += 4)
    write_digits (bytes + i, id + 2 * i);
  id[2 * ID_BYTES] = '\0';
  memset (bytes, 0, ID_BYTES); /* what was handed out is not kept */
}
