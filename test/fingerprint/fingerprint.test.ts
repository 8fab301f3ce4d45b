import fc from 'fast-check';
import {expect, test} from 'vitest';
import {
  canonicalJson,
  digestOf,
  fingerprintOf,
  fingerprintsOf,
  plainJson,
  readFingerprint,
} from '../../kernel/fingerprint/fingerprint.js';
import {isWellFormed, type JsonObject, type JsonValue} from '../../kernel/fingerprint/json.js';

const settings = {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 100 : 5000};

/** The same value with the keys of every object in the opposite order. */
function turned(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, turned(inner)] as const)
      .reverse(),
  );
}

const json = fc.jsonValue({stringUnit: 'grapheme'}) as fc.Arbitrary<JsonValue>;

test('the plain writing of small values is the canonical one', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(plainJson(value as JsonValue)).toBe(canonicalJson(value as JsonValue));
    }),
    {seed: 11, numRuns: 300},
  );
  expect(() => plainJson(Infinity)).toThrow();
});

test('the order of keys does not matter to the canonical text nor to the fingerprint', () => {
  fc.assert(
    fc.property(json, value => {
      expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
      expect(fingerprintOf('test', turned(value))).toBe(fingerprintOf('test', value));
      expect(canonicalJson(JSON.parse(canonicalJson(value)) as JsonValue)).toBe(canonicalJson(value));
    }),
    settings,
  );
});

test('records of two kinds never share a fingerprint', () => {
  expect(fingerprintOf('a', {x: 1})).not.toBe(fingerprintOf('b', {x: 1}));
});

test('the fingerprint of version 1 stays what it is', () => {
  expect(fingerprintOf('task/bash', {b: [1, 2.5, null], a: 'é'})).toBe(
    digestOf('weft/task/bash/1\n{"a":"é","b":[1,2.5,null]}'),
  );
});

test('what no JSON can hold is refused', () => {
  expect(() => canonicalJson(NaN)).toThrow();
  expect(() => canonicalJson({x: Infinity})).toThrow();
});

test('what has half of a surrogate pair in it is told from what can be hashed', () => {
  fc.assert(
    fc.property(fc.array(fc.string({unit: fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd', '8')})), value => {
      const refused = ((): boolean => {
        try {
          canonicalJson(value);
          return false;
        } catch {
          return true;
        }
      })();
      expect(isWellFormed(value)).toBe(!refused);
    }),
    settings,
  );
  for (const [value, whole] of [
    ['\ud83d', false],
    ['\ud83d\ude00', true],
    ['\\ud83d', true],
    ['\\\ud83d', false],
    [{'\udc00': 1}, false],
  ] as const)
    expect(isWellFormed(value), JSON.stringify(value)).toBe(whole);
});

test('only 64 hex digits are read as a fingerprint', () => {
  expect(readFingerprint('a'.repeat(64))).toBe('a'.repeat(64));
  expect(readFingerprint('A'.repeat(64))).toBeUndefined();
  expect(readFingerprint('a'.repeat(63))).toBeUndefined();
});

test('records that differ in one member only have the same fingerprints when the rest is written once', () => {
  const names = fc.string({maxLength: 4}).filter(name => name < 'variables');
  const rest = fc.dictionary(names, json, {minKeys: 1, maxKeys: 4});
  fc.assert(
    fc.property(rest, json, json, (known, one, other) => {
      const quick = fingerprintsOf('test', known, 'variables');
      for (const variables of [one, other])
        expect(quick(variables)).toBe(fingerprintOf('test', {...(known as JsonObject), variables}));
    }),
    settings,
  );
  expect(() => fingerprintsOf('test', {zoo: 1}, 'variables')).toThrow('Internal error');
});
