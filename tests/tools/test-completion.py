#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""What bash proposes after a beginning of a command line: KRHUB COMPLETION-SCRIPT."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

KRHUB, SCRIPT = sys.argv[1:3]
URL = 'http://h/hub'
# Name, the words (the last one is being written), and what is proposed; "..." at the end: besides others.
CASES = [
    ('commands', [''], ['call', 'stream', 'send', 'listen', 'info']),
    ('command', ['st'], ['stream']),
    ('url', ['call', 'https'], ['https://']),
    ('option', ['call', '--up'], ['--upload']),
    ('option-of-another', ['listen', URL, '--up'], []),
    ('count', ['--json', 'stream', URL, '--co'], ['--count']),
    ('protocol', ['call', URL, '-p', ''], ['json', 'messagepack']),
    ('value-after-equals', ['call', '--transport', '=', 'w'], ['websockets']),
    ('value-before-command', ['--token', 'x', ''], ['call', 'stream', 'send', 'listen', 'info']),
    ('file', ['call', URL, 'Method', '@da'], ['@data.json']),
    ('folder', ['call', URL, 'Method', '@fol'], ['@folder/']),
    ('file-in-folder', ['call', URL, 'Method', '@folder/'], ['@folder/inner']),
    ('token-file', ['call', '--token-file', 'da'], ['data.json']),
    ('nothing', ['call', URL, 'Method', 'da'], []),
]
PROGRAM = '''
source "$1"
shift
COMP_WORDS=(krhub "$@")
COMP_CWORD=$#
_krhub
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
'''


def complete(words, folder):
    result = subprocess.run(['bash', '--norc', '-c', PROGRAM, 'bash', SCRIPT, *words], cwd=folder, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # compopt is for a completion that the user asked for; here it has nothing to change.
    errors = [line for line in result.stderr.splitlines() if 'compopt' not in line]
    return result.stdout.split('\n')[:-1], errors


def options_of_help():
    text = subprocess.run([KRHUB, '--help'], stdout=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, LC_ALL='C.UTF-8')).stdout
    lines = [line.split('  ')[1] for line in text.splitlines() if line.startswith('  -')]
    return {option for line in lines for option in re.findall(r'--[a-z-]+', line)}


def main():
    if shutil.which('bash') is None:
        print('1..0 # SKIP there is no bash')
        return 77
    failed = False
    print(f'1..{len(CASES) + 1}')
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, 'data.json'), 'w', encoding='utf-8').close()
        os.mkdir(os.path.join(folder, 'folder'))
        open(os.path.join(folder, 'folder', 'inner'), 'w', encoding='utf-8').close()
        for number, (name, words, expected) in enumerate(CASES, 1):
            got, errors = complete(words, folder)
            good = sorted(got) == sorted(expected) and not errors
            failed = failed or not good
            if not good:
                print(f'# got {got}, expected {expected}, {errors}')
            print(f"{'ok' if good else 'not ok'} {number} /completion/{name}")
        commands = ('call', 'stream', 'send', 'listen', 'info')
        proposed = set().union(*(complete([command, '--'], folder)[0] for command in commands))
    different = proposed ^ options_of_help()
    if different:
        print(f'# only in one of completion and --help: {different}')
    print(f"{'not ok' if different else 'ok'} {len(CASES) + 1} /completion/all-options")
    return 1 if failed or different else 0


sys.exit(main())
