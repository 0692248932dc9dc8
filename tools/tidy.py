#!/usr/bin/env python3
"""The project's own style as a test: what no compiler and no clang-tidy check sees.

    tools/tidy.py                 checks the whole tree
    tools/tidy.py FILE...         checks these files only (the commit hook)
    tools/tidy.py --root DIR ...  another tree (the checks' own tests)

Each finding is one line, `file:line: what is wrong`, and the exit status is 1 if there is one.
Rules: rooms (src/CMakeLists.txt is the list), foreign headers, detail headers, the await rule,
lengths of files and functions with a list of exceptions that may only shrink, words that are not
used, paths of machines, the map in docs/architecture.md, generated files.
"""

import argparse
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tidy_await  # noqa: E402
import tidy_source  # noqa: E402

FILE_LINES = 500
FILE_LINES_HARD = 600
FUNCTION_LINES = 60
TEST_LINES = 100  # a table of cases is data

# room -> what may include it besides the room itself; a pattern of the include's path.
FOREIGN = [
    (r"simdjson", {"json"}),
    (r"openssl/", {"crypto"}),
    (r"yaml\.h", {"yaml"}),
    (r"re2/", {"cel"}),
    (r"ares(_\w+)?\.h", {"net"}),
    (r"sys/(epoll|eventfd|inotify|signalfd|timerfd)\.h", {"net"}),
    (r"llhttp", {"http"}),
    (r"nghttp2/", {"http"}),
    (r"cctz/", {"cel"}),
]
# net speaks TLS; cel hashes for its digest functions.
FOREIGN_EXTRA = {"net/tls.cc": r"openssl/", "net/tls_test.cc": r"openssl/",
                 "net/detail_tls.h": r"openssl/", "net/detail_test_authority.h": r"openssl/",
                 "cel": r"openssl/"}

# Words and what to write instead. Matched in code with strings and comments in place unless said.
BANNED_IN_CODE = [
    (r"\bstd::endl\b", "std::endl flushes: write '\\n'"),
    (r"\busing\s+namespace\b", "name what you use instead of `using namespace`"),
    (r"\bprintf\s*\(", "use Log or std::format-like text functions instead of printf"),
    (r"\bstd::(cout|cerr)\b", "only app/ writes to the terminal; others use Log"),
    (r"\bstrcpy\s*\(|\bstrcat\s*\(|\bsprintf\s*\(", "unbounded copy"),
    (r"\bsystem\s*\(|\bpopen\s*\(", "children are started without a shell, by net/spawner"),
    (r"\b(class|struct)\s+(?:\[\[\w+\]\]\s*)?\w*(Manager|Helper|Util|Utils|Impl)\b",
     "name it after what it is: no Manager, Helper, Util, Impl"),
    (r"\benable_shared_from_this\b", "one owner: no enable_shared_from_this"),
    (r"\bsleep_for\s*\(", "wait with a deadline on the loop; tests pass the clock in"),
]
BANNED_ANYWHERE = [
    (r"\bFIXME\b", "FIXME: mend it or say why it is so"),
    (r"\bXXX\b", "XXX: mend it or say why it is so"),
    (r"\bTODO\b(?!\()", "TODO needs its reason: TODO(reason): ..."),
]
MACHINE_PATHS = [
    (r"(?<![\w.])/work/", "a path of one machine"),
    (r"/home/\w+/|/root/\w", "a path of one machine"),
    (r"(?<![\w./])\.\./shared/(?!\s)", None),  # only SHARED_DIR's default may name it
]
TEXT_SUFFIXES = {".cc", ".h", ".py", ".md", ".mjs", ".js", ".json", ".yaml", ".yml", ".case", ".cmake",
                 ".txt", ".def", ".sh", ""}
SKIPPED_DIRS = {"build", "node_modules", ".git", ".cache"}
# The checks' own source names the words; samples are bad on purpose.
WORDS_EXEMPT = {"tools/tidy.py", "tools/tidy_test.py", "tests/e2e/package-lock.json"}


