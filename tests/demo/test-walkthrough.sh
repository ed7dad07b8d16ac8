#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The requests of the Cancel page by curl: page, token, start, cancel, and each way in which a POST is refused: KR-DEMO.
set -u

. "$(dirname "$0")/demo-lib.sh" walkthrough "$1"

post() { request -X POST -H 'Content-Type: application/json' -d '{}' "$@"; }

echo '1..48'

request "$url/Cancel"
is page/status 200 "$status"
is page/button '/id="start"/' "$body"
is page/policy "/Content-Security-Policy: default-src 'none'/" "$head"
is page/no-inline-script '' "$(grep -nE '<script>|<style|style=| on[a-z]+=' "$folder/body")"

request "$url/csrf-token"
token=$(member token)
header=$(member headerName)
is token/status 200 "$status"
is token/header-name X-CSRF-TOKEN "$header"
is token/token '/^[A-Za-z0-9_-]{64}$/' "$token"
is token/not-stored '/Cache-Control: .*no-store/' "$head"
is token/cookie '/Set-Cookie: \.Kestrun\.AntiXSRF=[A-Za-z0-9_-]+;/' "$head"
is token/cookie-flags '/Secure.*HttpOnly|HttpOnly.*Secure/' "$(grep -io 'secure\|httponly' "$folder/head" | paste -sd ' ')"
is token/same-site '/[Ss]ame[Ss]ite=Lax/' "$head"

post -H "$header: $token" "$url/api/operation/start?seconds=600"
id=$(member TaskId)
is start/status 200 "$status"
is start/success True "$(member Success)"
is start/message 'Task started' "$(member Message)"
is start/id '/^[^ ]{8,}$/' "$id"

request "$url/tasks/state?id=$id"
is state/status 200 "$status"
is state/running Running "$(member StateText)"
is state/id "$id" "$(member Id)"
request "$url/tasks/list"
is list/status 200 "$status"
is list/holds-it "/\"Id\" ?: ?\"$id\"/" "$body"

post "$url/tasks/cancel?id=$id"
is no-header/status 400 "$status"
is no-header/title 'Antiforgery validation failed' "$(member title)"
post -H "$header: ${token:0:63}x" "$url/tasks/cancel?id=$id"
is broken-token/status 400 "$status"
post -H "$header: $token" -H 'Origin: https://evil.example' "$url/tasks/cancel?id=$id"
is foreign-origin/status 403 "$status"
post -H "$header: $token" -H 'Sec-Fetch-Site: cross-site' "$url/tasks/cancel?id=$id"
is cross-site/status 403 "$status"
jar=/dev/null post -H "$header: $token" "$url/tasks/cancel?id=$id"
is no-cookie/status 400 "$status"
request -H "$header: $token" "$url/tasks/cancel?id=$id"
is get/status 405 "$status"
request "$url/tasks/state?id=$id"
is refused/still-running Running "$(member StateText)"

post -H "$header: $token" -H "Origin: $url" -H 'Sec-Fetch-Site: same-origin' "$url/tasks/cancel?id=$id"
is cancel/status 200 "$status"
is cancel/message 'Cancel requested' "$(member Message)"
until request "$url/tasks/state?id=$id"; [ "$(member StateText)" != Stopping ] || [ $SECONDS -ge $deadline ]; do :; done
is cancel/stopped Stopped "$(member StateText)"
post -H "$header: $token" "$url/tasks/cancel?id=$id"
is cancel-twice/status 409 "$status"
is cancel-twice/success False "$(member Success)"
post -H "$header: $token" "$url/tasks/cancel?id=unknown"
is cancel-unknown/status 404 "$status"
post -H "$header: $token" "$url/tasks/cancel?id="
is cancel-blank/status 400 "$status"
is cancel-blank/error 'Missing id' "$(member Error)"

for seconds in x 0 601 -1 1.5; do
  post -H "$header: $token" "$url/api/operation/start?seconds=$seconds"
  is "seconds-$seconds" '400 seconds' "$status $(member parameter)"
done
post -H "$header: $token" "$url/api/operation/start?seconds=1&kind=unknown"
is kind-unknown '400 kind' "$status $(member parameter)"
post -H "$header: $token" "$url/api/operation/start?seconds=1&kind=transfer"
is kind-transfer '200 True' "$status $(member Success)"
post "$url/api/operation/start?seconds=1"
is start-unguarded/status 400 "$status"
request "$url/tasks/state?id=unknown"
is state-unknown/status 404 "$status"

stop
is log/one-line-per-request '/POST \/api\/operation\/start 200/' "$(cat "$folder/log")"
is log/no-secrets 0 "$(grep -cF -e "$token" -e "$id" -e "$(awk '/AntiXSRF/ {print $7}' "$jar")" "$folder/log")"

exit $failed
