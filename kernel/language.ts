import {startLanguage} from './typescript/language/thread-end.js';

// A thread of the kernel, with TypeScript's language service. It is started when it is first needed.
startLanguage();
