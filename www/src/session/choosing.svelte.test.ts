import { PurgeError } from 'purge-unlearning';
import { beforeEach, describe, expect, it } from 'vitest';
import { settings } from '../state/settings.svelte';
import { crash, evaluatedBy, turn } from './fake-session.fixture';
import { PageSession } from './page-session.svelte';
import { gate, loads, newStage, ownData, ownNetwork, type Stage } from './page.fixture';

let world: Stage['world'];
let server: Stage['server'];
let page: Stage['page'];
let set: Stage['set'];

beforeEach(() => {
  ({ world, server, page, set } = newStage());
});

describe('tabs', () => {
  it('load network and data as a pair', async () => {
    await page.follow();
    await set({ dataset: 'pathmnist' });
    expect(loads(world)).toEqual(['load', 'load']);
    expect(page.problem).toBeUndefined();
    expect(page.shown.dataset?.name).toBe('pathmnist-light.purge');
    expect(page.shown.words).toHaveLength(9);
    expect(page.shown.canForget).toBe(true);
  });

  it('show nothing of the one before while the other is loaded', async () => {
    await page.follow();
    const changing = set({ dataset: 'pathmnist' });
    const { shown } = page;
    expect([shown.dataset, shown.model, shown.before, shown.phase]).toEqual([
      undefined,
      undefined,
      undefined,
      'loading',
    ]);
    await changing;
    expect(shown.phase).toBe('ready');
  });

  it('that are changed quickly end with what was chosen last', async () => {
    void page.follow();
    void set({ dataset: 'pathmnist' });
    await turn();
    void set({ dataset: 'mnist' });
    await turn();
    await turn();
    void set({ dataset: 'pathmnist' });
    await set({ dataset: 'mnist' });
    expect(page.shown.dataset?.name).toBe('mnist.purge');
    expect(evaluatedBy(page.shown.before)).toMatchObject({
      dataset: 'mnist.purge',
      network: 'mnist-group.safetensors',
    });
    expect(world.session?.dataset?.name).toBe('mnist.purge');
  });

  it('that are gone back to while the engine loads the other do not believe it', async () => {
    await page.follow();
    const { shut, open } = gate();
    world.during = (call) => (call === 'load' ? shut : undefined);
    const there = set({ dataset: 'pathmnist' });
    await turn();
    await turn();
    await turn();
    expect(world.calls.at(-1)).toBe('load');
    const back = set({ dataset: 'mnist' });
    expect(page.shown.dataset).toBeUndefined();
    expect(page.shown.phase).toBe('loading');
    open();
    await Promise.all([there, back]);
    expect(page.shown.dataset?.name).toBe('mnist.purge');
    expect(world.session?.dataset?.name).toBe('mnist.purge');
  });

  it('come back to the results of a run where nothing else was loaded', async () => {
    await page.follow();
    await page.forget();
    const { shut, open } = gate();
    server.held.set('data/pathmnist-light.purge', shut);
    void set({ dataset: 'pathmnist' });
    await turn();
    expect(page.shown.result).toBeUndefined();
    expect(page.shown.canExport).toBe(false);
    await set({ dataset: 'mnist' });
    open();
    expect(page.shown.phase).toBe('done');
    expect(page.shown.canExport).toBe(true);
  });

  it('whose data the server lacks say so, and another one works', async () => {
    server.absent.add('data/pathmnist-light.purge');
    await set({ dataset: 'pathmnist' });
    expect([page.shown.missing, page.problem, page.shown.phase]).toEqual(['pathmnist', undefined, 'idle']);
    await set({ size: 'whole' });
    expect([page.shown.missing, page.shown.phase]).toEqual([undefined, 'ready']);
    await set({ size: 'light' });
    expect(page.shown.missing).toBe('pathmnist');
    server.absent.clear();
    await page.again();
    expect([page.shown.missing, page.shown.phase]).toEqual([undefined, 'ready']);
  });
});

describe('one part alone', () => {
  it('is loaded where only the norm changes, and the whole set is not fetched again', async () => {
    Object.assign(settings, { dataset: 'pathmnist', size: 'whole' });
    await page.follow();
    await set({ norm: 'batch' });
    expect(loads(world)).toEqual(['load', 'loadModel']);
    expect(server.fetched.filter((path) => path === 'data/pathmnist.purge')).toHaveLength(1);
    expect(page.shown.model?.norm).toBe('batch');
  });

  it('is loaded where only the size changes', async () => {
    await set({ dataset: 'pathmnist' });
    await set({ size: 'whole' });
    expect(loads(world)).toEqual(['load', 'loadDataset']);
    expect(page.shown.dataset?.name).toBe('pathmnist.purge');
  });
});

it('tells how many images the light set has of those that a network learnt from', async () => {
  await page.follow();
  expect(page.shown.fewerImages).toBeUndefined();
  await set({ dataset: 'pathmnist' });
  expect(page.shown.fewerImages).toEqual({ loaded: 45, learnt: 72 });
  await set({ size: 'whole' });
  expect(page.shown.fewerImages).toBeUndefined();
});

describe('a network that cannot be fetched', () => {
  it('is told, and found when it is there', async () => {
    server.absent.add('models/mnist-batch.safetensors');
    await page.follow();
    await set({ norm: 'batch' });
    expect(page.problem).toMatchObject({ code: 'network', during: 'loading' });
    expect([page.shown.model, page.shown.canForget]).toEqual([undefined, false]);
    server.absent.clear();
    await page.again();
    expect(page.problem).toBeUndefined();
    expect(page.shown.model?.norm).toBe('batch');
  });
});

