#pragma once
// Texts of a client's file in the gateway's words: variables, and secrets as variables.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/client_import.h"

namespace config {

// As a YAML scalar that is read back as this text, variables aside.
std::string yaml_scalar(std::string_view text);

// "My server" -> "MY_SERVER".
std::string variable_name(std::string_view words);

// The variables of one import.
class ClientVariables {
 public:
  // Those that the texts name themselves keep their names.
  void reserve(std::string_view text);
  // One for a secret: `name`, or with the server's before it if that is another one's.
  std::string for_secret(const std::string& name, const std::string& server,
                         std::string_view secret);

 private:
  std::set<std::string, std::less<>> reserved_;
  std::map<std::string, std::string> secrets_;  // by variable; never shown
};

// The texts of one server.
class ClientWords {
 public:
  ClientWords(Client client, std::string server, ClientVariables& variables,
              std::vector<Finding>& findings)
      : client_(client), server_(std::move(server)), variables_(variables), findings_(findings) {}

  void say(Weight weight, std::string path, std::string message);

  // In the configuration's words: `${input:x}` as `${X}`, a dollar sign as `$$`.
  std::string translate(std::string_view text, const std::string& path);
  // The same of what is called `name` there; a secret becomes a variable.
  std::string value(std::string_view text, std::string_view name, const std::string& path);
  // A variable for that secret, as `${NAME}`.
  std::string secret(std::string_view text, std::string_view name, const std::string& path);

  // Of all texts so far.
  const std::vector<std::string>& used() const { return used_; }

 private:
  std::string reference(std::string_view inside, const std::string& path);
  std::string variable(std::string name, const std::string& path, std::string message);

  const Client client_;
  const std::string server_;
  ClientVariables& variables_;
  std::vector<Finding>& findings_;
  std::vector<std::string> used_;
};

}  // namespace config
