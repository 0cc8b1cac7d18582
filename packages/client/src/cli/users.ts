import { type Command, Option } from "commander";
import type { User } from "../identity.ts";
import type { OperationOutput } from "../operation-calls.ts";
import type { CliContext } from "./context.ts";
import {
  addLimitChangeOptions,
  addLimitOptions,
  type LimitChangeOptions,
  type LimitOptions,
  toLimitChange,
  toLimits,
} from "./limit-options.ts";
import { type Output, printRows } from "./output.ts";
import { tellKey } from "./tell-key.ts";

/** `llmp users …`. */
export function addUserCommands(program: Command, context: CliContext): void {
  const users = program.command("users").description("users and service accounts");
  users
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => printUsers(context.output(), await context.client().users()));
  addCreate(users, context);
  addUpdate(users, context);
  users
    .command("delete <id>")
    .description("delete one; the user's keys work no longer")
    .action(async (id: string) => printUsers(context.output(), await context.client().deleteUser(id)));
  users
    .command("access <id>")
    .description("what one may do, and by which role")
    .action(async (id: string) =>
      printAccess(context.output(), await context.client().run("users.access", { id })),
    );
  users
    .command("end-sessions <id>")
    .description("end every login of one; the user's keys go on working")
    .action(async (id: string) => {
      const { ended } = await context.client().run("users.end_sessions", { id });
      printRows(context.output(), { ended }, [["ENDED"], [String(ended)]]);
    });
}

interface NewUserOptions extends LimitOptions {
  readonly role: string;
  readonly kind?: string;
  readonly email?: string;
  readonly team?: string;
  readonly withKey?: boolean;
}

function addCreate(users: Command, context: CliContext): void {
  const create = users
    .command("create <name>")
    .description("make one; the first is an admin, and from then on every caller needs a key")
    .requiredOption("--role <role>", "admin, operator, developer, viewer, or one of `llmp roles list`")
    .addOption(new Option("--kind <kind>", "what it is").choices(["person", "service_account"]))
    .option("--email <address>", "where to reach the user")
    .option("--team <team>", "id of the user's team (default: none)")
    .option("--with-key", "make a key as well; its text is printed this once")
    .action(async (name: string, options: NewUserOptions) => {
      const { role, kind, email, team, withKey } = options;
      const user = await context
        .client()
        .createUser({ name, role, kind, email, team, with_key: withKey, ...toLimits(options) });
      const output = context.output();
      if (user.key === null) printUsers(output, user);
      else tellKey(output, { ...user, key: user.key });
    });
  addLimitOptions(create, "as configured");
}

interface UserChangeOptions extends LimitChangeOptions {
  readonly role?: string;
  readonly email?: string;
  readonly team?: string;
  readonly activate?: boolean;
  readonly deactivate?: boolean;
}

function addUpdate(users: Command, context: CliContext): void {
  const update = users
    .command("update <id>")
    .description("change one; it bites at once, on the user's keys too")
    .option("--role <role>", "the new role")
    .option("--email <address>", "the new address")
    .option("--team <team>", "id of the new team, or none")
    .addOption(new Option("--activate", "let the user's keys work again").conflicts("deactivate"))
    .option("--deactivate", "the user's keys work no longer")
    .action(async (id: string, options: UserChangeOptions) => {
      const { role, email, activate, deactivate } = options;
      const is_active = activate ?? (deactivate === true ? false : undefined);
      const team = options.team === "none" ? null : options.team;
      printUsers(
        context.output(),
        await context.client().updateUser(id, { role, email, team, is_active, ...toLimitChange(options) }),
      );
    });
  addLimitChangeOptions(update);
}

function printUsers(output: Output, shown: User | readonly User[]): void {
  const rows = [shown]
    .flat()
    .map((user) => [
      user.id,
      user.name,
      user.kind,
      user.role,
      user.team ?? "-",
      user.is_active ? "yes" : "no",
      user.email ?? "-",
    ]);
  printRows(output, shown, [["ID", "NAME", "KIND", "ROLE", "TEAM", "ACTIVE", "EMAIL"], ...rows]);
}

function printAccess(output: Output, access: OperationOutput<"users.access">): void {
  const allowed = access.permissions.filter((each) => each.is_allowed);
  const rows = allowed.map(({ name, role, summary }) => [name, role ?? "-", summary]);
  printRows(output, access, [["PERMISSION", "BY ROLE", "MEANING"], ...rows]);
}
