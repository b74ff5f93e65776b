import puppeteer from 'puppeteer-core';
import { isEnabled, type Tab } from './tab';

const executablePath = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

/** Starts Firefox, driven over WebDriver BiDi. */
export async function startFirefox(baseURL: string): Promise<Tab> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, protocolTimeout: 240_000 });
  const page = await browser.newPage();
  let problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${String(error)}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console error: ${message.text()}`);
  });

  return {
    async open(path) {
      await page.goto(baseURL + path);
    },
    run: (task) => page.evaluate(task),
    async find(role, name) {
      const element = await page.$(`::-p-aria([role="${role}"][name="${name}"])`);
      if (!element) return undefined;
      return { isEnabled: () => element.evaluate(isEnabled), click: () => element.click() };
    },
    screenshot: () => page.screenshot(),
    takeProblems() {
      const taken = problems;
      problems = [];
      return Promise.resolve(taken);
    },
    close: () => browser.close(),
  };
}
