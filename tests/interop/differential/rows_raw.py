# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Connections without a hub protocol, as ASP.NET Core's MapConnectionHandler serves them: an echo that ends with "end"."""
import re

from rows import talk
from talk import BINARY, CLOSE, TEXT, Stopped, wait_until


def hear(t, ws):
    """One frame, or the end."""
    try:
        kind, data = ws.receive()
        t.note(f'{kind} {data!r}')
    except Stopped:
        ws.say_end()


@talk('raw/negotiate')
def _(t):
    answer, data = t.http('POST', '/raw/negotiate?negotiateVersion=1', quiet=True)
    t.note_head(answer)
    t.note(re.sub(r'[A-Za-z0-9_-]{22}(?=")', '<22>', data.decode()))


@talk('raw/websocket')
def _(t):
    ws = t.upgrade('/raw')
    for opcode, data in ((TEXT, b'hello'), (BINARY, b'\x00\x01 A'), (TEXT, '\u4e16\u754c'.encode()), (TEXT, b'the end')):
        ws.send(opcode, data)
        hear(t, ws)
    hear(t, ws)


@talk('raw/websocket/in-pieces')
def _(t):
    ws = t.upgrade(f"/raw?id={t.negotiate('/raw')}")
    ws.send(TEXT, b'x' * 3000)
    data = b''
    while len(data) < 3000:
        data += ws.receive()[1]
    t.note(f'{len(data)} bytes')
    ws.send(CLOSE, b'\x03\xe8')
    hear(t, ws)


@talk('raw/sse')
def _(t):
    events = t.events('/raw')
    events.deliver(b'hello')
    t.note(repr(events.next_event().replace(b':\r\n', b'')))
    events.deliver(b'two\nlines')
    t.note(repr(events.next_event()))
    events.deliver(b'the end')
    t.note(repr(events.next_event()))
    try:
        events.next_event()
    except Stopped:
        events.say_end()
    wait_until(lambda: t.http('POST', f'/raw?id={events.token}', quiet=True)[0].status == 404, 'the end of the connection')
    t.http('GET', f'/raw?id={events.token}')


@talk('raw/long-polling', races=True)
def _(t):
    polling = t.polling('/raw')
    for data in (b'hello', b'\x00\xff', b'the end'):
        polling.deliver(data)
        t.http('GET', f'/raw?id={polling.token}')
    t.http('GET', f'/raw?id={polling.token}')
    wait_until(lambda: t.http('POST', f'/raw?id={polling.token}', quiet=True)[0].status == 404, 'the end of the connection')
    t.http('GET', f'/raw?id={polling.token}')


@talk('raw/long-polling/delete', races=True)
def _(t):
    polling = t.polling('/raw')
    held = polling.open_poll()
    t.http('DELETE', f'/raw?id={polling.token}')
    polling.hear_poll(held)


@talk('raw/posted-before')
def _(t):
    token = t.negotiate('/raw')
    t.http('POST', f'/raw?id={token}', (), b'early')
    hear(t, t.upgrade(f'/raw?id={token}'))


@talk('raw/other-transport')
def _(t):
    polling = t.polling('/raw')
    t.http('GET', f'/raw?id={polling.token}', ['Accept: text/event-stream'])