class Findings:
    def __init__(self):
        self.lines = []

    def add(self, path, line, text):
        self.lines.append(f"{path}:{line}: {text}")


def read_rooms(root):
    """The rooms in order: name -> the set of rooms it may include."""
    text = (root / "src/CMakeLists.txt").read_text()
    text = re.sub(r"#.*", "", text)
    rooms = {}
    for match in re.finditer(r"^room\(\s*(\w+)([^)]*)\)", text, re.M):
        words = match.group(2).split()
        uses, into = set(), None
        for word in words:
            if word in ("USES", "LINKS"):
                into = word
            elif into == "USES":
                uses.add(word)
        for used in uses:
            if used not in rooms:
                raise SystemExit(f"src/CMakeLists.txt: room {match.group(1)} uses {used}, which stands below it")
        rooms[match.group(1)] = uses | ({"base"} if match.group(1) != "base" else set())
    return rooms


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def check_includes(path, source, rooms, findings):
    room = path.split("/")[1]
    if room not in rooms:
        if path.count("/") > 1:
            findings.add(path, 1, f"folder src/{room} is no room: src/CMakeLists.txt does not list it")
        return
    name = path.split("/")[-1]
    is_test = re.search(r"_(test|bench|fuzz)\.cc$", name)
    for number, line in enumerate(source.raw_lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, target = match.groups()
        if kind == '"':
            check_own_include(path, room, target, number, rooms, findings)
        else:
            check_foreign_include(path, room, target, number, is_test, findings)


def check_own_include(path, room, target, number, rooms, findings):
    if "/" not in target:
        findings.add(path, number, f'"{target}" must say its room: "{room}/{target}"')
        return
    other, file_name = target.split("/", 1)
    if other not in rooms:
        findings.add(path, number, f'"{target}" is in no room')
    elif other != room and other not in rooms[room]:
        findings.add(path, number, f"{room} may not know {other}")
    elif other != room and file_name.startswith("detail_"):
        findings.add(path, number, f"{target} is internal to {other}")
    elif other == "app" and room != "app":
        findings.add(path, number, f"{room} may not know app")


def check_foreign_include(path, room, target, number, is_test, findings):
    for pattern, allowed in FOREIGN:
        if not re.match(pattern, target):
            continue
        name = path.split("/", 2)[2]
        extra = FOREIGN_EXTRA.get(f"{room}/{name}") or FOREIGN_EXTRA.get(room)
        if room not in allowed and not (extra and re.match(extra, target)):
            findings.add(path, number, f"<{target}> belongs to room {', '.join(sorted(allowed))}, not {room}")
        elif name.endswith(".h") and not name.startswith("detail_") and not target.startswith("sys/"):
            findings.add(path, number, f"<{target}> may stand only in .cc files and detail_*.h")


def read_exceptions(root):
    """tools/tidy_exceptions.txt: `file lines` or `file function lines`; may only shrink."""
    path = root / "tools/tidy_exceptions.txt"
    files, functions = {}, {}
    if not path.exists():
        return files, functions
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        if len(words) == 2:
            files[words[0]] = int(words[1])
        elif len(words) == 3:
            functions[(words[0], words[1])] = int(words[2])
    return files, functions


def check_lengths(path, source, exceptions, findings):
    files, functions = exceptions
    count = len(source.raw_lines)
    allowed = min(files.get(path, FILE_LINES), FILE_LINES_HARD)
    if count > allowed:
        findings.add(path, count, f"{count} lines; at most {allowed}: split it by subject")
    elif path in files and count <= FILE_LINES:
        findings.add(path, count, f"{count} lines: strike it from tools/tidy_exceptions.txt")
    for function in source.functions():
        usual = TEST_LINES if function.name.startswith("TEST") else FUNCTION_LINES
        limit = functions.get((path, function.name), usual)
        if function.lines > limit:
            findings.add(path, function.line,
                         f"{function.name} has {function.lines} lines; at most {limit}: it does more than one thing")


def check_code_words(path, source, findings):
    in_test = re.search(r"_(bench|test|fuzz)\.|/detail_test_", path)
    in_app = path.startswith("src/app/") or in_test
    for number, line in enumerate(source.code_lines, 1):
        for pattern, why in BANNED_IN_CODE:
            if re.search(pattern, line):
                if in_app and ("terminal" in why or "printf" in why) or in_test and "shell" in why:
                    continue
                findings.add(path, number, why)


def check_text(path, text, findings):
    if path in WORDS_EXEMPT or path.startswith("tests/canary/samples/"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, why in BANNED_ANYWHERE:
            if re.search(pattern, line):
                findings.add(path, number, why)
        for pattern, why in MACHINE_PATHS:
            if why and re.search(pattern, line):
                findings.add(path, number, why)
        if re.search(r"\bregistry\.npmjs\.org\b|\bdeb\.debian\.org\b", line):
            findings.add(path, number, "a registry's host: name packages, not hosts")


def check_header(path, source, findings):
    if not path.endswith(".h"):
        return
    first = next((line for line in source.raw_lines if line.strip()), "")
    if first.strip() != "#pragma once":
        findings.add(path, 1, "a header begins with #pragma once")
        return
    after = [line for line in source.raw_lines if line.strip()][1:2]
    if not after or not after[0].lstrip().startswith("//"):
        findings.add(path, 2, "a header says first what the thing is, in a comment below #pragma once")


def check_map(root, rooms, findings):
    """Every room and every file that docs/architecture.md names exists."""
    path = root / "docs/architecture.md"
    if not path.exists():
        return
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"`((?:src|tests|tools|docs|cmake|examples|manifests|schema)/[\w./-]+)`", line):
            if not (root / name).exists():
                findings.add("docs/architecture.md", number, f"names {name}, which does not exist")
    if len(text.splitlines()) > 200:
        findings.add("docs/architecture.md", 1, "the map has at most 200 lines")
    for room in rooms:
        if room not in text:
            findings.add("docs/architecture.md", 1, f"does not mention room {room}")


def is_ignored(root, path):
    return any(part in SKIPPED_DIRS for part in path.relative_to(root).parts)


def all_files(root):
    try:
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=True)
        paths = [root / name for name in listed.stdout.split("\0") if name]
    except (subprocess.CalledProcessError, FileNotFoundError):
        paths = [path for path in root.rglob("*") if path.is_file()]
    return sorted(path for path in paths if path.is_file() and not is_ignored(root, path))


