import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { IntegrationStatus } from "../client.ts";
import type { OperationOutput } from "../operation-calls.ts";
import { parseAssignment } from "./assignment.ts";
import type { CliContext } from "./context.ts";
import { exitCodes, UsageError } from "./exit-code.ts";
import { printRows, toPrintable } from "./output.ts";

/** `llmp integrations …`. */
export function addIntegrationCommands(program: Command, context: CliContext): void {
  const integrations = program
    .command("integrations")
    .description("the parts of the platform and their states");
  const print = (value: unknown, list: readonly IntegrationStatus[]) => {
    const rows = list.map((each) => [
      each.name,
      each.type,
      each.state,
      each.reason ?? "",
      each.next_retry_at ?? "",
    ]);
    printRows(context.output(), value, [["NAME", "TYPE", "STATE", "REASON", "NEXT RETRY"], ...rows]);
  };
  integrations
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => {
      const list = await context.client().integrations();
      print(list, list);
    });
  integrations
    .command("status <name>")
    .description("one of them")
    .action(async (name: string) => {
      const status = await context.client().integration(name);
      print(status, [status]);
    });
  integrations
    .command("restart <name>")
    .description("stop and start one")
    .action(async (name: string) => {
      const status = await context.client().restartIntegration(name);
      print(status, [status]);
    });
  integrations
    .command("kinds")
    .description("what can be added")
    .action(async () => {
      const { kinds } = await context.client().run("integrations.kinds", {});
      const rows = kinds
        .filter((each) => each.can_be_added)
        .map(({ use, type, summary }) => [use, type, summary]);
      printRows(context.output(), kinds, [["KIND", "TYPE", "WHAT IT IS"], ...rows]);
    });
  addChangeCommands(integrations, context, print);
}

interface SettingOptions {
  readonly settingsFile?: string;
}

interface AddOptions extends SettingOptions {
  readonly kind?: string;
  readonly untested?: true;
}

function addChangeCommands(
  integrations: Command,
  context: CliContext,
  print: (value: unknown, list: readonly IntegrationStatus[]) => void,
): void {
  const fileOption = [
    "--settings-file <file>",
    "a JSON object of settings, for what nobody else may read; - is standard input",
  ] as const;
  integrations
    .command("test <name> [settings...]")
    .description("start it for a moment with settings name=value, and say how it was; nothing is changed")
    .option("--kind <kind>", "for one that there is not yet: what it would be")
    .option(...fileOption)
    .action(async (name: string, given: readonly string[], options: SettingOptions & { kind?: string }) => {
      const settings = await readSettings(given, options);
      const verdict = await context.client().run("integrations.test", {
        name,
        ...(options.kind === undefined ? {} : { use: options.kind }),
        ...(settings === undefined ? {} : { settings }),
      });
      tell(context, name, verdict);
    });
  integrations
    .command("add <name> [settings...]")
    .description("test one with settings name=value, and add it when it works")
    .option("--kind <kind>", "what it is (default: what its name says)")
    .option("--untested", "add it without a test, for what cannot be reached yet")
    .option(...fileOption)
    .action(async (name: string, given: readonly string[], options: AddOptions) => {
      const settings = (await readSettings(given, options)) ?? {};
      const client = context.client();
      const integration = { name, use: options.kind ?? name, settings };
      if (options.untested !== true) {
        const verdict = await client.run("integrations.test", integration);
        if (!works(verdict)) return tell(context, name, verdict);
      }
      const status = await client.run("integrations.create", integration);
      print(status, [status]);
    });
  integrations
    .command("rm <name>")
    .description("remove one that was added, with its settings and credentials")
    .option("--remove-data", "also what it has stored, and its folder on the server's machine")
    .action(async (name: string, { removeData = false }: { readonly removeData?: boolean }) => {
      const data = removeData ? "remove" : "keep";
      const removed = await context.client().run("integrations.delete", { name, data });
      const { routes, budgets } = removed;
      const named = [...routes.map((each) => `route ${each}`), ...budgets.map((each) => `budget ${each}`)];
      printRows(context.output(), removed, [
        ["REMOVED", "STILL NAMED BY"],
        [removed.name, named.join(", ") || "-"],
      ]);
    });
}

type Verdict = OperationOutput<"integrations.test">;

function works({ status }: Verdict): boolean {
  return status === "ok" || status === "degraded";
}

function tell(context: CliContext, name: string, verdict: Verdict): void {
  const { status, detail, remedy, duration_ms, model_count } = verdict;
  const output = context.output();
  const row = [name, status, `${duration_ms} ms`, String(model_count ?? "-"), detail ?? ""];
  printRows(output, verdict, [["NAME", "STATUS", "TOOK", "MODELS", "DETAIL"], row]);
  if (remedy !== null) output.err(`${toPrintable(remedy)}\n`);
  if (!works(verdict)) context.fail(exitCodes.failed);
}

/** Undefined when none were given. */
async function readSettings(
  given: readonly string[],
  { settingsFile }: SettingOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (given.length === 0 && settingsFile === undefined) return undefined;
  const filed = settingsFile === undefined ? {} : await readObject(settingsFile);
  const assigned = given.map(parseAssignment).filter(([, value]) => value !== null);
  return { ...filed, ...Object.fromEntries(assigned) };
}

async function readObject(file: string): Promise<object> {
  try {
    const value: unknown = JSON.parse(
      file === "-" ? await text(process.stdin) : await readFile(file, "utf8"),
    );
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new UsageError(`The settings in ${file} cannot be read as JSON.`, { cause });
  }
  throw new UsageError(`The settings in ${file} are no JSON object.`);
}
