import { type Log, PlatformError } from "@llm-platform/kit";
import { checkLink } from "../core/audit-chain.ts";
import { parseAuditLine } from "../core/audit-line.ts";
import {
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  type ChainHead,
  chainStart,
  linkEntry,
  onlyChain,
  platformEntry,
} from "../core/audit-record.ts";
import type { AuditReader, AuditSink, AuditSinkName } from "./audit-sink.ts";
import { type AuditVerdict, verifyAudit } from "./audit-verify.ts";
import { digest } from "./digest.ts";
import { SinkKeeper } from "./sink-keeper.ts";

/** The one owner of the chain. There is one in the process that has the data folder. */
export interface AuditLog {
  /** The last record; undefined while no sink could tell it. */
  readonly head: AuditHead | undefined;
  /** Whether records are taken: false from the first that no sink took until one is taken again. */
  readonly isAccepting: boolean;
  /** Calls `listener` with each change of that. */
  onAccepting(listener: (isAccepting: boolean) => void): void;
  /**
   * Resolves when at least one sink has the record so that a loss of power does not take it.
   * Rejects with PlatformError `audit_unavailable` when none confirms it. Should one have it all the same, it stays.
   */
  append(entry: AuditEntry): Promise<void>;
  /** The same for what has happened already: what no sink takes now is kept in memory until one does. Never rejects. */
  appendOrKeep(entry: AuditEntry): Promise<void>;
  /**
   * Looks through everything up to the last record: the chain that is written here first, then those of other servers as
   * far as they are in the database. Rejects with PlatformError `unavailable`.
   * @param anchors places that chains are known to have reached
   */
  verify(anchors?: readonly ChainHead[]): Promise<readonly [AuditVerdict, ...AuditVerdict[]]>;
  close(): Promise<void>;
}

export interface AuditLogParts {
  /** Of the chain that is written here. Default: the only one. */
  readonly chain?: string;
  /** Those of other servers. Default: there are none. */
  others?(): Promise<readonly OtherChain[]>;
  /** The first is believed where two say different things. */
  readonly sinks: readonly AuditSink[];
  readonly log: Log;
  /** Wall time. */
  readonly nowMs: () => number;
  /** Told of each time that a sink did not take what it was given. */
  onFailure(sink: AuditSinkName): void;
  /** How long a sink may take for one thing. Default 5,000. */
  readonly limitMs?: number;
  /** How often a sink that failed is tried again by itself. Default 5,000. */
  readonly retryMs?: number;
}

const defaultLimitMs = 5_000;
const defaultRetryMs = 5_000;
/** Entries that are kept in memory; each may be some kilobytes. */
const mostKept = 10_000;
const recordsPerCopy = 100;

/** Resolves when every sink was tried. Sinks that cannot be used are tried again later. */
export async function createAuditLog(parts: AuditLogParts): Promise<AuditLog> {
  const chain = new Chain(parts);
  await chain.inTurn(() => chain.begin());
  const timer = setInterval(() => void chain.inTurn(() => chain.catchUp()), parts.retryMs ?? defaultRetryMs);
  timer.unref();
  return {
    get head() {
      return chain.head;
    },
    get isAccepting() {
      return chain.isAccepting;
    },
    onAccepting: (listener) => chain.onAccepting(listener),
    append: (entry) => chain.append(entry),
    async appendOrKeep(entry) {
      chain.keep(entry);
      await chain.inTurn(() => chain.catchUp());
    },
    verify: (anchors = []) => verifyChains(parts, chain.head, anchors),
    async close() {
      clearInterval(timer);
      await chain.inTurn(() => chain.catchUp());
      await chain.inTurn(() => chain.close());
    },
  };
}

/** What the database has of the chain of another server. */
type OtherChain = AuditReader & { readonly chain: string };

async function verifyChains(
  { chain = onlyChain, sinks, others }: AuditLogParts,
  head: AuditHead | undefined,
  anchors: readonly ChainHead[],
): Promise<readonly [AuditVerdict, ...AuditVerdict[]]> {
  const noted = anchors.filter((anchor) => anchor.chain === chain);
  const own = await verifyAudit({
    chain,
    sinks,
    anchors: head === undefined ? noted : [head, ...noted],
    ...(head === undefined ? {} : { until: head.sequence }),
  });
  const verdicts: AuditVerdict[] = [];
  const known = (await others?.()) ?? [];
  for (const other of known) {
    // Its other sink is on another machine; how far that was stands here.
    const places = [await other.readNote(), ...anchors.filter((anchor) => anchor.chain === other.chain)];
    verdicts.push(await verifyAudit({ chain: other.chain, sinks: [other], anchors: places }));
  }
  const missing = anchors.filter(
    (anchor) => ![chain, ...known.map((each) => each.chain)].includes(anchor.chain),
  );
  for (const anchor of missing)
    verdicts.push(await verifyAudit({ chain: anchor.chain, sinks: [], anchors: [anchor] }));
  return [own, ...verdicts];
}

