import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFile } from './fake-server.fixture';
import { evaluatedBy } from './fake-session.fixture';
import { gate, newStage, ownData, type Stage } from './page.fixture';

let world: Stage['world'];
let server: Stage['server'];
let page: Stage['page'];
let set: Stage['set'];

beforeEach(() => {
  ({ world, server, page, set } = newStage());
});

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
