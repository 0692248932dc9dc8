#include "app/demo.h"

#include "app/build_facts.h"

namespace app {
namespace {

constexpr std::string_view before_keys = R"(binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        cors:
          allowOrigins: ["*"]
          allowHeaders: ["*"]
          exposeHeaders: ["Mcp-Session-Id"]
        jwtAuth:
          issuer: agentgateway.dev
          audiences: [test.agentgateway.dev]
          jwks: )";

constexpr std::string_view after_keys = R"(
        mcpAuthorization:
          rules:
          # Anyone may call 'echo'
          - 'mcp.tool.name == "echo"'
          # Only the test-user may call 'add'
          - 'jwt.sub == "test-user" && mcp.tool.name == "add"'
          # Whoever has the claim nested.key == "value" may call 'printEnv'
          - 'mcp.tool.name == "printEnv" && jwt.nested.key == "value"'
      backends:
      - mcp:
          name: default
          targets:
          - name: demo
            demo: {}
)";

}  // namespace

std::string demo_configuration() {
  std::string text(before_keys);
  // A YAML single-quoted scalar on one line: JSON text has no single quote to double.
  text += "'";
  for (const char c : demo_key_set) text += c == '\n' ? ' ' : c;
  text += "'";
  text += after_keys;
  return text;
}

std::string_view demo_introduction() {
  return R"(No configuration was given: this is the demonstration.

  MCP endpoint   http://localhost:3000/mcp
  without token  echo
  example2.key   echo, add
  example1.key   echo, add, printEnv

The tokens are in manifests/jwt; send one as `Authorization: Bearer TOKEN`.
With a configuration of your own: agentgateway -f config.yaml
)";
}

}  // namespace app
