import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { attacks, methods } from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The rows of the table under a heading, each by its cells. */
function table(heading: string): string[][] {
  const [, rest = ''] = readme.split(`\n| ${heading} |`);
  const [, , ...rows] = rest.slice(0, rest.indexOf('\n\n')).split('\n');
  return rows.map((row) => row.split('|').map((cell) => cell.trim()));
}

/** What is set as code in a cell. */
const names = (cell = '') => Array.from(cell.matchAll(/`(\w+)`/g), ([, name]) => name);

test('the README has every method with its presets, the default first', () => {
  const written = table('method').map(([, method, presets]) => [names(method), names(presets)]);
  const there = methods.map(({ name, defaultPreset, presets }) => {
    const others = presets.map((preset) => preset.name).filter((preset) => preset !== defaultPreset);
    return [[name], [defaultPreset, ...others]];
  });
  expect(written).toEqual(there);
});

test('the README has every attack', () => {
  expect(table('attack').flatMap(([, attack]) => names(attack))).toEqual(attacks.map(({ name }) => name));
});
