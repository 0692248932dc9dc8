"""A C++ file as tidy.py looks at it: without comments and literals, and cut into functions."""

import re
from dataclasses import dataclass


@dataclass
class Function:
    name: str
    line: int
    lines: int
    body: str
    body_line: int


NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "namespace", "class", "struct", "enum", "union", "do",
                 "else", "try", "return", "requires"}


def blank(match):
    """What was matched as spaces, so that positions stay."""
    return re.sub(r"[^\n]", " ", match.group(0))


def blank_literal(match):
    text = match.group(0)
    return '"' + re.sub(r"[^\n]", "_", text[1:-1]) + '"' if text[0] == '"' else re.sub(r"[^\n]", "_", text)


TOKENS = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<raw>R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![\w'])'(?:\\.[^'\n]*|[^'\\\n])')",
    re.S)


def strip(text):
    """Comments become spaces and literals placeholders; lines and columns stay."""
    def replace(match):
        if match.group("comment"):
            return blank(match)
        return blank_literal(match)
    return TOKENS.sub(replace, text)


class Source:
    def __init__(self, text):
        self.text = text
        self.raw_lines = text.splitlines()
        self.code = strip(text)
        # Preprocessor lines, continuations included, are no statements.
        self.code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", blank, self.code, flags=re.M)
        self.code_lines = self.code.splitlines()

    def line_of(self, offset):
        return self.code.count("\n", 0, offset) + 1

    def closing(self, offset):
        """The offset of the brace that closes the one at offset."""
        depth = 0
        for position in range(offset, len(self.code)):
            if self.code[position] == "{":
                depth += 1
            elif self.code[position] == "}":
                depth -= 1
                if depth == 0:
                    return position
        return len(self.code) - 1

    def functions(self):
        """Function definitions at namespace or class level (lambdas belong to their function)."""
        found, position = [], 0
        while True:
            brace = self.code.find("{", position)
            if brace < 0:
                return found
            head_begin = max(self.code.rfind(mark, 0, brace) for mark in ";{}") + 1
            head = self.code[head_begin:brace]
            name = function_name(head)
            if name is None:
                position = brace + 1
                continue
            end = self.closing(brace)
            first = head_begin + len(head) - len(head.lstrip())
            found.append(Function(name, self.line_of(first), self.line_of(end) - self.line_of(brace) + 1,
                                  self.code[brace:end + 1], self.line_of(brace)))
            position = end + 1


def function_name(head):
    """The function's name if the text before a brace is a function's head."""
    head = re.sub(r"\b(public|private|protected)\s*:", " ", head).strip()
    head = re.sub(r"^(template\s*<[^{}]*?>\s*)+(?=\w)", "", head)
    if "(" not in head or re.match(r"(namespace|enum|union)\b", head) or head.endswith("="):
        return None
    if re.match(r"(class|struct)\b[^(]*$", head):
        return None
    match = re.match(r"[^()]*?((?:[\w:~<>]+::)?(?:operator\s*[^\s(]+|operator\s*\(\)|~?\w+))\s*\(", head)
    if not match:
        return None
    name = match.group(1).split("::")[-1]
    if name in NOT_FUNCTIONS or re.match(r"[A-Z_]{4,}$", name) and name != "TEST":
        return name if name in ("TEST", "TEST_F", "TEST_P") else None
    before = head[:match.start(1)].strip()
    if before.endswith(("=", ",", "return")):
        return None
    return name
