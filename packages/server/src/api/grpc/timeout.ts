import { PlatformError } from "@llm-platform/kit";

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** What a timer of Node can wait for; who waits longer than 24 days waits for ever. */
const longestMs = 2 ** 31 - 1;

/**
 * How long a client waits, in milliseconds, by its header `grpc-timeout`; undefined where it waits for ever.
 * Throws PlatformError `invalid_request`.
 */
export function parseTimeout(header: string): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? [];
  if (digits === undefined || unit === undefined)
    throw new PlatformError("invalid_request", "The header grpc-timeout is not a time as gRPC writes it.");
  const ms = Number(digits) * (unitMs[unit] ?? 1);
  return ms > longestMs ? undefined : ms;
}
