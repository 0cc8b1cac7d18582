const problem = { $ref: "#/components/responses/Problem" };
const open = { tags: ["auth"], security: [{}] };
const name = {
  name: "name",
  in: "path",
  required: true,
  description: "Of a provider in `auth.oidc`.",
  schema: { type: "string" },
};

const pageState = {
  type: "object",
  properties: {
    is_open: { type: "boolean" },
    needs_first_admin: { type: "boolean" },
    providers: { type: "array", items: { type: "string" } },
    has_session: { type: "boolean" },
  },
  required: ["is_open", "needs_first_admin", "providers", "has_session"],
};

function cookieRoute(
  operationId: string,
  summary: string,
  description: string,
): Readonly<Record<string, object>> {
  return {
    post: {
      ...open,
      operationId,
      summary,
      description:
        "For the pages of this server: it takes the cookie of a login, and an `Origin` that is the server's own.",
      responses: {
        "200": { description, content: { "application/json": { schema: { type: "object" } } } },
        default: problem,
      },
    },
  };
}

const metadata = (operationId: string, of: string): Readonly<Record<string, object>> => ({
  get: {
    ...open,
    operationId,
    summary: `What clients have to know to get a token for ${of} (RFC 9728).`,
    responses: {
      "200": {
        description: "The metadata.",
        content: { "application/json": { schema: { type: "object" } } },
      },
    },
  },
});

/** What browsers are sent through to log in at a provider, and what they do with the cookie from there. */
export const browserLoginPaths: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  "/.well-known/oauth-protected-resource": metadata("auth.resource", "this server"),
  "/.well-known/oauth-protected-resource/v1": metadata("auth.openai_resource", "the OpenAI API"),
  "/.well-known/oauth-protected-resource/graphql": metadata("auth.graphql_resource", "the GraphQL API"),
  "/.well-known/oauth-protected-resource/mcp": metadata("auth.mcp_resource", "the MCP server"),
  "/api/v1/auth/oidc/{name}/start": {
    get: {
      ...open,
      operationId: "auth.oidc_start",
      summary: "Sends a browser to a provider to log in.",
      parameters: [
        name,
        {
          name: "answer",
          in: "query",
          description:
            "`json`: the tokens are the answer at the end, instead of a cookie and the way to `/`.",
          schema: { type: "string", enum: ["redirect", "json"], default: "redirect" },
        },
      ],
      responses: { "302": { description: "To the provider." }, default: problem },
    },
  },
  "/api/v1/auth/oidc/{name}/callback": {
    get: {
      ...open,
      operationId: "auth.oidc_callback",
      summary: "Where the provider sends the browser back to.",
      parameters: [name],
      responses: {
        "200": {
          description: "The tokens, where they were asked for.",
          content: { "application/json": { schema: { type: "object" } } },
        },
        "302": { description: "To `/`, with the cookie of the login." },
        default: problem,
      },
    },
  },
  "/console/": {
    get: {
      tags: ["system"],
      security: [{}],
      operationId: "console",
      summary: "The web console. Browsers get it at `/` too.",
      responses: {
        "200": { description: "The page.", content: { "text/html": { schema: { type: "string" } } } },
      },
    },
  },
  "/api/v1/auth/session/state": {
    get: {
      ...open,
      operationId: "auth.session_state",
      summary: "What a page has to know before its user logs in.",
      responses: {
        "200": {
          description:
            "`is_open`: nobody has to log in. `needs_first_admin`: the set-up token is still to be used. `providers`: names of those at which a browser can log in. `has_session`: the browser has the cookie of a login.",
          content: { "application/json": { schema: pageState } },
        },
      },
    },
  },
  "/api/v1/auth/session/keep": {
    post: {
      ...open,
      operationId: "auth.session_keep",
      summary: "Changes a refresh token for the cookie of a login, which no script can read.",
      description: "For the pages of this server: it takes an `Origin` that is the server's own.",
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: { refresh_token: { type: "string" } },
              required: ["refresh_token"],
              additionalProperties: false,
            },
          },
        },
      },
      responses: {
        "200": {
          description: "The access token.",
          content: { "application/json": { schema: { type: "object" } } },
        },
        default: problem,
      },
    },
  },
  "/api/v1/auth/session/refresh": {
    ...cookieRoute("auth.session_refresh", "Gives a page the next access token.", "The access token."),
  },
  "/api/v1/auth/session/logout": {
    ...cookieRoute("auth.session_logout", "Ends the login of the cookie.", "Whether it stood."),
  },
};
