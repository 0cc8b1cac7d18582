import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";
import { ResponseHeadMemo } from "./response-head-memo.ts";

function headText(length: string, more = "", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\nserver: s\r\ncontent-length: ${length}\r\ncontent-type: application/json\r\n${more}\r\n`;
}

function remember(text: string): ResponseHeadMemo {
  const memo = new ResponseHeadMemo();
  memo.read(Buffer.from(text, "latin1"), text.length - 4);
  return memo;
}

function facts({ status, framing, isReusable, headers }: ResponseHead) {
  const names = ["content-type", "content-encoding", "openai-processing-ms", "retry-after", "server"];
  return { status, framing, isReusable, values: names.map((name) => headers.get(name)) };
}

describe("the memory of a server's last head", () => {
  it("knows the same head with another length, and where its body begins", () => {
    const memo = remember(headText("2"));
    const next = headText("1234");
    expect(memo.match(Buffer.from(`${next}{"a":1}`))).toBe(next.length);
    expect(memo.last?.framing).toEqual({ type: "length", bytes: 1234 });
    expect(memo.last?.headers.get("content-type")).toBe("application/json");
  });

  it("leaves the head of the reply before it as it was", () => {
    const memo = remember(headText("2"));
    const before = memo.last;
    memo.match(Buffer.from(headText("77")));
    expect(before?.framing).toEqual({ type: "length", bytes: 2 });
  });

  it("knows a stream's head", () => {
    const text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const memo = remember(text);
    expect(memo.match(Buffer.from(`${text}1\r\n`))).toBe(text.length);
    expect(memo.last?.framing).toEqual({ type: "chunked" });
  });

  it.each([
    ["another status", headText("2", "", "500 No")],
    ["one more header", headText("2", "transfer-encoding: chunked\r\n")],
    ["no digits", headText("")],
    ["a sign", headText("+2")],
    ["two lengths", headText("2, 2")],
    ["too many digits", headText("1".repeat(13))],
    ["a head that is not all there", headText("2").slice(0, -1)],
  ])("does not know %s", (_what, text) => {
    expect(remember(headText("2")).match(Buffer.from(text, "latin1"))).toBe(-1);
  });

  it("does not remember a length that frames nothing", () => {
    const text = headText("2", "", "204 No Content");
    expect(remember(text).match(Buffer.from(text, "latin1"))).toBe(-1);
  });

  it("keeps a head across an interim one", () => {
    const memo = remember(headText("2"));
    const interim = "HTTP/1.1 100 Continue\r\n\r\n";
    memo.read(Buffer.from(interim), interim.length - 4);
    expect(memo.match(Buffer.from(headText("3")))).toBeGreaterThan(0);
  });

  it("reads every head as it would be read alone", () => {
    const length = fc.constantFrom("0", "2", "77", "007", "1234567890123", "+2", "2 ", " 2", "");
    const more = fc.constantFrom(
      "",
      "x-a: b\r\n",
      "content-length: 2\r\n",
      "connection: close\r\n",
      "Retry-After: 1\r\n",
    );
    const status = fc.constantFrom("200 OK", "204 No Content", "304 Not Modified", "503 No");
    fc.assert(
      fc.property(fc.array(fc.tuple(length, more, status), { maxLength: 12 }), (heads) => {
        const memo = new ResponseHeadMemo();
        for (const [digits, lines, line] of heads) {
          const text = headText(digits, lines, line);
          const bytes = Buffer.from(`${text}{}`, "latin1");
          const end = memo.match(bytes);
          if (end >= 0) expect(end).toBe(text.length);
          const read = () => (end < 0 ? memo.read(bytes, text.length - 4) : memo.last);
          let alone: ResponseHead | undefined;
          try {
            alone = parseResponseHead(text.slice(0, -2));
          } catch {
            expect(read).toThrow();
            continue;
          }
          const head = read();
          expect(head && facts(head)).toEqual(facts(alone));
        }
      }),
    );
  });
});
