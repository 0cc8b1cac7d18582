import { errorCodes, PlatformError } from "@llm-platform/kit";

/**
 * The PlatformError in something thrown, if it is one. A package may bring its own copy of the kit,
 * so what counts is the name and a code of the closed set, not the class.
 */
export function findPlatformError(error: unknown): PlatformError | undefined {
  if (error instanceof PlatformError) return error;
  if (!(error instanceof Error) || error.name !== "PlatformError" || !("code" in error)) return undefined;
  const code = errorCodes.find((one) => one === error.code);
  return code === undefined ? undefined : new PlatformError(code, error.message, { cause: error });
}

/**
 * One sentence about a step that failed, safe to show. The text of an error that is not a PlatformError
 * may hold anything; it goes to the log only.
 */
export function describeFailure(name: string, step: "start" | "health" | "stop", error: unknown): string {
  const known = findPlatformError(error);
  if (known === undefined) return `${name}: ${step} failed with an unexpected error; the log has it`;
  return known.message.startsWith(`${name}: `) ? known.message : `${name}: ${known.message}`;
}
