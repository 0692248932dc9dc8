#!/usr/bin/env python3
"""embed_ui.py TABLE DATA [DIST]: the files below DIST as two sources of the program.

DATA is an assembler file with one .incbin for each file (no compiler reads megabytes of literals),
TABLE the sorted list of admin::Asset over it. FILE.br beside FILE is its compressed form. Without
DIST the list is empty.
"""
import hashlib
import sys
from pathlib import Path

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}

# What the gateway puts in when it serves the page (src/admin/assets.cc).
PLACEHOLDERS = ("__AGENTGATEWAY_TOKEN__", "__CSP_NONCE__")


def check_page(dist):
    page = (dist / "index.html").read_text()
    for word in PLACEHOLDERS:
        if word not in page:
            sys.exit(f"embed_ui.py: {dist}/index.html has no {word}: it would not work in the gateway; build ui/ again")


def files_of(dist):
    """(path below dist, file, compressed file or None), sorted by path as bytes."""
    found = []
    for file in dist.rglob("*"):
        if not file.is_file() or file.suffix in (".br", ".map"):
            continue
        brotli = file.with_name(file.name + ".br")
        found.append((file.relative_to(dist).as_posix(), file, brotli if brotli.is_file() else None))
    return sorted(found, key=lambda item: item[0].encode())


def main(table, data, dist=None):
    if dist:
        check_page(Path(dist))
    files = files_of(Path(dist)) if dist else []
    assembly = ['.section .rodata\n']
    declarations, rows = [], []

    def place(name, file):
        assembly.append(f'.global {name}\n{name}:\n.incbin "{file}"\n.global {name}_end\n{name}_end:\n.byte 0\n')
        declarations.append(f'extern const char {name}[];\nextern const char {name}_end[];\n')
        return f'view({name}, {name}_end)'

    for number, (path, file, brotli) in enumerate(files):
        media_type = MEDIA_TYPES.get(file.suffix, "application/octet-stream")
        etag = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        plain = place(f'agw_ui_{number}', file)
        compressed = place(f'agw_ui_{number}_br', brotli) if brotli else '{}'
        rows.append(f'    {{"{path}", "{media_type}", "\\"{etag}\\"", {plain}, {compressed}}},\n')

    Path(data).write_text(''.join(assembly) + '.section .note.GNU-stack,"",%progbits\n')
    Path(table).write_text(
        '// Made by tools/embed_ui.py.\n#include "admin/assets.h"\n\nextern "C" {\n' + ''.join(declarations) + '}\n\n'
        'namespace admin {\n\n'
        + ('namespace {\nstd::string_view view(const char* begin, const char* end) {\n'
           '  return {begin, static_cast<std::size_t>(end - begin)};\n}\n}  // namespace\n\n' if rows else '')
        + 'std::span<const Asset> all_assets() {\n'
        + ('  static const Asset assets[] = {\n' + ''.join(rows) + '  };\n  return assets;\n' if rows
           else '  return {};\n')
        + '}\n\n}  // namespace admin\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
