import { PurgeError, type ErrorCode } from 'purge-unlearning';

/** Something that went wrong, and while doing what. */
export interface Problem {
  code: ErrorCode;
  message: string;
  during: 'loading' | 'file' | 'measuring' | 'running';
}

/** What a thrown thing means to the visitor. */
export function asProblem(error: unknown, during: Problem['during']): Problem {
  const code = error instanceof PurgeError ? error.code : 'internal';
  return { code, message: error instanceof Error ? error.message : String(error), during };
}

/** Whether it is the engine itself that failed, not what it was given. */
export function isCrash(code: ErrorCode): boolean {
  return code === 'device-lost' || code === 'out-of-memory' || code === 'internal';
}
