#include "auth/shared_secret.h"

#include <algorithm>
#include <array>

namespace auth {
namespace {

struct Row {
  crypto::Hash hash;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<Row, 3> rows{{{crypto::Hash::sha256, "HS256", 32},
                                   {crypto::Hash::sha384, "HS384", 48},
                                   {crypto::Hash::sha512, "HS512", 64}}};
constexpr std::size_t bytes_max = 4096;

const Row& row_of(crypto::Hash hash) {
  return *std::ranges::find(rows, hash, &Row::hash);
}

}  // namespace

std::optional<crypto::Hash> mac_named(std::string_view name) {
  const auto* row = std::ranges::find(rows, name, &Row::name);
  if (row == rows.end()) return std::nullopt;
  return row->hash;
}

std::string_view mac_name_of(crypto::Hash hash) {
  return row_of(hash).name;
}

Result<SharedSecret> SharedSecret::make(crypto::Hash hash, std::string key) {
  const Row& row = row_of(hash);
  if (key.size() < row.bytes) {
    return failed(Fault::bad_request, "the key has " + std::to_string(key.size() * 8) + " bits; " +
                                          std::string(row.name) + " needs " +
                                          std::to_string(row.bytes * 8));
  }
  if (key.size() > bytes_max) return failed(Fault::too_large, "a key of more than 4 KiB");
  if (std::ranges::count(key, key.front()) == static_cast<std::ptrdiff_t>(key.size())) {
    return failed(Fault::bad_request, "the key is one byte again and again");
  }
  return SharedSecret(hash, std::move(key));
}

bool SharedSecret::verifies(std::string_view text, std::string_view code) const {
  return crypto::equal_in_constant_time(code_of(text), code);
}

crypto::Sha256 SharedSecret::digest() const {
  return crypto::sha256(row_of(hash_).name, crypto::hmac_sha256(key_, "which secret this is"));
}

}  // namespace auth
