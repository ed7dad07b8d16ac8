#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The command line of the demo, its certificate, and its translations: KR-DEMO LOCALE-FOLDER VERSION.
set -u

demo=$1
locale=$2
version=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_DATA_HOME=$folder/data LC_ALL=C.UTF-8 KR_DEMO_LOCALEDIR=$locale

number=0
failed=0
# NAME STATUS PATTERN ARGUMENT...: runs the demo; a pattern stands for what is printed
gives() {
  local name=$1 status=$2 pattern=$3 output got
  shift 3
  number=$((number + 1))
  output=$(timeout -s TERM "${limit:-10}" "$demo" "$@" 2>&1)
  got=$?
  if [ "$got" -eq "$status" ] && [[ "$output" =~ $pattern ]]; then
    echo "ok $number /options/$name"
  else
    echo "# status $got, expected $status; output:"
    echo "# ${output//$'\n'/$'\n# '}"
    echo "not ok $number /options/$name"
    failed=1
  fi
}
# Serves until it listens, then stops it: the status is that of the server.
serves() {
  local name=$1 pattern=$2
  shift 2
  number=$((number + 1))
  coproc server { exec "$demo" --port 0 --bus none "$@" 2>&1; }
  local pid=$server_PID line
  if read -rt 20 line <&"${server[0]}" && [[ "$line" =~ $pattern ]] && kill -TERM "$pid" && wait "$pid"; then
    echo "ok $number /options/$name"
  else
    echo "# $line"
    echo "not ok $number /options/$name"
    failed=1
  fi
}
same() { # NAME EXPECTED GOT
  number=$((number + 1))
  if [ "$2" = "$3" ]; then
    echo "ok $number /options/$1"
  else
    echo "# expected $2, got $3"
    echo "not ok $number /options/$1"
    failed=1
  fi
}
certificate=$XDG_DATA_HOME/kr-demo/certificate.pem

echo '1..19'
gives version 0 "^kr-demo ${version//./\\.}\$" --version
gives help 0 '--no-antiforgery' --help
gives unknown-option 2 'kr-demo: ' --nonsense
gives argument 2 'Unexpected argument “more”' more
gives port-text 2 'kr-demo: .*--port' --port=x
gives port-range 2 'from 0 to 65535' --port=65536
gives address 2 'is not an IP address' --address=example.org
gives bus 2 'There is no bus “wire”' --bus=wire
gives bus-gone 1 'kr-demo: ' --port=0 --bus="unix:path=$folder/nothing"
LANGUAGE=de gives german 0 'Die Version ausgeben und beenden' --help
LANGUAGE=it gives italian 0 'Mostra la versione ed esce' --help

serves http '^Listening on http://127\.0\.0\.1:[0-9]+/$' --http
same no-certificate-for-http no "$([ -e "$certificate" ] && echo yes || echo no)"
serves https '^Listening on https://127\.0\.0\.1:[0-9]+/$'
same mode 600 "$(stat -c %a "$certificate")"
first=$(sha256sum <"$certificate")
serves again '^Listening on https://'
same kept "$first" "$(sha256sum <"$certificate")"
chmod 644 "$certificate"
serves open-to-others '^Listening on https://'
same replaced 'yes 600' "$([ "$first" = "$(sha256sum <"$certificate")" ] || echo yes) $(stat -c %a "$certificate")"
exit $failed
