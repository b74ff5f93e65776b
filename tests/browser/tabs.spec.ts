import { expect, test, type Page, type Route } from '@playwright/test';
import { controls } from './demo-page';
import { serveFew } from './packed';
import { listenTo } from './problems';
import { expectSet, servedSets, shownSet, stepAndCancel, withoutPathmnist } from './sets';

test.skip(...withoutPathmnist);

const { mnist, pathmnist } = servedSets;
/** Small batches: a step takes no time. */
const quick = 'batchSize=8&epochs=1';

const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });
const norm = (page: Page, name: string) => page.getByRole('radio', { name }).check({ force: true });

/** Holds back what is asked for until it is released. */
async function holdBack(page: Page, url: string) {
  const held: Route[] = [];
  let released = false;
  await page.route(url, (route) => {
    if (released) return route.fallback();
    held.push(route);
    return undefined;
  });
  return {
    asked: () => expect.poll(() => held.length).toBeGreaterThan(0),
    async release() {
      released = true;
      await Promise.all(held.splice(0).map((route) => route.fallback()));
    },
  };
}

test('from tab to tab and back, by click, with the other norm in between', async ({ page }) => {
  const heard = listenTo(page);
  await serveFew(page);
  await page.goto(`/?device=cpu&${quick}`);
  await expectSet(page, mnist);
  await tab(page, 'PathMNIST').click();
  await expectSet(page, pathmnist);
  await norm(page, 'Batch norm');
  await expectSet(page, pathmnist, 'batch');
  await stepAndCancel(page);
  await tab(page, 'MNIST').click();
  await expectSet(page, mnist, 'batch');
  await expect(controls(page).after).toHaveCount(0);
  await norm(page, 'Group norm');
  await expectSet(page, mnist);
  await stepAndCancel(page);
  await tab(page, 'PathMNIST').click();
  await expectSet(page, pathmnist);
  expect(new URL(page.url()).search).toContain('dataset=pathmnist');
  await page.reload();
  await expectSet(page, pathmnist);
  expect(heard.problems).toEqual([]);
});

test('from tab to tab and back, by keyboard', async ({ page }) => {
  const heard = listenTo(page);
  await serveFew(page);
  await page.goto(`/?device=cpu&${quick}`);
  await expectSet(page, mnist);
  await tab(page, 'MNIST').focus();
  await page.keyboard.press('ArrowRight');
  await expect(tab(page, 'PathMNIST')).toBeFocused();
  // The focus alone loads nothing.
  await expect(tab(page, 'MNIST')).toHaveAttribute('aria-selected', 'true');
  await expectSet(page, mnist);
  await page.keyboard.press('Enter');
  await expectSet(page, pathmnist);
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await expectSet(page, mnist);
  await page.keyboard.press('End');
  await expect(tab(page, 'Your own')).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expectSet(page, pathmnist);
  expect(heard.problems).toEqual([]);
});

test('a tab left while it loads is not the one that comes', async ({ page }) => {
  const heard = listenTo(page);
  await serveFew(page);
  const digits = await holdBack(page, '**/data/mnist.purge');
  await page.goto(`/?device=cpu&${quick}`);
  await digits.asked();
  await expect(page.getByRole('group', { name: 'Loading' }).getByRole('progressbar')).not.toHaveCount(0);
  await tab(page, 'PathMNIST').click();
  await expectSet(page, pathmnist);
  await digits.release();
  await stepAndCancel(page);
  await expect(shownSet(page).title).toHaveText(pathmnist.title);

  const tissues = await holdBack(page, '**/models/mnist-batch.safetensors');
  await norm(page, 'Batch norm');
  await expectSet(page, pathmnist, 'batch');
  await tab(page, 'MNIST').click();
  await tissues.asked();
  await expect(controls(page).forget).toBeDisabled();
  await expect(shownSet(page).tileInputs).toHaveCount(0);
  await tab(page, 'PathMNIST').click();
  await expectSet(page, pathmnist, 'batch');
  await tissues.release();
  await tab(page, 'MNIST').click();
  await expectSet(page, mnist, 'batch');
  expect(heard.problems).toEqual([]);
});
