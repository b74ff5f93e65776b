import { PurgeError } from 'purge-unlearning';
import { beforeEach, describe, expect, it } from 'vitest';
import { chooseMethod, override, settings } from '../state/settings.svelte';
import { fakeFile } from './fake-server.fixture';
import { crash, evaluatedBy, fakeCreate, turn } from './fake-session.fixture';
import { PageSession } from './page-session.svelte';
import { failOnce, newStage, settled, type Stage } from './page.fixture';

let world: Stage['world'];
let server: Stage['server'];
let page: Stage['page'];
let set: Stage['set'];

beforeEach(() => {
  ({ world, server, page, set } = newStage());
});

const loads = () => world.calls.filter((call) => call.startsWith('load'));
const ownData = (name = 'own.purge', channels = 1, classes = 10) => fakeFile(name, 'data', channels, classes);
const ownNetwork = (name = 'own.safetensors', channels = 1, classes = 10) => fakeFile(name, 'model', channels, classes);

/** A promise, and what resolves it. */
function gate() {
  let open: () => void = () => undefined;
  const shut = new Promise<void>((resolve) => (open = resolve));
  return { shut, open };
}

describe('scores that come with the page', () => {
  const evaluations = () => world.calls.filter((call) => call.startsWith('evaluate'));
  const comeWith = (network: string, of = `${network}.safetensors`) =>
    server.files.set(`models/${network}.scores`, new File([`scores of ${of}`], `${network}.scores`));

  it('are shown at once and told as such, and are measured here when that is asked for', async () => {
    comeWith('mnist-group');
    comeWith('mnist-group-without-3');
    await page.follow();
    const { shown } = page;
    expect(evaluations()).toEqual([]);
    expect(evaluatedBy(shown.before)?.network).toBe('mnist-group.safetensors');
    expect(evaluatedBy(shown.retrained)?.network).toBe('mnist-group-without-3.safetensors');
    expect(shown.storedOn).toEqual({ before: 'elsewhere', retrained: 'elsewhere' });
    expect(world.calls.filter((call) => call === 'prepare')).toHaveLength(1);

    await page.forget();
    expect(shown.result?.stop).toBe('forget_target');
    expect(shown.storedOn.before).toBe('elsewhere');

    await page.measureHere();
    expect(evaluations()).toHaveLength(2);
    expect([shown.before !== undefined, shown.retrained !== undefined]).toEqual([true, true]);
    expect(shown.storedOn).toEqual({ before: undefined, retrained: undefined });
  });

  it('of networks from further seeds tell how far the yardstick goes, where there are any', async () => {
    for (const seed of [1, 2]) {
      const network = `mnist-group-without-3-seed-${seed}`;
      server.files.set(`models/${network}.safetensors`, fakeFile(`${network}.safetensors`, 'model', 1, 10));
      comeWith(network, seed === 1 ? undefined : 'an older one');
    }
    await page.follow();
    const { shown } = page;
    const networks = () => shown.seeds.map((of) => evaluatedBy(of)?.network);
    expect(networks()).toEqual(['mnist-group-without-3.safetensors', 'mnist-group-without-3-seed-1.safetensors']);
    const looked = () => server.fetched.filter((path) => path.includes('-seed-')).length;
    const before = looked();
    await set({ class: [5] });
    expect(networks()).toEqual([]);
    await set({ class: [3] });
    expect(networks()).toHaveLength(2);
    expect(looked()).toBe(before);
  });

  it('of another network are not shown', async () => {
    comeWith('mnist-group', 'an older one');
    comeWith('mnist-group-without-3', 'an older one');
    await page.follow();
    expect(evaluations()).toHaveLength(2);
    expect(page.shown.storedOn).toEqual({ before: undefined, retrained: undefined });
  });

  it('are not looked for where the visitor brought the images, several classes go, or the network is another by now', async () => {
    comeWith('mnist-group');
    const looked = () => server.fetched.filter((path) => path.endsWith('.scores')).length;
    await set({ dataset: 'own' });
    await page.take([ownData()]);
    await page.borrow('mnist');
    expect([page.shown.fits, looked()]).toEqual([true, 0]);
    await set({ dataset: 'mnist', class: [3, 5] });
    expect(looked()).toBe(0);
    await set({ class: [3] });
    expect(looked()).toBeGreaterThan(0);
    await page.forget();
    await page.keep();
    expect(page.shown.storedOn).toEqual({ before: undefined, retrained: undefined });
  });
});

