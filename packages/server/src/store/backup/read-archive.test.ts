import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlatformError } from "@llm-platform/kit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeHeader, paddingOf } from "./archive-header.ts";
import { calm } from "./backup.test-data.ts";
import { manifestHashName, manifestName } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Entry {
  readonly name: string;
  readonly content: Buffer;
}

const entry = (name: string, content: string | Buffer): Entry => ({ name, content: Buffer.from(content) });

function block({ name, content }: Entry): Buffer {
  const bytes = content.byteLength;
  return Buffer.concat([encodeHeader({ name, bytes }), content, Buffer.alloc(paddingOf(bytes))]);
}

const toSaved = ({ name, content }: Entry) => ({
  name,
  bytes: content.byteLength,
  sha256: hash("sha256", content),
});

/** An archive whose manifest says what it is told, and whose entries are what they are. */
function archive(entries: readonly Entry[], changes: Readonly<Record<string, unknown>> = {}): Buffer {
  const manifest = Buffer.from(
    JSON.stringify({
      format: 1,
      version: "0.1.0",
      created_at: "2030-01-01T00:00:00.000Z",
      migrations: [],
      files: entries.map(toSaved),
      tables: {},
      master_key_ids: [],
      models: [],
      ...changes,
    }),
  );
  const head = [entry(manifestName, manifest), entry(manifestHashName, `${hash("sha256", manifest)}\n`)];
  return Buffer.concat([...[...head, ...entries].map(block), Buffer.alloc(1_024)]);
}

const sample = [
  entry("platform.db", Buffer.from(Array.from({ length: 1_300 }, (_, at) => at % 251))),
  entry("integrations/office/state.json", "{}"),
  entry("integrations/office/empty", ""),
];

const file = () => join(folder, "a.tar");

async function read(bytes: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  writeFileSync(file(), bytes);
  const contents = new Map<string, Buffer>();
  await readArchive({
    file: file(),
    ...calm,
    async openSink({ name }) {
      const pieces: Uint8Array[] = [];
      return {
        write: async (piece) => void pieces.push(Buffer.from(piece)),
        close: async () => void contents.set(name, Buffer.concat(pieces)),
      };
    },
  });
  return contents;
}

async function refusal(bytes: Buffer): Promise<PlatformError> {
  return await read(bytes).then(
    () => expect.fail("it was read"),
    (error: PlatformError) => error,
  );
}

test("what was written is read", async () => {
  const contents = await read(archive(sample));
  expect([...contents]).toEqual(sample.map(({ name, content }) => [name, content]));
});

test("a flipped bit anywhere is found", async () => {
  const whole = archive(sample);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] ?? 0) ^ (1 << bit);
      expect(await refusal(altered)).toMatchObject({ code: "invalid_request" });
    }),
    { numRuns: 1_500 },
  );
}, 120_000);

test("an end that is missing anywhere is found, and anything behind it", async () => {
  const whole = archive(sample);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (bytes) => {
      expect(await refusal(whole.subarray(0, bytes))).toMatchObject({ code: "invalid_request" });
    }),
    { numRuns: 500 },
  );
  for (const more of [Buffer.alloc(1), Buffer.alloc(512), block(entry("platform.db", "x"))])
    expect(await refusal(Buffer.concat([whole, more]))).toMatchObject({ field: "the end" });
}, 120_000);

test("bytes put in, taken out or swapped are found", async () => {
  const whole = archive(sample);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.nat(whole.length), fc.uint8Array(), async (a, b, put) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const altered = Buffer.concat([whole.subarray(0, from), put, whole.subarray(to)]);
      fc.pre(!altered.equals(whole));
      expect(await refusal(altered)).toMatchObject({ code: "invalid_request" });
    }),
    { numRuns: 500 },
  );
}, 120_000);

test("text of any kind is no backup", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 4_000 }), async (bytes) => {
      expect(await refusal(Buffer.from(bytes))).toMatchObject({ field: manifestName });
    }),
    { numRuns: 200 },
  );
});

