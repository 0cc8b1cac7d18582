import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { Inbox } from "./inbox.ts";

/** A mail as it came over the wire. */
export type ReceivedMail = {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, lines ended by `\n`, without the dots that the wire adds. */
  readonly data: string;
  /** The body with its encoding undone. */
  readonly text: string;
  readonly isEncrypted: boolean;
  /** User of the login; undefined without one. */
  readonly user: string | undefined;
};

export type SmtpOptions = {
  /** Offered as STARTTLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** When given, mail is taken after a login with these only. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Takes connections and says nothing. */
  readonly isSilent?: boolean;
};

/** A mail server that speaks SMTP (RFC 5321), with STARTTLS and AUTH PLAIN where told, and keeps what it is given. */
export type SmtpServer = {
  readonly port: number;
  readonly inbox: Inbox<ReceivedMail>;
  /** Answers every recipient with this line from now on; undefined takes them. */
  refuseWith(line: string | undefined): void;
  stop(): Promise<void>;
};

export async function startSmtpServer(options: SmtpOptions = {}): Promise<SmtpServer> {
  const inbox = new Inbox<ReceivedMail>();
  const state: { refusal: string | undefined } = { refusal: undefined };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    if (options.isSilent === true) return;
    socket.write("220 fake ESMTP\r\n");
    converse(socket, { options, isEncrypted: false, refusal: () => state.refusal, inbox });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    inbox,
    refuseWith(line) {
      state.refusal = line;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

type Conversation = {
  readonly options: SmtpOptions;
  readonly isEncrypted: boolean;
  refusal(): string | undefined;
  readonly inbox: Inbox<ReceivedMail>;
};

function converse(socket: Socket, conversation: Conversation): void {
  const { options, isEncrypted, inbox } = conversation;
  let pending = "";
  let data: string[] | undefined;
  let user: string | undefined;
  let from = "";
  let to: string[] = [];
  const say = (line: string) => void socket.write(`${line}\r\n`);

  function take(line: string): void {
    if (data !== undefined) {
      if (line !== ".") {
        data.push(line.startsWith("..") ? line.slice(1) : line);
        return;
      }
      const whole = data.join("\n");
      data = undefined;
      inbox.put({ from, to, data: whole, text: bodyOf(whole), isEncrypted, user });
      say("250 taken");
      return;
    }
    const [verb = "", ...rest] = line.split(" ");
    switch (verb.toUpperCase()) {
      case "EHLO":
        say("250-fake");
        if (options.tls !== undefined && !isEncrypted) say("250-STARTTLS");
        if (options.login !== undefined) say("250-AUTH PLAIN");
        say("250 8BITMIME");
        return;
      case "STARTTLS":
        upgrade();
        return;
      case "AUTH": {
        const [, name, password] = Buffer.from(rest[1] ?? "", "base64")
          .toString("utf8")
          .split("\u0000");
        const isRight = name === options.login?.user && password === options.login?.password;
        if (isRight) user = name;
        say(isRight ? "235 welcome" : "535 wrong user or password");
        return;
      }
      case "MAIL":
        from = /<(.*)>/.exec(line)?.[1] ?? "";
        to = [];
        say(options.login !== undefined && user === undefined ? "530 log in first" : "250 ok");
        return;
      case "RCPT": {
        const refusal = conversation.refusal();
        if (refusal === undefined) to.push(/<(.*)>/.exec(line)?.[1] ?? "");
        say(refusal ?? "250 ok");
        return;
      }
      case "DATA":
        data = [];
        say("354 go on");
        return;
      case "QUIT":
        socket.end("221 bye\r\n");
        return;
      default:
        say("502 not known");
    }
  }

  function upgrade(): void {
    if (options.tls === undefined) return say("502 not known");
    socket.removeListener("data", onData);
    socket.write("220 go on\r\n");
    const secure = new TLSSocket(socket, { isServer: true, ...options.tls });
    secure.on("error", () => undefined);
    converse(secure, { ...conversation, isEncrypted: true });
  }

  function onData(bytes: Buffer): void {
    pending += bytes.toString("latin1");
    for (let end = pending.indexOf("\r\n"); end >= 0; end = pending.indexOf("\r\n")) {
      const line = Buffer.from(pending.slice(0, end), "latin1").toString("utf8");
      pending = pending.slice(end + 2);
      take(line);
    }
  }
  socket.on("data", onData);
}

function bodyOf(data: string): string {
  const body = data.slice(data.indexOf("\n\n") + 2);
  if (/^content-transfer-encoding: base64/im.test(data)) return Buffer.from(body, "base64").toString("utf8");
  if (!/^content-transfer-encoding: quoted-printable/im.test(data)) return body;
  const bytes = body
    .replaceAll("=\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
