import { z } from "zod";
import { checkRouting } from "../core/check-routing.ts";
import { mostNameCharacters, mostTargetWeight } from "../core/routes.ts";
import { section } from "./section.ts";

const modelName = z.string().min(1).max(mostNameCharacters);

const route = z.strictObject({
  model: modelName.describe("The name that clients ask for."),
  targets: z
    .array(
      z.strictObject({
        model: modelName.describe("`integration/model`."),
        weight: z
          .number()
          .min(0)
          .max(mostTargetWeight)
          .default(1)
          .describe("Share of the calls among the targets; 0 takes none at first hand."),
      }),
    )
    .min(1)
    .describe("Where calls go."),
  fallbacks: z
    .array(modelName)
    .default([])
    .describe("`integration/model`, tried in this order when the targets cannot answer."),
});

export const routingSettings = section(
  {
    aliases: z
      .record(modelName, modelName)
      .default({})
      .describe("Further names of models: name → `integration/model`."),
    routes: z.array(route).default([]).describe("Names that stand for several targets."),
  },
  "Names that clients may use beside `model` and `integration/model`.",
).superRefine((routing, context) => {
  for (const { path, message } of checkRouting(routing))
    context.addIssue({ code: "custom", path: [...path], message });
});
