// What to write into a client's configuration to reach a route. A token is never part of it: its place is a
// variable, or a prompt where the client knows such a thing.
export type Snippet = { id: string; name: string; where: string; text: string };

const json = (value: unknown) => JSON.stringify(value, null, 2);

export function nameOf(routeName: string): string {
  return (
    routeName
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'gateway'
  );
}

export function snippetsOf(name: string, url: string, needsToken: boolean): Snippet[] {
  const bearer = (token: string) => (needsToken ? { headers: { Authorization: `Bearer ${token}` } } : {});
  const header = needsToken ? ' --header "Authorization: Bearer $TOKEN"' : '';
  const bridge = [
    '-y',
    'mcp-remote',
    url,
    ...(needsToken ? ['--header', 'Authorization:$' + '{AUTH_HEADER}'] : []),
  ];
  const inputs = [{ type: 'promptString', id: 'token', description: `Token for ${name}`, password: true }];
  return [
    {
      id: 'claude-code',
      name: 'Claude Code',
      where: 'In a terminal',
      text: `claude mcp add --transport http ${name} ${url}${header}`,
    },
    {
      id: 'claude-desktop',
      name: 'Claude Desktop',
      where: 'claude_desktop_config.json; it speaks to servers over HTTP through the bridge mcp-remote',
      text: json({
        mcpServers: {
          [name]: {
            command: 'npx',
            args: bridge,
            ...(needsToken ? { env: { AUTH_HEADER: 'Bearer YOUR_TOKEN' } } : {}),
          },
        },
      }),
    },
    {
      id: 'vscode',
      name: 'VS Code',
      where: '.vscode/mcp.json; it asks for the token at the first use',
      text: json({
        ...(needsToken ? { inputs } : {}),
        servers: { [name]: { type: 'http', url, ...bearer('$' + '{input:token}') } },
      }),
    },
    {
      id: 'cursor',
      name: 'Cursor',
      where: '.cursor/mcp.json',
      text: json({ mcpServers: { [name]: { url, ...bearer('$' + '{env:TOKEN}') } } }),
    },
    {
      id: 'curl',
      name: 'curl',
      where: 'In a terminal',
      text: [
        `curl -i ${url} \\`,
        "  -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\",
        ...(needsToken ? ['  -H "authorization: Bearer $TOKEN" \\'] : []),
        `  -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}'`,
      ].join('\n'),
    },
  ];
}
