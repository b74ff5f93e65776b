import type { SettingInfo } from 'purge-unlearning';
import { superscript, whole } from './format';

/** The values that a setting can have: "over 0 to 1", "from 1 or 0 for off". */
export function rangeWords({ min, max, above, below, zeroIsOff, unit }: SettingInfo): string {
  const ends = [
    min !== undefined && (above ? `over ${numberWords(min)}` : numberWords(min)),
    max !== undefined && (below ? `under ${numberWords(max)}` : numberWords(max)),
  ] as const;
  const [from, to] = ends;
  let range = '';
  if (from && to) range = `${from} to ${to}`;
  else if (from) range = above ? from : `from ${from}`;
  else if (to) range = below ? to : `up to ${to}`;
  const units = range && unit ? ` ${unit}` : '';
  if (!zeroIsOff) return range + units;
  // Where the range itself has the 0, only what it means has to be said.
  return range + units + (min === 0 && !above ? ', 0 is off' : `${range && ' '}or 0 for off`);
}

/** What was expected where a text is none of them. */
export function expectedWords(of: SettingInfo): string {
  const range = rangeWords(of);
  return `${of.kind === 'whole' ? 'A whole number' : 'A number'}${range && `, ${range}`}.`;
}

/** A range's end, very large and small ones as powers: "2³² − 1", "10⁻⁶". */
function numberWords(value: number): string {
  const twos = Math.log2(value + 1);
  if (value > 1e6 && Number.isInteger(twos)) return `2${superscript(twos)} − 1`;
  const tens = Math.log10(value);
  if (Number.isInteger(tens) && (tens >= 6 || tens <= -4)) return `10${superscript(tens)}`;
  return Number.isInteger(value) ? whole(value) : String(value);
}
