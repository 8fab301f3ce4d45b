import {existsSync, readFileSync, utimesSync, writeFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {digestOf} from '../../../kernel/fingerprint/fingerprint.js';
import type {ImageIdentity} from '../../../kernel/graph/container.js';
import {LockFile, readPins, writePins, type Pin} from '../../../kernel/run/containers/lock-file.js';
import {scratch} from '../../rig/scratch.js';

const pin = (text: string, more: Partial<Pin> = {}): Pin => ({
  text,
  runtime: 'podman',
  architecture: 'amd64',
  image: `sha256:${digestOf(text)}`,
  identity: {manifest: digestOf(text)},
  pinned: '2020-04-01T12:00:00.000Z',
  ...more,
});

describe('weft.lock', () => {
  it('keeps one image a line, sorted, with the keys in one order', () => {
    const text = writePins([pin('b', {identity: {engine: 'podman', id: 'ab'}, image: 'ab'}), pin('a', {image: 'a@x'})]);
    expect(text).toBe(
      `{"weft.lock": 1, "images": [
  {"container":"a","runtime":"podman","architecture":"amd64","image":"a@x","identity":{"manifest":"${digestOf('a')}"},"pinned":"2020-04-01T12:00:00.000Z"},
  {"container":"b","runtime":"podman","architecture":"amd64","image":"ab","identity":{"engine":"podman","id":"ab"},"pinned":"2020-04-01T12:00:00.000Z"}
]}
`,
    );
  });

  it('gives back what was written, whatever the names', () => {
    const digest = fc.string().map(digestOf);
    const identity: fc.Arbitrary<ImageIdentity> = fc.oneof(
      digest.map(manifest => ({manifest})),
      digest.map(file => ({file})),
      digest.map(directory => ({directory})),
      fc.record({engine: fc.string(), id: fc.string()}),
    );
    const pins = fc.uniqueArray(
      fc.record({
        text: fc.string({unit: 'grapheme'}),
        runtime: fc.constantFrom('podman', 'docker'),
        architecture: fc.constantFrom('amd64', 'arm64'),
        image: fc.string().map(text => `i${text}`),
        identity,
        pinned: fc.string(),
      }),
      {selector: ({text, runtime, architecture}) => JSON.stringify([text, runtime, architecture])},
    );
    fc.assert(
      fc.property(pins, given => {
        const text = writePins(given);
        const read = readPins(text, 'weft.lock');
        if (!read.ok) throw new Error(read.error.message);
        expect(new Set(read.value.map(each => JSON.stringify(each)))).toEqual(
          new Set(given.map(each => JSON.stringify(each))),
        );
        expect(writePins(read.value)).toBe(text);
      }),
      {numRuns: process.env['WEFT_SOAK'] === undefined ? 100 : 10_000, seed: 11},
    );
  });

  it('is never read with an exception, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map(json => `{"weft.lock": 1, "images": [${json}]}`),
        ),
        text => {
          const read = readPins(text, '/n/weft.lock');
          return read.ok || read.error.message.includes('/n/weft.lock');
        },
      ),
      {numRuns: 300, seed: 3},
    );
  });

  it.each([
    ['', 'is no JSON'],
    ['{}', 'is no list of pinned images'],
    ['{"weft.lock": 1, "images": [{}]}', 'image 1 of'],
    ['{"weft.lock": 2, "images": []}', 'was written by a newer version of Weft: its form is 2, this version knows 1'],
    ['{"weft.lock": 1, "images": [\n<<<<<<< HEAD\n', 'has the marks of a merge conflict'],
    [writePins([pin('x', {image: '--privileged'})]), 'image 1 of'],
  ])('refuses %j by its name', (text, message) => {
    const read = readPins(text, '/n/weft.lock');
    expect(read.ok).toBe(false);
    if (read.ok) return;
    expect(read.error.message).toContain(message);
    expect(read.error.message).toContain('/n/weft.lock');
    expect(read.error.remedy).toContain('move');
  });

  it('keeps what others wrote meanwhile, and replaces its own', async () => {
    using folder = scratch();
    const one = new LockFile(folder.path);
    const other = new LockFile(folder.path);
    expect(one.read()).toEqual({ok: true, value: []});
    await Promise.all([
      ...Array.from({length: 8}, (_, at) => one.write([pin(`one ${at}`)])),
      ...Array.from({length: 8}, (_, at) => other.write([pin(`other ${at}`)])),
    ]);
    await one.write([pin('one 0', {image: 'new'}), pin('one 0', {architecture: 'arm64'})]);
    const read = one.read();
    if (!read.ok) throw new Error(read.error.message);
    expect(read.value).toHaveLength(17);
    expect(read.value.find(({text, architecture}) => text === 'one 0' && architecture === 'amd64')?.image).toBe('new');
    expect(existsSync(`${one.path}~`)).toBe(false);
  });

  it('takes over from a writer that died', async () => {
    using folder = scratch();
    const file = new LockFile(folder.path);
    writeFileSync(`${file.path}~`, 'half');
    utimesSync(`${file.path}~`, 1, 1);
    expect((await file.write([pin('x')])).ok).toBe(true);
    expect(file.read()).toEqual({ok: true, value: [pin('x')]});
  });

  it('leaves a file alone that it can not read', async () => {
    using folder = scratch();
    const file = new LockFile(folder.path);
    writeFileSync(file.path, 'garbage');
    const written = await file.write([pin('x')]);
    expect(written.ok).toBe(false);
    expect(readFileSync(file.path, 'utf8')).toBe('garbage');
    expect(existsSync(`${file.path}~`)).toBe(false);
  });

  it('says that it can not be written in a directory that is read only', async () => {
    // Not even root makes a file there.
    const written = await new LockFile('/sys').write([pin('x')]);
    expect(written).toMatchObject({ok: false, error: {denied: true}});
  });

  it('says that it can not be written where there is no directory', async () => {
    using folder = scratch();
    const written = await new LockFile(folder.at('gone')).write([pin('x')]);
    expect(written).toMatchObject({ok: false, error: {denied: true}});
  });
});
