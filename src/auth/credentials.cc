#include "auth/credentials.h"

#include "crypto/digest.h"

namespace auth {

Result<> Credentials::add(const Location& location, std::string credential) {
  http::Request trial;
  if (Result<> written = write(trial, location, credential); !written) return written;
  all_.emplace_back(location, std::move(credential));
  return {};
}

void Credentials::add_part(std::string target, std::shared_ptr<const Credentials> credentials) {
  parts_.emplace_back(std::move(target), std::move(credentials));
}

const Credentials* Credentials::of(std::string_view target) const {
  for (const auto& [name, part] : parts_) {
    if (name == target) return part.get();
  }
  return this;
}

std::string Credentials::fingerprint() const {
  std::string text;
  for (const auto& [location, credential] : all_) {
    text += credential ? std::to_string(credential->size()) + ":" + *credential : "-";
  }
  for (const auto& [target, part] : parts_) {
    text += "/" + target + ":" + (part ? part->fingerprint() : std::string());
  }
  const crypto::Sha256 digest = crypto::sha256(text);
  return std::string(crypto::view_of(digest));
}

Result<> Credentials::put_on(http::Request& request) const {
  for (const auto& [location, credential] : all_) {
    if (!credential) {
      remove(request, location);
      continue;
    }
    Result<> written = write(request, location, *credential);
    if (!written) return written;
  }
  return {};
}

void CurrentCredentials::set(std::shared_ptr<const Credentials> credentials) {
  const std::lock_guard lock(mutex_);
  credentials_ = std::move(credentials);
}

std::shared_ptr<const Credentials> CurrentCredentials::held() const {
  const std::lock_guard lock(mutex_);
  return credentials_;
}

Result<> CurrentCredentials::put_on(http::Request& request) const {
  const std::shared_ptr<const Credentials> current = whole_ ? whole_->held() : held();
  if (!current) return {};
  const Credentials* mine = whole_ ? current->of(target_) : current.get();
  return mine != nullptr ? mine->put_on(request) : Result<>();
}

}  // namespace auth
