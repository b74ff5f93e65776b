import { expect, it } from 'vitest';
import { median, sumUp, takeTurns } from './rounds.mjs';

it('each takes its turn in every round, in the other order every other time', async () => {
  const seen = [];
  const contenders = [{ name: 'a' }, { name: 'b' }, { name: 'slow', rounds: 1 }];
  const times = await takeTurns(
    contenders,
    2,
    ({ name }) => (seen.push(name), [seen.length]),
    () => {},
  );
  expect(seen.join(' ')).toBe('a b slow b a');
  expect(Object.fromEntries(times)).toEqual({ a: [[1], [5]], b: [[2], [4]], slow: [[3]] });
});

it('who fails is told of, and the others go on', async () => {
  const fallen = [];
  const measure = ({ name }) => {
    if (name === 'b') throw new Error('no');
    return [1];
  };
  const fell = ({ name }, { message }) => fallen.push(`${name}: ${message}`);
  const times = await takeTurns([{ name: 'a' }, { name: 'b' }], 3, measure, fell);
  expect(fallen).toEqual(['b: no']);
  expect([...times.keys()]).toEqual(['a']);
});

it('ratios are of the least times, and of rounds that both took part in', () => {
  const times = new Map([
    ['PyTorch', [[100, 120], [200], [100]]],
    ['ours', [[50, 70], [200]]],
  ]);
  const [torch, ours] = sumUp(times, 'PyTorch');
  expect(torch).toEqual({ name: 'PyTorch', least: 100, median: 110, times: 4 });
  expect(ours).toMatchObject({ least: 50, median: 70, ratio: 0.5, ratioOfRounds: (60 / 110 + 1) / 2 });
  expect(sumUp(new Map([['ours', [[1]]]]), 'PyTorch')).toEqual([{ name: 'ours', least: 1, median: 1, times: 1 }]);
  expect(median([3, 1, 2])).toBe(2);
  expect(() => sumUp(new Map(), 'PyTorch')).toThrow('none of those');
});
