/** A mapping of numbers to pixels. */
export function linear(
  [a, b]: readonly [number, number],
  [from, to]: readonly [number, number],
): (x: number) => number {
  const slope = b === a ? 0 : (to - from) / (b - a);
  return (x) => from + (x - a) * slope;
}

/** Round values from `min` to `max`, about `count` of them. */
export function ticks(min: number, max: number, count: number): number[] {
  const rough = (max - min) / count;
  if (!(rough > 0)) return [min];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough;
  const values: number[] = [];
  for (let v = Math.ceil(min / step) * step; v <= max + step * 1e-6; v += step) values.push(Number(v.toPrecision(12)));
  return values;
}

/** A round number that is no less than `highest`: 0.2, 0.5, 1, 2, 5, 10 and so on. */
export function roundTop(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 0.2)));
  return (
    [1, 2, 5, 10].map((m) => Number((m * power).toPrecision(1))).find((top) => top >= highest && top >= 0.2) ??
    10 * power
  );
}

/** An SVG path through the points. */
export function path(
  points: readonly (readonly [number, number])[],
  x: (v: number) => number,
  y: (v: number) => number,
): string {
  return points.map(([a, b], i) => `${i ? 'L' : 'M'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('');
}
