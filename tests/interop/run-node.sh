#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Runs a test written for Node.js, or says which of the programs it needs is missing: FILE PROGRAM...
file=$1
shift
for program in "$@"; do
  if ! command -v "$program" >/dev/null; then
    echo "1..0 # SKIP $program is not installed"
    exit 77
  fi
done
if [ ! -d "$KR_NODE_MODULES" ]; then
  echo "1..0 # SKIP the packages of tests/interop are not installed; ./run test does that"
  exit 77
fi
# The sanitizers of the demo are its own affair; node must not inherit a preloaded allocator check.
exec env -u MALLOC_PERTURB_ node "$file"
