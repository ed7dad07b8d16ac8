# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Tokens that expire while their connection lasts, and requests of a connection that come with another one."""
import time

from rows import add, talk
from talk import HANDSHAKE, HANDSHAKE_MSGPACK, TEXT, Events, Polling, wait_until

ECHO = b'{"type":1,"invocationId":"1","target":"EchoString","arguments":["hi"]}\x1e'
WHO = b'{"type":1,"invocationId":"1","target":"UserId","arguments":[]}\x1e'
STATEFUL = 'negotiateVersion=1&useStatefulReconnect=true'


def bearer(name, milliseconds=None):
    return [f'Authorization: Bearer {name}' + (f'~{milliseconds}' if milliseconds is not None else '')]


def connect(path, *headers):
    """Makes a long-polling connection whose handshake is done; returns its token."""
    def made(t):
        token = t.negotiate(path, headers=headers)
        t.http('GET', f'{path}?id={token}', headers, quiet=True)
        t.http('POST', f'{path}?id={token}', headers, HANDSHAKE, quiet=True)
        t.http('GET', f'{path}?id={token}', headers)
        return token
    return made


def websocket(t, msgpack):
    ws = t.connect('/expiring', msgpack, bearer('anna', 1500))
    ws.hear()


add('expiry/websocket/json', lambda t: websocket(t, False), slow=True)
add('expiry/websocket/msgpack', lambda t: websocket(t, True), slow=True)


@talk('expiry/websocket/off', slow=True)
def _(t):
    ws = t.connect('/hub', headers=bearer('anna', 100))
    time.sleep(2.5)
    ws.ask('EchoString', 'x')


@talk('expiry/websocket/in-the-query', slow=True)
def _(t):
    ws = t.connect('/expiring?access_token=anna~1200')
    ws.hear()


@talk('expiry/websocket/handshake-not-done', slow=True)
def _(t):
    t.upgrade('/expiring', bearer('anna', 1200)).hear_handshake()


@talk('expiry/websocket/expired-before', slow=True)
def _(t):
    ws = t.upgrade('/expiring', bearer('anna', -5000))
    ws.send(TEXT, HANDSHAKE)
    ws.hear_handshake()
    ws.hear()


@talk('expiry/websocket/while-calls-run', slow=True)
def _(t):
    ws = t.connect('/expiring', headers=bearer('anna', 1200))
    ws.call('Hold', id='s', type=4)
    ws.hear(count=1)
    ws.call('Unanswered', id='c')
    ws.hear()


@talk('expiry/websocket/negotiation-does-not-count', slow=True)
def _(t):
    token = t.negotiate('/expiring', headers=bearer('anna', 100))
    ws = t.connect(f'/expiring?id={token}', headers=bearer('anna', 60000))
    time.sleep(2.5)
    ws.ask('EchoString', 'x')


@talk('expiry/sse', slow=True)
def _(t):
    token = t.negotiate('/expiring')
    answer = t.request('GET', f'/expiring?id={token}', ['Accept: text/event-stream', *bearer('anna', 1500)])
    events = Events(t, '/expiring', token, answer)
    events.deliver(HANDSHAKE)
    events.hear_handshake()
    events.hear()
    wait_until(lambda: t.http('POST', f'/expiring?id={token}', quiet=True)[0].status == 404, 'the end of the connection')
    for method in ('GET', 'POST', 'DELETE'):
        t.http(method, f'/expiring?id={token}')


def polling(t, msgpack):
    token = t.negotiate('/expiring')
    headers = bearer('anna', 1500)
    t.http('GET', f'/expiring?id={token}', headers)
    t.http('POST', f'/expiring?id={token}', headers, HANDSHAKE_MSGPACK if msgpack else HANDSHAKE)
    for _ in range(3):
        t.http('GET', f'/expiring?id={token}', headers)
    wait_until(lambda: t.http('POST', f'/expiring?id={token}', quiet=True)[0].status == 404, 'the end of the connection')
    t.http('GET', f'/expiring?id={token}')


add('expiry/long-polling/json', lambda t: polling(t, False), slow=True)
add('expiry/long-polling/msgpack', lambda t: polling(t, True), slow=True)


