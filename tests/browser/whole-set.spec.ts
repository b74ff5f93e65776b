import { expect, test } from '@playwright/test';
import { controls } from './demo-page';
import { served } from './digits';
import { firstOfEachClass } from './packed';
import { expectSet, servedSets, shownSet, stepAndCancel, withoutPathmnist } from './sets';

test.skip(...withoutPathmnist);

test('another norm does not fetch the whole set again', async ({ page }) => {
  const few = firstOfEachClass(await served(page, '/data/pathmnist-light.purge'), { train: 30, rest: 8 });
  const fetched: string[] = [];
  await page.route('**/data/*.purge', (route) => {
    fetched.push(new URL(route.request().url()).pathname);
    return route.fulfill({ contentType: 'application/octet-stream', body: few });
  });
  await page.goto('/?device=cpu&dataset=pathmnist&size=whole&batchSize=8');
  const norm = (name: string) => page.getByRole('radio', { name }).check({ force: true });
  for (const [name, word] of [
    ['Group norm', 'group'],
    ['Batch norm', 'batch'],
    ['Group norm', 'group'],
    ['Batch norm', 'batch'],
  ] as const) {
    await norm(name);
    await expectSet(page, servedSets.pathmnist, word);
  }
  await stepAndCancel(page);
  // Nor do another class or other unseen images.
  await shownSet(page).tileInputs.nth(4).check({ force: true });
  await expect(controls(page).forget).toHaveText('Forget the mucus');
  await expect(controls(page).forget).toBeEnabled();
  expect(fetched).toEqual(['/data/pathmnist.purge']);
});
