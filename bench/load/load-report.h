/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The results of a run, as one line of figures or as JSON. */
#pragma once

#include "load-run.h"

void load_report_print (const LoadRun *run);
