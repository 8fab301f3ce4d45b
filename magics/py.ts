import {mkdirSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {checkName} from '../kernel/cell/identifier.js';
import type {MagicLine, MagicShape} from '../kernel/cell/syntax.js';
import type {JsonObject, JsonValue} from '../kernel/fingerprint/json.js';
import type {CellContext, CellEnd, CellMagic} from '../kernel/session/cell-magic.js';
import type {Problem, Reading} from '../kernel/session/magic.js';
import {beginCode, takeCode} from './py-bootstrap.js';
import {awaitInputs, type PyInputs} from './py-inputs.js';
import {startPython} from './py-start.js';
import {whyNoPythonName} from './python-names.js';
import {namesTaken, readVariables} from './script-given.js';
import {expressionsOf, surplusWords, valuesOf} from './script-line.js';

const shape: MagicShape = {
  name: 'py',
  use: 'cell',
  body: 'script',
  options: {from: 'one', with: 'many', out: 'many'},
};

/** `%%py`: code for a persistent IPython beside the kernel; in the foreground, never cached (LANGUAGE 11). */
export const pyMagic: CellMagic = {
  shape,
  summary: 'runs Python in an IPython beside the kernel, now, with its names kept from cell to cell',
  example: '%%py --from coadds[HSC-I] --out total\nimport os\ntotal = len(os.listdir(coadds))',
  wants(line, _body, _bodySpan, variables) {
    return {expressions: expressionsOf(line), ...namesTaken(line, variables)};
  },
  run,
};

async function run(reading: Reading, context: CellContext): Promise<CellEnd> {
  const {line} = reading;
  const problems: Problem[] = surplusWords(line).map(problem => ({
    ...problem,
    hint: 'the code stands below this line; `--with NAME` and `--from NAME` bring values in',
  }));
  const variables = readVariables(reading, context, whyNoPythonName, problems);
  const out = outNames(line, context.ownNames, problems);
  if (problems.some(({severity}) => severity === 'error')) return {is: 'wrong', problems};
  const wrong = (problem: Problem): CellEnd => ({is: 'wrong', problems: [{span: line.nameSpan, ...problem}]});
  const inputs = await orInterrupted(context.signal, awaitInputs(variables, context));
  if (inputs === 'interrupted') return {is: 'interrupted'};
  if (!inputs.ok)
    return wrong({
      code: 'W6007',
      severity: 'error',
      message: inputs.error,
      hint: '`%status` shows what failed, `%log NAME` its output; `%retry NAME` runs it again',
    });
  const started = await orInterrupted(context.signal, startPython(inputs.value, context));
  if (started === 'interrupted') return {is: 'interrupted'};
  if (started !== undefined) return wrong(started);
  const {request, python, output, payload} = context;
  const done = await python.execute(
    {
      id: request.id,
      code: numbered(reading),
      before: beginCode(given(inputs.value, context)),
      expressions: Object.fromEntries(out.map(({name}) => [name, takeCode(name)])),
      silent: request.silent || !request.storeHistory,
      allowStdin: request.allowStdin,
    },
    output,
  );
  if (done.is === 'absent') return wrong({code: 'W6005', severity: 'error', message: done.said});
  if (done.is === 'error') return done;
  // What ends IPython says so to a client of its own; ours goes on.
  payload.push(...done.payload.filter(each => each['source'] !== 'ask_exit').map(each => shown(each, reading)));
  const bad: Problem[] = [];
  for (const {name, span} of out) {
    const taken = done.texts[name];
    if (taken === undefined || 'error' in taken)
      bad.push({
        code: 'W6006',
        severity: 'error',
        span,
        message: `\`${name}\` can't come back: ${taken?.error ?? 'IPython has ended'}`,
        hint:
          taken === undefined
            ? 'run the cell again: a fresh one starts'
            : taken.error.startsWith('there is no name')
              ? 'the code of the cell, or of one before it, gives it a value'
              : 'make what you need of it, as by `list(…)` or `str(…)`',
      });
    else context.assign(name, JSON.parse(taken.text) as JsonValue);
  }
  return bad.length > 0 ? {is: 'wrong', problems: bad} : {is: 'done', warnings: problems};
}

/** The next input that IPython proposes is Python: it goes below the magic, unless bare cells are Python. */
const shown = (payload: JsonObject, {bodyLine}: Reading): JsonObject =>
  payload['source'] === 'set_next_input' && typeof payload['text'] === 'string' && bodyLine > 0
    ? {...payload, text: `%%py\n${payload['text']}`}
    : payload;

/** The names of `--out`: of the notebook, so identifiers of both languages. */
function outNames(
  line: MagicLine,
  ownNames: readonly string[],
  problems: Problem[],
): readonly {readonly name: string; readonly span: Problem['span'] & object}[] {
  return valuesOf(line, 'out').flatMap(word =>
    Array.from(word.raw.matchAll(/[^,]+/g), ({0: name, index}) => {
      const start = word.span.start + index;
      const span = {start, end: start + name.length};
      const wrong = checkName(name, span, ownNames);
      const why = whyNoPythonName(name);
      if (wrong !== undefined) problems.push(wrong);
      else if (why !== undefined)
        problems.push({code: 'W6001', severity: 'error', span, message: `\`${name}\` ${why}`});
      return {name, span};
    }),
  );
}

/** Directories of sets are made beside IPython: each has one entry for each element. */
function given({values, paths, sets}: PyInputs, context: CellContext): JsonObject {
  const made: Record<string, string> = {...paths};
  for (const [name, entries] of Object.entries(sets)) {
    made[name] = join(
      context.python.scratch ?? context.places.scratch,
      'in',
      `${context.request.count}-${context.cell}`,
      name,
    );
    mkdirSync(made[name], {recursive: true});
    for (const [entry, path] of entries) symlinkSync(path, join(made[name], entry));
  }
  return {
    count: context.request.count,
    out: context.directory,
    root: context.settings.repo ?? null,
    values,
    paths: made,
  };
}

/** The body with comments above it, so that lines of tracebacks count from the top of the cell; as it is where IPython looks at its beginning. */
export function numbered({body, bodyLine, line}: Pick<Reading, 'body' | 'bodyLine' | 'line'>): string {
  const first = body.split('\n').find(each => each.trim() !== '') ?? '';
  if (/^(?:\s|%%|>>>|In \[)/.test(first)) return body;
  // Of a line by itself, and of no other, IPython makes calls.
  if (/^(?:exit|quit|[/,;].*)$/.test(body.trim())) return body;
  const own = `%%py ${line.rest}`.trimEnd().split('\n');
  const above = Array.from({length: bodyLine}, (_, i) => own[i - (bodyLine - own.length)] ?? '');
  return `${above.map(text => `# ${text}\n`).join('')}${body}`;
}

async function orInterrupted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | 'interrupted'> {
  if (signal.aborted) return 'interrupted';
  return Promise.race([
    work,
    new Promise<'interrupted'>(resolve => signal.addEventListener('abort', () => resolve('interrupted'), {once: true})),
  ]);
}
