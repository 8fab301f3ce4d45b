import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import type {TaskState, TaskView} from '../graph/task.js';
import type {SeriesMember} from './series.js';

/** What a display needs to know of a member that has no node. Each is asked for little of it. */
export class MemberView implements TaskView {
  readonly #member: SeriesMember;
  readonly name: string;
  readonly state: TaskState;

  constructor(member: SeriesMember) {
    this.#member = member;
    this.name = member.series.parts.name;
    this.state = member.fingerprint === undefined ? WAITING : new Done(member, member.fingerprint);
  }

  get key(): string {
    return this.#member.series.parts.repeat.key(this.#member.row);
  }

  get fingerprint(): Fingerprint {
    return this.#member.fingerprint ?? this.#member.series.parts.repeat.fingerprint(this.#member.row);
  }
}

const WAITING: TaskState = {is: 'waiting', on: []};

class Done {
  readonly is = 'done';
  readonly how = 'cached';
  readonly #member: SeriesMember;
  readonly #fingerprint: Fingerprint;

  constructor(member: SeriesMember, fingerprint: Fingerprint) {
    this.#member = member;
    this.#fingerprint = fingerprint;
  }

  get at(): number {
    return this.#member.series.lookedAt;
  }

  get manifest(): Manifest {
    return this.#member.series.ports.manifest(this.#fingerprint);
  }
}
