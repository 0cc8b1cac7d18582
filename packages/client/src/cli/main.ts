import { once } from "node:events";
import { Command, CommanderError, Option } from "commander";
import { createClient } from "../client.ts";
import { ClientError } from "../client-error.ts";
import { addAuditCommands } from "./audit.ts";
import { addBackupCommands } from "./backup.ts";
import { addBudgetCommands } from "./budgets.ts";
import type { CliContext } from "./context.ts";
import { addCreateIntegrationCommand } from "./create-integration.ts";
import { createCredentials } from "./credentials.ts";
import { addDoctorCommand } from "./doctor.ts";
import { readEnvironment } from "./environment.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { addIntegrationCommands } from "./integrations.ts";
import { addKeyCommands } from "./keys.ts";
import { addLoginCommands } from "./login.ts";
import { addModelFileCommands } from "./model-files.ts";
import { addModelCommands } from "./models.ts";
import { addModelSettingCommands } from "./model-settings.ts";
import { addMigrateCommand } from "./migrate.ts";
import { addMonitoringCommands } from "./monitoring.ts";
import type { Output } from "./output.ts";
import { toPrintable } from "./output.ts";
import { addPriceCommands } from "./prices.ts";
import { addPullCommands } from "./pulls.ts";
import { addRequestCommands } from "./requests.ts";
import { addRouteCommands } from "./routes.ts";
import { addRoleCommands } from "./roles.ts";
import { addRunCommand } from "./run.ts";
import { addSearchCommand } from "./search.ts";
import { addSecretCommands } from "./secrets.ts";
import { addSessionCommands } from "./sessions.ts";
import { addSetupCommand } from "./setup.ts";
import { addSmokeCommand } from "./smoke.ts";
import { findStoredToken } from "./stored-token.ts";
import { addServerCommands } from "./server.ts";
import { addSystemCommands } from "./system.ts";
import { addTeamCommands } from "./teams.ts";
import { addUsageCommands } from "./usage.ts";
import { addUserCommands } from "./users.ts";
import { addWhoamiCommand } from "./whoami.ts";

/**
 * Runs one command line.
 * @param args without the program's name
 * @returns the exit code: 0 ok, 1 failed, 2 usage, 3 auth, 4 not found, 5 unavailable, 130 interrupted
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const environment = readEnvironment();
  const result: { exitCode: number } = { exitCode: exitCodes.ok };
  const program = new Command("llmp")
    .description("llm-platform on the command line")
    .addOption(
      new Option("--url <address>", "address of the server (LLM_PLATFORM_URL)").default(
        environment.url ?? "http://127.0.0.1:8000",
      ),
    )
    .option("--api-key <key>", "API key (LLM_PLATFORM_API_KEY)")
    .addOption(
      new Option("-o, --output <format>", "how results are printed")
        .choices(["table", "json"])
        .default("table"),
    )
    .option("--debug", "show where an error came from")
    .exitOverride()
    .showHelpAfterError("Run `llmp --help` to see what there is.");
  const options = () =>
    program.opts<{ url: string; apiKey?: string; output: "table" | "json"; debug?: boolean }>();
  const credentials = createCredentials(environment.credentialsFile);
  const context: CliContext = {
    client: () => {
      const { url, apiKey = environment.apiKey } = options();
      const client = createClient({
        url,
        apiKey,
        token: () => findStoredToken(credentials, client.url),
      });
      return client;
    },
    async target() {
      const { url } = context.client();
      const credential = options().apiKey ?? environment.apiKey ?? (await findStoredToken(credentials, url));
      return { url, credential };
    },
    credentials: () => credentials,
    output: () => createOutput(options().output),
    fail: (exitCode) => {
      result.exitCode = exitCode;
    },
  };
  addServerCommands(program, context);
  addMigrateCommand(program, context);
  addRunCommand(program, context);
  addModelCommands(program, context);
  addPullCommands(program, context);
  addMonitoringCommands(program, context);
  addSearchCommand(program, context);
  addModelFileCommands(program, context);
  addModelSettingCommands(program, context);
  addIntegrationCommands(program, context);
  addCreateIntegrationCommand(program, context);
  addWhoamiCommand(program, context);
  addKeyCommands(program, context);
  addUserCommands(program, context);
  addSessionCommands(program, context);
  addTeamCommands(program, context);
  addRoleCommands(program, context);
  addAuditCommands(program, context);
  addSecretCommands(program, context);
  addLoginCommands(program, context);
  addSetupCommand(program, context);
  addUsageCommands(program, context);
  addRequestCommands(program, context);
  addRouteCommands(program, context);
  addPriceCommands(program, context);
  addBudgetCommands(program, context);
  addBackupCommands(program, context);
  addSystemCommands(program, context);
  addDoctorCommand(program, context);
  addSmokeCommand(program, context);
  // A reader such as `head` may have seen enough.
  process.stdout.on("error", (error: Error & { readonly code?: string }) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(result.exitCode);
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    return report(error, options().debug === true);
  }
  return result.exitCode;
}

function createOutput(format: "table" | "json"): Output {
  return {
    format,
    out: (text) => {
      process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
    whole: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
  };
}

/** What failed, why, and what to do next; never a stack trace unless it was asked for. */
function report(error: unknown, isDebug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const message = error instanceof Error ? error.message : String(error);
  const request =
    error instanceof ClientError && error.requestId !== undefined ? ` (request ${error.requestId})` : "";
  process.stderr.write(`llmp: ${toPrintable(message)}${request}\n`);
  if (isDebug && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  return exitCodeOf(error);
}
