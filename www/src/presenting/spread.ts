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

/** "(97.9–98.3 %)" */
export function spreadWords([low, high]: Spread, text: (value: number) => string): string {
  return `(${text(low).replace('\u202f%', '')}–${text(high)})`;
}
