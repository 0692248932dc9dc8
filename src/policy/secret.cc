#include "policy/secret.h"

namespace policy {
namespace {

constexpr std::size_t secret_size_max = std::size_t{64} * 1024;

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Result<> check_secret(std::string_view text) {
  const std::size_t size = without_line_end(text).size();
  if (size == 0) return failed(Fault::bad_request, "the file holds no secret");
  if (size > secret_size_max) return failed(Fault::too_large, "the secret is too long");
  return {};
}

}  // namespace

void describe(schema::Object<SecretSettings>& o) {
  o.field("file", &SecretSettings::file,
          "Path of a file that holds the secret, relative to the working directory; read again "
          "when it changes.");
  o.scalar_form(&SecretSettings::text, "The secret itself.").secret();
  o.check([](const SecretSettings& s) -> std::string {
    return s.file || s.text ? "" : "give the secret: `file`, or the secret as a string";
  });
}

std::optional<std::string> read_secret(const SecretSettings& settings, std::string_view what,
                                       BuildContext& context) {
  if (!settings.file) return settings.text;
  const auto held = context.load_file(*settings.file, "`" + std::string(what) + "`", &check_secret);
  if (!held) return std::nullopt;
  return std::string(without_line_end(*held));
}

}  // namespace policy
