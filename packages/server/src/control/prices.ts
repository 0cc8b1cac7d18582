import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { isInForce, keyOfScope, namesModel, type PriceEntry, type PriceScope } from "../core/price-terms.ts";
import type { PriceTable } from "../core/prices.ts";
import { bucketStart } from "../core/usage-buckets.ts";
import type { PriceRows } from "../store/price-rows.ts";
import type { UsageSums } from "../store/usage-sums.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { pricedInput, scopeFields, shownPrice, toShownPrice, toStoredTerms } from "./price-fields.ts";
import type { PriceKeeper } from "./price-keeper.ts";
import { showAs } from "./shown.ts";

export interface PriceOperationParts {
  readonly prices: PriceTable;
  readonly rows: PriceRows;
  readonly keeper: PriceKeeper;
  readonly usage: Pick<UsageSums, "unpriced">;
  /** Wall time. */
  nowMs(): number;
}

const dayMs = 86_400_000;
const unpricedDays = 30;
const mostUnpriced = 1_000;

/** Operations on what models cost. */
export function priceOperations(parts: PriceOperationParts): readonly Operation[] {
  return [listOperation(parts), ...changingOperations(parts)];
}

function listOperation({ prices, usage, nowMs }: PriceOperationParts): Operation {
  return defineOperation({
    name: "prices.list",
    summary:
      "What models cost: of several prices that fit a model the first holds. And models in use without one.",
    permission: "prices.read",
    rest: { method: "GET", path: "/api/v1/prices" },
    input: z.strictObject({
      at: z.iso.datetime({ offset: true }).optional().describe("What holds then. Default: now."),
      when: z
        .enum(["in_force", "later", "any"])
        .default("in_force")
        .describe("`later` for prices that begin after `at`; `any` for those that have ended as well."),
      model: z.string().max(512).optional().describe("Only what fits this model, the first of which holds."),
      integration: z.string().max(128).optional().describe("Only what fits models of this integration."),
      source: z.enum(["operator", "config", "bundled"]).optional(),
    }),
    output: z.object({
      at: z.string(),
      prices: z.array(shownPrice).readonly(),
      unpriced: z
        .array(z.object({ integration: z.string(), model: z.string(), attempts: z.number() }))
        .readonly()
        .describe(
          "Models that used tokens without a known price in the last 30 days, the most attempts first.",
        ),
    }),
    run: async ({ at, when, model, integration, source }) => {
      const atMs = at === undefined ? nowMs() : Date.parse(at);
      const chosen = prices.entries.filter(
        (entry) =>
          isAsked(entry, when, atMs) &&
          (source === undefined || entry.source === source) &&
          (model === undefined || namesModel(entry.model, model)) &&
          (integration === undefined || (entry.integration ?? integration) === integration),
      );
      const untilMs = bucketStart("day", nowMs()) + dayMs;
      const unpriced = await usage.unpriced({
        resolution: "day",
        fromMs: untilMs - unpricedDays * dayMs,
        untilMs,
        filter: { integration, upstreamModel: model },
        limit: mostUnpriced,
      });
      return {
        at: new Date(atMs).toISOString(),
        prices: chosen.map(toShownPrice),
        unpriced: unpriced.map(({ integration: name, upstreamModel, attempts }) => ({
          integration: name,
          model: upstreamModel,
          attempts,
        })),
      };
    },
  });
}

function changingOperations(parts: PriceOperationParts): readonly Operation[] {
  const { prices, rows, keeper, nowMs } = parts;
  const before = (scope: PriceScope, atMs: number) => {
    const held = findOwn(prices, scope, atMs);
    return held === undefined ? null : showAs(shownPrice, toShownPrice(held));
  };
  return [
    defineOperation({
      name: "prices.put",
      summary:
        "Sets what models cost from a time on. It beats what the configuration says and what came with the server.",
      permission: "prices.write",
      rest: { method: "PUT", path: "/api/v1/prices" },
      audit: { target: toTarget, before: (input) => before(input, fromMsOf(input.effective_from, nowMs())) },
      input: pricedInput,
      output: shownPrice,
      run: async (input, { principal }) => {
        const effectiveFromMs = fromMsOf(input.effective_from, nowMs());
        await rows.put({
          integration: input.integration,
          provider: input.provider,
          model: input.model,
          effectiveFromMs,
          terms: JSON.stringify(toStoredTerms(input)),
          changedAtMs: nowMs(),
          changedBy: principal.id,
        });
        await keeper.reload();
        return toShownPrice(requireOwn(prices, input, effectiveFromMs));
      },
    }),
    defineOperation({
      name: "prices.delete",
      summary:
        "Ends what an operator has set for models, from now on: what calls before cost stays as it is.",
      permission: "prices.write",
      rest: { method: "DELETE", path: "/api/v1/prices" },
      audit: { target: toTarget, before: (scope) => before(scope, nowMs()) },
      input: z.strictObject(scopeFields),
      output: z.object({ ended: z.array(shownPrice).readonly().describe("What would have held else.") }),
      run: async ({ integration, provider, model }, { principal }) => {
        const atMs = nowMs();
        const scope = { integration, provider, model };
        const ended = ownOf(prices, scope).filter(
          ({ effectiveUntilMs = Number.POSITIVE_INFINITY }) => effectiveUntilMs > atMs,
        );
        if (ended.length === 0)
          throw new PlatformError(
            "not_found",
            "No operator has set a price that holds for exactly these models. GET /api/v1/prices?source=operator lists them.",
          );
        await rows.end({ ...scope, effectiveFromMs: atMs, changedAtMs: atMs, changedBy: principal.id });
        await keeper.reload();
        return { ended: ended.map(toShownPrice) };
      },
    }),
  ];
}

function isAsked(entry: PriceEntry, when: "in_force" | "later" | "any", atMs: number): boolean {
  switch (when) {
    case "in_force":
      return isInForce(entry, atMs);
    case "later":
      return (entry.effectiveFromMs ?? Number.NEGATIVE_INFINITY) > atMs;
    case "any":
      return true;
  }
}

function fromMsOf(effectiveFrom: string | undefined, nowMs: number): number {
  return effectiveFrom === undefined ? nowMs : Date.parse(effectiveFrom);
}

/** What operators have set for exactly these models. */
function ownOf(prices: PriceTable, scope: PriceScope): readonly PriceEntry[] {
  const key = keyOfScope(scope);
  return prices.entries.filter((entry) => entry.source === "operator" && keyOfScope(entry) === key);
}

function findOwn(prices: PriceTable, scope: PriceScope, atMs: number): PriceEntry | undefined {
  return ownOf(prices, scope).find((entry) => isInForce(entry, atMs));
}

function requireOwn(prices: PriceTable, scope: PriceScope, atMs: number): PriceEntry {
  const found = findOwn(prices, scope, atMs);
  if (found !== undefined) return found;
  throw new PlatformError(
    "conflict",
    "Another change took the price away at the same time. Look with GET /api/v1/prices.",
  );
}

function toTarget({ integration, provider, model }: PriceScope) {
  const name = [integration, provider, model].filter((each) => each !== undefined).join("/");
  return { type: "price", id: null, name };
}
