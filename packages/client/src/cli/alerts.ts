import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { toCount } from "./count.ts";
import { exitCodes } from "./exit-code.ts";
import { printRows } from "./output.ts";

/** `llmp alerts …`. */
export function addAlertCommands(program: Command, context: CliContext): void {
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
    .command("test [receiver]")
    .description("send a test alert to everything that takes alerts; fails when one does not take it")
    .action(async (receiver: string | undefined) => {
      const receivers = await context.client().testAlerts(receiver);
      printRows(context.output(), receivers, [
        ["RECEIVER", "RESULT"],
        ...receivers.map(({ receiver, problem }) => [receiver, problem ?? "taken"]),
      ]);
      if (receivers.length === 0)
        context.output().err("nothing takes alerts: add the integration slack, email or alertmanager\n");
      if (receivers.length === 0 || receivers.some(({ problem }) => problem !== null))
        context.fail(exitCodes.failed);
    });
  addStateCommands(alerts, context);
  addSilenceCommands(alerts, context);
}

function addStateCommands(alerts: Command, context: CliContext): void {
  alerts
    .command("rules")
    .description("every alert of the platform: when it fires, and how it is now")
    .action(async () => {
      const rules = await context.client().alertRules();
      printRows(context.output(), rules, [
        ["ALERT", "SEVERITY", "STATE", "JUDGED BY", "WHEN"],
        ...rules.map(({ name, severity, state, judged_by, condition }) => [
          name,
          severity,
          state,
          judged_by,
          condition,
        ]),
      ]);
    });
  alerts
    .command("receivers")
    .description("what takes alerts, and how that went the last time")
    .action(async () => {
      const receivers = await context.client().alertReceivers();
      printRows(context.output(), receivers, [
        ["RECEIVER", "STATE", "WAITING", "LAST TAKEN", "LAST FAILED", "WHY"],
        ...receivers.map((each) => [
          each.receiver,
          each.state,
          String(each.waiting),
          each.last_taken_at ?? "-",
          each.last_failed_at ?? "-",
          each.last_problem ?? "",
        ]),
      ]);
    });
}

function addSilenceCommands(alerts: Command, context: CliContext): void {
  alerts
    .command("silences")
    .description("what nobody is told of, as Alertmanager has it")
    .action(async () => {
      const silences = await context.client().alertSilences();
      printRows(context.output(), silences, [
        ["SILENCE", "UNTIL", "BY", "COMMENT", "RECEIVER", "ID"],
        ...silences.map(({ matchers, ends_at, created_by, comment, receiver, id }) => [
          matchers.join(" "),
          ends_at,
          created_by,
          comment,
          receiver,
          id,
        ]),
      ]);
    });
  alerts
    .command("silence <label...>")
    .description("have Alertmanager tell nobody of alerts with all of these labels, as alertname=HighLatency")
    .requiredOption("--minutes <count>", "how long from now on", toCount)
    .requiredOption("--comment <text>", "why")
    .action(
      async (texts: readonly string[], options: { readonly minutes: number; readonly comment: string }) => {
        const made = await context.client().silenceAlerts({ matchers: texts.map(toMatcher), ...options });
        printRows(context.output(), made, [
          ["RECEIVER", "ID"],
          ...made.map(({ receiver, id }) => [receiver, id]),
        ]);
      },
    );
  alerts
    .command("unsilence <receiver> <id>")
    .description("end a silence now")
    .action(async (receiver: string, id: string) => context.client().endAlertSilence(receiver, id));
}

function toMatcher(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf("=");
  return at < 0 ? { name: "alertname", value: text } : { name: text.slice(0, at), value: text.slice(at + 1) };
}
