import {canonicalJson} from '../../fingerprint/fingerprint.js';
import type {Container} from '../../graph/container.js';
import {fail, ok, type Result} from '../../graph/result.js';
import {autoRuntime, firstRuntime, namedRuntime, type Asked, type Choice} from './choose-runtime.js';
import {AskRuntimes} from './ask-runtimes.js';
import {imageProblem, type ImageProblem} from './image-problem.js';
import {digestText, imageSentence} from './image-text.js';
import {LockFile, type LockProblem, type Pin} from './lock-file.js';
import {pullImage, type PullOptions} from './pull.js';
import {isPathSyntax, meantRuntime, parseReference, withDigest, type ImageReference} from './reference.js';
import type {ContainerProblem, Probing, Runtime} from './runtime.js';

/** What finding images stands on. */
export interface ImagesPorts {
  readonly runtimes: readonly Runtime[];
  readonly probing: Probing;
  /** The notebook's directory, where `weft.lock` lies, and what relative paths mean. Absolute. */
  readonly directory: string;
}

/** What a pin is asked with. */
export interface PinOptions extends PullOptions {
  /** Asks again what a name means, whatever `weft.lock` says. */
  readonly refresh: boolean;
}

/** A pinned image, and what there is to say of it, a line each. */
export interface Pinned {
  readonly container: Container;
  readonly said: readonly string[];
}

/** The machine's architecture as images name it, from Node's name of it. */
export const architectureOf = (arch: string): string => ({x64: 'amd64', ia32: '386'})[arch] ?? arch;

/** Finds images and pins them: what a name means is asked once, and kept in `weft.lock`. */
export class Images {
  readonly #ports: ImagesPorts;
  readonly #lock: LockFile;
  readonly #runtimes: AskRuntimes;
  /** Pins that could not be written: they hold for this kernel. */
  #unwritten: readonly Pin[] = [];

  constructor(ports: ImagesPorts) {
    this.#ports = ports;
    this.#lock = new LockFile(ports.directory);
    this.#runtimes = new AskRuntimes(ports.probing, ports.directory);
  }

