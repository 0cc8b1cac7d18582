import type { IncomingMessage, ServerResponse } from "node:http";
import { type PlatformError, toPlatformError } from "@llm-platform/kit";
import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import type { Auditor } from "../../control/auditor.ts";
import type { Operation, OperationContext } from "../../control/operation.ts";
import type { PlatformLog } from "../../telemetry/log.ts";
import { answerProblem } from "../answer.ts";
import type { Authenticator } from "../authenticate.ts";
import type { ReadCaller } from "../client-address.ts";
import { openOperationCall } from "../operation-caller.ts";
import type { Mount } from "../listener.ts";
import { mcpMount } from "./mount.ts";
import { toFetchRequest, writeFetchResponse } from "./node-fetch.ts";
import { isAllowed, type OperationTool, toTools } from "./tools.ts";

export interface McpParts {
  readonly operations: readonly Operation[];
  readonly authenticator: Authenticator;
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
  readonly log: PlatformLog;
  readonly version: string;
}

const { path, routes } = mcpMount;
const maxBodyBytes = 1024 * 1024;
const instructions =
  "Runs an llm-platform server: its integrations, models, keys, users, budgets and usage. What a tool may do is what the caller may; a refusal says which permission is missing.";

/**
 * The operations as tools of an MCP server at `/mcp` (Model Context Protocol, streamable HTTP): each request stands alone,
 * with the identity, the permissions and the audit records that it would have over REST.
 */
export function createMcpMount(parts: McpParts): Mount {
  const tools = toTools(parts.operations);
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const { signal } = gone;
    const context = await openOperationCall(parts, request, { name: "mcp", signal, resource: path });
    parts.auditor.require(context, "mcp", "self.read");
    const asked = await toFetchRequest({ request, maxBodyBytes, signal });
    const handler = createMcpHandler(() => createServer(parts, tools, context));
    try {
      await writeFetchResponse(await handler.fetch(asked), response, context);
    } finally {
      await handler.close();
    }
  }

  return {
    routes,
    paths: new Map([
      [
        path,
        (request, response) =>
          void serve(request, response).catch((thrown: unknown) => {
            const error = toPlatformError(thrown);
            if (error.code === "internal") parts.log.error("mcp.failed", { error });
            if (response.headersSent) response.destroy();
            else answerProblem(response, error);
          }),
      ],
    ]),
  };
}

function createServer(
  { version, log }: McpParts,
  tools: ReadonlyMap<string, OperationTool>,
  context: OperationContext,
): Server {
  const server = new Server({ name: "llm-platform", version }, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler("tools/list", () => ({
    tools: [...tools.values()]
      .filter(({ operation }) => isAllowed(context.principal, operation))
      .map(({ tool }) => tool),
  }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    const found = tools.get(params.name);
    if (found === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${params.name}.`);
    const signal = AbortSignal.any([context.signal, mcpReq.signal]);
    try {
      const output = await found.operation.run(params.arguments ?? {}, { ...context, signal });
      return toResult(output);
    } catch (thrown) {
      const error = toPlatformError(thrown);
      if (error.code === "internal")
        log.error("mcp.failed", { request_id: context.requestId, tool: params.name, error });
      return { ...toResult({ error: toShown(error, context.requestId) }), isError: true };
    }
  });
  return server;
}

function toResult(output: unknown) {
  // What is absent in an output is absent on the wire too.
  const structuredContent: Record<string, unknown> = JSON.parse(JSON.stringify(output));
  return {
    content: [{ type: "text" as const, text: JSON.stringify(structuredContent) }],
    structuredContent,
  };
}

function toShown(error: PlatformError, requestId: string): object {
  const { code, message, field, retryAfterMs, problems } = error;
  return {
    code,
    message,
    request_id: requestId,
    ...(field === undefined ? {} : { field }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(problems.length === 0 ? {} : { problems }),
  };
}
