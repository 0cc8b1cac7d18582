import { createClient } from "../client.ts";
import { ClientError } from "../client-error.ts";
import { type Credentials, toStoredLogin } from "./credentials.ts";

/** An access token that ends sooner is replaced before it is used. */
const reserveMs = 30_000;

/** The access token of the login at a server, a new one when it is about to end; undefined without a login. */
export async function findStoredToken(credentials: Credentials, url: string): Promise<string | undefined> {
  const found = await credentials.find(url);
  if (found === undefined || Date.now() < found.accessUntilMs - reserveMs) return found?.accessToken;
  const fresh = await credentials.update(url, async (stored) => {
    if (stored === undefined || Date.now() < stored.accessUntilMs - reserveMs) return stored;
    try {
      return toStoredLogin(stored.name, await createClient({ url }).refresh(stored.refreshToken));
    } catch (error) {
      if (error instanceof ClientError && error.kind === "auth") return undefined;
      throw error;
    }
  });
  if (fresh !== undefined) return fresh.accessToken;
  throw new ClientError(
    "auth",
    `The login at ${url} is over. Log in again with \`llmp login ${found.name}\`.`,
  );
}
