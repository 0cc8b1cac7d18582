import type { Lease, LeaseAsk } from "../core/lease.ts";
import { LimitLease } from "../core/limit-lease.ts";
import { longest } from "../core/limit-state.ts";
import { LimitTable, tighter } from "../core/limit-table.ts";
import type {
  Limit,
  LimitCounter,
  LimitDecision,
  LimitDemand,
  LimitHold,
  LimitRefusal,
  LimitVerdict,
} from "../core/limits.ts";
import { shareOf } from "../core/limit-share.ts";
import type { Quota } from "../core/sliding-window.ts";
import type { ExchangeReply } from "./limit-exchange.ts";

export interface LimitsOverReplicasParts {
  /** Whether the shared counts can be asked. */
  isUp(): boolean;
  /** Asks them. Rejects after the deadline, or when they cannot be asked. */
  exchange(asks: readonly LeaseAsk[], options: ExchangeOptions): Promise<ExchangeReply>;
  /** How long a call waits for an exchange. */
  readonly deadlineMs: number;
  /** Monotonic. */
  nowMs(): number;
  /** Told how each decision was taken: from what lay here, after asking, or without the others. */
  onDecision(by: "lease" | "exchange" | "local"): void;
  onReplicas(replicas: number): void;
}

export interface ExchangeOptions {
  readonly deadlineMs: number;
  /** Told of a reply that came after the deadline. */
  onLate(reply: ExchangeReply): void;
}

interface Waiting {
  readonly demand: LimitDemand;
  readonly leases: readonly LimitLease[];
  readonly sinceMs: number;
  resolve(decision: LimitDecision): void;
}

interface Asked {
  readonly lease: Lease;
  readonly ask: LeaseAsk;
}

/** Asks of one exchange. */
const mostAsks = 256;
/** What nobody waits for has more time. */
const idleDeadlineMs = 500;
const beatMs = 1_000;
const sweepMs = 10_000;
/** Without an answer for so long, other replicas may have been alone too. */
const awayMs = 1_500;
/** Within this time every replica that lives is connected again, and has told what it used. */
const returnMs = 3_000;

/**
 * Limits that hold for all replicas together. A call is let in by what lies here of its limits; what runs low is asked
 * for in the background, for all limits in one exchange, and only a call that finds too little waits for one. While the
 * shared counts are away, calls are counted here, within this replica's share.
 *
 * What is used here is always counted here too: so a share is not given out anew when the others are lost, and the
 * others are told what was used when they are back.
 */
