# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""What happens when nothing happens: deadlines, at endpoints where they are short."""
from rows import add, talk
from talk import HANDSHAKE, HANDSHAKE_MSGPACK, TEXT, wait_until

CALL = '{"type":1,"invocationId":"end","target":"EchoString","arguments":["end"]}'


@talk('time/handshake/websocket', slow=True)
def _(t):
    t.upgrade('/short').hear()


@talk('time/handshake/half', slow=True)
def _(t):
    ws = t.upgrade('/short')
    ws.send(TEXT, HANDSHAKE[:10])
    ws.pending = b''
    ws.hear()


@talk('time/handshake/sse', slow=True)
def _(t):
    t.events('/short').hear()


@talk('time/handshake/long-polling', slow=True)
def _(t):
    t.polling('/short').hear()


def keep_alive(t, msgpack):
    ws = t.connect('/short', msgpack)
    ws.hear(count=2, pings=True)


add('time/keep-alive/json', lambda t: keep_alive(t, False), slow=True)
add('time/keep-alive/msgpack', lambda t: keep_alive(t, True), slow=True)


@talk('time/keep-alive/sse', slow=True)
def _(t):
    events = t.events('/short')
    events.deliver(HANDSHAKE)
    events.hear_handshake()
    events.hear(count=2, pings=True)


def silent(t, msgpack):
    ws = t.connect('/short', msgpack)
    ws.tell([6] if msgpack else {'type': 6})
    ws.hear()


add('time/client-timeout/json', lambda t: silent(t, False), slow=True)
add('time/client-timeout/msgpack', lambda t: silent(t, True), slow=True)


@talk('time/client-timeout/half-a-message', slow=True)
def _(t):
    ws = t.connect('/short')
    ws.tell({'type': 6})
    ws.send(TEXT, b'{"type":')
    ws.hear()


@talk('time/client-timeout/sse', slow=True)
def _(t):
    events = t.events('/short')
    events.deliver(HANDSHAKE)
    events.hear_handshake()
    events.tell({'type': 6})
    events.hear()


@talk('time/client-timeout/long-polling', slow=True)
def _(t):
    polling = t.polling('/short')
    polling.deliver(HANDSHAKE)
    polling.hear_handshake()
    polling.tell({'type': 6})
    polling.hear()


@talk('time/client-timeout/never-pinged', slow=True)
def _(t):
    ws = t.connect('/short')
    ws.hear(count=4, pings=True)
    ws.tell(CALL)
    ws.hear('"end"')


@talk('time/poll', slow=True)
def _(t):
    polling = t.polling('/short')
    polling.deliver(HANDSHAKE)
    polling.hear_handshake()
    polling.poll()
    polling.poll()


@talk('time/negotiated-only', slow=True)
def _(t):
    token = t.negotiate()
    # A GET would start it; DELETE is refused as long as it is known.
    wait_until(lambda: t.http('DELETE', f'/hub?id={token}', quiet=True)[0].status == 404, 'the end of the negotiation')
    t.http('GET', f'/hub?id={token}')


@talk('time/without-poll', slow=True)
def _(t):
    polling = t.polling()
    polling.deliver(HANDSHAKE_MSGPACK)
    polling.poll()
    wait_until(lambda: t.http('POST', f'/hub?id={polling.token}', (), b'\x02\x91\x06', quiet=True)[0].status == 404, 'the end of the connection')
    t.http('GET', f'/hub?id={polling.token}')


@talk('time/close-unanswered', slow=True)
def _(t):
    ws = t.connect('/short')
    ws.tell({'type': 7})
    kind, data = ws.read_record()
    t.note(f'{kind} {data}')
    first, payload = ws.read_frame()
    t.note(f'{first:02x} {payload.hex()}')
    # Not answered: the other end gives up.
    t.note(f'{len(ws.wire.rest())} bytes, then the end')
