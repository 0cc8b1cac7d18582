import { hash } from "node:crypto";
import type { ServerResponse } from "node:http";

/** The page on which people write requests, with the policy that keeps it from asking anybody else. */
export interface GraphiqlPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Makes the page. It has everything in it, some megabytes, and so is only made when somebody wants it. */
export async function renderGraphiqlPage(path: string): Promise<GraphiqlPage> {
  const { renderGraphiQL } = await import("#graphiql");
  const html = renderGraphiQL({
    title: "llm-platform: GraphQL",
    endpoint: path,
    subscriptionsProtocol: "WS",
    defaultQuery: "{\n  me {\n    name\n    permissions\n  }\n}\n",
  });
  return {
    html,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": [
        "default-src 'none'",
        `script-src ${scriptHashes(html).join(" ")}`,
        // The editor writes styles as it draws.
        "style-src 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src data:",
        "connect-src 'self'",
        "worker-src blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join("; "),
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "private, no-cache",
    },
  };
}

/** The scripts of the page by what they are: no other runs. */
function scriptHashes(html: string): readonly string[] {
  const scripts = html.matchAll(/<script>([^]*?)<\/script>/g);
  return [...scripts].map(([, script = ""]) => `'sha256-${hash("sha256", script, "base64")}'`);
}

export function sendPage(response: ServerResponse, { html, headers }: GraphiqlPage, requestId: string): void {
  response.writeHead(200, {
    ...headers,
    "content-length": Buffer.byteLength(html),
    "x-request-id": requestId,
  });
  response.end(html);
}
