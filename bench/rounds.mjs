/**
 * Lets contenders take turns.
 *
 * @param measure What one of them does in its turn; gives milliseconds, at least one of them.
 * @param fell Hears of whoever fails; it does not take part any more.
 * @returns For each contender's name the times of each round.
 */
export async function takeTurns(contenders, rounds, measure, fell) {
  const times = new Map();
  const out = new Set();
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 ? [...contenders].reverse() : contenders) {
      // Who is slow need not do it as often.
      if (out.has(contender) || round >= (contender.rounds ?? Infinity)) continue;
      try {
        const all = times.get(contender.name) ?? [];
        all[round] = await measure(contender);
        times.set(contender.name, all);
      } catch (error) {
        out.add(contender);
        fell(contender, error);
      }
    }
  }
  return times;
}

/**
 * Least and median of all times, and their ratios to those of the yardstick in the same rounds.
 *
 * @throws Error where nobody has been measured.
 */
export function sumUp(times, yardstick) {
  if (times.size === 0) throw new Error('none of those who were to take part could');
  const of = times.get(yardstick);
  return [...times].map(([name, rounds]) => {
    const all = rounds.flat();
    const line = { name, least: Math.min(...all), median: median(all), times: all.length };
    if (!of || name === yardstick) return line;
    const shared = rounds.flatMap((time, round) => (time && of[round] ? [median(time) / median(of[round])] : []));
    return { ...line, ratio: line.least / Math.min(...of.flat()), ratioOfRounds: median(shared) };
  });
}

/** The middle one. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
