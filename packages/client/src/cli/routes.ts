import { type Command, InvalidArgumentError, Option } from "commander";
import type { OperationInput, OperationOutput } from "../operation-calls.ts";
import type { RouteExplanation } from "../requests.ts";
import type { CliContext } from "./context.ts";
import { formatTable, type Output, printRows } from "./output.ts";

type Route = Pick<
  OperationOutput<"routes.get">["route"],
  "model" | "kind" | "alias_of" | "state" | "candidates"
>;
type Target = NonNullable<OperationInput<"routes.create">["targets"]>[number];

interface ChangeOptions {
  readonly aliasOf?: string;
  readonly to?: readonly Target[];
  readonly fallback?: readonly string[];
}

interface VersionOptions {
  readonly ifVersion?: string;
}

/** `llmp routes …` and `llmp route`. */
export function addRouteCommands(program: Command, context: CliContext): void {
  const routes = program
    .command("routes")
    .description("the names that callers may use, where each leads, and how that is now")
    .addOption(new Option("--kind <word>", "only what is made so").choices(["route", "alias", "model"]))
    .action(async ({ kind }: { readonly kind?: string }) =>
      printRoutes(context.output(), await context.client().routes(kind)),
    );
  addChanges(routes.command("create <name>").description("make a name, from the next call on")).action(
    async (model: string, options: ChangeOptions) =>
      printChanged(context, await context.client().run("routes.create", { model, ...toFields(options) })),
  );
  addVersion(
    addChanges(routes.command("update <name>").description("change a name that was made; the rest stays")),
  )
    .option("--rename <name>", "the name that callers are to use from now on")
    .action(async (model: string, options: ChangeOptions & VersionOptions & { readonly rename?: string }) => {
      const { rename, ifVersion } = options;
      const change = {
        model,
        ...toFields(options),
        ...(rename === undefined ? {} : { new_model: rename }),
        ...(ifVersion === undefined ? {} : { if_version: ifVersion }),
      };
      printChanged(context, await context.client().run("routes.update", change));
    });
  addVersion(routes.command("delete <name>").alias("rm").description("delete a name that was made")).action(
    async (model: string, { ifVersion }: VersionOptions) => {
      const version = ifVersion === undefined ? {} : { if_version: ifVersion };
      const deleted = await context.client().run("routes.delete", { model, ...version });
      printRows(context.output(), deleted, [["NAME"], [deleted.model]]);
    },
  );
  program
    .command("route <model>")
    .description("what would happen to a call of a model now, without making one")
    .action(async (model: string) =>
      printRoute(context.output(), await context.client().explainRoute(model)),
    );
}

function addChanges(command: Command): Command {
  return command
    .option("--alias-of <model>", "of which model or route it is a further name")
    .option("--to <model[=weight]>", "where calls go; may be repeated", collectTarget)
    .option("--fallback <model>", "tried in this order when those cannot answer; may be repeated", collect);
}

function addVersion(command: Command): Command {
  return command.option("--if-version <version>", "only while this is still its version");
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Names may have an equals sign: only a number behind the last is a weight. */
function collectTarget(text: string, before: readonly Target[] = []): readonly Target[] {
  const [, model = text, weight] = /^(.+)=(\d*\.?\d+)$/.exec(text) ?? [];
  if (model === "") throw new InvalidArgumentError("Write it as model, or model=weight.");
  return [...before, { model, ...(weight === undefined ? {} : { weight: Number(weight) }) }];
}

function toFields({ aliasOf, to, fallback }: ChangeOptions) {
  return {
    ...(aliasOf === undefined ? {} : { alias_of: aliasOf }),
    ...(to === undefined ? {} : { targets: to }),
    ...(fallback === undefined ? {} : { fallbacks: fallback }),
  };
}

function printChanged(
  context: CliContext,
  { route }: { readonly route: OperationOutput<"routes.get">["route"] },
): void {
  printRows(context.output(), route, toRows([route]));
}

function printRoutes(output: Output, routes: readonly Route[]): void {
  printRows(output, routes, toRows(routes));
}

function toRows(routes: readonly Route[]): readonly (readonly string[])[] {
  return [["NAME", "KIND", "STATE", "LEADS TO"], ...routes.map(toRow)];
}

function toRow({ model, kind, alias_of, state, candidates }: Route): readonly string[] {
  const places = candidates.map(({ target, share, breaker }) => {
    const part = share === null ? "fallback" : `${Math.round(share * 100)}%`;
    return `${target} (${part}${breaker === "closed" ? "" : `, breaker ${breaker}`})`;
  });
  return [model, kind, state, `${alias_of === null ? "" : `${alias_of}: `}${places.join(", ")}`];
}

function printRoute(output: Output, route: RouteExplanation): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(route, null, 2)}\n`);
    return;
  }
  const rows = route.candidates.map((each) => [
    each.target,
    each.role,
    each.share === null ? "-" : `${Math.round(each.share * 100)}%`,
    `${Math.round(each.chance * 100)}%`,
    each.breaker,
    each.verdict,
    each.reason ?? "",
  ]);
  output.out(formatTable([["TARGET", "ROLE", "SHARE", "CHANCE NOW", "BREAKER", "VERDICT", "WHY"], ...rows]));
}
