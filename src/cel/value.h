#pragma once
// What an expression computes with: 16 bytes, trivially copyable, and *borrowed*. Strings, lists
// and maps point into the program's constants, the request, a parsed token or the evaluation's
// Arena; nothing is counted or freed. The surprising thing follows from it: a Value must not
// outlive the evaluation that made it. Whoever wants to keep one writes it out (to_json in
// convert.h).

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cel {

enum class Kind : std::uint8_t {
  error,  // not a value of the language: the evaluation of this part failed
  null,
  boolean,
  integer,
  uinteger,
  real,
  string,
  bytes,
  list,
  map,
  timestamp,
  duration,
  ip,
  cidr,
  optional,
  type,
};
inline constexpr std::size_t kind_count = 16;

// Why a part failed. The last two are not ordinary errors: no operator absorbs them.
enum class ErrorCode : std::uint16_t {
  no_such_key,       // detail: the key or field
  no_such_name,      // undeclared reference; detail: the name
  no_such_overload,  // wrong types of operands or arguments; detail: the operator or function
  no_such_function,  // detail: the function
  divide_by_zero,
  overflow,
  out_of_range,  // index, shift, time
  bad_key,       // a map key that is null, a double, ...
  duplicate_key,
  bad_argument,   // text that does not convert, a bad pattern, ...; detail: what
  not_available,  // an attribute that does not exist in this phase
  failed,         // fail(text); detail: the text
  out_of_fuel,
  out_of_memory,
};

class Value;
class Arena;

// Where an iteration stands; only the view that is iterated knows what `memory` means. A fresh
// Cursor stands before the first element.
struct Cursor {
  std::size_t index = 0;
  alignas(8) std::array<std::byte, 48> memory{};
};

// A list as the engine sees it. Views are not owned through this class: they live in an Arena, in a
// program's constants or in the host.
class List {
 public:
  virtual std::size_t size() const = 0;
  // `index` is below size(). Views of nested values may be made in `arena`.
  virtual Value at(std::size_t index, Arena& arena) const = 0;
  // The next element into `element`; false at the end. Linear over the whole list, where at() may
  // be linear for each element.
  virtual bool next(Cursor& cursor, Arena& arena, Value& element) const;

 protected:
  List() = default;
  List(const List&) = default;
  List& operator=(const List&) = default;
  ~List() = default;
};

struct Entry;

// A map as the engine sees it.
class Map {
 public:
  virtual std::size_t size() const = 0;
  // The value of a string key.
  virtual std::optional<Value> find_field(std::string_view name, Arena& arena) const = 0;
  // The value of any key; numbers are compared as numbers. A view with string keys only need not
  // override it.
  virtual std::optional<Value> find(const Value& key, Arena& arena) const;
  // The next entry; false at the end. The order is the view's own.
  virtual bool next(Cursor& cursor, Arena& arena, Entry& entry) const = 0;

 protected:
  Map() = default;
  Map(const Map&) = default;
  Map& operator=(const Map&) = default;
  ~Map() = default;
};

// An IP address in network byte order; an IPv4 address is in the first four bytes.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
  bool operator==(const Address&) const = default;
};

class Value {
 public:
  Value() : payload_{.integer = 0} {}  // null

