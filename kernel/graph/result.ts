/**
 * What can go wrong is a value, not an exception: a function that may fail returns one of these.
 * Exceptions are for bugs, and are converted at the two outer boundaries only.
 */
export type Result<T, E> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: E};

/** A success that holds `value`. */
export const ok = <T>(value: T): {readonly ok: true; readonly value: T} => ({ok: true, value});

/** A failure that holds `error`. */
export const fail = <E>(error: E): {readonly ok: false; readonly error: E} => ({ok: false, error});

/** Ends an exhaustive switch: the type checker refuses a call for a case that was forgotten. */
export function assertNever(value: never): never {
  throw new Error(`Internal error: unexpected case ${JSON.stringify(value)}`);
}
