import {canonicalJson} from '../kernel/fingerprint/fingerprint.js';
import type {JsonObject} from '../kernel/fingerprint/json.js';
import {apart, pythonLiteral} from './python-apart.js';
import {PYTHON_PLAIN} from './python-plain.js';

const SETUP = `def _weft(shell, here):
    import json, os, pathlib, shutil, signal, sys, threading, types
    from ipykernel.connect import get_connection_file
    scratch = os.path.dirname(get_connection_file())
    scope = {}
    exec(here, scope)
    plain, NoValue = scope['plain'], scope['NoValue']
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)

    def watch():
        try:
            while os.read(pipe, 1):
                os.killpg(0, signal.SIGINT)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            os._exit(1)

    # In a container it may be in the group of what started it.
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=watch, daemon=True, name='weft').start()
    weft = types.ModuleType('weft', 'What Weft gives to %%py.')

    class Text:
        def __init__(self, text):
            self.text = text

        def __repr__(self):
            return self.text

    def begin(text):
        given = json.loads(text)
        lines = shell.user_ns.get('In')
        if isinstance(lines, list):
            while len(lines) < given['count']:
                lines.append('')
        shell.execution_count = given['count']
        weft.out = pathlib.Path(given['out'])
        weft.root = None if given['root'] is None else pathlib.Path(given['root'])
        shell.user_ns['weft'] = weft
        shell.user_ns.update(given['values'])
        shell.user_ns.update((name, pathlib.Path(path)) for name, path in given['paths'].items())

    def take(name):
        if name not in shell.user_ns:
            raise NoValue('there is no name %s' % name)
        return Text(json.dumps(plain(shell.user_ns[name], name)))

    weft._begin, weft._take = begin, take
    sys.modules['weft'] = weft
`;

/**
 * Python that an IPython beside the kernel runs first: it makes the module `weft`, and ends the process when the kernel has gone, by the
 * pipe that its standard input is, and the directory of its sockets with it. What comes through that pipe is an interrupt.
 */
export const PY_BOOTSTRAP = `${apart(SETUP, "'<weft>'", 'get_ipython()', pythonLiteral(PYTHON_PLAIN))}del _weft\n`;

/** What one cell is given; hidden from the person's names. */
export const beginCode = (given: JsonObject): string =>
  `__import__('sys').modules['weft']._begin(${pythonLiteral(canonicalJson(given))})`;

/** An expression that gives the JSON of a name as text. */
export const takeCode = (name: string): string => `__import__('sys').modules['weft']._take(${pythonLiteral(name)})`;
