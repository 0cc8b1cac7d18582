import { setImmediate as nextTurn } from "node:timers/promises";
import { type BadRecord, ChainCheck, type ChainFault } from "../core/audit-chain.ts";
import { type AuditHead, chainStart, onlyChain } from "../core/audit-record.ts";
import type { AuditReader, AuditSinkName } from "./audit-sink.ts";
import { digest } from "./digest.ts";

export interface AuditVerification {
  /** Default: the only one. */
  readonly chain?: string | undefined;
  readonly sinks: readonly AuditReader[];
  /** Places that the chain is known to have reached, from elsewhere than the sinks. */
  readonly anchors?: readonly AuditHead[] | undefined;
  /** What was added after this sequence number is not looked at. Default: everything is. */
  readonly until?: number;
}

/** What a look through the whole audit log came to. */
export interface AuditVerdict {
  readonly chain: string;
  /** Sound ones up to the first that is not, of the sink that has the most. */
  readonly records: number;
  readonly head: AuditHead;
  readonly firstBad: FirstBad | undefined;
  readonly sinks: readonly { readonly name: AuditSinkName; readonly records: number }[];
}

export interface FirstBad {
  readonly sequence: number;
  /** `both` where they differ and nothing tells which of them was changed. */
  readonly sink: AuditSinkName | "both";
  readonly reason: ChainFault;
}

/** Other work gets its turn after this many, some milliseconds. */
const recordsPerTurn = 200;

/**
 * Looks through every sink from its first record on, compares them with each other, with how far each of them was
 * according to the other, and with places noted elsewhere. A sink that is behind is no fault: it could not be written.
 */
export async function verifyAudit({
  chain = onlyChain,
  sinks,
  anchors = [],
  until = Number.POSITIVE_INFINITY,
}: AuditVerification): Promise<AuditVerdict> {
  // Notes first: a server that goes on writing only gets further than they say.
  const notes = new Map<string, AuditHead>();
  for (const sink of sinks) {
    const other = sinks.find(({ name }) => name !== sink.name);
    const note = await other?.readNote();
    // What was added since `until` was taken is noted already, and not looked at.
    if (note !== undefined && note.sequence <= until) notes.set(sink.name, note);
  }
  const walks = sinks.map((sink) => new Walk(sink, chain, [notes.get(sink.name) ?? chainStart, ...anchors]));
  const bad = await walkTogether(walks, until);
  const longest = walks.toSorted((a, b) => b.head.sequence - a.head.sequence)[0];
  const missed = () => [
    ...walks.flatMap((walk) => walk.checkPlace(notes.get(walk.name) ?? chainStart)),
    // Another sink may be behind; the longest must have what was noted elsewhere.
    ...anchors.flatMap((anchor) => longest?.checkPlace(anchor) ?? missingAt(anchor)),
  ];
  const bads = bad.length > 0 ? bad : missed();
  return {
    chain,
    records: longest?.head.sequence ?? 0,
    head: longest?.head ?? chainStart,
    firstBad: bads.toSorted((a, b) => a.sequence - b.sequence)[0],
    sinks: walks.map(({ name, head }) => ({ name, records: head.sequence })),
  };
}

/** Of a chain that is nowhere any more. */
function missingAt({ sequence }: AuditHead): readonly FirstBad[] {
  return sequence === 0 ? [] : [{ sequence: 1, sink: "both", reason: "truncated" }];
}

/** Takes a step in every sink at a time, so that they can be compared place by place. */
async function walkTogether(walks: readonly Walk[], until: number): Promise<readonly FirstBad[]> {
  try {
    for (let sequence = 1; sequence <= until; sequence++) {
      if (sequence % recordsPerTurn === 0) await nextTurn();
      const going: Walk[] = [];
      for (const walk of walks) if (await walk.step()) going.push(walk);
      const bads = walks.flatMap(({ firstBad }) => firstBad);
      if (bads.length > 0 || going.length === 0) return bads;
      if (new Set(going.map(({ head }) => head.hash)).size > 1)
        return [{ sequence, sink: "both", reason: "differs" }];
    }
    return [];
  } finally {
    for (const walk of walks) await walk.stop();
  }
}

/** One sink on the way from its first record to its last. */
class Walk {
  readonly name: AuditSinkName;
  readonly #lines: AsyncIterator<string>;
  readonly #check: ChainCheck;

  constructor(sink: AuditReader, chain: string, places: readonly AuditHead[]) {
    this.name = sink.name;
    this.#lines = sink.lines(0)[Symbol.asyncIterator]();
    this.#check = new ChainCheck(chain, places, digest);
  }

  /** The last sound record so far. */
  get head(): AuditHead {
    return this.#check.head;
  }

  get firstBad(): readonly FirstBad[] {
    return this.#blame(this.#check.firstBad);
  }

  /** Whether there was one more. */
  async step(): Promise<boolean> {
    const next = await this.#lines.next();
    if (next.done === true) return false;
    this.#check.take(next.value);
    return true;
  }

  /** What is wrong when this sink must have reached a place. */
  checkPlace(place: AuditHead): readonly FirstBad[] {
    return this.#blame(this.#check.checkPlace(place));
  }

  async stop(): Promise<void> {
    await this.#lines.return?.(undefined);
  }

  #blame(bad: BadRecord | undefined): readonly FirstBad[] {
    return bad === undefined ? [] : [{ ...bad, sink: this.name }];
  }
}
