import { test } from '@playwright/test';
import { bringDoom } from './doom';
import { serveFew } from './packed';
import { withoutPathmnist } from './sets';
import { wrap } from './walk/gifts';
import { Walk } from './walk/walk';

test.skip(...withoutPathmnist);

const seconds = Number(process.env['WALK_SECONDS'] ?? 60);
const seed = Number(process.env['WALK_SEED'] ?? 2);

// A trace of so many acts would be too large; the walk tells of itself.
test.use({ trace: 'off', viewport: { width: 1280, height: 900 }, actionTimeout: 60_000, navigationTimeout: 60_000 });

test(`a visitor who does anything at all, seed ${seed}`, async ({ page }, testInfo) => {
  test.setTimeout((seconds + 600) * 1000);
  await bringDoom(page);
  const gifts = await wrap(page);
  // Odd walks have all images, even ones only few, and so come further.
  if (seed % 2 === 0) await serveFew(page);
  await page.route('**/data/pathmnist.purge', (route) => route.fulfill({ status: 404, body: 'not found' }));
  const walk = new Walk(page, seed, gifts);
  await page.goto('/');
  await page.goto('/?device=cpu&batchSize=8&epochs=3&checkEvery=2');
  const end = Date.now() + seconds * 1000;
  try {
    while (Date.now() < end) await walk.act();
    await walk.end();
  } catch (error) {
    await page.screenshot({ path: testInfo.outputPath('walk.png'), fullPage: true });
    const acts = walk.log.map((act, i) => `${i + 1}. ${act}`).join('\n');
    const { message } = error as Error;
    throw new Error(`Seed ${seed}, after these acts:\n${acts}\n\n${message}`, { cause: error });
  }
  console.log(`${walk.log.length} acts`);
});
