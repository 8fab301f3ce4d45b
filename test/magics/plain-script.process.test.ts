import fc from 'fast-check';
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {isPlainScript} from '../../magics/plain-script.js';
import {ExecutorRig} from '../run/local/executor-rig.js';

/** Lines of scripts: what they do, what they look at, and what goes wrong in them. Those of one script share variables, files and functions. */
const LINES: readonly string[] = [
  'echo one',
  'echo two >&2',
  'printf "%s|" "$@" "$#" "$*"; echo',
  'x=5; echo "$x ${x:-0} ${#x}"',
  'echo "${unset-none}${pid-none}${line-none}${script-none}${directory-none}${limit-none}${stat-none}${client-none}"',
  'echo "$undefined"',
  'false',
  'false || echo "after $?"',
  'if false; then echo yes; else echo "no $?"; fi',
  'true | false | true; echo "${PIPESTATUS[*]}"',
  'nosuchcommand 1 2',
  'run; stop; look; now; nap',
  'words a; finish; tidy; main; press',
  'cat nosuchfile',
  'echo out > out.txt; cat out.txt',
  'echo more >> out.txt; wc -l < out.txt',
  'mkdir -p sub; (cd sub && pwd | sed "s,.*/,,"; echo "$OLDPWD" | wc -l)',
  'cd /; cd - > /dev/null; basename "$PWD" | wc -c',
  'f() { local y=3; echo "$y $1 $#"; return 4; }; f a b || echo "f $?"',
  'local z=1; echo "local $?"',
  'return 0',
  'return 7',
  'exit 0',
  'exit 3',
  'break; echo "break $?"',
  'continue; echo "continue $?"',
  'for i in 1 2 3; do if [[ $i == 2 ]]; then continue; fi; echo "i $i"; done',
  'while read -r word; do echo "got $word"; break; done <<< "a b"',
  'read -r input; echo "read $? [$input]"',
  'read -r input || echo "end of input"',
  'sleep 0.01 & wait; echo "waited $?"',
  'sleep 0.01 & wait $!; echo "one $?"',
  '(exit 9) & wait $! || echo "child $?"',
  'bash -c "exit 5" || echo "bash $?"',
  'bash -c "echo \\${SHLVL} \\${WEFT_ATTEMPT-none} \\${OLDPWD-none} \\${BASHOPTS_X-none}"',
  'env | sort | grep -v "^_="',
  'export -p | sort',
  'export A=1 B="two words"; env | grep "^[AB]="',
  'unset PATH; ls',
  'PATH=/nowhere; ls || echo "no ls $?"',
  'umask; ulimit -c',
  'echo "$LINENO"',
  'echo $((1 / 0)); echo after',
  'echo $((1 / 0)) || echo never; echo nor this',
  '((1 / 0)) || echo "caught $?"',
  'x=$((08)) || echo never',
  'if echo $((1 / 0)); then echo yes; else echo no; fi; echo on',
  'g() { echo $((1 / 0)); echo on; }; g || echo "g $?"',
  'a[1/0]=3 || echo never',
  'echo "${b[-5]}" || echo "index $?"',
  'echo ${x!y}; echo on',
  'UID=3; echo on',
  'unset UID || echo "unset $?"',
  'printf "%d\\n" x || echo "printf $?"',
  'cd /nosuch || echo "cd $?"',
  'cd /nosuch',
  '[[ 1/0 -eq 1 ]] || echo "no $?"; echo on',
  '[ a -eq 1 ] || echo "no number $?"',
  'printf -v "c[1/0]" x || echo "printf $?"; echo on',
  'read -r "c[1/0]" <<< x || echo "read $?"; echo on',
  'exit x',
  'return x',
  'shift 3 || echo "shift $?"',
  'test -v "c[1/0]" || echo "test $?"; echo on',
  'unset "c[1/0]" || echo "unset $?"; echo on',
  'export "d e" || echo "export $?"',
  'echo {1..3} "${x/a/b}" "${x#$(exit 2)}"',
  'cat < nosuch || echo "no file $?"',
  'wait 1 || echo "no child $?"',
  'f() { f2; }; f || echo "none $?"',
  'echo $(exit 4); echo on',
  'y=$(exit 4); echo never',
  '> /nosuch/file; echo never',
  '> /nosuch/file || echo "redirect $?"',
  'echo $(( 2 ** 10 )) $(echo nested $(echo deep))',
  'echo "${x?it is not set}"',
  'a=(1 2 3); echo "${#a[@]} ${a[1]} ${a[-1]}"',
  'case abc in a*) echo matches;; *) echo not;; esac',
  'echo *.txt .weft.sc*',
  'test -t 0 || echo "no terminal"; ls -l /proc/self/fd | wc -l',
  'cut -d" " -f5,8 /proc/self/stat | wc -w; cut -d" " -f1,5 /proc/self/stat | tr " " "\\n" | wc -l',
  'cat <<END\nhere $((1 + 1))\nEND',
  'if then',
  'echo "unfinished',
  'echo ) broken',
  'done',
  'é=1; echo é ünïcode "${#x}"',
  'y=größer; echo "${#y} ${y:2:2} ${y^^}"',
  'printf "%5s|%-5s|%d\\n" a b 7; printf -v v "%03d" 4; echo $v',
  'ls /nosuch 2>&1 | sed "s/:.*//"',
  'echo direct >> /dev/stderr; echo "to stdout" >> /dev/stdout',
  'getopts ab: flag -a; echo "$flag $OPTIND"',
  'pushd / > /dev/null; popd > /dev/null; dirs | wc -w',
  'type -t echo ls f run main || echo "type $?"',
  'hash | wc -l',
  'let n=3*4; echo $n; ((n--)); echo $n',
  'wait; echo "nothing to wait for $?"',
  'sleep 0.2 & echo started',
];

