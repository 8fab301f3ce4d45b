import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {CODES} from '../../../kernel/cell/codes.js';
import {digestOf} from '../../../kernel/fingerprint/fingerprint.js';
import {fail} from '../../../kernel/graph/result.js';
import {imageProblem} from '../../../kernel/run/containers/image-problem.js';
import {architectureOf, Images} from '../../../kernel/run/containers/images.js';
import type {ContainerProblem, Probing, Ran, Runtime} from '../../../kernel/run/containers/runtime.js';
import {scratch, type Scratch} from '../../rig/scratch.js';
import {FakeRuntime, fakeProbing, localImage, registryImage} from './fake-runtime.js';

const absent = (program: string): ContainerProblem => ({
  is: 'absent',
  message: `there is no \`${program}\` here`,
  remedy: 'install it',
});

/** A notebook's directory with three runtimes, of which only podman is there. */
class Place implements Disposable {
  readonly folder: Scratch = scratch();
  readonly shifter = new FakeRuntime('shifter');
  readonly podman = new FakeRuntime('podman');
  readonly docker = new FakeRuntime('docker');
  readonly all = [this.shifter, this.podman, this.docker];
  answer: (reference: string) => Partial<Ran> = () => ({});
  readonly lines: string[] = [];

  constructor() {
    this.shifter.problem = absent('shifter');
    this.docker.problem = absent('docker');
    this.shifter.owns = reference => reference.startsWith('id:');
  }

  /** The images of a kernel that begins now. */
  kernel(more: Partial<Probing> = {}): Images {
    const probing = {...fakeProbing(this.all, reference => this.answer(reference)), ...more};
    return new Images({runtimes: this.all.map(({runtime}) => runtime), probing, directory: this.folder.path});
  }

  /** What is said of a pin, or what is wrong. */
  async pin(text: string, {refresh = false, images = this.kernel(), signal = new AbortController().signal} = {}) {
    const pinned = await images.pin(text, {refresh, signal, line: line => this.lines.push(line)});
    return pinned.ok
      ? {...pinned.value, said: pinned.value.said.map(line => this.shown(line))}
      : {code: pinned.error.code, said: [this.shown(pinned.error.message), this.shown(pinned.error.hint ?? '')]};
  }

  get lock(): string {
    return readFileSync(this.folder.at('weft.lock'), 'utf8');
  }

  /** Digests shortened, the day and the folder left out. */
  shown(text: string): string {
    return text
      .replaceAll(/[0-9a-f]{64}/g, digest => digest.slice(0, 4))
      .replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
      .replaceAll(this.folder.path, 'DIR');
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

const short = (text: string): string => digestOf(text).slice(0, 4);

describe('pinning an image', () => {
  it('says the runtime and the digest, and runs by what can not move', async () => {
    using place = new Place();
    const image = registryImage('one');
    place.podman.has('x:1', image);
    const pinned = await place.pin('podman:x:1');
    expect(pinned.said).toEqual(['podman 1.0', `x:1 is sha256:${short('one')}, pinned in weft.lock`]);
    expect(pinned).toMatchObject({
      container: {runtime: 'podman', reference: 'x:1', image: image.image, identity: image.identity},
    });
    expect(JSON.parse(place.lock)).toMatchObject({
      'weft.lock': 1,
      images: [{container: 'podman:x:1', runtime: 'podman', architecture: 'amd64', image: image.image}],
    });
  });

  it("says of an engine's own id that others do not share it", async () => {
    using place = new Place();
    place.podman.has('localhost/x:1', localImage('podman', 'one'));
    expect((await place.pin('podman:localhost/x:1')).said[1]).toBe(
      `localhost/x:1 is sha256:${short('one')} (podman's own id: no registry has it; other engines do not share its results), pinned in weft.lock`,
    );
  });

  it('keeps to the pin in a later kernel, though the tag has moved, until it is refreshed', async () => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one'));
    await place.pin('podman:x:1');
    place.podman.has('x:1', registryImage('two'));
    place.podman.asked.length = 0;
    const again = await place.pin('podman:x:1');
    expect(again).toMatchObject({container: registryImage('one')});
    expect(again.said).toEqual(['podman 1.0', `x:1 is sha256:${short('one')}, as weft.lock has it since DAY`]);
    expect(place.podman.asked).toEqual([registryImage('one').image]);
    const moved = await place.pin('podman:x:1', {refresh: true});
    expect(moved.said).toEqual([
      'podman 1.0',
      `x:1 has moved: sha256:${short('one')} → sha256:${short('two')}`,
      `x:1 is sha256:${short('two')}, pinned in weft.lock`,
    ]);
    expect(await place.pin('podman:x:1')).toMatchObject({container: registryImage('two')});
    expect((await place.pin('podman:x:1', {refresh: true})).said).toEqual([
      'podman 1.0',
      `x:1 is sha256:${short('two')}, as before`,
    ]);
  });

  it('asks the registry what a tag means now when it is refreshed, and says where that can not be done', async () => {
    using place = new Place();
    place.podman.pulls = true;
    place.podman.has('x:1', registryImage('one'));
    await place.pin('podman:x:1');
    expect(place.lines).toEqual([]);
    place.podman.registry.set('x:1', registryImage('two'));
    expect((await place.pin('podman:x:1', {refresh: true})).said[1]).toMatch(/^x:1 has moved/);
    place.podman.registry.clear();
    expect((await place.pin('podman:x:1', {refresh: true})).said).toEqual([
      'podman 1.0',
      "no registry could be asked, so that x:1 is what it is here: `x:1` can't be fetched: no such host",
      `x:1 is sha256:${short('two')}, as before`,
    ]);
  });

  it('keeps a pin for each architecture', async () => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one'));
    await place.pin('podman:x:1');
    place.podman.has('x:1', registryImage('two'));
    const images = place.kernel({architecture: 'arm64'});
    expect(await place.pin('podman:x:1', {images})).toMatchObject({container: registryImage('two')});
    expect(await place.pin('podman:x:1')).toMatchObject({container: registryImage('one')});
    expect(place.lock.split('\n')).toHaveLength(5);
    expect(architectureOf('x64')).toBe('amd64');
  });
});

