/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Umbrella header of libkrhub: the only one that programs include. */
#pragma once

#define KR_HUB_INSIDE
#include "kr-hub-error.h"
#include "kr-hub-visibility.h"
#undef KR_HUB_INSIDE
