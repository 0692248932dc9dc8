#include "crypto/seal.h"

#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

#include "base/base64.h"
#include "crypto/detail_openssl.h"

namespace crypto {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::size_t nonce_size = 12;  // SP 800-38D, 5.2.1.1: the length GCM is made for
constexpr std::size_t tag_size = 16;
constexpr std::size_t page_size = 4096;
// Far above any session; keeps every length within int.
constexpr std::size_t sealed_size_max = std::size_t{1024} * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

int length(std::string_view bytes) {
  return static_cast<int>(bytes.size());
}

}  // namespace

class KeyMemory {
 public:
  KeyMemory()
      : page_(::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0)) {
    if (page_ == MAP_FAILED) std::abort();
    // Both are best effort: a small locked-memory limit is no reason to refuse service.
    std::ignore = ::mlock(page_, page_size);
    std::ignore = ::madvise(page_, page_size, MADV_DONTDUMP);
  }
  KeyMemory(const KeyMemory&) = delete;
  KeyMemory& operator=(const KeyMemory&) = delete;
  KeyMemory(KeyMemory&&) = delete;
  KeyMemory& operator=(KeyMemory&&) = delete;
  ~KeyMemory() {
    OPENSSL_cleanse(page_, key_size);
    ::munmap(page_, page_size);
  }

  std::span<std::byte, key_size> bytes() const {
    return std::span<std::byte, key_size>(static_cast<std::byte*>(page_), key_size);
  }
  const unsigned char* octets() const { return static_cast<const unsigned char*>(page_); }

 private:
  void* page_;
};

SealKey::SealKey(std::unique_ptr<KeyMemory> key) : key_(std::move(key)) {}
SealKey::SealKey(SealKey&&) noexcept = default;
SealKey& SealKey::operator=(SealKey&&) noexcept = default;
SealKey::~SealKey() = default;

Result<SealKey> SealKey::from_hex(std::string_view digits) {
  if (digits.size() != 2 * key_size) {
    return failed(Fault::bad_request, "expected 64 hexadecimal digits (32 bytes), got " +
                                          std::to_string(digits.size()) + " characters");
  }
  auto key = std::make_unique<KeyMemory>();
  for (std::size_t i = 0; i < key_size; ++i) {
    const int high = hex_digit(digits[2 * i]);
    const int low = hex_digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) {
      return failed(Fault::bad_request,
                    "expected 64 hexadecimal digits; something else is among them");
    }
    key->bytes()[i] = static_cast<std::byte>(high * 16 + low);
  }
  return SealKey(std::move(key));
}

SealKey SealKey::from_random(Random& random) {
  auto key = std::make_unique<KeyMemory>();
  random.fill(key->bytes());
  return SealKey(std::move(key));
}

std::string SealKey::seal(std::string_view text, std::string_view associated,
                          Random& random) const {
  const ErrorQueueGuard guard;
  std::string out = random.bytes(nonce_size);
  out.resize(nonce_size + text.size() + tag_size);
  unsigned char* const nonce = octets(out);
  unsigned char* const cipher = nonce + nonce_size;
  unsigned char* const tag = cipher + text.size();
  const OwnedCipherContext context(EVP_CIPHER_CTX_new());
  int written = 0;
  if (text.size() > sealed_size_max || associated.size() > sealed_size_max || !context ||
      EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), key_->octets(), nonce, nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &written, octets(associated), length(associated)) !=
          1 ||
      EVP_EncryptUpdate(context.get(), cipher, &written, octets(text), length(text)) != 1 ||
      EVP_EncryptFinal_ex(context.get(), tag, &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag) != 1) {
    std::abort();  // a bug or no memory; nothing half sealed may leave
  }
  return base::base64url_encode(out);
}

std::optional<std::string> SealKey::open(std::string_view sealed,
                                         std::string_view associated) const {
  if (sealed.size() > sealed_size_max || associated.size() > sealed_size_max) return std::nullopt;
  auto bytes = base::base64url_decode(sealed);
  if (!bytes || bytes->size() < nonce_size + tag_size) return std::nullopt;
  const ErrorQueueGuard guard;
  const std::string_view all = *bytes;
  const std::string_view cipher = all.substr(nonce_size, all.size() - nonce_size - tag_size);
  std::string tag(all.substr(all.size() - tag_size));
  std::string text(cipher.size() + 1, '\0');  // never empty: its address is asked for
  const OwnedCipherContext context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool good =
      context &&
      EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), key_->octets(), octets(all), nullptr) ==
          1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, octets(associated), length(associated)) ==
          1 &&
      EVP_DecryptUpdate(context.get(), octets(text), &written, octets(cipher), length(cipher)) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), octets(text) + cipher.size(), &written) == 1;
  if (!good) return std::nullopt;
  text.resize(cipher.size());
  return text;
}

}  // namespace crypto
