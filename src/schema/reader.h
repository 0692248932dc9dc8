#pragma once
// The state of one reading: the problems so far and the path to where it is. And the readers of the
// leaf types: each reports what is wrong and leaves its output alone then.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/problem.h"
#include "schema/shape.h"
#include "yaml/node.h"

namespace schema {

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  // At the node, under the current path.
  void error(const yaml::Node& node, std::string message, std::string suggestion = "");
  void warn(const yaml::Node& node, std::string message, std::string suggestion = "");
  std::size_t error_count() const { return error_count_; }

  // While it lives, problems are reported without the source line and the values found, if
  // `is_secret` or already so.
  class Secrecy {
   public:
    Secrecy(Reader& reader, bool is_secret);
    ~Secrecy();
    Secrecy(const Secrecy&) = delete;
    Secrecy& operator=(const Secrecy&) = delete;

   private:
    Reader& reader_;
    bool was_secret_;
  };

  // While it lives, problems are reported under that member or element.
  class Step {
   public:
    Step(Reader& reader, std::string_view name);
    Step(Reader& reader, std::size_t index);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reader& reader_;
    std::size_t path_size_;
  };

  // The lines of that member hold a secret, whatever else is on them.
  void add_secret(const yaml::Pair& member);
  // The same of that value.
  void add_secret(const yaml::Node& value);
  // Of all members read so far; for hide_lines().
  const std::vector<Lines>& secret_lines() const { return secret_lines_; }

  // The scalar's text in backquotes for a message ("found `abc`"), or nothing if it may be a
  // secret.
  std::string found(const yaml::Node& node) const;

 private:
  void add(Severity severity, const yaml::Node& node, std::string message, std::string suggestion);

  Problems& problems_;
  std::vector<Lines> secret_lines_;
  std::string path_;
  std::size_t error_count_ = 0;
  bool is_secret_ = false;
};

void read_text(const yaml::Node& node, std::string& out, Reader& reader);
void read_boolean(const yaml::Node& node, bool& out, Reader& reader);

struct IntegerRange {
  std::int64_t minimum = 0;
  std::uint64_t maximum = 0;
};
void read_signed(const yaml::Node& node, IntegerRange range, std::int64_t& out, Reader& reader);
void read_unsigned(const yaml::Node& node, IntegerRange range, std::uint64_t& out, Reader& reader);
void read_number(const yaml::Node& node, double& out, Reader& reader);
// "10s", "1m30s", "500ms", "1.5h"; units d, h, m, s, ms, us, ns; and 0. A multiple of `unit`.
void read_duration(const yaml::Node& node, std::chrono::nanoseconds unit,
                   std::chrono::nanoseconds& out, Reader& reader);
// 1048576, "1MiB", "64k"; units B, k/kB/KB, M/MB, G/GB (thousands), KiB/Ki, MiB/Mi, GiB/Gi.
void read_bytes(const yaml::Node& node, std::uint64_t& out, Reader& reader);
// The index among the spellings.
void read_choice(const yaml::Node& node, const std::vector<std::string>& spellings,
                 std::size_t& out, Reader& reader);
bool expect_list(const yaml::Node& node, Reader& reader);
bool expect_map(const yaml::Node& node, Reader& reader);

// Whether it is an address with a secret in it, which a field for any text may have, or a list of
// such.
bool has_secret_address(const yaml::Node& node);

// Reads the members of a mapping by its declaration: unknown, repeated, unsupported, missing and
// contradicting ones are reported, the others handed to `read_field` with their index in
// info.fields.
using FieldReader = std::function<void(std::size_t field, const yaml::Node& node)>;
void read_object(const yaml::Node& node, const ObjectInfo& info, const FieldReader& read_field,
                 Reader& reader);

// "1m30s": reads back as the same duration.
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace schema
