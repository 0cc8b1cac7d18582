import { type Command, Option } from "commander";
import type { BroughtModel, ModelProgress, PathVerdict } from "../model-files.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { formatBytes, formatTable, type Output, toPrintable } from "./output.ts";
import { createProgress } from "./progress.ts";

/** `llmp inspect`, `convert` and `import`: model files of the server's machine. */
export function addModelFileCommands(program: Command, context: CliContext): void {
  program
    .command("inspect <path>")
    .description("how far a model file or a folder on the server's machine can be trusted")
    .action(async (path: string) => {
      const verdict = await context.client().inspectModelFile(path);
      printVerdict(context.output(), path, verdict);
      if (verdict.verdict === "refused") context.fail(exitCodes.failed);
    });
  program
    .command("convert <folder>")
    .description("make a GGUF model of a folder with safetensors or PyTorch weights")
    .option("--name <name>", "name of the model to make; default that of the folder")
    .addOption(
      new Option("--numbers <format>", "how the numbers of the larger tensors are written")
        .choices(["source", "f32", "f16", "bf16", "q8_0", "q5_0", "q4_k", "q4_0"])
        .default("source"),
    )
    .action(async (path: string, options: { name?: string; numbers: string }) => {
      await bring(context, (onProgress) => context.client().convertModel({ path, ...options }, onProgress));
    });
  program
    .command("import <path>")
    .description("take over a GGUF file of the server's machine, or convert a folder as it is")
    .option("--name <name>", "name of the model to make; default that of the file or folder")
    .action(async (path: string, options: { name?: string }) => {
      await bring(context, (onProgress) => context.client().importModel({ path, ...options }, onProgress));
    });
}

async function bring(
  context: CliContext,
  work: (onProgress: (progress: ModelProgress) => void) => Promise<BroughtModel>,
): Promise<void> {
  const output = context.output();
  const progress = createProgress({
    output,
    isTerminal: process.stderr.isTTY === true,
    nowMs: () => performance.now(),
  });
  let model: BroughtModel;
  try {
    model = await work(({ phase, completed_bytes: done, total_bytes: total }) =>
      progress.update(phase, done, total),
    );
  } finally {
    progress.end();
  }
  for (const warning of [...model.reasons, ...model.warnings]) output.err(`${toPrintable(warning)}\n`);
  if (output.format === "json") output.out(`${JSON.stringify(model, null, 2)}\n`);
  else
    output.out(
      `${toPrintable(model.model)} can be called (${formatBytes(model.size_bytes)}, ${model.verdict})\n`,
    );
}

function printVerdict(output: Output, path: string, verdict: PathVerdict): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(verdict, null, 2)}\n`);
    return;
  }
  output.out(`${toPrintable(path)}: ${verdict.verdict} (${toPrintable(verdict.format)})\n`);
  for (const reason of verdict.reasons) output.out(`  ${toPrintable(reason)}\n`);
  if (verdict.files.length === 0) return;
  const rows = verdict.files.map((file) => [file.name, file.format, file.verdict]);
  output.out(formatTable([["FILE", "FORMAT", "VERDICT"], ...rows]));
}
