import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chainStart, linkEntry, onlyChain } from "../core/audit-record.ts";
import { sampleChain, sampleEntry, sha256 } from "../core/sample-audit.test-data.ts";
import { createAuditFile, readAuditFiles } from "./audit-file.ts";
import { createAuditLog } from "./audit-log.ts";
import { verifyAudit } from "./audit-verify.ts";
import { openStore, type Store } from "./store.ts";

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

let directory = "";
let store: Store;

const folder = (): string => join(directory, "audit");

function verify() {
  return verifyAudit({ sinks: [store.audit, readAuditFiles(folder())] });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "audit-"));
  store = await openStore({ directory });
  const log = await createAuditLog({
    sinks: [store.audit, createAuditFile({ directory: folder() })],
    log: silent,
    nowMs: Date.now,
    onFailure: () => undefined,
  });
  for (let count = 0; count < 6; count++) await log.append(sampleEntry({ requestId: `req_${count}` }));
  await log.close();
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

describe("the verification", () => {
  const database = (sql: string) => {
    const raw = new DatabaseSync(join(directory, "platform.db"));
    raw.exec(sql);
    raw.close();
  };

  it.each([
    ["UPDATE audit_log SET line = replace(line, 'viewer', 'viewed') WHERE sequence = 4", 4, "changed"],
    ["UPDATE audit_log SET actor_name = 'eve' WHERE sequence = 2", 2, "unreadable"],
    ["UPDATE audit_log SET sequence = 99 WHERE sequence = 5", 5, "missing"],
    ["DELETE FROM audit_log WHERE sequence = 3", 3, "missing"],
    ["DELETE FROM audit_log WHERE sequence = 1", 1, "missing"],
    ["DELETE FROM audit_log WHERE sequence > 4", 5, "truncated"],
    ["DELETE FROM audit_log", 1, "truncated"],
    [
      "UPDATE audit_log SET sequence = -sequence WHERE sequence IN (3, 4); UPDATE audit_log SET sequence = 7 + sequence WHERE sequence < 0",
      3,
      "unreadable",
    ],
  ])("names the first bad record of the database after %s", async (sql, sequence, reason) => {
    database(sql);
    expect((await verify()).firstBad).toEqual({ sequence, sink: "database", reason });
  });

  it("finds that both were cut at the same place, by what each notes of the other", async () => {
    database("DELETE FROM audit_log WHERE sequence > 4");
    const path = join(folder(), "audit-000000000001.jsonl");
    writeFileSync(path, `${readFileSync(path, "utf8").split("\n").slice(0, 4).join("\n")}\n`);
    expect((await verify()).firstBad).toMatchObject({ sequence: 5, reason: "truncated" });
  });

  it("finds by a head noted elsewhere what nothing kept here tells", async () => {
    const { head } = await verify();
    database("DELETE FROM audit_log WHERE sequence > 4; DELETE FROM audit_notes");
    const path = join(folder(), "audit-000000000001.jsonl");
    writeFileSync(path, `${readFileSync(path, "utf8").split("\n").slice(0, 4).join("\n")}\n`);
    rmSync(join(folder(), "database-head.json"));
    expect((await verify()).firstBad).toBeUndefined();
    const sinks = [store.audit, readAuditFiles(folder())];
    expect((await verifyAudit({ sinks, anchors: [head] })).firstBad).toMatchObject({
      sequence: 5,
      reason: "truncated",
    });
  });

  it("names the first record that the two sinks have differently", async () => {
    const other = mkdtempSync(join(tmpdir(), "audit-other-"));
    const forged = createAuditFile({ directory: other });
    await forged.open();
    const records = sampleChain(2);
    const third = linkEntry(
      { ...(records[1] ?? chainStart), chain: onlyChain },
      sampleEntry({ operation: "users.delete" }),
      sha256,
    );
    await forged.append([...records, third, ...sampleChain(3, third)]);
    await forged.close();
    expect((await verifyAudit({ sinks: [store.audit, readAuditFiles(other)] })).firstBad).toMatchObject({
      sequence: 3,
      sink: "both",
      reason: "differs",
    });
    rmSync(other, { recursive: true });
  });

  it("names the record of any byte of the file that was changed", async () => {
    const path = join(folder(), "audit-000000000001.jsonl");
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ 0x20;
      writeFileSync(path, changed);
      const expected = bytes.subarray(0, at).toString("latin1").split("\n").length;
      expect((await verify()).firstBad).toMatchObject({ sequence: expected, sink: "file" });
    }
  });
});
