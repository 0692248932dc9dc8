#include "auth/htpasswd.h"

#include <cstring>

#include "base/text.h"

namespace auth {

Result<Htpasswd> Htpasswd::parse(std::string_view text) {
  if (text.size() > htpasswd_size_max) return failed(Fault::bad_request, "more than 1 MiB");
  Htpasswd made;
  made.digest_ = crypto::sha256(text);
  std::size_t number = 0;
  for (std::string_view line : base::split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (base::trim(line).empty() || line.starts_with('#')) continue;
    const Result<> added = made.add(line);
    if (!added) {
      return failed(Fault::bad_request,
                    "line " + std::to_string(number) + ": " + added.error().why());
    }
  }
  return made;
}

Result<> Htpasswd::add(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return failed(Fault::bad_request, "expected `name:hash`");
  }
  const std::string name(line.substr(0, colon));
  if (!base::is_utf8(name)) return failed(Fault::bad_request, "the name is not UTF-8");
  if (hashes_.size() >= htpasswd_users_max) return failed(Fault::bad_request, "too many users");
  TRY(crypto::PasswordHash hash, crypto::PasswordHash::parse(base::trim(line.substr(colon + 1))));
  if (!index_.emplace(name, hashes_.size()).second) {
    return failed(Fault::bad_request, "the user `" + name + "` stands twice");
  }
  hashes_.push_back(std::move(hash));
  return {};
}

const crypto::PasswordHash* Htpasswd::find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &hashes_[found->second];
}

const crypto::PasswordHash* Htpasswd::decoy(std::string_view name) const {
  if (hashes_.empty()) return nullptr;
  const crypto::Sha256 digest = crypto::sha256(crypto::view_of(digest_), name);
  std::uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof(number));
  return &hashes_[number % hashes_.size()];
}

}  // namespace auth
