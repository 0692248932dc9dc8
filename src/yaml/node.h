#pragma once
// YAML text as a tree of nodes that know where they stood. A Node is a plain value: dialects are
// rewritten by building other trees from its parts, and positions keep pointing at what was
// written.
//
// Scalars keep their text; what type a plain scalar has is decided when it is asked for, by the
// core schema of YAML 1.2 (so `no` is a string, `0o17` a number).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yaml {

// Both count from 1; the column counts characters, not bytes. Line 0 means "nowhere".
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

enum class Kind : std::uint8_t { scalar, sequence, mapping };

enum class Style : std::uint8_t {
  plain,    // the only one that can be something else than a string
  quoted,   // '...' or "..."
  literal,  // |
  folded,   // >
};

// What a scalar is by the core schema.
enum class Core : std::uint8_t { null, boolean, integer, real, string };

// How the characters of a scalar lie in the file.
struct Layout {
  Position at;       // its first character, quotes and indicators included
  Position content;  // the first character of its text
  Style style = Style::plain;
  // Whether offset n of the text stood n bytes after `content` (plain and quoted scalars on one
  // line without escapes), or, for a literal, each line of the text at column `content.column` of
  // its line.
  bool is_verbatim = false;
};

// Where the character at `offset` (in bytes) of a scalar's text stood; the scalar's start where
// that is not known (folded text, escapes, expanded variables).
Position position_of(const Layout& layout, std::string_view text, std::size_t offset);

struct Pair;

// The Layout of a sequence or mapping has only `at`: its first character.
struct Node : Layout {
  Kind kind = Kind::scalar;
  bool is_expanded = false;   // some of `text` came from the environment: not to be shown
  bool is_broken = false;     // its variables could not be expanded, which was reported
  std::string text;           // of a scalar
  std::vector<Node> items;    // of a sequence
  std::vector<Pair> members;  // of a mapping, in the order of the text; keys are scalars, each once

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_mapping() const { return kind == Kind::mapping; }

  // Of a scalar; Core::string for the rest.
  Core core() const;
  bool is_null() const { return is_scalar() && core() == Core::null; }
  // Nothing if the scalar's text is not of that type or does not fit. They look at the text alone:
  // whether a quoted "5" may stand for a number is the caller's decision.
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;
  std::optional<std::uint64_t> as_uint() const;
  std::optional<double> as_double() const;

  // The value of that key in a mapping; null if there is none or this is no mapping.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);

  // Of the character at `offset` of `text`.
  Position position_of(std::size_t offset) const;
};

struct Pair {
  Node key;
  Node value;
};

// Nodes for rewriting: made at a position, as if they had been written there.
Node scalar(std::string text, Position at);
Node sequence(std::vector<Node> items, Position at);
Node mapping(std::vector<Pair> members, Position at);

// The same tree: kinds, texts and whether a scalar is plain; not positions.
bool is_same(const Node& a, const Node& b);

// What a type is called in messages: "a string", "a list", ...
std::string_view name_of(const Node& node);

}  // namespace yaml
