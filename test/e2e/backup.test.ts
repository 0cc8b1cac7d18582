import { hash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { ask, type Asking, chatBody } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

/** Each starts several servers and waits for a dozen commands. */
const longTest = { timeout: 120_000 };
const canary = "sk-CANARY-5b0c-in-a-backup";
const rootKey = "a-key-of-the-configuration-0123456789";
const model = "fake/tiny-chat";

let upstream: FakeUpstream;
let root = "";

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai", apiKey: canary });
});
afterAll(() => upstream.stop());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "llm-platform-backup-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function start(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Platform> {
  return startPlatform({
    config: {
      auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] },
      integrations: [openAiIntegration("fake", upstream.origin, { api_key: "the-key-of-the-file" })],
    },
    dataDirectory: join(root, folder),
    env,
  });
}

function as(platform: Platform, path: string, asking: Asking & { readonly key?: string } = {}) {
  const { key = rootKey, ...rest } = asking;
  return ask(platform, path, { ...rest, headers: { ...rest.headers, authorization: `Bearer ${key}` } });
}

function llmp(platform: Platform | undefined, args: readonly string[]): Promise<CliResult> {
  const env = platform === undefined ? {} : { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: rootKey };
  return runLlmp(args, { env, workingDirectory: root });
}

const factsSchema = z.object({
  file: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  tables: z.record(z.string(), z.number()),
  master_key_ids: z.array(z.string()),
});

/** What `llmp backup` says as JSON. */
async function backUp(platform: Platform, file: string): Promise<z.output<typeof factsSchema>> {
  const { exitCode, stdout, stderr } = await llmp(platform, ["backup", join(root, file), "-o", "json"]);
  expect(exitCode, stderr).toBe(0);
  return factsSchema.parse(JSON.parse(stdout));
}

async function restore(file: string, folder: string, more: readonly string[] = []): Promise<CliResult> {
  const restored = await llmp(undefined, [
    "restore",
    join(root, file),
    "--data-dir",
    join(root, folder),
    ...more,
  ]);
  expect(restored.exitCode, restored.stderr).toBe(0);
  return restored;
}

function select(folder: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(root, folder, "platform.db"), { readOnly: true, timeout: 5_000 });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

function countsOf(folder: string, tables: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    tables.map((table) => [
      table,
      Number(select(folder, `SELECT count(*) AS rows FROM ${table}`)[0]?.["rows"]),
    ]),
  );
}

const ledger = (folder: string) => select(folder, "SELECT * FROM usage_ledger ORDER BY attempt_id");
const idsOf = (folder: string) => ledger(folder).map((row) => String(row["attempt_id"]).split(".")[0] ?? "");

/** Makes the ledger as large as one of a busy month. */
function growLedger(folder: string, rows: number): void {
  const database = new DatabaseSync(join(root, folder, "platform.db"));
  database.exec(
    `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     INSERT INTO usage_ledger (attempt_id, started_at_ms, principal, operation, requested_model, integration, provider, upstream_model, stream, duration_ms, outcome, usage_source)
     SELECT 'req_old' || i || '.1', 1700000000000 + i, 'root', 'chat', 'm', 'fake', 'fake', 'm', 1, 10, 'stop', 'none' FROM n`,
  );
  database.close();
}

/** Callers that note which of their calls have ended. */
function startLoad(platform: Platform, callers: number) {
  const state = { isOver: false };
  const ended = new Set<string>();
  const statuses: number[] = [];
  const running = Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (!state.isOver) {
        const body = chatBody(model, { stream: caller % 2 === 0 });
        const { status, requestId } = await as(platform, "/v1/chat/completions", { body });
        statuses.push(status);
        ended.add(requestId);
      }
    }),
  );
  return {
    ended,
    statuses,
    stop: async () => {
      state.isOver = true;
      await running;
    },
  };
}

