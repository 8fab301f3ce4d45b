import type {Message} from './message.js';
import type {Outgoing} from './outgoing.js';

/** How often, and how far apart in milliseconds, a question is tried again whose client has not connected its stdin yet. */
const TRIES = 40;
const RETRY_MS = 25;

interface Question {
  readonly request: Message;
  readonly prompt: string;
  readonly password: boolean;
  readonly resolve: (text: string | undefined) => void;
  timer?: NodeJS.Timeout;
}

/** What cells ask the people who run them, one question at a time: the replies do not say which question they answer. */
export class Questions {
  readonly #out: Outgoing;
  /** The first one has been sent; the others wait for it. */
  #open: Question[] = [];

  constructor(out: Outgoing) {
    this.#out = out;
  }

  /** Asks the client that sent `request`. Undefined if it cannot be reached, or the request ends first. */
  async ask(request: Message, prompt: string, password: boolean): Promise<string | undefined> {
    return new Promise(resolve => {
      this.#open.push({request, prompt, password, resolve});
      if (this.#open.length === 1) this.#send(TRIES);
    });
  }

  /** Takes an `input_reply`. One from another client than was asked, or that nobody waits for, is dropped. */
  answer(reply: Message): void {
    const question = this.#open[0];
    if (question === undefined || !sameIdentities(reply, question.request)) return;
    const value = reply.content['value'];
    this.#settle(question, typeof value === 'string' ? value : '');
  }

  /** The request is over: what it still asks has no answer. */
  end(request: Message): void {
    for (const question of this.#open.filter(each => each.request === request)) this.#settle(question, undefined);
  }

  #settle(question: Question, text: string | undefined): void {
    const wasSent = this.#open[0] === question;
    this.#open = this.#open.filter(each => each !== question);
    clearTimeout(question.timer);
    question.resolve(text);
    if (wasSent) this.#send(TRIES);
  }

  #send(tries: number): void {
    const question = this.#open[0];
    if (question === undefined) return;
    this.#out.ask(question.request, question.prompt, question.password, () => {
      if (this.#open[0] !== question) return;
      if (tries <= 1) this.#settle(question, undefined);
      else question.timer = setTimeout(() => this.#send(tries - 1), RETRY_MS);
    });
  }
}

const sameIdentities = (one: Message, other: Message): boolean =>
  one.identities.length === other.identities.length &&
  one.identities.every((identity, i) => other.identities[i]?.equals(identity) === true);
