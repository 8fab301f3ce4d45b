/** What JSON.parse gives for `{…}`: the first thing to ask of data from outside. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
