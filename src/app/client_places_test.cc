#include "app/client_places.h"

#include <gtest/gtest.h>

namespace app {
namespace {

using config::Client;
using Paths = std::vector<std::string>;

const Whereabouts linux_home{"/h/ann", "/h/ann/.config", "/p/shop", false};
const Whereabouts mac_home{"/u/ann", "/u/ann/.config", "/p/shop", true};

TEST(ClientPlaces, are_those_of_linux) {
  EXPECT_EQ(places_of(Client::claude_desktop, linux_home),
            Paths{"/h/ann/.config/Claude/claude_desktop_config.json"});
  EXPECT_EQ(places_of(Client::claude_code, linux_home),
            (Paths{"/p/shop/.mcp.json", "/h/ann/.claude.json"}));
  EXPECT_EQ(places_of(Client::cursor, linux_home),
            (Paths{"/p/shop/.cursor/mcp.json", "/h/ann/.cursor/mcp.json"}));
  const Paths vscode = places_of(Client::vscode, linux_home);
  ASSERT_EQ(vscode.size(), 7U);
  EXPECT_EQ(vscode[0], "/p/shop/.vscode/mcp.json");
  EXPECT_EQ(vscode[1], "/h/ann/.config/Code/User/mcp.json");
}

TEST(ClientPlaces, are_those_of_macos) {
  EXPECT_EQ(places_of(Client::claude_desktop, mac_home),
            Paths{"/u/ann/Library/Application Support/Claude/claude_desktop_config.json"});
  EXPECT_EQ(places_of(Client::vscode, mac_home)[2],
            "/u/ann/Library/Application Support/Code/User/settings.json");
  EXPECT_EQ(places_of(Client::cursor, mac_home)[1], "/u/ann/.cursor/mcp.json");
}

TEST(ClientPlaces, of_a_client_that_is_not_named_are_none) {
  EXPECT_TRUE(places_of(Client::unknown, linux_home).empty());
}

}  // namespace
}  // namespace app
