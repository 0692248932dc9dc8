#!/usr/bin/env python3
"""Endurance: what only shows after many requests, many reloads and many ends.

    ./dev soak [PART...]        parts: endurance endings reloads; all of them without arguments
    SOAK_REQUESTS=100000        fewer requests for `endurance` (1,000,000)
    SOAK_ROUNDS=3               fewer rounds for `endings` (20)
    SOAK_RELOADS=100            fewer changes for `reloads` (1,000)

The gateway is that of the preset `bench`, or AGENTGATEWAY_BIN. It prints one line for each property with the figure that was seen, and fails if one does not hold.
"""

import os
import sys
import time

import endings
import endurance
import reloads
import world


def setting(name, otherwise):
    return int(os.environ.get(name, otherwise))


PARTS = {
    "endurance": lambda properties: endurance.run(properties, setting("SOAK_REQUESTS", 1_000_000)),
    "endings": lambda properties: endings.run(properties, setting("SOAK_ROUNDS", 20)),
    "reloads": lambda properties: reloads.run(properties, setting("SOAK_RELOADS", 1000)),
}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise SystemExit(f"soak: no part {unknown[0]}; there are: {' '.join(PARTS)}")
    properties = world.Properties()
    began = time.monotonic()
    for name in wanted:
        PARTS[name](properties)
    print(f"soak: {time.monotonic() - began:.0f} s, {len(properties.broken)} properties broken")
    for claim in properties.broken:
        print(f"  {claim}")
    return 1 if properties.broken else 0


if __name__ == "__main__":
    sys.exit(main())
