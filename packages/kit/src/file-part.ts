/** What an answer to a request for a part of a file tells beside its status. */
export const fileHeaders = [
  "content-range",
  "etag",
  "last-modified",
  "location",
  "retry-after",
  "x-error-code",
] as const;

/** Header lines of an answer, by their names in lower case; only those of `fileHeaders`. */
export interface FileHeaders {
  get(name: string): string | undefined;
}

/** Where bytes of a file go. */
export interface FilePlace {
  /** A file that is there. */
  readonly path: string;
  /** Where the first byte goes. */
  readonly from: number;
  /** Behind the last byte. */
  readonly until: number;
}

/** How a body ended: with as much as its place holds, with less, or with more, of which nothing beyond the place was written. */
export type StoredEnd = "whole" | "short" | "long";

/** The contents that an answer brings. They are written where they are received: the thread of calls sees none of them. */
export interface FileBody {
  /**
   * Writes what comes to its place, and tells of the position behind the last byte that was written. Called once, instead of `drop`.
   * Rejects with PlatformError when the connection broke or the disk did not take the bytes, or with the signal's reason; what was
   * told until then is written all the same, and nothing is written any more.
   */
  store(place: FilePlace, onStored: (position: number) => void, signal: AbortSignal): Promise<StoredEnd>;
  /** Nobody wants it: it is passed over where it is short, so that its connection can be used again. */
  drop(): void;
}

/** The answer to a request for a part of a file. Whoever gets it stores its body or drops it. */
export interface FilePart {
  readonly status: number;
  readonly headers: FileHeaders;
  readonly body: FileBody;
}

/** Which bytes of what to ask for. */
export interface PartRequest {
  /** Path with query, beginning with a slash. */
  readonly path: string;
  readonly from: number;
  /** The first byte that is not wanted. */
  readonly until: number;
  /** Header lines beside those that say which bytes. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** Connections to one origin for files. */
export interface FileServer {
  /**
   * Resolves when the head of the answer is there, whatever its status; redirects are handed over. The signal ends what goes before that.
   * Rejects with PlatformError as `send` of an upstream does, or with the signal's reason.
   */
  ask(request: PartRequest, signal: AbortSignal): Promise<FilePart>;
}

/** Header lines that a request for a part is made with. */
export function partHeaders({
  from,
  until,
  headers = [],
}: PartRequest): readonly (readonly [string, string])[] {
  return [
    ["range", `bytes=${from}-${until - 1}`],
    ["accept-encoding", "identity"],
    ["user-agent", "llm-platform"],
    ...headers,
  ];
}
