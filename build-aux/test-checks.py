#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Plants one fault after the other in a small tree and expects the check it is meant for to find it.
import json
import pathlib
import subprocess
import sys
import tempfile

import sources

HERE = pathlib.Path(__file__).resolve().parent
LICENCE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
HEAD = f'/* {LICENCE} */\n/* Copyright the krhub authors */\n/* Something for a test. */\n'

# Check, file, its text, and what the check must say; None: nothing may be wrong.
PLANTED = [
    ('check-layers.py', 'libkrhub/protocol/a.c', '#include "kr-hub-session-private.h"\n', 'must not include'),
    ('check-layers.py', 'libkrhub/hub/a.c', '#include "kr-hub-client.h"\n', 'must not include'),
    ('check-layers.py', 'libkrhub/client/a.c', '#include "kr-hub-server.h"\n', 'must not include'),
    ('check-layers.py', 'libkrhub/connection/kr-hub-session.c', '#include "kr-hub-transport.h"\n', 'only the pump'),
    ('check-layers.py', 'libkrhub/connection/kr-hub-connection.c', '#include "kr-hub-transport.h"\n', None),
    ('check-layers.py', 'libkrtask/a.c', '#include "kr-hub-server.h"\n', 'must not include'),
    ('check-layers.py', 'libkrcsrf/a.c', '#include <krtask.h>\n', 'must not include'),
    ('check-layers.py', 'libkrhub/hub/a.c', '#include "krhub.h"\n', 'umbrella of its own'),
    ('check-layers.py', 'demo/server/a.c', '#include "kr-hub-server.h"\n', 'through its umbrella'),
    ('check-layers.py', 'demo/server/a.c', '#include <krhub.h>\n', None),
    ('check-layers.py', 'libkrhub/protocol/a.c', 'now = g_get_monotonic_time ();\n', 'sans-IO'),
    ('check-layers.py', 'libkrhub/protocol/a.c', '/* never g_get_monotonic_time () here */\n', None),
    ('check-source.py', 'a.c', 'int a;\n', 'SPDX'),
    ('check-source.py', 'a.c', f'/* {LICENCE} */\nint a;\n', 'copyright'),
    ('check-source.py', 'a.c', f'/* {LICENCE} */\n/* Copyright the krhub authors */\nint a;\n', 'purpose'),
    ('check-source.py', 'a.c', HEAD + '/* TO' 'DO: more */\n', 'issue number'),
    ('check-source.py', 'a.c', HEAD + '/* TO' 'DO #12: more */\n', None),
    ('check-source.py', 'package-lock.json', '{ "resolved": "https://registry" }\n', 'registry'),
    ('check-potfiles.py', 'libkrhub/a.c', 'x = _("Words");\n', 'not listed'),
    ('check-potfiles.py', 'po/POTFILES.in', 'libkrhub/gone.c\n', 'no translatable'),
    ('check-potfiles.py', 'po/LINGUAS', 'de\n', 'missing'),
    ('check-potfiles.py', 'libkrhub/translated.c', 'x = _("Old words");\ny = _("New words");\n', 'not defined'),
    ('check-potfiles.py', 'libkrhub/translated.c', 'x = _("Old words");\n', None),
    ('check-headers.py', 'libkrtask/kr-task-a.h', HEAD + '#pragma once\n#error "Only <krtask.h>"\n',
     'does not include it'),
    ('check-headers.py', 'libkrtask/kr-task-b.h', HEAD, 'not installed'),
    ('check-headers.py', 'libkrtask/kr-task-c-private.h', HEAD, 'private, but installed'),
    ('check-headers.py', 'libkrtask/kr-task-error.h', HEAD + '#include "x-private.h"\n', 'includes x-private.h'),
    ('check-headers.py', 'libkrtask/kr-task-error.h', HEAD + 'KR_TASK_AVAILABLE_IN_ALL\nint kr_task_no (void);\n',
     'annotated, but not exported'),
    ('check-headers.py', 'libkrtask/kr-task-error.h', HEAD, 'exported, but not annotated'),
    ('check-headers.py', None, None, None),
    ('check-readme.py', 'README.md', '```c\nint b;\n```\n', 'not in examples'),
    ('check-readme.py', 'README.md', '```c\nint a;\n```\n![x](gone.png)\n', 'gone.png is missing'),
    ('check-readme.py', 'README.md', '```c\nint a;\n```\n[x](libkrhub/krhub.h) [y](#z)\n', 'no such heading'),
    ('check-readme.py', 'README.md', '```c\nint a;\n```\n[x](libkrhub/krhub.h) [y](#z-1)\n## Z 1\n', None),
    ('check-readme.py', 'docs/b.md', '```c\nint b;\n```\n', 'no test builds'),
]

