// A browser on the real pages: what it asks of others, what it complains about, and pictures.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { patience, root } from '../../../tests/e2e/lib/gateway.mjs';
import { startWithUi } from './gateway.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const shots = join(root, 'build/ui-shots');
/** In milliseconds: a bound, not an expectation. */
export const wait = 15000 * patience;
export const themes = ['light', 'dark'];

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export class Browser {
  static async open() {
    assert.ok(existsSync(executablePath), `no browser at ${executablePath}; ./dev ui test installs it`);
    const browser = new Browser();
    browser.folder = mkdtempSync(join(tmpdir(), 'agentgateway-ui-'));
    browser.chromium = await chromium.launch({
      executablePath,
      headless: true,
      args: flags,
      timeout: 60000 * patience,
    });
    return browser;
  }

  /** A page in a context of its own; `origins` are those besides its own that it may ask. */
  async page(origin, { theme = 'light', width = 1280, height = 900, origins = [] } = {}) {
    const context = await this.chromium.newContext({
      baseURL: origin,
      colorScheme: theme,
      viewport: { width, height },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(wait);
    const view = new View(page, context, theme);
    const allowed = [new URL(origin).origin, ...origins];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && !allowed.includes(url.origin))
        view.foreign.push(request.url());
    });
    page.on('pageerror', (error) => view.errors.push(String(error)));
    page.on('console', (message) => {
      // Answers that are no 2xx are the tests' own doing and are looked at there.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        view.errors.push(message.text());
    });
    return view;
  }

  /**
   * A page for `use(view)`, which neither asks others nor complains, and is closed. With a `name` among the options a
   * picture is kept of what failed.
   */
  async withPage(origin, options, use) {
    const view = await this.page(origin, options);
    try {
      await use(view);
      view.assertQuiet();
    } catch (error) {
      if (options.name) await view.shoot(`failed-${options.name}`).catch(() => {});
      throw error;
    } finally {
      await view.close();
    }
  }

  /** The same on a gateway of its own, for `use(view, gateway)`. */
  async withGateway(config, options, use) {
    const gateway = await startWithUi(config);
    try {
      await this.withPage(gateway.ui, options, (view) => use(view, gateway));
    } finally {
      await gateway.stop();
    }
  }

  async close() {
    await this.chromium?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class View {
  constructor(page, context, theme) {
    Object.assign(this, { page, context, theme, foreign: [], errors: [] });
  }

  /** A picture of the page as it is, kept with the build. */
  async shoot(name, fullPage = true) {
    mkdirSync(shots, { recursive: true });
    await this.page.evaluate(() => window.scrollTo(0, 0));
    await this.page.screenshot({
      path: join(shots, `${name}-${this.theme}.png`),
      fullPage,
      animations: 'disabled',
    });
  }

  async assertAccessible(what) {
    const { violations } = await new AxeBuilder({ page: this.page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze();
    const said = violations.map(
      (one) =>
        `${one.id}: ${one.help}\n${one.nodes
          .slice(0, 4)
          .map(
            (node) =>
              `    ${node.html.slice(0, 200)}\n      ${node.failureSummary?.replaceAll('\n', ' ').slice(0, 300)}`,
          )
          .join('\n')}`,
    );
    assert.deepEqual(said, [], `${what} (${this.theme}):\n${said.join('\n')}`);
  }

  /** Nothing was asked of others, and the browser complained about nothing. */
  assertQuiet() {
    assert.deepEqual(this.foreign, [], 'requests that left the origin');
    assert.deepEqual(this.errors, [], 'errors in the browser');
  }

  async close() {
    await this.context.close();
  }
}

/** The names of the tools in the table of the Playground. */
export const toolNames = (page) =>
  page
    .getByRole('table', { name: 'Available Tools' })
    .locator('[data-name]')
    .evaluateAll((rows) => rows.map((row) => row.dataset.name));
