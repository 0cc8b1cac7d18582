import type * as dns from "node:dns";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancellation } from "@llm-platform/kit";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createIdentityProvider } from "../../packages/server/src/control/login/identity-provider.ts";
import { loadDefinition } from "../../packages/server/src/manager/load-package.ts";
import { createControlFetch } from "../../packages/server/src/wire/control-fetch.ts";
import { createGrpcClient } from "../../packages/server/src/wire/grpc-client.ts";
import { sendMail } from "../../packages/server/src/wire/smtp-client.ts";
import { createUpstreamPool } from "../../packages/server/src/wire/upstream-pool.ts";
import { startSmtpServer } from "../fakes/smtp-server.ts";
import { outboundDoors } from "../../tools/guards/outbound.ts";

/** What names resolve to here: the one part of the way out that is not ours. */
const names: Readonly<Record<string, readonly string[]>> = {
  "inside.test": ["127.0.0.1"],
  "metadata.test": ["169.254.169.254"],
  "metadata6.test": ["fd00:ec2::254"],
  "mapped.test": ["::ffff:169.254.169.254"],
  "nowhere.test": ["0.0.0.0", "::"],
  "both.test": ["169.254.169.254", "127.0.0.1"],
};

vi.mock("node:dns", async (original) => {
  const real = await original<typeof dns>();
  const lookup = (
    name: string,
    _options: object,
    callback: (error: null, found: readonly object[]) => void,
  ) => {
    const found = names[name] ?? [];
    queueMicrotask(() =>
      callback(
        null,
        found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
    );
  };
  return { ...real, default: { ...real, lookup }, lookup };
});

let server: Server;
let port = 0;
let hits: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    hits.push(request.url ?? "");
    response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  hits = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

type Network = "private" | "public" | "any";
/** Asks for `/asked` of an origin. Resolves with the status, rejects when nothing was asked. */
type Way = (origin: string, network?: Network) => Promise<number>;

async function overPool(origin: string, network?: Network): Promise<number> {
  const pool = createUpstreamPool(origin, { network, connectTimeoutMs: 1_000 });
  try {
    const reply = await pool.send({
      method: "GET",
      path: "/asked",
      headers: [],
      body: Buffer.alloc(0),
      cancellation: new Cancellation(),
    });
    return reply.status;
  } finally {
    pool.stop();
  }
}

async function overFetch(origin: string, network?: Network): Promise<number> {
  const control = createControlFetch({ settings: [origin], network, signal: new AbortController().signal });
  try {
    return (await control.fetch(`${origin}/asked`, { deadlineMs: 1_000 })).status;
  } finally {
    control.release();
  }
}

/** The provider's own documents are all that its door asks for. */
async function overDiscovery(origin: string): Promise<number> {
  const provider = createIdentityProvider({
    settings: {
      name: "p",
      issuer: origin,
      audience: "a",
      clientId: undefined,
      clientSecret: undefined,
      groupsClaim: "groups",
      roleMapping: {},
      teamMapping: {},
      defaultRole: undefined,
      allowedEmailDomains: undefined,
    },
    nowMs: () => 0,
    wallMs: () => 0,
  });
  try {
    await provider.metadata();
    return 200;
  } finally {
    provider.stop();
  }
}

const ways: readonly (readonly [string, Way])[] = [
  ["a pool of upstream connections", overPool],
  ["a control call", overFetch],
  ["the discovery of an identity provider", overDiscovery],
];

/** Which of the ways goes through each door; a door without guard leads to this machine's own sockets alone. */
const doors: Readonly<Record<string, string>> = {
  "packages/server/src/wire/upstream-socket.ts": "a pool of upstream connections",
  "packages/server/src/wire/upstream-tls.ts": "a pool of upstream connections",
  "packages/server/src/wire/smtp-client.ts": "sending mail",
  "packages/server/src/wire/grpc-client.ts": "calling over gRPC",
  "packages/server/src/wire/control-fetch.ts": "a control call, the discovery of an identity provider",
  "packages/server/src/wire/trusted-agents.ts": "a control call",
  "packages/server/src/wire/adopt-socket.ts": "itself, on the loopback, at the start",
  "packages/server/src/wire/tunnel.ts": "the socket file of the first process",
  "packages/client/src/client.ts": "the address that a user gives the command line",
  "packages/client/src/smoke/connection.ts": "the address that a user gives the command line",
  "packages/client/src/live.ts": "the same address, or the server that a page came from",
  "packages/kit/src/testing/": "a test's own server",
};

test("every door that there is has its proof here", () => {
  expect(outboundDoors.toSorted()).toEqual(Object.keys(doors).toSorted());
});

const literal = [
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.43518",
  "0.0.0.0",
  "0",
  "[::]",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[64:ff9b::a9fe:a9fe]",
  "[fe80::1]",
  "[fd00:ec2::254]",
];
const resolved = ["metadata.test", "metadata6.test", "mapped.test", "nowhere.test"];

describe.each(ways)("%s", (_name, way) => {
  test.each([...literal, ...resolved])("asks nothing of %s, with TLS or without", async (host) => {
    for (const scheme of ["http", "https"])
      await expect((async () => way(`${scheme}://${host}:${port}`))()).rejects.toMatchObject({
        code: expect.stringMatching(/^(config_invalid|forbidden|upstream_error|unavailable)$/),
      });
    expect(hits).toEqual([]);
  });

  test("connects to the address that was judged, and to no other that the name has", async () => {
    await way(`http://both.test:${port}`).catch(() => undefined);
    expect(hits).toHaveLength(1);
  });

  test("does not follow a redirect", async () => {
    await way(`http://inside.test:${port}`).catch(() => undefined);
    expect(hits).toHaveLength(1);
    expect(hits).not.toContain("/inside");
  });
});

describe.each(ways.slice(0, 2))("%s of an integration with a network", (_name, way) => {
  test.each(["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "inside.test"])(
    "reaches %s with private and any, and not with public",
    async (host) => {
      const origin = `http://${host}:${port}`;
      await expect((async () => way(origin, "public"))()).rejects.toMatchObject({
        code: expect.stringMatching(/^(config_invalid|forbidden|upstream_error)$/),
      });
      expect(hits).toEqual([]);
      expect([await way(origin, "private"), await way(origin, "any"), await way(origin)]).toEqual([
        302, 302, 302,
      ]);
    },
  );

  test("asks nothing of a public address with private", async () => {
    await expect((async () => way("http://1.1.1.1:1", "private"))()).rejects.toMatchObject({
      code: expect.stringMatching(/^(config_invalid|forbidden)$/),
    });
  });
});

describe("calling over gRPC", () => {
  const call = async (origin: string, network?: Network) => {
    const client = createGrpcClient({
      url: origin,
      headers: {},
      certificateAuthorities: undefined,
      deadlineMs: 2_000,
      network,
    });
    try {
      await client.call("/a.B/C", Buffer.alloc(0), new AbortController().signal);
    } finally {
      client.close();
    }
  };

  test.each([...literal, ...resolved])("tells nothing to %s, with TLS or without", async (host) => {
    for (const scheme of ["http", "https"])
      await expect(call(`${scheme}://${host}:${port}`)).rejects.toMatchObject({
        code: expect.stringMatching(/^(forbidden|upstream_error)$/),
      });
  });

  test("reaches a name of this machine with private and any, and not with public", async () => {
    const reached = createPlainServer((socket) => {
      hits.push("grpc");
      socket.destroy();
    });
    await new Promise<void>((resolve) => reached.listen(0, "127.0.0.1", resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    const origin = `http://inside.test:${(reached.address() as AddressInfo).port}`;
    const failed = { code: "upstream_error" };
    await expect(call(origin)).rejects.toMatchObject(failed);
    await expect(call(origin, "private")).rejects.toMatchObject(failed);
    expect(hits).toEqual(["grpc", "grpc"]);
    await expect(call(origin, "public")).rejects.toMatchObject(failed);
    expect(hits).toHaveLength(2);
    reached.close();
  });
});

describe("sending mail", () => {
  const send = (host: string, mailPort: number, network?: Network) =>
    sendMail(
      { host, port: mailPort, security: "none", network },
      { from: "a@example.com", to: ["b@example.com"], data: "" },
      AbortSignal.timeout(2_000),
    );
  const hosts = literal.map((host) => host.replace(/^\[(.*)\]$/, "$1"));

  test.each([...hosts, ...resolved])("tells nothing to %s", async (host) => {
    await expect(send(host, port)).rejects.toMatchObject({
      code: expect.stringMatching(/^(forbidden|upstream_error)$/),
    });
  });

  test("reaches a name of this machine with private and any, and not with public", async () => {
    const smtp = await startSmtpServer();
    await send("inside.test", smtp.port);
    await send("inside.test", smtp.port, "private");
    await expect(send("inside.test", smtp.port, "public")).rejects.toMatchObject({ code: "upstream_error" });
    await expect(send("127.0.0.1", smtp.port, "public")).rejects.toMatchObject({ code: "forbidden" });
    expect(smtp.inbox.items).toHaveLength(2);
    await smtp.stop();
  });
});

test("an integration's package is looked for on the disk alone", async () => {
  const directory = await mkdtemp(join(tmpdir(), "doors-"));
  for (const specifier of [
    `http://127.0.0.1:${port}/a.js`,
    `//127.0.0.1:${port}/a.js`,
    "data:text/javascript,1",
  ])
    await expect(loadDefinition(specifier, directory)).rejects.toMatchObject({ code: "config_invalid" });
  expect(hits).toEqual([]);
  await rm(directory, { recursive: true });
});