describe('an image that is missing', () => {
  it('is fetched, with progress, and looked up then', async () => {
    using place = new Place();
    place.podman.pulls = true;
    place.podman.registry.set('x:1', registryImage('one'));
    expect(await place.pin('podman:x:1')).toMatchObject({container: registryImage('one')});
    expect(place.lines).toEqual(['fetching x:1: podman pull -- x:1', 'Copying blob 1 of 2']);
  });

  it.each<[string, Partial<Ran>, string, readonly string[]]>([
    [
      'has no network',
      {},
      'W8015',
      [
        "`x:1` can't be fetched: no such host",
        'where there is a network, run `podman pull -- x:1`; else bring the image another way, and run the cell again',
      ],
    ],
    [
      'is said to be there but is not',
      {code: 0, stderr: '', stdout: '\r\u001b[2KPulling Image: x:1, status: FAILURE\n'},
      'W8015',
      [
        'podman could not fetch `x:1`: Pulling Image: x:1, status: FAILURE',
        'it ended as if all were well; try `podman pull -- x:1` in a terminal',
      ],
    ],
    [
      'does not fit into the store',
      {stderr: 'Error: writing blob: write /var/x: no space left on device\n'},
      'W8020',
      [
        'there is no space left for `x:1`: writing blob: write /var/x: no space left on device',
        'remove images that are not needed, or move the image store to another file system',
      ],
    ],
    [
      'is there for other machines only',
      {stderr: 'no matching manifest for linux/amd64 in the manifest list entries\n'},
      'W8016',
      [
        '`x:1` is not there for machines like this one: no matching manifest for linux/amd64 in the manifest list entries',
        'take an image that was built for this architecture, or build it here',
      ],
    ],
    [
      'needs a program that can not be started',
      {code: undefined, stderr: '', error: 'EACCES'},
      'W8015',
      [
        "`x:1` can't be fetched: its program could not be started (EACCES)",
        'where there is a network, run `podman pull -- x:1`; else bring the image another way, and run the cell again',
      ],
    ],
  ])('and %s is an error', async (_title, ran, code, said) => {
    using place = new Place();
    place.podman.pulls = true;
    place.answer = () => ran;
    expect(await place.pin('podman:x:1')).toEqual({code, said});
  });

  it('is an error that says what to do, where it is never fetched', async () => {
    using place = new Place();
    expect(await place.pin('podman:x:1')).toEqual({
      code: 'W8014',
      said: ['podman has no image `x:1`', 'podman load'],
    });
    place.podman.pulls = true;
    expect(await place.pin('podman:localhost/x:1')).toEqual({
      code: 'W8014',
      said: [
        'podman has no image `localhost/x:1`',
        'no registry has names of `localhost/`: build it, or load it into podman, and run the cell again',
      ],
    });
    expect(place.lines).toEqual([]);
  });

  it('stops being fetched when the cell is interrupted', async () => {
    using place = new Place();
    place.podman.pulls = true;
    const control = new AbortController();
    place.answer = () => {
      control.abort();
      return {code: undefined, signal: 'SIGTERM'};
    };
    const {said} = await place.pin('podman:x:1', {signal: control.signal});
    expect(said).toEqual(['fetching `x:1` was interrupted', 'run the cell again']);
  });
});

