#pragma once
// What is served without a configuration: the walkthrough's policies before the built-in target,
// with the key set of manifests/jwt.

#include <string>
#include <string_view>

namespace app {

std::string demo_configuration();
// Who can call what, for the terminal.
std::string_view demo_introduction();

}  // namespace app
