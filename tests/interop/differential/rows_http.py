# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Requests: negotiation, every row of the status table, the three transports' heads."""
import hashlib
import json
import re

from rows import add, talk
from talk import CLOSE, HANDSHAKE, HANDSHAKE_MSGPACK, TEXT, wait_until

SSE = 'Accept: text/event-stream'
UPGRADE = ('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
           'Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==')
ECHO = b'{"type":1,"invocationId":"1","target":"EchoString","arguments":["hi"]}\x1e'


def without(name):
    return tuple(line for line in UPGRADE if not line.startswith(name))


# --- requests that stand alone ---

def simple(name, method, target, headers=(), body=None, more=(), **options):
    add('http/' + name, lambda t: t.http(method, target, headers, body, more), **options)


def negotiation(name, path, query, headers=(), body=b'', **options):
    """A document that has an id in it; its values are masked, its properties' order is not."""
    def hold(t):
        answer, data = t.http('POST', f'{path}/negotiate{query and "?" + query}', headers, body, quiet=True)
        t.note_head(answer, ['content-length'])
        t.note(re.sub(r'[A-Za-z0-9_-]{22}(?=")', '<22>', data.decode()))
    add('http/negotiate/' + name, hold, **options)


for name, query in {
        'version-0': 'negotiateVersion=0', 'version-1': 'negotiateVersion=1', 'version-2': 'negotiateVersion=2',
        'version-99': 'negotiateVersion=99', 'no-query': '', 'plus': 'negotiateVersion=%2B1', 'space': 'negotiateVersion=%201',
        'case': 'NEGOTIATEversion=1', 'other-keys': 'a=b&negotiateVersion=1&c', 'stateful-not-allowed':
        'negotiateVersion=1&useStatefulReconnect=true', 'int32-max': 'negotiateVersion=2147483647'}.items():
    negotiation(name, '/hub', query)
for name in ('ws', 'sse', 'lp', 'v1'):
    negotiation('transports-' + name, '/' + name, 'negotiateVersion=1')
negotiation('stateful', '/stateful', 'negotiateVersion=1&useStatefulReconnect=True')
negotiation('stateful-not-asked', '/stateful', 'negotiateVersion=1&useStatefulReconnect=1')
negotiation('stateful-version-0', '/stateful', 'useStatefulReconnect=true')
negotiation('body', '/hub', 'negotiateVersion=1', (), b'x' * 100000)

for name, query in {
        'empty': 'negotiateVersion=', 'fraction': 'negotiateVersion=1.0', 'word': 'negotiateVersion=one',
        'int32-over': 'negotiateVersion=2147483648', 'int32-under': 'negotiateVersion=-2147483649',
        'twice': 'negotiateVersion=1&negotiateVersion=0', 'twice-case': 'negotiateVersion=1&NegotiateVersion=1',
        'hex': 'negotiateVersion=0x1', 'negative': 'negotiateVersion=-1', 'minus-space': 'negotiateVersion=%20-1%20',
        'exponent': 'negotiateVersion=1e0', 'plus-plus': 'negotiateVersion=%2B%2B1'}.items():
    simple('negotiate/refused-' + name, 'POST', '/hub/negotiate?' + query)
simple('negotiate/below-minimum', 'POST', '/v1/negotiate?negotiateVersion=0')
simple('negotiate/below-minimum-absent', 'POST', '/v1/negotiate')

for path in ('redirect', 'redirect-as-is'):
    negotiation(path, f'/{path}', 'negotiateVersion=1')
    negotiation(path + '-version-0', f'/{path}', '')
simple('negotiate/redirect-other-method', 'GET', '/redirect/negotiate')
simple('negotiate/redirect-concerns-nothing-else', 'POST', '/redirect?id=unknown')

for method in ('GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'):
    simple(f'negotiate/{method}', method, '/hub/negotiate')
for method in ('HEAD', 'PUT', 'PATCH', 'OPTIONS'):
    simple(f'endpoint/{method}', method, '/hub')

for method in ('GET', 'POST', 'DELETE'):
    simple(f'no-id/{method}', method, '/hub')
    simple(f'empty-id/{method}', method, '/hub?id=')
    simple(f'unknown-id/{method}', method, '/hub?id=unknown')
    simple(f'id-twice/{method}', method, '/hub?id=a&id=b')
