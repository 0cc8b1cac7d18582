/** A reply without what two servers need not have in common: names of members in order, kinds of values, and words of errors. */
export interface ReplyShape {
  readonly status: number;
  readonly contentType: string | null;
  readonly allow: string | null;
  /** One for each line. Of lines that follow each other and are alike, one. */
  readonly lines: readonly string[];
}

export async function shapeOf(response: Response): Promise<ReplyShape> {
  const text = await response.text();
  const lines = text.split("\n").filter((line) => line !== "");
  const shapes = lines.map((line) => (/^[{[]/.test(line) ? shape(JSON.parse(line), "") : line));
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    allow: response.headers.get("allow"),
    lines: shapes.filter((each, index) => each !== shapes[index - 1]),
  };
}

function shape(value: unknown, name: string): string {
  if (Array.isArray(value)) return `[${value.length === 0 ? "" : shape(value[0], "")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${key}:${shape(each, key)}`)
      .join(",")}}`;
  return name === "error" || name === "done_reason" || name === "done" ? JSON.stringify(value) : typeof value;
}
