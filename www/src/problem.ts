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

/** Whether an engine that failed so can be asked again only after a new start. */
export function needsNewStart(code: ErrorCode | undefined): boolean {
  return code === 'device-lost' || code === 'out-of-memory' || code === 'webgpu-unavailable' || code === 'internal';
}
