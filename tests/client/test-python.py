#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""A retry policy, an access token and handlers of one's own, in Python, through the typelibs alone."""
import sys

try:
    import gi
    gi.require_version('KrHub', '1')
    gi.require_version('KrHubSoup', '1')
    from gi.repository import GLib, KrHub, KrHubSoup
except (ImportError, ValueError) as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

NOBODY = 'http://127.0.0.1:1/hub'   # nothing listens there
DEADLINE = 30                       # seconds


class Policy(KrHub.RetryPolicy):
    """Waits as it is told, and remembers what it was asked."""

    def __init__(self, delays):
        super().__init__()
        self.delays = delays
        self.asked = []

    def do_next_delay(self, n_retries, elapsed, reason):
        self.asked.append((n_retries, elapsed, reason))
        return self.delays[n_retries]


def start(client):
    """Starts and waits for the end; returns the error or None."""
    loop = GLib.MainLoop()
    ends = []

    def started(source, result, *unused):
        try:
            source.start_finish(result)
            ends.append(None)
        except GLib.Error as error:
            ends.append(error)
        loop.quit()

    GLib.timeout_add_seconds(DEADLINE, loop.quit)
    client.start_async(None, started)
    loop.run()
    assert ends, 'the start has no end'
    return ends[0]


def policy():
    mine = Policy([1000, 2000, -1])
    lost = GLib.Error.new_literal(GLib.quark_from_string('network'), 'it is down', 3)
    assert mine.next_delay(1, 5, lost) == 2000
    assert mine.asked.pop()[:2] == (1, 5)
    client = KrHub.Client.new_for_connector(KrHubSoup.Connector.new(NOBODY, None))
    client.props.retry_policy = mine
    client.props.retry_start = True
    error = start(client)
    assert error is not None and client.get_state() == KrHub.ClientState.DISCONNECTED
    assert [asked[0] for asked in mine.asked] == [0, 1, 2], mine.asked
    assert mine.asked[2][1] >= 3000, mine.asked
    assert all(isinstance(asked[2], GLib.Error) and asked[2].message for asked in mine.asked)
    assert client.get_last_error().message == error.message


def token():
    asked = []

    def give(request, *unused):
        asked.append(request.is_refused())
        request.return_error(GLib.Error.new_literal(GLib.quark_from_string('login'), 'nobody is logged in', 7))

    connector = KrHubSoup.Connector.new(NOBODY, None)
    connector.set_token_provider(give)
    error = start(KrHub.Client.new_for_connector(connector))
    assert error.message == 'nobody is logged in' and error.code == 7, error
    assert asked == [False]


def handlers():
    client = KrHub.Client.new(None)
    first = client.add_handler('News', '(s)', lambda *unused: None)
    second = client.add_handler('news', '(s)', lambda *unused: None)
    assert first and second and first != second
    assert not client.add_handler('News', '(i)', lambda *unused: None)
    assert client.remove_handler(first) and not client.remove_handler(first)


def main():
    cases = [policy, token, handlers]
    failed = False
    print(f'1..{len(cases)}')
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f'ok {number} - {case.__name__}')
        except Exception as error:   # pylint: disable=broad-except
            failed = True
            print(f'not ok {number} - {case.__name__}: {error!r}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
