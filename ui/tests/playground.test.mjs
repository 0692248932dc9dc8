// What the Playground has beyond the walkthrough: prompts, resources, questions of the server, the messages, and
// several callers side by side. Against the real gateway and the real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { everything2025, token } from '../../tests/e2e/lib/gateway.mjs';
import { Browser, toolNames } from './lib/browser.mjs';
import { open, startWithUi } from './lib/gateway.mjs';

let browser;
before(async () => {
  browser = await Browser.open();
});
after(() => browser?.close());

const connect = async (page) => {
  await page.getByRole('button', { name: 'Connect', exact: true }).first().click();
  await page.getByRole('table', { name: 'Available Tools' }).waitFor();
};
const response = (page) => page.getByRole('region', { name: 'Response', exact: true });

describe('a server with everything, and no rules', () => {
  let gateway, view, page;
  before(async () => {
    gateway = await startWithUi(open(everything2025));
    view = await browser.page(gateway.ui);
    page = view.page;
    await page.goto('/ui/playground');
    await connect(page);
  });
  after(async () => {
    await view?.close();
    await gateway?.stop();
  });

  test('a prompt with arguments', async () => {
    await page.getByRole('tab', { name: /^Prompts [1-9]/ }).click();
    await page.getByRole('button', { name: 'complex_prompt', exact: true }).click();
    assert.ok(await page.getByRole('button', { name: 'Get Prompt' }).isDisabled(), 'an argument is missing');
    await page.getByRole('textbox', { name: 'temperature' }).fill('0.5');
    await page.getByRole('button', { name: 'Get Prompt' }).click();
    await response(page).getByText('assistant').waitFor();
  });

  test('a resource', async () => {
    await page.getByRole('tab', { name: /^Resources [1-9]/ }).click();
    await page.getByRole('table', { name: 'Available Resources' }).getByRole('button').first().click();
    await page.getByRole('button', { name: 'Read Resource' }).click();
    await response(page)
      .getByText(/plaintext/)
      .first()
      .waitFor();
  });

  test('a picture is shown as one', async () => {
    await page.getByRole('tab', { name: /^Tools/ }).click();
    await page.getByRole('button', { name: 'getTinyImage', exact: true }).click();
    await page.getByRole('button', { name: 'Run Tool' }).click();
    const picture = response(page).getByRole('img', { name: 'Sent by the server' });
    await picture.waitFor();
    assert.match(await picture.getAttribute('src'), /^blob:/);
  });

  test('the server asks the model of its client, and a person answers', async () => {
    await page.getByRole('button', { name: 'sampleLLM', exact: true }).click();
    await page.getByRole('textbox', { name: 'prompt' }).fill('Say hello');
    await page.getByRole('button', { name: 'Run Tool' }).click();
    const question = page.getByRole('alert').filter({ hasText: 'asks the model' });
    await question.getByLabel('Answer as the model').fill('hello from a person');
    await view.assertAccessible('a question of the server');
    await question.getByRole('button', { name: 'Answer' }).click();
    await response(page)
      .getByText(/hello from a person/)
      .waitFor();
  });

  test('the server asks for something with a form', async () => {
    await page.getByRole('button', { name: 'startElicitation', exact: true }).click();
    await page.getByRole('button', { name: 'Run Tool' }).click();
    const question = page.getByRole('alert').filter({ hasText: 'asks for something' });
    await question.getByRole('button', { name: 'Decline' }).waitFor();
    await view.shoot('question');
    await question.getByRole('button', { name: 'Decline' }).click();
    await response(page)
      .getByText(/declined/i)
      .waitFor();
  });

  test('every message is listed; a request can be sent again, changed', async () => {
    const messages = page.getByRole('region', { name: 'Messages' });
    await messages.getByLabel('Filter messages').fill('getTinyImage');
    await messages
      .getByRole('button', { name: /→ tools\/call/ })
      .first()
      .click();
    await messages.getByRole('button', { name: 'Edit and send' }).click();
    await messages
      .getByLabel('Request to send')
      .fill('{"method": "tools/call", "params": {"name": "echo", "arguments": {"message": "again"}}}');
    await messages.getByRole('button', { name: 'Send', exact: true }).click();
    await messages.getByText('Answered; see the last message.').waitFor();
    await messages.getByLabel('Filter messages').fill('Echo: again');
    await messages.getByRole('button', { name: /← tools\/call/ }).waitFor();
    view.assertQuiet();
  });
});

test('callers side by side: what differs is marked, and a tool runs for all', async () => {
  await browser.withGateway(undefined, { height: 1200 }, async (view) => {
    const { page } = view;
    await page.goto('/ui/playground');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByLabel('Bearer Token (Optional)').nth(1).fill(token('example1'));
    await connect(page);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    const table = page.getByRole('table', { name: 'Available Tools' });
    await table.getByRole('columnheader', { name: 'Caller 2' }).waitFor();
    assert.deepEqual((await toolNames(page)).sort(), ['add', 'echo', 'printEnv']);
    await table.locator('[data-name=printEnv][data-differs=true]').waitFor();
    await table.locator('[data-name=echo][data-differs=false]').waitFor();
    await page.getByRole('button', { name: 'add', exact: true }).click();
    await page.getByRole('textbox', { name: 'a', exact: true }).fill('2');
    await page.getByRole('textbox', { name: 'b', exact: true }).fill('3');
    await page.getByRole('button', { name: 'Run Tool' }).click();
    await response(page).getByText('Unknown tool: add').waitFor();
    await response(page).getByText(/\b5\b/).waitFor();
    await view.shoot('compare');
    await view.assertAccessible('compare');
  });
});
