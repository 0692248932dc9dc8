#include "yaml/read.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <yaml.h>

#include "base/text.h"

namespace yaml {
namespace {

Position position_of_mark(const yaml_mark_t& mark) {
  return Position{static_cast<std::uint32_t>(mark.line + 1),
                  static_cast<std::uint32_t>(mark.column + 1)};
}

std::string_view view(const yaml_char_t* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

// One event, freed with it.
class Event {
 public:
  Event() = default;
  ~Event() { yaml_event_delete(&event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  yaml_event_t* get() { return &event_; }
  yaml_event_type_t type() const { return event_.type; }
  Position at() const { return position_of_mark(event_.start_mark); }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

// libyaml's parser over a text.
class Events {
 public:
  explicit Events(std::string_view text) {
    yaml_parser_initialize(&parser_);
    // Otherwise the first bytes could switch to UTF-16.
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Events() { yaml_parser_delete(&parser_); }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  bool next(Event& event) { return yaml_parser_parse(&parser_, event.get()) != 0; }

  Mistake mistake() const {
    std::string message = parser_.problem ? parser_.problem : "not YAML";
    if (parser_.context) message += std::string(" ") + parser_.context;
    const bool has_mark = parser_.error != YAML_READER_ERROR;
    return Mistake{has_mark ? position_of_mark(parser_.problem_mark) : Position{1, 1}, message};
  }

 private:
  yaml_parser_t parser_{};
};

// A node that an alias may name, with what copying it costs.
struct Anchor {
  Node node;
  std::size_t nodes = 0;
  std::size_t height = 0;
};

// Builds the tree. A method that returns false has set the mistake.
class Composer {
 public:
  Composer(std::string_view text, const Limits& limits)
      : source_{"", std::string(text)}, events_(source_.text), limits_(limits) {}

  bool compose(Node& root) {
    root.at = root.content = Position{1, 1};
    return expect(YAML_STREAM_START_EVENT) && compose_document(root);
  }

  Mistake take_mistake() { return std::move(mistake_); }

 private:
  bool fail(Position at, std::string message) {
    mistake_ = Mistake{at, std::move(message)};
    return false;
  }

  bool next(Event& event) { return events_.next(event) || from_parser(); }
  bool from_parser() {
    mistake_ = events_.mistake();
    return false;
  }

  bool expect(yaml_event_type_t type) {
    Event event;
    if (!next(event)) return false;
    if (event.type() != type) return fail(event.at(), "several documents in one file");
    return true;
  }

  bool compose_document(Node& root) {
    Event start;
    if (!next(start)) return false;
    if (start.type() == YAML_STREAM_END_EVENT) return true;
    Event first;
    return next(first) && compose_node(first, root, 0) && expect(YAML_DOCUMENT_END_EVENT) &&
           expect(YAML_STREAM_END_EVENT);
  }

  bool compose_node(const Event& event, Node& node, std::size_t depth) {
    if (event.type() == YAML_ALIAS_EVENT) return compose_alias(event, node, depth);
    if (++nodes_ > limits_.nodes_max) return fail(event.at(), "the file has too many values");
    deepest_ = std::max(deepest_, depth);
    node.at = node.content = event.at();
    switch (event.type()) {
      case YAML_SCALAR_EVENT:
        return compose_scalar(event, node);
      case YAML_SEQUENCE_START_EVENT:
      case YAML_MAPPING_START_EVENT:
        return compose_collection(event, node, depth);
      default:
        return fail(event.at(), "unexpected end");
    }
  }

  bool compose_alias(const Event& event, Node& node, std::size_t depth) {
    const auto found = anchors_.find(std::string(view(event->data.alias.anchor)));
    if (found == anchors_.end())
      return fail(event.at(), "alias of an anchor that is not known here");
    const Anchor& anchor = found->second;
    nodes_ += anchor.nodes;
    deepest_ = std::max(deepest_, depth + anchor.height);
    if (nodes_ > limits_.nodes_max) return fail(event.at(), "aliases make the file too large");
    if (deepest_ > limits_.depth_max) return fail(event.at(), "nested too deeply");
    node = anchor.node;
    return true;
  }

  bool compose_scalar(const Event& event, Node& node) {
    const auto& scalar = event->data.scalar;
    if (scalar.tag) return fail(event.at(), "tags are not supported");
    node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    node.style = style_of(scalar.style);
    if (!scalar.anchor) lay_out(event, node);
    remember(scalar.anchor, node, 1, 0);
    return true;
  }

  static Style style_of(yaml_scalar_style_t style) {
    switch (style) {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return Style::quoted;
      case YAML_LITERAL_SCALAR_STYLE:
        return Style::literal;
      case YAML_FOLDED_SCALAR_STYLE:
        return Style::folded;
      default:
        return Style::plain;
    }
  }

  // Finds out whether the text stands in the file as it is.
  void lay_out(const Event& event, Node& node) {
    if (node.style == Style::literal) {
      lay_out_literal(node);
      return;
    }
    const bool is_one_line = event->start_mark.line == event->end_mark.line;
    if (node.style == Style::folded || !is_one_line) return;
    const std::size_t quote = node.style == Style::quoted ? 1 : 0;
    const std::size_t width = event->end_mark.column - event->start_mark.column;
    // An escape is longer than what it stands for.
    node.is_verbatim = width == characters(node.text) + 2 * quote;
    if (node.is_verbatim) node.content.column += static_cast<std::uint32_t>(quote);
  }

  // A literal's lines follow its header, all indented by the same number of spaces.
  void lay_out_literal(Node& node) {
    const std::vector<std::string_view> lines = base::split(node.text, '\n');
    const auto filled = std::find_if(lines.begin(), lines.end(),
                                     [](std::string_view line) { return !line.empty(); });
    if (filled == lines.end()) return;
    const auto skipped = static_cast<std::size_t>(filled - lines.begin());
    const std::string_view written = source_.line(node.at.line + 1 + skipped);
    if (!written.ends_with(*filled)) return;
    node.is_verbatim = true;
    node.content.line = node.at.line + 1;
    node.content.column = static_cast<std::uint32_t>(written.size() - filled->size() + 1);
  }

  bool compose_collection(const Event& event, Node& node, std::size_t depth) {
    const bool is_sequence = event.type() == YAML_SEQUENCE_START_EVENT;
    const auto* tag = is_sequence ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const auto* anchor =
        is_sequence ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    if (tag) return fail(event.at(), "tags are not supported");
    if (depth == limits_.depth_max) return fail(event.at(), "nested too deeply");

    const std::size_t nodes_before = nodes_ - 1;
    const std::size_t deepest_before = std::exchange(deepest_, depth);
    node.kind = is_sequence ? Kind::sequence : Kind::mapping;
    if (!(is_sequence ? compose_items(node, depth) : compose_members(node, depth))) return false;
    remember(anchor, node, nodes_ - nodes_before, deepest_ - depth);
    deepest_ = std::max(deepest_, deepest_before);
    return true;
  }

  bool compose_items(Node& node, std::size_t depth) {
    for (;;) {
      Event event;
      if (!next(event)) return false;
      if (event.type() == YAML_SEQUENCE_END_EVENT) return true;
      if (!compose_node(event, node.items.emplace_back(), depth + 1)) return false;
    }
  }

  bool compose_members(Node& node, std::size_t depth) {
    for (;;) {
      Event key;
      if (!next(key)) return false;
      if (key.type() == YAML_MAPPING_END_EVENT) return keys_differ(node);
      Pair& pair = node.members.emplace_back();
      if (!compose_node(key, pair.key, depth + 1)) return false;
      if (!pair.key.is_scalar()) return fail(pair.key.at, "a key has to be a scalar");
      Event value;
      if (!next(value) || !compose_node(value, pair.value, depth + 1)) return false;
    }
  }

  bool keys_differ(const Node& node) {
    std::vector<const Node*> keys;
    keys.reserve(node.members.size());
    for (const Pair& pair : node.members) keys.push_back(&pair.key);
    std::sort(keys.begin(), keys.end(), [](const Node* a, const Node* b) {
      return std::tie(a->text, a->at) < std::tie(b->text, b->at);
    });
    const auto same = [](const Node* a, const Node* b) { return a->text == b->text; };
    const auto found = std::adjacent_find(keys.begin(), keys.end(), same);
    if (found == keys.end()) return true;
    return fail((*(found + 1))->at, "duplicate key `" + base::printable((*found)->text) +
                                        "`, first given in line " +
                                        std::to_string((*found)->at.line));
  }

  void remember(const yaml_char_t* anchor, const Node& node, std::size_t nodes,
                std::size_t height) {
    if (anchor) anchors_.insert_or_assign(std::string(view(anchor)), Anchor{node, nodes, height});
  }

  Source source_;
  Events events_;
  const Limits& limits_;
  std::map<std::string, Anchor> anchors_;
  std::size_t nodes_ = 0;
  std::size_t deepest_ = 0;  // depth of the deepest node since the innermost open collection began
  Mistake mistake_;
};

}  // namespace

tl::expected<Node, Mistake> read(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return tl::unexpected<Mistake>(Mistake{{1, 1}, "the file is too large"});
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  Composer composer(text, limits);
  Node root;
  if (!composer.compose(root)) return tl::unexpected<Mistake>(composer.take_mistake());
  return root;
}

std::string_view Source::line(std::size_t number) const {
  std::string_view rest = text;
  for (; number > 1; --number) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  std::string_view found = rest.substr(0, rest.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return number == 1 ? found : std::string_view();
}

}  // namespace yaml
