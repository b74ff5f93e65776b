import { defineConfig } from '@playwright/test';
import { browser, port } from './tests/browser/setting';

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results',
  // The engine takes a whole core, so tests side by side would only slow each other down.
  workers: 1,
  timeout: 400_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: 'list',
  use: { baseURL: `http://localhost:${port}`, launchOptions: browser(), trace: 'retain-on-failure' },
  webServer: {
    command: `node tests/browser/server.mjs ${port}`,
    url: `http://localhost:${port}/tests/package.html`,
    reuseExistingServer: false,
  },
});
