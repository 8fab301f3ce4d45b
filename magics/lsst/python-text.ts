import type {JsonValue} from '../../kernel/fingerprint/json.js';

/** A JSON value as a Python expression: what `--config NAME=VALUE` evaluates. A text stays as it is. */
export function pythonText(value: JsonValue): string {
  return typeof value === 'string' ? value : pythonLiteral(value);
}

function pythonLiteral(value: JsonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'object') {
    if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(pythonLiteral).join(',')}]`;
    const pairs = Object.entries(value as Readonly<Record<string, JsonValue>>);
    return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}:${pythonLiteral(each)}`).join(',')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const TOKEN =
  /\s*(?:(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?<word>[A-Za-z_]\w*)|(?<sign>[{}:,[\]()]))/iy;

/**
 * Reads a flat Python dictionary as `repr` prints it: `{'visit': 903334, 'filter': 'HSC-R', 'expTime': 30.0}`.
 * Undefined where the text is none.
 */
export function readPythonDict(text: string): Readonly<Record<string, JsonValue>> | undefined {
  const tokens: {readonly is: 'value' | 'sign'; readonly value: JsonValue}[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const {text: quoted, number, word, sign} = groups;
    if (sign !== undefined) tokens.push({is: 'sign', value: sign});
    else if (quoted !== undefined) tokens.push({is: 'value', value: unescaped(quoted.slice(1, -1))});
    else if (number !== undefined) tokens.push({is: 'value', value: Number(number)});
    else if (word !== undefined && word in CONSTANTS) tokens.push({is: 'value', value: CONSTANTS[word] ?? null});
    else return undefined;
  }
  const result: Record<string, JsonValue> = {};
  if (tokens[0]?.value !== '{' || tokens.at(-1)?.value !== '}') return undefined;
  const inner = tokens.slice(1, -1);
  for (let at = 0; at < inner.length; at += 4) {
    const [key, colon, value, comma] = inner.slice(at, at + 4);
    if (key?.is !== 'value' || colon?.value !== ':' || value?.is !== 'value') return undefined;
    if (comma !== undefined && comma.value !== ',') return undefined;
    result[keyOf(key.value)] = value.value;
  }
  return result;
}

const keyOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

const CONSTANTS: Readonly<Record<string, JsonValue>> = {None: null, True: true, False: false};

const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/gi, (_whole, byte?: string, unit?: string, other?: string) => {
    const code = byte ?? unit;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return other === 'n' ? '\n' : other === 't' ? '\t' : (other ?? '');
  });

/** The data ids of the lines that `--show data` prints: `id dataRef.dataId = {…}`. Those of `--selectId` are printed too, and are not the task's own. */
export function readShownData(text: string): readonly Readonly<Record<string, JsonValue>>[] {
  return text.split('\n').flatMap(line => {
    const found = /^id dataRef\.dataId = (\{.*\})\s*$/.exec(line);
    const id = found?.[1] === undefined ? undefined : readPythonDict(found[1]);
    return id === undefined ? [] : [id];
  });
}
