import { readFile } from 'node:fs/promises';
import { expect, type Download, type Page } from '@playwright/test';
import { methods, settings as runSettings } from 'purge-unlearning';
import type { Report } from '../demo-page';
import { listenTo, type Heard } from '../problems';
import { servedSets } from '../sets';
import { handleOf, targets, typed, type Target } from './acts';
import type { Gifts } from './gifts';
import { Lot } from './lot';
import { look, type Sight } from './sight';

const tabs: Record<string, 'mnist' | 'pathmnist' | 'own'> = {
  MNIST: 'mnist',
  PathMNIST: 'pathmnist',
  'Your own': 'own',
};

/** What is expected on the console: the set that no server of tests has. */
const expected = [/404.*data\/pathmnist\.purge/s];

/** How often each kind of thing is acted on. */
const weights: Record<Target['kind'], number> = {
  run: 36,
  tab: 9,
  tile: 10,
  choice: 12,
  field: 7,
  switch: 2,
  select: 2,
  button: 8,
  link: 2,
  cell: 2,
};
const otherActs = { files: 10, wait: 8, escape: 3, keys: 4, back: 2, forward: 2, reload: 2, surroundings: 3, kill: 1 };
type Act = keyof typeof weights | keyof typeof otherActs;

/** A visitor who does anything that can be done, at any time. */
export class Walk {
  readonly log: string[] = [];
  readonly #began = Date.now();
  readonly #page: Page;
  readonly #lot: Lot;
  readonly #gifts: Gifts;
  readonly #heard: Heard;
  /** The names of all files that were given. */
  readonly #given = new Set<string>();
  #killed = 0;
  readonly #downloads: Download[] = [];

