import type { Command } from "commander";
import { createClient } from "../client.ts";
import { ClientError } from "../client-error.ts";
import type { CliContext } from "./context.ts";
import { toStoredLogin } from "./credentials.ts";
import { toPrintable } from "./output.ts";
import { readPassword } from "./read-password.ts";
import { findStoredToken } from "./stored-token.ts";

/** `llmp login`, `llmp logout` and `llmp passwd`. */
export function addLoginCommands(program: Command, context: CliContext): void {
  program
    .command("login <name>")
    .description("log in at the server; later commands use that where no key is given")
    .option("--password", "by a password, from the terminal or standard input (default)")
    .action(async (name: string) => {
      const { url } = context.client();
      const tokens = await createClient({ url }).login(name, await readPassword(`Password of ${name}: `));
      await context.credentials().update(url, async () => toStoredLogin(name, tokens));
      context.output().err(toPrintable(`logged in at ${url} as ${name}`) + "\n");
    });
  program
    .command("logout")
    .description("end the login at the server")
    .action(async () => {
      const { url } = context.client();
      await endLogin(context, url);
      context.output().err(`logged out at ${url}\n`);
    });
  program
    .command("passwd")
    .description("change your own password; ends your other logins")
    .action(async () => {
      const [current, next] = await readTwo();
      await context.client().changePassword(current, next);
      context.output().err("the password is changed\n");
    });
}

/** Ends it at the server, and forgets it whatever the server says. */
async function endLogin(context: CliContext, url: string): Promise<void> {
  const credentials = context.credentials();
  if ((await credentials.find(url)) === undefined)
    throw new ClientError("failed", `There is no login at ${url}.`);
  try {
    const token = await findStoredToken(credentials, url);
    await createClient({ url, apiKey: token }).logout();
  } catch (error) {
    // One that is over needs no end.
    if (!(error instanceof ClientError) || error.kind !== "auth") throw error;
  } finally {
    await credentials.update(url, async () => undefined);
  }
}

/** On standard input they are two lines. */
async function readTwo(): Promise<readonly [string, string]> {
  const first = await readPassword("Current password: ");
  if (process.stdin.isTTY) return [first, await readPassword("New password: ")];
  const [current = "", next = ""] = first.split(/\r?\n/);
  return [current, next];
}
