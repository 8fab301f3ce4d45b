/** One process, told apart from any other that had or will have its number. */
export interface ProcessStamp {
  readonly pid: number;
  /** Clock ticks since boot (field 22 of /proc/PID/stat). */
  readonly startTime: string;
  readonly host: string;
  /** /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  /** The link /proc/self/ns/pid, if it is known: a container may share its host's name and not its process numbers. */
  readonly space?: string;
}

/** Who holds a job, as recorded in a claim, so that another kernel can tell whether it still lives: its runner. */
export interface Holder extends ProcessStamp {
  /** The attempt's directory. */
  readonly directory: string;
}
