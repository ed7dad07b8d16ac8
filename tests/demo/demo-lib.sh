# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# What the tests of the demo by curl share; sourced: SUITE KR-DEMO. Leaves its address in $url and its log in $folder.
suite=$1
demo=$2
folder=$(mktemp -d)
jar=$folder/cookies
trap 'kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

XDG_DATA_HOME=$folder "$demo" --port 0 --bus none >"$folder/log" &
server=$!
deadline=$((SECONDS + 20))
until url=$(sed -n 's,^Listening on \(.*\)/$,\1,p' "$folder/log") && [ -n "$url" ]; do
  if ! kill -0 "$server" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
    echo "Bail out! the demo does not listen"
    exit 1
  fi
  read -rt 0.02 <> <(:) || true
done

number=0
failed=0
# NAME EXPECTED GOT: equal, or matched when EXPECTED is a pattern in slashes
is() {
  number=$((number + 1))
  if [[ "$2" == "$3" || ("$2" == /*/ && "$3" =~ ${2:1:-1}) ]]; then
    echo "ok $number /$suite/$1"
  else
    echo "# expected $2"
    echo "# got ${3//$'\n'/$'\n# '}"
    echo "not ok $number /$suite/$1"
    failed=1
  fi
}
# Status in $status, body in $body, head in $head.
request() {
  status=$(curl -sk --max-time 40 -b "$jar" -c "$jar" -D "$folder/head" -o "$folder/body" -w '%{http_code}' "$@")
  body=$(cat "$folder/body")
  head=$(tr -d '\r' <"$folder/head")
}
member() { printf '%s' "$body" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$1" 2>/dev/null; }
field() { sed -n "s/^$1: //Ip" <<<"$head"; }
# Ends the demo; a sanitizer that has found something says so in its status.
stop() {
  kill -TERM "$server"
  wait "$server"
  is stop/status 0 $?
}
