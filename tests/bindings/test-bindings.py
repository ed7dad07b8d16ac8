#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The libraries from Python, through the typelibs alone: hosts a hub, calls it, guards a request, cancels a task.
import sys
import traceback

import gi

gi.require_version('KrCsrf', '1')
gi.require_version('KrHub', '1')
gi.require_version('KrTask', '1')
from gi.repository import Gio, GLib, KrCsrf, KrHub, KrTask

DEADLINE = 10   # seconds


def wait_for(what, condition):
    """Runs the default main context until the condition holds."""
    context = GLib.MainContext.default()
    late = []
    timer = GLib.timeout_source_new_seconds(DEADLINE)
    timer.set_callback(lambda *unused: late.append(True))
    timer.attach(context)
    while not condition():
        context.iteration(True)
        assert not late, f'{what}: not within {DEADLINE} s'
    timer.destroy()


def finish(what, begin, end):
    """Calls an asynchronous function and waits for its end."""
    results = []
    begin(lambda source, result, *data: results.append(result))
    wait_for(what, lambda: results)
    return end(results[0])


def connected_pair(server):
    near, far = KrHub.MemoryTransport.new_pair(server.get_clock())
    server.accept(near, KrHub.Server.new_connection_id(), None)
    client = KrHub.Client.new(server.get_clock())
    return client, far


def test_hub():
    server = KrHub.Server.new(None)
    events = []
    received = []

    def add(invocation, *unused):
        first, second = invocation.get_arguments().unpack()
        invocation.return_value(GLib.Variant('i', first + second))

    def announce(invocation, *unused):
        everybody = KrHub.Clients.new_all(server)
        everybody.send('Announced', GLib.Variant('(s)', (invocation.get_string(0),)))
        invocation.return_void()

    assert server.add_method('Add', '(ii)', 'i', add)
    assert server.add_method('Announce', '(s)', None, announce)
    assert not server.add_method('ADD', '(ii)', 'i', add)
    server.connect('connected', lambda hub, connection: events.append(connection.get_id()))
    server.connect('disconnected', lambda hub, connection, error: events.append('gone'))

    client, transport = connected_pair(server)
    client.add_handler('Announced', '(s)', lambda invocation, *unused: received.append(invocation.get_string(0)))
    assert finish('connect', lambda done: client.connect_async(transport, None, done), client.connect_finish)
    assert client.get_state() == KrHub.ClientState.CONNECTED
    assert server.get_n_connections() == 1 and len(events) == 1

    answer = finish('Add', lambda done: client.invoke_async('add', GLib.Variant('(ii)', (40, 2)), GLib.VariantType('i'),
                                                            None, done), client.invoke_finish)
    assert answer.unpack() == 42
    assert client.send('Announce', GLib.Variant('(s)', ('Grüße',)))
    wait_for('Announced', lambda: received)
    assert received == ['Grüße']

    metrics = server.read_metrics()
    assert metrics.sum('krhub.server.invocations', ['rpc.method=Add', 'krhub.outcome=ok']) == 1
    active, = metrics.list('signalr.server.active_connections')
    assert active.get_value() == 1 and active.get_unit() == '{connection}'
    assert [(name, active.get_attribute(name)) for name in active.list_attributes()] == [('signalr.transport', 'memory')]
    duration = metrics.list('signalr.server.connection.duration')[0]
    assert duration.get_kind() == KrHub.MetricKind.HISTOGRAM
    assert len(duration.get_bounds()) + 1 == len(duration.get_buckets())
    assert metrics.to_text().endswith('# EOF\n')
    try:
        finish('Nope', lambda done: client.invoke_async('Nope', None, None, None, done), client.invoke_finish)
        raise AssertionError('an unknown method was answered')
    except GLib.Error as error:
        assert 'HubException: Method does not exist.' in error.message

    assert finish('stop', lambda done: client.stop_async(None, done), client.stop_finish)
    wait_for('disconnected', lambda: 'gone' in events)


def test_task():
    manager = KrTask.Manager.new(None)
    states = []
    messages = []
    ended = []

    def body(job, cancellable, *unused):
        job.get_progress().set(0.5, 'half')
        assert not job.sleep(60 * GLib.USEC_PER_SEC)
        return None

    job = KrTask.Job.new('python', 'Sleeps')
    job.set_func(body)
    job.connect('state-changed', lambda job, old, new: states.append(new.value_nick))
    job.connect('finished', lambda job: ended.append(True))
    job.get_progress().connect('changed', lambda progress: messages.append(progress.dup_message()))
    assert manager.submit(job)
    wait_for('progress', lambda: 'half' in messages)
    assert manager.lookup(job.get_id()) == job and manager.get_n_items() == 1
    assert job.cancel(KrTask.CancelReason.USER, 'enough', KrTask.CancelFlags.NONE)
    wait_for('the end', lambda: ended)
    assert job.get_state() == KrTask.State.CANCELLED
    assert states[-2:] == ['cancelling', 'cancelled']
    try:
        job.dup_result()
        raise AssertionError('a cancelled task has a result')
    except GLib.Error as error:
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)


def test_csrf():
    protector = KrCsrf.Protector.new(KrCsrf.KeyRing.new_ephemeral())
    page = KrCsrf.Request.new('GET', 'https', 'example.org', '/')
    headers = []
    tokens = protector.get_and_store_tokens(page, lambda action, name, value, *unused: headers.append((name, value)) or False)
    cookie = next(value for name, value in headers if name == 'Set-Cookie').split(';')[0]

    def post(**headers):
        request = KrCsrf.Request.new('POST', 'https', 'example.org', '/')
        for name, value in headers.items():
            request.add_header(name.replace('_', '-'), value.encode())
        return request

    token = {tokens.get_header_name().replace('-', '_'): tokens.get_request_token()}
    assert protector.validate_request(post(Cookie=cookie, Origin='https://example.org', **token))
    for refused in [post(Cookie=cookie), post(**token), post(Cookie=cookie, Origin='https://evil.example', **token)]:
        try:
            protector.validate_request(refused)
            raise AssertionError('a request passed that must not')
        except GLib.Error as error:
            assert error.domain == 'kr-csrf-error-quark', error.domain


def main():
    cases = [('hub', test_hub), ('task', test_task), ('csrf', test_csrf)]
    failed = False
    print(f'1..{len(cases)}')
    for number, (name, case) in enumerate(cases, 1):
        try:
            case()
            print(f'ok {number} /bindings/{name}')
        except Exception:
            failed = True
            print('# ' + traceback.format_exc().replace('\n', '\n# '))
            print(f'not ok {number} /bindings/{name}')
    return 1 if failed else 0


sys.exit(main())
