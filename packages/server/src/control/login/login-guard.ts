import { PlatformError } from "@llm-platform/kit";
import { FailedLogins } from "../../core/failed-logins.ts";

/** Makes guessing slow: by name and address together, by each name, and by each address. */
export interface LoginGuard {
  /**
   * Counts a try as failed at once, so that tries at the same time count too; it is taken back by what is returned.
   * Throws PlatformError `rate_limited` while the caller has to wait.
   * @param address undefined where it is not known, which leaves the other bounds
   */
  begin(name: string, address: string | undefined): LoginTry;
}

/** A try that counts as failed until it is said to be none. */
export interface LoginTry {
  succeeded(): void;
}

/** The first is for who guesses, the others for who guesses from many addresses, or for many names. */
const freeOfPair = 5;
const freeOfName = 20;
const freeOfAddress = 50;

/** @param nowMs monotonic */
export function createLoginGuard(nowMs: () => number): LoginGuard {
  const pairs = new FailedLogins(freeOfPair);
  const names = new FailedLogins(freeOfName);
  const addresses = new FailedLogins(freeOfAddress);
  return {
    begin(name, address) {
      const pair = JSON.stringify([name, address]);
      const now = nowMs();
      const waitMs = Math.max(
        pairs.waitMs(pair, now),
        names.waitMs(name, now),
        address === undefined ? 0 : addresses.waitMs(address, now),
      );
      if (waitMs > 0) {
        throw new PlatformError(
          "rate_limited",
          `There were too many failed logins. Try again in ${Math.ceil(waitMs / 1_000)} seconds.`,
          { retryAfterMs: waitMs },
        );
      }
      pairs.note(pair, now);
      names.note(name, now);
      if (address !== undefined) addresses.note(address, now);
      return {
        succeeded() {
          pairs.forget(pair);
          names.forget(name);
          // Who can log in once must not clear what the same address has guessed at others.
          if (address !== undefined) addresses.takeBack(address);
        },
      };
    },
  };
}
