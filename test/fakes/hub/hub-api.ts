import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { type HubRepositoryInput, repositoryFacts, treeEntry } from "./hub-repository.ts";

/** A repository and the commit that its main branch is at. */
export type KnownRepository = { readonly repository: HubRepositoryInput; readonly commit: string };

export type ApiQuestion = {
  readonly known: readonly KnownRepository[];
  readonly url: URL;
  readonly id: string | undefined;
  /** Of a file that is asked for. */
  readonly revision: string | undefined;
  readonly request: IncomingMessage;
  /** The one that opens what is private or gated. */
  readonly token: string;
};

type JsonAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
};

/** JSON, or that a file is to be sent. */
export type ApiOutcome =
  | { readonly type: "json"; readonly body: Promise<JsonAnswer> }
  | { readonly type: "file"; readonly commit: string };

const entriesPerPage = 50;

/** What the hub answers; who may not see a repository is told as the Hub tells it. */
export function answerApi(question: ApiQuestion): ApiOutcome {
  const { known, url, id, revision, request, token } = question;
  const { authorization } = request.headers;
  const isKnownCaller = authorization === `Bearer ${token}`;
  if (authorization !== undefined && !isKnownCaller)
    return json(401, { error: "Invalid credentials in Authorization header" });
  if (url.pathname === "/api/whoami-v2")
    return isKnownCaller
      ? json(200, { type: "user", name: "tester", auth: { type: "access_token" } })
      : json(401, { error: "Unauthorized" });
  if (url.pathname === "/api/models") return list(question, isKnownCaller);
  const found = known.find(({ repository }) => repository.id === id);
  if (found === undefined || (found.repository.isPrivate === true && !isKnownCaller))
    return refuse(isKnownCaller ? 404 : 401, "RepoNotFound", "Repository not found");
  const wanted = revision ?? /\/(?:revision|tree|paths-info)\/([^/]+)/.exec(url.pathname)?.[1] ?? "main";
  if (!["main", "HEAD", found.commit].includes(wanted))
    return refuse(404, "RevisionNotFound", `Invalid rev id: ${wanted}`);
  if (revision !== undefined) {
    if (found.repository.gated !== undefined && !isKnownCaller)
      return refuse(
        401,
        "GatedRepo",
        `Access to model ${id} is restricted. You must have access to it and be authenticated.`,
      );
    return { type: "file", commit: found.commit };
  }
  return describe(question, found);
}

function describe({ url, request }: ApiQuestion, { repository, commit }: KnownRepository): ApiOutcome {
  const entries = Object.entries(repository.files).map(([path, contents]) => treeEntry(path, contents));
  if (url.pathname.includes("/paths-info/")) return { type: "json", body: pathsInfo(request, repository) };
  if (url.pathname.includes("/tree/")) return page(entries, url, request);
  return json(200, { ...repositoryFacts(repository, true), sha: commit }, { request });
}

async function pathsInfo(request: IncomingMessage, { files }: HubRepositoryInput): Promise<JsonAnswer> {
  const body = await text(request);
  const paths = body.startsWith("{") ? JSON.parse(body).paths : new URLSearchParams(body).getAll("paths");
  const entries = Object.entries(files).filter(([path]) => paths.includes(path));
  return { status: 200, headers: {}, json: entries.map(([path, contents]) => treeEntry(path, contents)) };
}

function list({ known, url, request }: ApiQuestion, isKnownCaller: boolean): ApiOutcome {
  const query = url.searchParams;
  const has = (name: string, value: string | undefined): boolean =>
    !query.has(name) || query.get(name) === value;
  const isFull =
    query.get("full") === "true" ||
    query.getAll("expand[]").includes("siblings") ||
    query.getAll("expand").includes("siblings");
  const found = known
    .map(({ repository }) => repository)
    .filter(
      (each) =>
        (each.isPrivate !== true || isKnownCaller) &&
        each.id.toLowerCase().includes((query.get("search") ?? "").toLowerCase()) &&
        has("author", each.id.split("/")[0]) &&
        has("pipeline_tag", each.task) &&
        has("gated", String(each.gated !== undefined)) &&
        query
          .getAll("filter")
          .flatMap((filter) => filter.split(","))
          .every(
            (filter) =>
              each.library === filter || each.tags?.includes(filter) || filter === `license:${each.license}`,
          ),
    )
    .toSorted((a, b) => (b.downloads ?? 0) - (a.downloads ?? 0));
  return page(
    found.map((each) => repositoryFacts(each, isFull)),
    url,
    request,
  );
}

/** One page of a list, with the address of the next. */
function page(entries: readonly object[], url: URL, request: IncomingMessage): ApiOutcome {
  const start = Number(url.searchParams.get("cursor") ?? 0);
  const length = Number(url.searchParams.get("limit") ?? entriesPerPage);
  const next = new URL(url);
  next.searchParams.set("cursor", String(start + length));
  next.host = request.headers.host ?? "hub";
  const link = start + length < entries.length ? { link: `<${next.href}>; rel="next"` } : {};
  return json(200, entries.slice(start, start + length), { request, headers: link });
}

/** With an ETag, by which it can be asked for again. */
function json(status: number, value: unknown, more: JsonMore = {}): ApiOutcome {
  const { request, headers } = more;
  const etag = `W/"${createHash("sha1").update(JSON.stringify(value)).digest("hex").slice(0, 20)}"`;
  const isSame = request?.headers["if-none-match"] === etag;
  const answer = { status: isSame ? 304 : status, headers: { ...headers, etag }, json: value };
  return { type: "json", body: Promise.resolve(answer) };
}

type JsonMore = {
  readonly request?: IncomingMessage;
  readonly headers?: Readonly<Record<string, string>>;
};

function refuse(status: number, code: string, message: string): ApiOutcome {
  const headers = { "x-error-code": code, "x-error-message": message };
  return { type: "json", body: Promise.resolve({ status, headers, json: { error: message } }) };
}
