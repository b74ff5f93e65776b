import type { ResolvedConfig, StopReason } from 'purge-unlearning';
import { describe, expect, it } from 'vitest';
import { evaluation } from '../measuring/evaluation.fixture';
import { classWords } from './class-words';
import {
  aurocWords,
  cellDifferenceWords,
  cellPercentWords,
  cellWords,
  fewerImagesWords,
  keepWords,
  resultWords,
  stopWords,
} from './words';

const words = classWords(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
const three = words[3]!;
const five = words[5]!;
const plain = (text: string) => text.replace(/\s/g, ' ');

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

it('says what fewer images do to runs', () => {
  const words = fewerImagesWords({ loaded: 9000, learnt: 18000 });
  expect(words).toMatch(
    /^Only 9,000 of the 18,000 images .* are loaded\. Default presets go through them 2 times as often/,
  );
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
    const config = { targetForgetAccuracy: 1, retainBudget: 4, retainShare: 0 } as ResolvedConfig;
    const say = (stop: StopReason, steps: number, seconds: number, networkStep = steps) =>
      plain(stopWords({ stop, steps, seconds, networkStep }, config, three));
    expect(say('forget_target', 48, 6.42)).toBe(
      'It stopped after 48 steps and 6.4 s, when it recognised no more than 1 % of the 3s.',
    );
    expect(say('retain_budget', 1, 2)).toContain('α = 4 times its first value');
    expect(say('retain_budget', 1, 2)).toContain('retain share');
    expect(say('cancelled', 5, 2)).toContain('as that step left it');
    expect(say('nothing_to_forget', 0, 0)).toContain('nothing left to forget');
    expect(stopWords({ steps: 9, networkStep: 9, seconds: 1 }, config, three)).toContain('why it ended is not known');
    const diverged = say('diverged', 23, 2, 20);
    expect(diverged).toContain('after 23 steps');
    expect(diverged).toContain('as it was after step 20');
    expect(diverged).not.toMatch(/forgotten/);
  });

  it('advises only what the method can be set to', () => {
    const config = { targetForgetAccuracy: 1, retainBudget: 4 } as ResolvedConfig;
    const stopped = { stop: 'retain_budget', steps: 1, seconds: 2, networkStep: 1 } as const;
    expect(stopWords(stopped, config, three)).not.toContain('retain share');
  });
});

it('an area under the curve is told by its distance from chance', () => {
  expect(aurocWords(0.512)).toBe('0.012 above chance');
  expect(aurocWords(0.469)).toBe('0.031 under chance');
  expect(aurocWords(0.5)).toBe('exactly chance');
});

it('going on says what the next run keeps', () => {
  expect(keepWords({ stop: 'forget_target' }, three)).toContain('stays out of all');
  expect(keepWords({ stop: 'epoch_limit' }, three)).toContain('has not forgotten the 3s as far as it should');
});
