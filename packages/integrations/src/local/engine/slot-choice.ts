/** An idle sequence, as the choice sees it. */
export interface IdleSlot {
  /** Tokens in its cache. */
  readonly heldTokens: number;
  /** How many of them are the start of the prompt. */
  readonly commonTokens: number;
  /** Order of last use; 0 for never. */
  readonly usedAt: number;
}

/**
 * Which of the idle sequences a prompt is to have: the one that spares most where it loses no more than that, so that a
 * conversation finds its own cache again; else the one unused for longest, for any two chats have their first tokens
 * alike, and these are not worth a whole conversation.
 */
export function chooseSlot<Slot extends IdleSlot>(slots: readonly Slot[]): Slot | undefined {
  const going = slots.filter(
    ({ heldTokens, commonTokens }) => commonTokens > 0 && heldTokens <= 2 * commonTokens,
  );
  return (
    going.toSorted((a, b) => b.commonTokens - a.commonTokens || a.usedAt - b.usedAt)[0] ??
    slots.toSorted((a, b) => a.usedAt - b.usedAt)[0]
  );
}
