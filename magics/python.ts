import {pythonLanguage} from './python-language.js';
import {scriptMagic} from './script-magic.js';

/** `%%python`: a script of Python that runs in the background and is cached (LANGUAGE 4 and 9). */
export const pythonMagic = scriptMagic(pythonLanguage);
