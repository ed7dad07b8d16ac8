#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Installs the build into a folder and uses it from there, by pkg-config, Python and Vala: BUILD CC LIBRARY...
#
# A LIBRARY is PACKAGE:NAMESPACE:FUNCTION, such as krhub-1:KrHub-1:kr_hub_server_get_type.
set -u
build=$1
compiler=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

number=0
failed=0
check() { # NAME COMMAND...
  local name=$1
  shift
  number=$((number + 1))
  if "$@" >"$folder/output" 2>&1; then
    echo "ok $number /install/$name"
  else
    sed 's/^/# /' "$folder/output"
    echo "not ok $number /install/$name"
    failed=1
  fi
}
one_file() { [ "$(find "$folder/root" -name "$1" | tee /dev/stderr | wc -l)" -eq 1 ]; }

# PACKAGE NAMESPACE FUNCTION: a program that sees the umbrella header only.
compiles() {
  local umbrella=${1%-1}
  printf '#include <%s.h>\nint main (void) { return %s () == 0; }\n' "$umbrella" "$3" >"$folder/$1.c"
  # shellcheck disable=SC2046
  $compiler -Wall -Wextra -Werror -Wno-unused-parameter -o "$folder/$1" "$folder/$1.c" $(pkg-config --cflags --libs "$1") &&
    LD_LIBRARY_PATH=$libraries "$folder/$1"
}
imports() {
  GI_TYPELIB_PATH=$libraries/girepository-1.0 LD_LIBRARY_PATH=$libraries /usr/bin/python3 -c '
import sys, gi
name, version = sys.argv[1].rsplit("-", 1)
gi.require_version(name, version)
module = __import__("gi.repository." + name, fromlist=[name])
assert module._version == version and len(dir(module)) > 5' "$1"
}

echo "1..$((1 + 6 * $#))"
check run meson install -C "$build" --no-rebuild --quiet --destdir "$folder/root"
libraries=$(dirname "$(find "$folder/root" -name 'lib*-1.so' | head -n 1)")
# The files say where they would be: this is where they are.
prefix=${libraries%/lib*}
sed -i "s,^prefix=.*,prefix=$prefix," "$libraries"/pkgconfig/*.pc
export PKG_CONFIG_PATH=$libraries/pkgconfig

for library in "$@"; do
  IFS=: read -r package namespace function <<<"$library"
  check "$package/pkg-config" pkg-config --print-errors --exists "$package"
  check "$package/header-and-library" compiles "$package" "$namespace" "$function"
  check "$package/gir" one_file "$namespace.gir"
  check "$package/typelib" one_file "$namespace.typelib"
  check "$package/python" imports "$namespace"
  check "$package/vapi" one_file "$package.vapi"
done
exit $failed
