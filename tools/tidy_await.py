"""The await rule: every co_await is the whole of its statement, with named arguments.

Allowed:
    co_await f(a, std::move(b), 3, g(c));
    x = co_await f(...);            auto x = co_await f(...);   auto [a, b] = co_await f(...);
    co_return co_await f(...);
    CO_TRY(auto x, co_await f(...));    CO_TRY(co_await f(...));

The reason is g++ 12: it miscompiles aggregates, closures and conditional expressions that are built
inside an expression with co_await, and a co_await in the condition of an if or a switch.
"""

import re

LEFT_EDGE = re.compile(
    r"^(?:"
    r"co_return\s+|"
    r"CO_TRY\s*\((?:[^(){};]*,)?\s*|"
    r"ASSERT_CO_TRY\s*\((?:[^(){};]*,)?\s*|"
    r"(?:[\w:<>,&*\s\[\].>-]+?(?:\([^(){}]*\))?[\w.\[\]>-]*\s)=\s*"
    r")?co_await\b")
LABEL = re.compile(r"^(?:case\s(?:[^:?]|::)*:(?!:)|default\s*:|else\b|do\b|try\b)\s*")
BLOCK_HEAD = re.compile(r"^(?:if|for|while|switch)\b")


def check(source):
    """Yields (line, what is wrong) for each co_await that breaks the rule."""
    code = source.code
    for match in re.finditer(r"\bco_await\b", code):
        if is_operator_declaration(code, match.start()):
            continue
        begin, end, in_braces = statement_around(code, match.start())
        line = source.line_of(match.start())
        wrong = "co_await in braces: await into a name first" if in_braces else what_is_wrong(code[begin:end])
        if wrong:
            yield line, wrong


def is_operator_declaration(code, offset):
    return re.search(r"operator\s*$", code[max(0, offset - 12):offset]) is not None


def statement_around(code, offset):
    """From after the last ; { } (outside parentheses) to the ; that ends the statement, and whether
    the braces around it are no block."""
    begin = offset
    depth = 0
    while begin > 0:
        mark = code[begin - 1]
        if mark in ")]":
            depth += 1
        elif mark in "([":
            depth -= 1
        elif mark in ";{}" and depth <= 0:
            break
        begin -= 1
    end, depth = offset, 0
    while end < len(code):
        mark = code[end]
        if mark in "([{":
            depth += 1
        elif mark == "}" and depth <= 0:
            return begin, end, True
        elif mark in ")]}":
            depth -= 1
        elif mark == ";" and depth <= 0:
            break
        end += 1
    return begin, end, in_statement_expression(code, begin)


def in_statement_expression(code, begin):
    return re.search(r"\(\s*\{\s*$", code[:begin]) is not None


def without_heads(statement):
    """The statement behind labels and behind `if (...)`, whose own condition must not await."""
    text = statement.strip()
    while True:
        label = LABEL.match(text)
        if label:
            text = text[label.end():].lstrip()
            continue
        head = BLOCK_HEAD.match(text)
        if not head:
            return text, None
        close = closing_parenthesis(text, text.find("("))
        if close < 0 or "co_await" in text[:close]:
            return text, text[head.start():head.end()]
        text = text[close + 1:].lstrip()


def closing_parenthesis(text, begin):
    depth = 0
    for position in range(begin, len(text)):
        if text[position] == "(":
            depth += 1
        elif text[position] == ")":
            depth -= 1
            if depth == 0:
                return position
    return -1


def what_is_wrong(statement):
    text, head = without_heads(statement)
    text = re.sub(r"\s+", " ", text)
    if head:
        return f"co_await in the head of `{head}`: await into a name first"
    if text.count("co_await") > 1:
        return "two co_await in one statement: one per statement"
    if not LEFT_EDGE.match(text):
        return "co_await must be the whole of its statement, at its left edge"
    if text.startswith("co_return co_await"):
        rest = text[len("co_return "):]
    else:
        rest = text[text.index("co_await"):]
    if "{" in rest:
        return "braces in the arguments of a co_await: name the value first"
    if re.search(r"(?<![\w\])])\[[^\]]*\]\s*(\(|mutable|<)", rest):
        return "a lambda in the arguments of a co_await: name it or use a function"
    if "?" in rest:
        return "?: around or in a co_await: write if and else"
    if re.search(r"\bstd::function\s*[<(]", rest):
        return "std::function made in a co_await: name it first"
    return trailing(rest, text)


def trailing(rest, text):
    """Nothing may follow the awaited call: co_await f() + 1 is not a whole statement."""
    body = rest[len("co_await"):].strip()
    if text.startswith(("CO_TRY", "ASSERT_CO_TRY")):
        if not body.endswith(")"):
            return "CO_TRY must end behind the awaited call"
        body = body[:-1].strip()
    depth = 0
    for position, mark in enumerate(body):
        if mark in "([":
            depth += 1
        elif mark in ")]":
            depth -= 1
        elif depth == 0 and mark in "+-*/%|&^<=!,":
            if body[position:position + 2] == "->" or body[position - 1:position + 1] == "->":
                continue
            if mark == "*" and position == 0:
                continue
            if mark in "<" and re.match(r"[\w:]+<[\w:<>,\s*&]*>\s*\(", body):
                return None
            return "an operator beside a co_await: await into a name first"
    return None
