import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { runLlmp } from "./cli-process.ts";
import { ask } from "./http.ts";
import { startPlatform } from "./start-platform.ts";

const users = 4;

let folder = "";
/** The data folder of a server that was stopped in order, and that of one that was killed. */
let stopped = "";
let head = "";

/** Makes users, each of which is two records, and resolves with the head that `llmp` tells. */
async function fill(dataDirectory: string, signal: NodeJS.Signals): Promise<string> {
  const platform = await startPlatform({ dataDirectory });
  const first = await ask(platform, "/api/v1/users", { body: { name: "ada", role: "admin" } });
  const { key } = z.object({ key: z.string() }).parse(first.json);
  for (let count = 1; count < users; count++) {
    const body = { name: `user ${count}`, role: "developer" };
    const answer = await ask(platform, "/api/v1/users", {
      body,
      headers: { authorization: `Bearer ${key}` },
    });
    expect(answer.status, answer.text).toBe(200);
  }
  const env = { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: key };
  const told = await runLlmp(["audit", "head"], { env });
  expect(await runLlmp(["audit", "verify"], { env })).toMatchObject({
    exitCode: 0,
    stdout: `ok: ${users * 2} records (database ${users * 2}, file ${users * 2}), head ${told.stdout}`,
  });
  expect((await runLlmp(["audit", "list", "--target", "user 1"], { env })).stdout).toMatch(
    /^\d+ +\S+Z +ada +127\.0\.0\.1 +users\.create +user 1 +ok\n\d+ +.* started$/m,
  );
  platform.kill(signal);
  await platform.exit;
  return told.stdout.trim();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "audit-verify-"));
  stopped = join(folder, "stopped");
  head = await fill(stopped, "SIGTERM");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the stopped server's folder, to be spoiled. */
async function copy(): Promise<string> {
  const directory = mkdtempSync(join(folder, "copy-"));
  await cp(stopped, directory, { recursive: true });
  return directory;
}

function verify(directory: string, ...more: readonly string[]) {
  return runLlmp(["audit", "verify", "--offline", "--data-dir", directory, ...more]);
}

function spoilDatabase(directory: string, sql: string): void {
  const database = new DatabaseSync(join(directory, "platform.db"));
  database.exec(sql);
  database.close();
}

function spoilFile(directory: string, change: (lines: readonly string[]) => readonly string[]): void {
  const [name = ""] = readdirSync(join(directory, "audit")).filter((each) => each.endsWith(".jsonl"));
  const path = join(directory, "audit", name);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(
    path,
    change(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

describe("llmp audit verify --offline", () => {
  test("finds the folder of a stopped server as it was written, and its head where it was noted", async () => {
    expect(await verify(stopped, "--expect", head)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^ok: 8 records \(database 8, file 8\), head 8:[0-9a-f]{64}\n$/),
    });
    expect(readdirSync(stopped).filter((name) => /-(wal|shm)$/.test(name))).toEqual([]);
  });

  test("finds that of a server that was killed, too", async () => {
    const killed = join(folder, "killed");
    const itsHead = await fill(killed, "SIGKILL");
    expect((await verify(killed, "--expect", itsHead)).exitCode).toBe(0);
  });

  test.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    [
      "a byte flipped",
      (lines) => lines.with(2, (lines[2] ?? "").replace("ada", "adb")),
      "record 3 (file): changed",
    ],
    ["a record dropped", (lines) => lines.toSpliced(3, 1), "record 4 (file): missing"],
    [
      "two records changed about",
      (lines) => lines.with(4, lines[5] ?? "").with(5, lines[4] ?? ""),
      "record 5 (file): missing",
    ],
    ["the end cut off", (lines) => lines.slice(0, 6), "record 7 (file): truncated"],
    ["everything cut off", () => [], "record 1 (file): truncated"],
  ])("names the first bad record of the file after %s", async (_what, change, told) => {
    const directory = await copy();
    spoilFile(directory, change);
    const result = await verify(directory);
    expect(result).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`BAD: ${told}`) });
  });

  test.each([
    [
      "UPDATE audit_log SET line = replace(line, 'developer', 'devel0per') WHERE sequence = 3",
      "record 3 (database): changed",
    ],
    ["UPDATE audit_log SET actor_name = 'eve' WHERE sequence = 6", "record 6 (database): unreadable"],
    ["DELETE FROM audit_log WHERE sequence = 4", "record 4 (database): missing"],
    [
      "UPDATE audit_log SET line = (SELECT other.line FROM audit_log AS other WHERE other.sequence = 11 - audit_log.sequence) WHERE sequence = 5",
      "record 5 (database): unreadable",
    ],
    ["DELETE FROM audit_log WHERE sequence > 6", "record 7 (database): truncated"],
  ])("names the first bad record of the database after %s", async (sql, told) => {
    const directory = await copy();
    spoilDatabase(directory, sql);
    const result = await verify(directory);
    expect(result).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`BAD: ${told}`) });
  });

  test("finds only by a noted head that both sinks, and what they note of each other, were cut", async () => {
    const directory = await copy();
    spoilFile(directory, (lines) => lines.slice(0, 6));
    spoilDatabase(directory, "DELETE FROM audit_log WHERE sequence > 6");
    expect((await verify(directory)).stdout).toContain("BAD: record 7");
    spoilDatabase(directory, "DELETE FROM audit_notes");
    rmSync(join(directory, "audit/database-head.json"));
    expect((await verify(directory)).exitCode).toBe(0);
    expect(await verify(directory, "--expect", head)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining("BAD: record 7 (database): truncated"),
    });
  });

  test("does not take a folder that it cannot read for one that was changed", async () => {
    expect((await verify(join(folder, "nowhere"))).exitCode).toBe(4);
    const directory = await copy();
    writeFileSync(join(directory, "platform.db"), "not a database, but long enough to be looked at as one");
    expect((await verify(directory)).exitCode).toBe(5);
    expect((await verify(directory, "--expect", "12")).exitCode).toBe(2);
  });
});
