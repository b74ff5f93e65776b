import { expect, test } from '@playwright/test';
import { controls, counts } from './demo-page';

const note = /measured when this page was made, on CPU \(native, SIMD\), not here/;

test('the scores that come with the page are there at once, told as such, and those measured here are the same', async ({
  page,
}) => {
  await page.goto('/?device=cpu&dataset=mnist&class=3');
  const { before, retrained } = controls(page);
  await expect(retrained).toBeVisible();
  await expect(page.getByText(note).first()).toContainText('Before and retrained were');
  const tables = [before, retrained];
  const stored = await Promise.all(tables.map(counts));

  await page.getByRole('button', { name: 'Measure here' }).first().click();
  await expect(page.getByText(note)).toHaveCount(0);
  await expect(retrained).toBeVisible({ timeout: 120_000 });
  const measured = await Promise.all(tables.map(counts));
  // Another way to round may tip an answer over.
  const apart = stored.flat(2).reduce((sum, count, i) => sum + Math.abs(count - (measured.flat(2)[i] ?? NaN)), 0);
  expect(apart).toBeLessThanOrEqual(8);
  await expect(page.getByText(note)).toHaveCount(0);
});

test('scores of another network are not shown: the page measures', async ({ page }) => {
  await page.route('**/models/mnist-group*.scores', async (route) => {
    const other = route.request().url().replace('mnist-group', 'mnist-batch');
    await route.fulfill({ response: await route.fetch({ url: other }) });
  });
  await page.goto('/?device=cpu&dataset=mnist&class=3');
  const { before, retrained } = controls(page);
  await expect(before).toBeVisible({ timeout: 120_000 });
  await expect(retrained).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText(note)).toHaveCount(0);
});
