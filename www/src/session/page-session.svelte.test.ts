import { PurgeError } from 'purge-unlearning';
import { beforeEach, describe, expect, it } from 'vitest';
import { chooseMethod, override, settings } from '../state/settings.svelte';
import { crash, evaluatedBy, fakeCreate } from './fake-session.fixture';
import { PageSession } from './page-session.svelte';
import { failOnce, gate, loads, newStage, settled, type Stage } from './page.fixture';

let world: Stage['world'];
let server: Stage['server'];
let page: Stage['page'];
let set: Stage['set'];

beforeEach(() => {
  ({ world, server, page, set } = newStage());
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
    expect(loads(world)).toEqual(['load']);
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

  it('that is cancelled in the midst of a step is over with it, and what is left is measured', async () => {
    const [step, finish] = [gate(), gate()];
    let steps = 0;
    world.during = (call) => {
      if (call === 'advance' && ++steps === 2) return step.shut;
      return call === 'finish' ? finish.shut : undefined;
    };
    const running = page.forget();
    await settled();
    page.cancel();
    step.open();
    await settled();
    expect([page.shown.phase, page.run?.ending]).toEqual(['running', true]);
    finish.open();
    await running;
    expect(page.shown.phase).toBe('cancelled');
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
    expect(loads(world)).toEqual(['load', 'loadModel']);
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