describe.each([
  ["one process", { LLM_PLATFORM_SERVER__WORKERS: "0" }],
  ["workers", { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" }],
])("a backup under load, with %s", (_name, env) => {
  test("brings everything to a new place, where only the master key is missing", longTest, async () => {
    const first = await start("data", env);
    const put = { settings: { base_url: `${upstream.origin}/v1`, api_key: canary } };
    expect((await as(first, "/integrations/fake/config", { method: "PUT", body: put })).status).toBe(200);
    expect((await as(first, "/api/v1/models/refresh", { body: {} })).status).toBe(200);
    const made = await as(first, "/api/v1/users", {
      body: { name: "ada", role: "admin", with_key: true },
    });
    const { key } = z.object({ key: z.string() }).parse(made.json);
    mkdirSync(join(root, "data", "integrations", "fake"), { recursive: true });
    writeFileSync(join(root, "data", "integrations", "fake", "state.json"), "{}");

    const load = startLoad(first, 6);
    while (load.ended.size < 50) await ask(first, "/livez");
    const endedBefore = [...load.ended];
    const backup = await backUp(first, "b.tar");
    const endedAfter = new Set(load.ended);
    await load.stop();
    expect(load.statuses.filter((status) => status !== 200)).toEqual([]);
    expect(statSync(join(root, "b.tar")).mode & 0o777).toBe(0o600);
    expect(hash("sha256", readFileSync(join(root, "b.tar")))).toBe(backup.sha256);
    const archive = readFileSync(join(root, "b.tar"));
    const masterKey = readFileSync(join(root, "data", "master.key"), "utf8").trim();
    for (const secret of [canary, masterKey, key]) expect(archive.includes(secret)).toBe(false);

    const verified = await llmp(undefined, ["backup", "verify", join(root, "b.tar"), "-o", "json"]);
    expect(JSON.parse(verified.stdout), verified.stderr).toMatchObject({ tables: backup.tables });

    const restored = await restore("b.tar", "copy");
    expect(restored.stderr).toContain(`needed next: the master key ${backup.master_key_ids[0]}`);
    expect(countsOf("copy", Object.keys(backup.tables))).toEqual(backup.tables);
    // Every call that had ended is in it, none twice, and none that had not begun when it was there.
    const saved = idsOf("copy");
    expect(new Set(saved).size).toBe(saved.length);
    expect(endedBefore.filter((id) => !saved.includes(id))).toEqual([]);
    const beganLater = saved.filter((id) => !endedAfter.has(id));
    expect(beganLater.length).toBeLessThanOrEqual(6);

    // When nothing runs, the two are equal row by row, and so are two backups.
    await first.ledgerRows({ count: load.ended.size });
    const quiet = await as(first, "/api/v1/backups", { body: {} });
    const { file, tables } = factsSchema.parse(quiet.json);
    expect(file).toMatch(/backups\/llm-platform-\d{8}T\d{9}Z\.tar$/);
    copyFileSync(file, join(root, "quiet.tar"));
    await restore("quiet.tar", "equal");
    expect(ledger("equal").map(({ id: _id, ...row }) => row)).toEqual(
      ledger("data").map(({ id: _id, ...row }) => row),
    );
    // That the backup was made is on record only after it.
    const { audit_log: auditRecords = 0 } = tables;
    // Sums follow the ledger within seconds, here as there.
    const settled = Object.entries(tables).filter(
      ([name]) => name !== "audit_log" && !/^usage_(?:kinds|progress|rollups)$/.test(name),
    );
    const names = settled.map(([name]) => name);
    expect(countsOf("data", names)).toEqual(Object.fromEntries(settled));
    expect(countsOf("data", ["audit_log"])).toEqual({ audit_log: auditRecords + 1 });
    for (const table of ["users", "api_keys", "secrets", "events", "key_values"])
      expect(select("equal", `SELECT * FROM ${table} ORDER BY 1, 2`)).toEqual(
        select("data", `SELECT * FROM ${table} ORDER BY 1, 2`),
      );
    expect(readFileSync(join(root, "equal", "integrations", "fake", "state.json"), "utf8")).toBe("{}");

    const sealed = await start("copy", env);
    expect(await ask(sealed, "/readyz")).toMatchObject({ status: 503, text: "sealed" });
    await sealed.stop();
    copyFileSync(join(root, "data", "master.key"), join(root, "copy", "master.key"));
    const second = await start("copy", env);
    const chat = await as(second, "/v1/chat/completions", { key, body: chatBody(model) });
    expect(chat.status, chat.text).toBe(200);
    await second.stop();
    expect(await first.stop()).toBe(0);
  });
});

test(
  "a server that is killed in the middle leaves no half backup, and cleans up when it comes again",
  longTest,
  async () => {
    const first = await start("data");
    await first.stop();
    growLedger("data", 200_000);
    const folder = join(root, "data", "backups");
    for (const delayMs of [60, 200, 400]) {
      const platform = await start("data");
      const making = as(platform, "/api/v1/backups", { body: {} }).catch(() => undefined);
      while (!existsSync(folder) || readdirSync(folder).length === 0) await ask(platform, "/livez");
      setTimeout(() => platform.kill("SIGKILL"), delayMs);
      await platform.exit;
      await making;
      const whole = readdirSync(folder).filter((name) => name.endsWith(".tar"));
      for (const name of whole) {
        const verified = await llmp(undefined, ["backup", "verify", join(folder, name)]);
        expect(verified.exitCode, verified.stderr).toBe(0);
      }
      // What a killed server left is a data folder as good as any.
      const offline = join(root, `offline-${delayMs}.tar`);
      const made = await llmp(undefined, ["backup", offline, "--offline", "--data-dir", join(root, "data")]);
      expect(made.exitCode, made.stderr).toBe(0);
    }
    const last = await start("data");
    expect(readdirSync(folder).filter((name) => !name.endsWith(".tar"))).toEqual([]);
    await last.stop();
  },
);

test("one that its client gives up is cancelled, and the next one is made", longTest, async () => {
  const first = await start("data");
  await first.stop();
  growLedger("data", 200_000);
  const platform = await start("data");
  const headers = { authorization: `Bearer ${rootKey}`, accept: "application/x-tar" };
  const askForArchive = (signal: AbortSignal) =>
    fetch(`${platform.url}/api/v1/backups`, { method: "POST", headers, signal });
  const folder = join(root, "data", "backups");
  const early = new AbortController();
  const cancelled = askForArchive(early.signal);
  while (!existsSync(folder) || readdirSync(folder).length === 0) await ask(platform, "/livez");
  const meanwhile = await as(platform, "/api/v1/backups", { body: {} });
  expect(meanwhile).toMatchObject({ status: 409, json: { title: "conflict" } });
  early.abort();
  await expect(cancelled).rejects.toThrow();
  await platform.logLine(/"event":"backup\.failed"/);
  while (readdirSync(folder).length > 0) await ask(platform, "/livez");

  // One that is made, and that its client does not read, holds up the next until the client has gone.
  const late = new AbortController();
  expect((await askForArchive(late.signal)).status).toBe(200);
  const second = await llmp(platform, ["backup", join(root, "second.tar")]);
  expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("A backup is being made") });
  late.abort();
  while (readdirSync(folder).length > 0) await ask(platform, "/livez");
  await backUp(platform, "third.tar");
  expect(readdirSync(root).filter((name) => name.includes("tar"))).toEqual(["third.tar"]);
  await platform.stop();
});