export class LimitsOverReplicas implements LimitCounter {
  readonly #parts: LimitsOverReplicasParts;
  readonly #table = new LimitTable();
  readonly #leases = new Map<string, LimitLease>();
  /** Those of them that are not at rest. */
  readonly #stirring = new Set<LimitLease>();
  readonly #due = new Set<LimitLease>();
  #waiting: Waiting[] = [];
  #isAsking = false;
  /** The last exchange failed: until one does not, no call waits for one. */
  #isSuspect = false;
  #replicas = 1;
  #epoch: string | undefined;
  /** Until then the shared counts may lack what other replicas have not told them yet. */
  #completeAtMs = Number.NEGATIVE_INFINITY;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  /** Whether calls were let in without asking since the last answer. */
  #wasAlone = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LimitsOverReplicasParts) {
    this.#parts = parts;
  }

  /** As last told. */
  get replicas(): number {
    return this.#replicas;
  }

  take(demand: LimitDemand, nowMs: number): LimitDecision | Promise<LimitDecision> {
    if (!this.#parts.isUp() || nowMs < this.#completeAtMs) return this.#takeAlone(demand, nowMs);
    const leases = demand.limits.map((limit) => this.#leaseOf(limit));
    const decision = decide(leases, demand.tokens, nowMs);
    if (decision === "granted") {
      this.#parts.onDecision("lease");
      return this.#letIn(leases, demand, nowMs);
    }
    if (decision !== "unknown") return { verdict: toVerdict(leases, decision, nowMs), hold: undefined };
    if (this.#isSuspect) return this.#takeAlone(demand, nowMs);
    return new Promise((resolve) => {
      this.#waiting.push({ demand, leases, sinceMs: nowMs, resolve });
      this.#askSoon();
    });
  }

  /** Looks what there is to ask and to give back. To be called a few times a second, and when the counts are back. */
  tick(): void {
    const nowMs = this.#parts.nowMs();
    // What a call waits for is at rest until that is let in, and then neither at rest nor fresh.
    const awaited = new Set(this.#waiting.flatMap(({ leases }) => leases));
    for (const lease of this.#stirring) {
      if (!lease.isAtRest(nowMs)) this.#due.add(lease);
      else if (!awaited.has(lease)) this.#stirring.delete(lease);
    }
    if (nowMs - this.#sweptAtMs >= sweepMs) this.#sweep(nowMs, awaited);
    if (this.#due.size > 0 || nowMs - this.#askedAtMs >= beatMs) this.#askSoon();
  }

  /** There is a connection again: what was counted alone is told, and so it is found out whether they are back. */
  probe(): void {
    this.#askedAtMs = Number.NEGATIVE_INFINITY;
    this.tick();
  }

  /** What was used within the minute must be known here should the counts lose it. */
  #sweep(nowMs: number, awaited: ReadonlySet<LimitLease>): void {
    this.#sweptAtMs = nowMs;
    for (const [name, lease] of this.#leases)
      if (lease.isFresh(nowMs) && !awaited.has(lease)) this.#leases.delete(name);
  }

  #leaseOf(limit: Limit): LimitLease {
    const name = `${limit.scope} ${limit.id}`;
    const known = this.#leases.get(name);
    if (known !== undefined) {
      known.adapt(limit);
      this.#stirring.add(known);
      return known;
    }
    const used = (kind: "requests" | "tokens", nowMs: number) => this.#table.used(limit, kind, nowMs);
    const made = new LimitLease({ limit, used });
    this.#leases.set(name, made);
    this.#stirring.add(made);
    return made;
  }

  #letIn(leases: readonly LimitLease[], demand: LimitDemand, nowMs: number): LimitDecision {
    const counted = this.#table.charge(demand, nowMs);
    const hold = this.#hold(leases, { demand, counted, nowMs });
    return { verdict: toVerdict(leases, undefined, nowMs), hold };
  }

  #takeAlone(demand: LimitDemand, nowMs: number): LimitDecision {
    this.#parts.onDecision("local");
    this.#wasAlone = true;
    const { verdict, hold } = this.#table.take(shareOf(demand, this.#replicas), nowMs);
    if (hold === undefined) return { verdict: withWholeLimit(verdict, demand), hold };
    const leases = demand.limits.map((limit) => this.#leaseOf(limit));
    return { verdict, hold: this.#hold(leases, { demand, counted: hold, nowMs }) };
  }

  #hold(
    leases: readonly LimitLease[],
    call: { readonly demand: LimitDemand; readonly counted: LimitHold; readonly nowMs: number },
  ): LimitHold {
    const { demand, counted, nowMs: takenAtMs } = call;
    const taken = leases.map((lease) => lease.take(demand.tokens, takenAtMs));
    this.#noteDue(leases, takenAtMs);
    const state = { isOver: false };
    return {
      settle: (usedTokens, nowMs) => {
        if (state.isOver) return;
        state.isOver = true;
        counted.settle(usedTokens, nowMs);
        for (const [at, lease] of leases.entries()) {
          const tokens = taken[at] ?? 0;
          lease.leave(tokens - (usedTokens ?? tokens), takenAtMs);
        }
        this.#noteDue(leases, nowMs);
      },
    };
  }

  #noteDue(leases: readonly LimitLease[], nowMs: number): void {
    for (const lease of leases) {
      if (!lease.isDue(nowMs)) continue;
      this.#due.add(lease);
      this.#askSoon();
    }
  }

  /** What comes in one turn goes in one exchange, and one follows another. */
  #askSoon(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    queueMicrotask(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const startMs = this.#parts.nowMs();
    this.#askedAtMs = startMs;
    const asked = this.#collect(startMs);
    // While they are up a call may join those that wait at any time.
    const deadlineMs = this.#parts.isUp() ? this.#parts.deadlineMs : idleDeadlineMs;
    try {
      const asks = asked.map(({ ask }) => ask);
      const onLate = (reply: ExchangeReply) => this.#onLate(asked, reply);
      const reply = await this.#parts.exchange(asks, { deadlineMs, onLate });
      this.#isSuspect = false;
      this.#onReply(asked, reply);
      this.#settle(this.#parts.nowMs());
    } catch {
      // The link has noted it. Nobody waits for another try.
      this.#isSuspect = true;
      for (const { lease } of asked) lease.onFailure();
      this.#settleAlone(() => true);
    }
    this.#isAsking = false;
    const isWanted = this.#waiting.length > 0 || this.#due.size > 0 || this.#isSuspect;
    if (isWanted && this.#parts.isUp()) this.#askSoon();
  }

  #collect(nowMs: number): readonly Asked[] {
    const wanted = new Set<LimitLease>();
    for (const { leases, demand } of this.#waiting) {
      for (const lease of leases) {
        lease.wish(demand.tokens);
        wanted.add(lease);
      }
    }
    for (const lease of this.#due) wanted.add(lease);
    this.#due.clear();
    const asked: Asked[] = [];
    for (const each of wanted) {
      if (asked.length >= mostAsks) {
        this.#due.add(each);
        continue;
      }
      for (const lease of each.leases) {
        const ask = lease.toAsk(nowMs, nowMs >= this.#completeAtMs);
        if (ask !== undefined) asked.push({ lease, ask });
      }
    }
    return asked;
  }

  #onLate(asked: readonly Asked[], { epoch, answers }: ExchangeReply): void {
    if (epoch !== this.#epoch) return;
    for (const [at, { lease, ask }] of asked.entries()) {
      const answer = answers[at];
      if (answer !== undefined) lease.onLateAnswer(ask, answer, this.#parts.nowMs());
    }
  }

  #onReply(asked: readonly Asked[], { replicas, epoch, answers }: ExchangeReply): void {
    const nowMs = this.#parts.nowMs();
    const isNewEpoch = this.#epoch !== undefined && this.#epoch !== epoch;
    const wasAway = this.#epoch !== undefined && this.#wasAlone && nowMs - this.#answeredAtMs > awayMs;
    if (isNewEpoch || wasAway) this.#completeAtMs = nowMs + returnMs;
    this.#answeredAtMs = nowMs;
    this.#wasAlone = false;
    this.#epoch = epoch;
    this.#noteReplicas(replicas, nowMs);
    for (const [at, { lease }] of asked.entries()) {
      const answer = answers[at];
      if (answer === undefined) lease.onFailure();
      else lease.onAnswer(answer, { nowMs, replicas });
    }
    if (isNewEpoch) this.#startOver(nowMs);
  }

  /** Those that are not back yet still count. */
  #noteReplicas(replicas: number, nowMs: number): void {
    const known = nowMs < this.#completeAtMs ? Math.max(this.#replicas, replicas) : replicas;
    if (known !== this.#replicas) this.#parts.onReplicas(known);
    this.#replicas = known;
  }

  /** All counts are gone: what was used here is told again, before anything is lent on. */
  #startOver(nowMs: number): void {
    for (const lease of this.#leases.values()) {
      lease.startOver(nowMs);
      this.#stirring.add(lease);
      this.#due.add(lease);
    }
  }

  /** Decides for those that waited; who still lacks something that may be there goes on waiting. */
  #settle(nowMs: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const { leases, demand } = each;
      const decision = decide(leases, demand.tokens, nowMs);
      if (decision === "unknown") {
        this.#waiting.push(each);
        continue;
      }
      this.#parts.onDecision("exchange");
      each.resolve(
        decision === "granted"
          ? this.#letIn(leases, demand, nowMs)
          : { verdict: toVerdict(leases, decision, nowMs), hold: undefined },
      );
    }
    this.#settleAlone(({ sinceMs }) => nowMs - sinceMs >= this.#parts.deadlineMs);
  }

  #settleAlone(isDue: (waiting: Waiting) => boolean): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((each) => !isDue(each));
    const nowMs = this.#parts.nowMs();
    for (const each of waiting) if (isDue(each)) each.resolve(this.#takeAlone(each.demand, nowMs));
  }
}

