#pragma once
// Schemas of an OpenAPI document, written so that each stands for itself. A document of references
// is much shorter than what it stands for, so what is written has a limit.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/value.h"
#include "json/write.h"

namespace upstream {

// The member's text; empty if it has none.
std::string_view text_at(json::Value value, std::string_view name);
bool is_true(json::Value value, std::string_view name);

// Follows references within the document; nothing if one leads nowhere, or in a circle.
class References {
 public:
  explicit References(json::Value root) : root_(root) {}

  std::optional<json::Value> at(std::string_view reference) const;
  std::optional<json::Value> resolved(json::Value value) const;

 private:
  std::optional<json::Value> found(std::string_view reference) const;

  json::Value root_;
  mutable std::unordered_map<std::string, std::optional<json::Value>> known_;
};

// Writes a schema: references are what they name, circles end in a schema that fits anything.
class SchemaText {
 public:
  static constexpr std::size_t bytes_max = std::size_t{256} * 1024;

  SchemaText(const References& references, json::Writer& out)
      : references_(references), out_(out) {}

  // `description` is its description if it has none of its own.
  void write(json::Value schema, std::string_view description = {});
  // What was written so far, about; beyond bytes_max nothing more is, and it is of no use.
  std::size_t bytes() const { return bytes_; }
  bool is_too_long() const { return bytes_ > bytes_max; }

 private:
  void write_members(json::Value schema, std::string_view description);
  void write_member(json::Value schema, std::string_view name, json::Value value);
  void write_map(json::Value schemas);
  void write_list(json::Value schemas);
  void write_required(json::Value names);
  void write_value(json::Value value);
  bool is_read_only(std::string_view name);
  bool is_read_only_in(json::Value schema, std::string_view name, std::size_t depth);
  // Whether so many bytes more can be written.
  bool take(std::size_t bytes) {
    bytes_ += bytes;
    return !is_too_long();
  }

  const References& references_;
  json::Writer& out_;
  std::vector<std::string> path_;     // of references and schemas that are being written
  std::vector<json::Value> objects_;  // the schemas among them, with what they are parts of
  std::size_t values_ = 0;
  std::size_t looks_ = 0;  // for members that are read-only
  std::size_t bytes_ = 0;
};

}  // namespace upstream
