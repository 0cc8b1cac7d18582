import { homedir } from "node:os";
import { join } from "node:path";

/** What the command line takes from its surroundings; the only place of this package that reads them. */
export interface CliEnvironment {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  /** File of this user's logins. */
  readonly credentialsFile: string;
  /** Whether lines on standard error may be written over. */
  readonly isTerminal: boolean;
}

export function readEnvironment(): CliEnvironment {
  const { env } = process;
  const credentialsFile = join(configDirectory(), "llm-platform", "credentials.json");
  // Empty is as good as not set: that is how a shell's profile takes a variable back.
  return {
    url: env["LLM_PLATFORM_URL"] || undefined,
    apiKey: env["LLM_PLATFORM_API_KEY"] || undefined,
    credentialsFile,
    isTerminal: process.stderr.isTTY && env["TERM"] !== "dumb",
  };
}

/** Where people's programs keep their settings on this platform. */
function configDirectory(): string {
  const { env, platform } = process;
  if (platform === "darwin") return join(homedir(), "Library", "Application Support");
  if (platform === "win32") return env["APPDATA"] || join(homedir(), "AppData", "Roaming");
  return env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
}
