import { ClientError } from "../client-error.ts";

/** What a command ends with. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  unavailable: 5,
  interrupted: 130,
} as const;

/** A mistake in how the command was called. */
export class UsageError extends Error {}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof ClientError)) return exitCodes.failed;
  switch (error.kind) {
    case "usage":
      return exitCodes.usage;
    case "auth":
      return exitCodes.auth;
    case "not_found":
      return exitCodes.notFound;
    case "unavailable":
      return exitCodes.unavailable;
    case "failed":
      return exitCodes.failed;
  }
}
