import { PurgeError } from './errors.js';

/** Anything that a caller may have given where an object of options belongs. */
type Fields = Partial<Record<string, unknown>>;

/** The failure that names an option, what it should be and what it is. */
export function badOption(name: string, expected: string, value: unknown): PurgeError {
  return new PurgeError('bad-config', `${name}: expected ${expected}, found ${describe(value)}`);
}

/**
 * A copy of an object of options, without those that are `undefined`.
 *
 * @param name What to call the object.
 * @param known The options that there are.
 * @param ignored Others that are no mistake, and left out of the copy.
 * @throws PurgeError `bad-config` if it is no object, or has an option that there is not.
 */
export function checkedOptions(
  name: string,
  value: unknown,
  known: readonly string[],
  ignored: readonly string[] = [],
): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badOption(name, `an object with ${known.join(', ')}`, value);
  }
  const given = Object.entries(value).filter(([key, field]) => field !== undefined && !ignored.includes(key));
  const unknown = given.find(([key]) => !known.includes(key));
  if (unknown) {
    throw new PurgeError('bad-config', `${name}: there is no option "${unknown[0]}"; there is ${known.join(', ')}`);
  }
  return Object.fromEntries(given);
}

/**
 * Copies of values that can cross to the worker: numbers, texts, booleans and lists of them. Whether they are the ones that
 * the engine wants is for the engine to say.
 *
 * @throws PurgeError `bad-config` naming the option for anything else.
 */
export function plain<T>(options: Fields): T {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (!Array.isArray(value)) return [name, plainValue(name, value)];
      return [name, Array.from(value, (item: unknown, i) => plainValue(`${name}[${i}]`, item))];
    }),
  ) as T;
}

function plainValue(name: string, value: unknown): unknown {
  if (value === null || ['number', 'string', 'boolean', 'undefined'].includes(typeof value)) return value;
  throw badOption(name, 'a number, a text, true or false, or a list of such', value);
}

/** @throws PurgeError `bad-config` unless the option is left out or one of these words. */
export function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (value !== undefined && !words.includes(value as string)) throw badOption(name, oneOf(words), value);
}

/** @throws PurgeError `bad-config` unless the option is a whole number from `min` on. */
export function checkWhole(name: string, value: unknown, min: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw badOption(name, `a whole number from ${min} on`, value);
  }
}

/** @throws PurgeError `bad-config` unless the option is left out or true or false. */
export function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw badOption(name, 'true or false', value);
}

/** @throws PurgeError `bad-config` unless the option is left out or an AbortSignal, be it of another frame. */
export function checkSignal(name: string, value: unknown): void {
  if (value === undefined) return;
  const { aborted, addEventListener } = Object(value) as Partial<Record<keyof AbortSignal, unknown>>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw badOption(name, 'an AbortSignal', value);
  }
}

/** 'a', 'b' or 'c' */
export function oneOf(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`);
  return [quoted.slice(0, -1).join(', '), ...quoted.slice(-1)].filter(Boolean).join(' or ');
}

/** A value in the words of an error message. */
function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'bigint':
      return `the bigint ${value}n`;
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'a list';
      const prototype: unknown = Object.getPrototypeOf(value);
      const maker = prototype === null ? undefined : (value as { constructor?: unknown }).constructor;
      return typeof maker === 'function' && maker.name && maker !== Object ? withArticle(maker.name) : 'an object';
    }
    default:
      return String(value);
  }
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}
