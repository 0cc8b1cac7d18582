import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { HubContents } from "./hub-contents.ts";
import type { HubFault, HubRequest } from "./hub-fault.ts";
import { answerApi } from "./hub-api.ts";
import { commitOf, type HubRepositoryInput, isLfs } from "./hub-repository.ts";
import { sendContents, wantedRange } from "./send-contents.ts";

/** The token that opens everything there is. */
export const hubToken = "hf_canary_token_that_must_not_leave";

/** An offline hub that speaks the Hugging Face Hub's HTTP API, with a second server for the contents of LFS files. */
export type FakeHub = {
  readonly origin: string;
  /** Of the server that large files come from. */
  readonly filesOrigin: string;
  readonly requests: readonly HubRequest[];
  /** What goes wrong with the next requests for contents, one each, in this order. */
  fault(...faults: readonly HubFault[]): void;
  /** From now on for each answer; undefined for as fast as it goes. */
  setBytesPerSecond(bytesPerSecond: number | undefined): void;
  /** Gives a file other contents at the same commit, as no hub should. */
  alter(id: string, path: string, contents: HubContents): void;
  /** Gives a file other contents by a commit. */
  commit(id: string, path: string, contents: HubContents): void;
  stop(): Promise<void>;
};

export type FakeHubOptions = {
  /** Where the contents of LFS files are to be had instead, under the same paths as at its own second server. */
  readonly filesOrigin?: string;
};

/** Starts it on free ports of the loopback. */
export async function createFakeHub(
  repositories: readonly HubRepositoryInput[],
  options: FakeHubOptions = {},
): Promise<FakeHub> {
  const known = new Map(repositories.map((each) => [each.id, { repository: each, commit: commitOf(each) }]));
  const requests: HubRequest[] = [];
  const faults: HubFault[] = [];
  const pace: { bytesPerSecond: number | undefined } = { bytesPerSecond: undefined };

  function note(server: HubRequest["server"], request: IncomingMessage, from: number): HubRequest {
    const { method = "GET", url = "/", headers } = request;
    const entry: HubRequest = {
      server,
      method,
      path: url,
      authorization: headers.authorization,
      ifNoneMatch: headers["if-none-match"],
      from,
      sentUntil: from,
      status: 200,
    };
    requests.push(entry);
    return entry;
  }

  function send(server: HubRequest["server"], { request, response }: Exchange, contents: HubContents): void {
    const from = wantedRange(request, contents.sizeBytes)?.from ?? 0;
    const isContents = request.method === "GET";
    void sendContents(request, response, {
      contents,
      etag: `"${contents.sha256}"`,
      fault: isContents ? faults.shift() : undefined,
      entry: note(server, request, from),
      bytesPerSecond: pace.bytesPerSecond,
    });
  }

  const files = await listen((request, response) => {
    const [, id = "", path = ""] = /^\/files\/([^/]+%2F[^/]+)\/([^?]+)/.exec(request.url ?? "") ?? [];
    const contents = known.get(decodeURIComponent(id))?.repository.files[decodeURIComponent(path)];
    if (contents === undefined) response.writeHead(404).end();
    else send("files", { request, response }, contents);
  });

  const filesOrigin = options.filesOrigin ?? files.origin;

  function resolveFile(
    exchange: Exchange,
    { id, path, commit }: { id: string; path: string; commit: string },
  ): void {
    const { request, response } = exchange;
    const contents = known.get(id)?.repository.files[path];
    if (contents === undefined) {
      note("hub", request, 0);
      response
        .writeHead(404, { "x-error-code": "EntryNotFound", "x-error-message": "Entry not found" })
        .end();
      return;
    }
    response.setHeader("x-repo-commit", commit);
    if (!isLfs(path, contents)) {
      send("hub", exchange, contents);
      return;
    }
    note("hub", request, 0).status = 302;
    const place = `${encodeURIComponent(id)}/${encodeURIComponent(path)}`;
    const signature = createHash("sha256").update(path).digest("hex").slice(0, 16);
    response
      .writeHead(302, {
        location: `${filesOrigin}/files/${place}?Signature=${signature}`,
        etag: `"${contents.sha256}"`,
        "x-linked-etag": `"${contents.sha256}"`,
        "x-linked-size": contents.sizeBytes,
        "accept-ranges": "bytes",
        "content-length": 0,
      })
      .end();
  }

  const hub = await listen((request, response) => {
    const url = new URL(request.url ?? "/", "http://hub");
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const [, id, revision, path] = file ?? [];
    const outcome = answerApi({
      known: [...known.values()],
      url,
      id: id ?? /^\/api\/models\/([^/]+\/[^/]+)/.exec(url.pathname)?.[1],
      revision,
      request,
      token: hubToken,
    });
    if (outcome.type === "file" && path !== undefined && id !== undefined) {
      resolveFile({ request, response }, { id, path: decodeURIComponent(path), commit: outcome.commit });
      return;
    }
    const entry = note("hub", request, 0);
    if (outcome.type === "file") return void response.writeHead(404).end();
    void outcome.body.then(({ status, headers, json }) => {
      entry.status = status;
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(status === 304 || request.method === "HEAD" ? undefined : JSON.stringify(json));
    });
  });

  function change(id: string, path: string, contents: HubContents): HubRepositoryInput {
    const repository = known.get(id)?.repository;
    if (repository === undefined) throw new Error(`the hub has no repository ${id}`);
    return { ...repository, files: { ...repository.files, [path]: contents } };
  }

  return {
    origin: hub.origin,
    filesOrigin,
    requests,
    fault: (...next) => void faults.push(...next),
    setBytesPerSecond: (bytesPerSecond) => {
      pace.bytesPerSecond = bytesPerSecond;
    },
    alter: (id, path, contents) => {
      known.set(id, { repository: change(id, path, contents), commit: known.get(id)?.commit ?? "" });
    },
    commit: (id, path, contents) => {
      const repository = change(id, path, contents);
      known.set(id, { repository, commit: commitOf(repository) });
    },
    stop: async () => {
      await Promise.all([hub.stop(), files.stop()]);
    },
  };
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
