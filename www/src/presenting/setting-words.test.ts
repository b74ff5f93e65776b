import type { SettingInfo } from 'purge-unlearning';
import { expect, it } from 'vitest';
import { expectedWords, rangeWords } from './setting-words';

const setting = (given: Partial<SettingInfo>): SettingInfo => ({
  key: 'learningRate',
  label: '',
  sentence: '',
  group: 'steps',
  kind: 'number',
  ...given,
});

it.each([
  [{ min: 0, max: 10 }, '0 to 10'],
  [{ min: 0, max: 1, above: true }, 'over 0 to 1'],
  [{ min: 0, max: 1, below: true }, '0 to under 1'],
  [{ min: 0, above: true }, 'over 0'],
  [{ min: 1, zeroIsOff: true }, 'from 1 or 0 for off'],
  [{ min: 0, max: 1, zeroIsOff: true }, '0 to 1, 0 is off'],
  [{ min: 0, max: 1, above: true, zeroIsOff: true }, 'over 0 to 1 or 0 for off'],
  [{ max: 5, below: true }, 'under 5'],
  [{ min: 0, max: 100, unit: '%' }, '0 to 100 %'],
  [{ min: 0, max: 2 ** 32 - 1 }, '0 to 2³² − 1'],
  [{ min: 1e-6, max: 65_536 }, '10⁻⁶ to 65,536'],
  [{ min: 0, max: 1e6 }, '0 to 10⁶'],
  [{ min: 0, max: 2 ** 53 - 1 }, '0 to 2⁵³ − 1'],
  [{}, ''],
] as const)('the range of %o is "%s"', (given, words) => {
  expect(rangeWords(setting(given))).toBe(words);
});

it('what was expected says the kind of number too', () => {
  expect(expectedWords(setting({ kind: 'whole', min: 1 }))).toBe('A whole number, from 1.');
  expect(expectedWords(setting({}))).toBe('A number.');
});
