import { PlatformError, type Problem } from "@llm-platform/kit";
import { z } from "zod";
import { checkRouting, namesThatLeadTo, type RoutingProblem } from "../../core/check-routing.ts";
import { mostNameCharacters, mostTargetWeight, type RoutingConfig } from "../../core/routes.ts";
import { hasName, mergeRouting, type RouteDraft } from "../../core/stored-route.ts";
import { type ModelDirectory, requireReady } from "../../gateway/model-directory.ts";
import { refuseConfigured, type RoutePort } from "./route-port.ts";

/** Every process holds them all in memory. */
const mostNames = 1_000;
const mostPlaces = 64;

const placeName = z.string().min(1).max(mostNameCharacters);

/** A name that is made. */
export const newName = placeName
  .regex(/^[^\s\p{Cc}]+(?: [^\s\p{Cc}]+)*$/u, "must be visible characters, with single spaces between them")
  .describe("The name that callers use.");

/** What can be said of a name. */
export const draftFields = {
  alias_of: placeName
    .optional()
    .describe("Makes it an alias: the name of a model, `integration/model`, or another route."),
  targets: z
    .array(
      z.strictObject({
        model: placeName.describe("`integration/model`, or another name."),
        weight: z
          .number()
          .min(0)
          .max(mostTargetWeight)
          .default(1)
          .describe("Share of the calls among the targets; 0 takes none at first hand."),
      }),
    )
    .min(1)
    .max(mostPlaces)
    .optional()
    .describe("Makes it a route: where calls go."),
  fallbacks: z
    .array(placeName)
    .max(mostPlaces)
    .optional()
    .describe("Of a route: tried in this order when the targets cannot answer."),
};

const draftInput = z.object(draftFields);
export type DraftInput = z.output<typeof draftInput>;

/** What is wanted, with what was before where nothing is said. Throws PlatformError `invalid_request` for what does not go together. */
export function toDraft(
  model: string,
  { alias_of: aliasOf, targets, fallbacks }: DraftInput,
  before?: RouteDraft,
): RouteDraft {
  if (aliasOf !== undefined && (targets !== undefined || fallbacks !== undefined))
    throw toInvalid([
      { field: "alias_of", message: "an alias has neither targets nor fallbacks of its own" },
    ]);
  if (aliasOf !== undefined) return { model, aliasOf, targets: [], fallbacks: [] };
  if (targets === undefined && fallbacks === undefined && before !== undefined) return { ...before, model };
  const wanted = targets ?? before?.targets ?? [];
  if (wanted.length === 0)
    throw toInvalid([{ field: "targets", message: "say where calls go, or of what it is an alias" }]);
  return { model, aliasOf: undefined, targets: wanted, fallbacks: fallbacks ?? before?.fallbacks ?? [] };
}

interface Surroundings {
  readonly book: RoutePort;
  readonly directory: ModelDirectory;
}

/**
 * The names as they are with one more, or with one in the place of another.
 * @throws PlatformError `invalid_request` with every problem, `conflict` for a name that is taken or that others lead to,
 * `unavailable` while the models are not known yet
 */
export function withDraft(
  draft: RouteDraft,
  { book, directory }: Surroundings,
  replaced?: string,
): RoutingConfig {
  const { configured, stored } = book;
  const others = stored.filter(({ model }) => model !== replaced);
  if (hasName(configured, draft.model)) throw refuseConfigured(configured, draft.model);
  if (draft.model !== replaced) {
    refuseTaken(draft.model, stored);
    if (replaced !== undefined) refuseNeeded(replaced, { book, directory });
  }
  if (others.length >= mostNames)
    throw new PlatformError(
      "conflict",
      `Operators have made ${mostNames} names already. Delete one that nobody uses.`,
    );
  requireReady(directory);
  const routing = mergeRouting(configured, [...others, draft]);
  const problems = [...ownProblems(draft, routing), ...unknownNames(draft, routing, directory)];
  if (problems.length > 0) throw toInvalid(problems);
  return routing;
}

/** Throws PlatformError `conflict` while other names lead to one that would be no more. */
export function refuseNeeded(model: string, { book, directory }: Surroundings): void {
  const { configured, stored, routing } = book;
  const isLeft = hasName(configured, model) || directory.snapshot.offered.has(model);
  const names = isLeft ? [] : namesThatLeadTo(model, routing);
  if (names.length === 0) return;
  const where = names.every((name) => stored.some((each) => each.model === name))
    ? "Change these first."
    : "Change these first; names of the configuration are changed there.";
  throw new PlatformError(
    "conflict",
    `\`${model}\` is needed: ${names.map((name) => `\`${name}\``).join(", ")} would lead nowhere without it. ${where}`,
    { field: "model" },
  );
}

function refuseTaken(model: string, stored: RoutePort["stored"]): void {
  if (stored.some((each) => each.model === model))
    throw new PlatformError(
      "conflict",
      `There is the name \`${model}\` already. Change it, or choose another.`,
      {
        field: "model",
      },
    );
}

/** What can never work, as far as it is said of the draft. */
function ownProblems({ model, aliasOf }: RouteDraft, routing: RoutingConfig): readonly Problem[] {
  const index = routing.routes.findIndex((each) => each.model === model);
  const isOwn = ({ path: [list, name] }: RoutingProblem) =>
    aliasOf === undefined ? list === "routes" && name === index : list === "aliases" && name === model;
  return checkRouting(routing)
    .filter(isOwn)
    .map(({ path, message }) => ({
      field: aliasOf === undefined ? path.slice(2).join(".") : "alias_of",
      message,
    }));
}

/** Models of integrations that do not run cannot be known, and are taken as they are written. */
function unknownNames(
  { model, aliasOf, targets, fallbacks }: RouteDraft,
  routing: RoutingConfig,
  { snapshot }: ModelDirectory,
): readonly Problem[] {
  const isKnown = (name: string) =>
    (name !== model && hasName(routing, name)) ||
    snapshot.offered.has(name) ||
    snapshot.absences.has(name.slice(0, name.indexOf("/")));
  const places = [
    ...(aliasOf === undefined ? [] : [{ field: "alias_of", name: aliasOf }]),
    ...targets.map((target, at) => ({ field: `targets.${at}.model`, name: target.model })),
    ...fallbacks.map((name, at) => ({ field: `fallbacks.${at}`, name })),
  ];
  return places
    .filter(({ name }) => !isKnown(name))
    .map(({ field, name }) => ({
      field,
      message: `nobody offers \`${name}\`; GET /api/v1/models lists the models that there are`,
    }));
}

function toInvalid(problems: readonly Problem[]): PlatformError {
  const said = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  const [first] = problems;
  return new PlatformError("invalid_request", `The input is not valid: ${said}.`, {
    problems,
    ...(first === undefined ? {} : { field: first.field }),
  });
}
