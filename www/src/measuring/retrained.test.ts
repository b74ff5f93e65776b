import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { furtherNames } from './retrained';

const folder = new URL('../../public/models/', import.meta.url);

it('the networks from further seeds are those that the page comes with, each with its scores', () => {
  const shipped = ['mnist-group', 'mnist-batch', 'pathmnist-group', 'pathmnist-batch'];
  const classes = Array.from({ length: 10 }, (_, k) => k);
  const names = shipped.flatMap((network) => classes.flatMap((k) => furtherNames(network, [k])));
  const files = readdirSync(folder).filter((name) => /-seed-\d+\.(safetensors|scores)$/.test(name));
  expect(files.sort()).toEqual(names.flatMap((name) => [`${name}.safetensors`, `${name}.scores`]).sort());
  expect(furtherNames('mnist-group', [3])).toEqual(['mnist-group-without-3-seed-1', 'mnist-group-without-3-seed-2']);
});

it('of several classes, and of a network that is not shipped, there are none', () => {
  expect(furtherNames('mnist-group', [3, 8])).toEqual([]);
  expect(furtherNames('', [3])).toEqual([]);
});
