import { describe, expect, it } from 'vitest';
import { OwnFiles } from './own-files.svelte';
import type { Recognised } from './recognise';

const images = (name: string, bytes = 10): Recognised => ({ kind: 'packed', file: new File([], name), bytes });
const network = (name: string): Recognised => ({ kind: 'model', file: new File([], name) });
const names = (own: OwnFiles) => own.files.map((f) => f.file.name).sort();

function loaded(...files: Recognised[]): OwnFiles {
  const own = new OwnFiles();
  own.add(files);
  own.accept();
  return own;
}

describe('files that the engine refuses', () => {
  it('go, and what was there before comes back', () => {
    const own = loaded(images('a'), network('b'));
    own.add([images('c'), network('d')]);
    expect(own.refuse('io')).toBe(true);
    expect(names(own)).toEqual(['a', 'b']);
  });

  it('go alone where only one of two is no good', () => {
    const own = loaded(images('a'), network('b'));
    own.add([images('c'), network('d')]);
    own.refuse('bad-model');
    expect(names(own)).toEqual(['b', 'c']);
    own.add([images('e'), network('f')]);
    own.refuse('bad-dataset');
    expect(names(own)).toEqual(['a', 'f']);
  });

  it('that were there before are not tried again and again', () => {
    const own = loaded(images('a'), network('b'));
    expect(own.refuse('bad-model')).toBe(false);
    expect(own.refuse('internal')).toBe(false);
  });

  it('leave a borrowed network', () => {
    const own = loaded(images('a'));
    own.borrow({ name: 'mnist', norm: 'group' });
    own.accept();
    own.add([network('b')]);
    expect(own.borrowed).toBeUndefined();
    expect(own.refuse('bad-model')).toBe(true);
    expect([own.borrowed?.name, names(own)]).toEqual(['mnist', ['a']]);
  });
});

describe('files that take very much memory', () => {
  const large = images('large', 2e9);

  it('are asked about first', () => {
    const own = loaded(images('a'));
    own.add([large]);
    expect(names(own)).toEqual(['a']);
    expect(own.large?.bytes).toBe(2e9);
    own.add([], true);
    expect([names(own), own.large]).toEqual([['large'], undefined]);
  });

  it('wait together with what comes after them', () => {
    const own = new OwnFiles();
    own.add([large]);
    own.add([network('b')]);
    expect(own.large?.files).toHaveLength(2);
    own.add([], true);
    expect(names(own)).toEqual(['b', 'large']);
  });
});
