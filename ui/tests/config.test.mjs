// Editing the configuration in the browser: judged while it is written, compared, saved with its comments, never
// over somebody else's change.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../../tests/e2e/lib/gateway.mjs';
import { Browser } from './lib/browser.mjs';
import { startWithUi } from './lib/gateway.mjs';

let browser;
before(async () => {
  browser = await Browser.open();
});
after(() => browser?.close());

const editor = (page) => page.getByLabel('Configuration', { exact: true });
const file = (gateway) => readFileSync(gateway.configPath, 'utf8');

/** Puts the cursor at the end of the line that has the text. */
async function atEndOf(page, text) {
  await editor(page).getByText(text, { exact: false }).first().click();
  await page.keyboard.press('End');
}

test('an edit is judged, compared and saved; comments stay; another change is not overwritten', async () => {
  const gateway = await startWithUi();
  const view = await browser.page(gateway.ui, { height: 1200 });
  const { page } = view;
  const before = file(gateway);
  try {
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
    await page.getByText('valid', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    const review = page.getByRole('dialog', { name: 'Review and save' });
    await review.getByLabel('Changes').waitFor();
    await view.shoot('review', false);
    await view.assertAccessible('review');
    await review.getByRole('tab', { name: 'Access diff' }).click();
    await review.getByRole('row', { name: /anonymous tool add deny allow/ }).waitFor();
    await view.shoot('access-diff', false);
    await review.getByRole('button', { name: 'Save' }).click();
    await review.waitFor({ state: 'detached' });
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
    view.assertQuiet();
  } finally {
    await view.close();
    await gateway.stop();
  }
});

test('one value is edited where it is seen: compared and saved, and nothing around it changes', async () => {
  const gateway = await startWithUi();
  const view = await browser.page(gateway.ui, { height: 1200 });
  const { page } = view;
  const before = file(gateway);
  try {
    await page.goto('/ui/policies');
    await page.getByRole('button', { name: /^mcpAuthorization/ }).click();
    const values = page.getByRole('table', { name: 'Values of mcpAuthorization' });
    await values.getByRole('button', { name: 'Edit rules[1].allow' }).click();
    const form = page.getByRole('dialog', { name: 'Edit rules[1].allow' });
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
    view.assertQuiet();
  } finally {
    await view.close();
    await gateway.stop();
  }
});

test('completion knows the fields of the configuration', async () => {
  const gateway = await startWithUi();
  const view = await browser.page(gateway.ui);
  const { page } = view;
  try {
    await page.goto('/ui/config');
    await editor(page).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('binds:\n- port: 1\n  list');
    await page.keyboard.press('Control+Space');
    await page.getByRole('option', { name: /listeners/ }).waitFor();
    view.assertQuiet();
  } finally {
    await view.close();
    await gateway.stop();
  }
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
  const gateway = await startWithUi(twoRoutes);
  const view = await browser.page(gateway.ui, { height: 1200 });
  const { page } = view;
  try {
    await page.goto('/ui/config');
    await atEndOf(page, '# of the second');
    await page.keyboard.press('Enter');
    await page.keyboard.type('- \'mcp.tool.name == "add"\'');
    await page.getByText('valid', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    const review = page.getByRole('dialog', { name: 'Review and save' });
    await review.getByRole('tab', { name: 'Access diff' }).click();
    await review.getByRole('row', { name: /^second on port \d+ anonymous tool add deny allow$/ }).waitFor();
    assert.equal(await review.getByRole('row').count(), 2, 'and nothing else');
    await view.shoot('access-diff-routes', false);
  } finally {
    await view.close();
    await gateway.stop();
  }
});
