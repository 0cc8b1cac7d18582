import { type Agent, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { postText } from "../fakes/raw-client.ts";
import type { Random } from "../random.ts";
import { leaveStream } from "./leaving-client.ts";

/** What a call needs. */
export type CallPlace = {
  readonly port: number;
  readonly random: Random;
  /** Connections that are used again. */
  readonly kept: Agent;
};

/** One call, to its end; settles with a word for how it ended. */
export type Call = (place: CallPlace) => Promise<string>;

/** Names of the models, by what their upstream is like. */
export const models = {
  healthy: "fake/tiny-chat",
  faulty: "faulty/tiny-chat",
  long: "long/tiny-chat",
} as const;

const chatPath = "/v1/chat/completions";
/** A reply of a faulty upstream may never come. */
const callLimitMs = 3_000;
const slowPauseMs = 500;

/** The kinds of calls, and how many out of a hundred are of each. */
export const calls: Readonly<Record<string, { readonly share: number; readonly call: Call }>> = {
  "stream, kept connection": { share: 28, call: (place) => ask(place, { stream: true, isKept: true }) },
  "stream, new connection": { share: 8, call: (place) => ask(place, { stream: true, isKept: false }) },
  "whole, kept connection": { share: 20, call: (place) => ask(place, { stream: false, isKept: true }) },
  "whole, new connection": { share: 6, call: (place) => ask(place, { stream: false, isKept: false }) },
  "faulty upstream": {
    share: 10,
    call: (place) => ask(place, { model: models.faulty, stream: place.random.next() < 0.7, isKept: true }),
  },
  abandoned: { share: 10, call: ({ port, random }) => leaveStream({ port, random, model: models.healthy }) },
  "slow client": { share: 2, call: readSlowly },
  "chunked body": { share: 4, call: (place) => ask(place, { stream: true, isKept: true, isChunked: true }) },
  "no such model": {
    share: 3,
    call: (place) => ask(place, { model: "fake/none", stream: true, isKept: true }),
  },
  "no JSON": { share: 3, call: (place) => ask(place, { text: '{"model":', stream: true, isKept: true }) },
  "list of models": {
    share: 3,
    call: (place) => ask(place, { path: "/v1/models", stream: false, isKept: true }),
  },
  "no HTTP": { share: 2, call: sendJunk },
  "metrics, as Prometheus asks": {
    share: 1,
    call: (place) => ask(place, { path: "/metrics", stream: false, isKept: true }),
  },
};

type Question = {
  readonly stream: boolean;
  readonly isKept: boolean;
  /** A GET, in place of a chat. */
  readonly path?: string;
  readonly model?: string;
  readonly text?: string;
  readonly isChunked?: boolean;
};

function chatText({ model = models.healthy, stream, text }: Question, random: Random): string {
  const words = "one two three ".repeat(1 + random.below(40));
  return text ?? JSON.stringify({ model, stream, messages: [{ role: "user", content: words }] });
}

function ask({ port, kept, random }: CallPlace, question: Question): Promise<string> {
  const ended = Promise.withResolvers<string>();
  const outgoing = request({
    host: "127.0.0.1",
    port,
    agent: question.isKept ? kept : false,
    method: question.path === undefined ? "POST" : "GET",
    path: question.path ?? chatPath,
    timeout: callLimitMs,
    headers: { "content-type": "application/json" },
  });
  outgoing.on("timeout", () => outgoing.destroy());
  outgoing.on("error", () => ended.resolve("broken off"));
  outgoing.on("response", (reply) => {
    reply.on("error", () => ended.resolve("broken off"));
    reply.on("end", () => ended.resolve(String(reply.statusCode)));
    reply.resume();
  });
  if (question.path !== undefined) outgoing.end();
  else {
    const text = chatText(question, random);
    if (question.isChunked !== true) outgoing.setHeader("content-length", Buffer.byteLength(text));
    else outgoing.write(text.slice(0, 5));
    outgoing.end(question.isChunked === true ? text.slice(5) : text);
  }
  return ended.promise;
}

/** Reads a long stream with a rest in its middle, so that the server has to hold the upstream back. */
function readSlowly({ port }: CallPlace): Promise<string> {
  const ended = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1");
  const body = { model: models.long, stream: true, messages: [{ role: "user", content: "on and on" }] };
  socket.write(postText(chatPath, body, ["Connection: close"]));
  let bytes = 0;
  socket.once("data", async () => {
    socket.pause();
    await sleep(slowPauseMs);
    socket.resume();
  });
  socket.on("data", (read: Buffer) => {
    bytes += read.length;
  });
  socket.on("error", () => undefined);
  socket.on("close", () => ended.resolve(bytes > 100_000 ? "200" : "broken off"));
  return ended.promise;
}

function sendJunk({ port, random }: CallPlace): Promise<string> {
  const ended = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1");
  socket.write(
    random.next() < 0.5
      ? "\x16\x03\x01\x02 this is no HTTP\r\n\r\n"
      : `POST ${chatPath} HTTP/1.1\r\nHost : a\r\n\r\n`,
  );
  let text = "";
  socket.on("data", (read: Buffer) => {
    text += read.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.on("close", () => ended.resolve(text.slice(9, 12)));
  return ended.promise;
}
