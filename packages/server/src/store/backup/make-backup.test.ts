import { fork } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeRecord, writeStartMarker } from "../../core/ledger-record.ts";
import { LineWriter } from "../../core/line-writer.ts";
import { sampleRecord } from "../sample-record.test-data.ts";
import { openStore } from "../store.ts";
import { realDisk } from "./backup-disk.ts";
import { addRows, backUp, calm, fillDataFolder, query, writeSegment } from "./backup.test-data.ts";
import { listDataFiles } from "./data-files.ts";
import { restoreBackup } from "./restore.ts";
import { verifyBackup } from "./verify.ts";

let root = "";
let data = "";
let out = "";

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "backup-"));
  [data, out] = [join(root, "data"), join(root, "out")];
  await fillDataFolder(data);
});
afterEach(() => rmSync(root, { recursive: true }));

/** Lines of a spool: ended calls, and one that is open. */
function spoolLines(ended: readonly number[], open: number): string {
  const lines = new LineWriter();
  writeStartMarker(lines, sampleRecord(open));
  for (const number of ended) writeRecord(lines, sampleRecord(number));
  return lines.written.toString();
}

async function restoredDatabase(file: string): Promise<string> {
  const dataDirectory = join(root, `restored-${readdirSync(root).length}`);
  await restoreBackup({ file, dataDirectory, isForced: false, isDryRun: false, nowMs: 0 }, calm);
  return join(dataDirectory, "platform.db");
}

const attempts = (path: string) =>
  query(path, "SELECT attempt_id AS id, outcome FROM usage_ledger ORDER BY started_at_ms");

test("a backup holds the database and the integrations' files, and tells what is in it", async () => {
  mkdirSync(join(data, "integrations", "office", "deep"), { recursive: true });
  writeFileSync(join(data, "integrations", "office", "deep", "state.json"), "{}");
  symlinkSync("/etc/passwd", join(data, "integrations", "office", "link"));
  mkdirSync(join(data, "models"));
  writeFileSync(join(data, "models", "tiny.gguf"), "weights");
  const made = await backUp(data, out);
  expect(statSync(made.file)).toMatchObject({ size: made.bytes });
  expect(statSync(made.file).mode & 0o777).toBe(0o600);
  expect(made.manifest).toMatchObject({
    format: 1,
    version: "1.2.3",
    files: [{ name: "platform.db" }, { name: "integrations/office/deep/state.json", bytes: 2 }],
    tables: { usage_ledger: 20, key_values: 1, secrets: 1, users: 0 },
    models: [{ name: "models/tiny.gguf", bytes: 7 }],
  });
  expect(made.manifest.master_key_ids).toHaveLength(1);
  expect(await verifyBackup(made.file, calm)).toEqual(made.manifest);
  expect(readdirSync(out)).toEqual(["b.tar"]);
});

test("neither the master key nor a model's weights are in it", async () => {
  mkdirSync(join(data, "models"));
  writeFileSync(join(data, "models", "tiny.gguf"), "CANARY-weights");
  const { file } = await backUp(data, out);
  const archive = readFileSync(file);
  const key = readFileSync(join(data, "master.key"), "utf8").trim();
  expect(archive.includes(key)).toBe(false);
  expect(archive.includes(Buffer.from(key, "base64"))).toBe(false);
  expect(archive.includes("CANARY-weights")).toBe(false);
});

test("tar reads it, where there is one", async ({ skip }) => {
  const { file } = await backUp(data, out);
  const { spawnSync } = await import("node:child_process");
  const listed = spawnSync("tar", ["-tf", file], { encoding: "utf8" });
  if (listed.error !== undefined) skip();
  expect(listed).toMatchObject({ status: 0, stdout: "manifest.json\nmanifest.sha256\nplatform.db\n" });
});

test("records in the spools of all processes are in it once, and calls that go on are not", async () => {
  mkdirSync(join(data, "spool", "worker-2"), { recursive: true });
  writeSegment(join(data, "spool"), spoolLines([20, 21, 22], 23));
  writeSegment(join(data, "spool", "worker-2"), spoolLines([31], 32));
  const live = await restoredDatabase((await backUp(data, out, { isLive: true })).file);
  const numbers = [...Array.from({ length: 22 }, (_, at) => at + 1), 31];
  expect(attempts(live)).toEqual(numbers.map((number) => ({ id: `req_${number}.1`, outcome: "stop" })));
  expect(existsSync(join(data, "spool", "usage-1.spool"))).toBe(true);

  const stopped = await backUp(data, out, { name: "stopped.tar" });
  expect(stopped.manifest.tables).toMatchObject({ usage_ledger: 25 });
  expect(attempts(await restoredDatabase(stopped.file)).slice(-3)).toEqual([
    { id: "req_23.1", outcome: "interrupted" },
    { id: "req_31.1", outcome: "stop" },
    { id: "req_32.1", outcome: "interrupted" },
  ]);
});

