const json = { schema: { type: "object" } };

/** The endpoint of the Model Context Protocol: what it takes is that protocol's, and not described here anew. */
export const mcpPaths = {
  "/mcp": {
    post: {
      operationId: "mcp",
      tags: ["mcp"],
      summary:
        "The operations as tools for agents: Model Context Protocol over streamable HTTP, without sessions.",
      requestBody: {
        required: true,
        description: "A JSON-RPC message.",
        content: { "application/json": json },
      },
      responses: {
        "200": {
          description: "What it answers, whole or as a stream of events.",
          content: { "application/json": json, "text/event-stream": { schema: { type: "string" } } },
        },
        "202": { description: "A notification was taken." },
        default: { $ref: "#/components/responses/Problem" },
      },
    },
  },
} as const;