const soak = process.env['WEFT_SOAK'] !== undefined;

test('a plain script does the same in a fork of its runner as in a bash of its own', {timeout: 600_000}, async () => {
  await using rig = await ExecutorRig.make({slots: 2, environment: {PATH: process.env['PATH'] ?? '/usr/bin:/bin'}});
  let number = 0;
  let plain = 0;

  /** What a script does, without what may differ: how it ended, its log, the values of its output, and what it leaves. */
  async function look(script: string, strict: boolean, stdout: boolean, forked: boolean): Promise<unknown> {
    const name = `${forked ? 'f' : 'b'}${String(number).padStart(5, '0')}`;
    const directory = join(rig.directory, name);
    const text = [
      "export LC_ALL='C.UTF-8' HOME='/root' OMP_NUM_THREADS='1'",
      `cd '${directory}' || exit 125`,
      'unset OLDPWD',
      `export TMPDIR='${directory}'`,
      "i='3'",
      ...(strict ? ['set -euo pipefail'] : []),
      '. ./.weft.script',
      '',
    ].join('\n');
    await mkdir(directory);
    await writeFile(join(directory, '.weft.script'), `${script}\n`);
    const options = {...(forked ? {text} : {}), ...(stdout ? {stdout: '.weft.stdout'} : {})};
    const exit = await rig.run(name, text, options);
    const files: Record<string, string> = {};
    for (const file of (await readdir(directory)).sort()) {
      if (/^(\.weft\.(started|exit)|task\.sh|sub)$/.test(file)) continue;
      files[file] = (await readFile(join(directory, file), 'utf8'))
        .replaceAll(directory, 'DIRECTORY')
        .replaceAll(name, 'NAME')
        .replaceAll(/line \d+: +\d+ (Killed|Terminated)/g, 'line N: PID $1');
    }
    // A copy, and the other side of a pipe, come a moment earlier or later.
    if (stdout || script.includes('|')) files['.weft.log'] = (files['.weft.log'] ?? '').split('\n').sort().join('\n');
    await rm(directory, {recursive: true});
    const {is, ...rest} = exit as {is: string; code?: number; signal?: string};
    return {is, code: rest.code, signal: rest.signal, files};
  }

  const same = async (script: string, strict: boolean, stdout: boolean): Promise<void> => {
    if (!isPlainScript(script)) return;
    plain++;
    number++;
    const [forked, own] = await Promise.all([look(script, strict, stdout, true), look(script, strict, stdout, false)]);
    expect(forked, script).toEqual(own);
  };
  const lines = LINES.filter(isPlainScript);
  for (const line of lines) await same(line, true, plain % 2 === 0);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...lines), {minLength: 2, maxLength: 8}),
      fc.boolean(),
      fc.boolean(),
      (lines, strict, stdout) => same(lines.join('\n'), strict, stdout),
    ),
    {seed: 20261123, numRuns: soak ? 2000 : 60},
  );
  expect(plain).toBeGreaterThan(100);
});