describe('a GPU', () => {
  const warmUps = () => world.calls.filter((call) => call === 'warmUp').length;
  const openOn = (more: Partial<Stage['world']>) => {
    Object.assign(world, { hasGpu: true, ...more });
    return page.follow();
  };

  it('is warmed up once, before anything is computed, and that is told while it lasts', async () => {
    const seen: [boolean, string][] = [];
    world.during = (call) => {
      if (call === 'warmUp') seen.push([page.shown.preparing, page.shown.phase]);
    };
    await openOn({});
    expect(seen).toEqual([[true, 'ready']]);
    expect(page.shown.preparing).toBe(false);
    const evaluated = world.calls.findIndex((call) => call.startsWith('evaluate'));
    expect(world.calls.indexOf('warmUp')).toBeLessThan(evaluated);
    await set({ class: [5] });
    await set({ dataset: 'pathmnist' });
    await page.forget();
    expect(warmUps()).toBe(1);
    expect(page.connection.device).toEqual({ kind: 'webgpu', name: 'fake' });
  });

  it('that is slow gives way to the CPU, and nothing that is set or loaded changes', async () => {
    Object.assign(settings, { class: [7], norm: 'batch' });
    await openOn({ gpuIsSlow: true });
    expect(page.connection.device).toMatchObject({ kind: 'cpu', reason: 'The GPU is slow.' });
    expect(page.connection.moved).toBe(true);
    expect([settings.device, settings.norm, page.shown.classes]).toEqual(['auto', 'batch', [7]]);
    expect(page.shown.model?.name).toBe('mnist-batch.safetensors');
    expect(loads()).toEqual(['load']);
    await page.forget();
    expect([page.shown.phase, page.connection.device?.kind, warmUps()]).toEqual(['done', 'cpu', 1]);
  });

  it('that was asked for stays, and the CPU has nothing to warm up', async () => {
    Object.assign(settings, { device: 'webgpu' });
    await openOn({ gpuIsSlow: true });
    expect([page.connection.device?.kind, warmUps()]).toEqual(['webgpu', 1]);
    await page.useDevice('cpu');
    expect([page.connection.device?.kind, warmUps(), page.shown.preparing]).toEqual(['cpu', 1, false]);
    expect(page.connection.moved).toBe(false);
  });

  it('does not keep a visitor waiting who is quicker, and is compared when the run is over', async () => {
    const { shut, open } = gate();
    world.during = (call) => (call === 'warmUp' ? shut : undefined);
    const following = openOn({ gpuIsSlow: true });
    while (!page.shown.preparing) await turn();
    const forgetting = page.forget();
    expect([page.shown.phase, page.shown.preparing]).toEqual(['running', true]);
    open();
    world.during = (call) => {
      if (call === 'advance') expect(page.connection.device?.kind).toBe('webgpu');
    };
    await Promise.all([following, forgetting]);
    expect(page.shown.result?.stop).toBe('forget_target');
    expect(world.calls.slice(0, world.calls.indexOf('start')).filter((call) => call === 'warmUp')).toHaveLength(1);
    expect([page.connection.device?.kind, warmUps()]).toEqual(['cpu', 2]);
    expect([page.shown.phase, page.shown.after !== undefined, page.shown.canExport]).toEqual(['done', true, true]);
  });

  it('that is lost meanwhile is told once, and the page goes on', async () => {
    Object.assign(settings, { device: 'webgpu' });
    world.during = (call) => {
      if (call === 'warmUp') throw new PurgeError('device-lost', 'The graphics device was lost.');
    };
    await openOn({});
    expect(page.problem).toMatchObject({ code: 'device-lost' });
    expect([warmUps(), page.shown.phase, page.shown.before !== undefined]).toEqual([1, 'ready', true]);
    await page.forget();
    expect([page.shown.phase, page.problem]).toEqual(['done', undefined]);
  });

  it('that is lost in a run is warmed up again', async () => {
    await openOn({});
    world.during = (call) => {
      if (call !== 'advance') return;
      world.during = () => undefined;
      throw new PurgeError('device-lost', 'The graphics device was lost.');
    };
    await page.forget();
    expect(page.problem).toMatchObject({ code: 'device-lost' });
    await page.again();
    expect([warmUps(), page.connection.warm, page.problem]).toEqual([2, true, undefined]);
  });
});

