import {fail, type Result} from '../../graph/result.js';
import type {Command} from '../command.js';
import type {ContainerProblem, FoundImage, Probing, Ran, Runtime} from './runtime.js';

/** What a pull is told of who waits for it. */
export interface PullOptions {
  readonly signal: AbortSignal;
  /** Gets progress, a line at a time. */
  readonly line: (text: string) => void;
}

/** Fetches an image, and looks it up then: that a pull ended with 0 says little, as shifter's does where it failed. */
export async function pullImage(
  runtime: Runtime,
  reference: string,
  command: Command,
  probing: Probing,
  {signal, line}: PullOptions,
): Promise<Result<FoundImage, ContainerProblem>> {
  const shown = shownCommand(command);
  line(`fetching ${reference}: ${shown}`);
  const ran = await probing.run(command, {signal, line});
  if (signal.aborted)
    return fail({is: 'pull', message: `fetching \`${reference}\` was interrupted`, remedy: 'run the cell again'});
  if (ran.code !== 0) return fail(pullProblem(runtime.program, reference, shown, ran));
  const found = await runtime.find(reference, probing);
  if (found.ok || found.error.is !== 'image') return found;
  const last = lastLine(ran);
  return fail({
    is: 'pull',
    message: `${runtime.name} could not fetch \`${reference}\`${last === '' ? '' : `: ${last}`}`,
    remedy: `it ended as if all were well; try \`${shown}\` in a terminal`,
  });
}

function pullProblem(program: string, reference: string, shown: string, ran: Ran): ContainerProblem {
  const text = `${ran.stderr}\n${ran.stdout}`;
  const last = lastLine(ran);
  if (/no space left on device|disk quota exceeded/i.test(text))
    return {
      is: 'full',
      message: `there is no space left for \`${reference}\`: ${last}`,
      remedy: 'remove images that are not needed, or move the image store to another file system',
    };
  if (/no matching manifest for|no image found in .* for architecture|for platform .* not found/i.test(text))
    return {
      is: 'architecture',
      message: `\`${reference}\` is not there for machines like this one: ${last}`,
      remedy: 'take an image that was built for this architecture, or build it here',
    };
  if (/manifest unknown|name unknown|repository does not exist/i.test(text))
    return {
      is: 'pull',
      message: `the registry has no \`${reference}\`, or not for you: ${last}`,
      remedy: `see whether name and tag are right; if it is not public, \`${program} login\` first`,
    };
  const end =
    ran.error !== undefined
      ? `its program could not be started (${ran.error})`
      : last !== ''
        ? last
        : `it ended with ${ran.code ?? ran.signal ?? 'no code'}`;
  return {
    is: 'pull',
    message: `\`${reference}\` can't be fetched: ${end}`,
    remedy: `where there is a network, run \`${shown}\`; else bring the image another way, and run the cell again`,
  };
}

/** What it said last, without what only repeats the level of a message. */
function lastLine({stderr, stdout}: Ran): string {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split(/[\r\n]+/)
    .map(line => line.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').trim())
    .filter(line => line !== '');
  return (lines.at(-1) ?? '').replace(/^(Error response from daemon|Error|ERROR|FATAL)\s*:\s*/, '').slice(0, 400);
}

/** A command as it is typed in a terminal. */
export const shownCommand = ({file, args}: Command): string =>
  [file, ...args].map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)).join(' ');
