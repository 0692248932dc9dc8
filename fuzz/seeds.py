#!/usr/bin/env python3
"""Seeds for the fuzz targets, unpacked from the shared corpora and from this repository's own examples.

    fuzz/seeds.py FOLDER [NAME...]    writes FOLDER/NAME/... for every target, or for those named

The corpora are read from $SHARED_DIR (by default ../shared). Where they are not there, nothing but our own
seeds is written; where CI=true they must be there.
"""

import base64
import gzip
import hashlib
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = pathlib.Path(os.environ.get("SHARED_DIR", ROOT / "../shared"))
SEED_BYTES_MAX = 8 * 1024  # the longest seed is the longest input; the corpus tests run the long cases


def cases(corpus, name="cases.jsonl"):
    path = SHARED / "corpora" / corpus / name
    if not path.exists():
        return []
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    if not found:
        raise SystemExit(f"seeds: {path} is empty")
    return found


def bytes_of(case, stem="bytes"):
    """The bytes of a case, however they are packed; None if it has none."""
    if case.get(f"{stem}_b64") is not None:
        return base64.b64decode(case[f"{stem}_b64"])
    if case.get(f"{stem}_gzip_b64") is not None:
        return gzip.decompress(base64.b64decode(case[f"{stem}_gzip_b64"]))
    repeat = case.get("repeat")
    if repeat:
        times = min(repeat["times"], 2000)
        return base64.b64decode(repeat["unit_b64"]) * times + base64.b64decode(repeat["suffix_b64"])
    return None


def all_of(corpus, name="cases.jsonl", stem="bytes", keep=lambda case: True):
    return [found for case in cases(corpus, name) if keep(case)
            if (found := bytes_of(case, stem)) is not None]


def cut_everywhere(items):
    """For targets whose first byte says how the rest is cut: whole, byte by byte, and in between."""
    return [bytes([cut]) + item for item in items for cut in (0, 6, 255)]


def requests():
    return cut_everywhere(all_of("http1-raw") + all_of(
        "http1-llhttp", keep=lambda case: case["parser_mode"].startswith("request")))


def responses():
    items = all_of("http1-upstream-responses") + all_of(
        "http1-llhttp", keep=lambda case: case["parser_mode"].startswith("response"))
    return [bytes([cut, how]) + item for item in items for cut, how in ((0, 0), (6, 1), (255, 2))]


def messages():
    return all_of("mcp-messages", stem="body")


def json_texts():
    return (all_of("json-parsing", "parsing.jsonl") + all_of("json-parsing", "transform.jsonl") + messages())


def events():
    return cut_everywhere(all_of("sse-streams"))


def tokens():
    found = []
    for case in cases("jwt-attacks", "tokens.jsonl"):
        token = case.get("token")
        if token is None:
            token = gzip.decompress(base64.b64decode(case["token_gzip_b64"])).decode("latin-1")
        found.append(token.encode("latin-1", "replace"))
    return found


def key_sets():
    return [case["jwks"].encode() for case in cases("jwt-attacks", "jwks.jsonl") if isinstance(case.get("jwks"), str)]