describe('tabs', () => {
  it('load network and data as a pair', async () => {
    await page.follow();
    await set({ dataset: 'pathmnist' });
    expect(loads()).toEqual(['load', 'load']);
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
    expect(loads()).toEqual(['load', 'loadModel']);
    expect(server.fetched.filter((path) => path === 'data/pathmnist.purge')).toHaveLength(1);
    expect(page.shown.model?.norm).toBe('batch');
  });

  it('is loaded where only the size changes', async () => {
    await set({ dataset: 'pathmnist' });
    await set({ size: 'whole' });
    expect(loads()).toEqual(['load', 'loadDataset']);
    expect(page.shown.dataset?.name).toBe('pathmnist.purge');
  });
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
    expect(loads()).toEqual(['load']);
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

describe('classes', () => {
  it('are those that the network can forget', async () => {
    await set({ class: [9] });
    expect(page.shown.classes).toEqual([9]);
    await set({ dataset: 'pathmnist' });
    expect(page.shown.classes).toEqual([0]);
    await set({ dataset: 'mnist' });
    expect(page.shown.classes).toEqual([9]);
  });

  it('leave one to keep', async () => {
    await set({ class: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
    expect(page.shown.classes).toEqual([0]);
  });

  it('have measurements of their own, each made once', async () => {
    await page.follow();
    await set({ class: [4] });
    expect(evaluatedBy(page.shown.before)?.classes).toEqual([4]);
    expect(page.shown.noRetrained).toBe('absent');
    const before = world.calls.length;
    await set({ class: [3] });
    expect(evaluatedBy(page.shown.retrained)?.network).toBe('mnist-group-without-3.safetensors');
    expect(world.calls.slice(before).filter((call) => call.startsWith('evaluate'))).toEqual([]);
  });
});

describe('a retrained network that takes its time', () => {
  it('holds up no run, and is measured when it is there', async () => {
    const { shut, open } = gate();
    server.held.set('models/mnist-group-without-3.safetensors', shut);
    void page.follow();
    await expect.poll(() => page.tasks.doing).toBe('stored retrained');
    const forgetting = page.forget();
    await expect.poll(() => page.shown.phase).toBe('done');
    expect(page.shown.retrained).toBeUndefined();
    open();
    await forgetting;
    expect(evaluatedBy(page.shown.retrained)?.network).toBe('mnist-group-without-3.safetensors');
    expect(page.problem).toBeUndefined();
  });
});

describe('a run', () => {
  beforeEach(() => page.follow());

  it('goes through, and what is shown is of it', async () => {
    await page.forget();
    const { shown } = page;
    expect(shown.phase).toBe('done');
    expect(evaluatedBy(shown.after)?.network).toBe('mnist-group.safetensors without 3 by 3');
    expect(evaluatedBy(shown.before)?.network).toBe('mnist-group.safetensors');
    expect(shown.trace.forget.at(-1)).toEqual([3, 0]);
    expect(shown.canExport && shown.canKeep).toBe(true);
  });

  it('measures the network from before without loading it again', async () => {
    await page.forget();
    await set({ class: [5] });
    expect(loads()).toEqual(['load']);
    expect(evaluatedBy(page.shown.before)).toMatchObject({ network: 'mnist-group.safetensors', classes: [5] });
    expect([page.shown.result, page.shown.canExport]).toEqual([undefined, false]);
  });

  it('starts from the network as it was loaded', async () => {
    await page.forget();
    await set({ class: [5] });
    await page.forget();
    expect(evaluatedBy(page.shown.after)?.network).toBe('mnist-group.safetensors without 5 by 3');
  });

  it('is taken step by step, waits, and is cancelled', async () => {
    const running = page.step();
    await settled();
    expect([page.shown.phase, page.shown.trace.events.length]).toEqual(['paused', 1]);
    await page.step();
    await settled();
    expect(page.shown.trace.events).toHaveLength(2);
    page.cancel();
    await running;
    expect(page.shown.phase).toBe('cancelled');
    expect([page.shown.canExport, page.shown.canKeep]).toEqual([true, false]);
  });

  it('that diverged is not done', async () => {
    world.stop = 'diverged';
    await page.forget();
    expect([page.shown.phase, page.shown.canKeep, page.shown.canExport]).toEqual(['diverged', false, true]);
  });

  it('that is lost in a crash is told, and the page goes on', async () => {
    let steps = 0;
    world.during = (call) => {
      if (call === 'advance' && ++steps === 2) throw crash();
    };
    await page.forget();
    const { shown } = page;
    expect(page.problem).toMatchObject({ code: 'internal', during: 'running' });
    expect([shown.phase, shown.canForget, shown.canExport, shown.canReset]).toEqual(['failed', false, false, true]);
    expect(shown.lost).toContain('A run was under way');
    await page.again();
    expect([page.problem, shown.lost, shown.phase, shown.canForget]).toEqual([undefined, undefined, 'ready', true]);
    await page.forget();
    expect(shown.phase).toBe('done');
  });

  it('that is lost does not keep another class from being chosen', async () => {
    world.during = (call) => {
      if (call === 'advance') throw world.session?.network.includes('by 1') ? crash() : undefined;
    };
    world.during = failOnce('advance', 2);
    await page.forget();
    await set({ class: [5] });
    expect([page.shown.lost, page.shown.phase, page.shown.canForget]).toEqual([undefined, 'ready', true]);
  });

  it('that was done survives a crash in its own scores', async () => {
    world.during = failOnce('evaluate after');
    await page.forget();
    expect(page.problem).toBeUndefined();
    expect(evaluatedBy(page.shown.after)?.network).toBe('mnist-group.safetensors without 3 by 3');
    expect([page.shown.phase, page.shown.canExport]).toEqual(['done', true]);
  });

  it('that was done survives crashes while another network is measured, and measuring goes on', async () => {
    await set({ class: [3] });
    const other = new PageSession({ settings, createSession: fakeCreate(world), fetchFile: server.fetchFile });
    world.during = (call) => {
      if (call === 'evaluate other') throw crash();
    };
    await other.follow();
    expect(other.problem).toMatchObject({ during: 'measuring' });
    await other.forget();
    expect(other.problem).toMatchObject({ code: 'internal', during: 'measuring' });
    expect([other.shown.phase, other.shown.canExport, other.shown.retrained]).toEqual(['done', true, undefined]);
    world.during = () => undefined;
    await other.again();
    expect(other.problem).toBeUndefined();
    expect(evaluatedBy(other.shown.after)?.network).toBe('mnist-group.safetensors without 3 by 3');
    expect(other.shown.retrained).toBeDefined();
  });

  it('that was done and cannot be brought back is told, and is shown no more once the page goes on', async () => {
    await page.forget();
    world.during = (call) => {
      if (call === 'evaluate loaded') throw crash(true);
    };
    await set({ class: [5] });
    const { shown } = page;
    expect([shown.lost, shown.canForget]).toEqual(['What runs had made could not be brought back.', false]);
    expect(page.problem).toMatchObject({ code: 'internal', during: 'measuring' });
    world.during = () => undefined;
    await set({ class: [3] });
    expect([shown.lost, shown.result, shown.phase, shown.canForget]).toEqual([undefined, undefined, 'ready', true]);
  });

  it('that has not begun is not begun once it is cancelled', async () => {
    const other = new PageSession({ settings, createSession: fakeCreate(world), fetchFile: server.fetchFile });
    await other.follow();
    const before = world.calls.length;
    const running = other.forget();
    other.cancel();
    await running;
    expect([other.shown.phase, world.calls.slice(before)]).toEqual(['ready', []]);
  });

  it('with a setting that the engine refuses fails in words, and another one starts', async () => {
    world.during = (call) => {
      if (call === 'resolveConfig' && settings.overrides.learningRate === 0.5) {
        throw new PurgeError('bad-config', 'learningRate: too large');
      }
    };
    override('learningRate', 0.5);
    await page.follow();
    expect(page.problem).toMatchObject({ code: 'bad-config', during: 'running' });
    await page.forget();
    expect([page.problem?.code, page.shown.busy]).toEqual(['bad-config', false]);
    override('learningRate', undefined);
    await page.follow();
    await page.forget();
    expect([page.problem, page.shown.phase]).toEqual([undefined, 'done']);
  });

  it('of another method uses its presets and settings', async () => {
    override('temperature', 2);
    override('epochs', 3);
    chooseMethod('gradient_ascent');
    await page.follow();
    expect(page.shown.config).toMatchObject({ method: 'gradient_ascent', preset: 'published', epochs: 3 });
    expect(page.shown.config).not.toHaveProperty('temperature');
    await page.forget();
    expect([page.problem, page.shown.method.name]).toEqual([undefined, 'gradient_ascent']);
    chooseMethod('purge');
    await page.follow();
    expect(page.shown.method.name).toBe('gradient_ascent');
  });

  it('can be gone on from, and undone', async () => {
    await page.forget();
    await page.keep();
    const { shown } = page;
    expect([shown.forgottenEarlier, shown.classes, shown.result]).toEqual([[3], [0], undefined]);
    expect(evaluatedBy(shown.before)?.network).toBe('mnist-group.safetensors without 3 by 3');
    await page.forget();
    expect(evaluatedBy(shown.after)?.network).toBe('mnist-group.safetensors without 3 by 3 without 0 by 3');
    await page.undoKept();
    expect(loads()).toEqual(['load', 'loadModel']);
    expect([shown.forgottenEarlier, shown.classes]).toEqual([[], [3]]);
    expect(evaluatedBy(shown.before)?.network).toBe('mnist-group.safetensors');
  });

  it('is compared with other unseen images where the data have them', async () => {
    await set({ dataset: 'pathmnist', class: [2] });
    await page.forget();
    await set({ nonMembers: 'val' });
    const { before, after } = page.shown;
    expect([before?.nonMemberSplit, after?.nonMemberSplit]).toEqual(['val', 'val']);
    await set({ dataset: 'mnist' });
    expect(page.shown.before?.nonMemberSplit).toBe('test');
  });
});

describe('the device', () => {
  it('can be changed, and all is there again', async () => {
    await page.follow();
    await page.forget();
    await page.useDevice('webgpu');
    expect(page.connection.device?.kind).toBe('webgpu');
    expect([page.shown.phase, page.shown.result]).toEqual(['ready', undefined]);
  });

  it('that an address asks for is taken', async () => {
    await page.follow();
    await set({ device: 'webgpu' });
    expect(world.calls.filter((call) => call.startsWith('open'))).toEqual(['open auto', 'open webgpu']);
  });

  it('can be changed in the middle of a load', async () => {
    const first = page.follow();
    await turn();
    await Promise.all([first, page.useDevice('cpu'), turn().then(() => page.useDevice('webgpu'))]);
    expect([page.connection.device?.kind, page.shown.phase, page.problem]).toEqual(['webgpu', 'ready', undefined]);
  });
});