def check_cc(path, text, rooms, exceptions, findings):
    source = tidy_source.Source(text)
    if path.startswith("src/"):
        check_includes(path, source, rooms, findings)
        check_header(path, source, findings)
        check_lengths(path, source, exceptions, findings)
        check_code_words(path, source, findings)
    for line, why in tidy_await.check(source):
        findings.add(path, line, why)


def check_tree(root, only=None):
    findings = Findings()
    rooms = read_rooms(root)
    exceptions = read_exceptions(root)
    files = [root / name for name in only] if only else all_files(root)
    for file in files:
        path = file.relative_to(root).as_posix()
        if file.suffix not in TEXT_SUFFIXES or path.startswith(("tests/canary/samples/", "LICENSE")):
            continue
        try:
            text = file.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        check_text(path, text, findings)
        if file.suffix in (".cc", ".h") and path.startswith(("src/", "tests/")):
            check_cc(path, text, rooms, exceptions, findings)
    if not only:
        check_map(root, rooms, findings)
    return findings, len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    findings, count = check_tree(options.root.resolve(), options.files)
    for line in findings.lines:
        print(line)
    print(f"tidy: {count} files, {len(findings.lines)} findings")
    return 1 if findings.lines else 0


if __name__ == "__main__":
    sys.exit(main())
