#!/usr/bin/env python3
"""Every Python script of the tree compiles, without a warning, and says at its top what it is for."""
import ast
import os
import sys
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def scripts():
    for top in ("tests", "scripts", ".ci"):
        for base, folders, files in os.walk(os.path.join(ROOT, top)):
            folders.sort()
            for name in sorted(files):
                if name.endswith(".py"):
                    yield os.path.join(base, name)


def main():
    warnings.simplefilter("error")
    errors = []
    for path in scripts():
        name = os.path.relpath(path, ROOT)
        with open(path, "rb") as f:
            text = f.read()
        try:
            compile(text, name, "exec", dont_inherit=True)
            if text.strip() and not ast.get_docstring(ast.parse(text)):
                errors.append(f"{name}:1: no docstring says what this is for")
        except (SyntaxError, ValueError, Warning) as error:
            errors.append(f"{name}:{getattr(error, 'lineno', 1)}: {error}")
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
