import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type NetworkReach, PlatformError, type Secret } from "@llm-platform/kit";
import { isAllowedAddress } from "./address-guard.ts";
import { createGuardedLookup } from "./guarded-lookup.ts";
import { SmtpLines } from "./smtp-lines.ts";

/** A mail server, and how it is spoken to. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /**
   * `tls`: TLS from the first byte, usually on port 465. `starttls`: as the second step, and not without it. `none`: in
   * the clear, for a server on the same machine.
   */
  readonly security: "tls" | "starttls" | "none";
  readonly login?: { readonly user: string; readonly password: Secret } | undefined;
  /** Issuers in PEM. Default: those that Node trusts. */
  readonly certificateAuthorities?: string | undefined;
  readonly network?: NetworkReach | undefined;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, lines ended by CR and LF. */
  readonly data: string;
}

/** What this side is called: a mail server wants a name, and no more. */
const ownName = "llm-platform";

/**
 * Hands one mail to a server (RFC 5321).
 * @throws PlatformError `forbidden` for an address that may not be reached, `upstream_auth` for a login that is refused,
 * `upstream_timeout` when the signal ends it, and `upstream_error` for all else
 */
export async function sendMail(server: SmtpServer, mail: Mail, signal: AbortSignal): Promise<void> {
  const socket = connect(server);
  const abort = () => socket.destroy(timedOut());
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) throw timedOut();
    const lines = await greet(server, socket);
    try {
      await logIn(server, lines);
      await hand(mail, lines);
    } finally {
      lines.close();
    }
  } catch (error) {
    throw error instanceof PlatformError ? error : unreachable(error);
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** A probe: connects, and sees that the login is taken. */
export async function checkMailServer(server: SmtpServer, signal: AbortSignal): Promise<void> {
  await sendMail(server, { from: "", to: [], data: "" }, signal);
}

function connect({ host, port, security, network = "any", certificateAuthorities }: SmtpServer): Socket {
  if (isIP(host) !== 0 && !isAllowedAddress(host, network))
    throw new PlatformError(
      "forbidden",
      `${host} may not be reached: it is outside of the network that is allowed.`,
    );
  const target = { host, port, lookup: createGuardedLookup(network) };
  const socket =
    security === "tls"
      ? connectTls({ ...target, ...nameOf(host), ...trust(certificateAuthorities) })
      : connectTcp(target);
  // Told to whoever reads; without a listener it would end the process.
  socket.on("error", () => undefined);
  return socket;
}

function nameOf(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function trust(authorities: string | undefined): { readonly ca?: string } {
  return authorities === undefined ? {} : { ca: authorities };
}

/** The lines of a conversation that is as safe as it is to be. */
async function greet(server: SmtpServer, socket: Socket): Promise<SmtpLines> {
  const plain = new SmtpLines(socket);
  await plain.expect(220);
  await plain.say(`EHLO ${ownName}`, 250);
  if (server.security !== "starttls") return plain;
  await plain.say("STARTTLS", 220);
  plain.close();
  const { host, certificateAuthorities } = server;
  const secure = connectTls({ socket, ...nameOf(host), ...trust(certificateAuthorities) });
  secure.on("error", () => undefined);
  const lines = new SmtpLines(secure);
  await lines.say(`EHLO ${ownName}`, 250);
  return lines;
}

async function logIn({ login }: SmtpServer, lines: SmtpLines): Promise<void> {
  if (login === undefined) return;
  const text = `\u0000${login.user}\u0000${login.password.reveal()}`;
  const { code } = await lines.ask(`AUTH PLAIN ${Buffer.from(text).toString("base64")}`);
  if (code !== 235)
    throw new PlatformError(
      "upstream_auth",
      `The mail server refused the login (${code}). Check user and password.`,
      { upstreamStatus: code },
    );
}

async function hand({ from, to, data }: Mail, lines: SmtpLines): Promise<void> {
  if (to.length > 0) {
    await lines.say(`MAIL FROM:<${from}>`, 250);
    for (const address of to) await lines.say(`RCPT TO:<${address}>`, 250);
    await lines.say("DATA", 354);
    // A line of one dot would end the mail: it is sent with two (RFC 5321 section 4.5.2).
    await lines.say(`${data.replaceAll(/^\./gm, "..")}\r\n.`, 250);
  }
  await lines.ask("QUIT");
}

function timedOut(): PlatformError {
  return new PlatformError("upstream_timeout", "The mail server did not answer in time.", {
    isRetryable: true,
  });
}

function unreachable(cause: unknown): PlatformError {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return new PlatformError("upstream_error", `The mail server could not be reached${code}.`, {
    cause,
    isRetryable: true,
  });
}
