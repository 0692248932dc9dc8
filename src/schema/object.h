#pragma once
// The declaration of a struct of settings, beside the struct:
//
//   struct Jwks {
//     std::optional<std::string> file;
//     std::optional<std::string> url;
//     std::chrono::seconds refresh = std::chrono::minutes(5);
//     bool operator==(const Jwks&) const = default;
//   };
//   void describe(schema::Object<Jwks>& o) {
//     o.field("file", &Jwks::file, "Path of a key set; read again when it changes.");
//     o.field("url", &Jwks::url, "Address to fetch the key set from.");
//     o.field("refresh", &Jwks::refresh, "How long a fetched key set is used.");
//     o.not_supported("inline", "The key set itself.");
//     o.exactly_one_of({"file", "url"});
//   }
//
// describe() is found by its argument: it must be declared where the struct is, before anything
// uses it as a setting. The struct is default-constructed: what it holds then are the documented
// defaults.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "schema/codec.h"

namespace schema {

template <class T>
struct Entry {
  std::function<void(const yaml::Node&, T&, Reader&)> read;
  std::function<bool(const T&)> is_set;
  std::function<void(const T&, json::Writer&, Show)> write;
  std::ptrdiff_t offset = -1;  // of the member in T; -1 if it is a member's member
};

// Says what is wrong, or an empty text.
template <class T>
using Check = std::function<std::string(const T&)>;

template <class T>
struct Description {
  ObjectInfo info;
  std::vector<Entry<T>> entries;  // one for each of info.fields
  // Checks of the whole struct, and the field at which each complains (empty: the struct itself).
  std::vector<std::pair<std::string, Check<T>>> checks;
  Entry<T> scalar;  // if info.scalar_form
};

template <class T>
const Description<T>& description();

template <class T>
const ObjectInfo& object_info() {
  return description<T>().info;
}

// What can be said about a field after its name, member and meaning.
template <class T, class M>
class Field {
 public:
  Field(FieldInfo& info, Entry<T>& entry, M T::* member)
      : info_(info), entry_(entry), member_(member) {}

  Field& required() {
    info_.is_required = true;
    return *this;
  }
  // Never shown: redacted in dumps, and messages about it do not quote it.
  Field& secret() {
    info_.is_secret = true;
    return *this;
  }
  // Another name under which it is read.
  Field& alias(std::string name) {
    info_.aliases.push_back(std::move(name));
    return *this;
  }
  // What it has to be, for the documentation ("CIDR").
  Field& format(std::string format) {
    info_.schema.format = std::move(format);
    return *this;
  }
  // Read, with a warning that names what to use instead.
  Field& deprecated(std::string instead) {
    info_.deprecated = std::move(instead);
    return *this;
  }
  // Runs if the field is given and could be read.
  Field& check(Check<M> check) {
    auto read = std::move(entry_.read);
    entry_.read = [read, check = std::move(check), member = member_](const yaml::Node& node, T& out,
                                                                     Reader& reader) {
      const std::size_t errors = reader.error_count();
      read(node, out, reader);
      if (reader.error_count() != errors) return;
      std::string wrong = check(out.*member);
      if (!wrong.empty()) reader.error(node, std::move(wrong));
    };
    return *this;
  }
  // Of an integer.
  Field& range(std::int64_t minimum, std::uint64_t maximum)
    requires std::integral<M>
  {
    info_.schema.minimum = minimum;
    info_.schema.maximum = maximum;
    return check([minimum, maximum](const M& value) {
      if (std::cmp_greater_equal(value, minimum) && std::cmp_less_equal(value, maximum))
        return std::string();
      return "expected a whole number from " + std::to_string(minimum) + " to " +
             std::to_string(maximum);
    });
  }

 private:
  FieldInfo& info_;
  Entry<T>& entry_;
  M T::* member_;
};

template <class T, class M>
Entry<T> entry_of(M T::* member) {
  Entry<T> entry;
  entry.read = [member](const yaml::Node& node, T& out, Reader& reader) {
    Codec<M>::read(node, out.*member, reader);
  };
  entry.is_set = [member](const T& value) { return is_set(value.*member); };
  entry.write = [member](const T& value, json::Writer& writer, Show show) {
    Codec<M>::write(value.*member, writer, show);
  };
  const T value{};
  entry.offset =
      reinterpret_cast<const char*>(&(value.*member)) - reinterpret_cast<const char*>(&value);
  return entry;
}

template <class T>
std::string default_json_of(std::size_t field) {
  const Entry<T>& entry = description<T>().entries[field];
  const T value{};
  if (!entry.is_set(value)) return "";
  json::Writer writer;
  entry.write(value, writer, Show::plain);
  return writer.take();
}

template <class T>
class Object {
 public:
  explicit Object(Description<T>& description) : description_(description) {}

