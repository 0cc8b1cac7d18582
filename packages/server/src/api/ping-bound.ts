import { TokenBucket } from "../core/token-bucket.ts";

/** Why a client that goes beyond the bound is sent away. */
export const tooManyPings = "too many pings or pongs";

/**
 * Pings of a WebSocket client, and pongs that answer nothing: ten times what one needs that pings every second. They cost as
 * much as a frame that says something. So many at once that the `ws` library, which cuts off without a word whom it owes 60
 * pongs, does not come first.
 */
export function createPingBound(): TokenBucket {
  return new TokenBucket({ burst: 50, perSecond: 10 });
}
