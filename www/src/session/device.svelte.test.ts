import { PurgeError } from 'purge-unlearning';
import { beforeEach, describe, expect, it } from 'vitest';
import { settings } from '../state/settings.svelte';
import { turn } from './fake-session.fixture';
import { gate, loads, newStage, type Stage } from './page.fixture';

let world: Stage['world'];
let page: Stage['page'];
let set: Stage['set'];

beforeEach(() => {
  ({ world, page, set } = newStage());
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
    expect(loads(world)).toEqual(['load']);
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
