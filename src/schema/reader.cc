#include "schema/reader.h"

#include <algorithm>

#include "base/secret_look.h"
#include "base/text.h"

namespace schema {
namespace {

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alnum(c) || c == '_' || c == '-';
  });
}

std::string in_backquotes(std::string_view name) {
  return "`" + base::printable(name, 64) + "`";
}

// The last line that is known to belong to the node.
std::size_t last_line(const yaml::Node& node) {
  std::size_t last = node.at.line;
  if (node.is_scalar()) {
    const auto breaks = static_cast<std::size_t>(std::ranges::count(node.text, '\n'));
    const bool is_block = node.style == yaml::Style::literal || node.style == yaml::Style::folded;
    last += breaks + (is_block ? 1 : 0);
  }
  for (const yaml::Node& item : node.items) last = std::max(last, last_line(item));
  for (const yaml::Pair& pair : node.members) last = std::max(last, last_line(pair.value));
  return last;
}

// "user:password@host", which is no address anywhere, but is taken for one.
bool has_password(std::string_view text) {
  const std::string_view authority = text.substr(0, text.find_first_of("/?# \t\r\n"));
  const std::size_t colon = authority.find(':');
  return colon != std::string_view::npos && authority.find('@', colon) != std::string_view::npos;
}

}  // namespace

bool has_secret_address(const yaml::Node& node) {
  if (node.is_scalar()) {
    return has_password(node.text) || base::without_secrets(node.text) != node.text;
  }
  return std::any_of(node.items.begin(), node.items.end(), has_secret_address);
}

void Reader::error(const yaml::Node& node, std::string message, std::string suggestion) {
  ++error_count_;
  if (node.is_broken) return;  // reported when its variables were expanded
  add(Severity::error, node, std::move(message), std::move(suggestion));
}

void Reader::warn(const yaml::Node& node, std::string message, std::string suggestion) {
  add(Severity::warning, node, std::move(message), std::move(suggestion));
}

void Reader::add(Severity severity, const yaml::Node& node, std::string message,
                 std::string suggestion) {
  // A file of nothing but mistakes: more than this helps nobody.
  constexpr std::size_t problems_max = 1000;
  if (problems_.size() >= problems_max) return;
  Problem& problem = problems_.emplace_back();
  problem.severity = severity;
  problem.at = node.at;
  problem.path = path_;
  problem.message = std::move(message);
  problem.suggestion = std::move(suggestion);
  problem.is_secret = is_secret_ || has_secret_address(node);
}

void Reader::add_secret(const yaml::Pair& member) {
  secret_lines_.push_back({member.key.at.line, last_line(member.value)});
}

void Reader::add_secret(const yaml::Node& value) {
  secret_lines_.push_back({value.at.line, last_line(value)});
}

std::string Reader::found(const yaml::Node& node) const {
  if (is_secret_ || has_secret_address(node) || node.is_expanded ||
      node.core() == yaml::Core::null || !node.is_scalar()) {
    return std::string(yaml::name_of(node));
  }
  return std::string(yaml::name_of(node)) + " " + in_backquotes(node.text);
}

Reader::Secrecy::Secrecy(Reader& reader, bool is_secret)
    : reader_(reader), was_secret_(reader.is_secret_) {
  reader_.is_secret_ = was_secret_ || is_secret;
}

Reader::Secrecy::~Secrecy() {
  reader_.is_secret_ = was_secret_;
}

Reader::Step::Step(Reader& reader, std::string_view name)
    : reader_(reader), path_size_(reader.path_.size()) {
  if (!is_plain_name(name)) {
    reader_.path_ += "[\"" + base::printable(name, 64) + "\"]";
    return;
  }
  if (!reader_.path_.empty()) reader_.path_ += '.';
  reader_.path_ += name;
}

Reader::Step::Step(Reader& reader, std::size_t index)
    : reader_(reader), path_size_(reader.path_.size()) {
  reader_.path_ += "[" + std::to_string(index) + "]";
}

Reader::Step::~Step() {
  reader_.path_.resize(path_size_);
}

namespace {

// One pass over the members of a mapping.
class ObjectReader {
 public:
  ObjectReader(const yaml::Node& node, const ObjectInfo& info, Reader& reader)
      : node_(node), info_(info), reader_(reader), keys_(info.fields.size(), nullptr) {}

  void read(const FieldReader& read_field) {
    for (const yaml::Pair& pair : node_.members) read_member(pair, read_field);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const FieldInfo& field = info_.fields[i];
      if (field.is_required && !keys_[i]) reader_.error(node_, "`" + field.name + "` is required");
    }
    for (const Group& group : info_.groups) check_group(group);
  }

