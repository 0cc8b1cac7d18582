import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { LedgerRecord } from "../../packages/server/src/core/ledger-record.ts";
import { createSpool } from "../../packages/server/src/store/spool.ts";
import { openStore } from "../../packages/server/src/store/store.ts";

const kills = Number(process.env["SPOOL_KILLS"] ?? 30);
const child = fileURLToPath(new URL("spool-child.ts", import.meta.url));
const quietLog = { debug() {}, info() {}, warn() {}, error() {} };

interface Told {
  readonly begun: Set<string>;
  readonly durable: Set<string>;
}

/** Runs the recording server until it has told of `lines` lines, and kills it at once. */
async function runAndKill(directory: string, generation: number, lines: number): Promise<Told> {
  const server = spawn(process.execPath, [child, directory, String(generation)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let seen = 0;
  server.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    seen += part.split("\n").length - 1;
    if (seen >= lines) server.kill("SIGKILL");
  });
  // `close` comes after everything that the server wrote before it died was read.
  const [, signal] = await once(server, "close");
  expect(signal).toBe("SIGKILL");
  // Only whole lines count: the last may be cut off.
  const told = text.slice(0, text.lastIndexOf("\n")).split("\n");
  const idsOf = (kind: string) => told.filter((line) => line.startsWith(kind)).map((line) => line.slice(2));
  return { begun: new Set(idsOf("b ")), durable: new Set(idsOf("d ")) };
}

async function readLedger(directory: string): Promise<readonly LedgerRecord[]> {
  const store = await openStore({ directory });
  try {
    const spool = await createSpool({
      directory: join(directory, "spool"),
      ledger: store.ledger,
      log: quietLog,
    });
    await spool.close();
    return (await store.ledger.list({ limit: 1_000_000 })).records;
  } finally {
    await store.close();
  }
}

it(
  `has every durable record exactly once after ${kills} kills`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "spool-kill-"));
    const begun = new Set<string>();
    const durable = new Set<string>();
    try {
      for (let generation = 0; generation < kills; generation++) {
        const told = await runAndKill(directory, generation, 1 + Math.floor(Math.random() * 3_000));
        for (const id of told.begun) begun.add(id);
        for (const id of told.durable) durable.add(id);
        // Some generations are recovered by the next server itself, as after a real crash.
        if (generation % 5 !== 4 && generation !== kills - 1) continue;
        const rows = await readLedger(directory);
        const outcomes = new Map(rows.map(({ attemptId, outcome }) => [attemptId, outcome]));
        expect(rows.length).toBe(outcomes.size);
        expect([...durable].filter((id) => outcomes.get(id) !== "stop")).toEqual([]);
        expect([...outcomes.keys()].filter((id) => !begun.has(id))).toEqual([]);
      }
      const interrupted = (await readLedger(directory)).filter(({ outcome }) => outcome === "interrupted");
      expect(interrupted.length).toBeGreaterThan(0);
      expect(interrupted.length).toBeLessThanOrEqual(kills * 30);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  10_000 + kills * 5_000,
);
