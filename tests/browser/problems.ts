import type { Page } from '@playwright/test';

/** What a page has said of itself that it should not: errors that nobody caught, and errors on its console. */
export interface Heard {
  problems: string[];
}

/**
 * Listens to a page and its workers.
 *
 * @param expected Console errors that are no fault.
 */
export function listenTo(page: Page, expected: readonly RegExp[] = []): Heard {
  const heard: Heard = { problems: [] };
  page.on('pageerror', (error) => heard.problems.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    const text = `${message.text()} (${message.location().url})`;
    if (message.type() !== 'error' || expected.some((words) => words.test(text))) return;
    heard.problems.push(`console: ${text}`);
  });
  page.on('crash', () => heard.problems.push('the tab crashed'));
  return heard;
}
