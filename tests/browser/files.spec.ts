import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { controls } from './demo-page';
import { asFile, served } from './digits';

const fixture = (name: string) => readFile(new URL(`../fixtures/formats/${name}`, import.meta.url));
async function openOwn(page: Page) {
  await page.goto('/?device=cpu&dataset=own');
  const all = controls(page);
  await expect(all.files).toBeEnabled();
  return all;
}

test('a broken network is refused in words, and a good one then works', async ({ page }) => {
  const { alert, files, forget } = await openOwn(page);
  const data = asFile('mnist.purge', await served(page, '/data/mnist.purge'));
  const good = await served(page, '/models/mnist-group.safetensors');

  await files.setInputFiles([data, asFile('half.safetensors', good.subarray(0, good.length >> 1))]);
  await expect(alert).toContainText('half.safetensors: expected');
  await files.setInputFiles([asFile('junk.safetensors', Buffer.from('this is no network at all'))]);
  await expect(alert).toContainText('junk.safetensors: expected');

  await files.setInputFiles([data, asFile('good.safetensors', good)]);
  await expect(forget).toBeEnabled({ timeout: 60_000 });
  await expect(alert).toHaveCount(0);
});

test('a truncated archive is refused in words, and the whole one then works', async ({ page }) => {
  const { alert, files } = await openOwn(page);
  const archive = await fixture('medmnist_grey.npz');

  await files.setInputFiles(asFile('short.npz', archive.subarray(0, archive.length - 2000)));
  await expect(alert).toContainText('short.npz: expected');

  await files.setInputFiles(asFile('whole.npz', archive));
  await expect(page.getByRole('group', { name: 'Class to forget' }).getByRole('radio').first()).toBeVisible();
  await expect(alert).toHaveCount(0);
});

test('after a bad file the demo still works', async ({ page }) => {
  const { alert, files, forget, step, status } = await openOwn(page);
  await files.setInputFiles(asFile('letter.txt', Buffer.from('Dear network, please forget me.')));
  await expect(alert).toContainText('letter.txt: expected');
  await page.getByRole('tab', { name: 'MNIST', exact: true }).click();
  await expect(forget).toBeEnabled({ timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  await step.click();
  await expect(status).toContainText('Paused at step 1', { timeout: 60_000 });
});

test('a set that may be too large for a tab is asked about first', async ({ page }) => {
  const { alert, files } = await openOwn(page);
  // An archive whose directory tells of 2 GB: what a person sees before anything is unpacked.
  const archive = Buffer.from(await fixture('medmnist_grey.npz'));
  const entry = archive.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  archive.writeUInt32LE(2_000_000_000, entry + 24);
  const large = asFile('large.npz', archive);

  await files.setInputFiles(large);
  await expect(alert).toContainText('2.00\u202fGB of memory');
  await page.getByRole('button', { name: 'Leave them' }).click();
  await expect(alert).toHaveCount(0);
  await expect(page.getByText('none yet').first()).toBeVisible();

  // Taken all the same it is read as any other: what the directory says of sizes is not relied on.
  await files.setInputFiles(large);
  await page.getByRole('button', { name: 'Load them all the same' }).click();
  await expect(page.getByRole('group', { name: 'Class to forget' }).getByRole('radio').first()).toBeVisible();
});
