#pragma once
// A secret in the configuration: the text itself, or the file that holds it. Never shown again.

#include <optional>
#include <string>

#include "policy/build.h"
#include "schema/schema.h"

namespace policy {

struct SecretSettings {
  std::optional<std::string> text;
  std::optional<std::string> file;  // relative to the working directory
  bool operator==(const SecretSettings&) const = default;
};
void describe(schema::Object<SecretSettings>& o);

// The secret; of a file without the line's end behind it. Says what is wrong, naming `what`.
// Blocks for one small file: for start-up and reload.
std::optional<std::string> read_secret(const SecretSettings& settings, std::string_view what,
                                       BuildContext& context);

}  // namespace policy
