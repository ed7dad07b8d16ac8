#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Runs a test on a display of its own: COMMAND...
set -u

if ! command -v Xvfb >/dev/null; then
  echo '1..0 # SKIP Xvfb is not installed'
  exit 0
fi
# Only what the test itself says counts: a desktop around it must not be heard.
unset DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY GTK_THEME
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
mkfifo "$folder/number"
# Xvfb chooses a free number, and says which when it is ready. It must not begin anew when its last client leaves, which is when
# it is told to end: a signal that comes just then may be forgotten.
Xvfb -displayfd 3 -noreset -screen 0 1280x1024x24 -nolisten tcp 3<>"$folder/number" >"$folder/log" 2>&1 &
server=$!
exec 4<>"$folder/number"
if ! read -rt 30 -u 4 number; then
  cat "$folder/log" >&2
  echo 'Bail out! Xvfb does not start'
  exit 1
fi
exec 4>&-
export DISPLAY=:$number XDG_CONFIG_HOME=$folder/config XDG_DATA_HOME=$folder/data XDG_CACHE_HOME=$folder/cache
export XDG_RUNTIME_DIR=$folder HOME=$folder
"$@"
