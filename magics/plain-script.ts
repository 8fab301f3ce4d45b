/** What a script may not have in it, whether as words of bash or of something else. */
const WORDS = [
  // What of the process, of the shell's own state or of the files that it runs would be seen.
  String.raw`BASH\w*|FUNCNAME|PPID|E?UID|SHELLOPTS|weft_\w*`,
  String.raw`kill|trap|jobs|fg|bg|disown|suspend|exec|coproc|times|logout|caller|history`,
  String.raw`set|shopt|enable|alias|unalias|declare|typeset|readonly|compgen|complete|compopt`,
  // What runs text that is not here.
  String.raw`eval|source|mapfile|readarray|let`,
  // Programs that look at processes.
  String.raw`ps|pgrep|pkill|killall|pstree|top|lsof|fuser|gdb|strace|ltrace`,
].join('|');

const ASKS = new RegExp(
  [
    // $$, $0, $-, $! and $_, which a bash that has run something else has already, and quotes in which anything may stand.
    String.raw`\$[$0!-]|\$_(?!\w)|\$\{_[}:=?+#%/^,-]|\$'`,
    // Expansions but the common ones; those may look at the process, or be wrong.
    String.raw`\$\{(?!#?[A-Za-z_]\w*\}|[A-Za-z_]\w*(?::?[-=?+]|[#%/^,]))`,
    // Arithmetic, subscripts: an error in these ends a subshell, and in a script only its line.
    String.raw`\(\(|\$\[|[A-Za-z_]\w*\[`,
    // The command `.`, or the directory: a script is not parsed here.
    String.raw`(?:^|[\s;&|(){}!])\.\s`,
    String.raw`(?:^|[^\w.-])(?:${WORDS})(?![\w.])`,
  ].join('|'),
  'm',
);

/**
 * Whether a bash script asks nothing of the process that runs it: then a fork of a bash that was there before does all that a new one would.
 * By what stands in the text, and so that in doubt it is not one.
 */
export function isPlainScript(text: string): boolean {
  const joined = text.replaceAll('\\\n', '');
  return !ASKS.test(joined) && !ASKS.test(joined.replace(/["'\\]/g, ''));
}

/** Names that mean something to bash itself, or whose values it may complain about. */
const OWN = /^(?:BASH|SHELLOPTS$|PS4$|POSIXLY_CORRECT$|E?UID$|PPID$|LC_|weft_)/;

/** Locales that are everywhere. */
const LOCALES: ReadonlySet<string | undefined> = new Set([undefined, 'C', 'POSIX', 'C.UTF-8']);

/** Whether assignments of an environment do the same in such a fork. */
export const isPlainEnvironment = (environment: Readonly<Record<string, string>>): boolean =>
  LOCALES.has(environment['LC_ALL']) && Object.keys(environment).every(name => name === 'LC_ALL' || !OWN.test(name));
