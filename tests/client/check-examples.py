#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Runs the client examples against the chat example: check-examples.py CHAT CLIENT EXAMPLES_DIR"""
import os
import shutil
import subprocess
import sys

TEXT = 'Gr\u00fc\u00dfe \U0001f600'


def runs(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def main():
    chat, client, folder = sys.argv[1:4]
    python, gjs = '/usr/bin/python3', shutil.which('gjs')
    examples = [
        ('C', [client]),
        ('Python', [python, os.path.join(folder, 'client.py')] if runs(python, '-c', 'import gi') else None),
        ('GJS', [gjs, '-m', os.path.join(folder, 'client.js')] if gjs else None),
    ]
    failed = False
    print(f'1..{len(examples)}')
    server = subprocess.Popen([chat, '0'], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip().replace('ws:', 'http:')
        for number, (name, command) in enumerate(examples, 1):
            if command is None:
                print(f'ok {number} - {name} # SKIP it is not installed')
                continue
            done = subprocess.run([*command, url, TEXT], capture_output=True, text=True, timeout=30, check=False)
            fine = done.returncode == 0 and done.stdout == f'{name}: {TEXT}\n'
            failed = failed or not fine
            if not fine:
                print('# ' + repr(done.stdout) + ' ' + done.stderr.replace('\n', '\n# '))
            print(f"{'ok' if fine else 'not ok'} {number} - {name}")
    finally:
        server.terminate()
        server.wait(30)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
