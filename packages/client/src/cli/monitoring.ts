import { type Command, Option } from "commander";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
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

function addAlertCommands(program: Command, context: CliContext): void {
  const alerts = program.command("alerts").description("what is wrong, and who is told of it");
  alerts
    .command("list")
    .alias("ls")
    .description("what the server itself finds to be wrong now")
    .action(async () => {
      const firing = await context.client().alerts();
      printRows(context.output(), firing, [
        ["ALERT", "SEVERITY", "SINCE", "SUMMARY"],
        ...firing.map(({ name, severity, started_at, summary }) => [name, severity, started_at, summary]),
      ]);
    });
  alerts
    .command("test")
    .description("send a test alert to everything that takes alerts; fails when one does not take it")
    .action(async () => {
      const receivers = await context.client().testAlerts();
      printRows(context.output(), receivers, [
        ["RECEIVER", "RESULT"],
        ...receivers.map(({ receiver, problem }) => [receiver, problem ?? "taken"]),
      ]);
      if (receivers.length === 0)
        context.output().err("nothing takes alerts: add the integration slack, email or alertmanager\n");
      if (receivers.length === 0 || receivers.some(({ problem }) => problem !== null))
        context.fail(exitCodes.failed);
    });
  alerts
    .command("silences")
    .description("what nobody is told of, as Alertmanager has it")
    .action(async () => {
      const silences = await context.client().alertSilences();
      printRows(context.output(), silences, [
        ["SILENCE", "UNTIL", "BY", "COMMENT"],
        ...silences.map(({ matchers, ends_at, created_by, comment }) => [
          matchers.join(" "),
          ends_at,
          created_by,
          comment,
        ]),
      ]);
    });
}
