import {apart} from './python-apart.js';
import {PYTHON_PLAIN} from './python-plain.js';

const indent = (text: string): string => text.trim().replace(/^(?=.)/gm, '    ');

const RUN = `def _weft(scope):
    del scope['_weft']
    import ast, json, linecache, os, pathlib, sys, traceback, types
    here = os.path.dirname(os.path.abspath(scope['__file__']))

    def read(name):
        with open(os.path.join(here, name), encoding='utf-8', newline='') as file:
            return file.read()

    def write(name, text):
        with open(os.path.join(here, name), 'w', encoding='utf-8') as file:
            file.write(text)

    given = json.loads(read('.weft.given.json'))
    name = '<cell>'
    source = '\\n' * given['line'] + read('.weft.script')
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    weft = types.ModuleType('weft', 'What Weft gives to a script.')
    weft.out = pathlib.Path(here)
    if given['root'] is not None:
        weft.root = pathlib.Path(given['root'])
    else:
        def absent(each):
            more = ': add --reads ROOT to the line of the cell' if each == 'root' else ''
            raise AttributeError("weft has no '%s'%s" % (each, more))
        weft.__getattr__ = absent
    sys.modules['weft'] = weft
    scope['weft'] = weft
    scope.update(given['values'])
    scope.update((each, pathlib.Path(path)) for each, path in given['paths'].items())
    if scope['__name__'] != '__main__':
        # A worker of multiprocessing: the script keeps what must not run again below __name__ == '__main__'; the value is none of it.
        tree = ast.parse(source, name)
        if given['value']:
            tree.body.pop()
        exec(compile(tree, name, 'exec', dont_inherit=True), scope)
        return
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(line_buffering=True, errors='backslashreplace')
    os.environ.setdefault('MPLBACKEND', 'Agg')

${indent(PYTHON_PLAIN)}

    def trim(trace, seen):
        if trace is None or id(trace) in seen:
            return
        seen.add(id(trace))
        last = [frame for frame in trace.stack[-1:] if frame.filename not in (name, scope['__file__'])]
        trace.stack[:] = [frame for frame in trace.stack if frame.filename == name] + last
        trim(trace.__cause__, seen)
        trim(trace.__context__, seen)
        for each in getattr(trace, 'exceptions', None) or ():
            trim(each, seen)

    def report(error):
        sys.stdout.flush()
        trace = traceback.TracebackException(type(error), error, error.__traceback__)
        trim(trace, set())
        sys.stderr.write(''.join(trace.format()))
        sys.stderr.flush()
        # Not a status of Python's own: threads that are left are waited for, as after any script.
        sys.exit(1)

    def save_figures():
        pyplot = sys.modules.get('matplotlib.pyplot')
        numbers = pyplot.get_fignums() if pyplot is not None else []
        if not given['files']:
            if numbers:
                print("weft: figures are not kept, as a value has no files: add --out figure-*.png", file=sys.stderr)
            return
        for number in numbers:
            pyplot.figure(number).savefig(os.path.join(here, 'figure-%d.png' % number), format='png')
        write('.weft.figures', json.dumps(['figure-%d.png' % number for number in numbers]))

    try:
        tree = ast.parse(source, name)
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if given['value']:
            if last is None:
                return write('.weft.no-value', 'the last line of the script must be an expression: what it gives is the value')
            tree.body.pop()
        code = compile(tree, name, 'exec', dont_inherit=True)
        end = None
        if given['value']:
            import __future__
            flags = sum(getattr(__future__, each).compiler_flag for each in __future__.all_feature_names)
            end = compile(ast.Expression(last.value), name, 'eval', code.co_flags & flags, True)
    except SyntaxError as error:
        report(error.with_traceback(None))
    stopped = False
    try:
        exec(code, scope)
        value = eval(end, scope) if end is not None else None
    except SystemExit as error:
        if error.code not in (None, 0):
            raise
        stopped = True
    except BaseException as error:
        report(error)
    try:
        save_figures()
    except Exception as error:
        report(error)
    if given['value']:
        try:
            if stopped:
                raise NoValue('the script ended by itself before its last line')
            write('.weft.value', json.dumps(plain(value, 'the value')))
        except NoValue as error:
            write('.weft.no-value', str(error))
`;

/**
 * What runs a script of Python: it is the module `__main__` itself, so that classes can be pickled and workers of multiprocessing
 * find them. It reads `.weft.given.json` and `.weft.script` beside it, and writes `.weft.value` or `.weft.no-value`, and
 * `.weft.figures`. For Python 3.6 and later.
 */
export const PYTHON_DRIVER = apart(RUN, '__file__', 'globals()');
