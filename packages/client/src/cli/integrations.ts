import type { Command } from "commander";
import type { IntegrationStatus } from "../client.ts";
import type { CliContext } from "./context.ts";
import { printRows } from "./output.ts";

/** `llmp integrations …`. */
export function addIntegrationCommands(program: Command, context: CliContext): void {
  const integrations = program
    .command("integrations")
    .description("the parts of the platform and their states");
  const print = (value: unknown, list: readonly IntegrationStatus[]) => {
    const rows = list.map((each) => [
      each.name,
      each.type,
      each.state,
      each.reason ?? "",
      each.next_retry_at ?? "",
    ]);
    printRows(context.output(), value, [["NAME", "TYPE", "STATE", "REASON", "NEXT RETRY"], ...rows]);
  };
  integrations
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => {
      const list = await context.client().integrations();
      print(list, list);
    });
  integrations
    .command("status <name>")
    .description("one of them")
    .action(async (name: string) => {
      const status = await context.client().integration(name);
      print(status, [status]);
    });
  integrations
    .command("restart <name>")
    .description("stop and start one")
    .action(async (name: string) => {
      const status = await context.client().restartIntegration(name);
      print(status, [status]);
    });
}
