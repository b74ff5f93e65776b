/** A Markdown table; `align` has a letter for each column, l or r. */
export function table(align, head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = `|${[...align].map((side) => (side === 'r' ? '--:' : '---')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** What `sumUp` gave, in the unit that suits it. */
export function timesTable(what, lines, unit = 'ms') {
  const time = (ms) => (unit === 's' ? (ms / 1e3).toFixed(2) : ms.toFixed(ms < 100 ? 1 : 0));
  const ratio = (value) => (value === undefined ? '' : value.toFixed(2));
  const rows = lines.map(({ name, least, median, ratio: ofLeast, ratioOfRounds }) => [
    name,
    time(least),
    time(median),
    ratio(ofLeast),
    ratio(ofLeast === undefined ? undefined : ratioOfRounds),
  ]);
  return table('lrrrr', [what, `least, ${unit}`, `median, ${unit}`, 'to PyTorch, least', 'in the same rounds'], rows);
}

/** Bytes as people read them. */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
