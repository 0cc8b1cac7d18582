/** Parts of the server that have tokens asked for, by path; the empty one is everything. */
export const protectedResources = ["", "/v1", "/mcp", "/graphql"] as const;
export type ProtectedResource = (typeof protectedResources)[number];

/** Where the metadata of a resource is (RFC 9728 section 3.1). */
export function metadataPath(resource: ProtectedResource): string {
  return `/.well-known/oauth-protected-resource${resource}`;
}
