#include "auth/credentials.h"

#include "crypto/digest.h"

namespace auth {

Result<> Credentials::add(const Location& location, std::string credential) {
  http::Request trial;
  if (Result<> written = write(trial, location, credential); !written) return written;
  all_.emplace_back(location, std::move(credential));
  return {};
}

std::string Credentials::fingerprint() const {
  std::string text;
  for (const auto& [location, credential] : all_) {
    text += std::to_string(credential.size()) + ":" + credential;
  }
  const crypto::Sha256 digest = crypto::sha256(text);
  return std::string(crypto::view_of(digest));
}

Result<> Credentials::put_on(http::Request& request) const {
  for (const auto& [location, credential] : all_) {
    Result<> written = write(request, location, credential);
    if (!written) return written;
  }
  return {};
}

void CurrentCredentials::set(std::shared_ptr<const Credentials> credentials) {
  const std::lock_guard lock(mutex_);
  credentials_ = std::move(credentials);
}

Result<> CurrentCredentials::put_on(http::Request& request) const {
  std::shared_ptr<const Credentials> current;
  {
    const std::lock_guard lock(mutex_);
    current = credentials_;
  }
  return current ? current->put_on(request) : Result<>();
}

}  // namespace auth