describe('a pinned image that vanished', () => {
  it('is fetched by exactly its digest where a registry has it', async () => {
    using place = new Place();
    place.podman.pulls = true;
    place.podman.has('x:1', registryImage('one'));
    await place.pin('podman:x:1');
    place.podman.images.clear();
    place.podman.has('x:1', registryImage('two'));
    const exact = `x@sha256:${digestOf('one')}`;
    place.podman.registry.set(exact, registryImage('one'));
    expect(await place.pin('podman:x:1')).toMatchObject({container: registryImage('one')});
    expect(place.lines.map(line => place.shown(line))).toEqual([
      `the image that weft.lock has for \`x:1\` is not here: sha256:${short('one')}, pinned on DAY`,
      `fetching x@sha256:${short('one')}: podman pull -- x@sha256:${short('one')}`,
      'Copying blob 1 of 2',
    ]);
  });

  it('is fetched by its name where only the engine knows it, if that is still the same', async () => {
    using place = new Place();
    place.podman.pulls = true;
    place.podman.registry.set('x:1', localImage('podman', 'one'));
    await place.pin('podman:x:1');
    place.podman.images.clear();
    expect(await place.pin('podman:x:1')).toMatchObject({container: {image: localImage('podman', 'one').image}});
    place.podman.images.clear();
    place.podman.registry.set('x:1', localImage('podman', 'two'));
    expect(await place.pin('podman:x:1')).toEqual({
      code: 'W8014',
      said: [
        `the image that weft.lock has for \`x:1\` is not here: sha256:${short('one')}, pinned on DAY; the registry gave sha256:${short('two')}`,
        'bring it back, or take what the name means now: `%container --refresh` with its name',
      ],
    });
  });

  it('is an error where none has it, which says what the name is now', async () => {
    using place = new Place();
    place.podman.pulls = true;
    place.podman.has('localhost/x:1', localImage('podman', 'one'));
    await place.pin('podman:localhost/x:1');
    place.podman.images.clear();
    const gone = `the image that weft.lock has for \`localhost/x:1\` is not here: sha256:${short('one')}, pinned on DAY`;
    expect(await place.pin('podman:localhost/x:1')).toEqual({
      code: 'W8014',
      said: [
        gone,
        'podman load; it must be the very same, else take what the name means now: `%container --refresh` with its name',
      ],
    });
    place.podman.has('localhost/x:1', localImage('podman', 'two'));
    expect(await place.pin('podman:localhost/x:1')).toEqual({
      code: 'W8014',
      said: [
        `${gone}; the name is sha256:${short('two')} now`,
        'bring it back, or take what the name means now: `%container --refresh` with its name',
      ],
    });
    expect((await place.pin('podman:localhost/x:1', {refresh: true})).said[1]).toMatch(/^localhost\/x:1 has moved/);
  });
});

