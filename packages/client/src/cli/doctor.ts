import type { Command } from "commander";
import { ClientError } from "../client-error.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { printRows } from "./output.ts";

type Verdict = "ok" | "warning" | "failed";

interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
}

/** `llmp doctor`: looks at everything that commonly goes wrong and says what to do. */
export function addDoctorCommand(program: Command, context: CliContext): void {
  program
    .command("doctor")
    .description("look for what is wrong, and say what to do")
    .option("--config <file>", "configuration file (LLM_PLATFORM_CONFIG)")
    .action(async (options: { readonly config?: string }) => {
      const findings = [...(await checkMachine(options.config)), ...(await checkServer(context))];
      const rows = findings.map(({ check, verdict, detail }) => [verdict, check, detail]);
      printRows(context.output(), findings, [["RESULT", "CHECK", "DETAIL"], ...rows]);
      if (findings.some(({ verdict }) => verdict === "failed")) context.fail(exitCodes.failed);
    });
}

async function checkMachine(config: string | undefined): Promise<readonly Finding[]> {
  const { checkConfiguration, checkDataDirectory } = await import("@llm-platform/server");
  const args = config === undefined ? [] : ["--config", config];
  const checked = await checkConfiguration(args);
  const findings: Finding[] = [{ check: "node", verdict: "ok", detail: process.version }];
  for (const { field, message } of checked.problems)
    findings.push({ check: "configuration", verdict: "failed", detail: `${field}: ${message}` });
  for (const warning of checked.warnings)
    findings.push({ check: "configuration", verdict: "warning", detail: warning });
  if (checked.problems.length > 0) return findings;
  findings.push({ check: "configuration", verdict: "ok", detail: checked.file ?? "defaults, no file" });
  const problem = await checkDataDirectory(checked.dataDirectory);
  findings.push({
    check: "data folder",
    verdict: problem === undefined ? "ok" : "failed",
    detail: problem ?? checked.dataDirectory,
  });
  return findings;
}

async function checkServer(context: CliContext): Promise<readonly Finding[]> {
  const client = context.client();
  try {
    const info = await client.system();
    const [integrations, models] = await Promise.all([client.integrations(), client.models()]);
    return [
      { check: "server", verdict: "ok", detail: `${client.url}, version ${info.version}` },
      ...integrations.map(
        ({ name, state, reason }): Finding => ({
          check: `integration ${name}`,
          verdict: verdictOf(state),
          detail: reason ?? state,
        }),
      ),
      {
        check: "models",
        verdict: models.length === 0 ? "failed" : "ok",
        detail:
          models.length === 0
            ? "none can be called; add an integration, or see why those above are not running"
            : `${models.length} can be called`,
      },
    ];
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return [{ check: "server", verdict: "failed", detail: error.message }];
  }
}

function verdictOf(state: string): Verdict {
  if (state === "running" || state === "disabled") return "ok";
  return state === "error" || state === "auth_required" ? "failed" : "warning";
}
