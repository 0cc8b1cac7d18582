import { z } from "zod";
import { section } from "./section.ts";

const amount = z.number().min(0).max(1_000_000).meta({ unit: "currency per million tokens" });

export const budgetSettings = section(
  {
    unknown_price: z
      .strictObject({
        input_per_million: amount.describe("Price of a million input tokens."),
        output_per_million: amount.describe("Price of a million output tokens."),
      })
      .optional()
      .describe(
        "What budgets take a model to cost whose price in their currency is not known. Absent: the dearest price that is known in it. Models of one's own servers without a price cost nothing.",
      ),
  },
  "How budgets count. They themselves are made over the API, or with `llmp budgets`.",
);
