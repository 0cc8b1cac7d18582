import { type Command, Option } from "commander";
import type { ApiKey } from "../identity.ts";
import type { CliContext } from "./context.ts";
import { toCount } from "./count.ts";
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

/** `llmp keys …`. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const keys = program.command("keys").description("API keys");
  keys
    .command("list")
    .alias("ls")
    .description("list them, revoked ones included")
    .action(async () => printKeys(context.output(), await context.client().keys()));
  addCreate(keys, context);
  addUpdate(keys, context);
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

function addCreate(keys: Command, context: CliContext): void {
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
  addLimitOptions(create, "as configured");
}

interface KeyChangeOptions extends LimitChangeOptions {
  readonly name?: string;
  readonly scope?: readonly string[];
  readonly expires?: string;
}

function addUpdate(keys: Command, context: CliContext): void {
  const update = keys
    .command("update <id>")
    .description("change one; it bites with the next call, and what is used stays used")
    .option("--name <name>", "the new name")
    .option("--scope <permission...>", "what it may from now on")
    .option("--expires <time>", "when it ends, like 2030-01-31T00:00:00Z, or never")
    .action(async (id: string, options: KeyChangeOptions) => {
      const { name, scope, expires } = options;
      const expires_at = expires === "never" ? null : expires;
      printKeys(
        context.output(),
        await context.client().updateKey(id, { name, scopes: scope, expires_at, ...toLimitChange(options) }),
      );
    });
  addLimitChangeOptions(update);
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
