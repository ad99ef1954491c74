/** A promise and its ends, that nobody needs to wait for. */
export function pendingOutcome<T>(): PromiseWithResolvers<T> {
  const outcome = Promise.withResolvers<T>();
  outcome.promise.catch(() => undefined);
  return outcome;
}

/** As `promise`; rejects with the signal's reason when that is aborted first. */
export async function settledOrAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
