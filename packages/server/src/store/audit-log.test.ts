import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleEntry } from "../core/sample-audit.test-data.ts";
import { createAuditFile, readAuditFiles } from "./audit-file.ts";
import { type AuditLog, createAuditLog } from "./audit-log.ts";
import type { AuditSink } from "./audit-sink.ts";
import { openStore, type Store } from "./store.ts";
import { verifyAudit } from "./audit-verify.ts";

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

interface Faults {
  database: Error | "hangs" | undefined;
  file: Error | "hangs" | undefined;
}

let directory = "";
let store: Store;
let log: AuditLog | undefined;
let faults: Faults;
let failures: string[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "audit-"));
  store = await openStore({ directory });
  faults = { database: undefined, file: undefined };
  failures = [];
});
afterEach(async () => {
  await log?.close();
  log = undefined;
  await store.close();
  rmSync(directory, { recursive: true });
});

const folder = (): string => join(directory, "audit");

/** The same sink over a medium that fails when it is told to. */
function faulty(sink: AuditSink): AuditSink {
  const guard = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    const fault = faults[sink.name];
    if (fault === "hangs") return new Promise(() => undefined);
    if (fault !== undefined) throw fault;
    return action();
  };
  return {
    name: sink.name,
    lines: (after) => sink.lines(after),
    readNote: () => sink.readNote(),
    open: () => guard(() => sink.open()),
    append: (records) => guard(() => sink.append(records)),
    writeNote: (head) => guard(() => sink.writeNote(head)),
    close: () => sink.close(),
  };
}

async function open(
  more: { readonly maxFileBytes?: number; readonly limitMs?: number } = {},
): Promise<AuditLog> {
  log = await createAuditLog({
    sinks: [faulty(store.audit), faulty(createAuditFile({ directory: folder(), ...more }))],
    log: silent,
    nowMs: Date.now,
    retryMs: 0x7fff_ffff,
    ...more,
    onFailure: (sink) => void failures.push(sink),
  });
  return log;
}

async function reopen(): Promise<AuditLog> {
  await log?.close();
  return open();
}

async function appendMany(to: AuditLog, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await to.append(sampleEntry({ requestId: `req_${index}` }));
}

function fileNames(): readonly string[] {
  return readdirSync(folder()).filter((name) => name.endsWith(".jsonl"));
}

async function filedRequests(): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readAuditFiles(folder()).lines(0)) lines.push(JSON.parse(line).request_id);
  return lines.filter((id) => id !== "");
}

/** Without what the log puts into itself. */
async function tabledRequests(): Promise<readonly string[]> {
  const records = await store.audit.list({ limit: 1_000 });
  return records
    .map(({ requestId }) => requestId)
    .filter((id) => id !== "")
    .toReversed();
}

function verify() {
  return verifyAudit({ sinks: [store.audit, readAuditFiles(folder())] });
}

const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

