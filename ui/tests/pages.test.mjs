// Every page against the real gateway, in both themes: it shows what runs, axe finds nothing, nothing leaves the
// origin, and a picture of it is kept in build/ui-shots.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { token } from '../../tests/e2e/lib/gateway.mjs';
import { callText, connect, failure } from '../../tests/e2e/lib/mcp.mjs';
import { Browser, themes } from './lib/browser.mjs';
import { startWithUi, walkthrough } from './lib/gateway.mjs';

let browser, gateway;
before(async () => {
  browser = await Browser.open();
  gateway = await startWithUi();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

// What the page Connect is given to translate.
const secret = ['ghp', 'Zq8vN3xK1mW7pL5tR2yB9cD4'].join('_');
const clientFile = `{
  // of a client
  "mcpServers": {
    "github": {"command": "npx", "args": ["-y", "server-github"], "env": {"GITHUB_TOKEN": "${secret}"}},
    "remote": {"url": "https://mcp.example/mcp", "timeout": 5},
    "socket": {"type": "ws", "url": "ws://x/"},
  },
}`;

/** Calls of a known caller and of an anonymous one, some of them refused. */
async function makeTraffic() {
  const user = await connect(gateway.url(), { token: token('example2') });
  await callText(user, 'add', { a: 2, b: 40 });
  await user.close();
  const trusted = await connect(gateway.url(), { token: token('example1') });
  await failure(callText(trusted, 'drop'));
  await trusted.close();
  const nobody = await connect(gateway.url());
  await callText(nobody, 'echo', { message: 'hello' });
  await failure(callText(nobody, 'printEnv'));
  await nobody.close();
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

/** Each page with what must be on it, and what is done there before it is looked at. */
const pages = {
  overview: async (page) => {
    await page.goto('/ui/');
    await heading(page, 'Overview');
    await page
      .getByText(/callers without a token/)
      .first()
      .waitFor();
    await page.getByText(`http://localhost:${gateway.port}/mcp`).first().waitFor();
  },
  listeners: async (page) => {
    await page.goto('/ui/listeners');
    await heading(page, 'Listeners');
    await page.getByText(`Port ${gateway.port}`).first().waitFor();
    await page.getByRole('button', { name: /jwtAuth/ }).click();
    const values = page.getByRole('table', { name: 'Values of jwtAuth' });
    // What nobody has written is there, and said to be so.
    await values.getByRole('row', { name: /mode optional default/ }).waitFor();
    await values.getByRole('row', { name: /issuer agentgateway\.dev line/ }).waitFor();
  },
  routes: async (page) => {
    await page.goto('/ui/routes');
    await heading(page, 'Routes');
    await page.getByRole('table', { name: 'Routes' }).getByText('jwtAuth, mcpAuthorization').waitFor();
  },
  backends: async (page) => {
    await page.goto('/ui/backends');
    await heading(page, 'Backends');
    await page.getByRole('table', { name: 'Settings of everything' }).getByText('npx').waitFor();
    // What the server has, whoever may use it.
    await page.getByRole('button', { name: 'Show what it offers' }).click();
    await page.getByRole('table', { name: 'Tools of everything' }).getByText('printEnv').waitFor();
    await page.getByRole('table', { name: 'Prompts of everything' }).getByText('simple_prompt').waitFor();
  },
  policies: async (page) => {
    await page.goto('/ui/policies');
    await heading(page, 'Policies');
    const table = page.getByRole('table', { name: 'Policies by route' });
    await table.getByRole('row', { name: /mcpAuthorization 3 rules/ }).waitFor();
    await table.getByRole('row', { name: /jwtAuth mode optional/ }).waitFor();
  },
  access: async (page) => {
    await page.goto('/ui/access');
    await heading(page, 'Who can call what');
    await page.getByRole('button', { name: 'Identity' }).click();
    await page.getByLabel('Name', { exact: true }).fill('example2');
    await page.getByLabel('Token, or claims as JSON').fill(token('example2'));
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const matrix = page.getByRole('table', { name: 'Who can call what' });
    await matrix.getByRole('button', { name: /^anonymous, echo: allow, rule 1/ }).waitFor();
    await matrix
      .getByRole('button', { name: /^example2, add: allow, rule 2/ })
      .first()
      .waitFor();
    await matrix
      .getByRole('button', { name: /^example2, printEnv: deny/ })
      .first()
      .click();
    await page
      .getByRole('region', { name: 'Why' })
      .getByText(/Nearest: rule 3 needs .*jwt\.nested/)
      .waitFor();
  },
  playground: async (page) => {
    await page.goto('/ui/playground');
    await heading(page, 'Playground');
    await page.getByLabel('Bearer Token (Optional)').fill(token('example2'));
    await page.getByText('Valid here').waitFor();
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByRole('switch', { name: 'show refused' }).click();
    await page.locator('[data-refused=printEnv]').waitFor();
    await page.getByRole('button', { name: 'add', exact: true }).click();
    await page.getByRole('textbox', { name: 'a', exact: true }).fill('2');
    await page.getByRole('textbox', { name: 'b', exact: true }).fill('40');
    await page.getByRole('button', { name: 'Run Tool' }).click();
    await page
      .getByRole('region', { name: 'Response', exact: true })
      .getByText(/\b42\b/)
      .waitFor();
  },
  cel: async (page) => {
    await page.goto('/ui/cel');
    await heading(page, 'CEL');
    await page.locator('[data-result]').getByText('true', { exact: true }).waitFor();
    await page.getByText('mcp.tool.name == "echo"').first().waitFor();
  },
  traffic: async (page) => {
    await page.goto('/ui/traffic');
    await heading(page, 'Live traffic');
    await page.getByText('Nothing yet since this page was opened.').waitFor();
    await makeTraffic();
    const requests = page.getByRole('table', { name: 'Requests' });
    await requests.getByRole('row', { name: /test-user tools\/call add everything ✓ allow 200/ }).waitFor();
    await page.getByLabel('Filter').fill('decision:deny tool:printEnv');
    await requests.getByRole('row', { name: /test-user tools\/call add/ }).waitFor({ state: 'detached' });
    const denied = requests.getByRole('row', { name: /anonymous tools\/call printEnv everything ✕ deny/ });
    await denied.getByRole('button').click();
    await page.getByRole('table', { name: 'Facts of the request' }).waitFor();
    // Why: the rules one by one, with what was missing.
    const why = page.getByRole('region', { name: 'Why?' });
    await why.getByText(/no rule that allows it matches/).waitFor();
    await why.getByText(/Nearest: rule 3 needs .*jwt\.nested/).waitFor();
    // Of a caller with a token all its claims count: nothing is missing here but the tool.
    await page.getByLabel('Filter').fill('sub:test-user tool:drop');
    const other = requests.getByRole('row', { name: /test-user tools\/call drop everything ✕ deny/ });
    await other.getByRole('button').click();
    const third = why.getByRole('listitem').nth(2);
    await third.getByText('"value"').first().waitFor();
    await page.getByRole('button', { name: 'What the rules saw' }).click();
    await page
      .getByRole('region', { name: 'What the rules saw' })
      .getByText(/"nested"/)
      .waitFor();
    assert.equal(await page.getByText('Arguments of tool calls are recorded').count(), 0);
    assert.equal(await page.getByRole('region', { name: 'Arguments of the call' }).count(), 0);
  },
  figures: async (page) => {
    await page.goto('/ui/');
    await heading(page, 'Overview');
    await makeTraffic();
    const figures = page.getByRole('table', { name: 'Figures' });
    await figures.getByRole('row', { name: /^Requests \d+/ }).waitFor();
    await figures.getByRole('row', { name: /^Allowed, denied [1-9]\d*, [1-9]/ }).waitFor();
    await page.getByText(/Most denied here and now: .*printEnv/).waitFor();
  },
  recorded: async (page) => {
    await page.goto('/ui/cel');
    await heading(page, 'CEL');
    await page.locator('[data-result]').waitFor();
    await makeTraffic();
    await page.getByRole('combobox', { name: 'Recorded call' }).click();
    await page
      .getByRole('option', { name: /test-user: add/ })
      .first()
      .click();
    await page.getByLabel('Data', { exact: true }).getByText('"test-user"').waitFor();
    await page.locator('[data-result]').getByText('true', { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Recorded call' }).click();
    await page
      .getByRole('option', { name: /anonymous: printEnv/ })
      .first()
      .click();
    await page
      .locator('[data-result]')
      .getByText(/jwt|false/)
      .waitFor();
  },
  targets: async (page) => {
    await page.goto('/ui/backends');
    await heading(page, 'Backends');
    const card = page.getByRole('region', { name: 'Target everything' });
    const client = await connect(gateway.url());
    await card.getByText('up', { exact: true }).waitFor();
    await card.getByText(/Processes\s*\d+/).waitFor();
    await card.getByRole('button', { name: 'Show its output' }).click();
    await page.getByRole('region', { name: 'What the target has written' }).waitFor();
    await card.getByRole('button', { name: 'Restart' }).click();
    await page.getByText('everything starts anew.').waitFor();
    await client.close();
  },
  config: async (page) => {
    await page.goto('/ui/config');
    await heading(page, 'Config');
    await page
      .getByLabel('Configuration', { exact: true })
      .getByText('# Allow anyone to call', { exact: false })
      .waitFor();
  },
  connect: async (page) => {
    await page.goto('/ui/connect');
    await heading(page, 'Connect');
    await page.getByRole('tab', { name: 'VS Code' }).click();
    await page
      .getByRole('region', { name: 'Snippet for VS Code' })
      .getByText(`http://localhost:${gateway.port}/mcp`, { exact: false })
      .waitFor();
  },
  import: async (page) => {
    await page.goto('/ui/connect');
    await heading(page, 'Connect');
    await page.getByRole('textbox', { name: 'mcp.json' }).fill(clientFile);
    await page.getByRole('button', { name: 'Translate' }).click();
    const yaml = page.getByRole('region', { name: 'Translated configuration' });
    await yaml.getByText('- name: github').waitFor();
    const findings = page.getByRole('table', { name: 'Findings' });
    await findings
      .getByRole('row', { name: /mcpServers\.github\.env\.GITHUB_TOKEN .*GITHUB_TOKEN/ })
      .waitFor();
    await findings.getByRole('row', { name: /error mcpServers\.socket\.type/ }).waitFor();
    for (const part of [yaml, findings])
      assert.ok(!(await part.innerText()).includes(secret), 'the secret is shown again');
  },
  about: async (page) => {
    await page.goto('/ui/about');
    await heading(page, 'About');
    await page.getByRole('table', { name: 'Process' }).getByText(String(gateway.port)).waitFor();
  },
};

for (const theme of themes) {
  describe(`in the ${theme} theme`, () => {
    for (const [name, visit] of Object.entries(pages)) {
      test(name, async () => {
        await browser.withPage(gateway.ui, { theme, name }, async (view) => {
          await visit(view.page);
          await view.shoot(name);
          await view.assertAccessible(name);
        });
      });
    }
  });
}

test('on a narrow screen the pages fit, and the navigation is behind a button', async () => {
  await browser.withPage(gateway.ui, { width: 390, height: 800 }, async (view) => {
    for (const path of ['/ui/', '/ui/listeners', '/ui/playground', '/ui/policies']) {
      await view.page.goto(path);
      await view.page.getByRole('heading', { level: 1 }).waitFor();
      await view.page.getByRole('heading', { level: 2 }).first().waitFor();
      const [wide, has] = await view.page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      assert.ok(wide <= has + 1, `${path} is ${wide} wide on a screen of ${has}`);
    }
    await view.shoot('narrow');
    await view.page.getByRole('button', { name: 'Navigation' }).click();
    await view.page.getByRole('link', { name: 'Overview' }).click();
    await view.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await view.assertAccessible('narrow');
  });
});

test('keys: the palette, going to a page, the list of keys', async () => {
  await browser.withPage(gateway.ui, {}, async (view) => {
    const { page } = view;
    await page.goto('/ui/');
    await heading(page, 'Overview');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await heading(page, 'Policies');
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Search' }).fill('playg');
    await page.keyboard.press('Enter');
    await heading(page, 'Playground');
    await page.keyboard.press('Shift+?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  });
});

test('keys alone: the first link skips the navigation, arrows go through the matrix, Enter asks why', async () => {
  await browser.withPage(gateway.ui, {}, async (view) => {
    const { page } = view;
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
      );
    await page.goto('/ui/access');
    await heading(page, 'Who can call what');
    await page.keyboard.press('Tab');
    assert.match(await focused(), /skip|content/i);
    const matrix = page.getByRole('table', { name: 'Who can call what' });
    await matrix.getByRole('button', { name: /^anonymous, echo: allow/ }).focus();
    await page.keyboard.press('ArrowDown');
    assert.match(await focused(), /^anonymous, add: deny/);
    await page.keyboard.press('ArrowRight');
    assert.match(await focused(), /^example1, add: allow/);
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: 'Why' })
      .getByText(/a rule allows it/)
      .waitFor();
  });
});

describe('arguments are recorded', () => {
  let recording;
  before(async () => {
    const config = (place) => `config: { admin: { recordArguments: true } }\n${walkthrough(place)}`;
    recording = await startWithUi(config);
  });
  after(() => recording?.stop());

  for (const theme of themes)
    test(`the pages say so, and a call has them without its secrets (${theme})`, async () => {
      await browser.withPage(recording.ui, { theme }, async (view) => {
        const { page } = view;
        await page.goto('/ui/');
        await page.getByText(/recordArguments is on/).waitFor();
        await page.goto('/ui/traffic');
        await page.getByRole('alert').getByText('Arguments of tool calls are recorded').waitFor();
        await page.getByText('Nothing yet since this page was opened.').waitFor();
        const client = await connect(recording.url());
        const password = ['never', 'shown'].join('-');
        await callText(client, 'echo', { message: 'hello there', password });
        await client.close();
        const row = page.getByRole('row', { name: /anonymous tools\/call echo/ });
        await row.getByRole('button').click();
        const shown = page.getByRole('region', { name: 'Arguments of the call' });
        await shown.getByText('hello there').waitFor();
        await shown.getByText('<redacted>').waitFor();
        await page.getByText('What looks like a secret is left out.').waitFor();
        await page.getByRole('button', { name: 'What the rules saw' }).click();
        await page.getByRole('region', { name: 'What the rules saw' }).waitFor();
        assert.ok(!(await page.locator('main').innerText()).includes(password));
        await view.shoot('recording');
        await view.assertAccessible('recording');
      });
    });
});

test('a page that nobody looks at gives its stream back, and goes on where it was', async () => {
  await browser.withPage(gateway.ui, {}, async (view) => {
    const { page } = view;
    const show = (state) =>
      page.evaluate((visible) => {
        Object.defineProperty(document, 'visibilityState', { value: visible, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    const isStream = (request) => request.url().includes('/api/v1/events');
    const opened = page.waitForRequest(isStream);
    await page.goto('/ui/cel');
    await heading(page, 'CEL');
    await opened;
    await page.locator('[data-result]').waitFor();
    const closed = page.waitForEvent('requestfailed', { predicate: isStream, timeout: 60_000 });
    await show('hidden');
    await closed;
    await makeTraffic();
    const again = page.waitForRequest(isStream);
    await show('visible');
    assert.match((await again).url(), /since=/);
    await page.getByRole('combobox', { name: 'Recorded call' }).click();
    await page
      .getByRole('option', { name: /test-user: add/ })
      .first()
      .waitFor();
  });
});

test('a stream that is refused, for want of room or of a login, is asked for again', async () => {
  await browser.withPage(gateway.ui, {}, async (view) => {
    const { page } = view;
    let refusals = 0;
    await page.route('**/api/v1/events*', (route) =>
      refusals++ === 0
        ? route.fulfill({ status: 503, json: { error: { code: 'unavailable' } } })
        : route.continue(),
    );
    const opened = page.waitForResponse(
      (response) => response.url().includes('/api/v1/events') && response.status() === 200,
    );
    await page.goto('/ui/traffic');
    await heading(page, 'Live traffic');
    await opened;
    await makeTraffic();
    await page
      .getByRole('row', { name: /anonymous tools\/call echo/ })
      .first()
      .waitFor();
  });
});

test('a broken file: the pages say what runs, where the mistake is, and follow when it is mended', async () => {
  const view = await browser.page(gateway.ui);
  const { page } = view;
  const good = walkthrough({ port: gateway.port });
  try {
    await page.goto('/ui/');
    await page.locator('[data-state=ok]').waitFor();
    gateway.write(good.replace('- port:', '- post:'));
    const chip = page.locator('[data-state=rejected]');
    await chip.getByText(/file has errors - still running/).waitFor();
    await chip.click();
    await page
      .getByText(/binds\[0\]: unknown field `post`, did you mean `port`\?/)
      .first()
      .waitFor();
    await view.shoot('rejected');
    await view.assertAccessible('rejected');
    await page
      .getByRole('link', { name: /^line \d+:\d+/ })
      .first()
      .click();
    await heading(page, 'Config');
    await page.getByRole('alert').filter({ hasText: 'goes on running' }).waitFor();
    gateway.write(good);
    await page.locator('[data-state=ok]').waitFor();
    view.assertQuiet();
  } finally {
    gateway.write(good);
    await view.close();
  }
});
