#!/usr/bin/env python3
"""Runs every fuzz target for a while, seeds included.

    fuzz/run.py FOLDER [SECONDS] [NAME...]    FOLDER is where the programs are (build/dev/src)

Two at a time, 20 seconds each. A target passes if nothing is found: no crash, no sanitizer report, no leak, no
broken property, no input that takes over 5 seconds or 1 GB. $FUZZ_SEED chooses the inputs, which are others each
time without it. What is found stays in build/fuzz/found/NAME; it becomes a test with a name of its own. The last
line is `N passed, N failed`.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import seeds  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/fuzz"
AT_ONCE = 2
INPUT_SECONDS_MAX, MEMORY_MB_MAX = 5, 1024


def run(program, seconds):
    """Whether nothing was found, and one line about it."""
    name = program.name
    found = BUILD / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    into = seeds.write(BUILD / "seeds", name)
    count = len(list(into.iterdir()))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as new:
        command = [str(program), f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS_MAX}",
                   f"-rss_limit_mb={MEMORY_MB_MAX}", f"-seed={os.environ.get('FUZZ_SEED', '0')}", "-print_final_stats=1", f"-artifact_prefix={found}/",
                   new, str(into)]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=seconds + 120, check=False,
                                  stdin=subprocess.DEVNULL)
            status, output = done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")
        except subprocess.TimeoutExpired as late:
            status, output = -1, (late.stderr or b"").decode("utf-8", "replace") + "\nit does not end"
    executed = re.search(r"number_of_executed_units: *(\d+)", output)
    line = (f"{name}: {count} seeds, {executed.group(1) if executed else 'no'} inputs in "
            f"{time.monotonic() - began:.0f} s")
    if status == 0 and executed:
        return True, line
    return False, f"{line}\nFAILED: {name} (status {status})\n" + "\n".join(output.splitlines()[-60:])


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    folder, rest = pathlib.Path(sys.argv[1]), sys.argv[2:]
    seconds = int(rest.pop(0)) if rest and rest[0].isdigit() else 20
    programs = sorted(path for path in folder.glob("*_fuzz") if os.access(path, os.X_OK))
    expected = {path.stem for path in (ROOT / "src").glob("*/*_fuzz.cc")}
    programs = [path for path in programs if path.name in (set(rest) or expected)]
    missing = (set(rest) or expected) - {path.name for path in programs}
    if missing:
        raise SystemExit(f"fuzz: not built in {folder}: {' '.join(sorted(missing))}")
    seeds.require_corpora()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for is_good, line in pool.map(lambda program: run(program, seconds), programs):
            print(line, flush=True)
            passed, failed = passed + is_good, failed + (not is_good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
