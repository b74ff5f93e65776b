import { methods } from 'purge-unlearning';
import { expect, it } from 'vitest';
import results from './shadows.json';
import { shadowsOf, type ShadowResult } from './shadows';

const told = { accuracy: 0.52, interval: [0.5, 0.54] } as const;
const result = (network: string, of: number): ShadowResult => ({
  network,
  class: of,
  method: 'purge',
  preset: 'strict',
  shadows: 32,
  retrains: 16,
  samples: 800,
  privacy: told,
  efficacy: told,
  command: 'purge shadows',
});

it('shadow networks are those of the network and the one class to forget', () => {
  const all = [result('mnist-group', 3), result('mnist-group', 8), result('mnist-batch', 3)];
  expect(shadowsOf('mnist-group', [3], all)).toEqual([all[0]]);
  expect(shadowsOf('mnist-group', [3, 8], all)).toEqual([]);
  expect(shadowsOf(undefined, [3], all)).toEqual([]);
});

it('what is stored is of methods and presets that there are', () => {
  for (const { method, preset } of results as unknown as ShadowResult[]) {
    if (method === null) continue;
    const presets = methods.find(({ name }) => name === method)?.presets.map(({ name }) => name);
    expect(presets).toContain(preset);
  }
});
