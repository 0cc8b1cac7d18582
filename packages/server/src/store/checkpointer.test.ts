import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createCheckpointer } from "./checkpointer.ts";

it("writes the log back while the database is in use, and lets go of it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "checkpoint-"));
  const path = join(directory, "c.db");
  const raw = new DatabaseSync(path);
  raw.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (v text)");
  const insert = raw.prepare("INSERT INTO t VALUES (?)");
  const checkpointer = createCheckpointer(path, 100);
  const before = statSync(path).size;
  for (let count = 0; count < 50; count++) {
    insert.run("v".repeat(4_000));
    checkpointer.noteTransaction(1);
  }
  while (checkpointer.checkpoints === 0) await nextTurn();
  expect(statSync(path).size).toBeGreaterThan(before + 20 * 4_096);
  await checkpointer.stop();
  raw.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
  rmSync(directory, { recursive: true });
});
