const result = {
  type: "object",
  properties: { data: {}, errors: { type: "array", items: { type: "object" } } },
};

/** The GraphQL endpoint: what can be asked there is in its own schema, and not described here anew. */
export const graphqlPaths = {
  "/graphql": {
    get: {
      operationId: "graphql.page",
      tags: ["graphql"],
      summary: "A page on which people write GraphQL requests (GraphiQL).",
      responses: {
        "200": { description: "The page.", content: { "text/html": { schema: { type: "string" } } } },
        default: {
          description: "An error in GraphQL's form.",
          content: { "application/json": { schema: result } },
        },
      },
    },
    post: {
      operationId: "graphql",
      tags: ["graphql"],
      summary: "Asks the graph. Its schema is contracts/schema.graphql; subscriptions are streams of events.",
      security: [{ apiKey: [] }, {}],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: {
                query: { type: "string" },
                documentId: { type: "string", description: "Of a persisted operation, instead of `query`." },
                operationName: { type: ["string", "null"] },
                variables: { type: ["object", "null"] },
                extensions: { type: ["object", "null"] },
              },
            },
          },
        },
      },
      responses: {
        "200": {
          description: "Data, as far as there is any, and errors.",
          content: {
            "application/graphql-response+json": { schema: result },
            "application/json": { schema: result },
            "text/event-stream": { schema: { type: "string" } },
          },
        },
        default: {
          description: "An error in GraphQL's form.",
          content: { "application/json": { schema: result } },
        },
      },
    },
  },
} as const;