TRANSLATION = '''msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Old words"
msgstr "Alte Worte"
'''

# testlog.json, exit status and last line of test-summary.py
SUMMARIES = [
    ([{'stdout': '1..3\nok 1 a\nok 2 b # SKIP why\nok 3 c\n', 'result': 'OK'}], 0, '2 passed, 0 failed, 1 skipped'),
    ([{'stdout': '1..3\nok 1 a\n', 'result': 'ERROR'}], 1, '1 passed, 2 failed, 0 skipped'),
    ([{'stdout': '1..2\nok 1 a\nnot ok 2 b # TO' 'DO\n', 'result': 'OK'}], 1, '1 passed, 1 failed, 0 skipped'),
    ([{'stdout': '1..1\nok 1 a\n', 'result': 'TIMEOUT'}], 1, '1 passed, 1 failed, 0 skipped'),
    ([{'stdout': 'x', 'result': 'SKIP'}, {'result': 'OK'}], 0, '1 passed, 0 failed, 1 skipped'),
    ([{'result': 'FAIL'}], 1, '0 passed, 1 failed, 0 skipped'),
    ([], 1, '0 passed, 1 failed, 0 skipped'),
]


def plant(tree):
    """A tree in which no check finds anything."""
    texts = {
        'libkrhub/krhub.h': HEAD,
        'libkrhub/connection/kr-hub-session-private.h': HEAD,
        'libkrhub/client/kr-hub-client.h': HEAD,
        'libkrhub/hub/kr-hub-server.h': HEAD,
        'libkrhub/transport/kr-hub-transport.h': HEAD,
        'libkrtask/krtask.h': HEAD + '#include "kr-task-error.h"\n',
        'libkrtask/kr-task-error.h': HEAD + '#pragma once\n#error "Only <krtask.h>"\n'
                                     'KR_TASK_AVAILABLE_IN_ALL\nint kr_task_yes (void);\n',
        'po/POTFILES.in': '', 'po/LINGUAS': '',
        'examples/a.c': HEAD + 'int a;\n',
        'README.md': '```c\nint a;\n```\n',
        'build/meson-info/intro-installed.json': json.dumps({name: '/usr/include/' + name for name in [
            'krtask.h', 'kr-task-error.h', 'kr-task-a.h', 'kr-task-c-private.h']}),
        'nm': '#!/bin/sh\necho "0000000000001139 T kr_task_yes"\n',
    }
    for name, text in texts.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / 'nm').chmod(0o755)


def run_check(check, name, text):
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        plant(tree)
        if name == 'libkrhub/translated.c':
            (tree / 'po' / 'POTFILES.in').write_text(name + '\n')
            (tree / 'po' / 'LINGUAS').write_text('de\n')
            (tree / 'po' / 'de.po').write_text(TRANSLATION)
        if name is not None:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        more = ['--nm', tree / 'nm', tree / 'build', 'libkrtask=x'] if check == 'check-headers.py' else []
        command = [sys.executable, HERE / check, *more[:2], tree, *more[2:]]
        return subprocess.run(command, capture_output=True, text=True)


def check_planted(check, name, text, expected):
    result = run_check(check, name, text)
    if expected is None:
        return [] if result.returncode == 0 else [f'{name} was refused: {result.stdout}{result.stderr}']
    if result.returncode == 1 and expected in result.stdout:
        return []
    return [f'{name}: "{expected}" was not found: {result.returncode} {result.stdout}{result.stderr}']


def check_summary(records, status, line):
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / 'testlog.json'
        log.write_text(''.join(json.dumps({'name': 'n', **record}) + '\n' for record in records))
        result = subprocess.run([sys.executable, HERE / 'test-summary.py', log], capture_output=True, text=True)
    last = result.stdout.splitlines()[-1]
    return [] if (result.returncode, last) == (status, line) else [f'{records}: {result.returncode} {last}']


def main():
    cases = [(f'{check} {name} {expected}', check_planted(check, name, text, expected))
             for check, name, text, expected in PLANTED]
    cases += [(f'test-summary.py {line} {number}', check_summary(records, status, line))
              for number, (records, status, line) in enumerate(SUMMARIES)]
    return sources.report(cases)


sys.exit(main())
