import { expect, test, type Page } from '@playwright/test';
import { controls } from './demo-page';
import { serveFew } from './packed';
import { withoutPathmnist } from './sets';

test.skip(...withoutPathmnist);

/** What reaches beyond the window, outside of what scrolls by itself. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const beyond = (element: Element) => element.getBoundingClientRect().right > innerWidth + 0.5;
    return Array.from(document.body.querySelectorAll('*'))
      .filter((element) => beyond(element) && !Array.from(element.children).some(beyond))
      .map((element) => `${element.tagName} "${element.textContent.trim().slice(0, 40)}"`);
  });
}

for (const width of [320, 360]) {
  test(`nothing is wider than a window of ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await serveFew(page);
    await page.goto('/?device=cpu&dataset=pathmnist&batchSize=16&targetForgetAccuracy=80&checkEvery=2');
    const { after, forget, resume, retrained, status, step } = controls(page);
    await expect.poll(() => tooWide(page), 'while it loads').toEqual([]);
    await expect(forget).toBeEnabled({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByText('About the data and the network').click();
    expect(await tooWide(page), 'with all that opens').toEqual([]);
    for (const norm of ['Batch norm', 'Group norm']) {
      await page.getByRole('radio', { name: norm }).check({ force: true });
      await expect(forget).toBeEnabled({ timeout: 60_000 });
      expect(await tooWide(page), norm).toEqual([]);
    }
    // A run on so few images may be over before it is looked at, so it waits after a step.
    await step.click();
    await expect(status).toContainText('Paused at step 1');
    expect(await tooWide(page), 'during a run').toEqual([]);
    await resume.click();
    await expect(after).toBeVisible({ timeout: 60_000 });
    await expect(retrained).toBeVisible({ timeout: 60_000 });
    expect(await tooWide(page), 'after a run').toEqual([]);
    await page.getByRole('tab', { name: 'Your own' }).click();
    await expect(page.getByRole('tabpanel')).toBeVisible();
    expect(await tooWide(page), 'own data').toEqual([]);
  });
}

test('the longest name of a class leaves room for what stands beside it', async ({ page }) => {
  await serveFew(page);
  await page.goto('/?device=cpu&dataset=pathmnist&class=8');
  const button = page.getByRole('button', { name: 'Forget the colorectal adenocarcinoma epithelium', exact: true });
  await expect(button).toBeEnabled({ timeout: 60_000 });
  for (const width of [720, 768, 1024, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    const sentence = await page.getByText('Pushes the class out').boundingBox();
    expect(sentence?.width, `${width} pixels`).toBeGreaterThan(300);
    expect((sentence?.x ?? 0) + (sentence?.width ?? 0), `${width} pixels`).toBeLessThan(width);
  }
});
