#!/usr/bin/env python3
"""Writes what is generated from the binary: schema/config.json and docs/reference/.

    tools/docs.py BINARY           writes the files
    tools/docs.py --check BINARY   says which of them are not current; exit status 1 if any
"""

import json
import pathlib
import subprocess
import sys

# Commands that have help of their own.
HELPS = (("Callers and decisions", "explain"), ("Servers of a client", "import"), ("Rules", "cel"), ("Tokens", "token"))
ROOT = pathlib.Path(__file__).resolve().parent.parent


def output_of(binary, *arguments):
    return subprocess.run([binary, *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def generated(binary):
    """File name (from the root) -> text."""
    note = "<!-- Made by `./dev docs` from the binary. -->\n\n"
    schema = json.loads(output_of(binary, "schema"))
    return {
        "schema/config.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        "docs/reference/configuration.md": note + output_of(binary, "docs"),
        "docs/reference/command-line.md": note + "# Command line\n\n```\n" + output_of(binary, "--help")
                                          + "```\n" + "".join(f"\n## {title}\n\n```\n{output_of(binary, command, '--help')}```\n"
                                                              for title, command in HELPS),
    }


def main(arguments):
    is_check = arguments[:1] == ["--check"]
    [binary] = arguments[1:] if is_check else arguments
    stale = []
    for name, text in generated(binary).items():
        path = ROOT / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for name in stale:
        print(f"{name}: {'not current; run ./dev docs' if is_check else 'written'}")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