describe('own files', () => {
  beforeEach(() => set({ dataset: 'own' }));

  it('make what they are', async () => {
    await page.take([ownData(), ownNetwork()]);
    expect(loads(world)).toEqual(['load']);
    expect(page.shown.canForget).toBe(true);
    expect(page.shown.noRetrained).toBe('absent');
  });

  it('that do not go together are both there, and it is a state, not a failure', async () => {
    await page.take([ownData(), ownNetwork('large.safetensors', 3, 9)]);
    expect(page.problem).toBeUndefined();
    expect(page.shown.misfit?.message).toContain('large.safetensors');
    expect([page.shown.phase, page.shown.canForget, page.shown.before]).toEqual(['idle', false, undefined]);
    await page.borrow('mnist');
    expect([page.shown.misfit, page.shown.canForget]).toEqual([undefined, true]);
    expect(page.shown.model?.name).toBe('mnist-group.safetensors');
  });

  it('alone do not go with what another tab has left in the engine', async () => {
    await set({ dataset: 'mnist' });
    await set({ dataset: 'own' });
    await page.take([ownData('tissue.purge', 3, 9)]);
    expect(page.shown.dataset?.name).toBe('tissue.purge');
    expect([page.shown.model, page.shown.misfit, page.problem]).toEqual([undefined, undefined, undefined]);
  });

  it('of which the network cannot be read leave what was there, and take the data', async () => {
    await page.take([ownData(), ownNetwork()]);
    await page.take([ownData('newer.purge'), new File(['junk'], 'junk.safetensors')]);
    expect(page.problem).toMatchObject({ code: 'bad-model', during: 'file' });
    expect(page.shown.dataset?.name).toBe('newer.purge');
    expect(page.shown.model?.name).toBe('own.safetensors');
    expect(page.own.files.map((f) => f.file.name).sort()).toEqual(['newer.purge', 'own.safetensors']);
    expect(page.shown.canForget).toBe(true);
  });

  it('that cannot be read at all change nothing', async () => {
    await page.take([ownData(), ownNetwork()]);
    await page.forget();
    await page.take([new File(['GIF89a'], 'cat.gif')]);
    expect(page.problem).toMatchObject({ code: 'bad-dataset', during: 'file' });
    await page.take([new File(['junk'], 'junk.purge')]);
    expect(page.problem?.message).toContain('junk.purge');
    expect(page.shown.phase).toBe('done');
    expect(page.shown.canExport).toBe(true);
    expect(page.shown.dataset?.name).toBe('own.purge');
  });

  it('that crash the engine are let go', async () => {
    await page.take([ownData(), ownNetwork()]);
    world.during = (call) => {
      if (call === 'loadDataset') throw crash();
    };
    await page.take([ownData('huge.purge')]);
    expect(page.problem).toMatchObject({ code: 'internal', during: 'file' });
    expect(page.own.files.map((f) => f.file.name)).not.toContain('huge.purge');
    expect([page.shown.dataset?.name, page.shown.canForget]).toEqual(['own.purge', true]);
  });

  it('stay where the engine could not be had', async () => {
    const offline = new PurgeError('network', 'The engine could not be fetched.');
    const other = new PageSession({
      settings,
      createSession: () => Promise.reject(offline),
      fetchFile: server.fetchFile,
    });
    await other.take([ownData(), ownNetwork()]);
    expect(other.problem).toMatchObject({ code: 'network', during: 'loading' });
    expect(other.own.files).toHaveLength(2);
  });

  it('are told on the tab they were dropped on, not on the next', async () => {
    await page.take([ownData(), ownNetwork()]);
    const { shut, open } = gate();
    world.during = (call) => (call === 'loadModel' ? shut : undefined);
    const taking = page.take([new File(['junk'], 'junk.safetensors')]);
    await turn();
    await turn();
    await turn();
    const leaving = set({ dataset: 'mnist' });
    open();
    await Promise.all([taking, leaving]);
    expect([page.problem, page.shown.canForget]).toEqual([undefined, true]);
    await set({ dataset: 'own' });
    expect(page.problem?.message).toContain('junk.safetensors');
    expect(page.shown.model?.name).toBe('own.safetensors');
  });

  it('names follow the network where the data have none', async () => {
    expect(page.shown.words).toEqual([]);
    await page.take([ownData()]);
    expect(page.shown.words.map((of) => of.name)).toContain('class 4');
  });
});

describe('the official archive in place of a missing set', () => {
  const archive = (channels: number, classes: number) => new File([`data ${channels} ${classes}`], 'pathmnist.npz');

  beforeEach(() => {
    server.absent.add('data/pathmnist-light.purge').add('data/pathmnist.purge');
    return set({ dataset: 'pathmnist' });
  });

  it('is taken', async () => {
    await page.take([archive(3, 9)]);
    expect([settings.size, page.shown.dataset?.name, page.shown.canForget]).toEqual(['whole', 'pathmnist.npz', true]);
  });

  it('is refused where it is another set, and a right one works after that', async () => {
    await page.take([archive(3, 8)]);
    expect(page.problem).toMatchObject({ code: 'bad-dataset', during: 'file' });
    expect(page.problem?.message).toMatch(/^pathmnist\.npz: expected PathMNIST/);
    expect(page.shown.missing).toBe('pathmnist');
    await page.take([archive(3, 9)]);
    expect([page.problem, page.shown.canForget]).toEqual([undefined, true]);
  });
});
