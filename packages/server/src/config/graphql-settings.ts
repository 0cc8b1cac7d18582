import { z } from "zod";
import { section } from "./section.ts";

export const graphqlSettings = section(
  {
    enabled: z.boolean().default(true).describe("Whether `/graphql` is served."),
    persisted_only: z
      .boolean()
      .default(false)
      .describe("Whether nothing but the documents of `graphql.persisted_operations` is answered."),
    persisted_operations: z
      .string()
      .min(1)
      .optional()
      .describe(
        "A JSON file with documents by their names, which clients ask by `documentId`: the name, or the SHA-256 of the text. It is read anew when the integration `graphql` is restarted.",
      ),
  },
  "The GraphQL API.",
);
