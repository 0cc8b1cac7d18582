import type { Kysely } from "kysely";
import type { RefusedCall } from "../../core/refused-call.ts";
import type { RefusedCallRow, Tables } from "../tables.ts";

/** Names and messages may hold what a client has made up. */
const longestText = 512;
const rowsPerStatement = 50;

/** Puts calls in that ended without a reply; one that is there already is left as it is. */
export async function insertRefused(
  database: Kysely<Tables>,
  calls: readonly RefusedCall[],
  so: { readonly recordedAtMs: number; readonly replica: string | null },
): Promise<void> {
  for (let from = 0; from < calls.length; from += rowsPerStatement)
    await database
      .insertInto("refused_calls")
      .values(calls.slice(from, from + rowsPerStatement).map((call) => toRow(call, so)))
      .onConflict((conflict) => conflict.column("request_id").doNothing())
      .execute();
}

function toRow(
  call: RefusedCall,
  { recordedAtMs, replica }: { readonly recordedAtMs: number; readonly replica: string | null },
): RefusedCallRow {
  return {
    request_id: call.requestId,
    started_at_ms: call.startedAtMs,
    recorded_at_ms: recordedAtMs,
    duration_ms: call.durationMs,
    principal: call.principal,
    operation: call.operation,
    requested_model: toKeptText(call.requestedModel),
    stream: call.stream ? 1 : 0,
    attempts: call.attempts,
    http_status: call.httpStatus,
    error_code: call.errorCode,
    message: toKeptText(call.message),
    stages: call.stages,
    notes: call.notes,
    replica,
  };
}

/** Its beginning, without what a database would refuse: NUL, and halves of a surrogate pair alone. */
function toKeptText(text: string): string {
  return text.slice(0, longestText).replaceAll("\0", "\u{fffd}").toWellFormed();
}
