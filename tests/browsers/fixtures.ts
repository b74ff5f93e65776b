import { writeFile } from 'node:fs/promises';
import { test as base, expect } from '@playwright/test';
import { startFirefox } from './firefox';
import type { Tab } from './tab';
import { startWebKit } from './webkit';

const engines = { firefox: startFirefox, webkit: startWebKit };

export interface EngineOption {
  engine: keyof typeof engines;
}

/** Tests that get a tab of the project's browser. What a test leaves there of uncaught or console errors fails it. */
export const test = base.extend<{ tab: Tab }, EngineOption>({
  engine: ['firefox', { option: true, scope: 'worker' }],
  tab: async ({ engine, baseURL }, use, testInfo) => {
    const tab = await engines[engine](baseURL!);
    try {
      await use(tab);
      expect.soft(await tab.takeProblems(), 'errors on the page').toEqual([]);
      if (testInfo.status !== testInfo.expectedStatus) {
        const path = testInfo.outputPath('page.png');
        await writeFile(path, await tab.screenshot());
        testInfo.attachments.push({ name: 'page', path, contentType: 'image/png' });
      }
    } finally {
      await tab.close();
    }
  },
});
