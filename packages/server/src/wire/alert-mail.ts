import type { AlertNotice } from "@llm-platform/kit";

export interface AlertMailInput {
  readonly from: string;
  readonly to: readonly string[];
  readonly notices: readonly AlertNotice[];
  readonly atMs: number;
  /** Unique, for the header Message-ID. */
  readonly id: string;
}

/** A mail about alerts (RFC 5322): plain text, in base64 so that no server has to understand UTF-8. */
export function formatAlertMail({ from, to, notices, atMs, id }: AlertMailInput): string {
  const headers = [
    `From: <${from}>`,
    `To: ${to.map((address) => `<${address}>`).join(", ")}`,
    `Subject: ${encodeHeader(subjectOf(notices))}`,
    `Date: ${new Date(atMs).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id}@llm-platform>`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ];
  const body = Buffer.from(notices.map(formatNotice).join("\n"), "utf8").toString("base64");
  return `${headers.join("\r\n")}\r\n\r\n${(body.match(/.{1,76}/g) ?? []).join("\r\n")}`;
}

function subjectOf(notices: readonly AlertNotice[]): string {
  const [first] = notices;
  if (first === undefined) return "llm-platform";
  const more = notices.length === 1 ? "" : ` and ${notices.length - 1} more`;
  return `[${first.status.toUpperCase()}] ${first.name}${more}: ${first.summary}`;
}

function formatNotice(notice: AlertNotice): string {
  const since = new Date(notice.startedAtMs).toISOString();
  const until =
    notice.endedAtMs === undefined ? "" : `\nOver since ${new Date(notice.endedAtMs).toISOString()}`;
  return `${notice.severity}: ${notice.summary}\n${notice.description}\nSince ${since}${until}\nWhat to do: ${notice.runbookUrl}\n`;
}

/** One line, and in encoded words (RFC 2047) where it is not ASCII: a model's name must not begin a header. */
function encodeHeader(text: string): string {
  const line = text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").slice(0, 300);
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  const words: string[] = [];
  let word = "";
  for (const character of line) {
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  return [...words, word].map((each) => `=?utf-8?B?${Buffer.from(each).toString("base64")}?=`).join("\r\n ");
}
