// Configurations that are not the walkthrough's: every page shows them, none breaks, and nothing secret is on one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { everything2025, freePort } from '../../tests/e2e/lib/gateway.mjs';
import { Browser, toolNames } from './lib/browser.mjs';
import { startWithUi } from './lib/gateway.mjs';

const key = 'key-of-the-build-4711';

/** Two ports, several listeners and targets, policies of many kinds, routes without MCP, a server that is away. */
const wide =
  (second, away) =>
  ({ port }) =>
    `
config:
  logging: { format: json }
binds:
- port: ${port}
  listeners:
  - name: public
    hostname: "*.localhost"
    routes:
    - name: tools
      hostnames: [tools.localhost]
      matches:
      - path: { pathPrefix: /tools }
        headers: [{ name: x-team, value: { exact: red } }]
      policies:
        apiKey:
          mode: optional
          keys:
          - key: ${key}
            metadata: { name: ci, team: build }
        cors: { allowOrigins: ["*"], allowHeaders: ["*"] }
        requestHeaderModifier: { set: { x-a: b }, remove: [x-c] }
        timeout: { requestTimeout: 30s }
        mcpAuthorization:
          rules:
          - 'mcp.tool.name == "echo"'
          - deny: 'mcp.tool.target == "away"'
          - 'apiKey.team == "build"'
      backends:
      - mcp:
          failureMode: failOpen
          targets:
          - name: built-in
            demo: {}
          - name: everything
            stdio: { cmd: node, args: ["${everything2025}"], env: { API_TOKEN: ${key} } }
          - name: away
            mcp: { host: "http://127.0.0.1:${away}/mcp" }
    - name: plain
      matches: [{ path: { exact: /hello } }]
      policies:
        directResponse: { status: 200, body: hello }
  - name: other
    hostname: other.localhost
    routes:
    - name: proxy
      backends:
      - host: 127.0.0.1:${away}
- port: ${second}
  listeners:
  - routes:
    - name: open
      backends:
      - mcp:
          targets:
          - name: built-in
            demo: {}
`;

const builtIn = ({ port }) => `
binds:
- port: ${port}
  listeners:
  - routes:
    - backends:
      - mcp:
          targets:
          - name: built-in
            demo: {}
`;

const pages = [
  '',
  'listeners',
  'routes',
  'backends',
  'policies',
  'access',
  'playground',
  'cel',
  'traffic',
  'config',
  'connect',
  'about',
];

let browser;
before(async () => {
  browser = await Browser.open();
});
after(() => browser?.close());

async function visit(view, path) {
  await view.page.goto(`/ui/${path}`);
  await view.page.getByRole('heading', { level: 1 }).waitFor();
  await view.page.getByLabel('Loading').first().waitFor({ state: 'detached' });
}

describe('a configuration with much in it', () => {
  let gateway, second;
  before(async () => {
    second = await freePort();
    gateway = await startWithUi(wide(second, await freePort()));
  });
  after(() => gateway?.stop());

  for (const theme of ['light', 'dark'])
    test(`every page shows it (${theme})`, async () => {
      await browser.withPage(gateway.ui, { theme }, async (view) => {
        for (const path of pages) {
          await visit(view, path);
          if (path !== 'config') {
            const text = await view.page.locator('main').innerText();
            assert.ok(!text.includes(key), `${path} shows a secret`);
          }
          await view.shoot(`wide-${path || 'overview'}`);
          await view.assertAccessible(`wide ${path}`);
        }
      });
    });

  test('of several routes the one that is picked is used, and its targets go by name', async () => {
    await browser.withPage(gateway.ui, {}, async (view) => {
      const { page } = view;
      await page.goto('/ui/playground');
      const routes = page.getByRole('region', { name: 'Routes' });
      await routes.getByRole('button', { name: /open/ }).click();
      assert.equal(await page.locator('[data-endpoint]').innerText(), `http://localhost:${second}/mcp`);
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByRole('table', { name: 'Available Tools' }).waitFor();
      assert.deepEqual((await toolNames(page)).sort(), ['add', 'echo', 'printEnv']);
      await page.goto('/ui/access');
      await page.getByRole('table', { name: 'Who can call what' }).getByText('everything_echo').waitFor();
      await page.getByText(/Target away did not answer/).waitFor();
    });
  });
});

describe('a configuration that is no file', () => {
  let gateway;
  before(async () => {
    gateway = await startWithUi(undefined, {}, (port) => ({ args: ['-c', builtIn({ port })] }));
  });
  after(() => gateway?.stop());

  test('every page works, and nothing can be saved', async () => {
    await browser.withPage(gateway.ui, {}, async (view) => {
      const { page } = view;
      for (const path of pages) {
        await visit(view, path);
        await view.shoot(`text-${path || 'overview'}`);
        await view.assertAccessible(`text ${path}`);
      }
      await page.goto('/ui/config');
      await page
        .getByText(/read-only/)
        .first()
        .waitFor();
      assert.ok(await page.getByRole('button', { name: 'Review and save' }).isDisabled());
    });
  });
});

test('the stateless revision of MCP works in the Playground, too', async () => {
  await browser.withGateway(builtIn, {}, async (view) => {
    const { page } = view;
    for (const [choice, revision] of [
      [/2026-07-28/, '2026-07-28'],
      [/2025-11-25/, '2025-'],
    ]) {
      await page.goto('/ui/playground');
      await page.getByRole('combobox', { name: 'Protocol' }).click();
      await page.getByRole('option', { name: choice }).click();
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      await page.getByRole('table', { name: 'Available Tools' }).waitFor();
      await page
        .getByRole('region', { name: 'Testing' })
        .getByText(revision, { exact: false })
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'echo', exact: true }).click();
      await page.getByRole('textbox', { name: 'message', exact: true }).fill('hello');
      await page.getByRole('button', { name: 'Run Tool' }).click();
      await page.getByRole('region', { name: 'Response', exact: true }).getByText(/hello/).first().waitFor();
    }
  });
});
