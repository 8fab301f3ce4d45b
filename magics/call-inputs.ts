import type {MagicContext, Problem} from '../kernel/session/magic.js';
import {readGlob} from './glob.js';
import type {ScriptCall} from './script-call.js';
import {inputFiles, type InputFile} from './script-inputs.js';

/** The files that `--in` of a call names, with their digests, and what is wrong with it. What lies in other results is theirs. */
export async function inputsOf(
  call: ScriptCall,
  context: MagicContext,
): Promise<{readonly files: readonly InputFile[]; readonly problems: readonly Problem[]}> {
  const plain = call.in.filter(({pattern}) => context.placeholders(readGlob(pattern).text).nodes.length === 0);
  const {files, problems} = await inputFiles(
    context.directory,
    plain.map(({pattern}) => pattern),
    call.options.allowEmpty,
    path => context.digest(path),
  );
  return {
    files,
    problems: problems.map(({pattern, message, hint}) => {
      const span = plain.find(other => other.pattern === pattern)?.span;
      return {
        code: 'W7001',
        severity: 'error',
        message,
        hint: hint ?? `it is looked for from ${context.directory}`,
        ...(span === undefined ? {} : {span}),
      };
    }),
  };
}
