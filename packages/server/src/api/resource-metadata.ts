import { isRead } from "./answer.ts";
import type { RequestHandler } from "./inference.ts";
import type { Mount } from "./listener.ts";
import { metadataPath, type ProtectedResource, protectedResources } from "./protected-resource.ts";
import { originOf, type PublicAddress } from "./public-origin.ts";

export interface ResourceMetadataParts {
  readonly address: PublicAddress;
  /** Who issues tokens that are good here, beside this server itself. */
  readonly issuers: readonly string[];
}

/** What clients have to know to get a token for this server (RFC 9728). */
export function createResourceMetadataMount({ address, issuers }: ResourceMetadataParts): Mount {
  const handlerOf =
    (resource: ProtectedResource): RequestHandler =>
    (request, response) => {
      if (!isRead(request, response)) return;
      const metadata = {
        resource: originOf(address, request.headers) + resource,
        resource_name: "llm-platform",
        bearer_methods_supported: ["header"],
        ...(issuers.length === 0 ? {} : { authorization_servers: issuers }),
      };
      response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache" });
      response.end(JSON.stringify(metadata));
    };
  const paths = new Map(
    protectedResources.map((resource) => [metadataPath(resource), handlerOf(resource)] as const),
  );
  return { routes: [...paths.keys()].map((path) => ({ method: "GET", path, access: "public" })), paths };
}
