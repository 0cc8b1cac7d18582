import type { AlertNotice } from "@llm-platform/kit";

interface Told {
  readonly atMs: number;
  readonly notices: readonly AlertNotice[];
}

/** What fires over all replicas: an alert that several of them find is one. Time is an argument. */
export class ReplicaAlerts {
  readonly #silenceMs: number;
  readonly #told = new Map<string, Told>();
  #firing = new Map<string, AlertNotice>();

  /** @param silenceMs a replica that has told nothing for this long is gone, and its alerts with it */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** As of the last `step`. */
  get firing(): readonly AlertNotice[] {
    return [...this.#firing.values()];
  }

  /** Takes in all that one replica finds to fire. */
  tell(replica: string, notices: readonly AlertNotice[], nowMs: number): void {
    this.#told.set(replica, { atMs: nowMs, notices });
  }

  /** Returns what began to fire since the last time, and what is over. */
  step(nowMs: number): readonly AlertNotice[] {
    const firing = new Map<string, AlertNotice>();
    for (const [replica, { atMs, notices }] of this.#told) {
      if (nowMs - atMs > this.#silenceMs) this.#told.delete(replica);
      else for (const notice of notices) keepFirst(firing, notice);
    }
    const begun = [...firing].filter(([key]) => !this.#firing.has(key)).map(([, notice]) => notice);
    const over = [...this.#firing].filter(([key]) => !firing.has(key)).map(([, notice]) => notice);
    this.#firing = firing;
    return [
      ...begun,
      ...over.map((notice) => ({ ...notice, status: "resolved" as const, endedAtMs: nowMs })),
    ];
  }
}

/** Of replicas that find the same, who found it first tells since when. */
function keepFirst(firing: Map<string, AlertNotice>, notice: AlertNotice): void {
  const key = JSON.stringify([notice.name, notice.severity, notice.labels]);
  const known = firing.get(key);
  if (known === undefined || notice.startedAtMs < known.startedAtMs) firing.set(key, notice);
}
