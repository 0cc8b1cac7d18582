import { execFile } from "node:child_process";
import { type CredentialProgram, PlatformError } from "@llm-platform/kit";
import { programEnvironment } from "./config/surroundings.ts";

/** Runs what the configuration file allows, and nothing else: settings that come over the API cannot add to it. */
export interface CredentialPrograms {
  /** Rejects with PlatformError `forbidden`, `unavailable`, `upstream_timeout` or `client_cancelled`. */
  run(program: CredentialProgram, signal: AbortSignal): Promise<string>;
}

/** Less than a start may take. */
const timeLimitMs = 8_000;
const mostOutputBytes = 1_048_576;
const mostErrorCharacters = 500;

export function createCredentialPrograms(allowed: readonly string[]): CredentialPrograms {
  return {
    async run({ command, arguments: args, environment }, signal) {
      if (!allowed.includes(command))
        throw new PlatformError(
          "forbidden",
          `The program ${command} may not be run. Allow it in programs.credentials of the configuration file.`,
        );
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const options = {
        env: programEnvironment(environment),
        timeout: timeLimitMs,
        killSignal: "SIGKILL",
        maxBuffer: mostOutputBytes,
        signal,
      } as const;
      const child = execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(signal.aborted ? cancelled(command) : toFailure(command, error, stderr));
      });
      child.stdin?.end();
      return promise;
    },
  };
}

function cancelled(command: string): PlatformError {
  return new PlatformError("client_cancelled", `The program ${command} was ended.`);
}

function toFailure(command: string, error: Error, stderr: string): PlatformError {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "" && "killed" in error && error.killed === true)
    return new PlatformError(
      "upstream_timeout",
      `The program ${command} did not end within ${timeLimitMs} ms.`,
      { cause: error, isRetryable: true },
    );
  const said = stderr.slice(-mostErrorCharacters).trim() || "it printed no reason";
  const what = code === "ENOENT" ? "is not there. Install it where the platform runs." : `failed: ${said}`;
  return new PlatformError("unavailable", `The program ${command} ${what}`, {
    cause: error,
    isRetryable: true,
  });
}
