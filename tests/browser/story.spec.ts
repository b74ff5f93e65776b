import { expect, test } from '@playwright/test';
import { controls, counts, exportReport } from './demo-page';
import { isServed } from './sets';

const stories = [
  { data: 'mnist', file: 'mnist', k: 3, name: '3', button: 'Forget the 3s', fa: 1, drop: 1 },
  { data: 'pathmnist', file: 'pathmnist-light', k: 0, name: 'adipose', button: 'Forget the adipose', fa: 5, drop: 3 },
].filter(({ data, file, k }) =>
  [`data/${file}.purge`, `models/${data}-group-without-${k}.safetensors`].every(isServed),
);

test('MNIST is there to be told about', () => {
  expect(stories.map((story) => story.data)).toContain('mnist');
});

for (const { data, k, name, button, fa, drop } of stories) {
  test(`${data}: from the first click to both matrices and the attack`, async ({ page }) => {
    await page.goto(`/?device=cpu&dataset=${data}&class=${k}`);
    const { forget, device, after, before, retrained, alert } = controls(page);
    await expect(forget).toBeEnabled({ timeout: 90_000 });
    await expect(device).toContainText('CPU');
    await expect(page.getByRole('radio', { name, exact: true })).toBeChecked();
    await expect(forget).toHaveAccessibleName(button);

    await forget.click();
    await expect(after).toBeVisible({ timeout: 300_000 });
    await expect(retrained).toBeVisible({ timeout: 60_000 });
    await expect(alert).toHaveCount(0);

    const report = await exportReport(page);
    expect(report.stop).toBe('forget_target');
    expect(report.violations).toBe(0);
    expect(report.after.fa).toBeLessThanOrEqual(fa);
    expect(report.before.ra - report.after.ra).toBeLessThanOrEqual(drop);
    expect(report.before.fa).toBeGreaterThan(60);

    expect(await counts(before)).toEqual(report.before.confusion);
    expect(await counts(after)).toEqual(report.after.confusion);
    expect(await counts(retrained)).toEqual(report.retrained?.confusion);
    const recognised = (confusion: number[][] | undefined) => confusion?.[k]?.[k] ?? NaN;
    expect(recognised(report.after.confusion)).toBeLessThan(0.2 * recognised(report.before.confusion));
    expect(recognised(report.retrained?.confusion)).toBe(0);

    for (const [title, evaluation] of [
      ['Before', report.before],
      ['After', report.after],
    ] as const) {
      const attack = page.getByRole('article', { name: title, exact: true });
      await expect(attack).toContainText(evaluation.attacks.loss.auroc.toFixed(3));
      await expect(attack).toContainText(evaluation.mia.mean.toFixed(3));
      await expect(attack).toContainText(`${evaluation.fa.toFixed(1)} %`);
    }
  });
}

test('where there is no PathMNIST the page says how to get it, and MNIST works', async ({ page }) => {
  await page.route('**/data/pathmnist*', (route) => route.fulfill({ status: 404, body: 'not found' }));
  await page.goto('/?device=cpu&dataset=pathmnist');
  await expect(page.getByText('make data')).toBeVisible();
  await page.getByRole('tab', { name: 'MNIST', exact: true }).click();
  await expect(page.getByRole('radio', { name: '9', exact: true })).toBeVisible();
  await expect(controls(page).forget).toBeEnabled({ timeout: 60_000 });
});