describe("the audit log", () => {
  it("has each record in both sinks, chained, and goes on where it was", async () => {
    await appendMany(await open(), 3);
    const { head } = log ?? {};
    expect((await reopen()).head).toEqual(head);
    await appendMany(await open(), 2);
    expect(await filedRequests()).toEqual(["req_0", "req_1", "req_2", "req_0", "req_1"]);
    expect(await tabledRequests()).toEqual(await filedRequests());
    expect(await verify()).toMatchObject({ records: 5, firstBad: undefined });
    expect(failures).toEqual([]);
  });

  it("keeps its files to their owner, and begins another when one is full", async () => {
    await appendMany(await open({ maxFileBytes: 1_000 }), 5);
    expect(fileNames()).toEqual([
      "audit-000000000001.jsonl",
      "audit-000000000003.jsonl",
      "audit-000000000005.jsonl",
    ]);
    for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
    expect(await verify()).toMatchObject({ records: 5, firstBad: undefined });
    await (await reopen()).append(sampleEntry());
    expect(await verify()).toMatchObject({ records: 6, firstBad: undefined });
    rmSync(join(folder(), "audit-000000000003.jsonl"));
    expect(await verify()).toMatchObject({ firstBad: { sequence: 3, sink: "file", reason: "missing" } });
  });

  it.each(["database", "file"] as const)(
    "goes on without the %s, and brings it up when it is back",
    async (sink) => {
      const audit = await open();
      await appendMany(audit, 2);
      faults[sink] = full;
      await appendMany(audit, 250);
      expect(failures).toEqual([sink]);
      expect((await verify()).sinks).toContainEqual({ name: sink, records: 2 });
      expect(await verify()).toMatchObject({ records: 252, firstBad: undefined });
      faults[sink] = undefined;
      await (await reopen()).append(sampleEntry());
      expect(await verify()).toMatchObject({
        firstBad: undefined,
        sinks: [
          { name: "database", records: 253 },
          { name: "file", records: 253 },
        ],
      });
    },
  );

  it("refuses what no sink takes, and goes on without a gap when one is back", async () => {
    const audit = await open();
    const told: boolean[] = [];
    audit.onAccepting((isAccepting) => told.push(isAccepting));
    await appendMany(audit, 1);
    expect(audit.isAccepting).toBe(true);
    faults = { database: full, file: full };
    const refused = audit.append(sampleEntry({ requestId: "req_refused" }));
    await expect(refused).rejects.toMatchObject({ code: "audit_unavailable" });
    await expect(audit.append(sampleEntry())).rejects.toMatchObject({ code: "audit_unavailable" });
    expect(audit.head?.sequence).toBe(1);
    expect(audit.isAccepting).toBe(false);
    faults = { database: undefined, file: undefined };
    await appendMany(audit, 1);
    // The first was offered to both and may have been written: it keeps its place. The second was offered to none.
    expect(await tabledRequests()).toEqual(["req_0", "req_refused", "req_0"]);
    expect(await store.audit.list({ operation: "audit.unavailable", limit: 2 })).toHaveLength(1);
    expect(await verify()).toMatchObject({ records: 4, firstBad: undefined });
    expect(audit.isAccepting).toBe(true);
    expect(told).toEqual([false, true]);
  });

  it("keeps what has happened already until a sink takes it, before what comes next", async () => {
    const audit = await open();
    faults = { database: full, file: full };
    await audit.appendOrKeep(sampleEntry({ requestId: "req_kept" }));
    faults = { database: undefined, file: undefined };
    await appendMany(audit, 1);
    expect(await tabledRequests()).toEqual(["req_kept", "req_0"]);
  });

  it("can be verified while it grows", async () => {
    const audit = await open();
    const growing = appendMany(audit, 60);
    for (let count = 0; count < 20; count++)
      expect((await audit.verify())[0]).toMatchObject({ firstBad: undefined });
    await growing;
    expect((await audit.verify())[0]).toMatchObject({ records: 60, firstBad: undefined });
  });

  it("gives each of many records that come at once a place of its own", async () => {
    const audit = await open();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => audit.append(sampleEntry({ requestId: `req_${index}` }))),
    );
    expect(await verify()).toMatchObject({ records: 40, firstBad: undefined });
    expect(new Set(await filedRequests()).size).toBe(40);
  });

  it("does not wait for a sink that hangs", async () => {
    const audit = await open({ limitMs: 20 });
    faults.file = "hangs";
    await appendMany(audit, 2);
    expect(failures).toEqual(["file"]);
    expect(await tabledRequests()).toHaveLength(2);
    faults.file = undefined;
  });

  it("starts when neither sink can be opened, and uses them when they can", async () => {
    faults = { database: full, file: full };
    const audit = await open();
    expect(audit.isAccepting).toBe(false);
    await expect(audit.append(sampleEntry())).rejects.toMatchObject({ code: "audit_unavailable" });
    faults = { database: undefined, file: undefined };
    await appendMany(audit, 1);
    expect(await verify()).toMatchObject({ records: 2, firstBad: undefined });
  });

  it("takes a record for written that a sink took without saying so", async () => {
    const audit = await open();
    await appendMany(audit, 1);
    const inner = createAuditFile({ directory: folder() });
    const half: AuditSink = {
      ...faulty(store.audit),
      append: async (records) => {
        await store.audit.append(records);
        throw full;
      },
    };
    await audit.close();
    log = await createAuditLog({
      sinks: [half, { ...faulty(inner), append: () => Promise.reject(full) }],
      log: silent,
      nowMs: Date.now,
      onFailure: () => undefined,
    });
    await expect(log.append(sampleEntry({ requestId: "req_half" }))).rejects.toThrow();
    await appendMany(await reopen(), 1);
    expect(await tabledRequests()).toEqual(["req_0", "req_half", "req_0"]);
    expect(await verify()).toMatchObject({ records: 4, firstBad: undefined });
  });

  it("never has two sinks with different records in a place, whichever of them is back first", async () => {
    await appendMany(await open(), 1);
    await log?.close();
    const inner = faulty(createAuditFile({ directory: folder() }));
    const state = { isSilent: false };
    const unsure: AuditSink = {
      ...inner,
      append: async (records) => {
        await inner.append(records);
        if (state.isSilent) throw full;
      },
    };
    const parts = {
      sinks: [faulty(store.audit), unsure],
      log: silent,
      nowMs: Date.now,
      onFailure: () => undefined,
    };
    log = await createAuditLog(parts);
    faults.database = full;
    state.isSilent = true;
    await expect(log.append(sampleEntry({ requestId: "req_doubtful" }))).rejects.toThrow();
    faults = { database: undefined, file: full };
    await appendMany(log, 1);
    expect(await tabledRequests()).toEqual(["req_0", "req_doubtful", "req_0"]);
    faults.file = undefined;
    await appendMany(await reopen(), 1);
    expect(await filedRequests()).toEqual(["req_0", "req_doubtful", "req_0", "req_0"]);
    expect(await verify()).toMatchObject({ firstBad: undefined });
  });

  it("has what was kept once, also when nobody knew whether it was written", async () => {
    const audit = await open();
    faults = { database: full, file: full };
    await audit.appendOrKeep(sampleEntry({ requestId: "req_kept" }));
    await audit.appendOrKeep(sampleEntry({ requestId: "req_later" }));
    faults = { database: undefined, file: undefined };
    await appendMany(audit, 1);
    expect(await tabledRequests()).toEqual(["req_kept", "req_later", "req_0"]);
  });

  it("cuts off a line that was not written to its end", async () => {
    await appendMany(await open(), 2);
    await log?.close();
    appendFileSync(join(folder(), "audit-000000000001.jsonl"), '{"sequence":3,"ti');
    expect(await verify()).toMatchObject({ records: 2, firstBad: undefined });
    await appendMany(await open(), 1);
    expect(await verify()).toMatchObject({ records: 3, firstBad: undefined });
  });

  it("puts on record that a sink lost records, before it copies them back", async () => {
    await appendMany(await open(), 3);
    await log?.close();
    const path = join(folder(), "audit-000000000001.jsonl");
    writeFileSync(path, `${readFileSync(path, "utf8").split("\n").slice(0, 1).join("\n")}\n`);
    expect(await verify()).toMatchObject({ firstBad: { sequence: 2, sink: "file", reason: "truncated" } });
    await appendMany(await open(), 1);
    const [told] = await store.audit.list({ operation: "audit.records_missing", limit: 2 });
    expect(told).toMatchObject({
      operation: "audit.records_missing",
      target: { type: "audit_sink", id: "file" },
      after: { found_records: 1, noted_records: 3 },
    });
    expect(await verify()).toMatchObject({ records: 5, firstBad: undefined });
  });

  it("does not go on behind a record that was changed, but in the other sink", async () => {
    await appendMany(await open(), 3);
    await log?.close();
    const path = join(folder(), "audit-000000000001.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace(/viewer(?!.*viewer)/s, "viewed"));
    await appendMany(await open(), 1);
    expect(failures).toContain("file");
    expect(await verify()).toMatchObject({
      firstBad: { sequence: 3, sink: "file", reason: "changed" },
    });
  });
});
