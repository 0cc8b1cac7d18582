import {
  type ErrorCode,
  type FilePlace,
  type NetworkReach,
  PlatformError,
  type StoredEnd,
} from "@llm-platform/kit";
import type { HashWindow } from "./hash-window.ts";

/** What the thread of transfers is told. Servers and transfers are numbered by whoever tells. */
export type TransferOrder =
  | {
      readonly type: "open";
      readonly server: number;
      readonly origin: string;
      readonly network: NetworkReach | undefined;
    }
  | { readonly type: "close"; readonly server: number }
  | {
      readonly type: "ask";
      readonly server: number;
      readonly transfer: number;
      readonly path: string;
      readonly headers: readonly (readonly [name: string, value: string])[];
    }
  /** Of an answer whose head came. */
  | { readonly type: "store"; readonly transfer: number; readonly place: FilePlace }
  | { readonly type: "drop"; readonly transfer: number }
  /** What is stored at the path is hashed through the window. */
  | { readonly type: "share"; readonly path: string; readonly window: HashWindow }
  | { readonly type: "unshare"; readonly path: string }
  /** Stores the same bytes of a file of this machine. */
  | { readonly type: "copy"; readonly transfer: number; readonly path: string; readonly place: FilePlace }
  | { readonly type: "cancel"; readonly transfer: number }
  | { readonly type: "limit"; readonly bytesPerSecond: number | undefined };

/** What the thread tells. The last word of a transfer is `end` or `fail`, but for one that was dropped or cancelled at its head. */
export type TransferWord =
  | {
      readonly type: "head";
      readonly transfer: number;
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
    }
  /** How far its bytes are written. */
  | { readonly type: "stored"; readonly transfer: number; readonly position: number }
  | { readonly type: "end"; readonly transfer: number; readonly end: StoredEnd }
  | { readonly type: "fail"; readonly transfer: number; readonly failure: TransferFailure }
  | { readonly type: "handshake"; readonly server: number; readonly session: string };

/** A PlatformError on its way between threads, where a class does not come along. */
export interface TransferFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly cause: string | undefined;
}

export function toTransferFailure(error: PlatformError): TransferFailure {
  const { code, message, isRetryable, retryAfterMs, cause } = error;
  return { code, message, isRetryable, retryAfterMs, cause: cause === undefined ? undefined : String(cause) };
}

export function toTransferError({
  code,
  message,
  isRetryable,
  retryAfterMs,
  cause,
}: TransferFailure): PlatformError {
  return new PlatformError(code, message, {
    isRetryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause }),
  });
}
