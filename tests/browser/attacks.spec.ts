import { expect, test, type Page } from '@playwright/test';
import { controls, exportReport } from './demo-page';
import { serveFew } from './packed';
import { listenTo } from './problems';

const digits = { train: 40, rest: 8 };

function attacking(page: Page) {
  const button = (name: RegExp) => page.getByRole('button', { name });
  return {
    all: button(/^Make all \d+ attacks$/),
    stop: button(/^Stop attacking$/),
    cards: page.getByRole('article').filter({ has: page.getByText(/^(The formula|All numbers, and the formula)$/) }),
  };
}

test('every attack is made on every network, and the report has what the page shows', async ({ page }) => {
  const heard = listenTo(page);
  await serveFew(page, digits);
  await page.goto('/?device=cpu&norm=group&class=3');
  const { alert, forget, after, retrained } = controls(page);
  await expect(retrained).toBeVisible({ timeout: 60_000 });
  const { all, stop, cards } = attacking(page);
  await forget.click();
  await expect(after).toBeVisible({ timeout: 60_000 });

  await all.click();
  await expect(stop).toBeVisible();
  await expect(forget).toHaveAttribute('aria-disabled', 'true');
  await expect(all).toBeVisible({ timeout: 300_000 });
  await expect(alert).toHaveCount(0);
  const count = Number(/\d+/.exec(await all.innerText()));
  await expect(cards).toHaveCount(count);
  await expect(cards.filter({ hasText: /failed|not attacked|waits/ })).toHaveCount(0);

  const { attacks } = await exportReport(page);
  expect(new Set(attacks.map(({ attack }) => attack)).size).toBe(count);
  for (const { attack, network, numbers, notes } of attacks) {
    expect(numbers.length + notes.length, `${attack} on ${network}`).toBeGreaterThan(0);
    expect(numbers.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
  }
  const withNumbers = attacks.filter(({ network, numbers }) => network === 'after' && numbers.length > 0);
  expect(withNumbers.map(({ attack }) => attack)).toEqual(expect.arrayContaining(['membership', 'probe', 'relearn']));
  const relearn = cards.filter({ has: page.getByRole('heading', { name: /^Relearning/ }) });
  await relearn.getByText('All numbers, and the formula').click();
  const counted = relearn.getByRole('row', { name: /^Other images of the class/ }).getByRole('cell');
  expect(await counted.allTextContents()).toEqual(['8', '8', '8']);
  const logits = relearn
    .getByRole('region', { name: /depends on the head/ })
    .getByRole('img', { name: /^Scores of 3s above/ });
  await expect(logits).toHaveCount(3);
  expect(heard.problems).toEqual([]);
});

test('attacks are stopped, and the rest is made later', async ({ page }) => {
  await serveFew(page, digits);
  await page.goto('/?device=cpu&norm=group&class=3');
  await expect(controls(page).retrained).toBeVisible({ timeout: 60_000 });
  const { all, stop, cards } = attacking(page);
  await all.press('Enter');
  await expect(stop).toBeFocused();
  await expect(cards.filter({ hasText: 'waits' }).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(stop).toHaveCount(0, { timeout: 60_000 });
  await expect(cards.filter({ hasText: 'not attacked' }).first()).toBeVisible();
  await expect(controls(page).forget).toHaveAttribute('aria-disabled', 'false');
  const title = (await cards.filter({ hasText: 'not attacked' }).last().getAttribute('aria-label')) ?? '';
  await page.getByRole('button', { name: `Attack ${title}`, exact: true }).click({ timeout: 10_000 });
  await expect(page.getByRole('button', { name: `Again ${title}`, exact: true })).toBeVisible({ timeout: 60_000 });
});

const stories = [
  {
    click: 'Does batch norm remember?',
    told: /once they were forgotten, and .* after its statistics were measured again on the other classes/,
    address: ['story=batch', 'norm=batch'],
  },
  {
    click: 'Why not every class alike?',
    told: /Under the worst membership attack PURGE, strict is .*; KL to uniform is/,
    address: ['story=uniform'],
  },
];

for (const { click, told, address } of stories) {
  test(`a story of one click: ${click}`, async ({ page }) => {
    const heard = listenTo(page);
    await serveFew(page, digits);
    await page.goto('/?device=cpu&norm=group&class=3');
    await expect(controls(page).retrained).toBeVisible({ timeout: 60_000 });
    await page.getByRole('button', { name: click }).click();
    await expect(page.getByText(told)).toBeVisible({ timeout: 120_000 });
    await expect(controls(page).alert).toHaveCount(0);
    const query = new URL(page.url()).search;
    for (const part of address) expect(query).toContain(part);
    expect(heard.problems).toEqual([]);
  });
}
