import { PurgeError, attacks, methods } from 'purge-unlearning';
import { expect, it } from 'vitest';
import type { PageState } from '../state/page-settings';
import { fromQuery } from '../state/query';
import { chooseMethod, override, settings } from '../state/settings.svelte';
import { fakeFile, fakeServer } from './fake-server.fixture';
import { crash, evaluatedBy, fakeCreate, newWorld, turn } from './fake-session.fixture';
import { PageSession } from './page-session.svelte';

const walks = 40;
const acts = 60;

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A visitor who does anything at any time, with an engine and a server that fail now and then. */
function newWalk(seed: number) {
  const random = numbers(seed);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const world = newWorld();
  const server = fakeServer();
  /** How often a call fails. */
  const trouble = { share: oneOf([0, 0.01, 0.04]) };
  const given = new Set<string>();
  const log: string[] = [];

  Object.assign(settings, fromQuery(''));
  Object.assign(world, { hasGpu: random() < 0.5, gpuIsSlow: random() < 0.5 });
  world.during = async () => {
    for (let pause = Math.floor(random() * 3); pause > 0; pause--) await turn();
    if (random() >= trouble.share) return;
    throw random() < 0.2 ? new PurgeError('device-lost', 'The graphics device was lost.') : crash(random() < 0.3);
  };
  const page = new PageSession({
    settings,
    createSession: fakeCreate(world),
    fetchFile: async (path, options) => {
      if (random() < trouble.share) throw new PurgeError('network', `${path} could not be fetched.`);
      const file = await server.fetchFile(path, options);
      return random() < trouble.share ? undefined : file;
    },
  });

  const give = (...files: File[]) => {
    for (const { name } of files) given.add(name);
    return page.take(files);
  };
  const change = (to: Partial<PageState>) => {
    Object.assign(settings, to);
    return page.follow();
  };
  let count = 0;
  const name = (ending: string) => `own-${++count}.${ending}`;
  const data = (channels: number, classes: number) => fakeFile(name('purge'), 'data', channels, classes);
  const network = (channels: number, classes: number) => fakeFile(name('safetensors'), 'model', channels, classes);
  const junk = (ending: string) => new File(['junk'], name(ending));
  const archive = () => new File([oneOf(['data 3 9', 'data 3 8', 'junk'])], name('npz'));

  /** What the page has on at any time… */
  const always: Record<string, () => unknown> = {
    wait: async () => {
      for (let i = 0; i < 15; i++) await turn();
    },
    forget: () => page.forget(),
    step: () => page.step(),
    pause: () => page.pause(),
    resume: () => page.resume(),
    cancel: () => page.cancel(),
  };
  /** …and what is off during a run. */
  const atRest: Record<string, () => unknown> = {
    mnist: () => change({ dataset: 'mnist' }),
    pathmnist: () => change({ dataset: 'pathmnist' }),
    own: () => change({ dataset: 'own' }),
    size: () => change({ size: oneOf(['light', 'whole'] as const) }),
    norm: () => change({ norm: oneOf(['group', 'batch'] as const) }),
    class: () => change({ class: [oneOf([0, 3, 5, 9])] }),
    classes: () => change({ class: [oneOf([0, 1]), oneOf([3, 8])] }),
    nonMembers: () => change({ nonMembers: oneOf(['test', 'val'] as const) }),
    method: () => {
      chooseMethod(oneOf(methods).name);
      return page.follow();
    },
    override: () => {
      override('epochs', oneOf([1, 2, undefined]));
      return page.follow();
    },
    back: () => {
      Object.assign(
        settings,
        fromQuery(oneOf(['', 'dataset=pathmnist&class=2', 'dataset=own', 'device=cpu', 'norm=batch'])),
      );
      return page.follow();
    },
    pair: () => {
      const shape = oneOf<[number, number]>([
        [1, 10],
        [3, 9],
        [1, 4],
      ]);
      return give(data(...shape), network(...shape));
    },
    data: () => give(data(1, 10)),
    network: () => give(oneOf([network(1, 10), network(3, 9)])),
    junk: () => give(oneOf([junk('gif'), junk('purge'), junk('safetensors')])),
    archive: () => (page.shown.missing === 'pathmnist' ? give(archive()) : undefined),
    borrow: () => (settings.dataset === 'own' ? page.borrow(oneOf(['mnist', 'pathmnist'])) : undefined),
    reset: () => (page.shown.canReset ? page.reset() : undefined),
    keep: () => page.keep(),
    undoKept: () => (page.loading.held.kept ? page.undoKept() : undefined),
    again: () => page.again(),
    device: () => page.useDevice(oneOf(['auto', 'cpu', 'webgpu'])),
    compare: () => page.compare(),
    sweep: () => page.sweep(),
    judges: () => change({ judges: oneOf(['scores', 'attacks'] as const) }),
    tell: () => page.tell(oneOf(['batch', 'uniform'])),
    attack: () => page.attack(oneOf([undefined, ...attacks.map(({ name }) => name)])),
    export: () => page.shown.canExport && page.exportModel().catch(() => undefined),
  };

  function act(): void {
    const open = page.shown.busy ? always : { ...always, ...atRest };
    // What leads on from a run is tried more often, or few walks would come so far.
    const on = page.shown.canKeep ? ['keep', 'keep', 'class', 'class'] : ['forget', 'wait', 'wait'];
    const off = page.shown.missing === 'pathmnist' ? ['archive', 'archive', 'archive'] : [];
    const what = oneOf([...Object.keys(open), ...on, ...on, ...off]);
    log.push(what);
    world.stop = oneOf(['forget_target', 'retain_budget', 'epoch_limit', 'diverged'] as const);
    world.runLength = oneOf([1, 3, 6]);
    void open[what]?.();
  }

  /** What has to hold at any moment. */
  function check(): void {
    const { shown, connection } = page;
    const { session } = world;
    const { device, openedFor = 'auto' } = connection;
    if (device && openedFor !== 'auto') expect(device.kind).toBe(openedFor);
    if (shown.dataset) {
      const tab = settings.dataset;
      const served =
        tab === 'mnist' ? 'mnist.purge' : settings.size === 'light' ? 'pathmnist-light.purge' : 'pathmnist.purge';
      if (tab === 'own' || given.has(shown.dataset.name)) expect(given).toContain(shown.dataset.name);
      else expect(shown.dataset.name).toBe(served);
    }
    if (shown.model && settings.dataset !== 'own') {
      expect(shown.model.name).toBe(`${settings.dataset}-${settings.norm}.safetensors`);
    }
    if (shown.dataset && shown.fits) expect(shown.words).toHaveLength(shown.model?.classes ?? 0);
    for (const evaluation of [shown.before, shown.after, shown.retrained]) {
      const of = evaluatedBy(evaluation);
      if (!of) continue;
      expect(of.dataset).toBe(shown.dataset?.name);
      expect(of.classes).toEqual(shown.classes);
      expect(evaluation?.nonMemberSplit).toBe(shown.nonMembers);
    }
    for (const run of shown.comparison?.runs ?? []) {
      const of = evaluatedBy(run.evaluation);
      if (run.message) expect(run.message).not.toMatch(/load a network|is over/);
      if (!of || !shown.fits) continue;
      expect([of.dataset, of.classes]).toEqual([shown.dataset?.name, shown.classes]);
      expect(of.network).toMatch(new RegExp(`^${session?.model?.id ?? ''} without ${shown.classes.join()} by `));
    }
    for (const { target, report, message } of shown.siege?.trials ?? []) {
      if (message) expect(message).not.toMatch(/load a network|found none/);
      const [of] = report?.numbers ?? [];
      if (of && shown.fits && target.network === 'before') expect(of.label).toBe(session?.model?.id);
      if (of && target.run && target.run === shown.run)
        expect(of.label).toBe(evaluatedBy(shown.after)?.network ?? of.label);
    }
    if (shown.comparing) expect([shown.run, shown.canForget, shown.canExport]).toEqual([undefined, false, false]);
    if (shown.before) expect(evaluatedBy(shown.before)?.network).toBe(connection.model && session?.model?.id);
    if (shown.after && shown.canExport) expect(evaluatedBy(shown.after)?.network).toBe(session?.network);
    if (shown.result?.stop === 'diverged') expect(shown.phase).not.toBe('done');
    if (shown.misfit) expect(page.wanted.model && page.wanted.dataset).toBeDefined();
    const { problem } = page;
    // The page asks for nothing that the session cannot do.
    expect(problem?.code).not.toBe('bad-state');
    if (problem?.code === 'bad-dataset' || problem?.code === 'bad-model') {
      const [file = ''] = /^[^:]+/.exec(problem.message) ?? [];
      expect([...given, ...[...given].map((of) => `network for ${of}`)]).toContain(file);
    }
  }

  async function rest(): Promise<void> {
    for (let i = 0; i < 1000 && page.tasks.doing; i++) await turn();
    for (let i = 0; i < 5; i++) await turn();
    await page.tasks.settle();
  }

  return { page, world, trouble, log, act, check, rest, change, random };
}

