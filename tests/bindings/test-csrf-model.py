# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The parsers of libkrcsrf beside a second implementation of what they promise: random input, and both say the same.
import random
import re
import sys
import urllib.parse

import gi

gi.require_version('KrCsrf', '1')
from gi.repository import GLib, KrCsrf

ROUNDS = 20000
TOKEN = b'AQIACB8uPUwAAAGbdtqoABAREhMUFRYXGBkaGxwdHh_GAio_anRdVvqRWrh1Vz4Z'
WELL_FORMED = re.compile(rb'[A-Za-z0-9_-]{64}')


def verdict(values, missing, ambiguous):
    if not values:
        return missing
    if len(values) > 1:
        return ambiguous
    return values[0].decode() if WELL_FORMED.fullmatch(values[0]) else 'token-malformed'


def model_cookie(header, name):
    if len(header) > 65536 or re.search(rb'[\x00-\x08\x0a-\x1f\x7f]', header):
        return 'header-invalid'
    values = []
    for pair in header.split(b';'):
        found, equals, value = pair.lstrip(b' \t').partition(b'=')
        if equals and found == name:
            values.append(value.rstrip(b' \t'))
    return verdict(values, 'cookie-missing', 'ambiguous-cookie')


def model_form(body, name):
    values = []
    for field in body.split(b'&'):
        found, _, value = (urllib.parse.unquote_to_bytes(part) for part in field.replace(b'+', b' ').partition(b'='))
        if field and found == name:
            values.append(value)
    return verdict(values, 'token-missing', 'ambiguous-form')


def host_is_valid(host):
    if host.startswith(b'['):
        return re.fullmatch(rb'\[[0-9A-Fa-f:.]+\]', host) and 4 <= len(host) <= 48 and 2 <= host.count(b':') <= 8
    return re.fullmatch(rb'[A-Za-z0-9_-][A-Za-z0-9._-]*', host) and b'..' not in host and len(host) <= 253


def model_origin(text):
    if text.lower() == b'null':
        return 'origin-null'
    match = re.fullmatch(rb'([A-Za-z][A-Za-z0-9+.-]{0,15})://(\[[^\]]*\]|[^:\[\]]*)(?::([1-9][0-9]{0,4}))?', text)
    if not match or not host_is_valid(match[2]) or int(match[3] or 1) > 65535 or len(text) >= 288:
        return 'origin-malformed'
    scheme = {b'wss': b'https', b'ws': b'http'}.get(match[1].lower(), match[1].lower())
    default = {b'https': b'443', b'http': b'80'}.get(scheme)
    port = b'' if match[3] in (None, default) else b':' + match[3]
    return (scheme + b'://' + match[2].lower() + port).decode()


def ask(function, text, *arguments):
    """What the library says: a value, or the name of the code. Its bytes are C's char, which is signed."""
    try:
        return function([byte - 256 if byte > 127 else byte for byte in text], *arguments)
    except GLib.Error as error:
        return KrCsrf.code_to_string(error.code)


def mix(source, pieces):
    """A few pieces, now and then with a byte changed, lost or doubled."""
    text = bytearray(b''.join(source.choice(pieces) for _ in range(source.randint(0, 7))))
    while text and source.random() < 0.3:
        at = source.randrange(len(text))
        text[at:at + source.randint(0, 1)] = source.choice([b'', bytes([source.randrange(256)]), bytes([text[at]]) * 2])
    return bytes(text)


COOKIE_PIECES = [
    b'c', b'=', b'c=', b'C=', b'; ', b';', b' ', b'\t', b',', b'"', TOKEN, b'c=' + TOKEN, b'c=' + TOKEN,
    b'cc=', b'a=b', b'%63=', b'\xc2\xa0', b'$Version=1', TOKEN[:63], TOKEN + b'A',
]
FORM_PIECES = [
    b'c', b'=', b'&', b'c=' + TOKEN, b'&c=' + TOKEN, b'%63=' + TOKEN, b'+', b'%', b'%2', b'%00', b'%zz',
    b'a=b', b';', b'[]', TOKEN, b'%41' + TOKEN[1:], b'\xff', TOKEN[:63], b'c&',
]
ORIGIN_PIECES = [
    b'https', b'http', b'wss', b'ws', b'x-y', b'://', b'https://', b'http://', b'https://a.example',
    b'http://[::1]', b'a.example', b'A', b'.', b'..', b':', b':443', b':80', b':65535', b':65536', b':0',
    b'[::1]', b'[', b']', b'2001:db8::1', b'/', b'@', b'?', b'null', b'NULL', b' ', b'-', b'_', b'%',
    b'a' * 60, b'\xc3\xbc',
]


def compare(pieces, model, function, *arguments):
    source = random.Random(20260101)
    outcomes = set()
    for _ in range(ROUNDS):
        text = mix(source, pieces) or b' '
        expected = model(text)
        found = ask(function, text, *arguments)
        assert found == expected, f'{text!r}: {found} instead of {expected}'
        outcomes.add(expected)
    return outcomes


def test_cookie():
    outcomes = compare(COOKIE_PIECES, lambda text: model_cookie(text, b'c'), KrCsrf.cookie_lookup, 'c')
    assert {TOKEN.decode(), 'cookie-missing', 'ambiguous-cookie', 'token-malformed', 'header-invalid'} <= outcomes


def test_form():
    outcomes = compare(FORM_PIECES, lambda text: model_form(text, b'c'), KrCsrf.form_find, 'c')
    assert {TOKEN.decode(), 'token-missing', 'ambiguous-form', 'token-malformed'} <= outcomes


def test_origin():
    outcomes = compare(ORIGIN_PIECES, model_origin, KrCsrf.origin_parse)
    assert {'origin-null', 'origin-malformed', 'https://a.example', 'http://[::1]'} <= outcomes


def main():
    tests = [test_cookie, test_form, test_origin]
    failed = 0
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f'ok {number} {test.__name__}')
        except AssertionError as error:
            failed += 1
            print(f'# {error}')
            print(f'not ok {number} {test.__name__}')
    return 1 if failed else 0


sys.exit(main())
