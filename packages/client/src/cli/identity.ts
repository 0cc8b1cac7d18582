import { type Command, Option } from "commander";
import type { ApiKey, User } from "../identity.ts";
import type { CliContext } from "./context.ts";
import { toCount } from "./count.ts";
import { type Output, printRows, toPrintable } from "./output.ts";

/** `llmp whoami`, `llmp keys …` and `llmp users …`. */
export function addIdentityCommands(program: Command, context: CliContext): void {
  program
    .command("whoami")
    .description("who the server takes you for, and what you may do")
    .action(async () => {
      const caller = await context.client().whoami();
      const { permissions, ...facts } = caller;
      const rows = Object.entries(facts).map(([key, value]) => [key, value ?? "-"]);
      printRows(context.output(), caller, [
        ["KEY", "VALUE"],
        ...rows,
        ["permissions", permissions.join(",")],
      ]);
    });
  addKeyCommands(program.command("keys").description("API keys"), context);
  addUserCommands(program.command("users").description("users and service accounts"), context);
}

function addKeyCommands(keys: Command, context: CliContext): void {
  keys
    .command("list")
    .alias("ls")
    .description("list them, revoked ones included")
    .action(async () => printKeys(context.output(), await context.client().keys()));
  const create = keys
    .command("create <name>")
    .description("make one; its text is printed this once")
    .option("--role <role>", "it may what the role may (default: what its owner may, else developer)")
    .addOption(new Option("--scope <permission...>", "instead of a role: what it may").conflicts("role"))
    .option("--owner <user>", "id of the user whose key it is (default: yours)")
    .option("--expires <time>", "when it ends, like 2030-01-31T00:00:00Z (default: never)")
    .option("--audit <policy>", "with strict, its calls are refused while they cannot be put on record")
    .option("--capture-content", "keep what its calls ask and are answered, sealed, for a while")
    .action(async (name: string, options: KeyOptions) => {
      const { key, ...made } = await context.client().createKey({
        name,
        role: options.role,
        scopes: options.scope,
        owner: options.owner,
        expires_at: options.expires,
        audit: options.audit,
        capture_content: options.captureContent,
        ...toLimits(options),
      });
      tellKey(context.output(), { ...made, key });
    });
  addLimitOptions(create);
  keys
    .command("rotate <id>")
    .description("give one a new text, which is printed this once")
    .option("--grace <seconds>", "how long the text before goes on working (default: a day)", toCount)
    .action(async (id: string, { grace }: { readonly grace?: number }) =>
      tellKey(context.output(), await context.client().rotateKey(id, grace)),
    );
  keys
    .command("revoke <id>")
    .description("end one for good")
    .action(async (id: string) => printKeys(context.output(), await context.client().revokeKey(id)));
}

interface KeyOptions extends LimitOptions {
  readonly role?: string;
  readonly scope?: readonly string[];
  readonly owner?: string;
  readonly expires?: string;
  readonly audit?: string;
  readonly captureContent?: boolean;
}

function addUserCommands(users: Command, context: CliContext): void {
  users
    .command("list")
    .alias("ls")
    .description("list them")
    .action(async () => printUsers(context.output(), await context.client().users()));
  const create = users
    .command("create <name>")
    .description("make one; the first is an admin, and from then on every caller needs a key")
    .requiredOption("--role <role>", "admin, operator, developer or viewer")
    .addOption(new Option("--kind <kind>", "what it is").choices(["person", "service_account"]))
    .option("--email <address>", "where to reach the user")
    .option("--with-key", "make a key as well; its text is printed this once")
    .action(async (name: string, options: NewUserOptions) => {
      const { role, kind, email, withKey } = options;
      const limits = toLimits(options);
      const user = await context
        .client()
        .createUser({ name, role, kind, email, with_key: withKey, ...limits });
      const output = context.output();
      if (user.key === null) printUsers(output, user);
      else tellKey(output, { ...user, key: user.key });
    });
  const update = users
    .command("update <id>")
    .description("change one; it bites at once, on the user's keys too")
    .option("--role <role>", "the new role")
    .option("--email <address>", "the new address")
    .addOption(new Option("--activate", "let the user's keys work again").conflicts("deactivate"))
    .option("--deactivate", "the user's keys work no longer")
    .action(async (id: string, options: UserChangeOptions) => {
      const { role, email, activate, deactivate } = options;
      const is_active = activate ?? (deactivate === true ? false : undefined);
      printUsers(
        context.output(),
        await context.client().updateUser(id, { role, email, is_active, ...toLimits(options) }),
      );
    });
  for (const each of [create, update]) addLimitOptions(each);
  users
    .command("delete <id>")
    .description("delete one; the user's keys work no longer")
    .action(async (id: string) => printUsers(context.output(), await context.client().deleteUser(id)));
}

interface NewUserOptions extends LimitOptions {
  readonly role: string;
  readonly kind?: string;
  readonly email?: string;
  readonly withKey?: boolean;
}

interface UserChangeOptions extends LimitOptions {
  readonly role?: string;
  readonly email?: string;
  readonly activate?: boolean;
  readonly deactivate?: boolean;
}

/** The text alone goes to standard output, so that a script can take it. */
export function tellKey(
  output: Output,
  made: { readonly id: string; readonly name: string; readonly key: string },
): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(made, null, 2)}\n`);
    return;
  }
  output.err(`${toPrintable(`${made.name} (${made.id}). The key is shown this once:`)}\n`);
  output.out(`${toPrintable(made.key)}\n`);
}

function printKeys(output: Output, shown: ApiKey | readonly ApiKey[]): void {
  const rows = [shown]
    .flat()
    .map((key) => [
      key.id,
      key.name,
      `${key.prefix}…`,
      key.owner ?? "-",
      key.expires_at ?? "never",
      key.last_used_at ?? "never",
      key.revoked_at ?? "-",
    ]);
  printRows(output, shown, [["ID", "NAME", "KEY", "OWNER", "EXPIRES", "LAST USED", "REVOKED"], ...rows]);
}

function printUsers(output: Output, shown: User | readonly User[]): void {
  const rows = [shown]
    .flat()
    .map((user) => [
      user.id,
      user.name,
      user.kind,
      user.role,
      user.is_active ? "yes" : "no",
      user.email ?? "-",
    ]);
  printRows(output, shown, [["ID", "NAME", "KIND", "ROLE", "ACTIVE", "EMAIL"], ...rows]);
}

function addLimitOptions(command: Command): void {
  command
    .option("--requests-per-minute <count>", "calls a minute at most (default: as configured)", toCount)
    .option("--tokens-per-minute <count>", "tokens a minute at most (default: as configured)", toCount)
    .option("--max-concurrent <count>", "calls at once at most (default: as configured)", toCount);
}

interface LimitOptions {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly maxConcurrent?: number;
}

function toLimits({ requestsPerMinute, tokensPerMinute, maxConcurrent }: LimitOptions) {
  return {
    requests_per_minute: requestsPerMinute,
    tokens_per_minute: tokensPerMinute,
    max_concurrent: maxConcurrent,
  };
}
