import type { Evaluation } from 'purge-unlearning';
import { figures } from '../presenting/format';
import { spreadOf, type Spread } from '../presenting/spread';
import { entryTitle, isMasked, isYardstick, sweepKey, sweepTitle } from './entries';
import type { Comparable } from './columns';
import type { ComparedRun, Comparison, Yardstick } from './comparison.svelte';
import type { Judgement } from './judges';
import { dominated, scoresOf, type Scores } from './scores';

/** A row of the table: a run, or one of the two networks that runs are held against. */
export interface Row extends Comparable {
  key: string;
  role: 'run' | 'before' | 'retrained';
  run?: ComparedRun;
  /** How far the scores go among the networks retrained from several seeds. */
  spread?: Partial<Record<keyof Scores, Spread>>;
}

/** The two networks first, then the runs in their order. */
export function rowsOf(
  comparison: Comparison,
  before: Evaluation | undefined,
  retrained: Evaluation | undefined,
  seeds: readonly Evaluation[] = [],
): Row[] {
  const network = (role: Yardstick, title: string, evaluation: Evaluation | undefined): Row[] => {
    if (!evaluation) return [];
    const scores = scoresOf(evaluation, retrained, comparison.yardsticks[role]);
    return [{ key: role, role, title, scores, seconds: undefined }];
  };
  return [
    ...network('before', 'Before', before),
    ...network('retrained', 'Retrained', retrained).map((row) => ({
      ...row,
      ...spreadAmong(seeds, retrained, comparison.yardsticks.retrained),
    })),
    ...comparison.runs.map((run): Row => {
      const { key, entry, evaluation, judgement, seconds } = run;
      const scores = evaluation && scoresOf(evaluation, retrained, judgement);
      return { key, role: 'run', run, title: entryTitle(entry), scores, seconds };
    }),
  ];
}

const scored = ['taRetained', 'fa', 'ra', 'mia', 'tow'] as const satisfies (keyof Scores)[];

/** @param judgement Where attacks were made, the membership score is the worst of more than evaluations have. */
function spreadAmong(
  seeds: readonly Evaluation[],
  retrained: Evaluation | undefined,
  judgement: Judgement | undefined,
): Pick<Row, 'spread'> {
  const spreads = scored.flatMap((key) => {
    if (key === 'mia' && judgement?.membership) return [];
    const spread = spreadOf(seeds, (of) => scoresOf(of, retrained)[key]);
    return spread ? [[key, spread] as const] : [];
  });
  return spreads.length > 0 ? { spread: Object.fromEntries(spreads) } : {};
}

/** A point of the picture. */
export interface Spot {
  key: string;
  role: Row['role'];
  title: string;
  /** What stands beside it: on a line the target says enough. */
  label: string;
  scores: Scores;
  x: number;
  y: number;
  /** How far both go among the networks retrained from several seeds. */
  spread?: { x: Spread; y: Spread };
  /** Why it takes no part in who beats whom: all are held against it, or its 0 is by construction. */
  aside: 'yardstick' | 'masked' | undefined;
  /** Another run is as good in both and better in one. */
  dominated: boolean;
}

/** What of the rows can be drawn. */
export function spotsOf(rows: readonly Row[], against: 'fa' | 'mia'): Spot[] {
  const drawn = rows.flatMap(({ key, role, title, scores, run, spread: spreads }) => {
    const target = run?.entry.overrides.targetForgetAccuracy;
    const aside: Spot['aside'] =
      !run || isYardstick(run.entry) ? 'yardstick' : against === 'fa' && isMasked(run.entry) ? 'masked' : undefined;
    const label = (target === undefined ? title : `${figures(target)}\u202f%`) + (aside === 'masked' ? ' †' : '');
    const [x, y] = [spreads?.[against], spreads?.taRetained];
    const spread = x && y ? { spread: { x, y } } : {};
    if (!scores) return [];
    return [{ key, role, title, label, aside, scores, x: scores[against], y: scores.taRetained, ...spread }];
  });
  const rivals = drawn.filter(({ aside }) => !aside);
  const isBeaten = dominated(rivals);
  const beaten = new Set(rivals.filter((_, i) => isBeaten[i]).map(({ key }) => key));
  return drawn.map((spot) => ({ ...spot, dominated: beaten.has(spot.key) }));
}

/** Runs that differ in their target only: the points of a line, and what it is called. */
export interface Sweep {
  key: string;
  title: string;
  points: readonly { x: number; y: number }[];
}

/** The sweeps among the rows, each by its target. */
export function sweepsOf(rows: readonly Row[], against: 'fa' | 'mia'): Sweep[] {
  const byKey = new Map<string, { row: Row; target: number }[]>();
  for (const row of rows) {
    const target = row.run?.entry.overrides.targetForgetAccuracy;
    if (!row.run || !row.scores || target === undefined) continue;
    const key = sweepKey(row.run.entry);
    byKey.set(key, [...(byKey.get(key) ?? []), { row, target }]);
  }
  return Array.from(byKey, ([key, members]) => {
    members.sort((a, b) => a.target - b.target);
    const points = members.flatMap(({ row: { scores } }) =>
      scores ? [{ x: scores[against], y: scores.taRetained }] : [],
    );
    const entry = members[0]?.row.run?.entry;
    return { key, title: entry ? sweepTitle(entry) : '', points };
  }).filter(({ points }) => points.length > 1);
}
