import { expect, test } from 'vitest';
import { PurgeError, panicText, toFailure, trapFailure } from '../src/errors.js';

const trap = new WebAssembly.RuntimeError('unreachable');

test("the panic hook's text loses its stack and keeps its place", () => {
  const logged =
    'panicked at src/model/cnn.rs:41:9:\nshape mismatch:\n  left: 3\n\nStack:\n\nError\n    at x (y.js:1:1)\n\n';
  expect(panicText(logged)).toBe('shape mismatch:\n  left: 3 (src/model/cnn.rs:41:9)');
});

test('other things on the console are no panic', () => {
  expect(panicText('warning: slow')).toBeUndefined();
  expect(panicText(new Error('panicked at a:1:\nb'))).toBeUndefined();
});

test.each([
  ['wgpu error: Validation Error\nNot enough memory left.', 'out-of-memory'],
  ['memory allocation of 67108864 bytes failed', 'out-of-memory'],
  ['Parent device is lost', 'device-lost'],
  ['wgpu error: DeviceLost', 'device-lost'],
  ['index out of bounds: the len is 3', 'internal'],
])('the words of a panic decide: %s', (words, code) => {
  expect(trapFailure(trap, words)).toMatchObject({ code, fatal: true });
});

test('an unknown code or a plain error is ours to explain, and the engine lives', () => {
  expect(toFailure({ code: 'EACCES', message: 'no' })).toMatchObject({ code: 'internal', fatal: false });
  expect(toFailure(new TypeError('x is not a function'))).toEqual({
    code: 'internal',
    message: 'x is not a function',
    fatal: false,
  });
});

test.each([true, false])('what the engine says itself is passed on, also whether it is the end: %s', (fatal) => {
  const said = { code: 'out-of-memory', message: 'a.purge: 9 GB are more than fit', fatal };
  expect(toFailure(said)).toEqual(said);
});

test('without that word only a lost device is the end', () => {
  expect(toFailure({ code: 'device-lost', message: 'gone' })).toMatchObject({ fatal: true });
  expect(toFailure({ code: 'out-of-memory', message: 'too large' })).toMatchObject({ fatal: false });
  expect(toFailure(new PurgeError('io', 'a.purge: gone'))).toEqual({
    code: 'io',
    message: 'a.purge: gone',
    fatal: false,
  });
});
