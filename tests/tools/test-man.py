#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""The man page against the program: the same options, version and exit statuses: KRHUB PAGE VERSION."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

KRHUB, PAGE, VERSION = sys.argv[1:4]
SOURCE = pathlib.Path(PAGE).parent


def options_of_help():
    text = subprocess.run([KRHUB, '--help'], stdout=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, LC_ALL='C.UTF-8')).stdout
    lines = [line.split('  ')[1] for line in text.splitlines() if line.startswith('  -')]
    return {option for line in lines for option in re.findall(r'--[a-z-]+', line)}


def options_of_page():
    text = pathlib.Path(PAGE).read_text().replace('\\-', '-')
    paragraphs = re.findall(r'^\.TP\n(\..*)$', text, re.M)
    return {option for line in paragraphs for option in re.findall(r'--[a-z-]+', line)}


def statuses_of_page():
    section = pathlib.Path(PAGE).read_text().split('.SH EXIT STATUS')[1].split('.SH')[0]
    return {int(number) for number in re.findall(r'^\.B (\d+)$', section, re.M)}


def statuses_of_source():
    return {int(number) for number in re.findall(r'= (\d+),', (SOURCE / 'krhub-exit.h').read_text())}


def check_options():
    page, program = options_of_page(), options_of_help()
    return [f'{option}: only in one of page and --help' for option in sorted(page ^ program)]


def check_statuses():
    return [f'{status}: only in one of page and program' for status in statuses_of_page() ^ statuses_of_source()]


def check_version():
    shown = subprocess.run([KRHUB, '--version'], stdout=subprocess.PIPE, text=True, check=True).stdout
    faults = [] if f'"krhub {VERSION}"' in pathlib.Path(PAGE).read_text() else ['the page is of another version']
    return faults if shown == f'krhub {VERSION}\n' else faults + [f'--version says {shown!r}']


def check_troff():
    if shutil.which('groff') is None:
        return None
    result = subprocess.run(['groff', '-man', '-Tutf8', '-ww', PAGE], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    text = re.sub(r'\x1b\[[0-9;]*m|.\x08', '', result.stdout)
    return result.stderr.splitlines() + ([] if re.search(r'EXIT +STATUS', text) else ['no text comes out'])


def main():
    checks = {'options': check_options, 'statuses': check_statuses, 'version': check_version, 'troff': check_troff}
    print(f'1..{len(checks)}')
    failed = False
    for number, (name, check) in enumerate(checks.items(), 1):
        faults = check()
        for fault in faults or []:
            print(f'# {fault}')
        failed = failed or bool(faults)
        skipped = ' # SKIP there is no groff' if faults is None else ''
        print(f"{'not ok' if faults else 'ok'} {number} /man/{name}{skipped}")
    return 1 if failed else 0


sys.exit(main())
