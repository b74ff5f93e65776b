import { linear } from '../presenting/scale';

/** An axis of the picture: near its good end there is most room, for there most methods are. */
export interface Axis {
  /** Pixels of a value. */
  at: (value: number) => number;
  marks: readonly number[];
}

/** From 0, which is the good end, to a round number no less than any value. */
export function awayFromZero(values: readonly number[], [from, to]: readonly [number, number], most: number): Axis {
  const all = [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1].map((share) => Number((share * most).toPrecision(12)));
  const highest = Math.max(...values, 0);
  const end = all.slice(3).find((mark) => mark >= highest) ?? most;
  const scale = linear([0, 1], [from, to]);
  const at = (value: number) => scale(Math.sqrt(Math.min(end, Math.max(0, value)) / end));
  return {
    at,
    marks: spaced(
      all.filter((mark) => mark <= end),
      at,
      36,
    ),
  };
}

/** From 100, which is the good end, down to a round number no more than any value; `from` is where 100 is. */
export function downFromHundred(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const all = [100, 99.5, 99, 98, 95, 90, 75, 50, 25, 0];
  const lowest = Math.min(...values, 100);
  const end = all.slice(3).find((mark) => mark <= lowest) ?? 0;
  const scale = linear([0, 1], [from, to]);
  const at = (value: number) => scale(Math.sqrt((100 - Math.min(100, Math.max(end, value))) / (100 - end)));
  return {
    at,
    marks: spaced(
      all.filter((mark) => mark >= end),
      at,
      20,
    ),
  };
}

/** Marks that stand at least so many pixels apart; the two ends are always there. */
function spaced(marks: readonly number[], at: (value: number) => number, apart: number): number[] {
  const last = marks.at(-1);
  return marks.reduce<number[]>((kept, mark) => {
    const before = kept.at(-1);
    const far = before === undefined || Math.abs(at(mark) - at(before)) >= apart;
    const clear = mark === last || last === undefined || Math.abs(at(last) - at(mark)) >= apart;
    if (mark === last && !far) return [...kept.slice(0, -1), mark];
    return far && clear ? [...kept, mark] : kept;
  }, []);
}
