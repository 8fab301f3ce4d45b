import fc from 'fast-check';
import jmp from 'jmp';
import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import {Codec, type SignatureHash} from '../../kernel/wire/codec.js';
import type {Header, Message} from '../../kernel/wire/message.js';

const runs = {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 40 : 3000};

/** As JSON gives it back: -0 and the like have gone. */
const parsed = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const json = fc.dictionary(fc.string({unit: 'grapheme'}), fc.jsonValue()).map(value => parsed(value) as JsonObject);
const header: fc.Arbitrary<Header> = fc.record({
  msg_id: fc.uuid(),
  msg_type: fc.string(),
  session: fc.string(),
  extra: json,
});
const bytes = fc.uint8Array({maxLength: 20}).map(array => Buffer.from(array));
const message: fc.Arbitrary<Message> = fc
  .record({
    identities: fc.array(bytes, {maxLength: 3}),
    header,
    parent: json,
    metadata: json,
    content: json,
    buffers: fc.array(bytes, {maxLength: 3}),
  })
  .map(value => ({...value, header: parsed(value.header)}));
const hash = fc.constantFrom<SignatureHash>('md5', 'sha256', 'sha512');

const sample: Message = {
  identities: [Buffer.from('client')],
  header: {msg_id: 'a', msg_type: 'execute_request'},
  parent: {},
  metadata: {},
  content: {code: 'α 😀'},
  buffers: [],
};

describe('the codec', () => {
  it('gives back what it encoded, whatever the hash and the key', () => {
    fc.assert(
      fc.property(message, hash, fc.string(), (original, name, key) => {
        const decoded = new Codec(key, name).decode(new Codec(key, name).encode(original));
        expect(decoded).toEqual({ok: true, value: original});
      }),
      runs,
    );
  });

  it('refuses a message in which one byte of a signed frame was changed', () => {
    fc.assert(
      fc.property(
        message,
        hash,
        fc.nat(),
        fc.nat(),
        fc.integer({min: 1, max: 255}),
        (original, name, frameAt, byteAt, flip) => {
          const frames = new Codec('key', name).encode(original).map(frame => Buffer.from(frame));
          const frame = frames[original.identities.length + 1 + (frameAt % 5)]!;
          const at = byteAt % frame.length;
          frame[at] = frame[at]! ^ flip;
          expect(new Codec('key', name).decode(frames)).toMatchObject({ok: false, error: {reason: 'signature'}});
        },
      ),
      runs,
    );
  });

  it('says the same as jmp, and jmp the same as it', () => {
    fc.assert(
      fc.property(message, hash, fc.constantFrom('', 'key', 'ключ'), (original, name, key) => {
        const {identities, parent, buffers, ...rest} = original;
        const theirs = new jmp.Message({
          idents: [...identities],
          parent_header: parent,
          buffers: [...buffers],
          ...rest,
        });
        const frames = theirs._encode(name, key).map(frame => Buffer.from(frame as string));
        expect(new Codec(key, name).encode(original)).toEqual(frames);
        expect(new Codec(key, name).decode(frames)).toEqual({ok: true, value: original});
        const back = jmp.Message._decode(new Codec(key, name).encode(original), name, key);
        expect(back).toMatchObject({idents: identities, header: original.header, content: original.content, buffers});
      }),
      runs,
    );
  });

  it('refuses a message with another key, or with none', () => {
    const frames = new Codec('theirs', 'sha256').encode(sample);
    expect(new Codec('ours', 'sha256').decode(frames)).toMatchObject({ok: false, error: {reason: 'signature'}});
    const unsigned = new Codec('', 'sha256').encode(sample);
    expect(unsigned[2]).toHaveLength(0);
    expect(new Codec('ours', 'sha256').decode(unsigned)).toMatchObject({ok: false, error: {reason: 'signature'}});
  });

  it('takes a signed message once, and an unsigned one as often as it comes', () => {
    const signed = new Codec('key', 'sha256');
    const frames = signed.encode(sample);
    expect(signed.decode(frames).ok).toBe(true);
    expect(signed.decode(frames)).toMatchObject({ok: false, error: {reason: 'replayed'}});
    const open = new Codec('', 'sha256');
    expect(open.decode(open.encode(sample)).ok).toBe(true);
    expect(open.decode(open.encode(sample)).ok).toBe(true);
  });

  it('refuses frames that are no message', () => {
    const codec = new Codec('', 'sha256');
    const decode = (...frames: string[]) => codec.decode(frames.map(frame => Buffer.from(frame)));
    const head = '{"msg_id": "a", "msg_type": "b"}';
    expect(decode()).toMatchObject({error: {reason: 'frames'}});
    expect(decode('client', 'hello')).toMatchObject({error: {reason: 'frames'}});
    expect(decode('<IDS|MSG>')).toMatchObject({error: {reason: 'frames'}});
    expect(decode('<IDS|MSG>', '', head, '{}', '{}')).toMatchObject({error: {reason: 'frames'}});
    expect(decode('<IDS|MSG>', '', head, '{}', '{}', '{')).toMatchObject({error: {reason: 'json'}});
    expect(decode('<IDS|MSG>', '', head, '{}', '[]', '{}')).toMatchObject({error: {reason: 'json'}});
    expect(decode('<IDS|MSG>', '', head, 'null', '{}', '{}')).toMatchObject({error: {reason: 'json'}});
    expect(decode('<IDS|MSG>', '', '{"msg_id": 1}', '{}', '{}', '{}')).toMatchObject({error: {reason: 'json'}});
    expect(decode('<IDS|MSG>', '', head, '{}', '{}', '{}').ok).toBe(true);
  });
});
