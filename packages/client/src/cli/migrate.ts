import type { Command } from "commander";
import { ClientError } from "../client-error.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";

interface MigrateOptions {
  readonly check?: boolean;
  readonly config?: string;
}

/** `llmp migrate`: the schema of the database that a server's configuration names. The server is loaded only for it. */
export function addMigrateCommand(program: Command, context: CliContext): void {
  program
    .command("migrate")
    .description("bring the schema of the database up to date, without a server")
    .option("--check", "only say what is pending; exit code 1 when something is")
    .option("--config <file>", "configuration file (LLM_PLATFORM_CONFIG)")
    .action(async ({ check = false, config }: MigrateOptions) => {
      const { describeMigration, migrateSchema, PlatformError } = await import("@llm-platform/server");
      const output = context.output();
      try {
        const state = await migrateSchema(config === undefined ? [] : ["--config", config], check);
        if (check && state.pending.length > 0) context.fail(exitCodes.failed);
        if (output.format === "json") output.out(`${JSON.stringify({ check, ...state }, null, 2)}\n`);
        else for (const line of describeMigration(state, check)) output.out(`${line}\n`);
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        const kinds = { config_invalid: "usage", unavailable: "unavailable" } as const;
        const kind =
          error.code === "config_invalid" || error.code === "unavailable" ? kinds[error.code] : "failed";
        throw new ClientError(kind, error.message, { code: error.code, cause: error });
      }
    });
}
