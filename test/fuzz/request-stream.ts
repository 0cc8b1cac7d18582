import type { Random } from "../random.ts";
import { draftPlain, formatDraft } from "./request-draft.ts";
import { oddities } from "./request-oddities.ts";

/** What a client sends over one connection, in the pieces in which it is written. */
export type ClientStream = {
  readonly segments: readonly Buffer[];
  /** How many turns of the event loop pass behind each segment; 0 joins it with the next. */
  readonly waits: readonly number[];
};

const mostRequests = 4;

/** Makes a stream up: requests one behind the other, most of them with an oddity or two. */
export function createClientStream(random: Random): ClientStream {
  const requests = 1 + (random.isLucky(0.5) ? 0 : random.below(mostRequests));
  let text = "";
  let last = "";
  for (let count = 0; count < requests; count++) {
    last = nextRequest(random, last);
    text += last;
  }
  const bytes = Buffer.from(text, "latin1");
  return cutUp(random.isLucky(0.2) ? mutate(bytes, random) : bytes, random);
}

/** Often the one before again: heads that repeat are read in a way of their own. */
function nextRequest(random: Random, last: string): string {
  if (last !== "" && random.isLucky(0.25)) return last;
  const draft = draftPlain(random);
  for (let chance = 0.6; random.isLucky(chance); chance *= 0.5) random.pick(oddities)(draft, random);
  return formatDraft(draft);
}

/** Changes a few bytes, whatever they mean, or takes away what comes behind them. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(changed.length + 1);
    const [before, behind] = [changed.subarray(0, at), changed.subarray(at)];
    switch (random.below(5)) {
      case 0:
        changed = before;
        break;
      case 1:
        changed = Buffer.concat([before, behind.subarray(1 + random.below(3))]);
        break;
      case 2:
        changed = Buffer.concat([before, behind.subarray(0, 8), behind]);
        break;
      case 3:
        changed = Buffer.concat([before, Buffer.from([random.pick(oddBytes)]), behind]);
        break;
      default:
        changed = Buffer.concat([before, Buffer.from([random.below(256)]), behind.subarray(1)]);
    }
  }
  return changed;
}

const oddBytes = [
  0x00, 0x09, 0x0a, 0x0b, 0x0d, 0x20, 0x2c, 0x30, 0x3a, 0x3b, 0x7f, 0x80, 0xa0, 0xff,
] as const;

function cutUp(bytes: Buffer, random: Random): ClientStream {
  const cuts = random.isLucky(0.3) ? 0 : random.below(random.isLucky(0.1) ? 60 : 6);
  const points = [...new Set(Array.from({ length: cuts }, () => random.below(bytes.length + 1)))].sort(
    (a, b) => a - b,
  );
  const segments = [0, ...points]
    .map((from, index) => bytes.subarray(from, points[index] ?? bytes.length))
    .filter(({ length }) => length > 0);
  return { segments, waits: segments.map(() => random.below(4)) };
}
