import {digestOf} from '../../../kernel/fingerprint/fingerprint.js';
import type {ImageIdentity} from '../../../kernel/graph/container.js';
import {fail, ok} from '../../../kernel/graph/result.js';
import type {ContainerProblem, Probing, Ran, Runtime} from '../../../kernel/run/containers/runtime.js';

/** An image of a fake store. */
export interface FakeImage {
  readonly image: string;
  readonly identity: ImageIdentity;
  readonly unknown?: string;
}

/** A runtime of one variable store, without processes. */
export class FakeRuntime {
  readonly name: string;
  /** What is here, by each name that finds it. */
  readonly images = new Map<string, FakeImage>();
  /** What a pull finds in the registry. */
  readonly registry = new Map<string, FakeImage>();
  /** Why it does not work. */
  problem: ContainerProblem | undefined;
  /** What `find` says instead. */
  refusal: ContainerProblem | undefined;
  pulls = false;
  owns: ((reference: string) => boolean) | undefined;
  readonly asked: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Has the image under this name, and under what can't move. */
  has(name: string, image: FakeImage): this {
    this.images.set(name, image).set(image.image, image);
    return this;
  }

  get runtime(): Runtime {
    return {
      name: this.name,
      program: this.name,
      present: () =>
        Promise.resolve(this.problem === undefined ? ok({version: `${this.name} 1.0`}) : fail(this.problem)),
      find: reference => {
        this.asked.push(reference);
        if (this.refusal !== undefined) return Promise.resolve(fail(this.refusal));
        const found = this.images.get(reference);
        return Promise.resolve(
          found === undefined
            ? fail({is: 'image', message: `${this.name} has no image \`${reference}\``, remedy: `${this.name} load`})
            : ok(found),
        );
      },
      pull: reference => (this.pulls ? {file: this.name, args: ['pull', '--', reference], environment: {}} : undefined),
      ...(this.owns === undefined ? {} : {owns: this.owns}),
      command: () => fail({is: 'other', message: 'a fake runs nothing', remedy: ''}),
      stopOf: () => ({ask: [], remove: [], session: false}),
      fault: () => undefined,
    };
  }
}

/** The machine that fakes run on. `answer` says how a pull ended; it has moved the registry's image into the store where that was 0. */
export function fakeProbing(
  fakes: readonly FakeRuntime[],
  answer: (reference: string) => Partial<Ran> = () => ({}),
): Probing {
  return {
    environment: {HOME: '/home/ada'},
    uid: 1000,
    gid: 1000,
    architecture: 'amd64',
    digest: () => Promise.resolve(fail('nothing has a digest here')),
    run: ({file, args}, options) => {
      const reference = args.at(-1) ?? '';
      const fake = fakes.find(({name}) => name === file);
      const image = fake?.registry.get(reference);
      options?.line?.('Copying blob 1 of 2');
      const ran = {
        code: image === undefined ? 125 : 0,
        stdout: '',
        stderr: image === undefined ? 'Error: no such host\n' : '',
        timedOut: false,
        ...answer(reference),
      };
      if (ran.code === 0 && image !== undefined) fake?.has(reference, image);
      return Promise.resolve(ran);
    },
  };
}

/** An image of a registry, by a text that its digest is made of. */
export const registryImage = (text: string): FakeImage => ({
  image: `sha256:${digestOf(`id of ${text}`)}`,
  identity: {manifest: digestOf(text)},
});

/** An image that was built here. */
export const localImage = (engine: string, text: string): FakeImage => ({
  image: digestOf(text),
  identity: {engine, id: digestOf(text)},
  unknown: 'no registry has it',
});
