/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Runs a fuzz target without libFuzzer: each file of the corpus as it is, then deterministic mutations of it. */
#include <glib.h>
#include <stdint.h>

#define MUTATIONS 300

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char *corpus;

/* A copy on the heap, exactly as long as the input, so that ASan sees a read one byte beyond it. */
static void
run_one (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_malloc (MAX (size, 1));

  if (size > 0)
    memcpy (copy, data, size);
  LLVMFuzzerTestOneInput (copy, size);
}

static void
run_mutations (const guint8 *data, gsize size, GRand *rand)
{
  for (guint i = 0; i < MUTATIONS; i++)
    {
      g_autofree guint8 *copy = g_malloc (size + 1);
      gsize length = size;
      guint changes = g_rand_int_range (rand, 1, 5);

      memcpy (copy, data, size);
      while (changes-- > 0 && length > 0)
        {
          gsize at = g_rand_int_range (rand, 0, length);

          switch (g_rand_int_range (rand, 0, 4))
            {
            case 0: copy[at] ^= 1u << g_rand_int_range (rand, 0, 8); break;
            case 1: copy[at] = g_rand_int_range (rand, 0, 256); break;
            case 2: memmove (copy + at, copy + at + 1, --length - at); break;
            default: length = at; break;
            }
        }
      run_one (copy, length);
    }
}

static void
test_corpus (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (corpus, 0, &error);
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261124);
  const char *name;
  guint n_files = 0;

  g_assert_no_error (error);
  run_one ((const guint8 *) "", 0);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (corpus, name, NULL);
      g_autofree char *contents = NULL;
      gsize size;

      g_file_get_contents (path, &contents, &size, &error);
      g_assert_no_error (error);
      run_one ((const guint8 *) contents, size);
      run_mutations ((const guint8 *) contents, size, rand);
      n_files++;
    }
  g_assert_cmpuint (n_files, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  corpus = argv[1];
  g_test_add_func ("/fuzz/corpus", test_corpus);
  return g_test_run ();
}