simple('no-id/sse', 'GET', '/hub', [SSE])
simple('unknown-id/sse', 'GET', '/hub?id=unknown', [SSE])
simple('unknown-id/websocket', 'GET', '/hub?id=unknown', UPGRADE)
simple('unknown-id/long', 'GET', '/hub?id=' + 'x' * 4000)
simple('unknown-id/upper-case-key', 'GET', '/hub?ID=unknown')
simple('unknown-id/escaped', 'GET', '/hub?id=%00%ff')
simple('path/below', 'GET', '/hub/below')
simple('path/below-post', 'POST', '/hub/below')
simple('path/below-negotiate', 'POST', '/hub/negotiate/below')
simple('path/glued', 'POST', '/hubnegotiate')
simple('path/other', 'GET', '/nothing')
simple('path/case', 'GET', '/HuB')
simple('path/slash', 'GET', '/hub/')
simple('path/negotiate-case', 'GET', '/HUB/Negotiate/')
simple('path/double-slash', 'GET', '//hub')

for name, absent in {'version': 'Sec-WebSocket-Version', 'key': 'Sec-WebSocket-Key', 'connection': 'Connection',
                     'upgrade': 'Upgrade'}.items():
    simple(f'broken-upgrade/no-{name}', 'GET', '/hub', without(absent))
