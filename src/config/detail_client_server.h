#pragma once
// One server of a client's file as a target of the gateway.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/detail_client_words.h"
#include "json/value.h"

namespace config {

// The lines of an item of `targets`, without their indentation.
using TargetLines = std::vector<std::string>;

class ClientServer {
 public:
  // `path` is that of the server in its file, `name` the target's. `value` outlives this.
  ClientServer(std::string path, std::string name, json::Value value, ClientWords& words);

  // Nothing if the gateway cannot have it; the findings say why.
  std::optional<TargetLines> read();
  // Whether its people have switched it off.
  bool is_disabled() const;

 private:
  enum class Transport { stdio, http, sse };
  // A text of the file and where it stands.
  struct Said {
    std::string text;
    std::string path;
  };

  std::string path_of(std::string_view member) const { return path_ + "." + std::string(member); }
  void say(Weight weight, std::string_view member, std::string message);
  void line(int depth, std::string text);
  std::optional<std::string_view> first_string(std::initializer_list<std::string_view> names) const;
  std::optional<std::string_view> address_member() const;

  std::optional<Transport> transport();
  bool add_child();
  std::vector<Said> said_command();
  std::string argument(const Said& said, std::string_view flag);
  void add_environment(std::string_view member);
  bool add_remote(bool is_sse);
  void add_headers();
  void add_header(std::string_view name, std::string_view text, const std::string& path);
  void add_cookies(std::string_view text, const std::string& path);
  std::optional<std::string> text_of(json::Value value, const std::string& path);
  void tell_the_rest();

  const std::string path_;
  const std::string name_;
  const json::Value value_;
  ClientWords& words_;
  TargetLines lines_;
  bool has_environment_ = false;
  bool has_credentials_ = false;
};

}  // namespace config