/** What is known of a call by what lies here. */
function decide(
  leases: readonly LimitLease[],
  tokens: number,
  nowMs: number,
): "granted" | "unknown" | LimitRefusal {
  if (leases.every((lease) => lease.has(tokens, nowMs))) return "granted";
  let refusal: LimitRefusal | undefined;
  for (const lease of leases) refusal = longest(refusal, lease.refusal(tokens, nowMs));
  return refusal ?? "unknown";
}

function toVerdict(
  leases: readonly LimitLease[],
  refusal: LimitRefusal | undefined,
  nowMs: number,
): LimitVerdict {
  let requests: Quota | undefined;
  let tokens: Quota | undefined;
  for (const lease of leases) {
    requests = tighter(requests, lease.requests(nowMs));
    tokens = tighter(tokens, lease.tokens(nowMs));
  }
  return { refusal, requests, tokens };
}

/** A caller is told the limit that it has, though only a share of it was counted. */
function withWholeLimit(verdict: LimitVerdict, { limits }: LimitDemand): LimitVerdict {
  const { refusal } = verdict;
  const whole = limits.find(({ scope, id }) => scope === refusal?.scope && id === refusal.id);
  if (refusal === undefined || whole === undefined) return verdict;
  const values = {
    requests: whole.requestsPerMinute,
    tokens: whole.tokensPerMinute,
    concurrent: whole.maxConcurrent,
  };
  return { ...verdict, refusal: { ...refusal, limit: values[refusal.kind] ?? refusal.limit } };
}
