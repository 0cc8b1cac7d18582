import type { Command } from "commander";
import type { Team } from "../identity.ts";
import type { CliContext } from "./context.ts";
import {
  addLimitChangeOptions,
  addLimitOptions,
  formatLimits,
  type LimitChangeOptions,
  type LimitOptions,
  toLimitChange,
  toLimits,
} from "./limit-options.ts";
import { type Output, printRows } from "./output.ts";

/** `llmp teams …`. */
export function addTeamCommands(program: Command, context: CliContext): void {
  const teams = program.command("teams").description("teams, whose members share limits");
  teams
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => printTeams(context.output(), await context.client().teams()));
  const create = teams
    .command("create <name>")
    .description("make one; users are put into it with `llmp users update --team`")
    .action(async (name: string, options: LimitOptions) =>
      printTeams(context.output(), await context.client().createTeam({ name, ...toLimits(options) })),
    );
  addLimitOptions(create, "any number");
  const update = teams
    .command("update <id>")
    .description("change one; it bites with the next call of a member")
    .option("--name <name>", "the new name")
    .action(async (id: string, options: LimitChangeOptions & { readonly name?: string }) =>
      printTeams(
        context.output(),
        await context.client().updateTeam(id, { name: options.name, ...toLimitChange(options) }),
      ),
    );
  addLimitChangeOptions(update);
  teams
    .command("delete <id>")
    .description("delete one that has no members")
    .action(async (id: string) => printTeams(context.output(), await context.client().deleteTeam(id)));
}

function printTeams(output: Output, shown: Team | readonly Team[]): void {
  const rows = [shown].flat().map((team) => [team.id, team.name, formatLimits(team)]);
  printRows(output, shown, [["ID", "NAME", "LIMITS"], ...rows]);
}
