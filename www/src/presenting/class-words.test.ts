import { describe, expect, it } from 'vitest';
import { classWords, namesOf, togetherWords } from './class-words';

const words = classWords(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
const three = words[3]!;
const five = words[5]!;
const eight = words[8]!;
const tissue = classWords(['adipose', 'smooth muscle']);

describe('classes in words', () => {
  it('digits have a name, a plural and an article', () => {
    expect(three).toMatchObject({ name: '3', all: '3s', one: 'a three', many: 'threes' });
    expect(words[6]?.many).toBe('sixes');
    expect(eight.one).toBe('an eight');
  });

  it('tissues are spoken of as they are, other names as images', () => {
    expect(tissue[1]).toMatchObject({ short: 'MUS', all: 'smooth muscle', many: 'images of smooth muscle' });
    expect(classWords(['malignant'])[0]).toMatchObject({ all: 'malignant images', one: 'an image of malignant' });
  });

  it('data without names takes the network’s', () => {
    const numbered = { classNames: ['class 0', 'class 1'] };
    const named = { classNames: ['cat', 'dog'] };
    expect(namesOf(numbered, { ...named, classes: 2 })).toEqual(['cat', 'dog']);
    expect(namesOf(named, { classNames: ['0', '1'], classes: 2 })).toEqual(['cat', 'dog']);
    expect(namesOf(numbered, undefined)).toEqual(numbered.classNames);
    expect(namesOf(undefined, { ...named, classes: 2 })).toEqual([]);
  });

  it('there are as many as the network has, whoever names them', () => {
    expect(
      namesOf({ classNames: ['cat', 'dog'] }, { classNames: ['class 0', 'class 1', 'class 2'], classes: 3 }),
    ).toEqual(['cat', 'dog', 'class 2']);
  });

  it('several are spoken of together, many by their number', () => {
    expect(togetherWords([])).toBeUndefined();
    expect(togetherWords([three])).toBe(three);
    expect(togetherWords([three, five])).toMatchObject({ all: '3s and 5s', short: '3, 5' });
    expect(togetherWords([...tissue, three])?.all).toBe('adipose, smooth muscle and 3s');
    expect(togetherWords(words.slice(0, 4))?.all).toBe('4 classes');
  });
});