test("it is the state of one moment, however much is written meanwhile", async () => {
  const store = await openStore({ directory: data });
  await addRows(store, 1_000, 20_000);
  let steps = 0;
  const made = await backUp(data, out, {
    isLive: true,
    onProgress(phase) {
      if (phase !== "copy") return;
      steps++;
      void addRows(store, 100_000 + steps * 10, 10);
    },
  });
  expect(steps).toBeGreaterThan(1);
  expect(made.manifest.tables["usage_ledger"]).toBe(20_020);
  const rows = await store.ledger.list({ limit: 100_000 });
  expect(rows.records.length).toBe(20_020 + steps * 10);
  await store.close();
  expect(query(await restoredDatabase(made.file), "PRAGMA journal_mode")).toEqual([
    { journal_mode: "delete" },
  ]);
});

test("without enough room nothing is begun", async () => {
  const disk = { ...realDisk, freeBytes: () => 60_000_000 };
  await expect(backUp(data, out, { disk })).rejects.toMatchObject({
    code: "insufficient_storage",
    message: expect.stringMatching(/68 MB are needed.*60 MB are free/),
  });
  expect(readdirSync(out)).toEqual([]);
});

test("a disk that is full at any write leaves nothing, and the next backup is whole", async () => {
  const state = { left: 0, writes: 0 };
  const disk = {
    ...realDisk,
    append(descriptor: number, bytes: Uint8Array) {
      state.writes++;
      if (state.left-- <= 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      realDisk.append(descriptor, bytes);
    },
  };
  let failures = 0;
  for (; ; failures++) {
    state.left = failures;
    const result = await backUp(data, out, { disk }).catch((error: unknown) => error);
    if (!(result instanceof Error)) break;
    expect(result).toMatchObject({ code: "insufficient_storage" });
    expect(readdirSync(out)).toEqual([]);
  }
  expect(failures).toBeGreaterThan(6);
  await verifyBackup(join(out, "b.tar"), calm);
});

/** Makes the database so large that it is copied in several steps. */
async function growDatabase(): Promise<void> {
  const store = await openStore({ directory: data });
  await addRows(store, 1_000, 8_000);
  await store.close();
}

test("an abort in any phase leaves nothing", async () => {
  await growDatabase();
  for (const phase of ["copy", "hash", "write"]) {
    const abort = new AbortController();
    const making = backUp(data, out, {
      signal: abort.signal,
      onProgress: (current) => {
        if (current === phase) abort.abort();
      },
    });
    await expect(making).rejects.toMatchObject({ code: "client_cancelled" });
    expect(readdirSync(out)).toEqual([]);
  }
});

test("a file whose name no backup can hold is named", async () => {
  mkdirSync(join(data, "integrations", "office"), { recursive: true });
  writeFileSync(join(data, "integrations", "office", "a\nb"), "");
  await expect(backUp(data, out)).rejects.toMatchObject({
    code: "invalid_request",
    field: "integrations/office/a\nb",
  });
  rmSync(join(data, "integrations", "office", "a\nb"));
  expect(listDataFiles(data)).toEqual([]);
});

test("a database that is damaged or missing is told as that", async () => {
  writeFileSync(join(data, "platform.db"), "this is no database, but a long enough text to be looked at");
  await expect(backUp(data, out)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("file is not a database"),
  });
  expect(readdirSync(out)).toEqual([]);
});

test("a killed writer leaves no file with the name of a backup", async () => {
  await growDatabase();
  const program = join(root, "writer.ts");
  const makeModule = join(import.meta.dirname, "make-backup.ts");
  writeFileSync(
    program,
    `import { makeBackup } from ${JSON.stringify(makeModule)};
const input = { dataDirectory: ${JSON.stringify(data)}, directory: ${JSON.stringify(out)}, name: "b.tar", version: "1", createdAtMs: 0, isLive: false };
const wanted = process.argv[2];
await makeBackup(input, { signal: new AbortController().signal, onProgress: (phase) => { if (phase === wanted) process.kill(process.pid, "SIGKILL"); } });`,
  );
  for (const phase of ["copy", "hash", "write"]) {
    const child = fork(program, [phase], { execArgv: ["--no-warnings"], stdio: "pipe" });
    await new Promise((resolve) => child.once("exit", resolve));
    expect(child.signalCode).toBe("SIGKILL");
    expect(existsSync(join(out, "b.tar"))).toBe(false);
    rmSync(out, { recursive: true });
  }
});
