import {
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";

/** What came back, as the wire has it. */
export type RawOutcome = {
  readonly httpStatus: number | undefined;
  /** Of the trailers, or of the headers where there are no others. */
  readonly status: number | undefined;
  readonly message: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the request that went out before the answer came. */
  readonly sentBytes: number;
};

/** One message as gRPC frames it. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A call of which every byte is the test's. The body goes out piece by piece, as fast as it is taken. */
export async function rawCall(
  port: number,
  path: string,
  {
    headers = {},
    body = [],
    isLeftOpen = false,
  }: {
    readonly headers?: OutgoingHttpHeaders;
    readonly body?: Iterable<Uint8Array>;
    readonly isLeftOpen?: boolean;
  },
): Promise<RawOutcome> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const seen: {
    headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
    trailers: IncomingHttpHeaders;
    sent: number;
    isOver: boolean;
  } = {
    headers: {},
    trailers: {},
    sent: 0,
    isOver: false,
  };
  stream.on("response", (received) => {
    seen.headers = received;
    if (received["grpc-status"] !== undefined) seen.isOver = true;
  });
  stream.on("trailers", (received) => {
    seen.trailers = received;
  });
  stream.on("error", () => undefined);
  stream.resume();
  const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  void closed.then(() => {
    seen.isOver = true;
  });
  for (const piece of body) {
    if (seen.isOver) break;
    seen.sent += piece.length;
    if (!stream.write(piece))
      await Promise.race([new Promise((resolve) => stream.once("drain", resolve)), closed]);
  }
  if (!isLeftOpen && !stream.destroyed) stream.end();
  await closed;
  session.close();
  session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
  const told = seen.trailers["grpc-status"] === undefined ? seen.headers : seen.trailers;
  const status = told["grpc-status"];
  return {
    httpStatus: seen.headers[":status"],
    status: status === undefined ? undefined : Number(status),
    message: decodeURIComponent(String(told["grpc-message"] ?? "")),
    headers: seen.headers,
    sentBytes: seen.sent,
  };
}
