import { duration, figures, percent } from '../presenting/format';
import type { Scores } from './scores';

/** What a row of the comparison can be sorted by. */
export interface Comparable {
  title: string;
  scores: Scores | undefined;
  seconds: number | undefined;
}

export type ColumnKey = 'taRetained' | 'fa' | 'ra' | 'mia' | 'tow' | 'probe' | 'relearn' | 'seconds';
export type SortKey = 'run' | 'method' | ColumnKey;
export type Order = 'ascending' | 'descending';

export interface Column {
  key: ColumnKey;
  symbol: string;
  /** What the symbol stands for. */
  label: string;
  text: (value: number) => string;
  /** Where the best are on top. */
  best: Order;
  /** Only attacks fill it. */
  ofAttack?: true;
}

/** The numbers of a row, in the order in which they are read. */
export const columns: readonly Column[] = [
  {
    key: 'taRetained',
    symbol: 'TAᵣ',
    label: 'Unseen images of the rest, recognised',
    text: percent,
    best: 'descending',
  },
  { key: 'fa', symbol: 'FA', label: 'Forgotten images, recognised', text: percent, best: 'ascending' },
  {
    key: 'ra',
    symbol: 'RA',
    label: 'Images of the rest it learnt from, recognised',
    text: percent,
    best: 'descending',
  },
  {
    key: 'mia',
    symbol: 'MIA',
    label: 'Worst membership attack, distance from 0.5',
    text: (value) => value.toFixed(3),
    best: 'ascending',
  },
  {
    key: 'tow',
    symbol: 'ToW',
    label: 'Tug of war: 1 is as retrained',
    text: (value) => value.toFixed(3),
    best: 'descending',
  },
  {
    key: 'probe',
    symbol: 'Probe',
    label: 'Forgotten images told from others by a straight line through the features; retrained is the yardstick',
    text: percent,
    best: 'ascending',
    ofAttack: true,
  },
  {
    key: 'relearn',
    symbol: 'Relearn',
    label: 'Steps until the class is back, its row of the head drawn anew; retrained is the yardstick',
    text: figures,
    best: 'descending',
    ofAttack: true,
  },
  { key: 'seconds', symbol: 'Time', label: 'What the run took', text: duration, best: 'ascending' },
];

/** The columns that some row fills: those of attacks are there once one was made. */
export function columnsOf(rows: readonly Comparable[]): readonly Column[] {
  return columns.filter(({ key, ofAttack }) => !ofAttack || rows.some((row) => valueOf(row, key) !== undefined));
}

export function valueOf(row: Comparable, key: ColumnKey): number | undefined {
  return key === 'seconds' ? row.seconds : row.scores?.[key];
}

/** The rows in order; those without a value come last, and equal ones stay as they are. */
export function sorted<R extends Comparable>(rows: readonly R[], key: SortKey, order: Order): R[] {
  if (key === 'run') return [...rows];
  const sign = order === 'ascending' ? 1 : -1;
  if (key === 'method') return [...rows].sort((a, b) => sign * a.title.localeCompare(b.title));
  return [...rows].sort((a, b) => {
    const [x, y] = [valueOf(a, key), valueOf(b, key)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return sign * (x - y);
  });
}

/** What a click on a column's head asks for: the best on top, then the other way round. */
export function nextOrder(key: SortKey, now: { sort: SortKey; order: Order }): Order {
  const best = columns.find((column) => column.key === key)?.best ?? 'ascending';
  if (now.sort !== key) return best;
  return now.order === 'ascending' ? 'descending' : 'ascending';
}
