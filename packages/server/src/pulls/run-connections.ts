import { isMoreNeeded } from "../core/connection-need.ts";

export interface ConnectionsParts {
  readonly most: number;
  /** Fetches until nothing is left to take. */
  connect(isAlone: () => boolean): Promise<void>;
  /** What all have brought so far. */
  fetchedBytes(): number;
  /** Ends the others when one has failed for good. */
  giveUp(error: unknown): void;
}

/** How often is looked at what the connections bring. */
const lookEveryMs = 50;
/**
 * A further one is opened when they brought little so many times one after the other: a disk or a processor that is busy for
 * a moment holds them back as well, and more of them would leave gaps that hashing has to come back to.
 */
const slowLooks = 4;

/**
 * Fetches by one connection, and by more of them as far as they may be of use.
 * Resolves when nothing is left; rejects as the first of them that failed, when all have ended.
 */
export async function runConnections(parts: ConnectionsParts): Promise<void> {
  const over = Promise.withResolvers<void>();
  const looking = setInterval(look, lookEveryMs);
  let failure: { readonly error: unknown } | undefined;
  let connections = 0;
  let slow = 0;
  let bytes = parts.fetchedBytes();
  let atMs = performance.now();

  function look(): void {
    const nowBytes = parts.fetchedBytes();
    const nowMs = performance.now();
    const pace = { connections, bytes: nowBytes - bytes, tookMs: nowMs - atMs };
    bytes = nowBytes;
    atMs = nowMs;
    slow = isMoreNeeded(pace) ? slow + 1 : 0;
    if (connections < parts.most && slow >= slowLooks) void add();
  }

  async function add(): Promise<void> {
    connections++;
    try {
      await parts.connect(() => connections === 1);
    } catch (error) {
      failure ??= { error };
      parts.giveUp(error);
    }
    // What there was is taken, or is of no use any more.
    clearInterval(looking);
    connections--;
    if (connections === 0) over.resolve();
  }

  void add();
  await over.promise;
  if (failure !== undefined) throw failure.error;
}