  // What the struct is for.
  void doc(std::string doc) { description_.info.doc = std::move(doc); }

  template <class M>
  Field<T, M> field(std::string name, M T::* member, std::string doc) {
    FieldInfo& info = add(std::move(name), std::move(doc), entry_of(member));
    info.schema = Codec<M>::schema();
    return Field<T, M>(info, description_.entries.back(), member);
  }

  // A field of agentgateway's that is known here but not implemented: never silently ignored.
  void not_supported(std::string name, std::string doc) {
    FieldInfo& info = add(std::move(name), std::move(doc), Entry<T>());
    info.is_supported = false;
  }

  // The fields of a member that is a described struct or variant, as fields of this object.
  template <class M>
  void include(M T::* member);

  // A scalar (or whatever `member` reads) in place of the object, which then sets that member only.
  // It may be a field too.
  template <class M>
  Field<T, M> scalar_form(M T::* member, std::string doc) {
    description_.scalar = entry_of(member);
    FieldInfo& info = description_.info.scalar_form.emplace();
    info.doc = std::move(doc);
    info.schema = Codec<M>::schema();
    return Field<T, M>(info, description_.scalar, member);
  }

  void exactly_one_of(std::vector<std::string> names) {
    description_.info.groups.push_back(Group{std::move(names), true});
  }
  void at_most_one_of(std::vector<std::string> names) {
    description_.info.groups.push_back(Group{std::move(names), false});
  }
  // Unknown names are only warned about.
  void ignores_unknown() { description_.info.ignores_unknown = true; }

  // Runs if everything in the object could be read. The complaint stands at the object, or at the
  // named field if it was given.
  void check(Check<T> check) { description_.checks.emplace_back("", std::move(check)); }
  void check(std::string field, Check<T> check) {
    description_.checks.emplace_back(std::move(field), std::move(check));
  }

 private:
  FieldInfo& add(std::string name, std::string doc, Entry<T> entry) {
    const std::size_t index = description_.entries.size();
    description_.entries.push_back(std::move(entry));
    FieldInfo& info = description_.info.fields.emplace_back();
    info.name = std::move(name);
    info.doc = std::move(doc);
    info.default_json = [index] { return default_json_of<T>(index); };
    return info;
  }

  Description<T>& description_;
};

// The declaration of a std::variant of described structs, each under its own name, of which exactly
// one is given:
//
//   using Target = std::variant<Stdio, Remote>;
//   void describe(schema::Choice<Target>& c) {
//     c.option<Stdio>("stdio", "A child process.");
//     c.option<Remote>("mcp", "A server over Streamable HTTP.");
//   }
template <class V>
class Choice {
 public:
  explicit Choice(Description<V>& description) : description_(description) {
    description_.info.groups.push_back(Group{{}, true});
  }

  void doc(std::string doc) { description_.info.doc = std::move(doc); }

  template <class A>
  void option(std::string name, std::string doc) {
    Entry<V> entry;
    entry.read = [](const yaml::Node& node, V& out, Reader& reader) {
      Codec<A>::read(node, out.template emplace<A>(), reader);
    };
    entry.is_set = [](const V& value) { return std::holds_alternative<A>(value); };
    entry.write = [](const V& value, json::Writer& writer, Show show) {
      Codec<A>::write(std::get<A>(value), writer, show);
    };
    add(std::move(name), std::move(doc), std::move(entry)).schema = Codec<A>::schema();
  }

  void not_supported(std::string name, std::string doc) {
    add(std::move(name), std::move(doc), Entry<V>()).is_supported = false;
  }

 private:
  FieldInfo& add(std::string name, std::string doc, Entry<V> entry) {
    description_.info.groups.front().names.push_back(name);
    description_.entries.push_back(std::move(entry));
    FieldInfo& info = description_.info.fields.emplace_back();
    info.name = std::move(name);
    info.doc = std::move(doc);
    info.default_json = [] { return std::string(); };
    return info;
  }

