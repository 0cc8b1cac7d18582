import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { vi } from "vitest";
import type { Any } from "../../packages/server/src/api/grpc/generated/google/protobuf/any.ts";
import {
  BadRequest,
  ErrorInfo,
  RetryInfo,
} from "../../packages/server/src/api/grpc/generated/google/rpc/error_details.ts";
import { Status } from "../../packages/server/src/api/grpc/generated/google/rpc/status.ts";
import { ask } from "../e2e/http.ts";
import type { Platform } from "../e2e/start-platform.ts";

type Encoder<Message> = { encode(message: Message): { finish(): Uint8Array } };
type Decoder<Message> = { decode(bytes: Uint8Array): Message };

/** A method as the generated code describes it. */
export type Method<Request, Reply> = {
  readonly service: { readonly fullName: string };
  readonly type: {
    readonly name: string;
    readonly requestType: Encoder<Request>;
    readonly responseType: Decoder<Reply>;
  };
};

export type Asking = {
  readonly key?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
  /** How long the client waits. Default 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

/** How a call ended, and everything that came. */
export type Outcome<Reply> = {
  readonly code: number;
  readonly message: string;
  readonly headers: Metadata;
  readonly trailers: Metadata;
  readonly replies: readonly Reply[];
  /** Of the first reply. */
  readonly reply: Reply | undefined;
};

/** The port that a platform serves gRPC on, since the last start of the integration. */
export async function grpcPort(platform: Pick<Platform, "logLine" | "log">): Promise<number> {
  await platform.logLine(listening);
  const lines = platform.log().split("\n");
  return Number(/"port":(\d+)/.exec(lines.findLast((line) => listening.test(line)) ?? "")?.[1]);
}

const listening = /"event":"grpc\.listening"/;

/** A client of a platform's gRPC. */
export async function openGrpc(platform: Pick<Platform, "logLine" | "log">, options: ClientOptions = {}) {
  return new GrpcClient(`127.0.0.1:${await grpcPort(platform)}`, credentials.createInsecure(), options);
}

/** Waits until the model of every upstream is there: on a busy machine calls are taken before. */
export async function whenModelsAreThere(
  platform: Platform,
  names: readonly string[],
  key?: string,
): Promise<void> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  await vi.waitUntil(
    async () => {
      const { text } = await ask(platform, "/api/v1/models", { headers });
      return names.every((name) => text.includes(`"integration":"${name}"`));
    },
    { timeout: 20_000, interval: 100 },
  );
}

export class GrpcClient {
  readonly #client: Client;

  constructor(address: string, by: ChannelCredentials, options: ClientOptions = {}) {
    this.#client = new Client(address, by, {
      "grpc.max_send_message_length": -1,
      // Each its own connection: what one test does to it is no concern of another.
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  close(): void {
    this.#client.close();
  }

  /** Asks a method, and gathers what comes until the call has ended, however it does. */
  async ask<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    asking: Asking = {},
  ): Promise<Outcome<Reply>> {
    const replies: Reply[] = [];
    const opened = this.open(method, request, asking);
    opened.call.on("data", (reply: Reply) => replies.push(reply));
    const { status, headers } = await opened.ended;
    return {
      code: status.code,
      message: status.details,
      headers,
      trailers: status.metadata,
      replies,
      reply: replies[0],
    };
  }

  /** Begins a call. Unary methods are streams of one reply on the wire. */
  open<Request, Reply>(
    { service, type }: Method<Request, Reply>,
    request: Request,
    { key, metadata = {}, timeoutMs = 10_000, signal }: Asking = {},
  ) {
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    if (key !== undefined) sent.set("authorization", `Bearer ${key}`);
    const call = this.#client.makeServerStreamRequest(
      `/${service.fullName}/${type.name}`,
      (message: Request) => Buffer.from(type.requestType.encode(message).finish()),
      (bytes: Buffer) => type.responseType.decode(bytes),
      request,
      sent,
      { deadline: Date.now() + timeoutMs },
    );
    signal?.addEventListener("abort", () => call.cancel());
    const ended = new Promise<{ readonly status: StatusObject; readonly headers: Metadata }>((resolve) => {
      let headers = new Metadata();
      call.on("metadata", (received: Metadata) => {
        headers = received;
      });
      // How it ended is told by `status`.
      call.on("error", (_error: ServiceError) => undefined);
      call.on("status", (status: StatusObject) => resolve({ status, headers }));
    });
    return { call, ended };
  }
}

/** What a program can go by of an error. */
export function detailsOf({ trailers }: Pick<Outcome<unknown>, "trailers">) {
  const [bytes] = trailers.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(bytes)) throw new Error("the call carries no details of its error");
  const { code, message, details = [] } = Status.decode(bytes);
  const find = <Detail>(name: string, type: Decoder<Detail>): Detail | undefined => {
    const found = details.find((each: Any) => each.type_url === `type.googleapis.com/google.rpc.${name}`);
    return found?.value === undefined ? undefined : type.decode(found.value);
  };
  return {
    code,
    message,
    info: find("ErrorInfo", ErrorInfo),
    retry: find("RetryInfo", RetryInfo),
    badRequest: find("BadRequest", BadRequest),
  };
}