it.each(Array.from({ length: walks }, (_, seed) => seed))(
  'walk %d ends where both sets can be forgotten',
  async (seed) => {
    const walk = newWalk(seed);
    const { page, world, trouble, log, act, check, rest, change, random } = walk;
    try {
      void page.follow();
      for (let i = 0; i < acts; i++) {
        act();
        check();
        for (let pause = Math.floor(random() * 12); pause > 0; pause--) {
          await turn();
          check();
        }
      }
      page.cancel();
      page.resume();
      await rest();
      check();
      expect(page.shown.busy).toBe(false);
      if (page.shown.lost) expect(page.problem).toBeDefined();

      trouble.share = 0;
      world.stop = 'forget_target';
      for (const dataset of ['mnist', 'pathmnist'] as const) {
        log.push(`at last ${dataset}`);
        chooseMethod('purge');
        await change({ dataset, class: [2], size: 'light' });
        await page.again();
        check();
        expect(page.problem).toBeUndefined();
        expect(page.shown.dataset?.name).toBe(world.session?.dataset?.name);
        expect(page.shown.model?.name).toBe(world.session?.model?.name);
        expect(page.shown.phase).toMatch(/ready|done|cancelled|diverged/);
        await page.forget();
        check();
        expect(page.shown.phase).toBe('done');
        expect(evaluatedBy(page.shown.after)?.network).toBe(world.session?.network);
        expect(page.shown.canExport).toBe(true);
        if (dataset === 'mnist') continue;
        await page.compare();
        check();
        expect(page.shown.comparison?.runs.every(({ state }) => state === 'over')).toBe(true);
        expect([page.shown.phase, page.shown.run, page.problem]).toEqual(['ready', undefined, undefined]);
        expect(world.session?.network).toBe(world.session?.model?.id);
      }
    } catch (error) {
      throw new Error(`walk ${seed}, after ${log.join(' ')}`, { cause: error });
    }
  },
);
