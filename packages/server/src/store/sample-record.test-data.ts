import type { LedgerRecord } from "../core/ledger-record.ts";

/** A finished attempt for tests; `number` makes it different from the others. */
export function sampleRecord(number: number, changes: Partial<LedgerRecord> = {}): LedgerRecord {
  return {
    attemptId: `req_${number}.1`,
    requestId: `req_${number}`,
    attempt: 1,
    startedAtMs: 1_700_000_000_000 + number,
    durationMs: 12,
    firstByteMs: 3,
    principal: "team-a",
    operation: "chat",
    requestedModel: "llama",
    integration: "office",
    provider: "vllm",
    upstreamModel: "llama-3",
    stream: true,
    outcome: "stop",
    httpStatus: 200,
    errorCode: null,
    inputTokens: 10,
    outputTokens: 5,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    usageSource: "reported",
    costMicros: 7,
    currency: "USD",
    priceVersion: null,
    endsCall: true,
    beforeMs: null,
    stages: null,
    headUs: null,
    notes: null,
    ...changes,
  };
}
