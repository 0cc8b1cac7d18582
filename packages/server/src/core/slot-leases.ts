/** Someone who waits for a slot. */
interface Ask<Holder> {
  /** Undefined for the one who keeps the leases, which lends nothing to itself. */
  readonly holder: Holder | undefined;
  answer(isGranted: boolean): void;
}

/** A question to all holders what they can spare. */
interface Round<Holder> {
  readonly number: number;
  /** Whoever has not answered yet. */
  readonly pending: Set<Holder>;
  /** Asks that came before the round began: only they can be refused at its end. */
  readonly asks: Ask<Holder>[];
}

export interface SlotLeasesParts<Holder> {
  /** Slots in all. */
  readonly limit: number;
  /** Beyond the slot that is asked for, so many are lent along at most. */
  readonly chunk: number;
  /** Lends slots beyond what was asked for. */
  lend(holder: Holder, slots: number): void;
  /** Asks a holder for slots that it does not use; it answers each recall by one `onReturned`. */
  recall(holder: Holder, recall: Recall): void;
  /** There may be room for the keeper of the leases, which was refused a slot. */
  onRoom(): void;
}

/** What a holder is asked to give back. */
export interface Recall {
  readonly slots: number;
  readonly round: number;
  /** Whether it has more than others that are short: then it gives up one that it uses, once, when that comes free. */
  readonly isOwing: boolean;
}

/**
 * Divides a number of slots among holders so that those in use never exceed the limit, and a slot is refused only to
 * one who asked while every slot was lent and whom, after asking, no holder could spare one.
 *
 * A holder that has unused slots does not ask. When none is free, all who were lent some are asked to give back in a
 * round; who asks meanwhile waits for the next, because an answer that was on its way may be older than the ask.
 *
 * Where all slots are in use all the time, what comes free would be used again by who had it: so who has more than one
 * that was refused owes it a slot, and holders come to have the same of them.
 */
export class SlotLeases<Holder> {
  readonly #parts: SlotLeasesParts<Holder>;
  readonly #lent = new Map<Holder, number>();
  #free: number;
  #waiting: Ask<Holder>[] = [];
  #round: Round<Holder> | undefined;
  #rounds = 0;
  /** Slots that the keeper itself uses. */
  #own = 0;
  /** Who was refused, until it was given a slot that another owed. */
  readonly #short = new Set<Holder | undefined>();

  constructor(parts: SlotLeasesParts<Holder>) {
    this.#parts = parts;
    this.#free = parts.limit;
  }

  /** Slots that nobody was lent. */
  get free(): number {
    return this.#free;
  }

  /** Takes a free slot for the keeper itself; it comes back by `putBack`. */
  take(): boolean {
    if (this.#free <= 0) return false;
    this.#free--;
    this.#own++;
    return true;
  }

  /** Brings back a slot that the keeper took or was granted. */
  putBack(): void {
    this.#free++;
    this.#own--;
    this.#serve();
  }

  /** Lends a slot, as soon as it is known whether one is to be had. `answer` may run within this call. */
  ask(holder: Holder | undefined, answer: (isGranted: boolean) => void): void {
    if (this.#free > 0) {
      this.#grant({ holder, answer });
      if (holder !== undefined) this.#lendAlong(holder);
      return;
    }
    this.#waiting.push({ holder, answer });
    this.#startRound();
  }

  /** What a holder gave back after a recall; 0 when it has nothing to spare. */
  onReturned(holder: Holder, slots: number, number: number): void {
    this.#giveBack(holder, slots);
    this.#serve();
    const round = this.#round;
    if (round?.number !== number) return;
    round.pending.delete(holder);
    if (round.pending.size === 0) this.endRound(number);
  }

  /** A holder gave up a slot that it owed: it goes to who has the fewest of those that were refused. */
  onGivenUp(holder: Holder): void {
    this.#giveBack(holder, 1);
    const had = this.#countOf(holder) + 1;
    let fewest: { readonly holder: Holder | undefined; readonly count: number } | undefined;
    for (const short of this.#short) {
      const count = this.#countOf(short);
      if (count < Math.min(had, fewest?.count ?? had)) fewest = { holder: short, count };
    }
    if (fewest !== undefined && this.#free > 0) {
      this.#short.delete(fewest.holder);
      if (fewest.holder === undefined) this.#parts.onRoom();
      else this.#lend(fewest.holder, 1);
    }
    this.#serve();
  }

  /** A holder is gone, and with it what used its slots. */
  drop(holder: Holder): void {
    this.#short.delete(holder);
    this.#waiting = this.#waiting.filter((ask) => ask.holder !== holder);
    const round = this.#round;
    const staying = round?.asks.filter((ask) => ask.holder !== holder) ?? [];
    round?.asks.splice(0, round.asks.length, ...staying);
    const lent = this.#lent.get(holder) ?? 0;
    this.#lent.delete(holder);
    this.#free += lent;
    this.onReturned(holder, 0, round?.number ?? 0);
  }

  /** Decides a round with the answers there are, unless it is over: for holders that do not answer. */
  endRound(number: number): void {
    const round = this.#round;
    if (round?.number !== number) return;
    this.#round = undefined;
    for (const ask of round.asks) {
      this.#short.add(ask.holder);
      ask.answer(false);
    }
    this.#startRound();
  }

  #grant({ holder, answer }: Ask<Holder>): void {
    this.#free--;
    this.#short.delete(holder);
    if (holder === undefined) this.#own++;
    else this.#lent.set(holder, (this.#lent.get(holder) ?? 0) + 1);
    answer(true);
  }

  #countOf(holder: Holder | undefined): number {
    return holder === undefined ? this.#own : (this.#lent.get(holder) ?? 0);
  }

  /** Half of what is free stays for the others. */
  #lendAlong(holder: Holder): void {
    const slots = Math.min(this.#parts.chunk, Math.floor(this.#free / 2));
    if (slots > 0) this.#lend(holder, slots);
  }

  #lend(holder: Holder, slots: number): void {
    this.#free -= slots;
    this.#lent.set(holder, (this.#lent.get(holder) ?? 0) + slots);
    this.#parts.lend(holder, slots);
  }

  #giveBack(holder: Holder, slots: number): void {
    const lent = this.#lent.get(holder) ?? 0;
    const back = Math.min(slots, lent);
    if (back === 0) return;
    this.#lent.set(holder, lent - back);
    this.#free += back;
  }

  /** Gives what is free to those who wait, first come first served. */
  #serve(): void {
    const asked = this.#round?.asks ?? [];
    for (const queue of [asked, this.#waiting]) {
      while (this.#free > 0) {
        const ask = queue.shift();
        if (ask === undefined) break;
        this.#grant(ask);
      }
    }
  }

  #startRound(): void {
    if (this.#round !== undefined || this.#waiting.length === 0) return;
    const asks = this.#waiting;
    this.#waiting = [];
    const askers = new Set(asks.map(({ holder }) => holder));
    const [only] = askers;
    const lenders = [...this.#lent].filter(
      // Who asks has nothing unused, unless others ask too and it found something meanwhile.
      ([holder, lent]) => lent > 0 && !(askers.size === 1 && holder === only),
    );
    const number = ++this.#rounds;
    const slots = asks.length;
    const fewest = Math.min(...[...askers].map((holder) => this.#countOf(holder)));
    this.#round = { number, pending: new Set(lenders.map(([holder]) => holder)), asks };
    if (lenders.length === 0) this.endRound(number);
    else
      for (const [holder, lent] of lenders)
        this.#parts.recall(holder, { slots, round: number, isOwing: lent > fewest + 1 });
  }
}
