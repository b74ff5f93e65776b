import type { AttackName, AttackReport } from 'purge-unlearning';

/** The attacks that a comparison can put each network to, beside the scores that a run ends with. */
export const judges = ['membership', 'probe', 'relearn'] as const satisfies readonly AttackName[];

/** What they came to on one network. */
export type Judgement = Partial<Record<(typeof judges)[number], AttackReport>>;

/** A number of a report, if the attack was made and had something to say. */
export function numberOf(report: AttackReport | undefined, key: string): number | undefined {
  return report?.numbers.find((number) => number.key === key)?.value;
}
