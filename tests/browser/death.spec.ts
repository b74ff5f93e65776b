import { expect, test, type Page } from '@playwright/test';
import { controls, counts, download, exportReport } from './demo-page';
import { asFile, served } from './digits';
import { bringDoom, deaths, doomWorker, type Doom } from './doom';
import { firstOfEachClass, serveFew } from './packed';
import { listenTo } from './problems';
import { expectSet, servedSets, shownSet, stepAndCancel, withoutPathmnist } from './sets';

test.skip(...withoutPathmnist);

const { mnist, pathmnist } = servedSets;
/** A run of a few steps that gets somewhere. */
const quick = 'batchSize=16&learningRate=0.02&targetForgetAccuracy=80&checkEvery=2';

async function open(page: Page, doom?: Doom) {
  const heard = listenTo(page);
  await serveFew(page);
  await bringDoom(page);
  if (doom) await page.addInitScript((next) => void (globalThis.doom.next = next), { count: 1, times: 1, ...doom });
  await page.goto(`/?device=cpu&${quick}`);
  return { ...controls(page), heard };
}

/** From wherever the page is now. */
async function bothCanBeForgotten(page: Page) {
  const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click();
  await tab('MNIST');
  await expectSet(page, mnist);
  await stepAndCancel(page);
  await tab('PathMNIST');
  await expectSet(page, pathmnist);
  await stepAndCancel(page);
  await tab('MNIST');
}

/** What the file that "Export network" saves answers to the same few images. */
async function answersOfExported(page: Page, set: string): Promise<number[][]> {
  const weights = await download(page, 'Export network');
  const images = firstOfEachClass(await served(page, `/data/${set}.purge`), { train: 24, rest: 8 });
  const other = await page.context().newPage();
  await other.goto(`/?device=cpu&dataset=own`);
  const { files, before } = controls(other);
  await files.setInputFiles([asFile(`${set}.purge`, images), asFile('unlearnt.safetensors', weights)]);
  await expect(before).toBeVisible({ timeout: 60_000 });
  const answers = await counts(before);
  await other.close();
  return answers;
}

