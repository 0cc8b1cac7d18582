import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { z } from "zod";

/**
 * `node test/ship/keep-release.ts --server BUNDLE/main.js --to test/ship/releases/VERSION`: what a release leaves in its data
 * folder after some use, as text. Run it with the server of the release, before the next change of the schema, so that later
 * versions are tried on it.
 */
const { values } = parseArgs({ options: { server: { type: "string" }, to: { type: "string" } } });
const { server, to } = z.object({ server: z.string(), to: z.string() }).parse(values);

const rootKey = "a-key-of-the-release-0123456789";
const folder = mkdtempSync(join(tmpdir(), "keep-release-"));
const data = join(folder, "data");

try {
  const { url, stop } = await startServer();
  const ask = async (path: string, body: object) => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${rootKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${text}`);
    return text;
  };
  await ask("/api/v1/users", { name: "ada", role: "admin" });
  await ask("/api/v1/teams", { name: "research" });
  const made = z
    .object({ key: z.string() })
    .parse(JSON.parse(await ask("/api/v1/keys", { name: "of-the-release", role: "developer" })));
  await ask("/api/v1/budgets", {
    name: "all",
    scope: "global",
    period: "month",
    amount_micros: 50_000_000,
    currency: "USD",
  });
  for (const stream of [false, true, false])
    await ask("/v1/chat/completions", {
      model: "demo-chat",
      stream,
      messages: [{ role: "user", content: "Hello" }],
    });
  await stop();
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, "platform.sql"), dump(join(data, "platform.db")));
  cpSync(join(data, "audit"), join(to, "audit"), { recursive: true });
  writeFileSync(join(to, "key.txt"), `${made.key}\n`);
  writeFileSync(join(to, "master.txt"), readFileSync(join(data, "master.key"), "utf8"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function startServer() {
  const child = spawn(process.execPath, [server], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      LLM_PLATFORM_DATA_DIR: data,
      LLM_PLATFORM_SERVER__PORT: "0",
      LLM_PLATFORM_AUTH__API_KEYS__0__NAME: "root",
      LLM_PLATFORM_AUTH__API_KEYS__0__ROLE: "admin",
      LLM_PLATFORM_AUTH__API_KEYS__0__KEY: rootKey,
    },
  });
  const exit = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /"url":"([^"]+)".*"platform\.started"/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    const stop = async () => {
      child.kill("SIGTERM");
      await exit;
    };
    return { url, stop };
  }
  throw new Error("the server ended before it took calls");
}

/** A database as SQL that makes it anew. */
function dump(path: string): string {
  const raw = new DatabaseSync(path, { readOnly: true });
  const objects = raw
    .prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .all();
  const tables = objects.filter(({ type }) => type === "table");
  const rows = tables.flatMap(({ name }) => {
    const all = raw.prepare(`SELECT * FROM "${String(name)}"`).all();
    return all.map(
      (row) => `INSERT INTO "${String(name)}" VALUES (${Object.values(row).map(toSql).join(", ")});`,
    );
  });
  const others = objects.filter(({ type }) => type !== "table");
  return [
    ...tables.map(({ sql }) => `${String(sql)};`),
    ...rows,
    ...others.map(({ sql }) => `${String(sql)};`),
    "",
  ].join("\n");
}

function toSql(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  return `'${String(value).replaceAll("'", "''")}'`;
}