test("llmp says what is wrong, with the exit code for it", longTest, async () => {
  const platform = await start("data");
  await backUp(platform, "b.tar");
  const file = join(root, "b.tar");
  const data = join(root, "data");
  const failing: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["backup", file], 1, /is there already/],
    [["backup", "x.tar", "--offline"], 2, /--data-dir/],
    [["backup", "x.tar", "--data-dir", data], 2, /--offline/],
    [["backup", "x.tar", "--offline", "--data-dir", data], 1, /Another server \(process \d+\) uses/],
    [["backup", "x.tar", "--offline", "--data-dir", root], 4, /is no data folder/],
    [["backup", "verify", "none.tar"], 4, /no file none\.tar/],
    [["restore", file], 2, /--data-dir/],
    [["restore", file, "--data-dir", data], 1, /not empty.*--force/],
    [["restore", file, "--data-dir", data, "--force"], 1, /Another server/],
    [["--url", "http://127.0.0.1:1", "backup", "x.tar"], 5, /No llm-platform server/],
    [["--api-key", "wrong", "backup", "x.tar"], 3, /./],
  ];
  for (const [args, exitCode, message] of failing)
    expect(await llmp(platform, args)).toMatchObject({ exitCode, stderr: expect.stringMatching(message) });
  const bytes = readFileSync(file);
  bytes[20_000] = (bytes[20_000] ?? 0) ^ 1;
  writeFileSync(join(root, "flipped.tar"), bytes);
  expect(await llmp(undefined, ["backup", "verify", "flipped.tar"])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("The backup is damaged at platform.db"),
  });
  const dry = await restore("b.tar", "new", ["--dry-run"]);
  expect(dry.stderr).toContain("nothing was changed");
  expect(readdirSync(root).sort()).toEqual(["b.tar", "data", "flipped.tar"]);
  await platform.stop();
});
