#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The files that tell a desktop about kr-tasks: DESKTOP-FILE METAINFO-FILE ICON.
set -u

desktop=$1
metainfo=$2
icon=$3
number=0
failed=0
# NAME COMMAND...: it succeeds and prints nothing
says_nothing() {
  local name=$1 output status
  shift
  number=$((number + 1))
  if ! command -v "$1" >/dev/null || { [ "$1" = appstream_faults ] && ! command -v appstreamcli >/dev/null; }; then
    echo "ok $number /data/$name # SKIP its checker is not installed"
    return
  fi
  output=$("$@" 2>&1)
  status=$?
  if [ $status -eq 0 ] && [ -z "$output" ]; then
    echo "ok $number /data/$name"
  else
    echo "# status $status"
    echo "# ${output//$'\n'/$'\n# '}"
    echo "not ok $number /data/$name"
    failed=1
  fi
}
has() { # FILE PATTERN
  grep -qE -- "$2" "$1" || echo "$2 is missing"
}

# What is merely pedantic is a matter of taste: GNOME's own identifiers have capital letters.
appstream_faults() { # FILE
  local output
  output=$(appstreamcli validate --no-net --no-color "$1" 2>&1) || echo 'not valid'
  grep -E '^[EWI]:' <<<"$output"
  return 0
}

echo '1..9'
says_nothing desktop desktop-file-validate "$desktop"
says_nothing desktop-german has "$desktop" '^Name\[de\]=Aufgaben$'
says_nothing desktop-italian has "$desktop" '^Name\[it\]=Attività$'
says_nothing metainfo appstream_faults "$metainfo"
says_nothing metainfo-german has "$metainfo" '<name xml:lang="de">Aufgaben</name>'
says_nothing metainfo-italian has "$metainfo" '<name xml:lang="it">Attività</name>'
says_nothing same-id has "$metainfo" "<id>$(basename "$desktop" .desktop)</id>"
says_nothing icon-named has "$desktop" "^Icon=$(basename "$icon" .svg)\$"
says_nothing icon-well-formed python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$icon"
exit $failed
