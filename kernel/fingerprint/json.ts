/** The only type that may reach the canonical encoder: no Map, no undefined, no Date, no class. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | {readonly [key: string]: JsonValue};

/**
 * Whether a JSON value can be hashed: none of its texts and keys has half of a surrogate pair, which JSON can escape and UTF-8 can't
 * carry (RFC 8785, section 3.2.2.2).
 */
export function isWellFormed(value: JsonValue): boolean {
  // What is whole is written as it is, so an escape that is left stands for a half.
  return !/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(value));
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, JsonValue>>;
