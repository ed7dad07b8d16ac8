#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Takes the code of one language out of a document, as printed, for a program that includes or runs it: LANGUAGE FILE OUTPUT
import re
import sys


def main():
    language, path, output = sys.argv[1:]
    with open(path, encoding='utf-8') as file:
        text = file.read()
    found = list(re.finditer(rf'^```{language}\n(.*?)^```', text, re.M | re.S))
    if not found:
        sys.exit(f'{path}: no {language} code')
    with open(output, 'w', encoding='utf-8') as file:
        for match in found:
            if language == 'c':
                file.write(f'#line {text.count(chr(10), 0, match.start(1)) + 1} "{path}"\n')
            file.write(match[1])


main()
