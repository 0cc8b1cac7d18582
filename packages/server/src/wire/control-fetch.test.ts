import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "./certificate.test-data.ts";
import { createControlFetch } from "./control-fetch.ts";

const authority = makeCertificate({ subject: "authority" });
const own = makeCertificate({ subject: "own", issuer: authority, hosts: ["cluster.example"] });
const caller = makeCertificate({ subject: "caller", issuer: authority });
const another = makeCertificate({ subject: "another", issuer: authority });

describe("control calls to a server with a certificate of its own", () => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    const tls = {
      cert: own.cert,
      key: own.key,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: false,
    };
    server = createServer(tls, ({ socket }, response) => {
      const { authorized, ...rest } = peerOf(socket);
      response.end(authorized ? rest.name : "nobody");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    origin = `https://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  afterAll(() => void server.close());

  const serverName = "cluster.example";
  const certificateAuthorities = authority.cert;
  const shown = ({ cert, key }: typeof caller) => ({ clientCertificate: { certificate: cert, key } });

  test("show who calls, by the name that is wanted, and keep callers apart", async () => {
    const control = createControlFetch({ settings: [origin], signal: new AbortController().signal });
    const ask = async (more: Parameters<typeof control.fetch>[1]) =>
      (await control.fetch(origin, { certificateAuthorities, serverName, ...more })).text();
    try {
      expect(await ask(shown(caller))).toBe("caller");
      expect(await ask(shown(another))).toBe("another");
      expect(await ask({})).toBe("nobody");
      await expect(ask({ serverName: "other.example" })).rejects.toMatchObject({
        message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
      });
      await expect(ask({ certificateAuthorities: undefined })).rejects.toMatchObject({
        code: "upstream_error",
      });
      expect(await ask({ certificateAuthorities: undefined, isServerUnverified: true })).toBe("nobody");
    } finally {
      control.release();
    }
  });

  test("of callers that come and go none is kept for ever", async () => {
    const control = createControlFetch({ settings: [origin], signal: new AbortController().signal });
    try {
      for (let turn = 0; turn < 12; turn++) {
        const certificate = makeCertificate({ subject: `caller-${turn}`, issuer: authority });
        const options = { certificateAuthorities, serverName, ...shown(certificate) };
        expect(await (await control.fetch(origin, options)).text()).toBe(`caller-${turn}`);
      }
      await expect
        .poll(() => new Promise((done) => server.getConnections((_error, count) => done(count))))
        .toBeLessThan(10);
    } finally {
      control.release();
    }
  });
});

function peerOf(socket: unknown): { readonly authorized: boolean; readonly name: string } {
  // Parsing the outside: the server's sockets are those of TLS.
  const secure = socket as TLSSocket;
  const { subject } = secure.getPeerCertificate();
  return { authorized: secure.authorized, name: String(subject?.CN) };
}