  static Value null() { return Value(); }
  static Value of_bool(bool value) { return Value(Kind::boolean, 0, {.integer = value}); }
  static Value of_int(std::int64_t value) { return Value(Kind::integer, 0, {.integer = value}); }
  static Value of_uint(std::uint64_t value) {
    return Value(Kind::uinteger, 0, {.uinteger = value});
  }
  static Value of_double(double value) { return Value(Kind::real, 0, {.real = value}); }
  // The text must be UTF-8 and live as long as the Value.
  static Value of_string(std::string_view text) { return of_text(Kind::string, text); }
  static Value of_bytes(std::string_view bytes) { return of_text(Kind::bytes, bytes); }
  static Value of_list(const List* list) { return Value(Kind::list, 0, {.list = list}); }
  static Value of_map(const Map* map) { return Value(Kind::map, 0, {.map = map}); }
  // Seconds since 1970-01-01T00:00:00Z, and 0..999,999,999 nanoseconds after them.
  static Value of_timestamp(std::int64_t seconds, std::uint32_t nanoseconds) {
    return Value(Kind::timestamp, nanoseconds, {.integer = seconds});
  }
  static Value of_duration(std::int64_t nanoseconds) {
    return Value(Kind::duration, 0, {.integer = nanoseconds});
  }
  // An IPv6 address is copied to `arena`; out_of_memory if it is full.
  static Value of_ip(const Address& address, Arena& arena);
  static Value of_cidr(const Address& address, std::uint32_t prefix_length, Arena& arena);
  // `value` must live as long as the optional; nullptr is optional.none().
  static Value of_optional(const Value* value) {
    return Value(Kind::optional, 0, {.value = value});
  }
  // `name` lives as long as the Value: a literal or a constant.
  static Value of_type(std::string_view name) { return of_text(Kind::type, name); }
  // `detail` (see ErrorCode) lives as long as the Value: a literal, a constant or text in the
  // arena.
  static Value error(ErrorCode code, std::string_view detail = {}) {
    Value value = of_text(Kind::error, detail);
    value.code_ = code;
    return value;
  }

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == Kind::error; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_true() const { return kind_ == Kind::boolean && payload_.integer != 0; }
  bool is_false() const { return kind_ == Kind::boolean && payload_.integer == 0; }
  bool is_number() const { return kind_ >= Kind::integer && kind_ <= Kind::real; }

  // The content; kind() must be the one asked for.
  bool as_bool() const { return check(Kind::boolean).payload_.integer != 0; }
  std::int64_t as_int() const { return check(Kind::integer).payload_.integer; }
  std::uint64_t as_uint() const { return check(Kind::uinteger).payload_.uinteger; }
  double as_double() const { return check(Kind::real).payload_.real; }
  std::string_view as_string() const { return check(Kind::string).text(); }
  std::string_view as_bytes() const { return check(Kind::bytes).text(); }
  std::string_view as_type() const { return check(Kind::type).text(); }
  const List& as_list() const { return *check(Kind::list).payload_.list; }
  const Map& as_map() const { return *check(Kind::map).payload_.map; }
  std::int64_t seconds() const { return check(Kind::timestamp).payload_.integer; }
  std::uint32_t nanoseconds() const { return check(Kind::timestamp).extra_; }
  std::int64_t as_duration() const { return check(Kind::duration).payload_.integer; }
  // Of an ip or a cidr (with its host bits, as written).
  Address address() const;
  std::uint32_t prefix_length() const { return check(Kind::cidr).extra_; }
  // Of an optional; nullptr if there is none.
  const Value* as_optional() const { return check(Kind::optional).payload_.value; }
  ErrorCode code() const { return check(Kind::error).code_; }
  std::string_view detail() const { return check(Kind::error).text(); }
  // Whether && and || and the like must pass this error on, whatever else they know.
  bool is_abort() const { return is_error() && code_ >= ErrorCode::out_of_fuel; }

  // Text of a string, bytes, type or error.
  std::string_view text() const { return {payload_.text, extra_}; }

 private:
  union Payload {
    std::int64_t integer;
    std::uint64_t uinteger;
    double real;
    const char* text;
    const List* list;
    const Map* map;
    const Value* value;
    const std::uint8_t* octets;
  };
  Value(Kind kind, std::uint32_t extra, Payload payload)
      : kind_(kind), extra_(extra), payload_(payload) {}
  static Value of_address(Kind kind, const Address& address, std::uint32_t extra, Arena& arena);
  static Value of_text(Kind kind, std::string_view text) {
    return Value(kind, static_cast<std::uint32_t>(text.size()), {.text = text.data()});
  }
  const Value& check([[maybe_unused]] Kind kind) const {
    assert(kind_ == kind);
    return *this;
  }

