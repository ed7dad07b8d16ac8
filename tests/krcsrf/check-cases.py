# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Checks that every case of the list has tests that exist, as TAP: cases.txt, then programs whose tests -l lists, then
# NAME= for a test that is a whole program of meson's.
import pathlib
import re
import subprocess
import sys

N_CASES = 76


def tests_of(arguments):
    names = set()
    for argument in arguments:
        if argument.endswith('='):
            names.add(argument[:-1])
            continue
        listed = subprocess.run([argument, '-l'], capture_output=True, text=True, check=True).stdout
        names.update(line for line in listed.splitlines() if line.startswith('/'))
    return names


def cases_of(path):
    """Number -> (what, names of tests). A line is a case: NUMBER WHAT: NAME NAME..."""
    cases = {}
    for line in pathlib.Path(path).read_text(encoding='utf-8').splitlines():
        if not line or line.startswith('#'):
            continue
        number, what, names = re.fullmatch(r'(\d+) (.+): (\S+(?: \S+)*)', line).groups()
        if int(number) in cases:
            raise ValueError(f'case {number} stands there twice')
        cases[int(number)] = what, names.split()
    return cases


def main():
    cases = cases_of(sys.argv[1])
    existing = tests_of(sys.argv[2:])
    numbers = sorted(set(range(1, N_CASES + 1)) | set(cases))
    print(f'1..{len(numbers)}')
    good = True
    for number in numbers:
        what, names = cases.get(number, ('is not in the list', []))
        missing = [name for name in names if name not in existing]
        if missing:
            print(f'# there is no {", ".join(missing)}')
        fine = bool(names) and not missing and number <= N_CASES
        good = good and fine
        print(f'{"ok" if fine else "not ok"} {number} {what}')
    return 0 if good else 1


sys.exit(main())
