import { readFileSync } from "node:fs";
import { homedir } from "node:os";

/** Everything outside the program that the configuration depends on. */
export interface Surroundings {
  /** Arguments after the command. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  readonly platform: NodeJS.Platform;
  /** Text of a file; throws what the file system does. */
  readFile(path: string): string;
}

/** The surroundings of this process. Nothing else of the server reads them. */
export function readSurroundings(argv: readonly string[]): Surroundings {
  return {
    argv,
    env: process.env,
    workingDirectory: process.cwd(),
    homeDirectory: homedir(),
    platform: process.platform,
    readFile: (path) => readFileSync(path, "utf8"),
  };
}

/**
 * Takes the master keys and the database's password out of this process's environment, once they are read: processes that
 * it starts, such as those of local models, would inherit them.
 */
export function forgetCredentials(): void {
  for (const name of Object.keys(process.env))
    if (
      /^(?:LLM_PLATFORM_SECRETS__(?:PREVIOUS_)?MASTER_KEYS?|(?:LLM_PLATFORM_DATABASE__|DATABASE_)URL)$/.test(
        name,
      )
    )
      delete process.env[name];
}

/** The environment of a program that makes a credential: this process's, without what configures the platform. */
export function programEnvironment(
  added: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("LLM_PLATFORM_"));
  return { ...Object.fromEntries(inherited), ...added };
}
