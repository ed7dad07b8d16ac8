#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The tasks of the demo by curl, in the REST form and by the routes of the sample, behind its tokens: KR-DEMO.
set -u

demo=$1
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
    echo "ok $number /rest/$1"
  else
    echo "# expected $2"
    echo "# got ${3//$'\n'/$'\n# '}"
    echo "not ok $number /rest/$1"
    failed=1
  fi
}
# Status in $status, body in $body, head in $head.
request() {
  status=$(curl -sk --max-time 40 -b "$jar" -c "$jar" -D "$folder/head" -o "$folder/body" -w '%{http_code}' "$@")
  body=$(cat "$folder/body")
  head=$(tr -d '\r' <"$folder/head")
}
guarded() { request -H "$header: $token" "$@"; }
member() { printf '%s' "$body" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$1" 2>/dev/null; }
field() { sed -n "s/^$1: //Ip" <<<"$head"; }

echo '1..27'
request "$url/csrf-token"
token=$(member token)
header=$(member headerName)

new='{"kind": "operation", "parameters": {"seconds": 600}}'
request -X POST -H 'Content-Type: application/json' -d "$new" "$url/tasks"
is create/no-token 400 "$status"
is create/problem '/application/problem\+json/' "$(field Content-Type)"
guarded -X POST -H 'Content-Type: application/json' -H 'Sec-Fetch-Site: cross-site' -d "$new" "$url/tasks"
is create/foreign 403 "$status"
guarded -X POST -H 'Content-Type: application/json' -d '{"kind": "operation", "parameters": {"seconds": 601}}' "$url/tasks"
is create/range '422 /seconds/' "$status /$(member detail | grep -o seconds)/"
guarded -X POST -H 'Content-Type: application/json' -d "$new" "$url/tasks"
is create/status 201 "$status"
path=$(field Location)
id=$(member id)
is create/location "/tasks/$id" "$path"

request "$url$path"
is get/status 200 "$status"
is get/kind operation "$(member kind)"
tag=$(field ETag)
# Each step has another document: the answer comes with the next one, not after 30 s.
request -H "If-None-Match: $tag" "$url$path?wait=30"
is get/changed 200 "$status"
is get/other-tag yes "$([ "$(field ETag)" != "$tag" ] && echo yes)"
request "$url/tasks"
is list/holds-it "/\"id\":\"$id\"/" "$body"
request "$url$path/result"
is result/too-early '409 running' "$status $(member state)"

request -X POST "$url$path/cancel"
is cancel/no-token 400 "$status"
guarded -X POST "$url$path/cancel"
is cancel/status 202 "$status"
request "$url$path?wait=30"
is wait/cancelled cancelled "$(member state)"
guarded -X POST "$url$path/cancel"
is cancel/twice '409 cancelled' "$status $(member state)"
request -X DELETE "$url$path"
is delete/no-token 400 "$status"
guarded -X DELETE "$url$path"
is delete/status 204 "$status"
request "$url$path"
is delete/gone 404 "$status"

guarded -X POST "$url/tasks/create/operation?seconds=1"
is sample/create 200 "$status"
id=$(member id)
request "$url/tasks/state?id=$id"
is sample/state '200 NotStarted' "$status $(member StateText)"
guarded -X POST "$url/tasks/start?id=$id"
is sample/start '202 True' "$status $(member started)"
request "$url/tasks/$id?wait=30"
is sample/ends completed "$(member state)"
request "$url/tasks/result?id=$id"
is sample/result '200 2' "$status $body"
guarded -X POST "$url/tasks/remove?id=$id"
is sample/remove '200 True' "$status $(member removed)"
request "$url/tasks/start?id=$id"
is sample/get 405 "$status"

kill -TERM "$server"
wait "$server"
is stop/status 0 $?
exit $failed
