#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""customers.py ROWS: a table of invented customers, with account and card numbers whose check digits are right. Always the same."""
import random
import sys


def iban(rng):
    account = f"500105{rng.randrange(10**12):012d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def card(rng):
    digits = [4] + [rng.randrange(10) for _ in range(14)]
    doubled = [sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    return "".join(map(str, digits)) + str(-sum(doubled) % 10)


def main():
    rng = random.Random(42)
    print("id;name;email;iban;card;balance")
    for row in range(int(sys.argv[1])):
        name = rng.choice("Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas".split()), rng.choice("Adler Berg Conrad Dorn Ernst Falk".split())
        print(f"{1000 + row};{' '.join(name)};{'.'.join(name).lower()}{row}@example.test;{iban(rng)};{card(rng)};{rng.randrange(10**6) / 100:.2f}")


if __name__ == "__main__":
    main()