  constructor(page: Page, seed: number, gifts: Gifts) {
    this.#page = page;
    this.#lot = new Lot(seed);
    this.#gifts = gifts;
    this.#heard = listenTo(page, expected);
    page.on('download', (download) => this.#downloads.push(download));
  }

  /** Does one thing, and looks at what comes of it. */
  async act(): Promise<void> {
    this.#lot.nextAct();
    const found = await targets(this.#page);
    const chances = Object.entries({ ...weights, ...otherActs }) as [Act, number][];
    const [what] = this.#lot.of(
      chances.filter(([act]) => act in otherActs || found.some(({ kind }) => kind === act)),
      ([, weight]) => weight,
      ([act]) => act,
    ) ?? ['wait'];
    await this.#do(what, found);
    const pause = this.#lot.number();
    if (pause > 0.3) await this.#page.waitForTimeout(pause * pause * 600);
    await this.check();
  }

  /** What has to hold at any moment. */
  async check(): Promise<Sight> {
    const sight = await look(this.#page);
    expect(this.#heard.problems, 'errors on the page').toEqual([]);
    expect(sight.overflow, 'pixels that the page is too wide').toBeLessThanOrEqual(0);
    this.#checkSet(sight);
    this.#checkAddress(sight);
    for (const alert of sight.alerts) expect(this.#isFair(alert), `the alert "${alert}"`).toBe(true);
    for (const download of this.#downloads.splice(0)) await this.#checkDownload(download, sight);
    return sight;
  }

  /** Both sets can be forgotten from here, by what a visitor can do without loading the page anew. */
  async end(): Promise<void> {
    const page = this.#page;
    const button = (name: string | RegExp) =>
      page.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) });
    const status = page.locator('.status strong');
    this.#note('at last: ends whatever is under way');
    if ((await look(page)).busy) await button('Cancel').click();
    await expect(button('Cancel')).toBeDisabled({ timeout: 120_000 });
    const again = page.getByRole('alert').getByRole('button', { name: /^(Start again|Choose for me)$/ });
    if (await again.count()) await again.first().click();
    // Settings that no run would get anywhere with are the visitor's own doing.
    await page.getByRole('combobox', { name: 'Method', exact: true }).selectOption('purge');
    if ((await button('Settings').getAttribute('aria-expanded')) === 'false') await button('Settings').click();
    const differs = !(await page.getByText('Every value is the preset’s.').isVisible());
    if (differs) await button('Back to the preset').click();

    const { tab } = await look(page);
    const names = tab === 'MNIST' ? ['PathMNIST', 'MNIST'] : ['MNIST', 'PathMNIST'];
    for (const name of names) {
      this.#note(`at last: ${name}`);
      await page.getByRole('tab', { name, exact: true }).click();
      if (name === 'PathMNIST') await page.getByRole('radio', { name: 'Light' }).check({ force: true });
      await expect(button(/^Forget the /)).toBeEnabled({ timeout: 120_000 });
      await this.check();
      await button('Step').click();
      await expect(status).toHaveText('Paused at step 1', { timeout: 120_000 });
      await this.check();
      await button('Cancel').click();
      await expect(status).toHaveText('Cancelled', { timeout: 120_000 });
      const sight = await this.check();
      expect(sight.alerts).toEqual([]);
      expect(sight.matrices.map(({ caption }) => caption).slice(0, 2)).toEqual(['Before', 'After']);
      expect(sight.exportable).toBe(true);
    }
  }

  /** Notes what is about to be done. */
  #note(words: string): void {
    const act = `${((Date.now() - this.#began) / 1000).toFixed(1)} s: ${words}`;
    this.log.push(act);
    if (process.env['WALK_ALOUD']) console.log(act);
  }

  async #do(what: Act, found: readonly Target[]): Promise<void> {
    const page = this.#page;
    const lot = this.#lot;
    const log = (words: string) => this.#note(words);
    switch (what) {
      case 'files':
        return this.#give();
      case 'wait': {
        const time = Math.round(lot.number() * 4000);
        log(`waits ${time} ms`);
        return page.waitForTimeout(time);
      }
      case 'escape':
        log('Escape');
        return page.keyboard.press('Escape');
      case 'keys': {
        const keys = [
          'Tab',
          'Shift+Tab',
          'Enter',
          'Space',
          'ArrowRight',
          'ArrowLeft',
          'ArrowDown',
          'Home',
          'End',
        ] as const;
        const pressed = [lot.word(...keys), lot.word(...keys)];
        log(pressed.join(' '));
        for (const key of pressed) await page.keyboard.press(key);
        return;
      }
      case 'back':
      case 'forward':
        return this.#travel(what);
      case 'reload':
        return this.#reload();
      case 'surroundings': {
        const colorScheme = lot.word('light', 'dark');
        const reducedMotion = lot.word('reduce', 'no-preference');
        const width = Number(lot.word('360', '800', '1440'));
        log(`${colorScheme}, motion ${reducedMotion}, ${width} px`);
        await page.emulateMedia({ colorScheme, reducedMotion });
        return page.setViewportSize({ width, height: 800 });
      }
      case 'kill':
        log('the worker dies');
        this.#killed += 1;
        return page.evaluate(() => doom.killAll());
      default:
        return this.#use(
          lot.of(
            found.filter(({ kind }) => kind === what),
            ({ off }) => (off ? 0.1 : 1),
            ({ name }) => name,
          ),
        );
    }
  }

  async #use(target: Target | undefined): Promise<void> {
    if (!target) return;
    const { kind, name } = target;
    const element = await handleOf(this.#page, target);
    // It may be gone, moved or switched off by the time the visitor gets there, as in life.
    const tried = { force: true, timeout: 3000 };
    try {
      if (kind === 'field') {
        const text = typed(this.#lot, name);
        this.#note(`types "${text}" into ${name}`);
        await element.fill(text, tried);
        await element.press('Enter', tried);
      } else if (kind === 'select') {
        const values = await element.evaluate((of) =>
          Array.from((of as HTMLSelectElement).options, (option) => option.value),
        );
        const value = this.#lot.word(...values);
        this.#note(`chooses ${value} of ${name}`);
        await element.selectOption(value, tried);
      } else {
        this.#note(`clicks ${kind} ${name}${target.off ? ' (off)' : ''}`);
        await element.click(tried);
      }
    } catch (error) {
      this.#note(`  in vain: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }

  async #give(): Promise<void> {
    const input = this.#page.locator('input[type=file]:enabled').first();
    if (!(await input.count())) {
      // There is a way to it.
      this.#note('goes to where files can be brought');
      return this.#page.getByRole('tab', { name: 'Your own' }).click({ force: true });
    }
    const what = this.#lot.word(...Object.keys(this.#gifts));
    this.#note(`brings ${what}`);
    const files = this.#gifts[what] ?? [];
    for (const { name } of files) this.#given.add(name);
    await input.setInputFiles(files, { timeout: 3000 }).catch((error: unknown) => {
      this.#note(`  in vain: ${String(error).split('\n')[0]}`);
    });
  }

  async #travel(where: 'back' | 'forward'): Promise<void> {
    const page = this.#page;
    this.#note(where);
    await (where === 'back' ? page.goBack() : page.goForward());
    // Before the first page there is none.
    if (page.url() === 'about:blank') await page.goForward();
    await page.waitForFunction(() => document.querySelector('[role=tab]') !== null);
  }

  async #reload(): Promise<void> {
    const before = await look(this.#page);
    this.#note('reloads');
    await this.#page.reload();
    await this.#page.waitForFunction(() => document.querySelector('[role=tab]') !== null);
    const after = await look(this.#page);
    expect(after.query, 'the address after a reload').toBe(before.query);
    expect(after.tab, 'the tab after a reload').toBe(before.tab);
    const of = ({ chosen: { norm, size, method, preset, split, show, attack } }: Sight) => ({
      method,
      preset,
      split,
      show,
      attack,
      norm,
      size,
    });
    expect(of(after), 'the choices after a reload').toEqual(of(before));
  }

  /** Whatever is shown is of the set that is chosen. */
  #checkSet({ tab, title, layers, tiles, matrices, chosen, query, settings, images }: Sight): void {
    const name = tabs[tab];
    expect(name, `the tab "${tab}"`).toBeDefined();
    const shown = tiles.map((tile) => tile.name);
    if (title === undefined) {
      expect(shown, 'tiles without data').toEqual([]);
      expect(matrices, 'matrices without data').toEqual([]);
      return;
    }
    for (const { caption, rows } of matrices) expect(rows, `rows of the matrix ${caption}`).toEqual(shown);
    const count = tiles.filter((tile) => tile.chosen).length;
    expect(count, 'classes chosen').toBeGreaterThan(0);
    if (name === 'own' || name === undefined) {
      for (const file of /my-[\w.-]+/.exec(images) ?? []) expect(this.#given, 'files that nobody gave').toContain(file);
      expect(images, `"${title}" of no file`).toContain('my-');
      return;
    }
    const set = servedSets[name];
    expect(title).toBe(set.title);
    expect(shown, 'tiles').toEqual(set.classes);
    const params = new URLSearchParams(query);
    const asked = (params.get('class') ?? '3').split(',').map(Number);
    if (asked.length < tiles.length && asked.every((k) => tiles[k]?.gone === false)) {
      expect(
        tiles.flatMap((tile, k) => (tile.chosen ? [k] : [])),
        'classes',
      ).toEqual(asked);
    }
    if (layers !== undefined) {
      expect(layers, 'the network').toContain(`${chosen['norm']} norm`);
      const beta = settings['Distillation weight, β'];
      // Others have a weight of this name too, and one for all sets.
      const ofPurge = (params.get('method') ?? 'purge') === 'purge';
      if (beta && ofPurge && !params.has('kdWeight')) expect(beta, 'β of the preset').toBe(set.kdWeight);
    }
  }

  /** The address says what is chosen. */
  #checkAddress({ tab, query, chosen, settings }: Sight): void {
    const params = new URLSearchParams(query);
    expect(tabs[tab], 'the tab').toBe(params.get('dataset') ?? 'mnist');
    const method = methods.find(({ name }) => name === (params.get('method') ?? 'purge'));
    const defaults: Record<string, string | undefined> = {
      norm: 'group',
      size: 'light',
      method: 'purge',
      preset: method?.defaultPreset,
      split: 'test',
      show: 'counts',
      attack: 'loss',
    };
    for (const [key, value] of Object.entries(defaults)) {
      if (chosen[key] !== undefined) expect(chosen[key], key).toBe(params.get(key) ?? value);
    }
    for (const { key, label, symbol, kind } of runSettings) {
      const shown = settings[symbol ? `${label}, ${symbol}` : label];
      const given = params.get(key);
      if (shown === undefined || given === null) continue;
      if (kind === 'switch') expect(shown, label).toBe(String(given === '1'));
      else if (kind === 'choice') expect(shown, label).toBe(given);
      else expect(Number(shown), label).toBe(Number(given));
    }
  }

  /** An alert tells of what has happened, and blames nothing that nobody did. */
  #isFair(alert: string): boolean {
    const [, blamed] = /^(?:This network cannot be used|This file cannot be read)\s*([^:]+):/.exec(alert) ?? [];
    if (blamed !== undefined) return [...this.#given].some((name) => blamed.includes(name));
    if (/^There is not enough memory/.test(alert)) return alert.includes('my-train-images');
    if (/^These files take/.test(alert)) return this.#given.has('my-large.npz');
    if (/^The engine stopped/.test(alert)) return this.#killed > 0 && alert.includes('killed by a test');
    return false;
  }

  async #checkDownload(download: Download, sight: Sight): Promise<void> {
    const name = download.suggestedFilename();
    const content = await readFile(await download.path());
    this.#note(`  saved ${name}, ${content.length} bytes`);
    if (!name.endsWith('.json')) {
      expect(content.length, name).toBeGreaterThan(1000);
      return;
    }
    const report = JSON.parse(content.toString()) as Report & { dataset?: { title: string; classNames: string[] } };
    // The report is of the moment of the click; by now something else may be chosen.
    if (report.dataset?.title !== sight.title) return;
    expect(report.after.confusion.length).toBe(report.before.confusion.length);
    expect(report.after.classes.forget).toEqual(report.before.classes.forget);
  }
}
