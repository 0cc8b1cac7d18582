import type { Command } from "commander";
import type { ServerGpu } from "../model-settings.ts";
import type { CliContext } from "./context.ts";
import { formatBytes, type Output, printRows, toPrintable } from "./output.ts";

/** `llmp models …`, `llmp show` and `llmp ps`. */
export function addModelCommands(program: Command, context: CliContext): void {
  const models = program.command("models").description("the models that can be called");
  models
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => {
      const list = await context.client().models();
      const rows = list.map((model) => [
        model.id,
        model.integration,
        model.operations.join(","),
        model.context_tokens === null ? "-" : String(model.context_tokens),
        formatBytes(model.size_bytes),
      ]);
      printRows(context.output(), list, [["MODEL", "INTEGRATION", "OPERATIONS", "CONTEXT", "SIZE"], ...rows]);
    });
  for (const parent of [models, program])
    parent
      .command("show <model>")
      .description("everything that is known about a model, also how far its file can be trusted")
      .action(async (model: string) => await show(context, model));
  models
    .command("load <model>")
    .description("bring one into memory")
    .action(async (model: string) => {
      await context.client().loadModel(model);
      tell(context.output(), model, "loaded");
    });
  models
    .command("unload <model>")
    .alias("stop")
    .description("take one out of memory")
    .action(async (model: string) => {
      await context.client().unloadModel(model);
      tell(context.output(), model, "unloaded");
    });
  program
    .command("ps")
    .description("the models that are in memory")
    .action(async () => {
      const list = await context.client().loadedModels();
      const rows = list.map((model) => [
        model.id,
        model.integration,
        formatBytes(model.memory_bytes),
        model.gpu === "claimed_not_seen" ? "claimed, not seen" : formatBytes(model.gpu_memory_bytes),
        model.expires_at ?? "never",
        String(model.active_calls ?? "-"),
      ]);
      printRows(context.output(), list, [
        ["MODEL", "INTEGRATION", "MEMORY", "GPU", "UNTIL", "CALLS"],
        ...rows,
      ]);
      if (context.output().format !== "table") return;
      for (const { id, notice } of list)
        if (notice !== null) context.output().err(`${toPrintable(id)}: ${toPrintable(notice)}\n`);
      printGpus(context.output(), await context.client().gpus());
    });
  program
    .command("df")
    .description("what models and the store take of the disk")
    .action(async () => {
      const disk = await context.client().modelDisk();
      const rows = disk.models.map((model) => [model.id, model.integration, formatBytes(model.size_bytes)]);
      printRows(context.output(), disk, [
        ["WHAT", "WHERE", "SIZE"],
        ...rows,
        ["models folder", "data folder", formatBytes(disk.models_bytes)],
        ["store", "data folder", formatBytes(disk.store_bytes)],
        ["free", "disk", `${formatBytes(disk.free_bytes)} of ${formatBytes(disk.size_bytes)}`],
      ]);
    });
}

function printGpus(output: Output, gpus: readonly ServerGpu[]): void {
  for (const { name, memory_used_bytes: used, memory_total_bytes: total } of gpus)
    output.out(`${toPrintable(name)}: ${formatBytes(used)} of ${formatBytes(total)} used\n`);
}

async function show(context: CliContext, model: string): Promise<void> {
  const shown = await context.client().showModel(model);
  const facts = Object.entries({ ...shown.model, ...shown.details });
  const rows = facts.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  printRows(context.output(), shown, [["KEY", "VALUE"], ...rows]);
}

/** Says that something was done: to people beside the data, to programs as data. */
function tell(output: Output, model: string, status: "loaded" | "unloaded"): void {
  if (output.format === "json") output.out(`${JSON.stringify({ model, status })}\n`);
  else output.err(`${toPrintable(model)} is ${status}\n`);
}
