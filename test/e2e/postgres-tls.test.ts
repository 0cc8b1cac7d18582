import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";
import { as, createUser, rootKey, withRoot } from "./identity-calls.ts";
import { spawnServer } from "./spawn-server.ts";
import { startPlatform } from "./start-platform.ts";

const authority = makeCertificate({ subject: "authority of the tests" });
const certificateOf = (hosts: readonly string[], issuer = authority) =>
  makeCertificate({ subject: "postgres", hosts, issuer });
const local = ["localhost", "127.0.0.1"];
const secrets = { LLM_PLATFORM_SECRETS__MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };

describe.skipIf(postgresProgram === undefined)("a database that is reached by TLS", () => {
  let server: TestPostgres;
  let folder = "";
  let caFile = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "postgres-tls-"));
    caFile = join(folder, "ca.pem");
    writeFileSync(caFile, authority.cert);
    server = await startPostgres(certificateOf(local));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const startOn = (url: string, env: Readonly<Record<string, string>> = {}) =>
    startPlatform({
      config: { ...withRoot, server: { drain_seconds: 0 } },
      env: { DATABASE_URL: url, ...secrets, ...env },
    });
  /** Whether the connections of the platform are encrypted, each of them. */
  const encrypted = async (url: string) =>
    (
      await server.query(
        url,
        "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'llm-platform' AND datname = current_database()",
      )
    ).map(({ ssl }) => ssl);

  test("is used with verify-full when its certificate is of a known authority, also after that was renewed", async () => {
    const url = await server.createDatabase();
    const platform = await startOn(`${url}?sslmode=verify-full`, { LLM_PLATFORM_DATABASE__CA_FILE: caFile });
    await createUser(platform, rootKey, { name: "before", role: "admin" });
    expect(await encrypted(url)).toEqual([true]);
    server.useCertificate(certificateOf(local));
    await server.query(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'llm-platform'",
    );
    await expect
      .poll(
        async () =>
          (await as(platform, rootKey)("/api/v1/users", { body: { name: "after", role: "viewer" } })).status,
        { timeout: 10_000 },
      )
      .toBe(200);
    await platform.logLine(/database\.listening_again/);
    expect(await encrypted(url)).toEqual([true]);
    expect(platform.log()).not.toContain(new URL(url).password);
    await platform.stop();
  });

  test.each([
    ["of an authority that is not known", "verify-full", local, {}, "database.ca_file"],
    ["of an authority that is not known, with verify-ca", "verify-ca", local, {}, "database.ca_file"],
    ["for another host", "verify-full", ["db.example.org"], { ca: true }, "for another host"],
  ] as const)(
    "is not used when its certificate is %s, and the reason says what to do",
    async (_name, mode, hosts, { ca }: { readonly ca?: boolean }, remedy) => {
      const url = await server.createDatabase();
      server.useCertificate(certificateOf(hosts));
      const env = ca === true ? { LLM_PLATFORM_DATABASE__CA_FILE: caFile } : {};
      const waiting = spawnServer({ DATABASE_URL: `${url}?sslmode=${mode}`, ...secrets, ...env });
      const address = await waiting.url(/database\.waiting_at/);
      const ready = await fetch(`${address}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(remedy)]);
      expect(waiting.text()).not.toContain(new URL(url).password);
      // It comes up by itself once the server has the right one, where that mends it.
      server.useCertificate(certificateOf(local));
      if (ca === true) await waiting.line(/platform\.started/);
    },
  );

  test("is encrypted but not checked with require, and checked against ca_file where there is one", async () => {
    const url = await server.createDatabase();
    server.useCertificate(certificateOf(["db.example.org"], makeCertificate({ subject: "anybody" })));
    const platform = await startOn(`${url}?sslmode=require`);
    expect(await encrypted(url)).toEqual([true]);
    await platform.stop();
    const waiting = spawnServer({ DATABASE_URL: `${url}?sslmode=require&sslrootcert=${caFile}`, ...secrets });
    await waiting.line(/"event":"database\.waiting".*|database\.waiting_at/);
    expect(waiting.text()).toContain("not trusted here");
  });

  test("is not used where the server takes no TLS", async () => {
    const plain = await startPostgres();
    try {
      const url = await plain.createDatabase();
      const waiting = spawnServer({ DATABASE_URL: `${url}?sslmode=require`, ...secrets });
      await waiting.line(/database\.waiting_at/);
      expect(waiting.text()).toContain("Turn on ssl there");
    } finally {
      await plain.stop();
    }
  });
});
