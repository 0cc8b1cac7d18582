import type { Command } from "commander";
import type { Role } from "../identity.ts";
import type { CliContext } from "./context.ts";
import { type Output, printRows } from "./output.ts";

/** `llmp roles …`. */
export function addRoleCommands(program: Command, context: CliContext): void {
  const roles = program.command("roles").description("roles, and what each of them allows");
  roles
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => printRoles(context.output(), await context.client().roles()));
  roles
    .command("create <name>")
    .description("make one; it allows nothing that you may not do")
    .requiredOption("--permission <permission...>", "what it allows")
    .option("--description <text>", "what it is for")
    .action(async (name: string, options: RoleOptions & { readonly permission: readonly string[] }) =>
      printRoles(
        context.output(),
        await context
          .client()
          .createRole({ name, permissions: options.permission, description: options.description }),
      ),
    );
  roles
    .command("update <name>")
    .description("change one; it bites at once, on all who have it and on their keys")
    .option("--permission <permission...>", "what it allows from now on")
    .option("--description <text>", "what it is for")
    .action(async (name: string, { permission, description }: RoleOptions) =>
      printRoles(
        context.output(),
        await context.client().updateRole(name, { permissions: permission, description }),
      ),
    );
  roles
    .command("delete <name>")
    .description("delete one that no user has")
    .action(async (name: string) => printRoles(context.output(), await context.client().deleteRole(name)));
}

interface RoleOptions {
  readonly permission?: readonly string[];
  readonly description?: string;
}

function printRoles(output: Output, shown: Role | readonly Role[]): void {
  const rows = [shown]
    .flat()
    .map((role) => [
      role.name,
      role.is_built_in ? "yes" : "no",
      role.permissions.join(","),
      role.description,
    ]);
  printRows(output, shown, [["NAME", "BUILT IN", "PERMISSIONS", "DESCRIPTION"], ...rows]);
}
