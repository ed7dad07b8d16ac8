#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Runs test programs under valgrind, as TAP: no byte used before it is written, none beyond its end, none left behind.
# Usage: test-valgrind.sh PROGRAM...
command -v valgrind >/dev/null || { echo "1..0 # SKIP valgrind is not installed"; exit 0; }
unset MALLOC_PERTURB_
export G_SLICE=always-malloc
echo "1..$#"
number=0
failed=0
for program in "$@"; do
  number=$((number + 1))
  if valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite \
    "$program" >"$program.valgrind" 2>&1; then
    echo "ok $number $(basename "$program")"
  else
    sed 's/^/# /' "$program.valgrind" | tail -40
    echo "not ok $number $(basename "$program")"
    failed=1
  fi
done
exit $failed
