// Editing the configuration in the browser: judged while it is written, compared, saved with its comments, never
// over somebody else's change.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../../tests/e2e/lib/gateway.mjs';
import { Browser } from './lib/browser.mjs';

let browser;
before(async () => {
  browser = await Browser.open();
});
after(() => browser?.close());

const editor = (page) => page.getByLabel('Configuration', { exact: true });
const file = (gateway) => readFileSync(gateway.configPath, 'utf8');

/** Accessible as it is now, in both themes. */
async function assertAccessibleInBoth(view, what) {
  for (const theme of ['dark', 'light']) {
    // Colours change over a moment.
    await view.page.evaluate(async (scheme) => {
      document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      await Promise.allSettled(document.getAnimations().map((one) => one.finished));
    }, theme);
    await view.assertAccessible(`${what}, ${theme}`);
  }
}

/** What is written is valid, and shown beside what was there. */
async function review(page) {
  await page.getByText('valid', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Review and save' }).click();
  return page.getByRole('dialog', { name: 'Review and save' });
}

/** Opens a form of the first policy of that kind. */
async function openForm(page, kind, name) {
  await page.goto('/ui/policies');
  await page
    .getByRole('button', { name: new RegExp(`^${kind}`) })
    .first()
    .click();
  await page.getByRole('button', { name, exact: true }).click();
  return page.getByRole('dialog', { name });
}

/** Puts the cursor at the end of the line that has the text. */
async function atEndOf(page, text) {
  await editor(page).getByText(text, { exact: false }).first().click();
  await page.keyboard.press('End');
}

test('an edit is judged, compared and saved; comments stay; another change is not overwritten', async () => {
  await browser.withGateway(undefined, { height: 1200 }, async (view, gateway) => {
    const { page } = view;
    const before = file(gateway);
    await page.goto('/ui/config');
    await atEndOf(page, 'Allow anyone to call');
    await page.keyboard.press('Enter');
    await page.keyboard.type('- \'mcp.tool.nmae == "x"\'');
    const problems = page.getByRole('list', { name: 'Problems' });
    await problems.getByText(/nmae/).waitFor();
    await page.getByText('not valid', { exact: true }).waitFor();
    assert.equal(file(gateway), before, 'nothing is saved by writing');

    for (let count = 0; count < '- \'mcp.tool.nmae == "x"\''.length; count++)
      await page.keyboard.press('Backspace');
    await page.keyboard.type('- \'mcp.tool.name == "add"\'');
    const dialog = await review(page);
    await dialog.getByLabel('Changes').waitFor();
    await view.shoot('review', false);
    await view.assertAccessible('review');
    await dialog.getByRole('tab', { name: 'Access diff' }).click();
    await dialog.getByRole('row', { name: /anonymous tool add deny allow/ }).waitFor();
    await view.shoot('access-diff', false);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const after = file(gateway);
    assert.equal(
      after.replace(/^ *- 'mcp\.tool\.name == "add"'\n/m, ''),
      before,
      'one line more, and nothing else',
    );

    // It runs: anonymous callers may now use add.
    await page.goto('/ui/playground');
    await until(
      async () => {
        await page.getByRole('button', { name: 'Connect', exact: true }).click();
        await page.getByRole('table', { name: 'Available Tools' }).waitFor();
        const names = await page
          .locator('[data-name]')
          .evaluateAll((rows) => rows.map((row) => row.dataset.name));
        if (names.includes('add')) return true;
        await page.getByRole('button', { name: 'Disconnect' }).click();
        return false;
      },
      'what was saved is in force',
      15000,
    );

    // Somebody else changes the file while a draft is being written.
    await page.goto('/ui/config');
    await atEndOf(page, 'Allow anyone to call');
    await page.keyboard.type(' (mine)');
    const theirs = file(gateway).replace('# Only the test-user', '# Theirs: only the test-user');
    gateway.write(theirs);
    const alert = page.getByRole('alert').filter({ hasText: 'changed by somebody else' });
    await alert.waitFor();
    assert.ok(await page.getByRole('button', { name: 'Review and save' }).isDisabled());
    assert.equal(file(gateway), theirs);
    await alert.getByRole('button', { name: 'Take the new file' }).click();
    await editor(page).getByText('Theirs').waitFor();
  });
});

test('one value is edited where it is seen: compared and saved, and nothing around it changes', async () => {
  await browser.withGateway(undefined, { height: 1200 }, async (view, gateway) => {
    const { page } = view;
    const before = file(gateway);
    const values = page.getByRole('table', { name: 'Values of mcpAuthorization' });
    const form = await openForm(page, 'mcpAuthorization', 'Edit rules[1].allow');
    const field = form.getByRole('textbox', { name: 'rules[1].allow' });
    assert.equal(await field.inputValue(), 'jwt.sub == "test-user" && mcp.tool.name == "add"');
    // What the gateway would not run cannot be saved.
    await field.fill('mcp.tool.name ==');
    await form.getByRole('button', { name: 'Save', disabled: true }).waitFor();
    await field.fill('mcp.tool.name == "add"');
    await form.getByRole('button', { name: 'Save', disabled: false }).waitFor();
    await form.getByRole('tab', { name: 'Access diff' }).click();
    await form.getByRole('row', { name: /anonymous tool add deny allow/ }).waitFor();
    await view.shoot('edit-value', false);
    await view.assertAccessible('edit-value');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    assert.equal(
      file(gateway),
      before.replace('jwt.sub == "test-user" && mcp.tool.name == "add"', 'mcp.tool.name == "add"'),
    );
    await values.getByRole('cell', { name: 'mcp.tool.name == "add"', exact: true }).waitFor();
    // A default is written nowhere, and a list is for the editor.
    await page.getByRole('button', { name: /^jwtAuth/ }).click();
    const trust = page.getByRole('table', { name: 'Values of jwtAuth' });
    await trust.getByRole('button', { name: 'Edit issuer' }).waitFor();
    assert.equal(await trust.getByRole('button', { name: 'Edit mode' }).count(), 0);
    assert.equal(await trust.getByRole('button', { name: 'Edit audiences' }).count(), 0);
  });
});

test('completion knows the fields of the configuration', async () => {
  await browser.withGateway(undefined, {}, async (view) => {
    const { page } = view;
    await page.goto('/ui/config');
    await editor(page).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('binds:\n- port: 1\n  list');
    await page.keyboard.press('Control+Space');
    await page.getByRole('option', { name: /listeners/ }).waitFor();
  });
});

const twoRoutes = ({ port, extra = '' }) => `${extra}
binds:
- port: ${port}
  listeners:
  - routes:
    - name: first
      matches: [{ path: { pathPrefix: /one } }]
      policies:
        mcpAuthorization:
          rules:
          # of the first
          - 'mcp.tool.name == "echo"'
      backends: [{ mcp: { targets: [{ name: a, demo: {} }] } }]
    - name: second
      matches: [{ path: { pathPrefix: /two } }]
      policies:
        mcpAuthorization:
          rules:
          # of the second
          - 'mcp.tool.name == "echo"'
      backends: [{ mcp: { targets: [{ name: b, demo: {} }] } }]
`;

test('the access diff is about every route', async () => {
  await browser.withGateway(twoRoutes, { height: 1200 }, async (view) => {
    const { page } = view;
    await page.goto('/ui/config');
    await atEndOf(page, '# of the second');
    await page.keyboard.press('Enter');
    await page.keyboard.type('- \'mcp.tool.name == "add"\'');
    const dialog = await review(page);
    await dialog.getByRole('tab', { name: 'Access diff' }).click();
    await dialog.getByRole('row', { name: /^second on port \d+ anonymous tool add deny allow$/ }).waitFor();
    assert.equal(await dialog.getByRole('row').count(), 2, 'and nothing else');
    await view.shoot('access-diff-routes', false);
  });
});

test('the rules are edited as a list: added, moved, looked at, compared and saved with their comments', async () => {
  await browser.withGateway(undefined, { height: 1200 }, async (view, gateway) => {
    const { page } = view;
    const before = file(gateway);
    const form = await openForm(page, 'mcpAuthorization', 'Edit the rules of mcpAuthorization');
    const rule = (number) => form.getByRole('textbox', { name: `Rule ${number}`, exact: true });
    assert.equal(await rule(2).inputValue(), 'jwt.sub == "test-user" && mcp.tool.name == "add"');

    // A mistake is told where it is written, and cannot be saved.
    await form.getByRole('button', { name: 'Add a rule' }).press('Enter');
    await page.keyboard.type('mcp.tool.nmae == "add"');
    assert.equal(await rule(4).inputValue(), 'mcp.tool.nmae == "add"', 'the new rule has the focus');
    await form.getByRole('listitem').nth(3).getByText(/nmae/).waitFor();
    await form.getByRole('button', { name: 'Save', disabled: true }).waitFor();
    await rule(4).fill('mcp.tool.name == "add"');
    await form.getByText(/nmae/).waitFor({ state: 'detached' });

    // The third becomes the second with its comment, by keys alone; the first denies.
    await form.getByRole('button', { name: 'Move rule 3 up' }).press('Enter');
    assert.equal(await rule(2).inputValue(), 'mcp.tool.name == "printEnv" && jwt.nested.key == "value"');
    assert.equal(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      'Move rule 2 up',
    );
    await form.getByRole('combobox', { name: 'Kind of rule 1' }).selectOption('deny');
    await form.getByRole('button', { name: 'Remove rule 3' }).click();
    await form.getByRole('button', { name: 'Save', disabled: false }).waitFor();
    await form.getByRole('tab', { name: 'Access diff' }).click();
    await form.getByRole('row', { name: /anonymous tool add deny allow/ }).waitFor();
    await form.getByRole('row', { name: /anonymous tool echo allow deny/ }).waitFor();
    await view.shoot('edit-rules', false);
    await assertAccessibleInBoth(view, 'edit-rules');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    const rules = `          rules:
          # Allow anyone to call 'echo'
          - deny: 'mcp.tool.name == "echo"'
          # Any authenticated user with the claim \`nested.key == value\` can access 'printEnv'
          - 'mcp.tool.name == "printEnv" && jwt.nested.key == "value"'
          - 'mcp.tool.name == "add"'
`;
    assert.equal(file(gateway), before.replace(/ *rules:\n( *[#-] .*\n)+/, rules));
    // It runs.
    const values = page.getByRole('table', { name: 'Values of mcpAuthorization' });
    await values.getByRole('cell', { name: 'rules[0].deny', exact: true }).waitFor();
    await values.getByRole('cell', { name: 'mcp.tool.name == "add"', exact: true }).waitFor();
    assert.equal(await values.getByRole('row').count(), 4);
  });
});

const shortWithCors = ({ port, extra = '' }) => `${extra}
# Short
mcp:
  port: ${port}
  policies:
    cors:
      # Who may
      allowOrigins: ["https://a.example"] # them
      allowMethods:
      - GET
      # To call
      - POST
  targets:
  - name: own
    mcp: { host: localhost, port: 1 } # nobody
`;

test('members of a policy and of a target are edited, added and removed', async () => {
  await browser.withGateway(shortWithCors, { height: 1500 }, async (view, gateway) => {
    const { page } = view;
    const before = file(gateway);
    const add = async (form, name, value) => {
      await form.getByRole('combobox', { name, exact: true }).fill(value);
      await page.keyboard.press('Enter');
    };
    const form = await openForm(page, 'cors', 'Edit cors');
    await add(form, 'allowOrigins', 'https://b.example');
    await form.getByRole('combobox', { name: 'allowMethods', exact: true }).focus();
    await page.keyboard.press('Backspace');
    await add(form, 'allowMethods', 'DELETE');
    await add(form, 'exposeHeaders', '*');
    await form.getByRole('combobox', { name: 'allowCredentials' }).selectOption('true');
    await form.getByRole('textbox', { name: 'maxAge' }).fill('soon');
    await form.getByRole('button', { name: 'Save', disabled: true }).waitFor();
    await form.getByRole('textbox', { name: 'maxAge' }).fill('10m');
    await form.getByRole('button', { name: 'Save', disabled: false }).waitFor();
    await view.shoot('edit-cors', false);
    await assertAccessibleInBoth(view, 'edit-cors');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    const edited = before
      .replace('["https://a.example"]', '["https://a.example", https://b.example]')
      .replace(
        '      # To call\n      - POST\n',
        `      - DELETE
      exposeHeaders: ['*']
      allowCredentials: true
      maxAge: 10m
`,
      );
    assert.equal(file(gateway), edited);
    const values = page.getByRole('table', { name: 'Values of cors' });
    await values.getByRole('cell', { name: 'https://a.example, https://b.example' }).waitFor();

    await page.goto('/ui/backends');
    await page.getByRole('button', { name: 'Edit mcp of own' }).click();
    const target = page.getByRole('dialog', { name: 'Edit mcp of own' });
    await target.getByRole('textbox', { name: 'port' }).fill('');
    await target.getByRole('textbox', { name: 'path' }).fill('/other');
    await target.getByRole('button', { name: 'Save', disabled: false }).click();
    await target.waitFor({ state: 'detached' });
    assert.equal(
      file(gateway),
      edited.replace('{ host: localhost, port: 1 }', '{ host: localhost, path: /other }'),
    );
  });
});

const shared = ({ port, extra = '' }) => `${extra}
binds:
- port: ${port}
  listeners:
  - routes:
    - name: first
      matches: [{ path: { pathPrefix: /one } }]
      policies: &both
        mcpAuthorization:
          rules:
          - 'mcp.tool.name == "echo"'
      backends: [{ mcp: { targets: [{ name: a, demo: {} }] } }]
    - name: second
      matches: [{ path: { pathPrefix: /two } }]
      policies: *both
      backends: [{ mcp: { targets: [{ name: b, demo: {} }] } }]
`;

test('what is used elsewhere, too, is not changed by a form', async () => {
  await browser.withGateway(shared, { height: 1200 }, async (view, gateway) => {
    const { page } = view;
    const before = file(gateway);
    const rules = await openForm(page, 'mcpAuthorization', 'Edit the rules of mcpAuthorization');
    await rules.getByText('only the page Config can edit').waitFor();
    await page.keyboard.press('Escape');
    await rules.waitFor({ state: 'detached' });
    const form = await openForm(page, 'mcpAuthorization', 'Edit rules[0].allow');
    await form.getByRole('textbox', { name: 'rules[0].allow' }).fill('mcp.tool.name == "add"');
    await form.getByText(/This would change binds\[0\]\.listeners\[0\]\.routes\[1\]\..*too/).waitFor();
    await form.getByRole('button', { name: 'Save', disabled: true }).waitFor();
    assert.equal(file(gateway), before);
  });
});
