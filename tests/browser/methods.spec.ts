import { expect, test, type Page } from '@playwright/test';
import { controls, counts, download, exportReport, openFewDigits } from './demo-page';
import { asFile } from './digits';
import { listenTo } from './problems';

const chart = (page: Page, title: string) => page.getByRole('img', { name: title });

test('a run that diverges says so, and leaves a sound network', async ({ page }) => {
  const heard = listenTo(page);
  const wild = 'method=purge&objective=gradient_ascent&learningRate=1000000&maxGradNorm=0&retainBudget=1000000000';
  const all = await openFewDigits(page, `preset=published&${wild}&batchSize=1`);
  const status = page.locator('.status');
  await all.forget.click();
  await expect(all.status).toContainText('Diverged, back at', { timeout: 60_000 });
  await expect(page.getByText('The run diverged:')).toBeVisible();
  await expect(status).not.toContainText('Done');
  await expect(page.getByText(/^forgotten$/)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Forget another class too' })).toHaveCount(0);
  await expect(all.after).toBeVisible();
  await expect(all.alert).toHaveCount(0);

  const report = await exportReport(page);
  expect(report.stop).toBe('diverged');
  expect(JSON.stringify(report.after)).not.toMatch(/null|NaN/);
  const weights = await download(page, 'Export network');
  await page.reload();
  await all.files.setInputFiles([...all.digits, asFile('after.safetensors', weights)]);
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  expect(await counts(all.before)).toEqual(report.after.confusion);
  expect(heard.problems).toEqual([]);
});

for (const { method, title, loss } of [
  { method: 'gradient_ascent', title: 'Gradient ascent', loss: 'Loss on what is forgotten, last batch' },
  { method: 'fine_tune', title: 'Fine-tuning', loss: 'Loss on the rest, last batch' },
]) {
  test(`${title} is chosen on the page, run, and comes back from the address`, async ({ page }) => {
    const heard = listenTo(page);
    const all = await openFewDigits(page, 'batchSize=16&epochs=2&kdWeight=2');
    const choice = page.getByRole('combobox', { name: 'Method', exact: true });
    await choice.selectOption({ label: title });
    await expect(all.forget).toBeEnabled();
    // What only PURGE has is gone from the page and from the address.
    await expect(page.getByRole('textbox', { name: /, β$/ })).toHaveCount(0);
    await expect(page.getByText('Angle between the gradients')).toHaveCount(0);
    await expect.poll(() => new URL(page.url()).search).toContain(`method=${method}`);
    expect(page.url()).not.toContain('kdWeight');

    await all.forget.click();
    await expect(all.after).toBeVisible({ timeout: 60_000 });
    await expect(all.alert).toHaveCount(0);
    const report = await exportReport(page);
    expect(report.steps).toBeGreaterThan(1);
    expect(report.violations).toBeUndefined();
    expect(report.after.retainLoss).not.toBe(report.before.retainLoss);
    expect(await counts(all.after)).toEqual(report.after.confusion);
    const scores = page.getByRole('table', { name: 'Scores side by side' });
    const row = scores.getByRole('row', { name: /Forget accuracy/ }).first();
    await expect(row).toContainText(report.after.fa.toFixed(1).replace('100.0', '100'));
    await expect(chart(page, 'Images recognised, by step')).toHaveAccessibleDescription(/^Forget accuracy .* from 100/);
    await expect(chart(page, loss)).toHaveAccessibleDescription(/^Cross-entropy of the newest .* batch: \d/);
    await expect(chart(page, loss).locator('path.line')).toHaveAttribute('d', /^M.*L/);

    await page.reload();
    await expect(choice).toHaveValue(method);
    expect(new URL(page.url()).search).toContain('batchSize=16&epochs=2');
    expect(heard.problems).toEqual([]);
  });
}

test('a method without a preset that is set has its own', async ({ page }) => {
  await page.goto('/?device=cpu&dataset=own&method=fine_tune&preset=strict&kdWeight=3&epochs=2');
  await expect(page.getByRole('combobox', { name: 'Method', exact: true })).toHaveValue('fine_tune');
  await expect(controls(page).alert).toHaveCount(0);
  await expect.poll(() => new URL(page.url()).search).toBe('?device=cpu&dataset=own&method=fine_tune&epochs=2');
});
