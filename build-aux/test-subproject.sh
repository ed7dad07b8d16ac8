#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Builds a program that has this project as a meson subproject and finds each library by its name: SOURCE PACKAGE...
set -eu
source=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo '1..1'
mkdir -p "$folder/subprojects"
ln -s "$source" "$folder/subprojects/krhub"
{
  echo "project('user', 'c')"
  echo "options = ['tests=false', 'examples=false', 'benchmarks=false', 'fuzzing=false', 'demo=disabled', 'gtk=disabled',"
  echo "  'introspection=disabled', 'vapi=disabled']"
  echo "subproject('krhub', default_options: options)"
  echo "executable('user', 'main.c', dependencies: ["
  for package in "$@"; do
    echo "  dependency('$package', fallback: 'krhub'),"
  done
  echo "])"
} >"$folder/meson.build"
{
  for package in "$@"; do
    echo "#include <${package%-1}.h>"
  done
  echo "int main (void) { return 0; }"
} >"$folder/main.c"

if meson setup "$folder/build" "$folder" >"$folder/log" 2>&1 && ninja -C "$folder/build" >>"$folder/log" 2>&1 &&
  "$folder/build/user"; then
  echo 'ok 1 /subproject'
else
  tail -n 60 "$folder/log" | sed 's/^/# /'
  echo 'not ok 1 /subproject'
  exit 1
fi
