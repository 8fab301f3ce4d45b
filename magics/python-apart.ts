/** A text as a literal of Python: what JSON escapes, Python reads so too. */
export const pythonLiteral = (text: string): string => JSON.stringify(text);

/**
 * Code of ours that lives in a module of a person's, with names of its own: a builtin that the person hides (`list`, `str`) is hidden
 * from the person's code only. It defines `_weft`, which is called with these arguments, expressions of the module.
 */
export const apart = (code: string, name: string, ...given: readonly string[]): string =>
  `_weft = {}\nexec(compile(${pythonLiteral(code)}, ${name}, 'exec'), _weft)\n_weft.pop('_weft')(${given.join(', ')})\n`;
