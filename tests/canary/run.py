#!/usr/bin/env python3
"""The canary: which spellings of co_await do the compilers get right?

The allowed ones (samples/allowed.cc) must be right with both compilers, with and without
optimisation. The refused ones (samples/bad) are compared with what was found when the await rule
was made (expected.txt); a change is reported, since then the rule should be looked at again.
"""

import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPILERS = ["g++", "clang++-19"]
LEVELS = ["-O0", "-O2"]


def outcome(compiler, level, source, folder):
    """right, wrong (counted or crashed), or no-compile."""
    program = pathlib.Path(folder) / f"{source.stem}_{compiler.replace('+', 'x')}{level}"
    command = [compiler, "-std=gnu++20", level, "-w", "-o", str(program), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if built.returncode != 0:
        return "no-compile"
    try:
        ran = subprocess.run([str(program)], capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return "wrong"
    return "right" if ran.returncode == 0 else "wrong"


def version_of(compiler):
    text = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True).stdout
    return re.split(r"\D", text.strip())[0]


def expected():
    table = {}
    for line in (HERE / "expected.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            table[(words[0], words[1])] = words[2]
    return table


def main():
    compilers = [name for name in COMPILERS if shutil.which(name)]
    bad = sorted((HERE / "samples/bad").glob("*.cc"))
    failures, notices = [], []
    table = expected()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        def judge(compiler, level, source):
            return pool.submit(outcome, compiler, level, source, folder)
        allowed = {(c, level): judge(c, level, HERE / "samples/allowed.cc") for c in compilers for level in LEVELS}
        refused = {(c, s): [judge(c, level, s) for level in LEVELS] for c in compilers for s in bad}
        for (compiler, level), result in allowed.items():
            if result.result() != "right":
                failures.append(f"{compiler} {level}: the allowed spellings are {result.result()}")
        for (compiler, source), results in refused.items():
            found = max((r.result() for r in results), key=["right", "wrong", "no-compile"].index)
            name = compiler.split("-")[0] + "-" + version_of(compiler)
            print(f"{name:14} {source.stem:32} {found}")
            if table.get((name, source.stem)) != found:
                notices.append(f"{name} {source.stem}: {found}, was {table.get((name, source.stem), 'not known')}")
    for line in notices:
        print(f"notice: {line}: look at the await rule again")
    for line in failures:
        print(f"FAILED: {line}")
    print(f"{len(allowed) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
