#!/usr/bin/env python3
"""Tests of tidy.py: for each rule what it must report, and what it must let pass."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tidy  # noqa: E402
import tidy_await  # noqa: E402
import tidy_source  # noqa: E402

ROOMS = """
room(base LINKS Threads::Threads)
room(json USES LINKS x)
room(crypto LINKS OpenSSL::Crypto)
room(http USES json crypto)
room(policy USES json http
         crypto)
room(app USES json http policy)
"""
HEADER = "#pragma once\n// What it is.\n"


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write("src/CMakeLists.txt", ROOMS)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def findings(self):
        return tidy.check_tree(self.root)[0].lines

    def reports(self, path, text, *expected):
        self.write(path, text)
        self.assertEqual([line for line in self.findings() if line.startswith(path)], list(expected))

    def passes(self, path, text):
        self.reports(path, text)


class Rooms(Tree):
    def test_reads_the_rooms_with_continued_lines(self):
        self.assertEqual(tidy.read_rooms(self.root)["policy"], {"json", "http", "crypto", "base"})

    def test_a_room_may_use_what_its_line_names(self):
        self.passes("src/http/message.cc", '#include "http/message.h"\n\n#include "json/value.h"\n#include "base/x.h"\n')

    def test_a_room_may_not_look_up(self):
        self.reports("src/http/message.cc", '#include "policy/chain.h"\n',
                     "src/http/message.cc:1: http may not know policy")

    def test_every_include_says_its_room(self):
        self.reports("src/http/message.cc", '#include "message.h"\n',
                     'src/http/message.cc:1: "message.h" must say its room: "http/message.h"')

    def test_detail_headers_stay_at_home(self):
        self.passes("src/json/read.cc", '#include "json/detail_table.h"\n')
        self.reports("src/http/message.cc", '#include "json/detail_table.h"\n',
                     "src/http/message.cc:1: json/detail_table.h is internal to json")

    def test_foreign_headers_have_one_room(self):
        self.passes("src/crypto/key.cc", "#include <openssl/evp.h>\n")
        self.passes("src/crypto/detail_key.h", HEADER + "#include <openssl/evp.h>\n")
        self.reports("src/http/key.cc", "#include <openssl/evp.h>\n",
                     "src/http/key.cc:1: <openssl/evp.h> belongs to room crypto, not http")

    def test_foreign_headers_stand_in_no_public_header(self):
        self.reports("src/json/value.h", HEADER + "#include <simdjson.h>\n",
                     "src/json/value.h:3: <simdjson.h> may stand only in .cc files and detail_*.h")

    def test_a_folder_must_be_a_room(self):
        self.reports("src/misc/x.cc", "", "src/misc/x.cc:1: folder src/misc is no room: "
                     "src/CMakeLists.txt does not list it")

    def test_a_room_must_stand_below_what_uses_it(self):
        self.write("src/CMakeLists.txt", "room(base)\nroom(http USES json)\nroom(json)\n")
        with self.assertRaises(SystemExit):
            tidy.read_rooms(self.root)


class Words(Tree):
    def test_banned_words(self):
        for code in ("std::cout << std::endl;", "using namespace std;", "class SessionManager {", "struct Impl {",
                     "system(command);"):
            with self.subTest(code):
                self.write("src/app/x.cc", code + "\n")
                self.assertEqual(len(self.findings()), 1, code)

    def test_words_in_comments_and_strings_are_no_code(self):
        self.passes("src/http/x.cc", '// never std::endl\nauto s = "using namespace";\n/* system( */\n')

    def test_only_app_writes_to_the_terminal(self):
        self.passes("src/app/x.cc", "std::cout << 1;\n")
        self.reports("src/http/x.cc", "std::cout << 1;\n",
                     "src/http/x.cc:1: only app/ writes to the terminal; others use Log")

    def test_leftovers_are_reported_in_any_file(self):
        self.reports("docs/x.md", "FIX" + "ME later\n", "docs/x.md:1: FIX" + "ME: mend it or say why it is so")
        self.write("docs/x.md", "")
        self.reports("src/http/x.cc", "// TO" + "DO later\n",
                     "src/http/x.cc:1: TO" + "DO needs its reason: TODO(reason): ...")

    def test_paths_of_a_machine(self):
        self.reports("docs/y.md", "see /wo" + "rk/main/x\n", "docs/y.md:1: a path of one machine")


class Lengths(Tree):
    def test_a_file_has_at_most_500_lines(self):
        self.passes("src/json/a.cc", "\n" * 500)
        self.reports("src/json/b.cc", "\n" * 501, "src/json/b.cc:501: 501 lines; at most 500: split it by subject")

    def test_an_exception_ends_at_600(self):
        self.write("tools/tidy_exceptions.txt", "src/json/c.cc 700\n")
        self.reports("src/json/c.cc", "\n" * 601, "src/json/c.cc:601: 601 lines; at most 600: split it by subject")

    def test_an_exception_that_is_no_longer_needed_is_struck(self):
        self.write("tools/tidy_exceptions.txt", "src/json/d.cc 550\n")
        self.reports("src/json/d.cc", "\n" * 10, "src/json/d.cc:10: 10 lines: strike it from tools/tidy_exceptions.txt")

    def test_a_function_has_at_most_60_lines(self):
        body = "  work();\n" * 58
        self.passes("src/json/e.cc", "int f(int a) {\n" + body + "}\n")
        self.reports("src/json/f.cc", "int C::f(int a) const {\n" + body + "\n\n}\n",
                     "src/json/f.cc:1: f has 62 lines; at most 60: it does more than one thing")

    def test_functions_are_found_in_classes_and_namespaces(self):
        source = tidy_source.Source(
            "namespace a {\nclass B : public C {\n public:\n  B() : x_{1}, y_(2) { go(); }\n  int get() const { return x_; }\n"
            "};\nstd::vector<int> list(std::map<int, int> m) {\n  for (auto x : m) { use(x); }\n}\n}\n")
        self.assertIn("get", [function.name for function in source.functions()])
        self.assertIn("list", [function.name for function in source.functions()])


class Headers(Tree):
    def test_a_header_opens_with_pragma_and_essay(self):
        self.passes("src/json/a.h", HEADER)
        self.reports("src/json/b.h", "// x\n#pragma once\n", "src/json/b.h:1: a header begins with #pragma once")
        self.reports("src/json/c.h", "#pragma once\n#include <x>\n",
                     "src/json/c.h:2: a header says first what the thing is, in a comment below #pragma once")


class Map(Tree):
    def test_names_in_the_map_exist(self):
        self.write("docs/architecture.md", "base json crypto http policy app: `src/http/gone.cc`\n")
        self.assertEqual(self.findings(),
                         ["docs/architecture.md:1: names src/http/gone.cc, which does not exist"])


ALLOWED = [
    "co_await f();",
    "co_await f(a, std::move(b), 3, \"text\", g(c), *d, &e, this->m_);",
    "auto x = co_await f(a);",
    "const Result<int> x = co_await object.f(a);",
    "x = co_await f(a);",
    "self.member_ = co_await f(a);",
    "table[3] = co_await f(a);",
    "auto [a, b] = co_await f();",
    "co_return co_await f(a);",
    "CO_TRY(auto x, co_await f(a));",
    "CO_TRY(const auto x, co_await f(a, std::move(b)));",
    "CO_TRY(co_await f(a));",
    "CO_TRY(x, co_await f(a));",
    "if (ready) co_await f();",
    "if (!x) {\n  co_return co_await f();\n}",
    "while (more) {\n  auto x = co_await f();\n}",
    "for (auto& y : list) co_await f(y);",
    "if (a) {\n} else co_await f();",
    "switch (x) {\n  case Kind::one:\n    co_await f();\n    break;\n}",
    "co_await std::move(task);",
    "co_await pointer->f(x)\n    ;",
    "auto x = co_await f<int>(a);",
    "auto x = co_await before(deadline, f(a));",
    "Scheduler& scheduler = co_await this_scheduler();",
    "auto x = co_await f(list[0], map[key]);",
    "CO_TRY(auto text, co_await read(stream, limits.head, deadline));",
    "auto x = co_await f(a == b, c - 1);",
]

REFUSED = [
    "co_await f(Options{1, 2});",
    "co_await f({.name = x});",
    "co_await f([x] { return x; });",
    "co_await f([&](int y) { return y; });",
    "co_await f([] { return 1; });",
    "auto x = c ? co_await f() : other;",
    "auto x = co_await (c ? f() : g());",
    "co_await f(c ? a : b);",
    "Reply r{1, co_await f()};",
    "co_return Reply{1, co_await f()};",
    "if (co_await f()) return;",
    "switch (co_await f()) {\n  default: break;\n}",
    "while (co_await f()) work();",
    "for (auto x : co_await f()) work();",
    "std::vector v{co_await f()};",
    "g(co_await f());",
    "g(1, co_await f());",
    "auto x = g(co_await f());",
    "auto x = co_await f() + 1;",
    "auto x = 1 + co_await f();",
    "auto x = !co_await f();",
    "auto x = *co_await f();",
    "bool b = co_await f() == 3;",
    "co_await f(co_await g());",
    "co_return (co_await f()).value();",
    "return_value(co_await f());",
    "co_await f(std::function<void()>(g));",
    "auto x = (co_await f()).name;",
    "CO_TRY(auto x, g(co_await f()));",
    "CO_TRY(auto x, co_await f(Options{1}));",
    "co_return co_await f({a, b});",
    "auto x = ({ co_await f(); });",
]


class Await(unittest.TestCase):
    def check(self, statement):
        return list(tidy_await.check(tidy_source.Source("Task<> t() {\n" + statement + "\n}\n")))

    def test_allowed_forms(self):
        for statement in ALLOWED:
            with self.subTest(statement):
                self.assertEqual(self.check(statement), [])

    def test_refused_forms(self):
        for statement in REFUSED:
            with self.subTest(statement):
                self.assertEqual(len(self.check(statement)) > 0, True, statement)

    def test_comments_and_declarations_are_no_awaits(self):
        self.assertEqual(self.check("// if (co_await f())\nAwaiter operator co_await() && noexcept;"), [])

    def test_the_line_is_that_of_the_co_await(self):
        found = self.check("int a;\n\nif (\n    co_await f()) {}")
        self.assertEqual([line for line, _ in found], [5])


if __name__ == "__main__":
    unittest.main()
