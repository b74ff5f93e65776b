import { settings as runSettings } from 'purge-unlearning';
import { describe, expect, it } from 'vitest';
import { underMethod } from './methods';
import { pageSettings } from './page-settings';
import { fromQuery, parse, toQuery } from './query';
import linked from '../../../tests/fixtures/page-queries.json';

describe('the settings in an address', () => {
  it('an empty address is the defaults, and the defaults an empty address', () => {
    const state = fromQuery('');
    expect(state).toMatchObject({ dataset: 'mnist', class: [3], method: 'purge', preset: 'strict', norm: 'group' });
    expect(state.overrides).toEqual({});
    expect(toQuery(state)).toBe('');
  });

  it('what is set comes back', () => {
    const query = 'device=cpu&dataset=pathmnist&class=2&preset=published&objective=uniform&projection=0&seed=7';
    const state = fromQuery(query);
    expect(state.overrides).toEqual({ objective: 'uniform', projection: false, seed: 7 });
    expect(Object.fromEntries(new URLSearchParams(toQuery(state)))).toEqual(
      Object.fromEntries(new URLSearchParams(query)),
    );
  });

  it('several classes are a list, in order and each once', () => {
    expect(fromQuery('class=5,0,5').class).toEqual([0, 5]);
    expect(toQuery(fromQuery('class=5,0'))).toBe('class=0%2C5');
    for (const bad of ['', '1,', '1.5', '1,-2', 'a', '1000']) expect(fromQuery(`class=${bad}`).class).toEqual([3]);
  });

  it('nonsense is left out', () => {
    const state = fromQuery(
      'device=abacus&class=-1&method=prayer&preset=odd&learningRate=fast&batchSize=2.5&temperature=&strict=maybe&other=1',
    );
    expect(state).toEqual(fromQuery(''));
  });

  it('presets and settings are those of the method', () => {
    const state = fromQuery('method=gradient_ascent&preset=strict&temperature=2&epochs=3');
    expect(state).toMatchObject({ method: 'gradient_ascent', preset: 'published', overrides: { epochs: 3 } });
    expect(toQuery(state)).toBe('method=gradient_ascent&epochs=3');
  });
});

// The same file holds the tables of the shell, whose figures are links, to what the page reads.
describe('the links in the tables', () => {
  it.each(linked.map(({ query, state }) => [query, state] as const))(
    '"%s" sets up just that run',
    (query, expected) => {
      const state = fromQuery(query);
      expect(state).toMatchObject(expected);
      expect(state.overrides).toEqual(expected.overrides);
      const keys = (of: string) => [...new URLSearchParams(of).keys()];
      expect(keys(toQuery(state))).toEqual(keys(query));
    },
  );
});

describe('another method', () => {
  const state = fromQuery('preset=authors&temperature=2&epochs=3');

  it('keeps what it has too, and drops the rest', () => {
    expect(underMethod(state, 'fine_tune')).toEqual({
      method: 'fine_tune',
      preset: 'authors',
      overrides: { epochs: 3 },
    });
  });

  it('has its own default in place of a preset that it lacks', () => {
    expect(underMethod({ ...state, preset: 'strict' }, 'fine_tune').preset).toBe('published');
  });
});

describe('a number that is typed', () => {
  const of = (range: object) =>
    ({ key: 'epochs', label: '', sentence: '', group: 'steps', kind: 'number', ...range }) as const;
  it.each([
    [{ min: 0, max: 1 }, '0', 0],
    [{ min: 0, max: 1 }, '1', 1],
    [{ min: 0, max: 1 }, '1.1', undefined],
    [{ min: 0, max: 1, above: true }, '0', undefined],
    [{ min: 0, max: 1, below: true }, '1', undefined],
    [{ min: 1, zeroIsOff: true }, '0', 0],
    [{ min: 1, zeroIsOff: true }, '0.5', undefined],
    [{ min: 0, above: true, zeroIsOff: true }, '0', 0],
    [{ min: 0 }, ' ', undefined],
    [{ min: 0 }, '1e999', undefined],
    [{ kind: 'whole', min: 0 }, '2.5', undefined],
    [{ kind: 'whole', min: 0 }, '2', 2],
  ])('in %o, "%s" is %s', (range, text, value) => expect(parse(of(range), text)).toBe(value));
});

it('no two settings share a name in the address', () => {
  const keys = [...pageSettings.map((s) => s.key), 'preset', ...runSettings.map((s) => s.key)];
  expect(new Set(keys).size).toBe(keys.length);
});
