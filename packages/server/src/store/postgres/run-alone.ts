import type { Kysely } from "kysely";
import { createRunAlone, type RunAlone } from "../run-alone.ts";
import type { Tables } from "../tables.ts";
import { lockFor } from "./locks.ts";

/** Of a database that replicas share: a lock in it keeps the others away. One connection of this server waits at most. */
export function createPostgresRunAlone(database: Kysely<Tables>): RunAlone {
  const runHere = createRunAlone();
  return (what, work) => runHere(what, () => runUnderLock(database, what, work));
}

async function runUnderLock<Result>(
  database: Kysely<Tables>,
  what: Parameters<RunAlone>[0],
  work: () => Promise<Result>,
): Promise<Result> {
  const done: { outcome?: { readonly result: Result } } = {};
  try {
    await database.transaction().execute(async (transaction) => {
      await lockFor(what).execute(transaction);
      done.outcome = { result: await work() };
    });
  } catch (error) {
    // What was done is done, also when the connection that held the lock broke meanwhile.
    if (done.outcome === undefined) throw error;
  }
  if (done.outcome === undefined) throw new Error("a transaction ended without its work");
  return done.outcome.result;
}
