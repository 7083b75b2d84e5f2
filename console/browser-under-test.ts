import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROME_PATH ?? '/usr/bin/chromium';

/** Whether tests that look at pages have to be left out. */
export const noBrowser = !existsSync(executablePath) && process.env.REQUIRE_BROWSER !== '1';
if (noBrowser) console.warn(`SKIPPED: pages: no browser at ${executablePath}; set CHROME_PATH to a Chromium.`);

export function launchBrowser(): Promise<Browser> {
  const switches = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking'];
  const args = [...switches, 'disable-component-update', 'disable-sync'].map((name) => `--${name}`);
  return chromium.launch({ executablePath, args });
}

/** The page, and everything its browser complains of, such as what the security policy forbids. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.error(violatedDirective))`,
  );
  await page.goto(url);
  return { page, complaints };
}
