/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Umbrella header of libkrcsrf-test: the only one that tests include. */
#pragma once

#define KR_CSRF_TEST_INSIDE
#include "kr-csrf-test-jar.h"
#include "kr-csrf-test-sign.h"
#include "kr-csrf-test-sources.h"
#include "kr-csrf-test-visibility.h"
#undef KR_CSRF_TEST_INSIDE
