import { PurgeError, attacks, methods } from 'purge-unlearning';
import { beforeEach, describe, expect, it } from 'vitest';
import { sweepTargets } from '../comparing/entries';
import { judges, type Judgement } from '../comparing/judges';
import { override, settings } from '../state/settings.svelte';
import { crash, evaluatedBy } from './fake-session.fixture';
import { failOnce, newStage, settled, type Stage } from './page.fixture';

let world: Stage['world'];
let page: Stage['page'];
let set: Stage['set'];

beforeEach(() => {
  ({ world, page, set } = newStage());
});

/** Of the 3s nothing has been measured yet. */
async function openedOn5(): Promise<void> {
  ({ world, page, set } = newStage());
  await set({ class: [5] });
}

describe('a comparison', () => {
  const states = () => page.shown.comparison?.runs.map(({ state }) => state) ?? [];
  const count = methods.length + 1;

  beforeEach(() => page.follow());

  it('runs every method from the network as it was loaded, and leaves that behind', async () => {
    await page.forget();
    await page.compare();
    const { shown } = page;
    expect(states()).toEqual(Array(count).fill('over'));
    for (const { evaluation } of shown.comparison?.runs ?? []) {
      expect(evaluatedBy(evaluation)?.network).toBe('mnist-group.safetensors without 3 by 3');
    }
    expect(world.session?.network).toBe('mnist-group.safetensors');
    expect([shown.phase, shown.run, shown.after, shown.canExport, shown.canForget]).toEqual([
      'ready',
      undefined,
      undefined,
      false,
      true,
    ]);
    await page.forget();
    expect([shown.phase, states().length]).toEqual(['done', count]);
  });

  it('is held against the retrained network from its first run on', async () => {
    await openedOn5();
    let known: boolean | undefined;
    world.during = (call) => {
      if (call === 'start') known ??= page.shown.retrained !== undefined;
    };
    await Promise.all([set({ class: [3] }), page.compare()]);
    expect([known, states()]).toEqual([true, Array(count).fill('over')]);
  });

  it('has the engine for itself, as a run has', async () => {
    const comparing = page.compare();
    const { shown } = page;
    expect([shown.phase, shown.busy, shown.canForget, shown.canReset]).toEqual(['comparing', true, false, false]);
    await page.forget();
    await page.step();
    expect(shown.run).toBeUndefined();
    await comparing;
    expect(states()).toEqual(Array(count).fill('over'));
  });

  it('is cancelled, and goes on with what is missing', async () => {
    world.during = (call) => {
      if (call === 'advance' && page.comparison?.runs[1]?.state === 'running') page.cancel();
    };
    await page.compare();
    expect(states()).toEqual(['over', ...Array<string>(count - 1).fill('cancelled')]);
    expect([page.shown.phase, world.session?.network]).toEqual(['ready', 'mnist-group.safetensors']);
    world.during = () => undefined;
    const starts = () => world.calls.filter((call) => call === 'start').length;
    const before = starts();
    await page.compare();
    expect([starts() - before, states()]).toEqual([count - 1, Array(count).fill('over')]);
  });

  it('survives a method that diverges, one that is refused and one that takes the engine with it', async () => {
    let started = 0;
    world.stop = 'diverged';
    world.during = (call) => {
      if (call === 'start' && ++started === 2) throw new PurgeError('bad-config', 'learningRate: too large');
      if (call === 'advance' && started === 3) throw crash();
    };
    await page.compare();
    expect(states()).toEqual(['over', 'failed', 'failed', ...Array<string>(count - 3).fill('over')]);
    const { runs = [] } = page.shown.comparison ?? {};
    expect([runs[0]?.stop, runs[1]?.message]).toEqual(['diverged', 'learningRate: too large']);
    expect([page.problem, page.shown.lost, page.shown.phase]).toEqual([undefined, undefined, 'ready']);
  });

  it('belongs to network, data, classes and device', async () => {
    await page.compare();
    await set({ class: [5] });
    expect(page.shown.comparison).toBeUndefined();
    await set({ class: [3] });
    expect(states()).toHaveLength(count);
    await set({ norm: 'batch' });
    expect(page.shown.comparison).toBeUndefined();
    await page.compare();
    expect(evaluatedBy(page.shown.comparison?.runs[0]?.evaluation)?.network).toMatch(/^mnist-batch/);
    await page.useDevice('webgpu');
    expect(page.shown.comparison).toBeUndefined();
  });

  it('is gone with its session', async () => {
    const comparing = page.compare();
    await settled();
    await Promise.all([comparing, page.useDevice('webgpu')]);
    expect([page.shown.comparison, page.shown.phase, page.problem]).toEqual([undefined, 'ready', undefined]);
  });

  it('ends where the engine cannot be had again', async () => {
    world.during = (call) => {
      const stepped = call === 'advance' && world.session?.network.endsWith('by 1');
      if (stepped || (call === 'reset' && page.shown.lost)) throw crash();
    };
    await page.compare();
    expect(states()).toEqual(['failed', ...Array<string>(count - 1).fill('cancelled')]);
    expect([page.shown.busy, page.shown.phase, page.problem?.code]).toEqual([false, 'failed', 'internal']);
    world.during = () => undefined;
    await page.again();
    expect([page.problem, page.shown.phase]).toEqual([undefined, 'ready']);
  });

  describe('with attacks', () => {
    const judgements = () => page.shown.comparison?.runs.map(({ judgement }) => judgement) ?? [];
    const of = (judgement: Judgement | undefined) => judges.map((name) => judgement?.[name]?.numbers[0]?.label);

    it('puts every network to them, those that runs are held against first', async () => {
      await page.compare();
      await set({ judges: 'attacks' });
      expect(judgements()).toEqual(Array(count).fill(undefined));
      await page.compare();
      const { yardsticks } = page.shown.comparison ?? {};
      expect(of(yardsticks?.before)).toEqual(judges.map(() => 'mnist-group.safetensors'));
      expect(of(yardsticks?.retrained)).toEqual(judges.map(() => 'mnist-group-without-3.safetensors'));
      expect(states()).toEqual(Array(count).fill('over'));
      for (const judgement of judgements()) {
        expect(of(judgement)).toEqual(judges.map(() => 'mnist-group.safetensors without 3 by 3'));
      }
    });

    it('is cancelled amid them: what was measured stays, and what is missing is made again', async () => {
      await set({ judges: 'attacks' });
      world.during = (call) => {
        if (call === 'attack current') page.cancel();
      };
      await page.compare();
      expect(states()).toEqual(['over', ...Array<string>(count - 1).fill('cancelled')]);
      expect([page.shown.comparison?.runs[0]?.evaluation !== undefined, judgements()[0]]).toEqual([true, undefined]);
      world.during = () => undefined;
      await page.compare();
      expect(judgements().every((judgement) => judgement !== undefined)).toBe(true);
    });

    it('goes on without a yardstick that cannot be attacked, and without a run that cannot', async () => {
      await set({ judges: 'attacks' });
      let attacked = 0;
      world.during = (call) => {
        if (call === 'attack other') throw new PurgeError('bad-model', 'no good');
        if (call === 'attack current' && ++attacked === 2) throw new PurgeError('internal', 'out of luck');
      };
      await page.compare();
      expect(page.shown.comparison?.yardsticks.retrained).toEqual({});
      expect(states()).toEqual(['failed', ...Array<string>(count - 1).fill('over')]);
      world.during = () => undefined;
      await page.compare();
      expect(of(page.shown.comparison?.yardsticks.retrained)).toEqual(
        judges.map(() => 'mnist-group-without-3.safetensors'),
      );
      expect(states()).toEqual(Array(count).fill('over'));
    });
  });

  it('takes a sweep in, of a method that has a target', async () => {
    override('epochs', 2);
    await page.follow();
    await page.sweep();
    const targets = page.shown.comparison?.runs.map(({ entry }) => entry.overrides.targetForgetAccuracy);
    expect(targets).toEqual([...sweepTargets]);
    await page.compare();
    expect(states()).toEqual(Array(count + sweepTargets.length).fill('over'));
  });
});

