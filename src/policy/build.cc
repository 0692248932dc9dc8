#include "policy/build.h"

#include <algorithm>

#include "base/uri.h"

namespace policy {
namespace {

std::string joined(std::string_view path, std::string_view step) {
  std::string all(path);
  if (!all.empty() && !step.starts_with('[')) all += '.';
  all += step;
  return all;
}

}  // namespace

BuildContext::Scope::Scope(BuildContext& context, std::string_view step, const schema::Place& place)
    : context_(context), path_size_(context.path_.size()), place_(context.place_) {
  context.path_ = joined(context.path_, step);
  context.place_ = place;
}

BuildContext::Scope::~Scope() {
  context_.path_.resize(path_size_);
  context_.place_ = place_;
}

void BuildContext::say(schema::Severity severity, std::string message) {
  schema::Problem problem;
  problem.severity = severity;
  problem.at = place_.at();
  problem.path = path_;
  problem.message = std::move(message);
  problems_.push_back(std::move(problem));
}

void BuildContext::check_header_value(std::string_view what, std::string_view value) {
  const bool has_control = std::any_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
  if (has_control) fail("the value of `" + std::string(what) + "` has control characters");
}

auth::TextFiles::Text BuildContext::load_file(const std::string& path, std::string_view what,
                                              auth::TextFiles::Check check) {
  watch(path);
  auto loaded = keys_.files().load(path, check);
  if (!loaded) {
    fail(std::string(what) + ": " + loaded.error().why());
    return nullptr;
  }
  if (loaded->stale) {
    warn(std::string(what) + ": " + loaded->stale->why() +
         "; what the file held before stays in force");
  }
  return loaded->text;
}

void BuildContext::say(const cel::Problem& problem, const schema::Located<std::string>& expression,
                       std::string_view step) {
  schema::Problem said;
  said.severity = problem.severity == cel::Severity::error ? schema::Severity::error
                                                           : schema::Severity::warning;
  said.at = expression.place.at(expression.value, problem.offset);
  said.path = joined(path_, step);
  said.message = problem.text;
  if (!problem.hint.empty()) said.message += "; " + problem.hint;
  problems_.push_back(std::move(said));
}

void warn_of_clear_text(std::string_view what, const std::string& url, BuildContext& context) {
  const Result<Uri> uri = Uri::parse(url);
  if (!uri || uri->uses_tls()) return;
  const std::string& host = uri->authority().host();
  if (host == "localhost" || host == "[::1]" || host.starts_with("127.")) return;
  context.warn(std::string(what) + " over http: whoever is on the way can read and replace it");
}

}  // namespace policy
