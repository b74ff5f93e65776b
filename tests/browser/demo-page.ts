import { readFile } from 'node:fs/promises';
import { expect, type Locator, type Page } from '@playwright/test';
import type { AttackReport, Evaluation } from 'purge-unlearning';
import { asFile, fewDigits, served } from './digits';

/** What "Export report" saves, as far as the tests look at it. */
export interface Report {
  stop: string;
  steps: number;
  /** Only PURGE counts them. */
  violations?: number;
  before: Evaluation;
  after: Evaluation;
  retrained: Evaluation | null;
  attacks: (AttackReport & { network: 'before' | 'after' | 'retrained' })[];
  comparison: { runs: { method: string; state: string; evaluation?: Evaluation }[] };
}

/** The page's controls and results, as assistive tools find them. */
export function controls(page: Page) {
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  return {
    forget: page.getByRole('button', { name: /^Forget the / }),
    pause: button('Pause'),
    resume: button('Resume'),
    step: button('Step'),
    cancel: button('Cancel'),
    reset: button('Reset'),
    device: page.getByTestId('device'),
    status: page.getByRole('status'),
    alert: page.getByRole('alert'),
    files: page.locator('input[type=file]').first(),
    before: page.getByRole('table', { name: 'Before', exact: true }),
    after: page.getByRole('table', { name: 'After', exact: true }),
    retrained: page.getByRole('table', { name: /^Retrained/ }),
  };
}

/** Opens the page with the shipped MNIST network on a few digits as the visitor's own files, ready to forget. */
export async function openFewDigits(page: Page, query: string) {
  const digits = await fewDigits(page);
  const network = await served(page, '/models/mnist-group.safetensors');
  const files = Object.entries(digits).map(([name, content]) => asFile(name, content));
  await page.goto(`/?device=cpu&dataset=own&class=3&${query}`);
  const all = controls(page);
  await all.files.setInputFiles([...files, asFile('mnist.safetensors', network)]);
  await expect(all.forget).toBeEnabled();
  return { ...all, digits: files };
}

/** The counts of a confusion matrix as its cells say them in words: "41 threes are taken for fives". */
export function counts(table: Locator): Promise<number[][]> {
  return table.locator('tbody tr').evaluateAll((rows) =>
    rows.map((row) =>
      Array.from(row.querySelectorAll('td'), (cell) => {
        const words = cell.getAttribute('aria-label') ?? '';
        return words.startsWith('No ') ? 0 : Number(/^[\d\s,.\u202f]+/.exec(words)?.[0].replace(/\D/g, '') || NaN);
      }),
    ),
  );
}

/** Saves the report and reads it. */
export async function exportReport(page: Page): Promise<Report> {
  const file = await download(page, 'Export report');
  return JSON.parse(file.toString()) as Report;
}

/** Presses a button that saves a file, and gives the file's bytes. */
export async function download(page: Page, name: string): Promise<Buffer> {
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
  return readFile(await saved.path());
}
