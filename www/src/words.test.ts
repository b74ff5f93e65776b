import type { ResolvedConfig } from 'purge-unlearning';
import { describe, expect, it } from 'vitest';
import { evaluation } from './evaluation.fixture';
import {
  aurocWords,
  cellDifferenceWords,
  cellPercentWords,
  cellWords,
  classWords,
  namesOf,
  resultWords,
  stopWords,
  togetherWords,
} from './words';

const words = classWords(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
const three = words[3]!;
const five = words[5]!;
const eight = words[8]!;
const tissue = classWords(['adipose', 'smooth muscle']);
const plain = (text: string) => text.replace(/\s/g, ' ');

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
    expect(namesOf(numbered, named)).toEqual(['cat', 'dog']);
    expect(namesOf(named, { classNames: ['0', '1'] })).toEqual(['cat', 'dog']);
    expect(namesOf(numbered, { classNames: ['cat'] })).toEqual(numbered.classNames);
    expect(namesOf(undefined, named)).toEqual([]);
  });

  it('several are spoken of together, many by their number', () => {
    expect(togetherWords([])).toBeUndefined();
    expect(togetherWords([three])).toBe(three);
    expect(togetherWords([three, five])).toMatchObject({ all: '3s and 5s', short: '3, 5' });
    expect(togetherWords([...tissue, three])?.all).toBe('adipose, smooth muscle and 3s');
    expect(togetherWords(words.slice(0, 4))?.all).toBe('4 classes');
  });
});

describe('a cell of a matrix', () => {
  it('says how many are taken for what', () => {
    expect(cellWords(41, three, five)).toBe('41 threes are taken for fives');
    expect(cellWords(1, three, five)).toBe('1 three is taken for a five');
    expect(cellWords(0, three, five)).toBe('No threes are taken for fives');
    expect(cellWords(1135, three, three)).toBe('1,135 threes are recognised');
  });

  it('says shares and changes', () => {
    expect(plain(cellPercentWords(5.13, three, five))).toBe('5.1 % of the threes are taken for fives');
    expect(cellDifferenceWords(-38.2, three, three)).toBe('38.2 points fewer of the threes are recognised than before');
    expect(cellDifferenceWords(0.01, three, five)).toBe('As many of the threes are taken for fives as before');
  });
});

describe('what a run did', () => {
  const before = evaluation({ fa: 98.87, ra: 98.94 });

  it('is one sentence made from the numbers', () => {
    expect(plain(resultWords(before, evaluation({ fa: 0.38, ra: 98.8 }), three))).toBe(
      'It recognises 0.4 % of the 3s it learnt from (98.9 % before) and still 98.8 % of the rest.',
    );
  });

  it('does not say "still" of a rest that has suffered', () => {
    expect(plain(resultWords(before, evaluation({ fa: 0.38, ra: 36.7 }), three))).toBe(
      'It recognises 0.4 % of the 3s it learnt from (98.9 % before) and 36.7 % of the rest, down from 98.9 %.',
    );
  });

  it('names the reason it stopped for', () => {
    const config = { targetForgetAccuracy: 1, retainBudget: 4 } as ResolvedConfig;
    expect(plain(stopWords('forget_target', 48, 6.42, config, three))).toBe(
      'It stopped after 48 steps and 6.4 s, when it recognised no more than 1 % of the 3s.',
    );
    expect(stopWords('retain_budget', 1, 2, config, three)).toContain('α = 4 times its first value');
    expect(stopWords('cancelled', 5, 2, config, three)).toContain('as that step left it');
    expect(stopWords('nothing_to_forget', 0, 0, config, three)).toContain('nothing left to forget');
  });
});

it('an area under the curve is told by its distance from chance', () => {
  expect(aurocWords(0.512)).toBe('0.012 above chance');
  expect(aurocWords(0.469)).toBe('0.031 under chance');
  expect(aurocWords(0.5)).toBe('exactly chance');
});
