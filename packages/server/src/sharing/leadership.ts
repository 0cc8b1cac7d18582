/** Which replica does what only one of them should do. */
export interface Leadership {
  /** Whether it is this one, now. */
  readonly isLeader: boolean;
  /**
   * A number that is higher for each later leader; undefined while this replica is none. What takes it along with its
   * writes can refuse those of a leader that has been replaced and does not know it yet.
   */
  readonly fencingToken: number | undefined;
  /** Calls `listener` when it has changed, within seconds. */
  onChange(listener: (isLeader: boolean) => void): void;
  /** This replica goes: it leads no more, and another one takes over at once. Never rejects. */
  resign(): Promise<void>;
}

/** Who is the only one leads. */
export const loneLeadership: Leadership = {
  isLeader: true,
  fencingToken: 0,
  onChange: () => undefined,
  resign: async () => undefined,
};