describe('auto', () => {
  it('takes the first runtime that works, and says why the ones before it were passed over', async () => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one'));
    const pinned = await place.pin('x:1');
    expect(pinned).toMatchObject({container: {runtime: 'podman'}});
    expect(pinned.said[0]).toBe('podman 1.0 (auto: shifter is not here)');
    expect((await place.pin('auto:x:1')).said[0]).toBe('podman 1.0 (auto: shifter is not here)');
    expect(await place.kernel().auto(new AbortController().signal)).toEqual({
      ok: true,
      value: 'podman 1.0 (shifter is not here)',
    });
  });

  it('passes over an engine that is down and one without the image', async () => {
    using place = new Place();
    place.shifter.problem = {is: 'down', message: 'the gateway does not answer', remedy: 'start it'};
    place.docker.problem = undefined;
    place.docker.has('x:1', registryImage('one'));
    expect((await place.pin('x:1')).said[0]).toBe(
      'docker 1.0 (auto: podman has no such image; shifter does not work: the gateway does not answer)',
    );
  });

  it('fetches with the first that can, where none has the image', async () => {
    using place = new Place();
    place.docker.problem = undefined;
    place.docker.pulls = true;
    place.docker.registry.set('x:1', registryImage('one'));
    expect(await place.pin('x:1')).toMatchObject({container: {runtime: 'docker'}});
  });

  it('gives a form that one runtime takes to that one only', async () => {
    using place = new Place();
    expect((await place.pin('id:4b5e')).said[0]).toBe('no runtime that takes `id:4b5e` is here: that would be shifter');
    place.shifter.problem = undefined;
    place.shifter.has('id:4b5e', {image: 'id:4b5e', identity: {engine: 'shifter', id: '4b5e'}});
    expect(await place.pin('id:4b5e')).toMatchObject({container: {runtime: 'shifter', image: 'id:4b5e'}});
  });

  it('says of all why none works', async () => {
    using place = new Place();
    place.podman.problem = absent('podman');
    expect(await place.pin('x:1')).toEqual({
      code: 'W8010',
      said: [
        'no container runtime is here: shifter, podman and docker are not on the PATH',
        'install one (rootless podman needs no rights), or run tasks on the host: `%container none`',
      ],
    });
    place.docker.problem = {is: 'denied', message: 'you may not use the socket', remedy: 'join the group'};
    expect(await place.pin('x:1')).toEqual({code: 'W8012', said: ['you may not use the socket', 'join the group']});
  });

  it('keeps the runtime that it took, though an earlier one works later', async () => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one'));
    await place.pin('x:1');
    place.shifter.problem = undefined;
    place.shifter.has('x:1', {image: 'id:1', identity: {engine: 'shifter', id: '1'}});
    expect(await place.pin('x:1')).toMatchObject({container: {runtime: 'podman'}});
  });

  it('takes the pinned digest to another runtime, and pins anew what only one engine knows', async () => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one')).has('localhost/y', localImage('podman', 'y'));
    await place.pin('x:1');
    await place.pin('localhost/y');
    place.podman.problem = absent('podman');
    place.docker.problem = undefined;
    place.docker.has('x:1', registryImage('two')).has(`x@sha256:${digestOf('one')}`, registryImage('one'));
    place.docker.has('localhost/y', localImage('docker', 'y'));
    const moved = await place.pin('x:1');
    expect(moved).toMatchObject({container: {runtime: 'docker', reference: 'x:1', ...registryImage('one')}});
    expect((await place.pin('localhost/y')).said.at(-1)).toBe(
      'weft.lock has it for podman only, which does not work here: pinned anew',
    );
  });

  it('may have been meant as a runtime that is misspelt', async () => {
    using place = new Place();
    expect((await place.pin('podmn:7')).said).toEqual([
      'podman has no image `podmn:7`',
      'did you mean `podman:7`? Else: podman load',
    ]);
    expect((await place.pin('podmn:x:1')).said[1]).toBe('did you mean `podman:x:1`?');
  });
});

