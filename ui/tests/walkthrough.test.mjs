// The walkthrough's step 9, as its user does it: in a browser, with the real gateway and the real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { token, until } from '../../tests/e2e/lib/gateway.mjs';
import { Browser, toolNames } from './lib/browser.mjs';
import { shorthand, startWithUi, walkthrough } from './lib/gateway.mjs';

let browser;
before(async () => {
  browser = await Browser.open();
});
after(() => browser?.close());

const connect = async (page) => {
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('table', { name: 'Available Tools' }).waitFor();
};
const disconnect = async (page) => {
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('table', { name: 'Available Tools' }).waitFor({ state: 'detached' });
};
const paste = (page, name) => page.getByLabel('Bearer Token (Optional)').fill(`  ${token(name)}\n`);
const response = (page) => page.getByRole('region', { name: 'Response', exact: true });

describe('the walkthrough in the browser', () => {
  let gateway, view, page;
  before(async () => {
    gateway = await startWithUi();
    view = await browser.page(gateway.ui);
    page = view.page;
  });
  after(async () => {
    await view?.close();
    await gateway?.stop();
  });

  test('the log says where the UI is, and / leads there', async () => {
    await until(() => gateway.output.includes('/ui'), 'names the UI');
    assert.match(gateway.output, new RegExp(`http://(localhost|127\\.0\\.0\\.1):${gateway.adminPort}/ui`));
    await page.goto('/');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    assert.match(new URL(page.url()).pathname, /^\/ui\/?$/);
  });

  test('it shows the listener, its route, policies, backend and target', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Listeners' }).click();
    const tree = page.getByRole('region', { name: 'Port Binds & Listeners' });
    for (const name of [
      `Port ${gateway.port}`,
      /Listener.*HTTP/,
      /Route.*2 policies/,
      /Backend default/,
      /Target everything/,
    ])
      await tree.getByText(name).first().waitFor();
    await page.getByRole('button', { name: /jwtAuth.*optional/ }).waitFor();
    await page.getByRole('button', { name: /mcpAuthorization.*3 rules/ }).waitFor();
    await page
      .getByRole('button', { name: /Target everything/ })
      .first()
      .click();
    await page.getByRole('table', { name: 'Settings of everything' }).getByText('npx').waitFor();
  });

  test('Playground: the card Testing has the connection, and Connect', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Playground' }).click();
    const card = page.getByRole('region', { name: 'Testing' });
    await card.getByText('Connection', { exact: true }).waitFor();
    assert.equal(await card.locator('[data-endpoint]').innerText(), `http://localhost:${gateway.port}/mcp`);
    await card.getByText('Type:').waitFor();
    await card.getByText('MCP', { exact: true }).waitFor();
    await card.getByLabel('Bearer Token (Optional)').waitFor();
    await card.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  });

  test('without a token: only echo, and it runs', async () => {
    await connect(page);
    assert.deepEqual(await toolNames(page), ['echo']);
    assert.ok(
      await page.getByLabel('Bearer Token (Optional)').isDisabled(),
      'the token is locked while connected',
    );
    await page.getByRole('button', { name: 'echo', exact: true }).click();
    await page.getByRole('textbox', { name: 'message', exact: true }).fill('hello');
    await page.getByRole('button', { name: 'Run Tool' }).click();
    await response(page).getByText('Echo: hello').waitFor();
    await disconnect(page);
  });

  test('example2: echo and add; add says the sum', async () => {
    await paste(page, 'example2');
    await connect(page);
    assert.deepEqual((await toolNames(page)).sort(), ['add', 'echo']);
    await page.getByRole('button', { name: 'add', exact: true }).click();
    await page.getByRole('textbox', { name: 'a', exact: true }).fill('2');
    await page.getByRole('textbox', { name: 'b', exact: true }).fill('3');
    await page.getByRole('button', { name: 'Run Tool' }).click();
    await response(page).getByText(/\b5\b/).waitFor();
    await view.shoot('walkthrough');
    await disconnect(page);
  });

  test('example1: echo, add and printEnv', async () => {
    await paste(page, 'example1');
    await connect(page);
    assert.deepEqual((await toolNames(page)).sort(), ['add', 'echo', 'printEnv']);
    await page.getByRole('button', { name: 'printEnv', exact: true }).click();
    await page.getByRole('button', { name: 'Run Tool' }).click();
    await response(page).getByText(/PATH/).waitFor();
    await disconnect(page);
  });

  test('a token that is none is told as such', async () => {
    await page.getByLabel('Bearer Token (Optional)').fill('garbage');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: '401' }).waitFor();
    await page.getByLabel('Bearer Token (Optional)').fill('');
  });

  test('Edit as JSON is the same call', async () => {
    await connect(page);
    await page.getByRole('button', { name: 'echo', exact: true }).click();
    await page.getByRole('switch', { name: 'Edit as JSON' }).click();
    await page.getByLabel('Arguments as JSON').fill('{"message": "as JSON"}');
    await page.keyboard.press('Control+Enter');
    await response(page).getByText('Echo: as JSON').waitFor();
    await disconnect(page);
  });

  test('the token is nowhere but in memory', async () => {
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
    );
    for (const name of ['example1', 'example2'])
      assert.ok(!kept.includes(token(name).split('.')[2]), `the page keeps ${name}: ${kept.slice(0, 200)}`);
  });

  test('from this browser it needs a cors policy, and says so; with one it works', async () => {
    await page.getByText('From this browser').click();
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: /cors/i }).waitFor();
    const cors =
      '        cors:\n          allowOrigins: ["*"]\n          allowHeaders: ["*"]\n          exposeHeaders: ["*"]';
    gateway.write(walkthrough({ port: gateway.port, extra: cors }));
    // The pages follow by themselves.
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Policies' }).click();
    await page
      .getByRole('table', { name: 'Policies by route' })
      .getByRole('rowheader', { name: 'cors' })
      .waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Playground' }).click();
    await page.getByText('From this browser').click();
    view.errors.length = 0; // the browser complains about what CORS forbade, as it should
    const direct = page.waitForRequest((request) => request.url() === `http://localhost:${gateway.port}/mcp`);
    await connect(page);
    await direct;
    assert.deepEqual(await toolNames(page), ['echo']);
    assert.ok(
      view.foreign.every((url) => url.startsWith(`http://localhost:${gateway.port}/`)),
      view.foreign.join(', '),
    );
    assert.deepEqual(view.errors, []);
  });
});

test('the short form of the configuration works as well', async () => {
  await browser.withGateway(shorthand, {}, async (view) => {
    await view.page.goto('/ui/listeners');
    await view.page
      .getByRole('button', { name: /Target everything/ })
      .first()
      .waitFor();
    await view.page.goto('/ui/playground');
    await connect(view.page);
    assert.ok((await toolNames(view.page)).includes('printEnv'), 'without rules, every tool');
  });
});