describe('attacks', () => {
  const [first] = attacks as [(typeof attacks)[0]];
  const made = () =>
    page.shown.siege?.trials.map(({ target, state, report }) => [target.network, state, report?.numbers[0]?.label]) ??
    [];

  beforeEach(() => page.follow());

  it('are made on every network that is there, and the run stays as it is', async () => {
    await page.attack(first.name);
    expect(made().map(([network, state]) => [network, state])).toEqual([
      ['before', 'over'],
      ['retrained', 'over'],
    ]);
    await page.forget();
    await page.attack(first.name);
    expect(made()).toEqual([
      ['before', 'over', 'mnist-group.safetensors'],
      ['after', 'over', 'mnist-group.safetensors without 3 by 3'],
      ['retrained', 'over', 'mnist-group-without-3.safetensors'],
    ]);
    expect([page.shown.phase, page.shown.canExport, page.shown.canKeep]).toEqual(['done', true, true]);
  });

  it('wait for the retrained network, where it is still to be measured', async () => {
    await openedOn5();
    const asked = set({ class: [3] });
    expect(page.shown.retrained).toBeUndefined();
    await Promise.all([asked, page.attack()]);
    const networks = new Set(page.shown.siege?.trials.map(({ target, state }) => `${target.network} ${state}`));
    expect([...networks]).toEqual(['before over', 'retrained over']);
    const needy = attacks.filter(({ second }) => second === 'needed').map(({ name }) => name);
    expect(page.shown.siege?.trials.map(({ target }) => target.attack)).toEqual(expect.arrayContaining(needy));
  });

  it('have the engine for themselves, and are cancelled', async () => {
    world.during = (call) => {
      if (call === 'attack other') page.cancel();
    };
    const attacking = page.attack();
    expect([page.shown.phase, page.shown.busy, page.shown.canForget]).toEqual(['attacking', true, false]);
    await attacking;
    const states = made().map(([, state]) => state);
    expect(states.slice(0, 3)).toEqual(['over', 'cancelled', 'cancelled']);
    expect([page.shown.phase, page.problem]).toEqual(['ready', undefined]);
  });

  it('that need a retrained network are left out where there is none', async () => {
    await set({ class: [4] });
    await page.attack();
    const needy = attacks.filter(({ second }) => second === 'needed').map(({ name }) => name);
    const names = page.shown.siege?.trials.map(({ target }) => target.attack) ?? [];
    expect(names.length).toBe(attacks.length - needy.length);
    expect(names.some((name) => needy.includes(name))).toBe(false);
  });

  it('survive a crash, and say so', async () => {
    world.during = failOnce('attack loaded');
    await page.forget();
    await page.attack(first.name);
    expect(made().map(([, state]) => state)).toEqual(['failed', 'over', 'over']);
    expect([page.problem, page.shown.phase, page.shown.canExport]).toEqual([undefined, 'done', true]);
  });

  it('belong to network, data, classes, unseen images and device; what is of a run, to the run', async () => {
    await page.forget();
    await page.attack(first.name);
    await page.forget();
    expect(page.shown.trialOf(first.name, 'after')).toBeUndefined();
    expect(page.shown.trialOf(first.name, 'before')?.report).toBeDefined();
    await set({ dataset: 'pathmnist', class: [3] });
    await page.forget();
    await page.attack(first.name);
    await set({ nonMembers: 'val' });
    expect(page.shown.siege).toBeUndefined();
    await set({ nonMembers: 'test' });
    expect(page.shown.trialOf(first.name, 'after')?.report).toBeDefined();
    await set({ class: [5] });
    expect(page.shown.siege).toBeUndefined();
    await page.useDevice('webgpu');
    expect(page.siege).toBeUndefined();
  });
});

describe('a story', () => {
  beforeEach(() => page.follow());

  it('of batch norm sets it, forgets, and recalibrates what is left', async () => {
    await page.tell('batch');
    const { shown } = page;
    expect([settings.norm, settings.story, shown.phase]).toEqual(['batch', 'batch', 'done']);
    const after = shown.trialOf('recalibrate', 'after');
    expect([after?.state, after?.report?.numbers[0]?.label]).toEqual([
      'over',
      'mnist-batch.safetensors without 3 by 3',
    ]);
  });

  it('ends where its run ends', async () => {
    world.during = (call) => {
      if (call === 'advance') page.cancel();
    };
    await page.tell('batch');
    expect([page.shown.phase, page.shown.siege, page.attackNext]).toEqual(['cancelled', undefined, undefined]);
    world.during = failOnce('advance', 2);
    await page.tell('batch');
    expect([page.shown.phase, page.shown.siege, page.attackNext]).toEqual(['failed', undefined, undefined]);
  });

  it('of every class alike runs two, and no more', async () => {
    await page.tell('uniform');
    expect(page.shown.comparison?.runs.map(({ state }) => state)).toEqual(['over', 'over']);
    expect([settings.story, page.shown.phase]).toEqual(['uniform', 'ready']);
  });
});
