import { expect, it } from 'vitest';
import { Frames } from './frames';

it('what is asked for within a frame is one drawing, of the last', () => {
  const waiting: (() => void)[] = [];
  const frames = new Frames((draw) => waiting.push(draw));
  const drawn: number[] = [];
  for (const value of [1, 2, 3]) frames.ask(() => drawn.push(value));
  expect([waiting.length, drawn]).toEqual([1, []]);
  waiting[0]?.();
  expect(drawn).toEqual([3]);
  frames.ask(() => drawn.push(4));
  expect(waiting).toHaveLength(2);
  frames.now();
  waiting[1]?.();
  expect(drawn).toEqual([3, 4]);
});

it('without frames everything is drawn at once', () => {
  const drawn: number[] = [];
  const frames = new Frames((draw) => draw());
  frames.ask(() => drawn.push(1));
  frames.ask(() => drawn.push(2));
  expect(drawn).toEqual([1, 2]);
});
