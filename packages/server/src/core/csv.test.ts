import { expect, test } from "vitest";
import { formatCsvLine } from "./csv.ts";

test.each<[readonly (string | number | boolean | null)[], string]>([
  [["a", 1, true, null], "a,1,true,"],
  [['say "hi"', "a,b", "a\nb"], '"say ""hi""","a,b","a\nb"'],
  [["=1+1", "+1", "-1", "@x", "\tx", "\r=x"], "'=1+1,'+1,'-1,'@x,'\tx,\"'\r=x\""],
  [[-1, "a=b", ""], "-1,a=b,"],
  [['=HYPERLINK("x")'], '"\'=HYPERLINK(""x"")"'],
])("%j is %s", (cells, line) => {
  expect(formatCsvLine(cells)).toBe(`${line}\r\n`);
});
