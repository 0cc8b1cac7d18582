import type { Random } from "../random.ts";
import { type HeaderDraft, header, inChunks, maxBodyBytes, type RequestDraft } from "./request-draft.ts";
import {
  methods,
  gaps,
  targets,
  versions,
  lineEnds,
  leads,
  lengths,
  codings,
  colons,
  names,
  badValues,
  connections,
  others,
  chunkOddities,
  lastChunks,
} from "./request-spellings.ts";

/** Makes one part of a request unusual. */
export type Oddity = (draft: RequestDraft, random: Random) => void;

const anyHeader = (draft: RequestDraft, random: Random): HeaderDraft =>
  draft.headers[random.below(draft.headers.length)] ?? header("X", "y");
const insert = (draft: RequestDraft, random: Random, more: HeaderDraft): void =>
  void draft.headers.splice(random.below(draft.headers.length + 1), 0, more);
const length = (draft: RequestDraft): HeaderDraft =>
  draft.headers.find(({ name }) => name.toLowerCase() === "content-length") ?? header("X", "y");
const dropLength = (draft: RequestDraft): void => {
  draft.headers = draft.headers.filter((each) => each !== length(draft));
};

export const oddities: readonly [Oddity, ...Oddity[]] = [
  (draft, random) => void (draft.method = random.pick(methods)),
  (draft, random) => void (draft.gap = random.pick(gaps)),
  (draft, random) => void (draft.target = random.pick(targets)),
  (draft, random) => void (draft.version = random.pick(versions)),
  (draft, random) => void (draft.lineEnd = random.pick(lineEnds)),
  (draft, random) => void (draft.headEnd = random.pick(lineEnds)),
  (draft, random) => void (draft.lead = random.pick(leads)),
  (draft, random) => void (length(draft).value = random.pick(lengths)),
  (draft, random) => insert(draft, random, header("Content-Length", random.pick(lengths))),
  (draft, random) => insert(draft, random, header("content-length", length(draft).value)),
  (draft) => dropLength(draft),
  (draft, random) => insert(draft, random, header("Transfer-Encoding", random.pick(codings))),
  (draft, random) => {
    dropLength(draft);
    insert(draft, random, header("Transfer-Encoding", random.pick(codings)));
    draft.body = inChunks(draft.body, random);
  },
  (draft, random) => {
    dropLength(draft);
    insert(draft, random, header("Transfer-Encoding", "chunked"));
    const last = random.isLucky(0.5) ? random.pick(lastChunks) : "0\r\n\r\n";
    draft.body = `5\r\nfirst\r\n${random.isLucky(0.7) ? random.pick(chunkOddities) : ""}${last}`;
  },
  (draft, random) => {
    insert(draft, random, header("Transfer-Encoding", "chunked"));
    draft.body = inChunks(draft.body, random);
    if (random.isLucky(0.5)) length(draft).value = String(draft.body.length);
  },
  (draft, random) => void (anyHeader(draft, random).colon = random.pick(colons)),
  (draft, random) => void (length(draft).colon = random.pick(colons)),
  (draft, random) => void (anyHeader(draft, random).end = random.pick(lineEnds)),
  (draft, random) => void (length(draft).end = random.pick(lineEnds)),
  (draft, random) => void (anyHeader(draft, random).name = random.pick(names)),
  (draft, random) => void (anyHeader(draft, random).value += random.pick(badValues)),
  (draft, random) => insert(draft, random, header(random.pick(names), "5")),
  (draft, random) => insert(draft, random, { ...anyHeader(draft, random) }),
  (draft, random) => void (draft.headers = draft.headers.filter((each) => each !== anyHeader(draft, random))),
  (draft, random) => insert(draft, random, header("Connection", random.pick(connections))),
  (draft, random) => insert(draft, random, header(...random.pick(others))),
  (draft, random) => void (draft.body = draft.body.slice(0, random.below(draft.body.length + 1))),
  (draft, random) =>
    void (draft.body += random.pick(["x", "\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\n", "\x00"])),
  growHead,
  growBody,
  (draft) => {
    for (const each of draft.headers) each.end = "\n";
    draft.lineEnd = "\n";
    draft.headEnd = "\n";
  },
];

/** About as many header lines, or as large a head, as is allowed. */
function growHead(draft: RequestDraft, random: Random): void {
  if (random.isLucky(0.5)) {
    const lines = 98 + random.below(5) - draft.headers.length;
    for (let at = 0; at < lines; at++) draft.headers.push(header(`x-${at}`, "y"));
    return;
  }
  insert(draft, random, header("x-long", "y".repeat(16_384 - 400 + random.below(600))));
}

/** About as large a body as is allowed. */
function growBody(draft: RequestDraft, random: Random): void {
  draft.body = "z".repeat(maxBodyBytes - 2 + random.below(5));
  length(draft).value = String(draft.body.length);
}
