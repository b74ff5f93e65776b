import { describe, expect, it } from 'vitest';
import { underMethod } from './methods';

describe('another method', () => {
  it('and back again is the same preset as before', () => {
    const strict = { method: 'purge', preset: 'strict', overrides: {} } as const;
    const rival = underMethod(strict, 'scrub');
    expect(rival).toEqual({ method: 'scrub', preset: 'published', overrides: {} });
    expect(underMethod(rival, 'purge')).toEqual(strict);
  });

  it('has the preset that was chosen, where it has one of that name, and the settings that it has too', () => {
    const authors = { method: 'scrub', preset: 'authors', overrides: { learningRate: 0.1, maxEpochs: 2 } } as const;
    expect(underMethod(authors, 'purge')).toEqual({
      method: 'purge',
      preset: 'authors',
      overrides: { learningRate: 0.1 },
    });
  });
});
