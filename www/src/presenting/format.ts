const grouped = new Intl.NumberFormat('en-GB');

/** 61226 → "61,226" */
export function whole(value: number): string {
  return grouped.format(Math.round(value));
}

/** Percent with one decimal, without the sign: 99.96 → "100", 0.42 → "0.4". */
export function tenth(value: number): string {
  const text = value.toFixed(1);
  return text === '100.0' ? '100' : text === '-0.0' ? '0.0' : text;
}

/** 98.84 → "98.8 %", with a thin space that does not break. */
export function percent(value: number): string {
  return `${tenth(value)}\u202f%`;
}

/** With the sign always there, and a minus as wide as the plus: −0.2, +1.4, 0.0. */
export function signed(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? '−' : '+') + text;
}

/** Bytes in the largest unit that leaves at least one digit before the point: 7840000 → "7.8 MB". */
export function bytes(value: number): string {
  if (value < 1e6) return `${(value / 1e3).toFixed(0)}\u202fkB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)}\u202fMB` : `${(value / 1e9).toFixed(2)}\u202fGB`;
}

/** 6.42 → "6.4 s", 95 → "1 min 35 s" */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)}\u202fs`;
  const rounded = Math.round(seconds);
  const rest = rounded % 60;
  return `${Math.floor(rounded / 60)}\u202fmin` + (rest ? ` ${rest}\u202fs` : '');
}

/** A number of any size in three figures: 0.00052 → "0.00052", 12.345 → "12.3", 2.6e9 → "2.6·10⁹". */
export function figures(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e5) {
    const [digits, exponent] = value.toExponential(1).split('e');
    return `${String(Number(digits)).replace('-', '−')}·10${superscript(Number(exponent))}`;
  }
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

/** 1 → "1 step", 4 → "4 steps" */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A whole number as an exponent: −12 → "⁻¹²" */
export function superscript(value: number): string {
  const digits = String(Math.abs(value)).replace(/\d/g, (digit) => superscripts[Number(digit)] ?? digit);
  return (value < 0 ? '⁻' : '') + digits;
}
