import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@llm-platform/kit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRecordedLog } from "@llm-platform/kit/testing";
import type { LedgerRecord } from "../../packages/server/src/core/ledger-record.ts";
import { sampleEntry } from "../../packages/server/src/core/sample-audit.test-data.ts";
import { createAuditFile } from "../../packages/server/src/store/audit-file.ts";
import { auditFolder } from "../../packages/server/src/store/audit-files.ts";
import { type AuditLog, createAuditLog } from "../../packages/server/src/store/audit-log.ts";
import type { RemoteChange } from "../../packages/server/src/store/change-notices.ts";
import { migratePostgres } from "../../packages/server/src/store/postgres/migrate-postgres.ts";
import {
  openPostgresStore,
  type OpenedPostgres,
} from "../../packages/server/src/store/postgres/postgres-store.ts";
import { postgresMigrations } from "../../packages/server/src/store/postgres/schema.ts";
import { sampleRecord } from "../../packages/server/src/store/sample-record.test-data.ts";
import { expectSums, mixture, nowMs, whole } from "../../packages/server/src/store/usage-sums.test-data.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { postgresSettings } from "./engines.ts";

describe.skipIf(postgresProgram === undefined)("PostgreSQL", () => {
  const dayMs = 86_400_000;
  const masterKeys = { current: new Secret(randomBytes(32).toString("base64")), previous: [] };
  let server: TestPostgres;
  let root = "";
  let url = "";
  let opened: OpenedPostgres[] = [];
  let told: string[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "postgres-store-"));
    url = await server.createDatabase();
    told = [];
  });
  afterEach(async () => {
    for (const { store } of opened.splice(0)) await store.close();
    rmSync(root, { recursive: true });
  });

  /** A replica, with a data folder of its own. */
  async function open(
    replica: string,
    changes: { readonly masterKeys?: typeof masterKeys | typeof noKey } = {},
  ) {
    const tell = (event: string) => void told.push(event);
    const one = await openPostgresStore({
      directory: join(root, replica),
      keepEvents: 100,
      keepSums: { minuteDays: 2, hourDays: 90 },
      nowMs: () => nowMs,
      masterKeys,
      log: { debug: tell, info: tell, warn: tell, error: tell },
      settings: { ...postgresSettings(url), requestTimeoutMs: 500, backgroundTimeoutMs: 1_000 },
      ...changes,
    });
    opened.push(one);
    return one.store;
  }
  const noKey = { current: undefined, previous: [] };

  describe("with several replicas", () => {
    it("has every record once in the ledger and in the sums, whoever offers it", async () => {
      const [one, other] = await Promise.all([open("one"), open("other")]);
      const records = mixture(1_200);
      const batches = Array.from({ length: 12 }, (_, at) => records.slice(at * 100, at * 100 + 150));
      await Promise.all(
        batches.flatMap((batch) => [one, other].map(async ({ ledger }) => ledger.insertMany(batch))),
      );
      await expectSums(one, records);
      expect((await other.ledger.list({ limit: 2_000 })).records).toHaveLength(1_200);
    });

    it("changes a cost once when two change the same", async () => {
      const [one, other] = await Promise.all([open("one"), open("other")]);
      const records = mixture(300);
      await one.ledger.insertMany(records);
      const change = (record: LedgerRecord) =>
        record.priceVersion === "anew"
          ? undefined
          : { ...record, costMicros: 9, currency: "USD", priceVersion: "anew" };
      const query = { fromMs: 0, untilMs: nowMs + dayMs, limit: 1_000, isDryRun: false, change };
      const { signal } = new AbortController();
      await Promise.all([one.usage.reprice(query, signal), other.usage.reprice(query, signal)]);
      await expectSums(
        one,
        records.map((record) => change(record) ?? record),
      );
    });

    it("tells the others of a change within a second, and of what they missed", async () => {
      const [one, other] = await Promise.all([open("one"), open("other")]);
      let changes = 0;
      const heard = Promise.withResolvers<void>();
      other.identity.onChange(() => {
        changes++;
        heard.resolve();
      });
      const heardOf: RemoteChange[] = [];
      other.changes.onRemote("integration_config", (change) => heardOf.push(change));
      await one.changes.announce("integration_config", "office");
      const startedAtMs = performance.now();
      await one.identity.sessions.revoke("nobody", 1);
      await heard.promise;
      expect(performance.now() - startedAtMs).toBeLessThan(1_000);
      expect([changes, heardOf]).toEqual([1, [{ type: "changed", name: "office" }]]);
      await server.halt("kill");
      await server.resume();
      await expect.poll(() => heardOf.length, { timeout: 10_000 }).toBe(2);
      expect(heardOf[1]).toEqual({ type: "missed" });
    });

    it("gives rising ids to events of all, and lists them alike", async () => {
      const [one, other] = await Promise.all([open("one"), open("other")]);
      const event = (type: string) => ({ integration: "a", type, data: {} });
      await Promise.all(
        [1, 2, 3, 4].flatMap(() => [one.events.append(event("one")), other.events.append(event("other"))]),
      );
      const listed = await one.events.list({ afterId: 0, limit: 100 });
      expect(listed.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await other.events.list({ afterId: 0, limit: 100 })).toEqual(listed);
    });

    it("seals under one key: a replica with another is sealed before it writes anything", async () => {
      const one = await open("one", { masterKeys: noKey });
      const other = await open("other", { masterKeys: noKey });
      expect([one.vault.isSealed, other.vault.isSealed]).toEqual([false, true]);
      await expect(one.vault.rotate()).rejects.toMatchObject({ code: "conflict" });
      const given = await open("third");
      expect(given.vault.isSealed).toBe(true);
    });
  });

  describe("the audit log of several replicas", () => {
    /** The store of a replica, and its own chain of records. */
    async function openAudit(replica: string) {
      const store = await open(replica);
      const audit = await createAuditLog({
        chain: store.chain,
        sinks: [store.audit, createAuditFile({ directory: auditFolder(join(root, replica), store.chain) })],
        others: () => store.audit.others(),
        log: createRecordedLog().log,
        nowMs: Date.now,
        onFailure: () => undefined,
      });
      audits.push(audit);
      return { store, audit, seals: store.createSeals({ audit, isHeld: () => false }) };
    }
    let audits: AuditLog[] = [];
    afterEach(async () => {
      for (const audit of audits.splice(0)) await audit.close();
    });

    it("is a chain for each, listed by time, and every one is verified by any of them", async () => {
      const one = await openAudit("one");
      const other = await openAudit("other");
      for (let timeMs = 1; timeMs <= 6; timeMs++)
        await (timeMs % 2 === 0 ? one : other).audit.append(sampleEntry({ timeMs }));
      const listed = await one.store.audit.list({ limit: 4 });
      expect(listed.map(({ timeMs, chain }) => [timeMs, chain])).toEqual([
        [6, one.store.chain],
        [5, other.store.chain],
        [4, one.store.chain],
        [3, other.store.chain],
      ]);
      const before = listed.at(-1);
      const rest = await one.store.audit.list({ limit: 4, before });
      expect(rest.map(({ timeMs }) => timeMs)).toEqual([2, 1]);
      expect(await one.audit.verify()).toMatchObject([
        { chain: one.store.chain, records: 3, firstBad: undefined },
        { chain: other.store.chain, records: 3, firstBad: undefined },
      ]);
      await server.query(
        url,
        `UPDATE audit_log SET actor_name = 'eve' WHERE chain = '${other.store.chain}' AND sequence = 2`,
      );
      const [, bad] = await one.audit.verify();
      expect(bad).toMatchObject({ chain: other.store.chain, firstBad: { sequence: 2, sink: "database" } });
    });

    it("names a record that was moved to another chain, and a chain that is gone but was noted", async () => {
      const [one, other] = [await openAudit("one"), await openAudit("other")];
      await one.audit.append(sampleEntry());
      await other.audit.append(sampleEntry());
      const noted = { chain: other.store.chain, sequence: 1, hash: other.audit.head?.hash ?? "" };
      await server.query(url, `DELETE FROM audit_log WHERE chain = '${other.store.chain}'`);
      expect((await one.audit.verify([noted]))[1]).toMatchObject({
        firstBad: { sequence: 1, reason: "truncated" },
      });
      await server.query(url, `UPDATE audit_log SET chain = '${other.store.chain}'`);
      expect((await one.audit.verify())[1]).toMatchObject({
        firstBad: { sequence: 1, reason: "unreadable" },
      });
    });

    it("goes on in the file while the database is gone, and brings it up afterwards", async () => {
      const { store, audit } = await openAudit("one");
      await audit.append(sampleEntry());
      await server.halt("kill");
      await audit.append(sampleEntry({ requestId: "meanwhile" }));
      await server.resume();
      await expect
        .poll(
          async () => {
            await audit.append(sampleEntry()).catch(() => undefined);
            return (await store.audit.list({ limit: 100 }).catch(() => [])).some(
              ({ requestId }) => requestId === "meanwhile",
            );
          },
          { timeout: 15_000, interval: 500 },
        )
        .toBe(true);
      expect((await audit.verify())[0]).toMatchObject({ firstBad: undefined });
    });

    it("has one seal for each record of a call, whoever sealed it", async () => {
      const [one, other] = [await openAudit("one"), await openAudit("other")];
      let sealed = 0;
      for (let round = 0; round < 4; round++) {
        await (round % 2 === 0 ? one : other).store.ledger.insertMany(mixture(120, round * 120));
        const counts = await Promise.all([one.seals.seal(), other.seals.seal()]);
        sealed += counts[0] + counts[1];
      }
      sealed += await one.seals.seal();
      expect(sealed).toBe(480);
      const heads = (await other.audit.verify()).map(({ chain, head }) => ({
        chain,
        sequence: head.sequence,
      }));
      expect(await other.store.checkSeals(heads)).toMatchObject({ rows: 480, firstBad: undefined });
      await server.query(url, "UPDATE usage_ledger SET input_tokens = 1 WHERE attempt_id LIKE 'req_130.%'");
      expect((await one.store.checkSeals(heads)).firstBad).toMatchObject({ reason: "rows_changed" });
    });
  });

  describe("the ledger", () => {
    const months = async () =>
      (
        await server.query(
          url,
          "SELECT relname FROM pg_class WHERE relname ~ '^usage_ledger_\\d' AND relkind = 'r' ORDER BY 1",
        )
      ).map(({ relname }) => String(relname));

    it("has a partition for each month, made ahead and where a record needs one", async () => {
      const { ledger } = await open("one");
      expect(await months()).toEqual(["usage_ledger_2023_11", "usage_ledger_2023_12"]);
      await ledger.insertMany([sampleRecord(1, { startedAtMs: Date.UTC(2023, 0, 31) }), sampleRecord(2)]);
      expect(await months()).toContain("usage_ledger_2023_01");
    });

    it("drops whole months that are too old, and deletes the rest", async () => {
      const { ledger, usage } = await open("one");
      const at = (month: number, day: number) => Date.UTC(2023, month, day);
      const starts = [at(0, 5), at(0, 6), at(2, 1), at(9, 1), at(9, 20), at(10, 1)];
      await ledger.insertMany(starts.map((startedAtMs, number) => sampleRecord(number, { startedAtMs })));
      expect(await ledger.deleteOlderThan(at(9, 15), usage.roller.rolledId)).toBe(4);
      expect(await months()).toEqual([
        "usage_ledger_2023_10",
        "usage_ledger_2023_11",
        "usage_ledger_2023_12",
      ]);
      expect((await ledger.list({ limit: 10 })).records.map(({ startedAtMs }) => startedAtMs)).toEqual([
        at(10, 1),
        at(9, 20),
      ]);
      await ledger.insertMany([sampleRecord(9, { startedAtMs: at(0, 7) })]);
      const { groups } = await usage.sum({ ...whole, fromMs: at(0, 1) });
      expect(groups[0]?.tally.attempts).toBe(7);
    });
  });

  describe("the schema", () => {
    const extra: (typeof postgresMigrations)[string] = {
      up: (database) => database.schema.createTable("extra").addColumn("id", "integer").execute(),
    };
    const further = { ...postgresMigrations, "9999_extra": extra };
    const settings = () => postgresSettings(url);

    it("is made once by replicas that start at once, and can be made again", async () => {
      await Promise.all([1, 2, 3].map(() => migratePostgres(settings())));
      await migratePostgres(settings(), further);
      const [row] = await server.query(url, "SELECT count(*) AS count FROM kysely_migration");
      expect(row?.["count"]).toBe(Object.keys(further).length);
    });

    it("of a newer version is let be where it only added, else refused; one that fails half-way leaves no trace", async () => {
      await migratePostgres(settings(), further);
      expect(await migratePostgres(settings())).toEqual({ pending: [], newer: ["9999_extra"] });
      await server.query(url, "UPDATE schema_floor SET change = '9999_extra'");
      await expect(migratePostgres(settings())).rejects.toMatchObject({ code: "conflict" });
      url = await server.createDatabase();
      const fail = () => Promise.reject(new Error("half-way"));
      await expect(
        migratePostgres(settings(), { ...further, "9998_broken": { up: fail } }),
      ).rejects.toMatchObject({
        code: "unavailable",
      });
      expect(
        await server.query(url, "SELECT 1 FROM pg_class WHERE relname IN ('users', 'kysely_migration')"),
      ).toEqual([]);
    });
  });

  describe("a database that does not answer", () => {
    const unavailable = expect.objectContaining({ code: "unavailable" });

    it("is given up at the deadline, then at once, and is taken up again by itself", async () => {
      const { identity, ledger } = await open("one");
      await ledger.insertMany([sampleRecord(1)]);
      server.freeze(true);
      const timed = async () => {
        const startedAtMs = performance.now();
        await expect(identity.users.find("user_1")).rejects.toEqual(unavailable);
        return performance.now() - startedAtMs;
      };
      const taken = [await timed(), await timed(), await timed(), await timed()];
      expect(Math.max(...taken)).toBeLessThan(2_500);
      expect(taken[3]).toBeLessThan(50);
      server.freeze(false);
      await expect
        .poll(() => identity.users.find("user_1").catch((error: unknown) => error), { timeout: 10_000 })
        .toBeUndefined();
      await ledger.insertMany([sampleRecord(1), sampleRecord(2)]);
      expect((await ledger.list({ limit: 10 })).records).toHaveLength(2);
      expect(told).toEqual(expect.arrayContaining(["database.gone", "database.back"]));
    });

    it("and crashed leaves nothing half done", async () => {
      const store = await open("one");
      const records = mixture(2_000);
      const insert = async () => {
        for (let from = 0; from < records.length; from += 100)
          await store.ledger.insertMany(records.slice(from, from + 100));
      };
      const first = insert().catch((error: unknown) => error);
      await store.ledger.insertMany(records.slice(0, 50));
      await server.halt("kill");
      await first;
      await server.resume();
      await expect.poll(() => insert().catch((error: unknown) => error), { timeout: 10_000 }).toBeUndefined();
      await expectSums(store, records);
    });
  });
});