@talk('expiry/long-polling/between-polls', slow=True)
def _(t):
    headers = bearer('anna', 1000)
    token = connect('/expiring', *headers)(t)
    time.sleep(3)
    # It is too late for a better token.
    t.http('GET', f'/expiring?id={token}', bearer('anna', 60000))
    t.http('GET', f'/expiring?id={token}', bearer('anna', 60000))


@talk('expiry/long-polling/prolonged-by-a-poll', slow=True)
def _(t):
    token = connect('/expiring', *bearer('anna', 1200))(t)
    poll = t.wire()
    poll.send(f'GET /expiring?id={token} HTTP/1.1\r\nHost: localhost\r\n{bearer("anna", 60000)[0]}\r\n\r\n'.encode())
    time.sleep(3)
    # What posts has no say in it.
    t.http('POST', f'/expiring?id={token}', bearer('anna', 0), ECHO)
    Polling(t, '/expiring', token, False).hear_poll(poll)
    time.sleep(2)
    t.http('POST', f'/expiring?id={token}', (), ECHO)


@talk('expiry/long-polling/prolonged-for-ever', slow=True)
def _(t):
    token = connect('/expiring', *bearer('anna', 1200))(t)
    t.http('POST', f'/expiring?id={token}', (), ECHO)
    t.http('GET', f'/expiring?id={token}', bearer('anna'))
    time.sleep(3)
    t.http('POST', f'/expiring?id={token}', (), ECHO)
    t.http('GET', f'/expiring?id={token}', bearer('anna'))


def stateful(t, headers):
    token = t.negotiate('/expiring', STATEFUL)
    ws = t.upgrade(f'/expiring?id={token}', headers)
    ws.send(TEXT, HANDSHAKE.replace(b'"version":1', b'"version":2'))
    ws.hear_handshake()
    ws.wire.close()
    return token


@talk('expiry/stateful/while-away', slow=True)
def _(t):
    token = stateful(t, bearer('anna', 1000))
    wait_until(lambda: t.http('DELETE', f'/expiring?id={token}', quiet=True)[0].status == 404, 'the end of the connection')
    t.http('GET', f'/expiring?id={token}')


@talk('expiry/stateful/prolonged-by-a-return', slow=True)
def _(t):
    token = stateful(t, bearer('anna', 1500))
    ws = t.upgrade(f'/expiring?id={token}', bearer('anna', 60000))
    ws.tell({'type': 9, 'sequenceId': 1})
    time.sleep(3)
    ws.call('EchoString', 'x')
    ws.hear(count=2)


# --- somebody else ---

@talk('user/long-polling')
def _(t):
    token = connect('/auth', *bearer('anna'))(t)
    for poster, poller in (('anna', 'otto'), ('otto', 'anna'), ('otto', 'otto')):
        t.http('POST', f'/auth?id={token}', bearer(poster), WHO)
        t.http('GET', f'/auth?id={token}', bearer(poller))
    t.http('DELETE', f'/auth?id={token}', bearer('otto'))


@talk('user/long-polling/nobody')
def _(t):
    token = connect('/hub', *bearer('anna'))(t)
    t.http('POST', f'/hub?id={token}', (), WHO)
    t.http('GET', f'/hub?id={token}')


@talk('user/sse')
def _(t):
    token = t.negotiate('/auth', headers=bearer('otto'))
    answer = t.request('GET', f'/auth?id={token}', ['Accept: text/event-stream', *bearer('anna')])
    events = Events(t, '/auth', token, answer)
    t.http('POST', f'/auth?id={token}', bearer('otto'), HANDSHAKE)
    events.hear_handshake()
    t.http('POST', f'/auth?id={token}', bearer('otto'), WHO)
    events.hear(count=1)


@talk('user/stateful')
def _(t):
    token = stateful(t, bearer('anna'))
    ws = t.upgrade(f'/expiring?id={token}', bearer('otto'))
    ws.tell({'type': 9, 'sequenceId': 1})
    ws.call('UserId')
    ws.hear(count=2)
