import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { PlatformError } from "@llm-platform/kit";
import { type Argon2Hash, formatPhc, parsePhc } from "../../core/phc.ts";

/** Hashes and checks passwords with argon2id. */
export interface PasswordHasher {
  /** As a PHC string. Rejects with PlatformError `overloaded` when too many wait. */
  hash(password: string): Promise<string>;
  /**
   * Whether it is the password. Without a hash it takes as long, and is false: nobody can tell who has one.
   * Rejects with PlatformError `overloaded`.
   */
  isRight(password: string, phc: string | undefined): Promise<boolean>;
}

// What OWASP's password storage cheat sheet advises for argon2id: 19 MiB, two passes, one lane. Some 40 ms.
const cost = { memoryKiB: 19_456, passes: 2, lanes: 1 };
const saltBytes = 16;
const hashBytes = 32;
/** Each takes a thread of Node's pool and 19 MiB; files and names need threads too. */
const mostAtOnce = 2;
const mostWaiting = 30;
const retryAfterMs = 2_000;

export function createPasswordHasher(): PasswordHasher {
  const turns = createTurns();
  const derive = (password: string, { salt, hash, memoryKiB, passes, lanes }: Argon2Hash): Promise<Buffer> =>
    turns(() =>
      promisify(argon2)("argon2id", {
        message: password.normalize("NFC"),
        nonce: salt,
        memory: memoryKiB,
        passes,
        parallelism: lanes,
        tagLength: hash.length,
      }),
    );
  const nobody: Argon2Hash = { ...cost, salt: Buffer.alloc(saltBytes), hash: Buffer.alloc(hashBytes) };
  return {
    async hash(password) {
      const fresh = { ...nobody, salt: randomBytes(saltBytes) };
      return formatPhc({ ...fresh, hash: await derive(password, fresh) });
    },
    async isRight(password, phc) {
      const stored = phc === undefined ? undefined : parsePhc(phc);
      const derived = await derive(password, stored ?? nobody);
      return timingSafeEqual(derived, stored?.hash ?? nobody.hash) && stored !== undefined;
    },
  };
}

/** Runs a few things at once, and lets a few more wait. */
function createTurns(): <Result>(action: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  const state = { running: 0 };
  return async (action) => {
    if (state.running >= mostAtOnce) {
      if (waiting.length >= mostWaiting) {
        throw new PlatformError("overloaded", "Too many logins at once. Try again in a moment.", {
          retryAfterMs,
        });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else state.running++;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) state.running--;
      else next();
    }
  };
}
