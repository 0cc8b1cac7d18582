interface TarInput {
  /** Of the folder that the files are in. */
  readonly name: string;
  readonly created_at: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

const blockBytes = 512;
const encoder = new TextEncoder();

/** Texts as an archive in the format of POSIX tar, which every system unpacks. Names are ASCII, 100 characters at most. */
export function toTar({ name, created_at, files }: TarInput): Blob {
  const seconds = Math.floor(new Date(created_at).getTime() / 1_000);
  const parts = files.flatMap((file) => {
    const content = encoder.encode(file.text);
    const rest = (blockBytes - (content.length % blockBytes)) % blockBytes;
    return [
      header({ path: `${name}/${file.name}`, bytes: content.length, seconds }),
      content,
      new Uint8Array(rest),
    ];
  });
  return new Blob([...parts, new Uint8Array(2 * blockBytes)]);
}

function header({
  path,
  bytes,
  seconds,
}: {
  readonly path: string;
  readonly bytes: number;
  readonly seconds: number;
}): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(blockBytes);
  const put = (offset: number, text: string) => block.set(encoder.encode(text), offset);
  put(0, path);
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(bytes, 11));
  put(136, octal(seconds, 11));
  // The checksum counts as spaces while it is summed.
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\u000000");
  put(
    148,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\u0000 `,
  );
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
