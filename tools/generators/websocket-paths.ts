import { channelNames, channels } from "../../packages/server/src/api/ws/channels.ts";

type PathItem = Readonly<Record<string, object>>;

const ticket = {
  name: "ticket",
  in: "query",
  description:
    "From `auth.ticket`, for clients that can send neither `Authorization` nor the protocol `bearer.TOKEN`.",
  schema: { type: "string" },
};
const plain = { description: "Not asked for as WebSocket, or not let in." };

/** The channels of WebSocket, as far as HTTP goes; what is said on them is in asyncapi.yaml. */
export const websocketPaths: Readonly<Record<string, PathItem>> = {
  ...Object.fromEntries(
    channelNames.map((name) => {
      const { path, summary, permission } = channels[name];
      return [path, { get: toOperation({ name, summary, permission }) }] as const;
    }),
  ),
  "/ws/asyncapi.yaml": {
    get: {
      tags: ["websocket"],
      security: [{}],
      operationId: "websocket.document",
      summary: "What is said over WebSocket, as an AsyncAPI 3 document.",
      responses: {
        "200": {
          description: "The document.",
          content: { "application/yaml": { schema: { type: "string" } } },
        },
      },
    },
  },
};

function toOperation(facts: {
  readonly name: string;
  readonly summary: string;
  readonly permission: string;
}) {
  return {
    tags: ["websocket"],
    operationId: `websocket.${facts.name}`,
    summary: facts.summary,
    description: `Needs the permission \`${facts.permission}\`.`,
    parameters: [ticket],
    responses: { "101": { description: "It goes on as WebSocket." }, "426": plain, default: plain },
  };
}
