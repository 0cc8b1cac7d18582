import { FormatProblem } from "../format-problem.ts";
import type { PickleMachine } from "./pickle-machine.ts";
import { HostValue, PickleDict, PickleSequence, type PickleValue } from "./pickle-values.ts";

/** Runs one opcode, whose byte has been read. */
type Run = (machine: PickleMachine) => void;

const maxProtocol = 5;
const maxLongBytes = 1024;
const unreadNumber = new HostValue("a number");

const tuple = (items: PickleValue[]): PickleSequence => new PickleSequence("tuple", items);
const list = (items: PickleValue[]): PickleSequence => new PickleSequence("list", items);
const set = (items: PickleValue[]): PickleSequence => new PickleSequence("set", items);

const numbers: Readonly<Record<string, Run>> = {
  F: (m) => m.push(readNumber(m.cursor.line())),
  G: (m) => m.push(m.cursor.f64()),
  I: (m) => m.push(readInteger(m.cursor.line())),
  J: (m) => m.push(m.cursor.i32()),
  K: (m) => m.push(m.cursor.u8()),
  L: (m) => m.push(readInteger(m.cursor.line().replace(/L$/, ""))),
  M: (m) => m.push(m.cursor.u16()),
  N: (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  "\x8a": (m) => m.push(readLong(m, m.cursor.u8())),
  "\x8b": (m) => m.push(readLong(m, m.cursor.u32())),
};

const texts: Readonly<Record<string, Run>> = {
  S: (m) => m.push(m.cursor.line().replace(/^(['"])(.*)\1$/, "$2")),
  T: (m) => m.push(m.cursor.text(m.cursor.i32())),
  U: (m) => m.push(m.cursor.text(m.cursor.u8())),
  V: (m) => m.push(m.cursor.line()),
  X: (m) => m.push(m.cursor.text(m.cursor.u32())),
  "\x8c": (m) => m.push(m.cursor.text(m.cursor.u8())),
  "\x8d": (m) => m.push(m.cursor.text(m.cursor.u64())),
  B: (m) => m.push(m.cursor.bytes(m.cursor.u32())),
  C: (m) => m.push(m.cursor.bytes(m.cursor.u8())),
  "\x8e": (m) => m.push(m.cursor.bytes(m.cursor.u64())),
  "\x96": (m) => m.push(m.cursor.bytes(m.cursor.u64())),
};

const containers: Readonly<Record<string, Run>> = {
  "(": (m) => m.mark(),
  "]": (m) => m.push(list([])),
  "}": (m) => m.push(new PickleDict()),
  ")": (m) => m.push(tuple([])),
  "\x8f": (m) => m.push(set([])),
  l: (m) => m.push(list(m.popMark())),
  t: (m) => m.push(tuple(m.popMark())),
  d: (m) => {
    const items = m.popMark();
    const dict = new PickleDict();
    m.setItems(dict, items);
    m.push(dict);
  },
  "\x85": (m) => m.push(tuple(popMany(m, 1))),
  "\x86": (m) => m.push(tuple(popMany(m, 2))),
  "\x87": (m) => m.push(tuple(popMany(m, 3))),
  "\x91": (m) => m.push(set(m.popMark())),
  a: (m) => {
    const item = m.pop();
    m.append(m.top(), [item]);
  },
  e: (m) => {
    const items = m.popMark();
    m.append(m.top(), items);
  },
  "\x90": (m) => {
    const items = m.popMark();
    m.append(m.top(), items);
  },
  s: (m) => {
    const items = popMany(m, 2);
    m.setItems(m.top(), items);
  },
  u: (m) => {
    const items = m.popMark();
    m.setItems(m.top(), items);
  },
};

const stack: Readonly<Record<string, Run>> = {
  0: (m) => m.drop(),
  1: (m) => void m.popMark(),
  2: (m) => m.push(m.top()),
  p: (m) => m.put(toIndex(m.cursor.line())),
  q: (m) => m.put(m.cursor.u8()),
  r: (m) => m.put(m.cursor.u32()),
  "\x94": (m) => m.memoize(),
  g: (m) => m.push(m.get(toIndex(m.cursor.line()))),
  h: (m) => m.push(m.get(m.cursor.u8())),
  j: (m) => m.push(m.get(m.cursor.u32())),
  "\x80": (m) => {
    const protocol = m.cursor.u8();
    if (protocol > maxProtocol)
      throw new FormatProblem("corrupt", `its pickle is of the unknown protocol ${protocol}`);
  },
  "\x95": (m) => void m.cursor.u64(),
};

/** What would import or call something when Python read it. */
const calls: Readonly<Record<string, Run>> = {
  c: (m) => m.push(m.global(m.cursor.line(), m.cursor.line())),
  "\x93": (m) => {
    const [module = null, name = null] = popMany(m, 2);
    m.push(m.global(module, name));
  },
  R: (m) => {
    const [callee = null, args = null] = popMany(m, 2);
    m.push(m.call(callee, args));
  },
  "\x81": (m) => {
    const [callee = null, args = null] = popMany(m, 2);
    m.push(m.call(callee, args));
  },
  "\x92": (m) => {
    const [callee = null, args = null, named = null] = popMany(m, 3);
    m.push(m.call(callee, tuple([args, named])));
  },
  o: (m) => {
    const [callee = null, ...args] = m.popMark();
    m.push(m.call(callee, tuple(args)));
  },
  i: (m) => {
    const global = m.global(m.cursor.line(), m.cursor.line());
    m.push(m.call(global, tuple(m.popMark())));
  },
  b: (m) => {
    const state = m.pop();
    m.build(m.top(), state);
  },
  "\x82": (m) => m.push(m.extension(m.cursor.u8())),
  "\x83": (m) => m.push(m.extension(m.cursor.u16())),
  "\x84": (m) => m.push(m.extension(m.cursor.i32())),
  P: (m) => m.push(m.resolve(m.cursor.line())),
  Q: (m) => m.push(m.resolve(m.pop())),
  "\x97": (m) => m.push(m.resolve("a buffer")),
  "\x98": () => undefined,
};

/** Every opcode of the protocols 0 to 5 but `STOP`, by its byte. */
export const pickleOpcodes: ReadonlyMap<number, Run> = new Map(
  Object.entries({ ...numbers, ...texts, ...containers, ...stack, ...calls }).map(([code, run]) => [
    code.charCodeAt(0),
    run,
  ]),
);

function popMany(machine: PickleMachine, count: number): PickleValue[] {
  return Array.from({ length: count }, () => machine.pop()).toReversed();
}

/**
 * Python takes more spellings than are read here (`0x10`, `1_0`, digits of every script). A number that is not read is not
 * the end: what comes after it would run.
 */
function readInteger(line: string): PickleValue {
  if (line === "00") return false;
  if (line === "01") return true;
  return /^\s*[+-]?\d{1,2500}\s*$/.test(line) ? toPlain(BigInt(line)) : unreadNumber;
}

function readNumber(line: string): PickleValue {
  const value = Number(line);
  return line.trim() === "" || Number.isNaN(value) ? unreadNumber : value;
}

/** Where something is remembered. */
function toIndex(line: string): number {
  const text = line.replaceAll(/(?<=\d)_(?=\d)/g, "");
  if (!/^\s*[+-]?\d{1,15}\s*$/.test(text))
    throw new FormatProblem("corrupt", "its pickle holds a number that is none");
  return Number(text);
}

function readLong(machine: PickleMachine, length: number): PickleValue {
  if (length > maxLongBytes) {
    machine.cursor.skip(length);
    return unreadNumber;
  }
  const hex = Buffer.from(machine.cursor.bytes(length)).reverse().toString("hex");
  return hex === "" ? 0 : toPlain(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
}

function toPlain(value: bigint): PickleValue {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}
