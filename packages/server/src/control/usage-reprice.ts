import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { PriceTable } from "../core/prices.ts";
import { reprice } from "../core/reprice.ts";
import type { UsageSums } from "../store/usage-sums.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { cursorSchema, formatCursor } from "./usage-records.ts";

export interface RepriceOperationParts {
  readonly usage: UsageSums;
  readonly prices: PriceTable;
  /** Wall time. */
  nowMs(): number;
}

/** Records that one call looks at; with 10 µs each it ends within some seconds. */
const recordsPerCall = 200_000;

/** The operation that brings costs in line with the prices of now. */
export function repriceOperations({ usage, prices, nowMs }: RepriceOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "usage.reprice",
      summary:
        "Reckons costs anew by the prices of now, each record by those of its time, and tells the difference.",
      permission: "usage.write",
      rest: { method: "POST", path: "/api/v1/usage/reprice" },
      audit: { target: () => ({ type: "usage_ledger", id: null, name: null }) },
      input: z.strictObject({
        from: z.iso.datetime({ offset: true }).describe("Only records that began then or later."),
        until: z.iso
          .datetime({ offset: true })
          .optional()
          .describe("Only records that began before. Default: now."),
        dry_run: z.boolean().default(false).describe("Changes nothing."),
        cursor: z
          .string()
          .optional()
          .describe("next_cursor of the call before.")
          .pipe(cursorSchema.optional()),
      }),
      output: z.object({
        examined: z.number(),
        changed: z.number(),
        priced_anew: z.number().describe("Changed records that had no cost."),
        differences: z
          .array(
            z.object({
              currency: z.string(),
              cost_micros: z.number().describe("Millionths; negative for less."),
            }),
          )
          .readonly(),
        next_cursor: z
          .string()
          .nullable()
          .describe("For the next call; null when all records were looked at."),
      }),
      run: async ({ from, until, dry_run, cursor }, { signal }) => {
        await usage.roller.flush();
        if (usage.roller.behind > 0)
          throw new PlatformError(
            "conflict",
            `The sums lack ${usage.roller.behind} records still. Try again when records_behind of GET /api/v1/usage is 0.`,
          );
        const report = await usage.reprice(
          {
            fromMs: Date.parse(from),
            untilMs: until === undefined ? nowMs() : Date.parse(until),
            cursor,
            limit: recordsPerCall,
            isDryRun: dry_run,
            change: (record) => reprice(record, prices),
          },
          signal,
        );
        return {
          examined: report.examined,
          changed: report.changed,
          priced_anew: report.pricedAnew,
          differences: [...report.differences].map(([currency, cost_micros]) => ({ currency, cost_micros })),
          next_cursor: report.nextCursor === null ? null : formatCursor(report.nextCursor),
        };
      },
    }),
  ];
}
