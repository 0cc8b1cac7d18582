/** An idle sequence, as the choice sees it. */
export interface IdleSlot {
  /** Tokens in its cache. */
  readonly heldTokens: number;
  /** How many of them are the start of the prompt. */
  readonly commonTokens: number;
  /** Order of last use; 0 for never. */
  readonly usedAt: number;
  /** How many of the sequences whose number is one less or one more are at work, 0 to 2. */
  readonly busyNeighbours: number;
}

/**
 * Which of the idle sequences a prompt is to have: the one that spares most where it loses no more than that, so that a
 * conversation finds its own cache again; else one of the half unused for longest, for any two chats have their first
 * tokens alike, and these are not worth a whole conversation. Of that half it is the one with most neighbours at work:
 * only sequences without a gap between them go through the model together (see batch-choice.ts).
 */
export function chooseSlot<Slot extends IdleSlot>(slots: readonly Slot[]): Slot | undefined {
  const going = slots.filter(
    ({ heldTokens, commonTokens }) => commonTokens > 0 && heldTokens <= 2 * commonTokens,
  );
  const [spared] = going.toSorted((a, b) => b.commonTokens - a.commonTokens || a.usedAt - b.usedAt);
  if (spared !== undefined) return spared;
  const unused = slots.toSorted((a, b) => a.usedAt - b.usedAt).slice(0, Math.ceil(slots.length / 2));
  return unused.toSorted((a, b) => b.busyNeighbours - a.busyNeighbours)[0];
}
