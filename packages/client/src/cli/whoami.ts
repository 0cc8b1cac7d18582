import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { formatLimits } from "./limit-options.ts";
import { printRows } from "./output.ts";

/** `llmp whoami`. */
export function addWhoamiCommand(program: Command, context: CliContext): void {
  program
    .command("whoami")
    .description("who the server takes you for, and what you may do")
    .action(async () => {
      const caller = await context.client().whoami();
      const { permissions, limits, team, ...facts } = caller;
      printRows(context.output(), caller, [
        ["KEY", "VALUE"],
        ...Object.entries(facts).map(([key, value]) => [key, value ?? "-"]),
        ["team", team === null ? "-" : `${team.name} (${team.id})`],
        ["permissions", permissions.join(",")],
        ...limits.map((each) => [`limits of the ${each.scope}`, formatLimits(each)]),
      ]);
    });
}
