import type {ClassDeclaration, FunctionDeclaration, VariableDeclaration} from 'acorn';

/** A place where code names something that no inner scope declares: a name of the notebook, or a global. */
export interface Mention {
  readonly use: 'read' | 'write' | 'declare';
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `{name}`: what replaces it must repeat the key. */
  readonly shorthand: boolean;
  /** `name(…)` or a tag: what replaces it must not become a method call. */
  readonly callee: boolean;
}

/** A declaration whose names belong to the notebook. `head`: the left side of `for … of` or `for … in`. */
export interface Declaration {
  readonly node: VariableDeclaration | FunctionDeclaration | ClassDeclaration;
  readonly head: boolean;
}

/** What findMentions gives. */
export interface Mentions {
  /** In order of the text, each place once. */
  readonly all: readonly Mention[];
  /** Places of `import.meta`. */
  readonly metas: readonly {readonly start: number; readonly end: number}[];
  /** What is given to `import(…)`. */
  readonly imports: readonly {readonly start: number; readonly end: number}[];
  /** Declarations outside all functions whose names belong to the notebook: top-level ones, and `var` in blocks and loops. */
  readonly declarations: readonly Declaration[];
  /** True where there is an `await` outside all functions. */
  readonly awaits: boolean;
}
