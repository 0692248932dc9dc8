#pragma once
// JSON text read once. A Document owns the bytes it was read from and a flat table of every value
// in them; a Value is a view into it (two words, trivially copyable) and must not outlive its
// Document. Moving a Document leaves its Values valid.
//
// parse() validates the whole text: RFC 8259 grammar, UTF-8, no lone surrogates, no duplicate
// member names at any depth (compared after unescaping), no bytes after the value. Numbers keep
// their text, so 64-bit integers and exponents pass through unchanged; they are typed when asked.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/detail_table.h"

namespace json {

struct Limits {
  std::size_t depth_max = 128;  // RFC 8259 leaves it open; security: bounded recursion anywhere
  std::size_t members_max = 100'000;  // members and elements of the whole document
};

class Document;
class Members;
class Elements;

class Value {
 public:
  Value() = default;  // null

  Type type() const { return table_ ? table_->entries[index_].type : Type::null; }
  bool is_null() const { return type() == Type::null; }
  bool is_string() const { return type() == Type::string; }
  bool is_number() const { return type() == Type::number; }
  bool is_object() const { return type() == Type::object; }
  bool is_array() const { return type() == Type::array; }

  std::optional<bool> as_bool() const;
  // An integral literal (no fraction, no exponent) within range.
  std::optional<std::int64_t> as_int() const;
  std::optional<std::uint64_t> as_uint() const;
  std::optional<double> as_double() const;  // any number; nearest double
  // The unescaped text; lives as long as the Document.
  std::optional<std::string_view> as_string() const {
    if (type() != Type::string) return std::nullopt;
    return table_->content(table_->entries[index_]);
  }
  // The number exactly as written; empty if this is not a number.
  std::string_view number_text() const;

  std::size_t size() const;  // members or elements; 0 for scalars
  // The member of that name; nothing if this is no object or has none.
  std::optional<Value> find(std::string_view name) const;
  // The member's text if it is a string.
  std::optional<std::string_view> find_string(std::string_view name) const;
  Members members() const;    // range of Member; empty if this is no object
  Elements elements() const;  // range of Value; empty if this is no array

  // The bytes of this value in the source text: validated and duplicate-free, so they may be copied
  // into a forwarded message as they are.
  std::string_view raw() const {
    return table_ ? table_->raw(table_->entries[index_]) : std::string_view("null");
  }

 private:
  friend class Document;
  friend class Members;
  friend class Elements;
  Value(const Table* table, std::uint32_t index) : table_(table), index_(index) {}

  const Table* table_ = nullptr;
  std::uint32_t index_ = 0;
};

struct Member {
  std::string_view name;  // unescaped
  Value value;
};

// The members of an object in the order of the text: for (auto [name, value] : object.members()).
class Members {
 public:
  // NOLINTNEXTLINE(readability-identifier-naming): the name that containers give it
  class iterator {
   public:
    using value_type = Member;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    Member operator*() const {
      return Member{table_->content(table_->entries[index_]), Value(table_, index_ + 1)};
    }
    iterator& operator++() {
      index_ = table_->after(index_ + 1);
      return *this;
    }
    iterator operator++(int);
    bool operator==(const iterator&) const = default;

   private:
    friend class Members;
    iterator(const Table* table, std::uint32_t index) : table_(table), index_(index) {}
    const Table* table_ = nullptr;
    std::uint32_t index_ = 0;
  };

  Members() = default;
  iterator begin() const { return iterator(table_, begin_); }
  iterator end() const { return iterator(table_, end_); }

 private:
  friend class Value;
  Members(const Table* table, std::uint32_t begin, std::uint32_t end)
      : table_(table), begin_(begin), end_(end) {}
  const Table* table_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
};

// The elements of an array in order: for (json::Value item : array.elements()).
class Elements {
 public:
  // NOLINTNEXTLINE(readability-identifier-naming): the name that containers give it
  class iterator {
   public:
    using value_type = Value;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    Value operator*() const { return Value(table_, index_); }
    iterator& operator++() {
      index_ = table_->after(index_);
      return *this;
    }
    iterator operator++(int);
    bool operator==(const iterator&) const = default;

   private:
    friend class Elements;
    iterator(const Table* table, std::uint32_t index) : table_(table), index_(index) {}
    const Table* table_ = nullptr;
    std::uint32_t index_ = 0;
  };

  Elements() = default;
  iterator begin() const { return iterator(table_, begin_); }
  iterator end() const { return iterator(table_, end_); }

 private:
  friend class Value;
  Elements(const Table* table, std::uint32_t begin, std::uint32_t end)
      : table_(table), begin_(begin), end_(end) {}
  const Table* table_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
};

class Document {
 public:
  // Fault::bad_request with the reason and the byte offset; Fault::too_large for a breached limit.
  static Result<Document> parse(std::string text, const Limits& limits = Limits());

  // The same, but `text` is taken only if it is valid, and is left as it was otherwise.
  static Result<Document> parse_or_leave(std::string& text, const Limits& limits = Limits());

  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document() = default;

  Value root() const;
  std::string_view text() const;
  // The text back, for one who does not want the parse after all.
  std::string take_text() &&;

 private:
  explicit Document(std::unique_ptr<Table> table);
  std::unique_ptr<Table> table_;  // it stays where it is when its Document moves
};

}  // namespace json
