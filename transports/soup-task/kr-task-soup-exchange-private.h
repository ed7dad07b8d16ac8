/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* One request on its way: from the HTTP thread to the owner of the tasks and back. */
#pragma once

#include "kr-task-soup-request-private.h"
#include "kr-task-soup-routes-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint status;
  const char *content_type; /* a literal */
  char *body;               /* NULL: none */
  char *etag;
  char *location;
  gboolean retry;           /* later, it may work */
} KrTaskSoupAnswer;

void kr_task_soup_answer_clear (KrTaskSoupAnswer *answer);
void kr_task_soup_answer_send (KrTaskSoupAnswer *answer, SoupServerMessage *message);
void kr_task_soup_answer_set_problem (KrTaskSoupAnswer *answer, gboolean sample, guint status, const char *detail,
                                      const char *state);

/* What a request is answered with; FALSE: nothing has to be waited for. In the owner's context. */
gboolean kr_task_soup_perform (KrTaskSoupRoutes *routes, const KrTaskSoupRequest *request, GVariant *identity,
                               const char *if_none_match, KrTaskSoupAnswer *answer, KrTaskJob **waits_for);

void kr_task_soup_exchange_run (KrTaskSoupRoutes *routes, SoupServerMessage *message, KrTaskSoupRequest *request,
                                GVariant *identity);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrTaskSoupAnswer, kr_task_soup_answer_clear)

G_END_DECLS
