import { expect, test, type Page } from '@playwright/test';
import { controls, exportReport } from './demo-page';
import { serveFew } from './packed';
import { listenTo } from './problems';

const few = '/?device=cpu&norm=group&class=3';

function comparison(page: Page) {
  const table = page.getByRole('table', { name: /^Methods side by side/ });
  return {
    run: page.getByRole('button', { name: /^Run (all methods on the 3s|the other \d+|them all again)$/ }),
    stop: page.getByRole('button', { name: 'Stop comparing' }),
    table,
    rows: table.locator('tbody tr'),
    points: page.getByRole('group', { name: 'Methods by what they keep and what they forget' }).locator('[data-key]'),
  };
}

async function openFew(page: Page): Promise<void> {
  await serveFew(page, { train: 8, rest: 4 });
  await page.goto(few);
  await expect(controls(page).retrained).toBeVisible({ timeout: 60_000 });
}

test('all methods run one after the other, are drawn, sorted, and set up again from their row', async ({ page }) => {
  const heard = listenTo(page);
  await openFew(page);
  const { run, stop, table, rows, points } = comparison(page);
  await expect(run).toHaveText('Run all methods on the 3s');
  await run.click();
  await expect(stop).toBeVisible();
  await expect(controls(page).forget).toHaveAttribute('aria-disabled', 'true');
  await expect(run).toHaveText('Run them all again', { timeout: 300_000 });
  await expect(controls(page).alert).toHaveCount(0);

  // The two networks that the runs are held against, and the runs, none of which has failed.
  const count = await rows.count();
  expect(count).toBeGreaterThan(5);
  await expect(rows.filter({ hasText: /failed|not run/ })).toHaveCount(0);
  await expect(points).toHaveCount(count);
  await points.first().focus();
  await page.keyboard.press('End');
  await expect(points.and(page.locator(':focus'))).toHaveAccessibleName(/of the rest, .* of what is forgotten/);

  const { runs } = (await exportReport(page)).comparison;
  expect(runs.map(({ state }) => state)).toEqual(Array(count - 2).fill('over'));
  for (const { method, evaluation } of runs) expect(evaluation?.fa, method).toBeGreaterThanOrEqual(0);

  const column = table.getByRole('columnheader', { name: /^FA/ });
  await column.getByRole('button').click();
  await expect(column).toHaveAttribute('aria-sort', 'ascending');
  const percents = (await rows.locator('td:nth-child(3)').allTextContents()).map((text) => parseFloat(text));
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  expect(new URL(page.url()).search).toContain('sort=fa');

  const link = rows.getByRole('link', { name: 'Fine-tuning', exact: true });
  expect(await link.getAttribute('href')).toContain('method=fine_tune');
  await link.click();
  await expect(page.getByRole('combobox', { name: 'Method', exact: true })).toHaveValue('fine_tune');
  await expect(rows).toHaveCount(count);
  expect(heard.problems).toEqual([]);
});

test('a comparison is stopped, goes on with the rest, and is gone with its class', async ({ page }) => {
  await openFew(page);
  const { run, stop, rows, table } = comparison(page);
  await run.dblclick();
  await expect(stop).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(stop).toHaveCount(0, { timeout: 60_000 });
  await run.press('Enter');
  // Where the keyboard has just started it, it can stop it.
  await expect(stop).toBeFocused();
  await expect(rows.filter({ hasText: /step \d|begins/ })).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(stop).toHaveCount(0, { timeout: 60_000 });
  await expect(rows.filter({ hasText: 'not run' }).first()).toBeVisible();
  await expect(controls(page).forget).toHaveAttribute('aria-disabled', 'false');
  await page.getByRole('radio', { name: '5', exact: true }).check({ force: true });
  await expect(table).toHaveCount(0);
  await expect(run).toHaveCount(0);
});
