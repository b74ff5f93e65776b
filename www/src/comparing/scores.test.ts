import { describe, expect, it } from 'vitest';
import { evaluation } from '../measuring/evaluation.fixture';
import type { AttackReport } from 'purge-unlearning';
import { dominated, scoresOf, towOf, worstMia } from './scores';

describe('tug of war', () => {
  it('is the product over what is forgotten, the rest and the test set', () => {
    expect(towOf({ fa: 2.1, ra: 100, ta: 86 }, { fa: 0, ra: 100, ta: 92.5 })).toBeCloseTo(0.9154, 4);
    expect(towOf({ fa: 0, ra: 99, ta: 90 }, { fa: 0, ra: 99, ta: 90 })).toBe(1);
  });

  it('is not there without a retrained network', () => {
    expect(scoresOf(evaluation({}), undefined)).not.toHaveProperty('tow');
    expect(scoresOf(evaluation({}), evaluation({})).tow).toBe(1);
  });
});

it('what attacks came to takes the place of the scores that a run ends with, and says more', () => {
  const report = (key: string, value: number): AttackReport => ({
    attack: 'membership',
    options: {},
    numbers: [{ key, label: '', unit: '', value }],
    curves: [],
    histograms: [],
    notes: [],
    seconds: 0,
  });
  const mia = { loss: 0.6, confidence: 0.5, mean: 0.55, byClass: [] };
  expect(scoresOf(evaluation({ mia }), undefined)).toMatchObject({ mia: expect.closeTo(0.1) as number });
  const judgement = {
    membership: report('worst', 0.7),
    probe: report('penultimate', 97),
    relearn: report('anew_fine_90', 12),
  };
  expect(scoresOf(evaluation({ mia }), undefined, judgement)).toMatchObject({
    mia: expect.closeTo(0.2) as number,
    probe: 97,
    relearn: 12,
  });
  expect(scoresOf(evaluation({ mia }), undefined, { probe: report('samples', 4) })).not.toHaveProperty('probe');
});

it('the worst attack is the one furthest from chance, to either side and of any class', () => {
  const of = { loss: 0.48, confidence: 0.52, mean: 0.5 };
  const byClass = [{ ...of, class: 3, loss: 0.4, members: 1, nonMembers: 1 }];
  expect(worstMia({ mia: { ...of, byClass: [] } })).toBeCloseTo(0.02);
  expect(worstMia({ mia: { ...of, byClass } })).toBeCloseTo(0.1);
});

describe('dominance', () => {
  it('is to be no better in either and worse in one', () => {
    const places = [
      { x: 1, y: 98 },
      { x: 1, y: 97 },
      { x: 0, y: 90 },
      { x: 2, y: 98 },
      { x: 5, y: 99 },
    ];
    expect(dominated(places)).toEqual([false, true, false, true, false]);
  });

  it('is not among equals, nor of one alone', () => {
    const place = { x: 1, y: 1 };
    expect(dominated([place, place])).toEqual([false, false]);
    expect(dominated([place])).toEqual([false]);
    expect(dominated([])).toEqual([]);
  });
});
