import { describe, expect, it } from 'vitest';
import { fromQuery, parse, toQuery } from './query';
import { pageSettings, runSettings, type RunSetting } from './state';

const allRunSettings: readonly RunSetting[] = runSettings.flatMap((group): readonly RunSetting[] => group.settings);

describe('the settings in an address', () => {
  it('an empty address is the defaults, and the defaults an empty address', () => {
    const state = fromQuery('');
    expect(state).toMatchObject({ dataset: 'mnist', class: [3], preset: 'strict', norm: 'group', overrides: {} });
    expect(toQuery(state)).toBe('');
  });

  it('what is set comes back', () => {
    const query = 'device=cpu&dataset=pathmnist&class=2&objective=uniform&projection=0&retainShare=0.25&seed=7';
    const state = fromQuery(query);
    expect(state.overrides).toEqual({ objective: 'uniform', projection: false, retainShare: 0.25, seed: 7 });
    expect(toQuery(state)).toBe(query);
  });

  it('several classes are a list, in order and each once', () => {
    expect(fromQuery('class=5,0,5').class).toEqual([0, 5]);
    expect(toQuery(fromQuery('class=5,0'))).toBe('class=0%2C5');
    for (const bad of ['', '1,', '1.5', '1,-2', 'a', '1000']) expect(fromQuery(`class=${bad}`).class).toEqual([3]);
  });

  it('nonsense is left out', () => {
    const state = fromQuery('device=abacus&class=-1&learningRate=fast&batchSize=2.5&temperature=&strict=maybe&other=1');
    expect(state).toEqual(fromQuery(''));
  });

  it('zero counts as a number, and an empty text does not', () => {
    const of = allRunSettings.find((s) => s.key === 'forgetGate');
    if (!of) throw new Error('the table has no forgetGate');
    expect(parse(of, '0')).toBe(0);
    expect(parse(of, ' ')).toBeUndefined();
  });
});

it('no two settings share a name in the address', () => {
  const keys = [...pageSettings, ...allRunSettings].map((s) => s.key);
  expect(new Set(keys).size).toBe(keys.length);
});
