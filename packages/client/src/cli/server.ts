import type { CheckedConfiguration } from "@llm-platform/server";
import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { type Output, toPrintable } from "./output.ts";

/** The server's own commands: `llmp serve`, `llmp config …`, `llmp version`. The server is loaded only for them. */
export function addServerCommands(program: Command, context: CliContext): void {
  program
    .command("serve")
    .description("run the server")
    .option("--config <file>", "configuration file (LLM_PLATFORM_CONFIG)")
    .option("--host <host>", "address to listen on")
    .option("--port <port>", "port to listen on")
    .option("--workers <count>", "processes that serve inference calls, or auto")
    .action(async (options: Readonly<Record<string, string>>) => {
      const { serve } = await import("@llm-platform/server");
      context.fail(await serve(toArguments(options)));
    });
  const config = program.command("config").description("the configuration");
  config
    .command("validate")
    .description("check it; every problem is named")
    .option("--config <file>", "configuration file (LLM_PLATFORM_CONFIG)")
    .action(async (options: Readonly<Record<string, string>>) => {
      const { checkConfiguration } = await import("@llm-platform/server");
      const { problems, warnings } = await checkConfiguration(toArguments(options));
      const output = context.output();
      if (problems.length > 0) context.fail(exitCodes.usage);
      if (output.format === "json") {
        output.out(`${JSON.stringify({ valid: problems.length === 0, problems, warnings }, null, 2)}\n`);
        return;
      }
      for (const warning of warnings) output.err(`warning: ${warning}\n`);
      tellProblems(output, problems);
      if (problems.length === 0) output.err("the configuration is valid\n");
    });
  config
    .command("show")
    .description("print it as it is in force, with where each value comes from; secrets stay hidden")
    .option("--config <file>", "configuration file (LLM_PLATFORM_CONFIG)")
    .action(async (options: Readonly<Record<string, string>>) => {
      const { checkConfiguration, showConfiguration } = await import("@llm-platform/server");
      const { problems } = await checkConfiguration(toArguments(options));
      tellProblems(context.output(), problems);
      if (problems.length > 0) context.fail(exitCodes.usage);
      else context.output().out(await showConfiguration(toArguments(options), context.output().format));
    });
  program
    .command("version")
    .description("print the version")
    .action(async () => {
      const { version } = await import("@llm-platform/server");
      const output = context.output();
      output.out(
        output.format === "json"
          ? `${JSON.stringify({ version, node: process.version })}\n`
          : `llmp ${version}\n`,
      );
    });
}

function tellProblems(output: Output, problems: CheckedConfiguration["problems"]): void {
  for (const { field, message } of problems) output.err(`${toPrintable(`${field}: ${message}`)}\n`);
}

function toArguments(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}
