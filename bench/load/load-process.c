/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadProcess: what a process has used so far, from /proc. */
#include "config.h"

#include "load-process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
read_file (int pid, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", pid, name);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

/* utime and stime are fields 14 and 15 of stat; the second one, the name, may hold spaces and ends at the last ')'. */
static guint64
read_ticks (int pid)
{
  g_autofree char *text = read_file (pid, "stat");
  const char *end = strrchr (text, ')');
  g_auto (GStrv) fields = g_strsplit (end != NULL ? end + 2 : "", " ", 16);

  if (g_strv_length (fields) < 14)
    return 0;
  return g_ascii_strtoull (fields[11], NULL, 10) + g_ascii_strtoull (fields[12], NULL, 10);
}

/* The first field of a thread's schedstat is its time on a CPU in nanoseconds. */
static void
read_threads (LoadProcess *self, int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task", pid);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  self->thread_ns = 0;
  self->n_threads = 0;
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_strdup_printf ("task/%s/schedstat", name);
      g_autofree char *text = read_file (pid, file);

      self->thread_ns += g_ascii_strtoull (text, NULL, 10);
      self->n_threads++;
    }
}

static guint64
find_kib (const char *text, const char *label)
{
  const char *found = strstr (text, label);

  return found != NULL ? g_ascii_strtoull (found + strlen (label), NULL, 10) : 0;
}

static guint
count_descriptors (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", pid);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

/* The CPU times only: reading the memory of a large process takes a while. */
void
load_process_read_cpu (LoadProcess *self, int pid)
{
  self->tick_ns = read_ticks (pid) * (G_GUINT64_CONSTANT (1000000000) / sysconf (_SC_CLK_TCK));
  read_threads (self, pid);
}

void
load_process_read (LoadProcess *self, int pid)
{
  g_autofree char *rollup = read_file (pid, "smaps_rollup");

  load_process_read_cpu (self, pid);
  self->rss_kib = find_kib (rollup, "\nRss:");
  self->pss_kib = find_kib (rollup, "\nPss:");
  self->n_descriptors = count_descriptors (pid);
}

/* The threads' clocks are finer, but a thread that ends takes its time along: then the ticks tell more. */
double
load_process_get_cpu_seconds (const LoadProcess *before, const LoadProcess *after)
{
  double threads = ((double) after->thread_ns - before->thread_ns) / 1e9;
  double ticks = ((double) after->tick_ns - before->tick_ns) / 1e9;

  return ticks - threads > 0.05 ? ticks : threads;
}
