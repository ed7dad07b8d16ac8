/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LimitReactor: one epoll descriptor for many connections, turned by a thread of its own or by the main loop. */
#pragma once

#include "limit-connection.h"

void limit_reactors_start (guint n_threads);
void limit_reactors_add (LimitConnection *connection);

void limit_reactor_add_dirty (LimitReactor *self, LimitConnection *connection);
void limit_reactor_broadcast (LimitReactor *self, LimitBuffer *buffer);