def proofs():
    """Header and claims of proofs, a line each; `ath` is that of the text "token"."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"token").digest()).decode().rstrip("=")
    header = '{"typ":"dpop+jwt","alg":"ES256","jwk":$K}'
    claims = {"jti": "a", "htm": "POST", "htu": "https://gw.test/mcp", "iat": 1800000000, "ath": digest}
    changes = [{}, {"nonce": "n"}, {"htu": "HTTP://GW.test:80/mcp?q#f"}, {"iat": 1800000059.5}, {"iat": 1799999900}, {"jti": ""}]
    found = [f"{header}\n{json.dumps(claims | change)}" for change in changes]
    found += [f"{other}\n{json.dumps(claims)}" for other in (
        '{"typ":"JWT","alg":"ES256","jwk":$K}', '{"typ":"dpop+jwt","alg":"none","jwk":$K}', '{"typ":"dpop+jwt","alg":"ES256"}',
        '{"typ":"dpop+jwt","alg":"ES256","jwk":$K,"crit":[]}', '{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"oct","k":"AA"}}')]
    return [text.encode() for text in found]


def examples():
    """Every configuration of this repository: examples, and those of the whole-gateway cases."""
    found = [path.read_bytes() for path in sorted((ROOT / "examples").glob("*/config.yaml"))]
    for path in sorted((ROOT / "tests/cases").rglob("*.case")):
        lines, is_configuration = [], False
        for line in path.read_text("utf-8").splitlines() + ["---"]:
            if line.startswith("---"):
                if is_configuration and lines:
                    found.append("\n".join(lines).encode() + b"\n")
                is_configuration, lines = line.split()[1:2] == ["config"], []
            elif is_configuration:
                lines.append(line)
    return found


def yaml_texts():
    return all_of("yaml-test-suite", stem="yaml") + examples()


def addresses():
    return [case["url"].encode() for case in cases("ssrf-and-origin", "ssrf-urls.jsonl")]


def origins():
    return [(case["host"] + "\n" + (case["origin"] or "")).encode()
            for case in cases("ssrf-and-origin", "host-origin.jsonl")]


def child_output():
    """All that a child of one case writes, as one stream."""
    found = []
    for case in cases("stdio-children"):
        stream = b"".join(bytes_of(step, "out") or b"" for step in case["child"])
        if stream:
            found.append(stream)
    return cut_everywhere(found)


def rules_of(case):
    sets = case.get("rule_sets") or [case.get("rules", [])]
    for rule in (rule for rules in sets for rule in rules):
        yield from [rule] if isinstance(rule, str) else [text for text in rule.values() if isinstance(text, str)]


def expressions():
    found = set()
    for name in ("combining.jsonl", "semantics.jsonl"):
        for case in cases("authz-decisions", name):
            found.update(rules_of(case))
    for path in sorted((SHARED / "cel-conformance").glob("*.json")):
        found.update(expressions_in(json.loads(path.read_text("utf-8"))))
    return [text.encode() for text in sorted(found)]


def expressions_in(value):
    if isinstance(value, list):
        for item in value:
            yield from expressions_in(item)
    elif isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for item in value.values():
            yield from expressions_in(item)


SEEDS = {
    "address_fuzz": addresses,
    "check_fuzz": expressions,
    "config_fuzz": yaml_texts,
    "evaluate_fuzz": expressions,
    "h1_request_fuzz": requests,
    "h1_response_fuzz": responses,
    "json_fuzz": json_texts,
    "jwks_fuzz": key_sets,
    "lines_fuzz": child_output,
    "message_fuzz": lambda: [side + text for text in messages() for side in (b"0", b"1")],
    "origin_fuzz": origins,
    "parse_fuzz": expressions,
    "proof_fuzz": proofs,
    "schema_fuzz": yaml_texts,
    "sse_fuzz": events,
    "token_fuzz": tokens,
    "uri_fuzz": lambda: addresses() + [text.split(b"\n")[0] for text in origins()],
    "yaml_fuzz": yaml_texts,
}


def write(folder, name):
    """One file a seed, named by its content; and this repository's own seeds beside them."""
    into = pathlib.Path(folder) / name
    into.mkdir(parents=True, exist_ok=True)
    own = ROOT / "fuzz/corpus" / name
    texts = [path.read_bytes() for path in sorted(own.glob("*"))] if own.is_dir() else []
    texts += [text for text in SEEDS.get(name, list)() if len(text) <= SEED_BYTES_MAX]
    for text in texts:
        (into / hashlib.sha1(text).hexdigest()).write_bytes(text)
    return into


def require_corpora():
    if (SHARED / "corpora").is_dir():
        return
    if os.environ.get("CI") == "true":
        raise SystemExit(f"seeds: {SHARED}/corpora is not there")
    print(f"seeds: {SHARED}/corpora is not there: our own seeds only")


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    require_corpora()
    for name in sys.argv[2:] or SEEDS:
        into = write(sys.argv[1], name)
        print(f"seeds: {name}: {len(list(into.iterdir()))}")


if __name__ == "__main__":
    main()