simple('broken-upgrade/version-12', 'GET', '/hub', (*without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 12'))
simple('broken-upgrade/short-key', 'GET', '/hub', (*without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: c2hvcnQ='))
simple('broken-upgrade/key-is-no-base64', 'GET', '/hub', (*without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: ????'))
simple('broken-upgrade/post', 'POST', '/hub', UPGRADE)
simple('broken-upgrade/other-protocol', 'GET', '/hub', (*without('Upgrade'), 'Upgrade: h2c'))
simple('upgrade/and-sse', 'GET', '/hub', (*UPGRADE, SSE))

for name, value in {'list': 'text/html, text/event-stream', 'list-first': 'text/event-stream, */*', 'parameter': 'text/event-stream;q=0.5',
                    'case': 'TEXT/Event-Stream', 'star': '*/*', 'prefix': 'text/event-streams'}.items():
    simple('accept/' + name, 'GET', '/hub?id=unknown', ['Accept: ' + value])

for path, transport, headers in (('/lp', 'websocket', UPGRADE), ('/sse', 'websocket', UPGRADE), ('/ws', 'sse', (SSE,)),
                                 ('/lp', 'sse', (SSE,)), ('/ws', 'poll', ()), ('/sse', 'poll', ())):
    def disabled(t, path=path, headers=headers):
        t.http('GET', f'{path}?id={t.negotiate(path)}', headers)
    add(f'http/disabled{path}-{transport}', disabled)
    simple(f'disabled{path}-{transport}-without-id', 'GET', path, headers)

# --- who may ---

BEARER, FORBIDDEN = 'Authorization: Bearer alice', 'Authorization: Bearer forbidden'
for name, headers in {'none': (), 'forbidden': (FORBIDDEN,)}.items():
    for method, target in (('POST', '/auth/negotiate'), ('GET', '/auth/negotiate'), ('GET', '/auth?id=x'), ('POST', '/auth'), ('DELETE', '/auth?id=x'),
                           ('PUT', '/auth')):
        simple(f'auth/{name}/{method}{target}', method, target, headers)
    simple(f'auth/{name}/websocket', 'GET', '/auth', (*UPGRADE, *headers))
    simple(f'auth/{name}/sse', 'GET', '/auth?id=x', (SSE, *headers))
simple('auth/allowed/unknown', 'GET', '/auth?id=x', [BEARER])
simple('auth/allowed/query', 'GET', '/auth?id=x&access_token=alice')
simple('auth/allowed/method', 'PUT', '/auth', [BEARER])
negotiation('with-token', '/auth', 'negotiateVersion=1', (BEARER,))


@talk('http/auth/token-missing-later')
def _(t):
    token = t.negotiate('/auth', headers=(BEARER,))
    t.http('GET', f'/auth?id={token}')
    t.http('POST', f'/auth?id={token}', (), HANDSHAKE)
    t.http('GET', f'/auth?id={token}', (BEARER,))


# --- other origins ---

# Vary is ours alone: without it a cache may give one origin's answer to another.
CORS = ('access-control-allow-origin', 'access-control-allow-credentials')
EXAMPLE = 'Origin: https://example.org'
simple('cors/negotiate-refused', 'POST', '/cors/negotiate?negotiateVersion=x', [EXAMPLE], more=CORS)
simple('cors/error', 'GET', '/cors?id=x', [EXAMPLE], more=CORS)
simple('cors/method', 'PUT', '/cors', [EXAMPLE], more=CORS)
simple('cors/no-origin', 'GET', '/cors?id=x', more=CORS)
simple('cors/not-allowed', 'GET', '/cors?id=x', ['Origin: https://evil.example'], more=CORS,
       differs='a request from a page of another origin is refused, not only unreadable for it', ours='HTTP 403')
simple('cors/preflight', 'OPTIONS', '/cors/negotiate',
       [EXAMPLE, 'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: x-requested-with,x-signalr-user-agent,authorization'],
       more=(*CORS, 'access-control-allow-headers', 'access-control-allow-methods'),
       differs='the headers and methods that clients use are listed, not whatever is asked for', ours='HTTP 204')


# --- heads that leave in doubt where the request ends ---

def doubtful(name, headers, body=b'', method='POST', target='/hub/negotiate', **options):
    """As it stands, and whether its connection ends."""
    def hold(t):
        answer = t.request(method, target, headers, body or None)
        t.note_head(answer, ['connection', 'content-length'])
        answer.body()
        t.note('and then ' + repr(answer.wire.rest()))
    add('http/doubtful/' + name, hold, **options)


doubtful('two-lengths', ['Content-Length: 5', 'Content-Length: 0'])
doubtful('length-twice', ['Content-Length: 0', 'Content-Length: 0'])
doubtful('length-negative', ['Content-Length: -5'])
doubtful('length-word', ['Content-Length: five'],
         differs='libsoup refuses this one by itself, and does not say that the connection ends', ours='HTTP 400')
doubtful('length-without-end', ['Content-Length: 99999999999999999999'])
doubtful('encoding-identity', ['Transfer-Encoding: identity'])
doubtful('encoding-unknown', ['Transfer-Encoding: xchunked', 'Content-Length: 0'])
doubtful('two-hosts', ['Host: other'], method='GET', target='/hub?id=x')
doubtful('upgrade-with-body', [*UPGRADE, 'Content-Length: 5'], method='GET', target='/hub',
         differs='it is refused at once, not only as an upgrade', ours='HTTP 400 | connection: close')
doubtful('length-and-chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked'], b'0\r\n\r\n',
         differs='it is refused, not only the last of its connection', ours='HTTP 400')


@talk('http/doubtful/broken-chunks', differs='libsoup takes what is no size of a chunk for the end; the connection ends as well',
      ours='HTTP 200')
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.hear_handshake()
    t.http('POST', f'/hub?id={polling.token}', ['Transfer-Encoding: chunked'], b'zz\r\n\r\n')


# --- a connection's course ---

@talk('http/redirect/not-negotiated')
def _(t):
    ws = t.connect('/redirect', headers=(BEARER,))
    ws.ask('UserId')


@talk('http/long-polling/course')
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.poll()
    polling.deliver(ECHO)
    polling.poll()
    t.http('DELETE', f'/hub?id={polling.token}')


@talk('http/long-polling/delete-while-polling', races=True)
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.poll()
    held = polling.open_poll()
    polling.deliver(ECHO)
    polling.hear_poll(held)
    held = polling.open_poll()
    t.http('DELETE', f'/hub?id={polling.token}')
    # With ASP.NET Core its answer may lose a race with the end of the connection; it is then 204.
    polling.hear_poll(held)


@talk('http/long-polling/after-delete', races=True)
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.poll()
    t.http('DELETE', f'/hub?id={polling.token}')
    wait_until(lambda: t.http('POST', f'/hub?id={polling.token}', quiet=True)[0].status == 404, 'the end of the connection')
    for method in ('GET', 'POST', 'DELETE'):
        t.http(method, f'/hub?id={polling.token}')


@talk('http/long-polling/second-poll-replaces', races=True)
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.poll()
    first, second = polling.open_poll(), None
    polling.deliver(ECHO)
    polling.hear_poll(first)
    first = polling.open_poll()
    second = polling.open_poll()
    polling.hear_poll(first)
    polling.deliver(ECHO)
    polling.hear_poll(second)


@talk('http/long-polling/handshake-before-first-poll', races=True)
def _(t):
    token = t.negotiate()
    t.http('POST', f'/hub?id={token}', (), HANDSHAKE + ECHO)
    t.http('GET', f'/hub?id={token}')
    t.http('GET', f'/hub?id={token}')


@talk('http/long-polling/abort')
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.poll()
    polling.deliver(b'{"type":1,"target":"End","arguments":[]}\x1e')
    polling.poll()
    polling.poll()
    wait_until(lambda: t.http('POST', f'/hub?id={polling.token}', quiet=True)[0].status == 404, 'the end of the connection')
    polling.poll()
    t.http('POST', f'/hub?id={polling.token}')


@talk('http/long-polling/empty-post')
def _(t):
    polling = t.polling()
    polling.deliver(b'')
    polling.deliver(HANDSHAKE)
    polling.hear_handshake()
    polling.ask('EchoString', 'x')


@talk('http/long-polling/large-post')
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.hear_handshake()
    polling.ask('EchoString', 'x' * 30000)


@talk('http/long-polling/chunked-post')
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE)
    polling.hear_handshake()
    body = b''.join(b'%x\r\n%s\r\n' % (len(part), part) for part in (ECHO[:10], ECHO[10:])) + b'0\r\n\r\n'
    t.http('POST', f'/hub?id={polling.token}', ['Transfer-Encoding: chunked'], body)
    polling.hear(count=1)


@talk('http/long-polling/then-websocket')
def _(t):
    polling = t.polling()
    t.http('GET', f'/hub?id={polling.token}', UPGRADE)


@talk('http/long-polling/then-sse')
def _(t):
    polling = t.polling()
    t.http('GET', f'/hub?id={polling.token}', [SSE])


@talk('http/long-polling/broken-upgrade-is-a-poll')
def _(t):
    token = t.negotiate()
    t.http('GET', f'/hub?id={token}', without('Sec-WebSocket-Key'))


@talk('http/long-polling/token-of-another-path', differs='a token is good for the endpoint that gave it, which may guard itself',
      ours='HTTP 404')
def _(t):
    token = t.negotiate('/hub')
    t.http('GET', f'/detailed?id={token}')


@talk('http/long-polling/version-0-token-is-id')
def _(t):
    token = t.negotiate(query='negotiateVersion=0')
    t.http('GET', f'/hub?id={token}')


@talk('http/long-polling/id-is-no-token')
def _(t):
    _, body = t.http('POST', '/hub/negotiate?negotiateVersion=1', quiet=True)
    t.http('GET', f"/hub?id={json.loads(body)['connectionId']}")


@talk('http/long-polling/path-in-any-case')
def _(t):
    token = t.negotiate()
    t.http('GET', f'/HUB/?Id={token}&_=123')


@talk('http/delete/before-transport')
def _(t):
    token = t.negotiate()
    t.http('DELETE', f'/hub?id={token}')
    t.http('GET', f'/hub?id={token}')


@talk('http/sse/head')
def _(t):
    events = t.events()
    t.note_head(events.answer)
    t.note(repr(events.answer.piece()))
    events.deliver(HANDSHAKE)
    t.note(repr(events.next_event()))


@talk('http/sse/course')
def _(t):
    events = t.events()
    events.deliver(HANDSHAKE)
    events.hear_handshake()
    events.ask('EchoString', 'line\nfeed and\r\n both')
    events.ask('Fail', 'no')
    events.barrier()


@talk('http/sse/already-live')
def _(t):
    events = t.events()
    t.http('GET', f'/hub?id={events.token}', [SSE])
    events.deliver(HANDSHAKE)
    events.hear_handshake()


@talk('http/sse/then-poll')
def _(t):
    events = t.events()
    t.http('GET', f'/hub?id={events.token}')


@talk('http/sse/then-websocket')
def _(t):
    events = t.events()
    t.http('GET', f'/hub?id={events.token}', UPGRADE)


@talk('http/sse/delete')
def _(t):
    events = t.events()
    t.http('DELETE', f'/hub?id={events.token}')
    events.deliver(HANDSHAKE)
    events.hear_handshake()


@talk('http/sse/abort')
def _(t):
    events = t.events()
    events.deliver(HANDSHAKE)
    events.hear_handshake()
    events.call('End', id=None)
    events.hear()
    wait_until(lambda: t.http('POST', f'/hub?id={events.token}', quiet=True)[0].status == 404, 'the end of the connection')
    t.http('POST', f'/hub?id={events.token}')


@talk('http/sse/messagepack')
def _(t):
    events = t.events()
    events.deliver(b'{"protocol":"messagepack","version":1}\x1e')
    events.hear_handshake()
    events.hear()


@talk('http/sse/parameter-makes-a-poll')
def _(t):
    token = t.negotiate()
    t.http('GET', f'/hub?id={token}', ['Accept: text/event-stream;q=0.5'])


@talk('http/sse/big')
def _(t):
    events = t.events()
    events.deliver(HANDSHAKE)
    events.hear_handshake()
    events.ask('Big', 100000)


# --- more than may wait for a client that does not read: 1 MiB, with us ---

def large(t, channel, handshake=HANDSHAKE):
    if handshake:
        channel.deliver(HANDSHAKE_MSGPACK if channel.msgpack else handshake)
        channel.read_record(handshake=True)
    for number in (1, 2):
        channel.call('Big', 3000000, id=str(number))
        _, record = channel.read_record()
        t.note(f'{len(record)} {hashlib.sha256(record).hexdigest()}')
    channel.barrier()


add('http/large/websocket', lambda t: large(t, t.connect(), None))
add('http/large/websocket-msgpack', lambda t: large(t, t.connect(msgpack=True), None))
add('http/large/websocket-stateful', lambda t: large(t, t.connect('/stateful'), None))
add('http/large/sse', lambda t: large(t, t.events()))
add('http/large/long-polling', lambda t: large(t, t.polling()))
add('http/large/long-polling-msgpack', lambda t: large(t, t.polling(msgpack=True)))


@talk('http/websocket/post')
def _(t):
    token = t.negotiate()
    ws = t.upgrade(f'/hub?id={token}')
    t.http('POST', f'/hub?id={token}', (), HANDSHAKE)
    ws.send(TEXT, HANDSHAKE)
    ws.hear_handshake()


@talk('http/websocket/delete')
def _(t):
    token = t.negotiate()
    t.upgrade(f'/hub?id={token}')
    t.http('DELETE', f'/hub?id={token}')


@talk('http/websocket/already-live')
def _(t):
    token = t.negotiate()
    t.upgrade(f'/hub?id={token}')
    t.http('GET', f'/hub?id={token}', UPGRADE)


@talk('http/websocket/then-poll')
def _(t):
    token = t.negotiate()
    t.upgrade(f'/hub?id={token}')
    t.http('GET', f'/hub?id={token}')


@talk('http/websocket/then-sse')
def _(t):
    token = t.negotiate()
    t.upgrade(f'/hub?id={token}')
    t.http('GET', f'/hub?id={token}', [SSE])


@talk('http/websocket/posted-before')
def _(t):
    token = t.negotiate()
    t.http('POST', f'/hub?id={token}', (), HANDSHAKE + ECHO)
    ws = t.upgrade(f'/hub?id={token}')
    ws.hear_handshake()
    ws.hear(count=1)


@talk('http/websocket/empty-id')
def _(t):
    ws = t.upgrade('/hub?id=')
    ws.send(TEXT, HANDSHAKE)
    ws.hear_handshake()


@talk('http/websocket/after-its-end')
def _(t):
    token = t.negotiate()
    ws = t.upgrade(f'/hub?id={token}')
    ws.send(TEXT, HANDSHAKE)
    ws.hear_handshake()
    ws.send(CLOSE, b'\x03\xe8')
    ws.hear()
    wait_until(lambda: t.http('DELETE', f'/hub?id={token}', quiet=True)[0].status == 404, 'the end of the connection')
    for method in ('GET', 'POST', 'DELETE'):
        t.http(method, f'/hub?id={token}')
    t.http('GET', f'/hub?id={token}', UPGRADE)


@talk('http/websocket/head')
def _(t):
    t.note_head(t.request('GET', '/hub', UPGRADE))


@talk('http/websocket/head-offers')
def _(t):
    t.note_head(t.request('GET', '/hub', (*UPGRADE, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
                                          'Sec-WebSocket-Protocol: chat, superchat')))


@talk('http/websocket/connection-list')
def _(t):
    t.note_head(t.request('GET', '/hub', (*without('Connection'), 'Connection: keep-alive, UPGRADE')))


@talk('http/websocket/upgrade-case')
def _(t):
    t.note_head(t.request('GET', '/hub', (*without('Upgrade'), 'Upgrade: WebSocket')))
