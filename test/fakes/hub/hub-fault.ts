/** What goes wrong with the next requests for the contents of files. */
export type HubFault =
  /** The connection is reset after so many bytes of the answer. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number }
  /** One byte of the answer is another. */
  | { readonly kind: "wrong-byte" }
  /** The whole file is sent, whatever part was asked for. */
  | { readonly kind: "no-parts" };

/** One request that the hub or its file server answered. */
export type HubRequest = {
  readonly server: "hub" | "files";
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** First byte that was sent, of a request for contents. */
  readonly from: number;
  /** The first byte after the last that was sent; it rises while the answer goes on. */
  sentUntil: number;
  status: number;
};
