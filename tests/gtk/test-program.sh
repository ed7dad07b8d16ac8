#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The whole program beside the whole demo, on a private bus: KR-TASKS KR-DEMO LOCALE-FOLDER VERSION.
set -u

if [ -z "${DBUS_SESSION_BUS_ADDRESS:-}" ]; then
  command -v dbus-run-session >/dev/null || { echo '1..0 # SKIP dbus-run-session is not installed'; exit 0; }
  exec dbus-run-session -- "$0" "$@"
fi
tasks=$1
demo=$2
export KR_DEMO_LOCALEDIR=$3
version=$4
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT

number=0
failed=0
# NAME EXPECTED GOT: equal, or matched when EXPECTED is a pattern in slashes
is() {
  number=$((number + 1))
  if [[ "$2" == "$3" || ("$2" == /*/ && "$3" =~ ${2:1:-1}) ]]; then
    echo "ok $number /program/$1"
  else
    echo "# expected $2"
    echo "# got ${3//$'\n'/$'\n# '}"
    echo "not ok $number /program/$1"
    failed=1
  fi
}
# Until COMMAND prints what PATTERN matches, or the deadline is over; what it printed last is in $seen.
until_prints() { # PATTERN COMMAND...
  local pattern=$1 deadline=$((SECONDS + 30))
  shift
  until seen=$("$@" 2>&1); [[ "$seen" =~ $pattern ]] || [ $SECONDS -ge $deadline ]; do
    read -rt 0.05 <> <(:) || true
  done
  [[ "$seen" =~ $pattern ]] || echo "# waited in vain for $pattern from $*"
}
manager() { gdbus call --session --dest org.kestrun.Tasks --object-path /org/kestrun/Tasks "$@"; }
window() { gdbus call --session --dest org.kestrun.KrTasks --object-path /org/kestrun/KrTasks "$@"; }
actions() { window --method org.gtk.Actions.DescribeAll; }
act() { window --method org.gtk.Actions.Activate "$1" '[]' '{}'; }

echo '1..14'
is version "kr-tasks $version" "$("$tasks" --version)"
is help '/--bus=BUS/' "$("$tasks" --help)"
is german '/Die Version ausgeben und beenden/' "$(LANGUAGE=de "$tasks" --help)"
is bad-bus '/2 .*there is no bus “wire”/' "$(output=$("$tasks" --bus=wire 2>&1); echo "$? $output")"
is bad-hub '/2 .*begins with https/' "$(output=$("$tasks" --hub=127.0.0.1 2>&1); echo "$? $output")"
is bus-and-hub '/2 .*either on a bus or behind a hub/' \
  "$(output=$("$tasks" --bus=session --hub=http://127.0.0.1/hub 2>&1); echo "$? $output")"

"$tasks" 2>"$folder/tasks.log" &
window=$!
until_prints quit actions
is window/actions '/about/' "$seen"

"$demo" --http --port 0 >"$folder/demo.log" 2>&1 &
server=$!
until_prints 'uint32 [0-9]' manager --method org.freedesktop.DBus.Properties.Get org.kestrun.TaskManager1 MaxConcurrent
until_prints objectpath manager --method org.kestrun.TaskManager1.Start operation '{"seconds": <uint32 600>}' '{}'
is demo/start '/objectpath/' "$seen"
# A second start hands over to the first one and is done.
timeout 30 "$tasks"
is second/status 0 $?
kill -0 "$window"
is second/first-lives 0 $?

kill -TERM "$server"
wait "$server"
is demo/status 0 $?
act quit >/dev/null
wait "$window"
is window/status 0 $?
is window/silent '' "$(cat "$folder/tasks.log")"
is bus/alone '/not provided|ServiceUnknown/' "$(act quit 2>&1)"
exit $failed
