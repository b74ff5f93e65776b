import type { Evaluation } from 'purge-unlearning';

/** The least and the largest. */
export type Spread = readonly [low: number, high: number];

/** How far a score goes among networks that were retrained from several seeds; undefined of fewer than two. */
export function spreadOf(
  seeds: readonly Evaluation[],
  of: (evaluation: Evaluation) => number | undefined,
): Spread | undefined {
  const values = seeds.flatMap((evaluation) => of(evaluation) ?? []);
  return values.length > 1 ? [Math.min(...values), Math.max(...values)] : undefined;
}

/** "97.9–98.3", in the unit of what it stands beside; empty where both ends read the same. */
export function spreadWords(spread: Spread, text: (value: number) => string): string {
  const [low = '', high = ''] = spread.map((end) => text(end).replace('\u202f%', ''));
  return low === high ? '' : `${low}–${high}`;
}
