import type { ByteSource } from "../byte-source.ts";
import { FormatProblem } from "../format-problem.ts";
import { PickleCursor } from "./pickle-cursor.ts";
import { type PickleHost, PickleMachine } from "./pickle-machine.ts";
import { pickleOpcodes } from "./pickle-opcodes.ts";
import type { PickleValue } from "./pickle-values.ts";

/** One pickle, read to its end or to where it broke. */
export interface PickleResult {
  /** Undefined when it broke. */
  readonly value: PickleValue | undefined;
  /** What it wants beyond data, in words, at most 16; also what stood before the place where it broke. */
  readonly findings: readonly string[];
  /** Why it broke. */
  readonly problem: string | undefined;
  /** Whether it is not known what comes after the place where it broke: Python would read on. */
  readonly isUnread: boolean;
  /** Where it ended, from the start of the source. */
  readonly end: number;
}

const stop = 0x2e;
const maxOpcodes = 5_000_000;

/** Reads one pickle as data. Nothing is imported and nothing called, whatever it says. */
export function readPickle(source: ByteSource, start: number, host: PickleHost): PickleResult {
  const cursor = new PickleCursor(source, start);
  const machine = new PickleMachine(cursor, host);
  try {
    const value = run(machine);
    return { value, findings: machine.findings(), problem: undefined, isUnread: false, end: cursor.offset };
  } catch (error) {
    if (!(error instanceof FormatProblem)) throw error;
    return {
      value: undefined,
      findings: machine.findings(),
      problem: error.message,
      isUnread: error.kind === "unsupported",
      end: cursor.offset,
    };
  }
}

function run(machine: PickleMachine): PickleValue {
  for (let count = 0; count < maxOpcodes; count += 1) {
    const opcode = machine.cursor.u8();
    if (opcode === stop) return machine.pop();
    const step = pickleOpcodes.get(opcode);
    if (step === undefined)
      throw new FormatProblem("corrupt", `its pickle holds the unknown opcode ${opcode}`);
    step(machine);
  }
  throw new FormatProblem("unsupported", `its pickle has more than ${maxOpcodes} opcodes`);
}
