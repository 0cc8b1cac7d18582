import type { Command } from "commander";
import { isAtRest, type NewPull, type Pull } from "../pulls.ts";
import type { CliContext } from "./context.ts";
import { readEnvironment } from "./environment.ts";
import { exitCodes } from "./exit-code.ts";
import { formatBytes, type Output, printRows, toPrintable } from "./output.ts";
import { createPullDisplay } from "./pull-display.ts";
import { toPullKind } from "./pull-source.ts";

interface PullOptions {
  readonly from?: string;
  readonly integration?: string;
  readonly revision?: string;
  readonly file?: string;
  readonly quantization?: string;
  readonly name?: string;
  readonly sha256?: string;
  readonly load?: boolean;
  readonly detach?: boolean;
}

/** `llmp pull MODEL` and `llmp pulls …`. */
export function addPullCommands(program: Command, context: CliContext): void {
  program
    .command("pull <model>")
    .description(
      "bring a model to the server: an Ollama name, hf.co/owner/name[:Q4_K_M], an address, or a path there",
    )
    .option("--from <kind>", "ollama, huggingface, url or file; default by how the name looks")
    .option("--integration <name>", "which Ollama, or which hub")
    .option("--revision <revision>", "branch, tag or commit of a repository")
    .option("--file <file>", "one file of a repository")
    .option("--quantization <name>", "as Q4_K_M; default the largest that fits into the memory")
    .option("--name <name>", "name of the model on the server; default that of its file")
    .option("--sha256 <digest>", "what the file must be")
    .option("--load", "bring it into memory at the end")
    .option("--detach", "do not wait for the end")
    .action(async (model: string, { from, detach, ...options }: PullOptions) => {
      const started = await context
        .client()
        .startPull({ ...toPullKind(model, from), ...withoutGaps(options) });
      if (detach === true) printPulls(context.output(), started, [started]);
      else await follow(context, started);
    });
  const pulls = program.command("pulls").description("models on their way to the server");
  pulls
    .command("list", { isDefault: true })
    .alias("ls")
    .description("list them, newest first")
    .action(async () => {
      const list = await context.client().pulls();
      printPulls(context.output(), list, list);
    });
  pulls
    .command("show <id>")
    .description("one of them")
    .action(async (id: string) => {
      const pull = await context.client().pull(id);
      printPulls(context.output(), pull, [pull]);
    });
  pulls
    .command("follow <id>")
    .description("watch one until it rests")
    .action(async (id: string) => follow(context, await context.client().pull(id)));
  const actions = [
    ["pause", "stop one so that it can go on"],
    ["resume", "let one go on"],
    ["cancel", "stop one for good"],
  ] as const;
  for (const [action, description] of actions)
    pulls
      .command(`${action} <id>`)
      .description(description)
      .action(async (id: string) => {
        const pull = await context.client().changePull(id, action);
        printPulls(context.output(), pull, [pull]);
      });
}

/** Shows a pull until it rests. Ctrl-C ends the watching, not the pull. */
async function follow(context: CliContext, started: Pull): Promise<void> {
  const output = context.output();
  const display = createPullDisplay({
    output,
    isTerminal: output.format === "table" && readEnvironment().isTerminal,
    columns: process.stderr.columns ?? 80,
    nowMs: () => performance.now(),
  });
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once("SIGINT", interrupt);
  let last = started;
  try {
    if (!isAtRest(started))
      for await (const pull of context.client().followPull(started.id, abort.signal)) {
        last = pull;
        if (output.format === "json") output.out(`${JSON.stringify(pull)}\n`);
        else display.show(pull);
      }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    output.err(`\nthe pull goes on; \`llmp pulls cancel ${started.id}\` ends it\n`);
    context.fail(exitCodes.interrupted);
    return;
  } finally {
    display.end();
    process.off("SIGINT", interrupt);
  }
  tellEnd(output, last);
  if (last.phase !== "done") context.fail(exitCodes.failed);
}

function tellEnd(output: Output, { phase, models, error }: Pull): void {
  if (output.format === "json") return;
  if (phase === "done") output.out(models.map((model) => `${toPrintable(model)}\n`).join(""));
  else output.err(`llmp: the pull is ${phase}${error === null ? "" : `: ${toPrintable(error.message)}`}\n`);
}

function printPulls(output: Output, value: unknown, pulls: readonly Pull[]): void {
  const areOfReplicas = pulls.some(({ replica }) => replica !== null);
  const rows = pulls.map((pull) => [
    pull.id,
    pull.kind,
    pull.source,
    pull.phase,
    pull.total_bytes === null || pull.total_bytes === 0
      ? "-"
      : `${Math.floor((100 * pull.completed_bytes) / pull.total_bytes)}%`,
    formatBytes(pull.total_bytes),
    pull.created_by_name,
    ...(areOfReplicas ? [pull.replica ?? "-"] : []),
    pull.error?.message ?? pull.detail ?? "",
  ]);
  const head = ["ID", "KIND", "SOURCE", "PHASE", "DONE", "SIZE", "BY"];
  const last = areOfReplicas ? ["REPLICA", "DETAIL"] : ["DETAIL"];
  printRows(output, value, [[...head, ...last], ...rows]);
}

function withoutGaps(options: Omit<NewPull, "kind" | "source">): Omit<NewPull, "kind" | "source"> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
