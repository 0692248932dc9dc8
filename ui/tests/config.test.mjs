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

test('an edit is judged, compared and saved; comments stay; another change is not overwritten', async (t) => {
  const gateway = await startWithUi();
  if (!gateway.capabilities.includes('config.write')) {
    await gateway.stop();
    t.skip('this gateway saves no configuration yet');
    return;
  }
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
    if (gateway.capabilities.includes('explain')) {
      await review.getByRole('tab', { name: 'Access diff' }).click();
      await review.getByRole('row', { name: /anonymous tool add deny allow/ }).waitFor();
      await view.shoot('access-diff', false);
    }
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

test('completion knows the fields of the configuration', async (t) => {
  const gateway = await startWithUi();
  if (!gateway.capabilities.includes('config.write')) {
    await gateway.stop();
    t.skip('this gateway saves no configuration yet');
    return;
  }
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
