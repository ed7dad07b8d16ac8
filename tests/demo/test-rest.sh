#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The tasks of the demo by curl, in the REST form and by the routes of the sample, behind its tokens: KR-DEMO.
set -u

. "$(dirname "$0")/demo-lib.sh" rest "$1"

guarded() { request -H "$header: $token" "$@"; }

echo '1..33'
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

# A transfer counts bytes: how fast it is, and how long it will take, is known after two blocks.
guarded -X POST -H 'Content-Type: application/json' -d '{"kind": "transfer", "parameters": {"seconds": 600}}' "$url/tasks"
is transfer/create '201 transfer' "$status $(member kind)"
path=$(field Location)
until request "$url$path"; [ "$(member rate)" != None ] && [ "$(member rate)" -gt 0 ] || [ $SECONDS -ge $deadline ]; do
  request -H "If-None-Match: $(field ETag)" "$url$path?wait=5"
done
is transfer/unit bytes "$(member unit)"
is transfer/total $((600 * 4 * 2097152)) "$(member total)"
is transfer/rate '/^[0-9]{7,8}$/' "$(member rate)"
is transfer/remaining '/^[0-9]+(\.[0-9]+)?$/' "$(member remaining)"
guarded -X POST "$url$path/cancel"
request "$url$path?wait=30"
is transfer/over 'cancelled None' "$(member state) $(member remaining)"

stop
exit $failed
