#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks that po/POTFILES.in lists the files with translatable text, and that translations are whole: ROOT.
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import sources

MARKED_C = re.compile(r'(?<![\w])(_|N_|C_|NC_|ngettext|g_dngettext|g_dpgettext2?)\s*\(\s*"|\bg_dgettext\s*\(')
MARKED_UI = re.compile(r'translatable="(yes|true)"|<_?(name|summary|caption|p)>')
TRANSLATED_FOLDERS = ('libkrhub/', 'libkrcsrf/', 'libkrtask/', 'transports/', 'demo/', 'tools/')


def marked(root):
    for path in sources.files(root, '.c', '.ui', '.metainfo.xml.in', '.desktop.in'):
        name = path.relative_to(root).as_posix()
        if not name.startswith(TRANSLATED_FOLDERS):
            continue
        text = path.read_text()
        if path.suffix == '.c':
            found = MARKED_C.search(re.sub(r'/\*.*?\*/', '', text, flags=re.S))
        else:
            found = path.suffix == '.in' or MARKED_UI.search(text)
        if found:
            yield name


def entries(path):
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith('#')]


def run(*command, **options):
    environment = {'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'}
    return subprocess.run(command, capture_output=True, text=True, env=environment, **options)


def extract(root, listed, folder):
    """The texts as they are in the sources now; None without gettext."""
    if shutil.which('xgettext') is None or not listed:
        return None
    pot = pathlib.Path(folder) / 'texts.pot'
    keywords = ['_', 'N_', 'C_:1c,2', 'NC_:1c,2', 'ngettext:1,2', 'g_dngettext:2,3', 'g_dgettext:2',
                'g_dpgettext2:2c,3']
    run('xgettext', '--from-code=UTF-8', *(f'--keyword={keyword}' for keyword in keywords), '-o', str(pot), *listed,
        cwd=root, check=True)
    return pot


def check_language(po, pot):
    """What is broken, fuzzy, untranslated, or missing."""
    if not po.exists():
        return [f'{po.name} is missing']
    if pot is None:
        return []
    result = run('msgfmt', '--check', '--statistics', '-o', '/dev/null', str(po))
    faults = [] if result.returncode == 0 else result.stderr.splitlines()
    faults += [f'{po.name}: {found}' for found in re.findall(r'\d+ (?:fuzzy|untranslated)\w*', result.stderr)]
    compared = run('msgcmp', str(po), str(pot))
    return faults + (compared.stderr.splitlines() if compared.returncode != 0 else [])


def main():
    root = pathlib.Path(sys.argv[1])
    listed = entries(root / 'po' / 'POTFILES.in')
    with_text = set(marked(root))
    faults = [f'{name}: has translatable text, but is not listed' for name in sorted(with_text - set(listed))]
    faults += [f'{name}: listed, but has no translatable text' for name in sorted(set(listed) - with_text)]
    if listed != sorted(listed):
        faults.append('po/POTFILES.in is not sorted')
    cases = [('POTFILES.in', faults)]
    with tempfile.TemporaryDirectory() as folder:
        pot = None if faults else extract(root, listed, folder)
        for language in entries(root / 'po' / 'LINGUAS'):
            cases.append((f'translation {language}', check_language(root / 'po' / f'{language}.po', pot)))
    return sources.report(cases)


sys.exit(main())
