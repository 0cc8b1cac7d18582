import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";

export interface SetupParts {
  /** Whether somebody can manage the server already. */
  isSetUp(): boolean;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** The claim of a new server by whoever sees what it prints. */
export interface Setup {
  /** The token, to be shown once; undefined for a server that is set up. A later call makes the one before void. */
  open(): string | undefined;
  /**
   * Runs what makes the first admin. Of several at once one runs at most; when it fails, the token is good again, unless
   * the server is set up by then.
   * Rejects with PlatformError `conflict` for a server that is set up, and `unauthenticated` for a token that is wrong
   * or too old.
   */
  claim<Result>(token: string, make: () => Promise<Result>): Promise<Result>;
}

/** So long the token is good. A restart makes another. */
export const setupMinutes = 15;
const start = "llmps_";

export function createSetup({ isSetUp, nowMs }: SetupParts): Setup {
  const state: { digest?: Buffer; untilMs: number } = { untilMs: 0 };
  return {
    open() {
      if (isSetUp()) return undefined;
      const token = start + randomBytes(32).toString("base64url");
      state.digest = digestOf(token);
      state.untilMs = nowMs() + setupMinutes * 60_000;
      return token;
    },
    async claim(token, make) {
      if (isSetUp())
        throw new PlatformError("conflict", "This server is set up already. Ask an admin for a user.");
      const { digest, untilMs } = state;
      if (digest === undefined || nowMs() >= untilMs || !timingSafeEqual(digest, digestOf(token))) {
        throw new PlatformError(
          "unauthenticated",
          "The set-up token is wrong or too old. A restart of the server prints another.",
          { field: "token" },
        );
      }
      // Burnt before anything is awaited, so that a second claim at the same time finds none.
      delete state.digest;
      try {
        return await make();
      } catch (error) {
        if (!isSetUp()) state.digest = digest;
        throw error;
      }
    },
  };
}

function digestOf(token: string): Buffer {
  return Buffer.from(hash("sha256", token), "hex");
}
