import { expect, it } from 'vitest';
import type { ShadowResult } from '../measuring/shadows';
import { shadowTitle, shadowWords } from './shadow-words';

const result = (method: ShadowResult['method'], privacy: number, efficacy: number): ShadowResult => ({
  network: 'mnist-group',
  class: 3,
  method,
  preset: method && 'published',
  shadows: 32,
  retrains: 16,
  samples: 800,
  privacy: { accuracy: privacy, interval: [0, 1] },
  efficacy: { accuracy: efficacy, interval: [0, 1] },
  command: 'purge shadows',
});

it('what shadow networks have shown is who is told least often, and how well halves are told at most', () => {
  const results = [
    result(null, 0.6, 1),
    result('scrub', 0.51, 0.9),
    result('deep', 0.52, 0.7),
    result('purge', 0.5, 1),
  ];
  expect(results.slice(0, 2).map(shadowTitle)).toEqual(['Before forgetting', 'SCRUB']);
  expect(shadowWords(results, '3s')).toBe(
    'Which half it was is told right in 0.520 of cases at most. Whether a network once knew the 3s is told right after ' +
      'Deep in 0.700 of cases, after SCRUB in 0.900 and after the others in no less.',
  );
  expect(shadowWords(results.slice(0, 2), '3s')).toMatch(/after SCRUB in 0\.900 of cases\.$/);
  expect(shadowWords(results.slice(0, 1), '3s')).toBe('');
});
