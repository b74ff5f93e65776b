import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { controls, counts, openFewDigits } from './demo-page';
import { asFile, fewDigits, served } from './digits';
import { openPackagePage } from './package-page';
import { serveFew } from './packed';
import { listenTo } from './problems';
import { shownSet, stepAndCancel } from './sets';

const fixture = (name: string) => readFile(new URL(`../fixtures/formats/${name}`, import.meta.url));
const network = (page: Page, name: string) => served(page, `/models/${name}.safetensors`);
const notice = (page: Page) => page.getByText('The network and the images do not go together');

/** What "Your own" lists. */
function listed(page: Page) {
  const entry = (name: string) => page.locator(`dl > div:has(> dt:text-is("${name}")) > dd`).first();
  const panel = page.getByRole('tabpanel');
  return { images: panel.locator(entry('Images')), network: panel.locator(entry('Network')) };
}

/** A safetensors file without what its header tells of the network. */
function withoutCard(file: Buffer): Buffer {
  const end = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: card, ...tensors } = JSON.parse(file.toString('utf8', 8, end)) as Record<string, unknown>;
  expect(card).toBeDefined();
  const header = Buffer.from(JSON.stringify(tensors));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, file.subarray(end)]);
}

test('colour files dropped beside the digits are taken, and a network that does not fit is only told', async ({
  page,
}) => {
  const heard = listenTo(page);
  await serveFew(page);
  await page.goto('/?device=cpu&batchSize=8');
  const { forget, alert, files, before, status } = controls(page);
  const shown = shownSet(page);
  await expect(before).toBeVisible({ timeout: 60_000 });

  await page.getByRole('tab', { name: 'Your own' }).click();
  await files.setInputFiles(asFile('colour.npz', await fixture('medmnist_rgb_stored.npz')));
  await expect(shown.title).toHaveText('colour');
  await expect(shown.tileInputs.first()).toBeVisible();
  await expect(alert).toHaveCount(0);
  const classes = await shown.tileInputs.count();

  await files.setInputFiles(asFile('digits.safetensors', await network(page, 'mnist-group')));
  await expect(notice(page)).toBeVisible();
  await expect(page.getByText('digits.safetensors: expected a network for images of 3 channels')).toBeVisible();
  await expect(alert).toHaveCount(0);
  await expect(status).toContainText('Waiting for a network that fits');
  await expect(forget).toBeDisabled();
  await expect(shown.tileInputs).toHaveCount(classes);
  await expect(shown.tiles).not.toContainText('learnt');
  await expect(listed(page).images).toContainText('colour.npz');
  await expect(listed(page).network).toContainText('digits.safetensors');

  // Images that go with the network in place of those that do not: nothing else has to be done.
  await files.setInputFiles(asFile('digits.purge', await served(page, '/data/mnist.purge')));
  await expect(forget).toBeEnabled({ timeout: 60_000 });
  await expect(notice(page)).toHaveCount(0);
  await expect(shown.title).toHaveText('MNIST');

  // The other tab never saw any of it.
  await page.getByRole('tab', { name: 'MNIST', exact: true }).click();
  await expect(before).toBeVisible({ timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  expect(heard.problems).toEqual([]);
});

test('images that came second are told as a misfit, not as a bad file', async ({ page }) => {
  const all = await openFewDigits(page, 'batchSize=8');
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  await all.files.setInputFiles(asFile('colour.npz', await fixture('medmnist_rgb_stored.npz')));
  await expect(notice(page)).toBeVisible();
  await expect(all.alert).toHaveCount(0);
  await expect(listed(page).images).toContainText('colour.npz');
  await expect(all.forget).toBeDisabled();
  await all.files.setInputFiles(all.digits);
  await expect(all.forget).toBeEnabled({ timeout: 60_000 });
  await expect(notice(page)).toHaveCount(0);
  await stepAndCancel(page);
});

test('a network without a card forgets as well as the one with it', async ({ page }) => {
  const all = await openFewDigits(page, 'batchSize=8');
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  const withCard = await counts(all.before);
  const bare = withoutCard(await network(page, 'mnist-group'));
  await all.files.setInputFiles(asFile('bare.safetensors', bare));
  await expect(listed(page).network).toContainText('bare.safetensors');
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  await expect(all.alert).toHaveCount(0);
  expect(await shownSet(page).tileInputs.count()).toBe(10);
  // The normalisation is then the data's own, so that the answers may differ a little.
  const recognised = (matrix: number[][]) => matrix.reduce((sum, row, k) => sum + (row[k] ?? 0), 0);
  expect(Math.abs(recognised(await counts(all.before)) - recognised(withCard))).toBeLessThanOrEqual(4);
  await stepAndCancel(page);
});

test('a CIFAR file with a brace where a network has one is no network', async ({ page }) => {
  await page.goto('/?device=cpu&dataset=own');
  const { files, alert } = controls(page);
  const cifar = await fixture('cifar10.bin');
  const braced = Buffer.from(cifar);
  braced[8] = 0x7b;
  await files.setInputFiles([asFile('train.bin', braced), asFile('test.bin', cifar)]);
  await expect(listed(page).images).toContainText('train.bin');
  await expect(listed(page).network).toContainText('none yet');
  await expect(shownSet(page).tileInputs).toHaveCount(10);
  await expect(alert).toHaveCount(0);
});

test('a refused network leaves what was there', async ({ page }) => {
  const all = await openFewDigits(page, 'batchSize=8');
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  const good = await network(page, 'mnist-group');
  for (const [name, content] of [
    ['junk.safetensors', Buffer.from('this is no network at all')],
    ['half.safetensors', good.subarray(0, good.length >> 1)],
  ] as const) {
    await all.files.setInputFiles(asFile(name, content));
    await expect(all.alert).toContainText(`${name}: expected`);
    await expect(all.alert).toContainText('The network from before is still in use.');
    await expect(listed(page).network).toContainText('mnist.safetensors');
    await expect(all.forget).toBeEnabled();
  }
  await stepAndCancel(page);
  await expect(all.alert).toHaveCount(0);
});

/** Images that claim, where gzip could hold them, to be more than there is memory: 70,000 of 210 × 210 pixels. */
function tooManyImages(): Buffer {
  const header = Buffer.alloc(16);
  [0x803, 70_000, 210, 210].forEach((value, i) => header.writeUInt32BE(value, 4 * i));
  // Random bytes do not shrink, and gzip is known to shrink nothing to less than 1/1032.
  return gzipSync(Buffer.concat([header, randomBytes(3_200_000)]));
}

test('files too large for memory are refused, and those from before stay', async ({ page }) => {
  const all = await openFewDigits(page, 'batchSize=8');
  await expect(all.before).toBeVisible({ timeout: 60_000 });
  await all.files.setInputFiles(asFile('train-images', tooManyImages()));
  await expect(all.alert).toContainText('There is not enough memory', { timeout: 60_000 });
  await expect(all.alert).toContainText('train-images');
  await stepAndCancel(page);
  await expect(all.alert).toHaveCount(0);
});

test('data too large for memory are refused, and the same engine goes on', async ({ page }) => {
  await page.addInitScript(() => {
    const counted = { started: 0 };
    Object.assign(globalThis, { counted });
    globalThis.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        counted.started++;
      }
    };
  });
  const digits = await fewDigits(page);
  await openPackagePage(page);
  const images = tooManyImages().toString('base64');
  const found = await page.evaluate(
    async ({ base64, digits }) => {
      const large = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const bytes = (role: keyof typeof digits) => new Uint8Array(digits[role]);
      const labels = { trainLabels: bytes('train-labels'), testLabels: bytes('t10k-labels') };
      const session = await createSession({ device: 'cpu', workers: 1 });
      await session.loadModel('/models/mnist-group.safetensors');
      await session.loadDataset({
        kind: 'idx',
        trainImages: bytes('train-images'),
        testImages: bytes('t10k-images'),
        ...labels,
      });
      const { dataset } = session;
      const error: unknown = await session
        .loadDataset({ kind: 'idx', trainImages: large, testImages: large, ...labels })
        .catch((thrown: unknown) => thrown);
      if (!(error instanceof PurgeError)) throw new Error(`expected a PurgeError, found ${String(error)}`);
      let steps = 0;
      for await (const event of session.unlearn({ forgetClass: 3, batchSize: 4 })) {
        if (event.type === 'progress') steps = event.step;
        break;
      }
      const { started } = (globalThis as unknown as { counted: { started: number } }).counted;
      const kept = JSON.stringify(session.dataset) === JSON.stringify(dataset);
      session.close();
      return { code: error.code, message: error.message, kept, steps, started };
    },
    { base64: images, digits },
  );
  expect(found).toMatchObject({ code: 'out-of-memory', kept: true, steps: 1, started: 1 });
  expect(found.message).toBe('training images: pixels need 3087000000 bytes, which do not fit into memory');
});
