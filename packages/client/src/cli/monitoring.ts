import { type Command, Option } from "commander";
import { addAlertCommands } from "./alerts.ts";
import type { CliContext } from "./context.ts";
import { printRows, toPrintableLines } from "./output.ts";

/** `llmp alerts …`, `llmp prometheus …`, `llmp grafana …`. */
export function addMonitoringCommands(program: Command, context: CliContext): void {
  addAlertCommands(program, context);
  const prometheus = program.command("prometheus").description("what Prometheus needs to watch the platform");
  prometheus
    .command("rules")
    .description("print its rules, written for this installation")
    .addOption(
      new Option("--form <what>", "alerts, recording rules, or both as a PrometheusRule for Kubernetes")
        .choices(["alerts", "recording", "kubernetes"])
        .default("alerts"),
    )
    .action(async ({ form }: { readonly form: string }) => {
      context.output().out(toPrintableLines(await context.client().prometheusRules(form)));
    });
  prometheus
    .command("scrape-config")
    .description("print a member of scrape_configs, and on standard error the file of targets that it reads")
    .action(async () => {
      const output = context.output();
      const { yaml, targets } = await context.client().scrapeConfig();
      output.out(toPrintableLines(yaml));
      output.err(toPrintableLines(`${JSON.stringify(targets)}\n`));
    });
  program
    .command("grafana")
    .description("dashboards in Grafana")
    .command("sync")
    .description("bring them to Grafana; what somebody changed there is kept as a copy before it is replaced")
    .action(async () => {
      const dashboards = await context.client().syncGrafana();
      printRows(context.output(), dashboards, [
        ["DASHBOARD", "OUTCOME", "KEPT AS"],
        ...dashboards.map(({ title, outcome, copy_uid }) => [title, outcome, copy_uid ?? ""]),
      ]);
    });
}
