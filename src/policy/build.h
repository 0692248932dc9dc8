#pragma once
// What policies are made with: the rules' environment, the key sets, and a place to say what is
// wrong with the settings, all of it, where it stands in the file.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/key_store.h"
#include "cel/environment.h"
#include "cel/problem.h"
#include "schema/located.h"
#include "schema/problem.h"

namespace policy {

class BuildContext {
 public:
  // Both must outlive what is built. `denies_on_error`: what a deny rule that fails does.
  BuildContext(cel::Environment& environment, auth::KeyStore& keys, bool denies_on_error)
      : environment_(environment), keys_(keys), denies_on_error_(denies_on_error) {}
  BuildContext(const BuildContext&) = delete;
  BuildContext& operator=(const BuildContext&) = delete;
  ~BuildContext() = default;

  cel::Environment& environment() { return environment_; }
  auth::KeyStore& keys() { return keys_; }
  bool denies_on_error() const { return denies_on_error_; }

  // While it lives, what is said is said of this place.
  class Scope {
   public:
    Scope(BuildContext& context, std::string_view step, const schema::Place& place);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

   private:
    BuildContext& context_;
    std::size_t path_size_;
    schema::Place place_;
  };

  void fail(std::string message) { say(schema::Severity::error, std::move(message)); }
  void warn(std::string message) { say(schema::Severity::warning, std::move(message)); }
  // Fails if the text cannot be (part of) a header value: a line break would begin a field of its
  // own.
  void check_header_value(std::string_view what, std::string_view value);
  // What is wrong with an expression, at its character.
  void say(const cel::Problem& problem, const schema::Located<std::string>& expression,
           std::string_view step);
  // The file of that path is part of the configuration: when it changes, all of it is built anew.
  void watch(const std::string& path) { watched_.insert(path); }
  // What a small file holds, which is watched; `what` is what it is for. Null if it cannot be had,
  // which was said; if it could be had before, what was last good, with a warning.
  auth::TextFiles::Text load_file(const std::string& path, std::string_view what,
                                  auth::TextFiles::Check check);

  // Names, in lower case, under which what is being built is served; none if any name does.
  const std::vector<std::string>& hosts() const { return hosts_; }
  void set_hosts(std::vector<std::string> hosts) { hosts_ = std::move(hosts); }

  // The key set of that address is to be fetched and kept fresh.
  void follow(const auth::KeySource& source) { followed_.insert(source); }

  const std::string& path() const { return path_; }
  schema::Problems& problems() { return problems_; }
  const std::set<std::string>& watched() const { return watched_; }
  const std::set<auth::KeySource>& followed() const { return followed_; }

 private:
  void say(schema::Severity severity, std::string message);

  cel::Environment& environment_;
  auth::KeyStore& keys_;
  const bool denies_on_error_;
  std::string path_;
  schema::Place place_;
  std::vector<std::string> hosts_;
  schema::Problems problems_;
  std::set<std::string> watched_;
  std::set<auth::KeySource> followed_;
};

// Warns that `what` happens over http, unless the address is one of this machine.
void warn_of_clear_text(std::string_view what, const std::string& url, BuildContext& context);

}  // namespace policy