  Kind kind_ = Kind::null;
  bool is_v4_ = false;  // of an ip or cidr: the address stands in the payload itself
  ErrorCode code_ = ErrorCode::no_such_key;
  std::uint32_t extra_ = 0;  // length of text, nanoseconds of a timestamp, prefix length of a cidr
  Payload payload_;
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

struct Entry {
  Value key;
  Value value;
};

// Memory of one evaluation: 4 KiB inline, then blocks of the heap up to a cap. Nothing in it is
// destroyed, so only trivially destructible things may live there.
class Arena {
 public:
  static constexpr std::size_t inline_size = 4096;
  static constexpr std::size_t default_cap = std::size_t{256} * 1024;
  static constexpr std::size_t owned_cap = std::size_t{8} * 1024 * 1024;

  explicit Arena(std::size_t cap = default_cap) : cap_(cap) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // nullptr when the cap is reached; is_full() is true from then on.
  void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t));
  bool is_full() const { return is_full_; }
  // All that was allocated becomes invalid; blocks of the heap and what it owns are freed.
  void reset() {
    next_ = inline_.data();
    end_ = inline_.data() + inline_size;
    is_full_ = false;
    if (allocated_ + owned_size_ != 0) release();
  }
  // Keeps something alive that values point into (a parsed document); `size` counts towards the
  // cap. False, and nothing is kept, when the cap is reached.
  bool own(std::shared_ptr<const void> thing, std::size_t size);

  template <class T, class... Arguments>
  const T* make(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* memory = allocate(sizeof(T), alignof(T));
    return memory == nullptr ? nullptr : new (memory) T(std::forward<Arguments>(arguments)...);
  }
  // Uninitialised room for `count` values; nullptr when the cap is reached.
  Value* make_values(std::size_t count) {
    return static_cast<Value*>(allocate(count * sizeof(Value), alignof(Value)));
  }
  char* make_text(std::size_t size) { return static_cast<char*>(allocate(size, 1)); }
  // A copy of the text; nothing when the cap is reached.
  std::optional<std::string_view> copy(std::string_view text);

 private:
  void release();

  // First, because next_ and end_ point into it. Left uninitialised: it is raw memory.
  alignas(std::max_align_t) std::array<std::byte, inline_size> inline_;
  std::size_t cap_;
  std::size_t allocated_ = 0;  // in blocks of the heap
  std::byte* next_ = inline_.data();
  std::byte* end_ = inline_.data() + inline_size;
  bool is_full_ = false;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::vector<std::shared_ptr<const void>> owned_;
  std::size_t owned_size_ = 0;
};

// A list of values in a row: constants and what an evaluation builds.
class ArrayList final : public List {
 public:
  ArrayList(const Value* values, std::size_t size) : values_(values), size_(size) {}
  std::size_t size() const override { return size_; }
  Value at(std::size_t index, Arena&) const override { return values_[index]; }
  bool next(Cursor& cursor, Arena&, Value& element) const override {
    if (cursor.index >= size_) return false;
    element = values_[cursor.index++];
    return true;
  }
  const Value* data() const { return values_; }

 private:
  const Value* values_;
  std::size_t size_;
};

// A map of entries in a row, in the order written; found by looking at each (literals are short).
class ArrayMap final : public Map {
 public:
  ArrayMap(const Entry* entries, std::size_t size) : entries_(entries), size_(size) {}
  std::size_t size() const override { return size_; }
  std::optional<Value> find_field(std::string_view name, Arena& arena) const override;
  std::optional<Value> find(const Value& key, Arena& arena) const override;
  bool next(Cursor& cursor, Arena&, Entry& entry) const override {
    if (cursor.index >= size_) return false;
    entry = entries_[cursor.index++];
    return true;
  }

 private:
  const Entry* entries_;
  std::size_t size_;
};

}  // namespace cel
