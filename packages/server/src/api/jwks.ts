import { toPlatformError } from "@llm-platform/kit";
import { answer, isRead } from "./answer.ts";
import type { Mount } from "./listener.ts";

/** How long who checks tokens may keep the keys. One that is not among them is a reason to ask again. */
const keepSeconds = 300;
const path = "/.well-known/jwks.json";

/** The public keys that access tokens are signed with, as a JWK set (RFC 7517 section 5). */
export function createJwksMount(publicKeys: () => Promise<readonly object[]>): Mount {
  return {
    routes: [{ method: "GET", path, access: "public" }],
    paths: new Map([
      [
        path,
        (request, response) => {
          if (!isRead(request, response)) return;
          publicKeys().then(
            (keys) => {
              response.writeHead(200, {
                "content-type": "application/jwk-set+json",
                "cache-control": `public, max-age=${keepSeconds}`,
              });
              response.end(JSON.stringify({ keys }));
            },
            (error: unknown) => answer(response, toPlatformError(error)),
          );
        },
      ],
    ]),
  };
}
