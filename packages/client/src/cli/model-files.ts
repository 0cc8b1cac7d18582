import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { formatTable, type Output, toPrintable } from "./output.ts";
import type { PathVerdict } from "../model-files.ts";

/** `llmp inspect`: model files of the server's machine. */
export function addModelFileCommands(program: Command, context: CliContext): void {
  program
    .command("inspect <path>")
    .description("how far a model file or a folder on the server's machine can be trusted")
    .action(async (path: string) => {
      const verdict = await context.client().inspectModelFile(path);
      printVerdict(context.output(), path, verdict);
      if (verdict.verdict === "refused") context.fail(exitCodes.failed);
    });
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
