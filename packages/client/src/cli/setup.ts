import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { tellKey } from "./tell-key.ts";
import { readPassword } from "./read-password.ts";

/** `llmp setup`: makes the first admin of a new server. */
export function addSetupCommand(program: Command, context: CliContext): void {
  program
    .command("setup <name>")
    .description("make the first admin of a new server; the key is printed this once")
    .requiredOption("--token <token>", "what the server printed when it started; good once")
    .option("--password", "give the admin a password as well, from the terminal or standard input")
    .action(async (name: string, options: { readonly token: string; readonly password?: boolean }) => {
      const password = options.password === true ? await readPassword("New password: ") : undefined;
      tellKey(context.output(), await context.client().setUp({ token: options.token, name, password }));
    });
}
