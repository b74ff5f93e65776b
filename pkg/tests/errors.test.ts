import { expect, test } from 'vitest';
import { panicText, toFailure, trapFailure } from '../src/errors.js';

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

test('what the engine says itself is passed on', () => {
  expect(toFailure({ code: 'bad-config', message: 'η: expected > 0, found -1' })).toEqual({
    code: 'bad-config',
    message: 'η: expected > 0, found -1',
    fatal: false,
  });
});
