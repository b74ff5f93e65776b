import type { ErrorCode } from './types/index.js';

const codes: ReadonlySet<string> = new Set<ErrorCode>([
  'webgpu-unavailable',
  'device-lost',
  'out-of-memory',
  'bad-model',
  'bad-dataset',
  'bad-config',
  'bad-state',
  'cancelled',
  'network',
  'io',
  'internal',
]);

/** What every call of this package fails with. Match on `code`; show `message` to a person. */
export class PurgeError extends Error {
  override readonly name = 'PurgeError';
  /** What kind of failure it is; stable across versions. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What everything fails with that a session was asked for before it was closed. */
export function closed(): PurgeError {
  return new PurgeError('cancelled', 'The session was closed.');
}

/** A failure in a form that can be posted between threads. */
export interface Failure {
  code: ErrorCode;
  message: string;
  /** The engine is gone: nothing can be asked of this worker any more. Its own failures say so themselves. */
  fatal: boolean;
}

/**
 * What a thrown thing means.
 *
 * @param panic What the engine wrote just before it stopped, if it did.
 */
export function toFailure(thrown: unknown, panic?: string): Failure {
  if (isCoded(thrown)) {
    const { code, message, fatal = code === 'device-lost' } = thrown;
    return { code, message, fatal };
  }
  if (isTrap(thrown)) return trapFailure(thrown, panic);
  if (isNamed(thrown, 'AbortError')) return { code: 'cancelled', message: 'Cancelled.', fatal: false };
  return { code: 'internal', message: messageOf(thrown), fatal: false };
}

/** What a stopped engine means, whether the trap was caught or surfaced in the worker's global scope. */
export function trapFailure(thrown: unknown, panic?: string): Failure {
  const text = panic ?? messageOf(thrown);
  // Rust reports a failed allocation to a stream that wasm does not have, so that trap alone comes without a word.
  const wordless = panic === undefined && /unreachable/i.test(text);
  if (
    wordless ||
    /out of memory|memory allocation|OutOfMemory|not enough memory|allocation failed|Memory\.grow/i.test(text)
  ) {
    return { code: 'out-of-memory', message: `The engine ran out of memory (${text}).`, fatal: true };
  }
  if (/device (is |was )?lost|DeviceLost/i.test(text)) {
    return { code: 'device-lost', message: `The graphics device was lost (${text}).`, fatal: true };
  }
  return { code: 'internal', message: `The engine stopped: ${text}`, fatal: true };
}

/** The words of a panic as `console_error_panic_hook` writes it, without the stack; undefined if it is none. */
export function panicText(logged: unknown): string | undefined {
  if (typeof logged !== 'string') return undefined;
  const [, place, words] = /^panicked at ([^\n]*?):?\n([\s\S]*)$/.exec(logged) ?? [];
  if (place === undefined || words === undefined) return undefined;
  const [text = ''] = words.split(/\n\s*Stack:/);
  return `${text.trim()} (${place})`;
}

/** The words of anything that may be thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether it is a DOM exception or error of this name. */
export function isNamed(thrown: unknown, name: string): boolean {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === name;
}

/** A failure of the engine's, or a PurgeError, which does not say whether it is fatal. */
function isCoded(thrown: unknown): thrown is { code: ErrorCode; message: string; fatal?: boolean } {
  if (typeof thrown !== 'object' || thrown === null) return false;
  const { code, message, fatal } = thrown as { code?: unknown; message?: unknown; fatal?: unknown };
  if (typeof code !== 'string' || !codes.has(code) || typeof message !== 'string') return false;
  return fatal === undefined || typeof fatal === 'boolean';
}

function isTrap(thrown: unknown): boolean {
  return (
    thrown instanceof WebAssembly.RuntimeError ||
    (thrown instanceof RangeError && /memory|allocation|call stack/i.test(thrown.message))
  );
}
