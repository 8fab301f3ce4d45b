/** The only type that may reach the canonical encoder: no Map, no undefined, no Date, no class. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | {readonly [key: string]: JsonValue};

/** A JSON object. */
export type JsonObject = Readonly<Record<string, JsonValue>>;
