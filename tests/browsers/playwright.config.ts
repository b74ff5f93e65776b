import { defineConfig } from '@playwright/test';
import type { EngineOption } from './fixtures';

const port = 4819;
const baseURL = `http://localhost:${port}`;

// Playwright only runs the tests: its own Firefox and WebKit are builds of its own, not what people have.
export default defineConfig<object, EngineOption>({
  testDir: '.',
  outputDir: '../../test-results/browsers',
  // The engine takes a whole core, so tests side by side would only slow each other down.
  workers: 1,
  timeout: 300_000,
  forbidOnly: true,
  reporter: [['list'], ['./closing-line.ts']],
  use: { baseURL },
  projects: [
    { name: 'firefox', use: { engine: 'firefox' } },
    { name: 'webkit', use: { engine: 'webkit' } },
  ],
  webServer: {
    command: `node ../browser/server.mjs ${port}`,
    url: `${baseURL}/tests/package.html`,
    reuseExistingServer: false,
  },
});
