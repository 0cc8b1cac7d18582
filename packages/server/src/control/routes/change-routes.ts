import { randomUUID } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { buildRoutes } from "../../core/routes.ts";
import type { RouteDraft, StoredRoute } from "../../core/stored-route.ts";
import { explainCandidates, type Moment } from "../../gateway/explain-route.ts";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import { modelName } from "../models.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { showAs } from "../shown.ts";
import { draftFields, newName, refuseNeeded, toDraft, withDraft } from "./route-draft.ts";
import { explainedCandidate, routeRow, toCandidateFields, writtenFields } from "./route-fields.ts";
import { type RoutePort, requireStored } from "./route-port.ts";

export interface RouteChangeParts {
  readonly directory: ModelDirectory;
  readonly book: RoutePort;
  moment(): Promise<Moment>;
  /** How a name is shown. */
  show(model: string): Promise<z.output<typeof routeRow>>;
  /** Wall time. */
  nowMs(): number;
}

const ifVersion = z
  .string()
  .max(64)
  .optional()
  .describe(
    "Refuses the change with `conflict` unless this is still its version. Default: changes whatever is there.",
  );

const written = z.object(writtenFields);

/** Operations by which names are made, changed and deleted while the server runs. */
export function routeChanges(parts: RouteChangeParts): readonly Operation[] {
  return [createOperation(parts), updateOperation(parts), deleteOperation(parts), previewOperation(parts)];
}

function createOperation(parts: RouteChangeParts): Operation {
  const { book, show, nowMs } = parts;
  return defineOperation({
    name: "routes.create",
    summary:
      "Makes a name for callers: an alias of a model, or a route to several with weights and fallbacks. It holds on every replica, from the next call on and after a restart. A name of the configuration stays the configuration's.",
    permission: "routes.write",
    rest: { method: "POST", path: "/api/v1/routes" },
    audit: { target: toTarget, after: (_input, { route }) => showAs(written, route) },
    input: z.strictObject({ model: newName, ...draftFields }),
    output: z.object({ route: routeRow }),
    run: async ({ model, ...fields }, { principal }) => {
      await book.change([model], (rows) => {
        const draft = toDraft(model, fields);
        withDraft(draft, parts);
        return rows.insert(toStored(draft, principal.id, nowMs()));
      });
      return { route: await show(model) };
    },
  });
}

function updateOperation(parts: RouteChangeParts): Operation {
  const { book, show, nowMs } = parts;
  return defineOperation({
    name: "routes.update",
    summary:
      "Changes a name that an operator has made, at once and on every replica; what is not said stays. Calls in flight keep to where they go.",
    permission: "routes.write",
    rest: { method: "PUT", path: "/api/v1/routes" },
    audit: {
      target: toTarget,
      before: ({ model }) => toShown(requireStored(book, model)),
      after: (_input, { route }) => showAs(written, route),
    },
    input: z.strictObject({
      model: modelName.describe("The name as it is."),
      new_model: newName.optional().describe("The name that callers are to use from now on."),
      ...draftFields,
      if_version: ifVersion,
    }),
    output: z.object({ route: routeRow }),
    run: async ({ model, new_model: name = model, if_version, ...fields }, { principal }) => {
      await book.change([...new Set([model, name])], (rows) => {
        const before = requireStored(book, model);
        requireVersion(before, if_version);
        const draft = toDraft(name, fields, before);
        withDraft(draft, parts, model);
        return rows.replace(model, toStored(draft, principal.id, nowMs()));
      });
      return { route: await show(name) };
    },
  });
}

function deleteOperation(parts: RouteChangeParts): Operation {
  const { book } = parts;
  return defineOperation({
    name: "routes.delete",
    summary:
      "Deletes a name that an operator has made, at once and on every replica. Refused while other names would lead nowhere without it.",
    permission: "routes.write",
    rest: { method: "DELETE", path: "/api/v1/routes" },
    audit: {
      target: toTarget,
      before: ({ model }) => toShown(requireStored(book, model)),
      after: () => null,
    },
    input: z.strictObject({ model: modelName, if_version: ifVersion }),
    output: z.object({ model: z.string() }),
    run: async ({ model, if_version }) => {
      await book.change([model], (rows) => {
        requireVersion(requireStored(book, model), if_version);
        refuseNeeded(model, parts);
        return rows.delete(model);
      });
      return { model };
    },
  });
}

function previewOperation(parts: RouteChangeParts): Operation {
  const { book, directory, moment } = parts;
  return defineOperation({
    name: "routes.preview",
    summary:
      "Where calls of a name would go now if it were made or changed like this, without changing anything. Refused as the change would be.",
    permission: "models.read",
    rest: { method: "POST", path: "/api/v1/routes/preview" },
    audit: "reads",
    input: z.strictObject({ model: newName, ...draftFields }),
    output: z.object({
      model: z.string(),
      candidates: z.array(explainedCandidate).readonly().describe("In the order in which they stand."),
    }),
    run: async ({ model, ...fields }) => {
      const before = book.stored.find((each) => each.model === model);
      const routing = withDraft(toDraft(model, fields, before), parts, before?.model);
      const route = buildRoutes(directory.snapshot.offered, routing).get(model);
      const candidates = route === undefined ? [] : explainCandidates(directory, route, await moment());
      return { model, candidates: candidates.map(toCandidateFields) };
    },
  });
}

function toStored(draft: RouteDraft, changedBy: string, changedAtMs: number): StoredRoute {
  return { ...draft, version: randomUUID(), changedAtMs, changedBy };
}

/** Throws PlatformError `conflict` when somebody else has changed it since the caller looked. */
function requireVersion({ model, version, changedAtMs }: StoredRoute, wanted: string | undefined): void {
  if (wanted === undefined || wanted === version) return;
  throw new PlatformError(
    "conflict",
    `\`${model}\` was changed meanwhile, at ${new Date(changedAtMs).toISOString()}. Look at what it is now, and change that.`,
    { field: "if_version" },
  );
}

function toShown({ aliasOf, targets, fallbacks, version }: StoredRoute) {
  return showAs(written, { alias_of: aliasOf ?? null, targets, fallbacks, version });
}

function toTarget({ model }: { readonly model: string }) {
  return { type: "route", id: model, name: model };
}
