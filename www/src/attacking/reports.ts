import type { AttackHistogram, AttackInfo, AttackReport } from 'purge-unlearning';
import { figures, tenth } from '../presenting/format';
import type { Point } from '../running/trace';
import type { Attacked } from './siege.svelte';

/** What an attack came to on each network that it was made on. */
export type Reports = Partial<Record<Attacked, AttackReport | undefined>>;

type FoundNumber = AttackReport['numbers'][number];

export const networks = ['before', 'after', 'retrained'] as const;

/** The networks that an attack can be made on: one that compares with retrained says nothing of retrained itself. */
export function attackable({ second }: Pick<AttackInfo, 'second'>): readonly Attacked[] {
  return second === 'needed' ? ['before', 'after'] : networks;
}

/** The number to show first. */
export function headlineOf({ headline }: Pick<AttackInfo, 'headline'>, report: AttackReport): FoundNumber | undefined {
  return report.numbers.find(({ key }) => key === headline);
}

/** A number with its unit: "12 steps", "93.2 %", "0.512". */
export function numberText({ value, unit }: Pick<FoundNumber, 'value' | 'unit'>): string {
  const text = digits(value, unit);
  return unit ? `${text}\u202f${unit}` : text;
}

/** "0.466 to 0.555"; empty where the number has no interval. */
export function intervalText({ interval, unit }: Pick<FoundNumber, 'interval' | 'unit'>): string {
  return interval?.map((value) => digits(value, unit)).join(' to ') ?? '';
}

/** Numbers that stand beside each other have as many digits, whatever the last ones are. */
function digits(value: number, unit: string): string {
  const isShare = unit === '' && Math.abs(value) >= 0.1 && Math.abs(value) < 1;
  const text = unit === '%' || unit === 'points' ? tenth(value) : isShare ? value.toFixed(3) : figures(value);
  return text.replace('-', '−');
}

/** A row of all that an attack came to. */
export interface NumberRow {
  key: string;
  label: string;
  cells: readonly (FoundNumber | undefined)[];
}

/** Every number of the reports, each network a column. */
export function numberRows(reports: Reports): NumberRow[] {
  const rows = new Map<string, { label: string; cells: (FoundNumber | undefined)[] }>();
  networks.forEach((network, column) => {
    for (const number of reports[network]?.numbers ?? []) {
      const key = `${number.key} ${number.of ?? ''}`;
      const label = number.of === undefined ? number.label : `${number.label}: ${number.of}`;
      const row = rows.get(key) ?? { label, cells: networks.map(() => undefined) };
      row.cells[column] = number;
      rows.set(key, row);
    }
  });
  return Array.from(rows, ([key, row]) => ({ key, ...row }));
}

/** A curve, each network a line. */
export interface CurveSet {
  key: string;
  label: string;
  x: string;
  y: string;
  lines: readonly { network: Attacked; points: Point[] }[];
  /** The largest x. */
  end: number;
  domain: readonly [number, number];
}

/** Every curve of the reports. */
export function curveSets(reports: Reports): CurveSet[] {
  const all = networks.flatMap((network) =>
    (reports[network]?.curves ?? [])
      .filter(({ ofReference, points }) => !ofReference && points.length > 0)
      .map((curve) => ({ network, curve })),
  );
  const keys = [...new Set(all.map(({ curve }) => curve.key))];
  return keys.flatMap((key) => {
    const mine = all.filter(({ curve }) => curve.key === key);
    const [first] = mine;
    if (!first) return [];
    const { label, x, y } = first.curve;
    const points = mine.flatMap(({ curve }) => curve.points);
    const end = Math.max(...points.map(([at]) => at), 0);
    const highest = Math.max(...points.map(([, value]) => value), 0);
    const domain = [0, y.includes('%') || highest > 1 ? 100 : 1] as const;
    return [
      { key, label, x, y, lines: mine.map(({ network, curve }) => ({ network, points: curve.points })), end, domain },
    ];
  });
}

/** The histograms of a number, and an axis that holds all of them; undefined where no report has one. */
export function histogramsOf(
  reports: Reports,
  key: string,
):
  | { histograms: Partial<Record<Attacked, AttackHistogram['histogram']>>; domain: readonly [number, number] }
  | undefined {
  const found = networks.flatMap((network) => {
    const of = reports[network]?.histograms.find((histogram) => histogram.key === key);
    return of ? [[network, of.histogram] as const] : [];
  });
  if (found.length === 0) return undefined;
  const edges = found.flatMap(([, histogram]) => histogram.edges);
  return { histograms: Object.fromEntries(found), domain: [Math.min(...edges), Math.max(...edges)] };
}

/** What is to be said of the numbers, each sentence once. */
export function notesOf(reports: Reports): string[] {
  return [...new Set(networks.flatMap((network) => reports[network]?.notes.map(({ sentence }) => sentence) ?? []))];
}

/** How the network that was made to forget stands between the one from before and retrained, in a sentence. */
export function verdictWords(info: Pick<AttackInfo, 'headline'>, reports: Reports): string {
  const [before, after, retrained] = networks.map((network) => {
    const report = reports[network];
    return report && headlineOf(info, report);
  });
  if (!after || !retrained) return '';
  const { value, interval } = after;
  if (interval && interval[0] <= retrained.value && retrained.value <= interval[1]) {
    return 'After is as retrained, as far as this attack can tell.';
  }
  const gap = Math.abs(value - retrained.value);
  if (before && before.value === retrained.value) {
    return gap === 0
      ? 'Before and retrained do not differ here, and so it tells little.'
      : 'Before and retrained do not differ here, but after does.';
  }
  if (gap === 0) return 'After is as retrained.';
  if (!before) return '';
  const whole = Math.abs(before.value - retrained.value);
  const share = gap / whole;
  if (share <= 0.1) return 'After is close to retrained.';
  if (share <= 0.5) return 'After is nearer to retrained than to before, and not the same.';
  if (share <= 1) return 'After is no nearer to retrained than half the way: something is left.';
  return 'After is further from retrained than before was.';
}
