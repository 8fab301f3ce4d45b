import {bashLanguage} from './bash-language.js';
import {scriptMagic} from './script-magic.js';

/** `%%bash`: a script that runs in the background and is cached (LANGUAGE 4 and 9). */
export const bashMagic = scriptMagic(bashLanguage);
