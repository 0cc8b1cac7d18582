import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeMessage } from "./message-writer.ts";

const noBytes = Buffer.alloc(0);

let server: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

interface Pair {
  readonly writer: Socket;
  readonly reader: Socket;
}

async function openPair(): Promise<Pair> {
  const accepted = once(server, "connection");
  // A server that listens on TCP has an address of this shape.
  const writer = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [reader] = await accepted;
  sockets.push(writer, reader);
  if (writer.connecting) await once(writer, "connect");
  return { writer, reader };
}

async function readAll(reader: Socket): Promise<Buffer> {
  const reads: Buffer[] = [];
  reader.on("data", (read) => reads.push(read));
  await once(reader, "end");
  return Buffer.concat(reads);
}

function bodyOf(number: number, length: number): Buffer {
  return Buffer.alloc(length, `${number};`);
}

describe("writing a message", () => {
  it.each([0, 1, 1_000, 32 * 1024 - 5, 32 * 1024, 100_000])(
    "sends head and a body of %i bytes",
    async (length) => {
      const { writer, reader } = await openPair();
      writeMessage(writer, { head: Buffer.from("he"), rest: "ad\r", body: bodyOf(7, length) });
      writeMessage(writer, { head: noBytes, rest: `${"x".repeat(40)}é`, body: bodyOf(8, length) });
      writer.end();
      expect(await readAll(reader)).toEqual(
        Buffer.concat([
          Buffer.from(`head\r`),
          bodyOf(7, length),
          Buffer.from(`${"x".repeat(40)}é`, "latin1"),
          bodyOf(8, length),
        ]),
      );
    },
  );

  it("keeps what a slow reader has not read apart from the messages after it", async () => {
    const slow = await openPair();
    const quick = await openPair();
    const quickBytes = readAll(quick.reader);
    const length = 30_000;
    let waited = 0;
    for (let number = 0; number < 400; number++) {
      writeMessage(slow.writer, { head: noBytes, rest: "", body: bodyOf(number, length) });
      if (slow.writer.writableLength > 0) waited++;
      writeMessage(quick.writer, { head: noBytes, rest: "", body: bodyOf(1_000 + number, length) });
      if (number % 10 === 0) await new Promise(setImmediate);
    }
    expect(waited).toBeGreaterThan(0);
    const slowBytes = readAll(slow.reader);
    slow.writer.end();
    quick.writer.end();
    const expected = (from: number) =>
      Buffer.concat(Array.from({ length: 400 }, (_, number) => bodyOf(from + number, length)));
    expect((await slowBytes).equals(expected(0))).toBe(true);
    expect((await quickBytes).equals(expected(1_000))).toBe(true);
  });

  it("sends what is written before the connection is open", async () => {
    const accepted = once(server, "connection");
    const writer = connect((server.address() as AddressInfo).port, "127.0.0.1");
    sockets.push(writer);
    writeMessage(writer, { head: Buffer.from("first"), rest: "", body: noBytes });
    const { writer: other } = await openPair();
    writeMessage(other, { head: Buffer.from("other"), rest: "", body: noBytes });
    const [reader] = await accepted;
    sockets.push(reader);
    writer.end();
    expect((await readAll(reader)).toString()).toBe("first");
  });
});
