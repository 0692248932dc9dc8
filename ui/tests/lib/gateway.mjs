// The real gateway with its admin address, as the walkthrough has it.
import { freePort, offerEverything, start, until, workFolder } from '../../../tests/e2e/lib/gateway.mjs';

export const walkthrough = ({ port, extra = '' }) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - policies:
        jwtAuth:
          issuer: agentgateway.dev
          audiences: [test.agentgateway.dev]
          jwks:
            # Relative to the folder the binary runs from, not the config file
            file: ./manifests/jwt/pub-key
        mcpAuthorization:
          rules:
          # Allow anyone to call 'echo'
          - 'mcp.tool.name == "echo"'
          # Only the test-user can call 'add'
          - 'jwt.sub == "test-user" && mcp.tool.name == "add"'
          # Any authenticated user with the claim \`nested.key == value\` can access 'printEnv'
          - 'mcp.tool.name == "printEnv" && jwt.nested.key == "value"'
${extra}
      backends:
      - mcp:
          name: default
          targets:
          - name: everything
            stdio:
              cmd: npx
              args: ["@modelcontextprotocol/server-everything"]
`;

/** The same in the short form. */
export const shorthand = ({ port }) => `
mcp:
  port: ${port}
  targets:
  - name: everything
    stdio:
      cmd: npx
      args: ["@modelcontextprotocol/server-everything"]
`;

/** Without policies, to a server that is a Node program. */
export const open =
  (server) =>
  ({ port }) =>
    `
binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - mcp:
          name: default
          targets:
          - name: everything
            stdio:
              cmd: node
              args: [${JSON.stringify(server)}]
`;

/** A gateway with its admin address at `gateway.ui`; `options(port)` are those of start(). */
export async function startWithUi(config = walkthrough, env = {}, options = () => ({})) {
  const [port, admin] = [await freePort(), await freePort()];
  const folder = workFolder();
  offerEverything(folder);
  const gateway = await start(config?.({ port }), {
    folder,
    port,
    env: { ADMIN_ADDR: `localhost:${admin}`, ...env },
    ...options(port),
  });
  gateway.ui = `http://localhost:${admin}`;
  gateway.adminPort = admin;
  // It opens a moment later than the listeners.
  await until(() => fetch(`${gateway.ui}/api/v1/runtime`).catch(() => null), 'the admin address answers');
  return gateway;
}