  /** Finds the image of `[RUNTIME:]REF` and pins it; a name that is pinned is that image, whatever its tag has come to mean. */
  async pin(text: string, options: PinOptions): Promise<Result<Pinned, ImageProblem>> {
    const parsed = parseReference(text, this.#names());
    if (!parsed.ok) return fail(imageProblem(parsed.error));
    const pins = this.#pins();
    if (!pins.ok) return fail(lockProblem(pins.error));
    const asked = parsed.value;
    const {architecture} = this.#ports.probing;
    const own = pins.value.filter(
      pin =>
        pin.text === asked.text &&
        pin.architecture === architecture &&
        (asked.runtime === undefined || pin.runtime === asked.runtime),
    );
    const pinned =
      own.length > 0 && !options.refresh
        ? await this.#again(asked, own, options)
        : await this.#anew(asked, own, options);
    return pinned.ok ? pinned : fail(imageProblem(pinned.error));
  }

  /** Which runtime `auto` takes here, and why; where none works, the error says of each why not. */
  auto(signal: AbortSignal): Promise<Result<string, string>> {
    return firstRuntime(this.#ports.runtimes, this.#runtimes.about('', signal));
  }

  /** All pins of the notebook's directory, a line each; they are written now where they could not be before. */
  async pins(): Promise<Result<{readonly path: string; readonly said: readonly string[]}, ImageProblem>> {
    const {path} = this.#lock;
    if (this.#unwritten.length > 0) {
      const written = await this.#lock.write(this.#unwritten);
      if (!written.ok) return fail(lockProblem(written.error));
      this.#unwritten = [];
    }
    const pins = this.#lock.read();
    return pins.ok ? ok({path, said: pins.value.map(pinText)}) : fail(lockProblem(pins.error));
  }

  /** The image of a name that is pinned. */
  async #again(
    asked: ImageReference,
    pins: readonly Pin[],
    options: PinOptions,
  ): Promise<Result<Pinned, ContainerProblem>> {
    const {runtimes} = this.#ports;
    const asks = this.#runtimes.about(asked.reference, options.signal);
    const passed: string[] = [];
    for (const runtime of runtimes) {
      const pin = pins.find(each => each.runtime === runtime.name);
      if (pin === undefined) continue;
      const presence = await asks.present(runtime);
      if (!presence.ok) {
        if (asked.runtime !== undefined) return presence;
        passed.push(runtime.name);
        continue;
      }
      const choice = {runtime, said: presence.value.version};
      return this.#held(asked, pin, choice, asks, options);
    }
    // Pinned with runtimes that are not here: a registry's digest is the same for another one.
    const digest = pins.map(({identity}) => ('manifest' in identity ? identity.manifest : undefined)).find(Boolean);
    if (digest === undefined) {
      const anew = await this.#anew(asked, [], options);
      const note = `weft.lock has it for ${passed.join(' and ')} only, which does not work here: pinned anew`;
      return anew.ok ? ok({...anew.value, said: [...anew.value.said, note]}) : anew;
    }
    return this.#anew({...asked, reference: withDigest(asked.reference, digest)}, [], options, asked.reference);
  }

  /** Looks whether a pinned image is still here; fetches exactly it where it is not. */
  async #held(
    {reference}: ImageReference,
    pin: Pin,
    {runtime, said}: {readonly runtime: Runtime; readonly said: string},
    asks: Asked,
    options: PinOptions,
  ): Promise<Result<Pinned, ContainerProblem>> {
    const {probing} = asks;
    const named = asks.referenceFor(runtime);
    // A path is this machine's, so that the lock's own says nothing.
    const isPath = 'file' in pin.identity || 'directory' in pin.identity || named !== reference;
    const day = pin.pinned.slice(0, 10);
    const found = await runtime.find(isPath ? named : pin.image, probing);
    const result = (image: string, unknown: string | undefined): Pinned => ({
      container: {runtime: runtime.name, reference, image, identity: pin.identity},
      said: [said, `${imageSentence(reference, pin.identity, unknown)}, as weft.lock has it since ${day}`],
    });
    if (found.ok) {
      const {image, identity, unknown} = found.value;
      const same = canonicalJson(identity) === canonicalJson(pin.identity);
      if (same || (!isPath && image === pin.image)) return ok(result(isPath ? image : pin.image, unknown));
      return fail({
        is: 'image',
        message: `\`${reference}\` has changed since it was pinned: weft.lock has ${digestText(pin.identity)}, here is ${digestText(identity)}`,
        remedy: 'put the pinned one back, or take what is here now: `%container --refresh` with its name',
      });
    }
    if (found.error.is !== 'image') return found;
    const gone = `the image that weft.lock has for \`${reference}\` is not here: ${digestText(pin.identity)}, pinned on ${day}`;
    const now = await runtime.find(named, probing);
    // Where only the engine knows it, the name may still mean the same; what it means here now is not touched.
    const exact =
      'manifest' in pin.identity ? withDigest(reference, pin.identity.manifest) : now.ok ? undefined : reference;
    const command = exact === undefined || isPath || !isFetched(reference) ? undefined : runtime.pull(exact, probing);
    if (exact !== undefined && command !== undefined) {
      options.line(gone);
      const pulled = await pullImage(runtime, exact, command, probing, options);
      if (!pulled.ok) return pulled;
      const {image, identity, unknown} = pulled.value;
      if (canonicalJson(identity) !== canonicalJson(pin.identity))
        return fail({
          is: 'image',
          message: `${gone}; the registry gave ${digestText(identity)}`,
          remedy: `bring it back, or ${REFRESH}`,
        });
      const done = result(image, unknown);
      return ok({...done, said: [...done.said, ...(await this.#write({...pin, image}))]});
    }
    return fail({
      is: 'image',
      message: now.ok ? `${gone}; the name is ${digestText(now.value.identity)} now` : gone,
      remedy: now.ok
        ? `bring it back, or ${REFRESH}`
        : `${found.error.remedy}; it must be the very same, else ${REFRESH}`,
    });
  }

  /** Asks what a name means, fetches the image where it is missing, and pins it. */
  async #anew(
    asked: ImageReference,
    before: readonly Pin[],
    options: PinOptions,
    typed = asked.reference,
  ): Promise<Result<Pinned, ContainerProblem>> {
    const asks = this.#runtimes.about(asked.reference, options.signal);
    const chosen = await this.#choose(asked, asks);
    if (!chosen.ok) return chosen;
    const {runtime, reference} = chosen.value;
    const {probing} = asks;
    const said = [chosen.value.said];
    let found = chosen.value.found;
    const fetches = found.ok ? options.refresh && !reference.includes('@sha256:') : found.error.is === 'image';
    const command = fetches && isFetched(reference) ? runtime.pull(reference, probing) : undefined;
    if (command !== undefined) {
      const pulled = await pullImage(runtime, reference, command, probing, options);
      if (pulled.ok || !found.ok || options.signal.aborted) found = pulled;
      else said.push(`no registry could be asked, so that ${typed} is what it is here: ${pulled.error.message}`);
    }
    if (!found.ok) {
      const {error} = found;
      const remedy = `no registry has names of \`localhost/\`: build it, or load it into ${runtime.name}, and run the cell again`;
      const local = error.is === 'image' && !isPathSyntax(reference) && !isFetched(reference);
      return fail(this.#hinted(asked, local ? {...error, remedy} : error));
    }
    const {image, identity, unknown} = found.value;
    const old = before.find(each => each.runtime === runtime.name);
    const moved = old !== undefined && canonicalJson(old.identity) !== canonicalJson(identity);
    if (moved) said.push(`${typed} has moved: ${digestText(old.identity)} → ${digestText(identity)}`);
    // A path is absolute only here: others have the notebook elsewhere.
    const kept = 'file' in identity || 'directory' in identity ? typed : image;
    const note = await this.#write({
      text: asked.text,
      runtime: runtime.name,
      architecture: probing.architecture,
      image: kept,
      identity,
      pinned: old !== undefined && !moved && old.image === kept ? old.pinned : new Date().toISOString(),
    });
    said.push(
      `${imageSentence(typed, identity, unknown)}, ${old !== undefined && !moved ? 'as before' : 'pinned in weft.lock'}`,
      ...note,
    );
    return ok({container: {runtime: runtime.name, reference: typed, image, identity}, said});
  }

  async #choose(asked: ImageReference, asks: Asked): Promise<Result<Choice, ContainerProblem>> {
    const {runtimes} = this.#ports;
    const runtime = runtimes.find(({name}) => name === asked.runtime);
    if (runtime !== undefined) return namedRuntime(runtime, asks);
    const chosen = await autoRuntime(runtimes, asks, asked.reference);
    return chosen.ok ? chosen : fail(this.#hinted(asked, chosen.error));
  }

  /** A name that was not found may have a misspelt runtime before it. */
  #hinted(asked: ImageReference, problem: ContainerProblem): ContainerProblem {
    const meant = meantRuntime(asked, this.#names());
    return meant === undefined ? problem : {...problem, remedy: `did you mean \`${meant}\`? Else: ${problem.remedy}`};
  }

  #names(): readonly string[] {
    return this.#ports.runtimes.map(({name}) => name);
  }

  #pins(): Result<readonly Pin[], LockProblem> {
    const pins = this.#lock.read();
    return pins.ok ? ok([...this.#unwritten, ...pins.value]) : pins;
  }

  /** Writes a pin; gives what there is to say where that can't be done. */
  async #write(pin: Pin): Promise<readonly string[]> {
    const others = this.#unwritten.filter(
      each => each.text !== pin.text || each.runtime !== pin.runtime || each.architecture !== pin.architecture,
    );
    const written = await this.#lock.write([...others, pin]);
    this.#unwritten = written.ok ? [] : [...others, pin];
    return written.ok ? [] : [`W8022  ${written.error.message}; ${written.error.remedy}`];
  }
}

const REFRESH = 'take what the name means now: `%container --refresh` with its name';

/** A name that a registry may know: a path is none, and what was built here has no registry's name. */
const isFetched = (reference: string): boolean =>
  !isPathSyntax(reference) && !/^(docker:\/\/)?localhost\//.test(reference);

const pinText = ({text, runtime, architecture, identity, pinned}: Pin): string =>
  `${text}  ${digestText(identity)}  ${runtime}, ${architecture}, ${pinned.slice(0, 10)}`;

const lockProblem = ({message, remedy}: LockProblem): ImageProblem => ({
  code: 'W8022',
  severity: 'error',
  message,
  hint: remedy,
});
