import { expect, test } from '@playwright/test';
import { exportReport, openReady } from './demo-page';

test('a run goes step by step, waits, goes on, and is cancelled', async ({ page }) => {
  const all = await openReady(page, 'dataset=mnist&class=3&preset=published&learningRate=0.0001&epochs=50');
  await all.step.click();
  await expect(all.status).toContainText('Paused at step 1');
  await all.step.click();
  await expect(all.status).toContainText('Paused at step 2');
  await page.waitForTimeout(1500);
  await expect(page.getByText('Paused at step 2').first()).toBeVisible();

  await all.resume.click();
  await expect(all.status).toContainText(/Step [3-9]|Step \d\d/);
  await all.pause.click();
  await expect(all.status).toContainText('Paused at step');
  await expect(all.after).toHaveCount(0);

  await all.cancel.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  await expect(all.status).toContainText('Cancelled');
  const report = await exportReport(page);
  expect(report.stop).toBe('cancelled');
  expect(report.steps).toBeGreaterThan(2);

  await all.reset.click();
  await expect(all.after).toHaveCount(0);
  await expect(all.forget).toBeEnabled();
});

test('Escape cancels a run in full flight, and the next run starts afresh', async ({ page }) => {
  const all = await openReady(page, 'dataset=mnist&class=3&preset=published&learningRate=0.0001&epochs=50');
  await all.forget.click();
  await expect(all.status).toContainText(/Step \d/);
  await page.keyboard.press('Escape');
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  await expect(all.status).toContainText('Cancelled');

  await all.step.click();
  await expect(all.status).toContainText('Paused at step 1');
  await all.cancel.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  expect((await exportReport(page)).steps).toBe(1);
});
