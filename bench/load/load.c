/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Drives any SignalR hub from one epoll thread and prints what it saw. */
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

#include "load-report.h"

int
main (int argc, char **argv)
{
  LoadOptions options = { 0 };
  g_autoptr (GError) error = NULL;
  struct rlimit limit;
  gboolean fine;
  LoadRun *run;

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  if (!load_options_parse (&options, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      load_options_clear (&options);
      return 2;
    }
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  run = load_run_new (&options);
  fine = load_run (run);
  load_report_print (run);
  load_run_free (run);
  load_options_clear (&options);
  return fine ? 0 : 1;
}
