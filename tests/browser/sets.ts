import { existsSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { controls } from './demo-page';

/** A served set as the page shows it. */
export interface ServedSet {
  tab: string;
  title: string;
  classes: readonly string[];
  /** The preset's β, which differs between the sets. */
  kdWeight: string;
}

export const servedSets = {
  mnist: {
    tab: 'MNIST',
    title: 'MNIST',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    kdWeight: '3',
  },
  pathmnist: {
    tab: 'PathMNIST',
    title: 'PathMNIST',
    classes: [
      'adipose',
      'background',
      'debris',
      'lymphocytes',
      'mucus',
      'smooth muscle',
      'normal colon mucosa',
      'cancer-associated stroma',
      'colorectal adenocarcinoma epithelium',
    ],
    kdWeight: '5',
  },
} as const satisfies Record<string, ServedSet>;

/** Whether the page has a file. */
export function isServed(path: string): boolean {
  return existsSync(new URL(`../../www/dist/${path}`, import.meta.url));
}

/** When to skip what needs PathMNIST, and why. */
export const withoutPathmnist = [
  !isServed('data/pathmnist-light.purge'),
  'PathMNIST is not here, `make data` downloads it',
] as const;

/** What the page shows of the set that is chosen. */
export function shownSet(page: Page) {
  const card = page.locator('details', { hasText: 'About the data and the network' });
  const fact = (name: string) => card.locator('dl > div', { has: page.locator(`dt:text-is("${name}")`) }).locator('dd');
  const tiles = page.getByRole('group', { name: /^Class(es)? to forget$/ });
  return {
    tiles,
    tileInputs: tiles.locator('input'),
    title: fact('Data'),
    layers: fact('Layers'),
    settingsButton: page.getByRole('button', { name: 'Settings', exact: true }),
    kdWeight: page.getByRole('textbox', { name: /, β$/ }),
  };
}

/** Waits until the page is ready for this set, and checks that whatever it shows is of it. The settings must be open. */
export async function expectSet(page: Page, { title, classes, kdWeight }: ServedSet, norm = 'group'): Promise<void> {
  const { forget, alert, before } = controls(page);
  const shown = shownSet(page);
  await expect(forget).toBeEnabled({ timeout: 60_000 });
  await expect(before).toBeVisible({ timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  await expect(shown.title).toHaveText(title);
  await expect(shown.layers).toContainText(`${norm} norm`);
  await expect(shown.kdWeight).toHaveValue(kdWeight);
  const names = () => shown.tileInputs.evaluateAll((all) => all.map((tile) => tile.getAttribute('aria-label')));
  expect(await names()).toEqual(classes);
  const rows = await before.locator('tbody tr th').allTextContents();
  expect(rows.map((text) => text.trim())).toHaveLength(classes.length);
  for (const [k, name] of classes.entries()) expect(rows[k]).toContain(name);
}

/** Forgets a little by a visitor's means: one step, and an end to it. */
export async function stepAndCancel(page: Page): Promise<void> {
  const { step, cancel, status, after } = controls(page);
  await step.click();
  await expect(status).toContainText('Paused at step 1', { timeout: 60_000 });
  await cancel.click();
  await expect(after).toBeVisible({ timeout: 60_000 });
}
