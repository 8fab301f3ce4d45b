/**
 * All codes of diagnostics, each with one line of meaning. A code is never used for something else later: people search for it.
 * Each has a section in docs/errors.md. Free numbers are left in every group; a new code takes the next one of its group.
 */
export const CODES = {
  // W1xxx: cells, lines and words.
  W1001: 'A `%%` line stands behind other text.',
  W1002: 'A `%` or `%%` has no name behind it.',
  W1003: 'There is no magic of this name.',
  W1004: 'A line magic is written with `%%`, or a cell magic with `%`.',
  W1005: 'This `%%` line cannot have another one below it.',
  W1006: 'The magic has no body, but text stands below it.',
  W1007: 'The body of a script is empty.',
  W1008: 'A `%%` line is indented.',
  W1009: 'There is no command behind the `!`.',
  W1010: 'The cell looks like Python, but bare cells are TypeScript.',
  W1011: 'A script has a line that looks like a magic.',
  W1101: 'A quote is never closed.',
  W1102: 'A `${` is never closed.',
  W1103: 'What stands in `${}` is no JavaScript expression.',
  W1104: 'Shell syntax that has no meaning here.',
  W1105: 'Blanks stand behind the `\\` at the end of a line.',

  // W2xxx: names, tasks and options.
  W2001: 'The magic has no option of this name.',
  W2002: 'An option has no value.',
  W2003: 'An option that takes no value has one.',
  W2004: 'A word stands behind the options.',
  W2005: 'A name is no identifier.',
  W2006: 'A name is reserved or taken.',
  W2007: 'There is no task of this name.',
  W2008: 'A text is no duration.',
  W2009: 'A text is no size of memory.',
  W2010: 'An option wants a whole number.',
  W2011: 'A cell binds a name that it also takes as input.',
  W2012: 'The lines of a cell give it two names.',
  W2030: 'A value cannot stand where its expression is.',
  W2031: 'An expression threw an error.',
  W2032: 'A value is neither JSON nor a future.',
  W2033: 'The environment has no variable of this name.',
  W2034: 'A name is not defined.',
  W2035: 'A `%env` line cannot be read.',
  W2036: 'There is no such setting, or it has no such value.',
  W2037: 'A line magic needs a name.',

  // W3xxx: the lists of `%%foreach`.
  W3001: 'The loop has no variable.',
  W3002: 'The `in` of a loop is missing.',
  W3003: 'The list of a loop is missing.',
  W3004: 'A loop variable is no identifier.',
  W3005: 'A loop variable is there twice.',
  W3006: 'Two loop variables are not separated by a comma and a blank.',
  W3007: 'A bare `$NAME` stands in a list.',
  W3008: 'A list has commas with and without a blank behind them.',
  W3009: 'A list for `patch` has plain integers.',
  W3010: 'An element of a list cannot be read.',
  W3011: 'A list is never closed.',
  W3012: 'A quoted string in a list cannot be read.',
  W3013: 'A range cannot be expanded.',
  W3014: 'Two elements of a list have the same key.',
  W3015: 'A word that looks like an expression is taken as text.',
  W3016: 'A list is too long or nested too deeply.',
  W3017: 'Something stands behind the list.',
  W3018: 'What a loop goes over is no list.',

  // W4xxx: references and joins.
  W4001: 'A reference has no readable name.',
  W4002: 'An index cannot be read.',
  W4003: '`[*]` is not the last index.',
  W4004: 'Something stands behind the indexes.',

  W4010: 'What has an index is no set.',
  W4011: 'A whole set stands inside a loop over one of its variables.',
  W4012: 'A reference has more indexes than its set has variables.',
  W4013: 'A set has no such element.',
  W4020: 'A join has no name for what it makes.',
  W4021: 'A join has a member that is no rerun and no directory of files.',
  W4022: 'A join has no members, or a mode that there is not.',

  // W5xxx: command-line tasks of LSST, their data ids and reruns; the set-up of the stack.
  W5001: '`%%lsst` names no task, or more than one.',
  W5002: 'A data id or a configuration cannot be read.',
  W5003: 'The task does nothing without `--id`.',
  W5004: 'A pasted command line is one of another program.',
  W5005: 'An option of Weft stands in the body.',
  W5006: 'No repository is named.',
  W5007: 'The stack is not set up, or has no such program.',
  W5008: 'A pasted command line names another root repository.',
  W5009: 'The body is a pasted command line.',
  W5010: 'A parent of a rerun is no repository.',
  W5011: "A person's rerun is the input of a cached task.",
  W5012: 'A task cannot be split.',
  W5013: "A name is none of a person's rerun.",
  W5014: 'Files are git-lfs pointers.',
  W5020: 'The set-up failed.',

  // W6xxx: scripts.
  W6001: 'A variable of a script has a name that its language keeps.',
  W6002: 'Two inputs of a script have one name.',
  W6003: 'A script names a variable that it is not given.',

  // W7xxx: files, roots and stores.
  W7001: 'A file is not there.',
  W7002: 'Declared code cannot be read.',
  W7003: 'A repository is one directory.',
  W7004: 'A directory is not there.',
  W7005: 'A directory is no repository.',
  W7010: '`%show` has nothing to show.',
  W7011: 'A whole set cannot be shown.',
  W7012: 'Waiting for what is to be shown was interrupted.',
  W7013: 'What is to be shown could not be made.',
  W7014: 'A value has no files to show.',
  W7015: 'There is no file and no dataset of this name.',
  W7016: 'No dataset has these keys.',
  W7017: 'Several datasets have these keys.',
  W7018: 'Pictures cannot be made into one in colours.',
  W7019: 'A file has no picture and no table.',

  // W8xxx: containers and executors.
  W8001: 'The executor is not there.',
  W8002: 'The container cannot be used.',
  W8003: 'Tasks cannot be bundled.',

  // W9xxx: the user's process, functions and futures.
  W9001: 'A future is not known any more.',
  W9002: 'A function was called with something else than it takes.',
  W9003: 'The placeholder of a future was changed.',
  W9004: 'A function makes no task.',
  W9005: 'The path of a result cannot stand in the text of a script.',
  W9099: 'Weft itself made a mistake.',
} as const satisfies Readonly<Record<`W${number}`, string>>;

/** A code that is in the table. */
export type Code = keyof typeof CODES;
