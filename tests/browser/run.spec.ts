import { expect, test } from '@playwright/test';
import { controls, counts, download, exportReport, openFewDigits } from './demo-page';
import { asFile } from './digits';
import { serveFew } from './packed';
import { listenTo } from './problems';

/** So small a step that no run ends by itself. */
const endless = 'preset=published&learningRate=0.0001&epochs=1000';

test('a run goes step by step, waits, goes on, and is cancelled', async ({ page }) => {
  const all = await openFewDigits(page, endless);
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
  const all = await openFewDigits(page, endless);
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

test('the exported network is the one that has forgotten', async ({ page }) => {
  const all = await openFewDigits(page, 'learningRate=0.02&epochs=20');
  await all.forget.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  const report = await exportReport(page);
  expect(report.after.confusion).not.toEqual(report.before.confusion);

  const weights = await download(page, 'Export network');
  await page.reload();
  await all.files.setInputFiles([...all.digits, asFile('unlearnt.safetensors', weights)]);
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  expect(await counts(all.before)).toEqual(report.after.confusion);
});

test('classes go together, and then another one after them', async ({ page }) => {
  const all = await openFewDigits(page, 'learningRate=0.05&epochs=60');
  const tiles = page.getByRole('group', { name: /^Class(es)? to forget/ });
  const several = page.getByRole('radio', { name: 'Several' });
  await several.check({ force: true });
  await tiles.getByRole('checkbox', { name: '5', exact: true }).check({ force: true });
  await expect(all.forget).toHaveText('Forget the 3s and 5s');
  await all.forget.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  const first = await exportReport(page);
  expect(first.after.classes).toEqual({ forget: [3, 5], forgotten: [] });
  expect(first.after.fa).toBeLessThan(first.before.fa);

  await page.getByRole('button', { name: 'Forget another class too' }).click();
  await expect(tiles.getByText('forgotten earlier')).toHaveCount(2);
  await expect(tiles.getByRole('checkbox', { name: '5', exact: true })).toBeDisabled();
  await expect(all.forget).toHaveText('Forget the 0s');
  await all.forget.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  const second = await exportReport(page);
  expect(second.after.classes).toEqual({ forget: [0], forgotten: [3, 5] });
  // It started from where the first run ended.
  expect(second.before.faEarlier).toBeCloseTo(first.after.fa, 5);
  await expect(page.getByRole('row', { name: /Forget accuracy, earlier/ })).toBeVisible();

  await page.getByRole('button', { name: 'Take the one from before' }).click();
  await expect(tiles.getByText('forgotten earlier')).toHaveCount(0);
  await expect(tiles.getByRole('checkbox', { name: '5', exact: true })).toBeEnabled();
});

test('where several classes were taken together, one is chosen for the next run', async ({ page }) => {
  await serveFew(page);
  await page.goto('/?device=cpu&class=3,5&batchSize=16&learningRate=0.02&targetForgetAccuracy=80&checkEvery=2');
  const all = controls(page);
  await all.forget.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Forget another class too' }).click();
  await expect(page.getByText('forgotten earlier')).toHaveCount(2);
  await expect(page.getByRole('radio', { name: '0', exact: true })).toBeChecked();
});

test('a run that stopped short leaves its class to be chosen again', async ({ page }) => {
  const all = await openFewDigits(page, 'learningRate=0.001&epochs=1&minSteps=2');
  await all.forget.click();
  await expect(all.status).toContainText('Stopped at the epoch limit', { timeout: 60_000 });
  const first = await exportReport(page);

  await page.getByRole('button', { name: 'Forget another class too' }).click();
  await expect(all.status).toContainText('Ready');
  await expect(page.getByText('forgotten earlier')).toHaveCount(0);
  await expect(all.forget).toHaveText('Forget the 3s');
  await all.forget.click();
  await expect(all.after).toBeVisible({ timeout: 60_000 });
  const second = await exportReport(page);
  expect(second.before.confusionTrain).toEqual(first.after.confusionTrain);
  expect(second.before.retainLoss).not.toEqual(first.before.retainLoss);
});

test('where there is nothing to forget no step is taken, and the page goes on', async ({ page }) => {
  const heard = listenTo(page);
  const all = await openFewDigits(page, 'targetForgetAccuracy=100');
  await all.forget.click();
  await expect(all.status).toContainText('Nothing left to forget', { timeout: 60_000 });
  await expect(all.after).toBeVisible();
  expect((await exportReport(page)).steps).toBe(0);
  await expect(page.getByRole('textbox', { name: 'Target forget accuracy' })).toBeEditable();
  await page.getByRole('textbox', { name: 'Target forget accuracy' }).fill('1');
  await page.keyboard.press('Enter');
  await all.step.click();
  await expect(all.status).toContainText('Paused at step 1');
  expect(heard.problems).toEqual([]);
});