  Description<V>& description_;
};

template <class T>
concept DescribedStruct = std::is_class_v<T> && requires(Object<T>& o) { describe(o); };
template <class T>
concept DescribedChoice = std::is_class_v<T> && requires(Choice<T>& c) { describe(c); };
template <class T>
concept Described = DescribedStruct<T> || DescribedChoice<T>;

// "JwtAuth" for policy::JwtAuth.
std::string unqualified(std::string_view pretty_function);
template <class T>
std::string type_name() {
  return unqualified(__PRETTY_FUNCTION__);
}

// Collected at first use.
template <class T>
const Description<T>& description() {
  static const Description<T> collected = [] {
    Description<T> made;
    made.info.name = type_name<T>();
    if constexpr (DescribedStruct<T>) {
      Object<T> object(made);
      describe(object);
    } else {
      Choice<T> choice(made);
      describe(choice);
    }
    return made;
  }();
  return collected;
}

template <class T>
template <class M>
void Object<T>::include(M T::* member) {
  const Description<M>& included = description<M>();
  for (std::size_t i = 0; i < included.entries.size(); ++i) {
    const Entry<M>& from = included.entries[i];
    Entry<T> entry;
    if (from.read) {
      entry.read = [member, read = from.read](const yaml::Node& node, T& out, Reader& reader) {
        read(node, out.*member, reader);
      };
      entry.is_set = [member, set = from.is_set](const T& value) { return set(value.*member); };
      entry.write = [member, write = from.write](const T& value, json::Writer& writer, Show show) {
        write(value.*member, writer, show);
      };
    }
    const FieldInfo& known = included.info.fields[i];
    FieldInfo& info = add(known.name, known.doc, std::move(entry));
    auto default_json = DescribedChoice<M> ? known.default_json : info.default_json;
    info = known;
    info.default_json = std::move(default_json);
  }
  for (const Group& group : included.info.groups) description_.info.groups.push_back(group);
  for (const auto& [field, of_member] : included.checks) {
    description_.checks.emplace_back(
        field, [member, check = of_member](const T& value) { return check(value.*member); });
  }
}

template <class T>
void run_checks(const yaml::Node& node, const T& value, Reader& reader) {
  for (const auto& [field, check] : description<T>().checks) {
    std::string wrong = check(value);
    if (wrong.empty()) continue;
    const yaml::Node* at = field.empty() ? nullptr : node.find(field);
    if (!at) {
      reader.error(node, std::move(wrong));
      continue;
    }
    const Reader::Step step(reader, field);
    reader.error(*at, std::move(wrong));
  }
}

template <Described T>
struct Codec<T> {
  static Schema schema() {
    Schema schema;
    schema.shape = Shape::object;
    schema.object = &object_info<T>;
    return schema;
  }

  static void read(const yaml::Node& node, T& out, Reader& reader) {
    // What is written takes the place of a default, members that it does not name included.
    out = T();
    const Description<T>& known = description<T>();
    const std::size_t errors = reader.error_count();
    if (known.info.scalar_form && !node.is_mapping()) {
      const Reader::Secrecy secrecy(reader, known.info.scalar_form->is_secret);
      if (known.info.scalar_form->is_secret) reader.add_secret(node);
      known.scalar.read(node, out, reader);
    } else {
      read_object(
          node, known.info,
          [&](std::size_t field, const yaml::Node& value) {
            known.entries[field].read(value, out, reader);
          },
          reader);
    }
    if (reader.error_count() == errors) run_checks(node, out, reader);
  }

  static void write(const T& value, json::Writer& writer, Show show) {
    const Description<T>& known = description<T>();
    if (is_written_as_scalar(value)) {
      write_one(known.scalar, known.info.scalar_form->is_secret, value, writer, show);
      return;
    }
    writer.begin_object();
    for (std::size_t i = 0; i < known.entries.size(); ++i) {
      const FieldInfo& info = known.info.fields[i];
      if (!info.is_supported || !known.entries[i].is_set(value)) continue;
      writer.name(info.name);
      write_one(known.entries[i], info.is_secret, value, writer, show);
    }
    writer.end_object();
  }

 private:
  static void write_one(const Entry<T>& entry, bool is_secret, const T& value, json::Writer& writer,
                        Show show) {
    if (is_secret && show == Show::redacted) {
      writer.string(redacted_text);
    } else {
      entry.write(value, writer, show);
    }
  }

  // If the scalar's member is no field, only the scalar form can say it.
  static bool is_written_as_scalar(const T& value) {
    const Description<T>& known = description<T>();
    if (!known.info.scalar_form || !known.scalar.is_set(value)) return false;
    for (const Entry<T>& entry : known.entries) {
      if (entry.offset == known.scalar.offset) return false;
    }
    return true;
  }
};

}  // namespace schema
