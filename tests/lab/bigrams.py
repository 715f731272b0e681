#!/usr/bin/env python3
"""Makes src/detect/dga/bigrams.h: how often one letter follows another in names that people make.

usage: bigrams.py < words > src/detect/dga/bigrams.h

The committed table is of Debian's word lists (wamerican, wngerman, wfrench, wspanish, witalian) and of
the names of Debian's packages (apt-cache pkgnames), as names of the Internet are made of both.
"""
import math
import sys
import unicodedata

LETTERS = 'abcdefghijklmnopqrstuvwxyz'
DIGIT, DASH, EDGE, COUNT = 26, 27, 28, 29


def symbol(ch):
    if ch in LETTERS:
        return LETTERS.index(ch)
    return DIGIT if ch.isdigit() else DASH


def main():
    seen = [[1.0] * COUNT for _ in range(COUNT)]
    for line in sys.stdin:
        word = unicodedata.normalize('NFKD', line.strip().lower())
        word = ''.join(c for c in word if c.isascii() and (c.isalnum() or c == '-'))
        last = EDGE
        for ch in word:
            seen[last][symbol(ch)] += 1
            last = symbol(ch)
        if word:
            seen[last][EDGE] += 1
    print('/* Made by tests/lab/bigrams.py: sixteenths of a bit that a symbol costs after another. */')
    print('static const uint8_t bigrams[%d][%d] = {' % (COUNT, COUNT))
    for row in seen:
        whole = sum(row)
        bits = [min(255, round(-16 * math.log2(n / whole))) for n in row]
        print('\t{ ' + ', '.join(map(str, bits)) + ' },')
    print('};')


if __name__ == '__main__':
    main()
