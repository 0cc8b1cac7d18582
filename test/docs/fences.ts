/** A fenced block of a page, with what a comment before it says about it. */
export type Fence = {
  readonly language: string;
  readonly text: string;
  /** Of the fence's first line, counted from 1. */
  readonly line: number;
  readonly marker: Marker | undefined;
};

/** What is done with a block. */
export type Marker =
  /** It is run: to its end, or as a server until the page's end. */
  | {
      readonly kind: "run";
      /** What must stand in its output. */
      readonly expect: readonly string[];
      /** It goes on in the background; the next block waits until this stands in its output. */
      readonly until: string | undefined;
      /** It is run again until it is as expected. */
      readonly isPatient: boolean;
      readonly exitCode: number;
      /** It goes on with the program of the block that was run before it. */
      readonly isContinued: boolean;
      /** Run in its place, and why. */
      readonly instead: string | undefined;
    }
  /** It is written to a file of this name. */
  | { readonly kind: "file"; readonly name: string }
  /** Its lines stand in the file of this name, in this order. */
  | { readonly kind: "shows"; readonly name: string }
  /** Its lines stand in the output of the last block that was run, in this order. */
  | { readonly kind: "output" }
  /** It is not run, and why. */
  | { readonly kind: "not run"; readonly reason: string };

const runOptions = new Set(["expect", "until", "patient", "exit", "continues", "instead", "because"]);

/** The fenced blocks of a page in their order. Throws for a comment that cannot be understood. */
export function readFences(page: string): readonly Fence[] {
  const lines = page.split("\n");
  const fences: Fence[] = [];
  let marker: Marker | undefined;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const opening = /^( *)```(\w*)/.exec(line);
    if (opening === null) {
      const comment = /^ *<!-- (.+) -->$/.exec(line)?.[1];
      if (comment !== undefined) marker = readMarker(comment, index + 1);
      else if (line.trim() !== "") marker = undefined;
      continue;
    }
    const [, indent = "", language = ""] = opening;
    const end = lines.indexOf(`${indent}\`\`\``, index + 1);
    if (end < 0) throw new Error(`line ${index + 1}: the block has no end`);
    const body = lines.slice(index + 1, end).map((each) => each.slice(indent.length));
    fences.push({ language, text: body.join("\n"), line: index + 1, marker });
    marker = undefined;
    index = end;
  }
  return fences;
}

function readMarker(comment: string, line: number): Marker | undefined {
  const [, word, rest = ""] = /^(run|file|shows|output|not run)(?:: (.+))?$/.exec(comment) ?? [];
  switch (word) {
    case "run":
      return readRun(rest, line);
    case "file":
    case "shows":
      return { kind: word, name: rest };
    case "output":
      return { kind: "output" };
    case "not run":
      if (rest === "") throw new Error(`line ${line}: why is it not run?`);
      return { kind: "not run", reason: rest };
    default:
      return undefined;
  }
}

function readRun(text: string, line: number): Marker {
  const options = [...text.matchAll(/(\w+)(?:="([^"]*)")?(?: |$)/g)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );
  for (const [name] of options)
    if (!runOptions.has(name)) throw new Error(`line ${line}: run has no option ${name}`);
  const all = (wanted: string) => options.flatMap(([name, value]) => (name === wanted ? [value] : []));
  if (all("instead").length !== all("because").length)
    throw new Error(`line ${line}: what is run instead says because="…"`);
  return {
    kind: "run",
    expect: all("expect"),
    until: all("until")[0],
    isPatient: all("patient").length > 0,
    exitCode: Number(all("exit")[0] ?? 0),
    isContinued: all("continues").length > 0,
    instead: all("instead")[0],
  };
}
