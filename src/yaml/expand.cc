#include "yaml/expand.h"

#include "base/text.h"

namespace yaml {
namespace {

bool starts_name(char c) {
  return base::is_alpha(c) || c == '_';
}
bool continues_name(char c) {
  return base::is_alnum(c) || c == '_';
}

// The length of the name at the start of `text`.
std::size_t name_length(std::string_view text) {
  if (text.empty() || !starts_name(text[0])) return 0;
  std::size_t size = 1;
  while (size < text.size() && continues_name(text[size])) ++size;
  return size;
}

// A reference at the start of a text: "$$", "$NAME", "${NAME}" or "${NAME:-default}".
struct Reference {
  std::size_t size = 0;  // 0: this dollar sign stands for itself
  std::string_view name;
  std::optional<std::string_view> fallback;
  bool is_unclosed = false;
};

Reference braced(std::string_view text) {
  Reference reference;
  const std::size_t name = name_length(text.substr(2));
  if (name == 0) return reference;
  reference.name = text.substr(2, name);
  const std::string_view rest = text.substr(2 + name);
  const std::size_t end = rest.find('}');
  if (end == 0) {
    reference.size = name + 3;
  } else if (rest.starts_with(":-") && end != std::string_view::npos) {
    reference.fallback = rest.substr(2, end - 2);
    reference.size = name + end + 3;
  } else {
    reference.is_unclosed = true;
  }
  return reference;
}

Reference reference_at(std::string_view text) {
  if (text.starts_with("${")) return braced(text);
  Reference reference;
  if (text.starts_with("$$")) {
    reference.size = 2;
    return reference;
  }
  const std::size_t name = name_length(text.substr(1));
  reference.name = text.substr(1, name);
  reference.size = name == 0 ? 0 : name + 1;
  return reference;
}

class Expander {
 public:
  explicit Expander(const Environment& environment) : environment_(environment) {}

  void expand(Node& node) {
    for (Node& item : node.items) expand(item);
    for (Pair& pair : node.members) expand(pair.value);
    if (node.is_scalar() && node.text.find('$') != std::string::npos) expand_scalar(node);
  }

  std::vector<Mistake> take_mistakes() { return std::move(mistakes_); }

 private:
  void expand_scalar(Node& node) {
    const std::string_view text = node.text;
    std::string out;
    bool is_good = true;
    bool has_variable = false;
    for (std::size_t at = 0; at < text.size();) {
      const Reference reference = text[at] == '$' ? reference_at(text.substr(at)) : Reference();
      if (reference.is_unclosed)
        is_good = fail(node, at, "expected `}` or `:-` after the name in `${`");
      if (reference.size == 0) {
        out.push_back(text[at]);
        ++at;
        continue;
      }
      has_variable = has_variable || !reference.name.empty();
      is_good = append(reference, node, at, out) && is_good;
      at += reference.size;
    }
    node.is_broken = !is_good;
    if (!is_good || out == text) return;
    node.is_verbatim = false;
    node.is_expanded = has_variable;
    node.text = std::move(out);
  }

  bool append(const Reference& reference, const Node& node, std::size_t at, std::string& out) {
    if (reference.name.empty()) {
      out.push_back('$');
      return true;
    }
    std::optional<std::string> value = environment_(reference.name);
    if (reference.fallback && (!value || value->empty())) value = std::string(*reference.fallback);
    if (!value) {
      return fail(node, at,
                  "environment variable `" + std::string(reference.name) + "` is not set");
    }
    out += *value;
    return true;
  }

  bool fail(const Node& node, std::size_t offset, std::string message) {
    mistakes_.push_back(Mistake{node.position_of(offset), std::move(message)});
    return false;
  }

  const Environment& environment_;
  std::vector<Mistake> mistakes_;
};

}  // namespace

std::vector<Mistake> expand(Node& node, const Environment& environment) {
  Expander expander(environment);
  expander.expand(node);
  return expander.take_mistakes();
}

}  // namespace yaml
