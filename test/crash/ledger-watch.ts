import { DatabaseSync } from "node:sqlite";
import type { Observation } from "./load.ts";

type Row = { readonly attemptId: string; readonly outcome: string };

/** Counts of what was compared so far. */
export type LedgerCounts = {
  readonly rows: number;
  readonly interrupted: number;
  /** Replies that ended and have their one row. */
  readonly endedMatched: number;
  /** Streams that began, did not end, and have their one row. */
  readonly begunMatched: number;
  /** Replies of which only the head came; they may have a row or none. */
  readonly headOnly: number;
  /** What the ledger says that all of it cost, when it was looked at as a whole. */
  readonly costMicros: number;
  /** Replies that were errors. */
  readonly refused: number;
};

/** Compares what clients saw with what the ledger says. */
export type LedgerWatch = {
  /** Reads the new rows, and adds to the violations what does not fit. Call it after recovery. */
  check(observations: readonly Observation[]): void;
  /** Looks at the database as a whole. */
  checkWhole(sent: number): void;
  readonly counts: LedgerCounts;
  readonly violations: readonly string[];
};

/** Ends in which the model said by itself that it was done. */
const successes = new Set(["stop", "length", "tool_calls", "content_filter"]);

/** @param path the database of the server; it is read, never written */
export function createLedgerWatch(path: string): LedgerWatch {
  const byRequest = new Map<string, Row[]>();
  const attempts = new Set<string>();
  const violations: string[] = [];
  const counts = {
    rows: 0,
    interrupted: 0,
    endedMatched: 0,
    begunMatched: 0,
    headOnly: 0,
    costMicros: 0,
    refused: 0,
  };
  let lastId = 0;

  const readNew = (): void => {
    withDatabase(path, (database) => {
      const rows = database
        .prepare("SELECT id, attempt_id, outcome FROM usage_ledger WHERE id > ? ORDER BY id")
        .all(lastId);
      for (const row of rows) {
        lastId = Number(row["id"]);
        const attemptId = String(row["attempt_id"]);
        const outcome = String(row["outcome"]);
        if (attempts.has(attemptId)) violations.push(`the attempt ${attemptId} stands in the ledger twice`);
        attempts.add(attemptId);
        counts.rows += 1;
        if (outcome === "interrupted") counts.interrupted += 1;
        const requestId = attemptId.slice(0, attemptId.lastIndexOf("."));
        byRequest.set(requestId, [...(byRequest.get(requestId) ?? []), { attemptId, outcome }]);
      }
    });
  };

  const checkOne = (seen: Observation): void => {
    const rows = byRequest.get(seen.requestId) ?? [];
    const told = `${seen.kind} ${seen.requestId}, ${seen.isCancelled ? "left by its client" : seen.progress}, has ${describe(rows)}`;
    if (rows.length > 1) violations.push(`more than one row: ${told}`);
    if (seen.status !== 200) counts.refused += 1;
    else if (seen.progress === "head") counts.headOnly += 1;
    else if (seen.progress === "ended") {
      if (rows.length === 1 && successes.has(rows[0]?.outcome ?? "")) counts.endedMatched += 1;
      else violations.push(`an ended reply without its row of success: ${told}`);
    } else if (rows.length === 1 && mayEndSo(rows[0]?.outcome ?? "", seen)) counts.begunMatched += 1;
    else violations.push(`a stream that began without its row: ${told}`);
  };

  return {
    check: (observations) => {
      readNew();
      for (const seen of observations) checkOne(seen);
    },
    checkWhole: (sent) => {
      withDatabase(path, (database) => {
        const { total, different } = {
          ...database
            .prepare("SELECT count(*) AS total, count(DISTINCT attempt_id) AS different FROM usage_ledger")
            .get(),
        };
        if (total !== counts.rows || different !== counts.rows)
          violations.push(
            `the ledger holds ${total} rows of ${different} attempts, ${counts.rows} were read`,
          );
        if (counts.rows > sent) violations.push(`${counts.rows} rows for ${sent} calls`);
        const { costs } = {
          ...database.prepare("SELECT total(cost_micros) AS costs FROM usage_ledger").get(),
        };
        const { spent } = {
          ...database.prepare("SELECT total(spent_micros) AS spent FROM budget_spend").get(),
        };
        counts.costMicros = Number(costs);
        if (spent !== costs) violations.push(`the ledger has costs of ${costs}, the budget counts ${spent}`);
        const { integrity_check: integrity } = { ...database.prepare("PRAGMA integrity_check").get() };
        if (integrity !== "ok") violations.push(`the database is damaged: ${integrity}`);
      });
    },
    counts,
    violations,
  };
}

/** A stream that broke off was interrupted, or had ended before its client could know. */
function mayEndSo(outcome: string, seen: Observation): boolean {
  return (
    outcome === "interrupted" ||
    successes.has(outcome) ||
    (seen.isCancelled && outcome === "client_cancelled")
  );
}

function describe(rows: readonly Row[]): string {
  return rows.length === 0
    ? "no row"
    : rows.map(({ attemptId, outcome }) => `${attemptId} ${outcome}`).join(", ");
}

/** Opened anew each time: the writer is killed in between, and a reader that stays would hold the log of the database. */
function withDatabase(path: string, use: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    use(database);
  } finally {
    database.close();
  }
}
