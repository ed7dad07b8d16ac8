/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A manager, jobs with bodies that tell what they do, and the wait for their end. */
#pragma once

#include <kr-test.h>
#include <krtask.h>

G_BEGIN_DECLS

typedef struct
{
  KrTaskManager *manager;
  GPtrArray *jobs;
  int n_inside, n_most; /* atomic: bodies at this moment, and at most */
  int n_runs;           /* atomic */
  int go;               /* atomic: bodies may go on */
  GMutex lock;
  GString *order;       /* titles in the order in which the bodies began */
} ManagerFixture;

void manager_fixture_set_up (ManagerFixture *f, gconstpointer data);
void manager_fixture_tear_down (ManagerFixture *f, gconstpointer data);
KrTaskJob *manager_fixture_new_job (ManagerFixture *f, const char *title, KrTaskFunc body);
KrTaskJob *manager_fixture_submit (ManagerFixture *f, KrTaskJob *job);
/* Takes the only slot. */
void manager_fixture_block (ManagerFixture *f);
void manager_fixture_wait_state (KrTaskJob *job, KrTaskState state);

/* For kr_test_wait(); @data is a fixture. */
gboolean manager_fixture_all_finished (gpointer data);
gboolean manager_fixture_runs (gpointer data);

/* Bodies; their argument is a fixture. The first four write their titles into the order. */
GVariant *body_note (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
GVariant *body_short (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
/* Waits until it may go on or is cancelled. */
GVariant *body_wait (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
/* Does not hear of a cancel. */
GVariant *body_deaf (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
GVariant *body_held (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
GVariant *body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);
GVariant *body_kilobyte (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);

G_END_DECLS
