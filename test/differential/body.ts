import type {Script} from './model.js';

/**
 * The bodies of scripts. Each gathers what it sees into one text, in an order that the model knows, appends a line to `NOTEBOOK.log` beside
 * the notebook's directory and the text to `NOTEBOOK.seen`, and writes the text's hash: so outputs tell what was read, and the log tells what ran.
 */
export function bodyOf(script: Script): string {
  if (script.language === 'bash') return bash(script);
  if (script.language === 'python') return python(script);
  // One text that is bash and Python: what it is called decides.
  return `''':'\n${bash(script)}\nexit 0\n'''\n${python(script)}`;
}

const namesOf = (script: Script): readonly string[] =>
  [
    ...script.loops.map(({variable}) => variable),
    ...script.with.map(({variable}) => variable),
    ...script.from.map(({variable}) => variable),
  ].sort();

function bash(script: Script): string {
  const {id, salt, loops, yields, broken, fails, always} = script;
  const names = namesOf(script);
  const key = loops.map(({variable}) => ` $${variable}`).join('');
  return [
    'top=${WEFT_OUT%%/.weft/*}',
    `n="${[id, ...loops.map(({variable}) => `$${variable}`)].join('-')}"`,
    `echo "${id}${key}" >> "$top.log"`,
    `t='${id} s${salt}'`,
    'case $- in *u*) t+=";strict" ;; esac',
    'shopt -s nullglob',
    'see() {',
    '  local f',
    '  if [[ -d $2 ]]; then',
    '    for f in "$2"/*; do if [[ $f == */__pycache__ ]]; then continue; fi; if [[ -d $f ]]; then see "$1/${f##*/}" "$f"; else t+=";$1/${f##*/}=$(< "$f")"; fi; done',
    '  else t+=";$1=$2"; fi',
    '}',
    ...names.map(name => `see ${name} "$${name}"`),
    'if [[ -d data ]]; then see in "$PWD/data"; fi',
    script.root === true
      ? 'for d in CALIB/BIAS SKY deepCoadd ref_cats transmission; do if [[ -d $WEFT_ROOT/$d ]]; then see "root/$d" "$WEFT_ROOT/$d"; fi; done'
      : '',
    't+=";env=${ONE-}${TWO-}"',
    'if [[ ${ONE-} && -d $top/lib ]]; then see code "$top/lib"; fi',
    always ? 't+=";undeclared=$(< "$top.undeclared")"' : '',
    'printf "%s\\0" "$n: $t" >> "$top.seen"',
    'h=$(printf "%s" "$t" | sha256sum)',
    broken ? 'exit 3' : '',
    'if [[ " $(< "$top.failing") " == *" $n "* ]]; then exit 3; fi',
    fails === undefined ? '' : `if [[ $${loops[0]?.variable ?? 'n'} == '${fails}' ]]; then exit 3; fi`,
    'echo "${h:0:16}" > "o-$n.txt"',
    `echo 'junk ${salt}' > "junk-$n.txt"`,
    'mkdir -p x; echo "${h:16:8}" > "x/p-$n.txt"',
    // With or without `--value`, which is no part of the text.
    `echo '${yields === undefined ? '' : JSON.stringify(yields)}'${yields === undefined ? '"\\"${h:0:16}\\""' : ''}`,
  ]
    .filter(line => line !== '')
    .join('\n');
}

function python(script: Script): string {
  const {id, salt, loops, yields, broken} = script;
  const names = namesOf(script);
  return [
    'import hashlib, json, os, pathlib',
    'top = str(weft.out).split("/.weft/")[0]',
    'def text(v):',
    '    return v if isinstance(v, str) else json.dumps(v, sort_keys=True, separators=(",", ":"))',
    `key = "".join(" " + text(v) for v in [${loops.map(({variable}) => variable).join(', ')}])`,
    'with open(top + ".log", "a") as log:',
    `    log.write("${id}" + key + "\\n")`,
    `t = ["${id} s${salt}"]`,
    'def see(name, v):',
    '    if isinstance(v, pathlib.Path):',
    '        for f in sorted(os.listdir(v)) if v.is_dir() else []:',
    '            if f.startswith(".") or f == "__pycache__": continue',
    '            g = v / f',
    '            if g.is_dir(): see(name + "/" + f, g)',
    '            else: t.append(name + "/" + f + "=" + g.read_text().rstrip("\\n"))',
    '    else: t.append(name + "=" + text(v))',
    ...names.map(name => `see("${name}", ${name})`),
    'see("in", pathlib.Path("data").absolute())',
    't.append("env=" + os.environ.get("ONE", "") + os.environ.get("TWO", ""))',
    'if "ONE" in os.environ: see("code", pathlib.Path(top) / "lib")',
    `n = "-".join(["${id}"] + [text(v) for v in [${loops.map(({variable}) => variable).join(', ')}]])`,
    'with open(top + ".seen", "a") as log:',
    '    log.write(n + ": " + ";".join(t) + "\\0")',
    'h = hashlib.sha256(";".join(t).encode()).hexdigest()',
    broken ? 'raise SystemExit(3)' : '',
    'pathlib.Path("o-" + n + ".txt").write_text(h[:16] + "\\n")',
    `pathlib.Path("junk-" + n + ".txt").write_text("junk ${salt}\\n")`,
    'os.makedirs("x", exist_ok=True)',
    'pathlib.Path("x/p-" + n + ".txt").write_text(h[16:24] + "\\n")',
    yields === undefined ? 'h[:16]' : `json.loads('${JSON.stringify(yields)}')`,
  ]
    .filter(line => line !== '')
    .join('\n');
}

/** The magic of a script: one whose text is both languages is told apart by nothing else. */
export const languageOf = ({language, reads}: Pick<Script, 'language' | 'reads'>): 'bash' | 'python' =>
  language === 'both' ? reads : language;
