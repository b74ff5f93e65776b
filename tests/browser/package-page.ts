import type { Page } from '@playwright/test';
import type * as purge from 'purge-unlearning';

declare global {
  /** What the package page puts on its window. */
  var createSession: typeof purge.createSession;
  var PurgeError: typeof purge.PurgeError;
}

/** Opens a bare page with the package's exports as globals. */
export async function openPackagePage(page: Page): Promise<void> {
  await page.goto('/tests/package.html');
  await page.waitForFunction(() => 'createSession' in window);
}
