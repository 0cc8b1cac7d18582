import type { AuditHead, AuditRecord } from "../core/audit-record.ts";
import type { AuditSink } from "./audit-sink.ts";

export interface SinkKeeperParts {
  /** How long the sink may take for one thing. */
  readonly limitMs: number;
  /** How long it is left alone after a failure. */
  readonly retryMs: number;
  readonly nowMs: () => number;
  /** @param isFirst whether the sink did what it was asked for the last time */
  onFailure(error: unknown, isFirst: boolean): void;
}

/** One sink with how far it is. After a failure it counts as closed until it was opened again. */
export class SinkKeeper {
  readonly sink: AuditSink;
  readonly #parts: SinkKeeperParts;
  #head: AuditHead | undefined;
  #retryAtMs = 0;
  #isFailing = false;
  /** What the sink was last asked for; a sink that hangs is asked for nothing else. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(sink: AuditSink, parts: SinkKeeperParts) {
    this.sink = sink;
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#head !== undefined;
  }

  /** Whether it has been left alone for long enough. */
  get isDue(): boolean {
    return this.#parts.nowMs() >= this.#retryAtMs;
  }

  /** Undefined while it is not open. */
  get head(): AuditHead | undefined {
    return this.#head;
  }

  /** 0 while it is not open. */
  get sequence(): number {
    return this.#head?.sequence ?? 0;
  }

  /** Whether it is open, and ends there. */
  isAt(head: AuditHead | undefined): boolean {
    return head !== undefined && this.#head?.sequence === head.sequence && this.#head.hash === head.hash;
  }

  async open(): Promise<void> {
    this.#head = await this.run(() => this.sink.open());
  }

  /** Whether the sink has them now. */
  async append(records: readonly AuditRecord[]): Promise<boolean> {
    const last = records.at(-1);
    if (last === undefined) return true;
    const isDone = await this.run(() => this.sink.append(records).then(() => true));
    if (isDone !== true) return false;
    this.#head = { sequence: last.sequence, hash: last.hash };
    return true;
  }

  /** Asks the sink for something; undefined when it failed or took too long, and then it must be opened anew. */
  async run<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
    const { limitMs, retryMs, nowMs, onFailure } = this.#parts;
    const answer = this.#last.then(action);
    this.#last = answer.catch(() => undefined);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    try {
      const result = await Promise.race([answer, late.promise]);
      this.#isFailing = false;
      return result;
    } catch (error) {
      this.#head = undefined;
      this.#retryAtMs = nowMs() + retryMs;
      onFailure(error, !this.#isFailing);
      this.#isFailing = true;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#head = undefined;
    await this.run(() => this.sink.close());
  }
}
