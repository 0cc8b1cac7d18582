import type { HashWindow } from "./hash-window.ts";

/** What the thread that hashes is told. Files are numbered by whoever tells. */
export type HashOrder =
  | { readonly type: "open"; readonly file: number; readonly path: string; readonly window: HashWindow }
  /** What was hashed counts no more: all is read from the file, from its beginning on. */
  | { readonly type: "again"; readonly file: number }
  /** The bytes up to there will not change any more; at the end there are no more. */
  | { readonly type: "advance"; readonly file: number; readonly until: number; readonly isEnd: boolean }
  | { readonly type: "close"; readonly file: number };

/** What it tells, once of each file that was not closed before: it forgets the file with it. Of one that is closed, that its window is free. */
export type HashAnswer =
  | { readonly file: number; readonly isClosed: true }
  | { readonly file: number; readonly digest: string }
  | {
      readonly file: number;
      readonly failure: { readonly message: string; readonly code: string | undefined };
    };
