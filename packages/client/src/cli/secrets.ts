import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { SecretsStatus } from "../secrets.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit-code.ts";
import { type Output, printRows } from "./output.ts";

/** `llmp secrets …`. A key is never an argument: there every user of the machine could read it. */
export function addSecretCommands(program: Command, context: CliContext): void {
  const secrets = program.command("secrets").description("how secrets are sealed in the server's database");
  secrets
    .command("status")
    .description("the master keys by their ids, and how many secrets are sealed under each")
    .action(async () => printStatus(context.output(), await context.client().secretsStatus()));
  secrets
    .command("rotate")
    .description("put every secret under a new master key; calls go on meanwhile")
    .option(
      "--key-file <file>",
      "the new key is in this file, or with - on standard input (default: a random one)",
    )
    .action(async ({ keyFile }: { readonly keyFile?: string }) => {
      const key = keyFile === undefined ? undefined : await readKey(keyFile);
      printStatus(context.output(), await context.client().rotateSecrets(key));
    });
  secrets
    .command("unseal")
    .description("give a server that waits for it the missing master key, until it ends")
    .option("--key-file <file>", "where the key is; - is standard input", "-")
    .action(async ({ keyFile }: { readonly keyFile: string }) =>
      printStatus(context.output(), await context.client().unsealSecrets(await readKey(keyFile))),
    );
}

async function readKey(file: string): Promise<string> {
  const key = (file === "-" ? await text(process.stdin) : await readKeyFile(file)).trim();
  if (key !== "") return key;
  throw new UsageError("The key is empty. Give it on standard input, or name its file with --key-file.");
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file} cannot be read.`, { cause });
  }
}

function printStatus(output: Output, status: SecretsStatus): void {
  const rows = status.keys.map(({ id, state, secrets }) => [
    id,
    state,
    String(secrets),
    state === "current" ? (status.source ?? "") : "",
  ]);
  printRows(output, status, [["KEY", "STATE", "SECRETS", "FROM"], ...rows]);
  if (status.sealed) output.err("sealed: a master key is missing, the server takes no calls\n");
}
