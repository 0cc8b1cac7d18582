import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { ModelSettings } from "../model-settings.ts";
import { parseAssignment } from "./assignment.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit-code.ts";
import { formatTable, type Output, toPrintable } from "./output.ts";

/** `llmp set` and `create`: how single models are run. */
export function addModelSettingCommands(program: Command, context: CliContext): void {
  program
    .command("set <model> [settings...]")
    .description("change settings of a model: name=value, and name= to take one back; without any, show them")
    .option("--reset", "take all settings back first")
    .action(async (model: string, assignments: readonly string[], options: { reset?: boolean }) => {
      const client = context.client();
      const isChange = assignments.length > 0;
      if (options.reset === true) await client.resetModelSettings(model);
      const settings = isChange
        ? await client.setModelSettings(model, Object.fromEntries(assignments.map(parseAssignment)))
        : await client.modelSettings(model);
      printSettings(context.output(), settings);
    });
  program
    .command("create <name>")
    .description("make a model of another by a Modelfile; nothing is copied")
    .option("-f, --file <path>", "the Modelfile; `-` is standard input", "Modelfile")
    .action(async (model: string, { file }: { file: string }) => {
      const modelfile = file === "-" ? await text(process.stdin) : await readModelfile(file);
      const made = await context.client().createModel({ model, modelfile });
      const output = context.output();
      if (output.format === "json") output.out(`${JSON.stringify(made)}\n`);
      else output.err(`${toPrintable(made.model)} can be called\n`);
    });
}

async function readModelfile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The Modelfile cannot be read: ${reason}. Name one with --file.`);
  }
}

function printSettings(output: Output, view: ModelSettings): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(view, null, 2)}\n`);
    return;
  }
  const rows = Object.entries(view.effective).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
    Object.hasOwn(view.settings, name) ? "set" : "default",
  ]);
  output.out(formatTable([["SETTING", "VALUE", "FROM"], ...rows]));
  output.out(`memory: ${toPrintable(view.memory_estimate)}\n`);
  if (view.is_reload_pending) output.err("It is loaded anew once its calls in progress have ended.\n");
}