/** Where the chain ends, and who has it up to there. Everything in it happens one after another. */
class Chain {
  readonly #parts: AuditLogParts;
  readonly #chain: string;
  readonly #keepers: readonly SinkKeeper[];
  readonly #kept: AuditEntry[] = [];
  #head: AuditHead | undefined;
  /**
   * A record that no sink confirmed, and one may have all the same: it keeps its place, so that two sinks never have
   * different records there.
   */
  #doubtful: { readonly entry: AuditEntry; readonly record: AuditRecord } | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isAccepting = true;
  readonly #listeners: ((isAccepting: boolean) => void)[] = [];

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
    this.#chain = parts.chain ?? onlyChain;
    const { limitMs = defaultLimitMs, retryMs = defaultRetryMs, nowMs } = parts;
    this.#keepers = parts.sinks.map(
      (sink) =>
        new SinkKeeper(sink, {
          limitMs,
          retryMs,
          nowMs,
          onFailure: (error, isFirst) => {
            parts.onFailure(sink.name);
            if (isFirst) parts.log.error("audit.sink_failed", { sink: sink.name, error });
          },
        }),
    );
  }

  get head(): AuditHead | undefined {
    return this.#head;
  }

  get isAccepting(): boolean {
    return this.#isAccepting;
  }

  onAccepting(listener: (isAccepting: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Does something when everything before it is done. Rejects never: what is done tells its failures itself. */
  inTurn(action: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(action).catch((error: unknown) => {
      this.#parts.log.error("audit.turn_failed", { error });
    });
    return this.#turn;
  }

  append(entry: AuditEntry): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    void this.inTurn(async () => {
      try {
        await this.#writeKept();
        await this.#write(entry);
        resolve();
      } catch (error) {
        this.#tellRefusal();
        reject(error);
      }
      await this.#writeNotes();
    });
    return promise;
  }

  keep(entry: AuditEntry): void {
    if (this.#kept.length < mostKept) this.#kept.push(entry);
    else
      this.#parts.log.error("audit.record_lost", { operation: entry.operation, request_id: entry.requestId });
  }

  async begin(): Promise<void> {
    await this.mend();
    if (this.#head === undefined) this.#tellRefusal();
  }

  /** Brings sinks that failed up to the end, and writes what was kept. */
  async catchUp(): Promise<void> {
    const isLevel = this.#keepers.every((keeper) => keeper.isAt(this.#head));
    if (isLevel && this.#kept.length === 0) return;
    await this.mend();
    // What is not written stays kept, and the sinks that failed have been told.
    await this.#writeKept().catch(() => this.#tellRefusal());
    await this.#writeNotes();
  }

  async close(): Promise<void> {
    if (this.#kept.length > 0) this.#parts.log.error("audit.records_lost", { records: this.#kept.length });
    for (const keeper of this.#keepers) await keeper.close();
  }

  /** Opens the sinks that must be, agrees on the end of the chain, and copies to a sink what it lacks. */
  async mend(): Promise<void> {
    const isAnyLevel = this.#keepers.some((keeper) => keeper.isAt(this.#head));
    for (const keeper of this.#keepers) {
      if (!keeper.isOpen && (keeper.isDue || !isAnyLevel)) await keeper.open();
    }
    if (this.#head === undefined) await this.#begin();
    for (const keeper of this.#keepers) {
      if (keeper.sequence > (this.#head?.sequence ?? 0)) await keeper.run(() => this.#adopt(keeper));
    }
    for (const keeper of this.#keepers) {
      if (keeper.isOpen && !keeper.isAt(this.#head)) await this.#copyTo(keeper);
    }
  }

  /** Takes the end of the sink that is furthest for that of the chain. */
  async #begin(): Promise<void> {
    const opened = this.#keepers.filter(({ isOpen }) => isOpen);
    const [furthest] = opened.toSorted((a, b) => b.sequence - a.sequence);
    this.#head = furthest?.head;
    for (const keeper of opened) {
      const other = opened.find((each) => each !== keeper);
      const noted = await other?.run(() => other.sink.readNote());
      if (noted !== undefined && noted.sequence > keeper.sequence) this.#tellDamage(keeper, noted);
    }
  }

  /** That a sink has less than it had is put on record, since what it lacks is copied to it now. */
  #tellDamage(keeper: SinkKeeper, noted: AuditHead): void {
    const facts = { found_records: keeper.sequence, noted_records: noted.sequence };
    this.#parts.log.error("audit.records_missing", { sink: keeper.sink.name, ...facts });
    const target = { type: "audit_sink", id: keeper.sink.name, name: null };
    this.#keepFact("audit.records_missing", { target, after: facts });
  }

  #keepFact(operation: string, facts: Pick<Partial<AuditEntry>, "target" | "after"> = {}): void {
    this.keep(platformEntry(operation, this.#parts.nowMs(), { outcome: "failed", ...facts }));
  }

  /** A sink may have taken a record that it did not confirm. Nothing else was put in its place: it counts. */
  async #adopt(keeper: SinkKeeper): Promise<void> {
    await requireSame(keeper.sink, this.#head ?? chainStart);
    this.#head = keeper.head;
  }

  /** Gives a sink what it lacks of the chain, when what it has is the same. */
  async #copyTo(keeper: SinkKeeper): Promise<void> {
    const source = this.#keepers.find((each) => each !== keeper && each.isAt(this.#head));
    while (source !== undefined && keeper.isOpen && !keeper.isAt(this.#head)) {
      const from = keeper.head ?? chainStart;
      const records = await keeper.run(() => readNext(source.sink, { ...from, chain: this.#chain }));
      if (records === undefined || !(await keeper.append(records))) return;
    }
  }

  /** Puts on record, as soon as there is one again, that there was none: until then this is what is tried. */
  #tellRefusal(): void {
    if (!this.#isAccepting) return;
    this.#setAccepting(false);
    this.#keepFact("audit.unavailable");
  }

  #setAccepting(isAccepting: boolean): void {
    if (isAccepting === this.#isAccepting) return;
    this.#isAccepting = isAccepting;
    this.#parts.log[isAccepting ? "info" : "error"](isAccepting ? "audit.available" : "audit.unavailable");
    for (const listener of this.#listeners) listener(isAccepting);
  }

  async #writeKept(): Promise<void> {
    for (let entry = this.#kept[0]; entry !== undefined; entry = this.#kept[0]) {
      await this.#write(entry);
      this.#kept.shift();
    }
  }

  async #write(entry: AuditEntry): Promise<void> {
    if (!this.#keepers.every((keeper) => keeper.isAt(this.#head))) await this.mend();
    const doubtful = this.#doubtful;
    if (doubtful !== undefined) {
      if (this.#head?.hash !== doubtful.record.hash) await this.#offer(doubtful.record);
      this.#doubtful = undefined;
      if (doubtful.entry === entry) return;
    }
    const record = linkEntry({ ...this.#requireHead(), chain: this.#chain }, entry, digest);
    this.#doubtful = { entry, record };
    await this.#offer(record);
    this.#doubtful = undefined;
  }

  async #offer(record: AuditRecord): Promise<void> {
    const head = this.#requireHead();
    const level = this.#keepers.filter((keeper) => keeper.isAt(head));
    const accepted = await Promise.all(level.map((keeper) => keeper.append([record])));
    if (!accepted.includes(true)) throw unavailable();
    this.#head = { sequence: record.sequence, hash: record.hash };
    this.#setAccepting(true);
  }

  #requireHead(): AuditHead {
    const head = this.#head;
    if (head === undefined || !this.#keepers.some((keeper) => keeper.isAt(head))) throw unavailable();
    return head;
  }

  /** Notes in each sink how far the other is. */
  async #writeNotes(): Promise<void> {
    for (const keeper of this.#keepers) {
      const other = this.#keepers.find((each) => each !== keeper);
      const head = other?.head;
      if (keeper.isOpen && head !== undefined) await keeper.run(() => keeper.sink.writeNote(head));
    }
  }
}

/** The next records behind a place, a bounded number. Rejects when the sink has another record there, or a bad one. */
async function readNext(sink: AuditSink, from: ChainHead): Promise<readonly AuditRecord[]> {
  await requireSame(sink, from);
  const records: AuditRecord[] = [];
  for await (const line of sink.lines(from.sequence)) {
    const checked = checkLink(records.at(-1) ?? from, line, digest);
    if ("bad" in checked) throw new Error(`the record ${checked.bad.sequence} to be copied is damaged`);
    records.push(checked.record);
    if (records.length === recordsPerCopy) break;
  }
  if (records.length === 0) throw new Error(`there is no record behind ${from.sequence} to be copied`);
  return records;
}

/** Rejects when a sink has another record in a place, or none. */
async function requireSame(sink: AuditSink, { sequence, hash: expected }: AuditHead): Promise<void> {
  if (sequence === 0) return;
  for await (const line of sink.lines(sequence - 1)) {
    if (parseAuditLine(line)?.hash === expected) return;
    break;
  }
  throw new Error(`the sinks of the audit log hold different records ${sequence}`);
}

function unavailable(): PlatformError {
  return new PlatformError(
    "audit_unavailable",
    "Nothing was changed, because the change cannot be put on record: neither the database nor the audit files can be written. Check the disk of the data folder.",
  );
}