describe('what a runtime says of its own', () => {
  const kinds = ['absent', 'down', 'denied', 'reference', 'image', 'pull', 'architecture', 'mount'] as const;
  const more = ['option', 'nested', 'full', 'slow', 'other'] as const;

  it.each([...kinds, ...more])('has a code where it is %s, and its remedy', async is => {
    using place = new Place();
    const problem = {is, message: `this is ${is}`, remedy: 'do that'};
    const {code} = imageProblem(problem);
    expect(CODES).toHaveProperty(code);
    place.podman.problem = problem;
    expect(await place.pin('podman:x')).toEqual({code, said: [`this is ${is}`, 'do that']});
    place.podman.problem = undefined;
    place.podman.refusal = problem;
    expect(await place.pin('podman:x')).toEqual({code, said: [`this is ${is}`, 'do that']});
  });

  it('is told apart by its code', () => {
    const codes = [...kinds, ...more].map(is => imageProblem({is, message: '', remedy: ''}).code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('is asked again once it has failed', async () => {
    using place = new Place();
    const images = place.kernel();
    place.podman.has('x', registryImage('one'));
    place.podman.problem = {is: 'down', message: 'down', remedy: 'start it'};
    expect(await place.pin('podman:x', {images})).toMatchObject({code: 'W8011'});
    place.podman.problem = undefined;
    expect(await place.pin('podman:x', {images})).toMatchObject({container: {runtime: 'podman'}});
  });

  it('is given up where it does not answer', async () => {
    using place = new Place();
    const limits: (number | undefined)[] = [];
    const runtime: Runtime = {
      ...place.podman.runtime,
      find: async (_reference, {run}) => {
        const {timedOut} = await run({file: 'podman', args: [], environment: {}});
        return fail({is: timedOut ? 'slow' : 'other', message: 'no answer', remedy: 'wait'});
      },
    };
    const probing: Probing = {
      ...fakeProbing([]),
      run: (_command, options) => {
        limits.push(options?.limit);
        return Promise.resolve({code: undefined, stdout: '', stderr: '', timedOut: true});
      },
    };
    const images = new Images({runtimes: [runtime], probing, directory: place.folder.path});
    expect(await place.pin('podman:x', {images})).toEqual({code: 'W8021', said: ['no answer', 'wait']});
    expect(limits).toEqual([60_000]);
  });
});

describe('a path', () => {
  it("is taken from the notebook's directory, and is known by its content", async () => {
    using place = new Place();
    const {podman} = place;
    podman.owns = reference => reference.endsWith('.sif');
    const path = place.folder.at('images', 'stack.sif');
    podman.has(path, {image: path, identity: {file: digestOf('content')}});
    const pinned = await place.pin('images/stack.sif');
    expect(pinned).toMatchObject({container: {reference: 'images/stack.sif', image: path}});
    expect(pinned.said[1]).toBe(`images/stack.sif is sha256:${short('content')} (by its content), pinned in weft.lock`);
    // Somebody else has the notebook elsewhere.
    expect(place.lock).not.toContain(place.folder.path);
    expect(await place.pin('images/stack.sif')).toMatchObject({container: {image: path}});
    podman.has(path, {image: path, identity: {file: digestOf('other content')}});
    expect(await place.pin('images/stack.sif')).toEqual({
      code: 'W8014',
      said: [
        `\`images/stack.sif\` has changed since it was pinned: weft.lock has sha256:${short('content')}, here is sha256:${short('other content')}`,
        'put the pinned one back, or take what is here now: `%container --refresh` with its name',
      ],
    });
    expect((await place.pin('images/stack.sif', {refresh: true})).said[1]).toMatch(/^images\/stack.sif has moved/);
  });

  it('is one of home behind `~/`, and of an unpacked image without any sign', async () => {
    using place = new Place();
    const {podman} = place;
    podman.owns = reference => reference.startsWith('/');
    podman.has('/home/ada/x.sif', {image: '/home/ada/x.sif', identity: {file: digestOf('x')}});
    expect(await place.pin('podman:~/x.sif')).toMatchObject({container: {image: '/home/ada/x.sif'}});
    mkdirSync(place.folder.at('stack', 'usr'), {recursive: true});
    const directory = place.folder.at('stack');
    podman.has(directory, {image: directory, identity: {directory: digestOf('record')}});
    expect(await place.pin('podman:stack')).toMatchObject({container: {image: directory}});
    mkdirSync(place.folder.at('plain'));
    podman.has('plain', registryImage('plain'));
    expect(await place.pin('podman:plain')).toMatchObject({container: registryImage('plain')});
  });
});

describe('the lock file', () => {
  it.each([
    ['garbage', /^DIR\/weft.lock is no JSON/, /^take it back from version control, or move it away/],
    [
      '{"weft.lock": 9}',
      /^DIR\/weft.lock was written by a newer version of Weft/,
      /^update Weft, or move the file away/,
    ],
  ])('is an error that names it, where it has %j', async (text, message, hint) => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one'));
    writeFileSync(place.folder.at('weft.lock'), text);
    const {code, said} = (await place.pin('podman:x:1')) as {code: string; said: string[]};
    expect(code).toBe('W8022');
    expect(said[0]).toMatch(message);
    expect(said[1]).toMatch(hint);
    expect(place.lock).toBe(text);
  });

  it('is a note where it can not be written, and the pin holds until the kernel ends', async () => {
    using place = new Place();
    place.podman.has('x:1', registryImage('one')).has('y:1', registryImage('y'));
    // Nobody can write here, not even root.
    mkdirSync(place.folder.at('weft.lock~'));
    place.folder[Symbol.dispose]();
    const images = place.kernel();
    const pinned = await place.pin('podman:x:1', {images});
    expect(pinned).toMatchObject({container: registryImage('one')});
    expect(pinned.said.at(-1)).toMatch(/^W8022 {2}DIR\/weft.lock can't be written: ENOENT.*; pins hold until/);
    place.podman.has('x:1', registryImage('two'));
    expect(await place.pin('podman:x:1', {images})).toMatchObject({container: registryImage('one')});
    expect(await images.pins()).toMatchObject({ok: false, error: {code: 'W8022'}});
    mkdirSync(place.folder.path);
    await place.pin('podman:y:1', {images});
    const pins = await images.pins();
    if (!pins.ok) throw new Error(pins.error.message);
    expect(pins.value.said.map(line => place.shown(line))).toEqual([
      `podman:x:1  sha256:${short('one')}  podman, amd64, DAY`,
      `podman:y:1  sha256:${short('y')}  podman, amd64, DAY`,
    ]);
  });
});
