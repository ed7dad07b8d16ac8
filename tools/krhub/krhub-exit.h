/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How krhub ends: the exit status says to scripts what happened. */
#pragma once

/* Documented in krhub(1). */
typedef enum
{
  KRHUB_EXIT_OK = 0,
  KRHUB_EXIT_FAILED = 1,          /* the hub answered with an error */
  KRHUB_EXIT_USAGE = 2,           /* the command line is wrong */
  KRHUB_EXIT_UNREACHABLE = 3,     /* nobody there, TLS failed, or no hub at that URL */
  KRHUB_EXIT_UNAUTHORIZED = 4,    /* a token is missing, or not good enough */
  KRHUB_EXIT_TIMEOUT = 5,         /* --timeout has passed */
  KRHUB_EXIT_LOST = 6,            /* the connection ended before the command did */
  KRHUB_EXIT_INTERRUPTED = 130,   /* SIGINT */
  KRHUB_EXIT_PIPE = 141,          /* nobody reads our output any more */
  KRHUB_EXIT_TERMINATED = 143,    /* SIGTERM */
} KrhubExit;