describe("the first bad entry is named when", () => {
  const database = entry("platform.db", "rows");

  test.each([
    "../evil",
    "/etc/passwd",
    "integrations/../../evil",
    "integrations/a/./b",
    "integrations//b",
    "integrations/a\\..\\b",
    "integrations/C:/b",
    "integrations/a\u0000b",
    "integrations",
    "master.key",
    "platform.db-wal",
    "instance.lock",
    "spool/usage-1.spool",
  ])("the manifest names %j", async (name) => {
    const files = [toSaved(database), { name, bytes: 0, sha256: hash("sha256", "") }];
    expect(await refusal(archive([database], { files }))).toMatchObject({
      field: manifestName,
      message: expect.stringContaining("files.1.name"),
    });
    expect(readdirSync(folder)).toEqual(["a.tar"]);
  });

  test("an entry is a link, a folder or a device", async () => {
    for (const type of ["1", "2", "3", "5", "6", "L", "x", "g"]) {
      const bytes = archive(sample);
      const header = bytes.indexOf("integrations/office/state.json\0");
      const at = bytes.subarray(header).subarray(0, 512);
      at.write(type, 156);
      at.write("../../target", 157);
      at.fill(" ", 148, 156);
      const sum = at.reduce((total, byte) => total + byte, 0);
      at.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
      expect(await refusal(bytes)).toMatchObject({ field: "integrations/office/state.json" });
    }
  });

  test("an entry is not in the manifest, is missing, or is another", async () => {
    const extra = Buffer.concat([
      archive([database]).subarray(0, -1_024),
      block(entry("../evil", "x")),
      Buffer.alloc(1_024),
    ]);
    expect(await refusal(extra)).toMatchObject({ field: "the entry ../evil" });
    const other = archive([database, entry("integrations/a", "1")], {
      files: [toSaved(database), toSaved(entry("integrations/b", "1"))],
    });
    expect(await refusal(other)).toMatchObject({ field: "integrations/b" });
    const missing = archive([database], {
      files: [toSaved(database), toSaved(entry("integrations/b", "1"))],
    });
    expect(await refusal(missing)).toMatchObject({ field: "integrations/b" });
  });

  test("sizes are wrong, or far more than is there", async () => {
    for (const bytes of [3, 5, 0, Number.MAX_SAFE_INTEGER]) {
      const files = [{ ...toSaved(database), bytes }];
      expect(await refusal(archive([database], { files }))).toMatchObject({ field: "platform.db" });
    }
    const huge = encodeHeader({ name: "platform.db", bytes: 2 ** 50 });
    const lying = archive([database], { files: [{ ...toSaved(database), bytes: 2 ** 50 }] });
    huge.copy(lying, lying.indexOf("platform.db\0"));
    expect(await refusal(lying)).toMatchObject({
      field: "platform.db",
      message: expect.stringContaining("ends within it"),
    });
    const manifest = Buffer.concat([
      encodeHeader({ name: manifestName, bytes: 2 ** 40 }),
      Buffer.alloc(1_024),
    ]);
    expect(await refusal(manifest)).toMatchObject({ field: manifestName });
  });

  test("a hash is wrong, a name comes twice, or the database is not first", async () => {
    const wrong = [{ ...toSaved(database), sha256: hash("sha256", "other") }];
    expect(await refusal(archive([database], { files: wrong }))).toMatchObject({ field: "platform.db" });
    expect(await refusal(archive([database, database]))).toMatchObject({
      message: expect.stringContaining("platform.db is there twice"),
    });
    expect(await refusal(archive([entry("integrations/a", "1")]))).toMatchObject({ field: manifestName });
    expect(await refusal(archive([]))).toMatchObject({ field: manifestName });
  });

  test("the manifest is no JSON, or not what it should be", async () => {
    for (const changes of [{ files: 7 }, { format: 0 }, { tables: { a: -1 } }, { version: null }])
      expect(await refusal(archive([database], changes))).toMatchObject({ field: manifestName });
  });
});

test("a newer format is refused with a sentence", async () => {
  expect(await refusal(archive(sample, { format: 2 }))).toMatchObject({
    code: "conflict",
    message: expect.stringContaining("the version that made it"),
  });
});

test("a file that is not there, or no file, is told as that", async () => {
  const missing = readArchive({ file: join(folder, "none"), ...calm });
  await expect(missing).rejects.toMatchObject({ code: "not_found" });
  const abort = AbortSignal.abort();
  writeFileSync(file(), archive(sample));
  await expect(readArchive({ file: file(), signal: abort })).rejects.toThrow("aborted");
  expect(readFileSync(file())).toEqual(archive(sample));
});
