import type { Command } from "commander";
import type { HubQuestion } from "../pulls.ts";
import type { CliContext } from "./context.ts";
import { printRows } from "./output.ts";

/** `llmp search WORDS`: models that can be pulled. */
export function addSearchCommand(program: Command, context: CliContext): void {
  program
    .command("search [words...]")
    .description("look for models on the Hugging Face Hub")
    .option("--author <name>", "whose they are")
    .option("--task <task>", "as text-generation")
    .option("--library <name>", "default gguf, which can be run here; any for all")
    .option("--license <id>", "as apache-2.0")
    .option("--quantization <name>", "as Q4_K_M")
    .option("--limit <count>", "of repositories", "20")
    .action(async (words: readonly string[], options: Omit<HubQuestion, "query">) => {
      const query = words.length === 0 ? undefined : words.join(" ");
      const models = await context.client().searchHub({ ...options, query });
      const rows = models.map((model) => [
        model.id,
        String(model.downloads ?? "-"),
        model.parameters === null ? "-" : `${(model.parameters / 1e9).toFixed(1)}B`,
        model.license ?? "-",
        model.gated === "no" ? "" : "ask for access",
      ]);
      printRows(context.output(), models, [
        ["REPOSITORY", "DOWNLOADS", "PARAMETERS", "LICENSE", "ACCESS"],
        ...rows,
      ]);
    });
}