test('a worker that dies before anything was forgotten', async ({ page }) => {
  const { alert, heard, before, forget } = await open(page, { asked: 'open' });
  const tab = (name: string) => page.getByRole('tab', { name, exact: true });
  for (const next of ['load', 'samples', 'resolve-config', 'nothing']) {
    await expect(alert).toContainText('The engine stopped', { timeout: 60_000 });
    await expect(alert).toContainText('killed by a test');
    await alert.getByRole('button', { name: 'Start again' }).click();
    await expect(forget).toBeEnabled({ timeout: 60_000 });
    await expect(alert).toHaveCount(0);
    if (next === 'nothing') break;
    await doomWorker(page, { asked: next });
    await tab(next === 'samples' ? 'MNIST' : 'PathMNIST').click();
  }
  // A measurement is tried again without a word.
  await doomWorker(page, { asked: 'evaluate loaded' });
  await tab('MNIST').click();
  await expect(before).toBeVisible({ timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  expect(await deaths(page)).toBe(5);
  await bothCanBeForgotten(page);
  expect(heard.problems).toEqual([]);
});

test('a worker that dies in the middle of a run takes no more than the run', async ({ page }) => {
  const { alert, heard, before, after, forget, reset, status } = await open(page);
  await expect(before).toBeVisible({ timeout: 60_000 });
  for (const doom of [{ asked: 'start' }, { asked: 'advance', count: 3 }, { asked: 'finish' }]) {
    await doomWorker(page, doom);
    await forget.click();
    await expect(alert).toContainText('The engine stopped', { timeout: 60_000 });
    await expect(status).toContainText('Stopped');
    await expect(after).toHaveCount(0);
    await expect(before).toBeVisible();
    await expect(page.getByRole('button', { name: 'Export network' })).toBeDisabled();
    await expect(page.getByRole('button', { name: 'Export report' })).toBeDisabled();
    const begun = doom.asked !== 'start';
    await expect(alert.getByText('killed by a test')).toHaveCount(1);
    await expect(alert.getByText('what it had made of the network is gone')).toHaveCount(begun ? 1 : 0);
    await expect(reset).toBeEnabled();
    await reset.click();
    await expect(status).toContainText('Ready');
    await expect(alert).toHaveCount(0);
  }
  await bothCanBeForgotten(page);
  expect(heard.problems).toEqual([]);
});

test('a worker that dies while a run is paused is told of at the next step', async ({ page }) => {
  const { alert, heard, before, reset, status, step } = await open(page);
  await expect(before).toBeVisible({ timeout: 60_000 });
  await step.click();
  await expect(status).toContainText('Paused at step 1');
  await page.evaluate(() => doom.killAll());
  await step.click();
  await expect(alert).toContainText('The engine stopped');
  await expect(alert.getByText('killed by a test')).toHaveCount(1);
  await expect(alert).toContainText('what it had made of the network is gone');
  await expect(status).toContainText('Stopped');
  await reset.click();
  await expect(alert).toHaveCount(0);
  await bothCanBeForgotten(page);
  expect(heard.problems).toEqual([]);
});

const measuring: { what: string; doom: Doom; known: boolean }[] = [
  { what: 'what it has left is measured', doom: { asked: 'evaluate current' }, known: true },
  {
    what: 'what it has left is measured, and then the next one',
    doom: { asked: 'evaluate current', times: 2 },
    known: false,
  },
];
for (const { what, doom, known } of measuring) {
  test(`a worker that dies while ${what} takes nothing of a finished run`, async ({ page }) => {
    const { alert, heard, before, after, forget, status } = await open(page);
    await expect(before).toBeVisible({ timeout: 60_000 });
    await doomWorker(page, doom);
    await forget.click();
    await expect(after).toBeVisible({ timeout: 60_000 });
    expect(await deaths(page)).toBe(doom.times ?? 1);
    await expect(status).toContainText(known ? 'Done' : 'Ended');
    await expect(alert).toHaveCount(0);

    const report = await exportReport(page);
    expect(report.stop).toBe(known ? 'forget_target' : undefined);
    expect(report.steps).toBeGreaterThan(1);
    expect(report.after.confusionTrain).not.toEqual(report.before.confusionTrain);
    expect(await counts(after)).toEqual(report.after.confusion);
    expect(await answersOfExported(page, 'mnist')).toEqual(report.after.confusion);
    await bothCanBeForgotten(page);
    expect(heard.problems).toEqual([]);
  });
}

test('a worker that dies while something else is measured leaves the results of a run', async ({ page }) => {
  const { alert, heard, after, forget, retrained } = await open(page);
  await page.getByRole('tab', { name: 'PathMNIST' }).click();
  await expectSet(page, pathmnist);
  await forget.click();
  await expect(after).toBeVisible({ timeout: 60_000 });
  await expect(retrained).toBeVisible({ timeout: 60_000 });
  const answers = await counts(after);
  const unseen = (name: string) =>
    page.getByRole('radio', { name, exact: true }).and(page.locator('[name=nonMembers]'));

  // Compared with other images, all three are measured anew: the first death is forgiven, a second one is told.
  await doomWorker(page, { asked: 'evaluate other', times: 2 });
  await unseen('Validation').check({ force: true });
  await expect(alert).toContainText('What the run has left is still there', { timeout: 60_000 });
  expect(await deaths(page)).toBe(2);
  expect(await counts(after)).toEqual(answers);
  await alert.getByRole('button', { name: 'Start again' }).click();
  await expect(retrained).toBeVisible({ timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  expect(await answersOfExported(page, 'pathmnist-light')).toEqual(answers);
  await bothCanBeForgotten(page);
  expect(heard.problems).toEqual([]);
});

test('a worker that dies while nothing is asked of it takes nothing', async ({ page }) => {
  const { alert, heard, after, forget, retrained } = await open(page);
  await expect(forget).toBeEnabled({ timeout: 60_000 });
  await forget.click();
  await expect(after).toBeVisible({ timeout: 60_000 });
  await expect(retrained).toBeVisible({ timeout: 60_000 });
  const answers = await counts(after);
  const kill = () => page.evaluate(() => doom.killAll());
  const workers = page.workers().length;
  await kill();
  expect(await deaths(page)).toBe(workers);
  expect(await answersOfExported(page, 'mnist')).toEqual(answers);
  await kill();
  await page.getByRole('button', { name: 'Forget another class too' }).click();
  await expect(shownSet(page).tiles.getByText('forgotten earlier')).toHaveCount(1);
  await kill();
  await stepAndCancel(page);
  await expect(alert).toHaveCount(0);
  await kill();
  await page.getByRole('button', { name: 'Take the one from before' }).click();
  await expect(shownSet(page).tiles.getByText('forgotten earlier')).toHaveCount(0);
  await bothCanBeForgotten(page);
  expect(heard.problems).toEqual([]);
});
