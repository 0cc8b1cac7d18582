import type { PlatformClient } from "../client.ts";
import type { Credentials } from "./credentials.ts";
import type { Target } from "../smoke/connection.ts";
import type { Output } from "./output.ts";

/** What the commands share; made when a command runs, from the options given. */
export interface CliContext {
  client(): PlatformClient;
  /** The address of the server, and who asks there: the key, else the login. */
  target(): Promise<Target>;
  /** Logins of this user, by server. */
  credentials(): Credentials;
  output(): Output;
  /** Sets what the process ends with, for a command that failed without an error. */
  fail(exitCode: number): void;
}
