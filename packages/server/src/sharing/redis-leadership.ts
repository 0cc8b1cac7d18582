import type { Bus } from "./bus.ts";
import type { Leadership } from "./leadership.ts";
import type { RedisLink } from "./redis-link.ts";

export interface RedisLeadershipParts {
  readonly replica: string;
  readonly keyPrefix: string;
  readonly link: RedisLink;
  readonly bus: Pick<Bus, "publish" | "subscribe">;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** How long a leader that is not heard stays one. Default 10,000. */
  readonly termMs?: number;
}

export interface RedisLeadership extends Leadership {
  start(): void;
}

/**
 * Takes the lead when nobody has it, prolongs it for who has it, by Redis' clock. Returns the token of the leader's
 * term, or nothing. It is the time at which the term began, so it rises even when Redis has forgotten everything.
 */
const leadScript = `
local held = redis.call('GET', KEYS[1])
if held then
  local token, holder = string.match(held, '^(%d+):(.*)$')
  if holder ~= ARGV[1] then return false end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return token
end
local time = redis.call('TIME')
local token = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('SET', KEYS[1], token .. ':' .. ARGV[1], 'PX', ARGV[2])
return token
`;

const resignScript = `
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^%d+:(.*)$') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

const deadlineMs = 500;

/** Of all replicas, one leads for a term that it prolongs. Without Redis nobody does. */
export function createRedisLeadership(parts: RedisLeadershipParts): RedisLeadership {
  const { replica, keyPrefix, link, bus, nowMs, termMs = 10_000 } = parts;
  const key = `${keyPrefix}leader`;
  const listeners: ((isLeader: boolean) => void)[] = [];
  const state = { untilMs: Number.NEGATIVE_INFINITY, token: 0, wasLeader: false, hasResigned: false };
  const timer: { handle?: NodeJS.Timeout } = {};

  // Counted from before the question was sent, and ended early: so it ends here before it does in Redis, also for a
  // process that was stopped for a while, whose monotonic clock went on.
  const isLeader = () => nowMs() < state.untilMs;

  function tell(): void {
    if (isLeader() === state.wasLeader) return;
    state.wasLeader = isLeader();
    for (const listener of listeners) listener(state.wasLeader);
  }

  async function campaign(): Promise<void> {
    tell();
    if (state.hasResigned) return;
    const askedAtMs = nowMs();
    const token = await link
      .run((redis) => redis.eval(leadScript, 1, key, replica, termMs), { deadlineMs })
      // Who cannot ask leads until its term is over, and then no more.
      .catch(() => undefined);
    if (typeof token === "string" && !state.hasResigned) {
      state.token = Number(token);
      state.untilMs = askedAtMs + termMs * 0.9;
    } else if (token === null) state.untilMs = Number.NEGATIVE_INFINITY;
    tell();
  }

  return {
    get isLeader() {
      return isLeader();
    },
    get fencingToken() {
      return isLeader() ? state.token : undefined;
    },
    onChange: (listener) => void listeners.push(listener),
    start() {
      link.onChange((isUp) => {
        if (isUp) void campaign();
      });
      bus.subscribe("leader", () => void campaign());
      timer.handle = setInterval(() => void campaign(), termMs / 4);
    },
    async resign() {
      if (state.hasResigned) return;
      state.hasResigned = true;
      clearInterval(timer.handle);
      state.untilMs = Number.NEGATIVE_INFINITY;
      tell();
      // Also who does not know of its lead: it may have asked for it a moment ago.
      const wasLeader = await link
        .run((redis) => redis.eval(resignScript, 1, key, replica), { deadlineMs })
        // Its term ends by itself.
        .catch(() => 0);
      if (wasLeader === 1) bus.publish("leader", {});
    },
  };
}
