import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadMemo } from "./head-memo.ts";
import { readHttpHead } from "./http-head.ts";

function headText(length: string, more = ""): string {
  return `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nAuthorization: Bearer k\r\n${more}\r\n`;
}

function remember(text: string): HeadMemo {
  const memo = new HeadMemo();
  memo.read(Buffer.from(text, "latin1"), text.length - 4);
  return memo;
}

describe("the memory of a connection's last head", () => {
  it("knows the same head with another length, and where its body begins", () => {
    const memo = remember(headText("2"));
    const next = headText("1234");
    expect(memo.match(Buffer.from(`${next}{"a":1}`))).toBe(next.length);
    expect(memo.last).toMatchObject({
      contentLength: 1234,
      authorization: "Bearer k",
      path: "/v1/chat/completions",
    });
  });

  it.each([
    ["another credential", headText("2").replace("Bearer k", "Bearer l")],
    ["another path", headText("2").replace("chat/", "cha/")],
    ["one more header", headText("2", "Transfer-Encoding: chunked\r\n")],
    ["no digits", headText("")],
    ["a sign", headText("+2")],
    ["a blank before the digits", headText(" 2")],
    ["a blank behind the digits", headText("2 ")],
    ["two lengths", headText("2, 2")],
    ["hexadecimal digits", headText("2a")],
    ["too many digits", headText("1".repeat(13))],
    ["a head that is not all there", headText("2").slice(0, -1)],
    ["no bytes", ""],
  ])("does not know %s", (_what, text) => {
    expect(remember(headText("2")).match(Buffer.from(text, "latin1"))).toBe(-1);
  });

  it("forgets a head when the next one is not the lane's", () => {
    const memo = remember(headText("2"));
    const other = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    expect(memo.read(Buffer.from(other), other.length - 4)).toBeUndefined();
    expect(memo.match(Buffer.from(headText("2")))).toBe(-1);
  });

  it("reads every head as it would be read alone", () => {
    const length = fc.constantFrom(
      "0",
      "2",
      "77",
      "007",
      "123456789012",
      "1234567890123",
      "+2",
      "2 ",
      " 2",
      "",
    );
    const more = fc.constantFrom(
      "",
      "X-A: b\r\n",
      "Content-Length: 2\r\n",
      "Connection: close\r\n",
      "Expect: x\r\n",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(length, more), { maxLength: 12 }), (heads) => {
        const memo = new HeadMemo();
        for (const [digits, lines] of heads) {
          const text = headText(digits, lines);
          const bytes = Buffer.from(`${text}{}`, "latin1");
          const end = memo.match(bytes);
          const head = end < 0 ? memo.read(bytes, text.length - 4) : memo.last;
          if (end >= 0) expect(end).toBe(text.length);
          const alone = readHttpHead(text.slice(0, -2));
          if (alone === undefined) expect(head).toBeUndefined();
          else
            expect(head).toMatchObject({
              ...alone,
              lengthStart: head?.lengthStart,
              lengthEnd: head?.lengthEnd,
            });
        }
      }),
    );
  });
});
