import { PlatformError } from "./errors.ts";

const newline = 0x0a;

/** Cuts bytes, in pieces of any size, into lines. */
export interface LineSplitter {
  /** The lines that `chunk` completes. Throws PlatformError `upstream_malformed` past the bound or for bytes that are no UTF-8. */
  push(chunk: Uint8Array): readonly string[];
  /** What came after the last newline. */
  rest(): string;
}

/** @param maxLineBytes longest line; no more than that is ever held */
export function createLineSplitter(maxLineBytes: number): LineSplitter {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  function hold(piece: Uint8Array): void {
    heldBytes += piece.byteLength;
    if (heldBytes > maxLineBytes) {
      throw new PlatformError(
        "upstream_malformed",
        `The model server sent a line longer than ${maxLineBytes} bytes.`,
        { isRetryable: true },
      );
    }
    held.push(piece);
  }

  function takeLine(): string {
    const [first, ...others] = held;
    const bytes = others.length === 0 ? first : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new PlatformError("upstream_malformed", "The model server sent text that is not UTF-8.", {
        cause,
        isRetryable: true,
      });
    }
  }

  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        hold(chunk.subarray(start, end));
        lines.push(takeLine());
        start = end + 1;
      }
      if (start < chunk.byteLength) hold(chunk.subarray(start));
      return lines;
    },
    rest: takeLine,
  };
}
