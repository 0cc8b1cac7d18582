import type { Scenario } from "k6/options";

/** Shapes of load, each for so many seconds with so many calls a second at its usual pace. */
export const profileNames = ["load", "stress", "spike", "soak", "trace"] as const;
export type ProfileName = (typeof profileNames)[number];

/** How much a profile is to send. */
export type Volume = {
  readonly seconds: number;
  /** The usual pace. A whole number. */
  readonly perSecond: number;
};

/** How often the usual pace is exceeded at the end of `stress`, and in the middle of `spike`. */
const stressFactor = 4;
const spikeFactor = 10;

/**
 * A profile as a scenario of k6. Calls come when they are due, whatever becomes of those before; k6 counts those that it had
 * no user for as dropped.
 */
export function toScenario(profile: ProfileName, { seconds, perSecond }: Volume): Scenario {
  const open = { timeUnit: "1s", gracefulStop: "60s" } as const;
  switch (profile) {
    case "load":
    case "soak":
      return {
        ...open,
        ...usersFor(perSecond),
        executor: "constant-arrival-rate",
        rate: perSecond,
        duration: `${seconds}s`,
      };
    case "stress":
      return {
        ...open,
        ...usersFor(stressFactor * perSecond),
        executor: "ramping-arrival-rate",
        startRate: 1,
        stages: [{ target: stressFactor * perSecond, duration: `${seconds}s` }],
      };
    case "spike":
      return {
        ...open,
        ...usersFor(spikeFactor * perSecond),
        executor: "ramping-arrival-rate",
        startRate: perSecond,
        stages: [
          { target: perSecond, duration: `${0.45 * seconds}s` },
          { target: spikeFactor * perSecond, duration: "0s" },
          { target: spikeFactor * perSecond, duration: `${0.1 * seconds}s` },
          { target: perSecond, duration: "0s" },
          { target: perSecond, duration: `${0.45 * seconds}s` },
        ],
      };
    case "trace":
      // Each call waits in its user until it is due: k6 has no executor for times of one's own.
      return {
        executor: "shared-iterations",
        vus: Math.min(mostUsers(perSecond), seconds * perSecond),
        iterations: seconds * perSecond,
        maxDuration: `${seconds + 60}s`,
      };
  }
}

/** A user is busy for as long as its call is, some seconds at the most. */
function usersFor(perSecond: number) {
  return { preAllocatedVUs: 2 * perSecond, maxVUs: mostUsers(perSecond) };
}

function mostUsers(perSecond: number): number {
  return 10 * perSecond;
}