 private:
  void read_member(const yaml::Pair& pair, const FieldReader& read_field) {
    if (has_secret_address(pair.value)) reader_.add_secret(pair);
    const FieldInfo* field = info_.find(pair.key.text);
    if (!field) {
      report_unknown(pair);
      return;
    }
    const auto index = static_cast<std::size_t>(field - info_.fields.data());
    if (keys_[index]) {
      reader_.error(pair.key, in_backquotes(pair.key.text) + " is the same field as " +
                                  in_backquotes(keys_[index]->text));
      return;
    }
    keys_[index] = &pair.key;
    read_known(*field, index, pair, read_field);
  }

  void read_known(const FieldInfo& field, std::size_t index, const yaml::Pair& pair,
                  const FieldReader& read_field) {
    if (!field.is_supported) {
      reader_.error(pair.key, "field `" + field.name + "` is known, but not supported yet");
      return;
    }
    if (!field.deprecated.empty()) {
      reader_.warn(pair.key, "field `" + field.name + "` is deprecated: " + field.deprecated);
    }
    const Reader::Step step(reader_, pair.key.text);
    // A scalar where a list of objects with secrets belongs is perhaps one of those.
    const bool is_misplaced = field.schema.shape == Shape::list && pair.value.is_scalar();
    const Reader::Secrecy secrecy(reader_,
                                  field.is_secret || (is_misplaced && field.holds_secrets()));
    if (field.is_secret) reader_.add_secret(pair);
    // Taken as "not given", an `authorization:` whose rules were all commented out would let
    // everyone in.
    const bool takes_null = field.schema.shape == Shape::any;
    if (pair.value.is_null() && !pair.value.is_expanded && !takes_null) {
      reader_.error(pair.value, "has no value; give it one or remove it");
      return;
    }
    read_field(index, pair.value);
  }

  void report_unknown(const yaml::Pair& pair) {
    const yaml::Node& key = pair.key;
    std::vector<std::string> names;
    for (const FieldInfo& field : info_.fields) {
      if (!node_.find(field.name)) names.push_back(field.name);
    }
    std::string message = "unknown field " + in_backquotes(key.text);
    std::string suggestion(base::closest(key.text, names));
    // Its value is a secret if this is how somebody spells the name of a secret.
    const FieldInfo* meant = info_.find(suggestion);
    if (meant ? meant->holds_secrets() : info_.has_secrets()) reader_.add_secret(pair);
    if (info_.ignores_unknown) {
      reader_.warn(key, message + " is ignored", std::move(suggestion));
      return;
    }
    if (suggestion.empty()) message += "; known: " + known_names();
    reader_.error(key, std::move(message), std::move(suggestion));
  }

  std::string known_names() const {
    std::vector<std::string> names;
    for (const FieldInfo& field : info_.fields) {
      if (field.is_supported) names.push_back(field.name);
    }
    return names.empty() ? "no fields" : base::join(names, ", ");
  }

  void check_group(const Group& group) {
    std::vector<const yaml::Node*> given;
    std::vector<std::string> supported;
    for (const std::string& name : group.names) {
      const FieldInfo* field = info_.find(name);
      if (!field) continue;
      const yaml::Node* key = keys_[static_cast<std::size_t>(field - info_.fields.data())];
      if (key) given.push_back(key);
      if (field->is_supported) supported.push_back("`" + name + "`");
    }
    if (given.empty() && group.is_required) {
      reader_.error(node_, (supported.size() == 1 ? "" : "exactly one of ") +
                               base::join(supported, ", ") + " is required");
    }
    if (given.size() < 2) return;
    std::sort(given.begin(), given.end(),
              [](const yaml::Node* a, const yaml::Node* b) { return a->at < b->at; });
    reader_.error(*given[1], in_backquotes(given[1]->text) + " and " +
                                 in_backquotes(given[0]->text) + " exclude each other");
  }

  const yaml::Node& node_;
  const ObjectInfo& info_;
  Reader& reader_;
  std::vector<const yaml::Node*> keys_;  // of the fields that were given
};

}  // namespace

void read_object(const yaml::Node& node, const ObjectInfo& info, const FieldReader& read_field,
                 Reader& reader) {
  if (!node.is_mapping()) {
    const Reader::Secrecy secrecy(reader, info.has_secrets());
    reader.error(node, "expected an object, found " + reader.found(node));
    return;
  }
  ObjectReader(node, info, reader).read(read_field);
}

}  // namespace schema
