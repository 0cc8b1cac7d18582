import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ClientError } from "../client-error.ts";
import type { Tokens } from "../identity.ts";

/** What is kept of a login at one server. */
export interface StoredLogin {
  readonly name: string;
  readonly accessToken: string;
  /** Since the epoch. */
  readonly accessUntilMs: number;
  readonly refreshToken: string;
}

/** Logins by the server's address, in a file that its owner alone can read. */
export interface Credentials {
  find(url: string): Promise<StoredLogin | undefined>;
  /** Puts what `change` resolves with in the place of what is there; undefined takes it away. One process at a time. */
  update(
    url: string,
    change: (stored: StoredLogin | undefined) => Promise<StoredLogin | undefined>,
  ): Promise<StoredLogin | undefined>;
}

const lockLookMs = 50;
/** A process that holds the lock for longer has died. */
const staleLockMs = 40_000;

export function createCredentials(file: string): Credentials {
  const read = () => readLogins(file);
  return {
    find: async (url) => (await read())[url],
    update: (url, change) =>
      locked(file, async () => {
        const logins = await read();
        const next = await change(logins[url]);
        const { [url]: _before, ...others } = logins;
        await write(file, next === undefined ? others : { ...others, [url]: next });
        return next;
      }),
  };
}

export function toStoredLogin(name: string, tokens: Tokens): StoredLogin {
  return {
    name,
    accessToken: tokens.access_token,
    accessUntilMs: Date.now() + tokens.expires_in * 1_000,
    refreshToken: tokens.refresh_token,
  };
}

async function readLogins(file: string): Promise<Readonly<Record<string, StoredLogin>>> {
  try {
    // Only `write` makes this file.
    return JSON.parse(await readFile(file, "utf8")) as Record<string, StoredLogin>;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return {};
    throw new ClientError(
      "failed",
      `The logins in ${file} cannot be read. Delete the file and log in again.`,
      {
        cause: error,
      },
    );
  }
}

async function write(file: string, logins: Readonly<Record<string, StoredLogin>>): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  // One that was left by a process that died keeps its mode when it is written anew.
  await chmod(temporary, 0o600);
  await rename(temporary, file);
}

/** A refresh token works once: of two processes that need a new one the second waits, and finds it. */
async function locked<Result>(file: string, action: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  while (!(await tryLock(lock))) await sleep(lockLookMs);
  try {
    return await action();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** A folder is made by one process alone. */
async function tryLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const madeAtMs = await stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
  if (Date.now() - madeAtMs > staleLockMs) await rm(lock, { recursive: true, force: true });
  return false;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
