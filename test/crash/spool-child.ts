import { writeSync } from "node:fs";
import { join } from "node:path";
import type { LedgerRecord } from "../../packages/server/src/core/ledger-record.ts";
import { createSpool } from "../../packages/server/src/store/spool.ts";
import { openStore } from "../../packages/server/src/store/store.ts";

// A server that only records: it begins and ends attempts as fast as the disk lets it, and says on standard output
// `b ID` before it begins one and `d ID` once it was told that one is durable. Its parent kills it.

const [directory = "", generation = ""] = process.argv.slice(2);
const concurrentAttempts = 30;

const log = { debug() {}, info() {}, warn: say, error: say };
const store = await openStore({ directory });
const spool = await createSpool({
  directory: join(directory, "spool"),
  ledger: store.ledger,
  log,
  segmentBytes: 64 * 1024,
  drainIntervalMs: 20,
});
let count = 0;

function say(event: string, fields?: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
}

/** `process.stdout` may queue what it is given, and a kill would take the queue along. */
function tell(line: string): void {
  writeSync(1, line);
}

function noteNothing(): void {
  // The parent judges by what is on disk, not by what was told.
}

function runAttempt(): void {
  const record = toRecord(count++);
  tell(`b ${record.attemptId}\n`);
  const attempt = { start: record, place: -1 };
  spool.begin(attempt, noteNothing);
  setTimeout(() => {
    spool.commit(attempt, record, (error) => {
      if (error === undefined) tell(`d ${record.attemptId}\n`);
      runAttempt();
    });
  }, count % 8);
}

function toRecord(number: number): LedgerRecord {
  const requestId = `req_${generation}_${number}`;
  return {
    attemptId: `${requestId}.1`,
    requestId,
    attempt: 1,
    startedAtMs: Date.now(),
    durationMs: number % 8,
    firstByteMs: null,
    principal: "crash",
    operation: "chat",
    requestedModel: "m",
    integration: "i",
    provider: "p",
    upstreamModel: "m",
    stream: false,
    outcome: "stop",
    httpStatus: 200,
    errorCode: null,
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    usageSource: "reported",
    costMicros: null,
    currency: null,
    priceVersion: null,
    endsCall: true,
    beforeMs: null,
    stages: null,
    headUs: null,
    notes: null,
  };
}

for (let each = 0; each < concurrentAttempts; each++) runAttempt();
