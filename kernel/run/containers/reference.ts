import {nearest} from '../../cell/suggest.js';
import {fail, ok, type Result} from '../../graph/result.js';
import type {ContainerProblem} from './runtime.js';

/** What `[RUNTIME:]REF` says (LANGUAGE 12). */
export interface ImageReference {
  /** As typed, without blanks around it: the key of its pin. */
  readonly text: string;
  /** Undefined for `auto`, which may be left out. */
  readonly runtime: string | undefined;
  /** `localhost/x:1`, `docker://x`, `id:4b5e…`, `images/stack.sif`. */
  readonly reference: string;
}

/** What `%container` takes, as a hint says it. */
const FORMS = 'write `[RUNTIME:]IMAGE`, as in `podman:lsstsqre/centos:w_2020_14`';

/**
 * Reads the name of an image. What stands before the first colon is a runtime where it is the name of one, and no `//` follows the colon.
 * @param runtimes the names of all runtimes
 */
export function parseReference(
  typed: string,
  runtimes: readonly string[],
): Result<ImageReference, ContainerProblem & {readonly is: 'reference'}> {
  const text = typed.trim();
  const wrong = (message: string, remedy: string): ReturnType<typeof parseReference> =>
    fail({is: 'reference', message, remedy});
  if (text === '') return wrong('no image is named', FORMS);
  if (text === 'none' || text === 'auto' || runtimes.includes(text))
    return wrong(
      text === 'none' ? '`none` is the host, no image' : `\`${text}\` says with what to run, but not which image`,
      text === 'none' ? FORMS : `write \`${text}:IMAGE\``,
    );
  const colon = text.indexOf(':');
  const before = text.slice(0, Math.max(colon, 0));
  const named = !text.startsWith('//', colon + 1) && (before === 'auto' || runtimes.includes(before));
  const reference = named ? text.slice(colon + 1) : text;
  if (reference === '') return wrong(`behind \`${text}\` stands no image`, `write \`${text}IMAGE\``);
  const bare = reference.replace(/^[a-z][a-z0-9+.-]*:\/\//, '');
  if (reference.startsWith('-') || bare.startsWith('-'))
    return wrong(
      `the image's name \`${reference}\` begins with \`-\`, as options do`,
      'no image has such a name; a file or a directory of one can be written `./-NAME`',
    );
  if (/[\x00-\x1f\x7f]/.test(reference))
    return wrong(`the image's name ${JSON.stringify(reference)} has a control character`, FORMS);
  if (/\s/.test(reference) && !isPathSyntax(reference) && bare === reference)
    return wrong(`the image's name \`${reference}\` has a blank`, `${FORMS}; a directory is written \`./NAME\``);
  const asked = {text, runtime: named && before !== 'auto' ? before : undefined, reference};
  const meant = meantRuntime(asked, runtimes);
  // Behind the colon of a tag stands no slash and no other colon, but for the port of a registry.
  return meant !== undefined && /^[A-Za-z-]+:(?!\d+\/).*[/:]/.test(reference)
    ? wrong(
        runtimes.includes(before)
          ? `\`//\` stands behind the runtime \`${before}\``
          : `there is no container runtime \`${before}\``,
        `did you mean \`${meant}\`?`,
      )
    : ok(asked);
}

/** True for what can only be a path: it begins as one, or ends as files of images do. `docker://…` is none. */
export const isPathSyntax = (reference: string): boolean =>
  /^(\/|\.{1,2}(\/|$))/.test(reference) ||
  (/\.(sif|simg|img|sqfs|squashfs)$/i.test(reference) && !reference.includes('://'));

/** The runtime that was perhaps meant, where what stands before the colon is none. */
export function meantRuntime({runtime, reference}: ImageReference, runtimes: readonly string[]): string | undefined {
  const [all, before, slashes] = /^([A-Za-z-]+):(\/\/)?/.exec(reference) ?? [];
  if (runtime !== undefined || before === undefined || all === undefined) return undefined;
  const meant = nearest(before, runtimes);
  // `docker://` is a form of its own, which several runtimes take.
  if (meant === undefined || (meant === before && (slashes === undefined || before === 'docker'))) return undefined;
  return `${meant}:${reference.slice(all.length)}`;
}

/** The same image by its digest: in the place of a tag. */
export function withDigest(reference: string, digest: string): string {
  const name = reference.replace(/@sha256:[0-9a-f]+$/, '');
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  return `${colon < 0 ? name : name.slice(0, colon)}@sha256:${digest}`;
}
