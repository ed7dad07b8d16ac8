/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrhubRun: one command from its connection to its exit status. */
#pragma once

#include <krhub-soup.h>

#include "krhub-exit.h"
#include "krhub-failure.h"
#include "krhub-http.h"
#include "krhub-output.h"

G_BEGIN_DECLS

struct _KrhubRun
{
  const KrhubOptions *options;
  KrhubOutput output;
  KrhubHttp http;
  KrHubClient *client;          /* NULL for a command that does not connect */
  GVariant *arguments;          /* of the call: a tuple; NULL for commands without a method */
  GCancellable *cancellable;    /* of all that is waited for */
  guint n_printed;              /* items or events */
  gpointer state;               /* the command's own */
  GDestroyNotify free_state;
  /* private */
  GMainLoop *loop;
  KrhubExit status;
  gboolean interrupted;         /* status says by what */
  gboolean finishing;
  gboolean stopped;             /* the client has said good-bye */
  GSource *deadline;            /* of --timeout */
  GSource *patience;            /* with a server that does not answer */
  GSource *watchdog;            /* for an end that takes too long */
};

KrhubExit krhub_run (const KrhubOptions *options);

/* For commands. Only the first end counts. */
void krhub_run_finish (KrhubRun *self, KrhubExit status);
/* Ends with what @error of a call means; an interruption keeps its own status. */
void krhub_run_fail (KrhubRun *self, const GError *error);
/* Asks what is waited for to end; the command then ends as it does with any error. */
void krhub_run_interrupt (KrhubRun *self, KrhubExit status);
/* After a line: FALSE, and the run ends, if nobody takes it or it was the last one wanted. */
gboolean krhub_run_printed (KrhubRun *self, gboolean done);

G_END_DECLS
