import { type ApiError, type ExitCode, exitCodes, type Receipt } from './api/contract.ts';

export interface DhtErrorOptions extends ErrorOptions {
  /** What to do next. */
  readonly hint?: string | undefined;
  readonly receipt?: Receipt | undefined;
  readonly cid?: string | undefined;
}

/** A failure that a person is told about. The message says what was attempted and what happened; `hint` what to do next. */
export class DhtError extends Error {
  override readonly name = 'DhtError';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  readonly receipt: Receipt | undefined;
  readonly cid: string | undefined;

  constructor(exitCode: ExitCode, message: string, options: DhtErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.hint = options.hint;
    this.receipt = options.receipt;
    this.cid = options.cid;
  }

  static fromApi(error: ApiError): DhtError {
    return new DhtError(error.exitCode, error.message, { hint: error.hint, receipt: error.receipt, cid: error.cid });
  }

  toApi(): ApiError {
    return {
      type: 'error',
      exitCode: this.exitCode,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.receipt === undefined ? {} : { receipt: this.receipt }),
      ...(this.cid === undefined ? {} : { cid: this.cid }),
    };
  }
}

/** Any thrown value as an error with an exit code; one that nobody foresaw is a plain 1. */
export function asDhtError(error: unknown): DhtError {
  if (error instanceof DhtError) return error;
  if (isAbort(error)) return new DhtError(exitCodes.interrupted, 'interrupted', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new DhtError(exitCodes.error, message, { cause: error });
}

/** Whether this is what an aborted signal throws. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'ABORT_ERR'));
}

/** The `code` of a Node.js system error, such as `ENOSPC`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
