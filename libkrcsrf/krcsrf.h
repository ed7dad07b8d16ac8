/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of libkrcsrf: the only one that programs include. */
#pragma once

#define KR_CSRF_INSIDE
#include "kr-csrf-error.h"
#include "kr-csrf-form-scanner.h"
#include "kr-csrf-key-ring.h"
#include "kr-csrf-parse.h"
#include "kr-csrf-protector.h"
#include "kr-csrf-request.h"
#include "kr-csrf-stats.h"
#include "kr-csrf-tokens.h"
#include "kr-csrf-visibility.h"
#undef KR_CSRF_INSIDE
