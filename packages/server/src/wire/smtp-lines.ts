import type { Socket } from "node:net";
import { PlatformError } from "@llm-platform/kit";

/** What a mail server says to one line. */
export interface SmtpReply {
  readonly code: number;
  readonly text: string;
}

/** A reply has a few lines; one that does not end is no reply. */
const mostReplyChars = 65_536;

/**
 * The conversation with a mail server over one connection: a line, and the reply to it (RFC 5321 section 4.2):
 *
 *     reply = *( code "-" [ text ] EOL ) code [ SP text ] EOL
 */
export class SmtpLines {
  readonly #socket: Socket;
  #pending = "";
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #onData = (bytes: Buffer): void => {
    this.#pending += bytes.toString("latin1");
    this.#wake?.();
  };
  readonly #onError = (error: Error): void => {
    this.#failure = error;
    this.#wake?.();
  };
  readonly #onClose = (): void => {
    this.#failure ??= new PlatformError("upstream_error", "The mail server ended the connection.", {
      isRetryable: true,
    });
    this.#wake?.();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  /** Stops reading; the connection stays. */
  close(): void {
    this.#socket.off("data", this.#onData);
    this.#socket.off("error", this.#onError);
    this.#socket.off("close", this.#onClose);
  }

  /** Sends a line. Throws what ended the connection, or PlatformError for what is no reply. */
  ask(line: string): Promise<SmtpReply> {
    this.#socket.write(`${line}\r\n`);
    return this.#reply();
  }

  /** The same, and throws PlatformError `upstream_error` unless the reply is as it should be. */
  async say(line: string, code: number): Promise<void> {
    this.#require(await this.ask(line), code);
  }

  /** Waits for what the server says by itself. */
  async expect(code: number): Promise<void> {
    this.#require(await this.#reply(), code);
  }

  #require(reply: SmtpReply, code: number): void {
    if (reply.code === code) return;
    throw new PlatformError("upstream_error", `The mail server said ${reply.code} ${reply.text}.`, {
      upstreamStatus: reply.code,
      isRetryable: reply.code >= 400 && reply.code < 500,
    });
  }

  async #reply(): Promise<SmtpReply> {
    for (;;) {
      const found = /^(?:\d{3}-[^\r\n]*\r?\n)*(\d{3})(?: ([^\r\n]*))?\r?\n/.exec(this.#pending);
      if (found !== null) {
        this.#pending = this.#pending.slice(found[0].length);
        return { code: Number(found[1]), text: (found[2] ?? "").slice(0, 200) };
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#pending.length > mostReplyChars || /^(?!\d{3}).*\n/.test(this.#pending))
        throw new PlatformError("upstream_malformed", "What answers there is no mail server.");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
