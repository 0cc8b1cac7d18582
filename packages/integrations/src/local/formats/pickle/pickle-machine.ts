import { FormatProblem } from "../format-problem.ts";
import type { PickleCursor } from "./pickle-cursor.ts";
import {
  describeValue,
  GlobalName,
  HostValue,
  PickleDict,
  PickleSequence,
  type PickleValue,
} from "./pickle-values.ts";

/** What a reader of pickles makes of the few things that it knows. Whatever it does not know is not done. */
export interface PickleHost {
  /** Whether a name is one that weights need. */
  isKnown(global: GlobalName): boolean;
  /** What a call of a known name gives; undefined when it is no call that weights need. */
  call(global: GlobalName, args: readonly PickleValue[]): PickleValue | undefined;
  /** What stands outside the pickle under this id; undefined when nothing does. */
  resolve(id: PickleValue): PickleValue | undefined;
}

const maxAttempts = 10_000;
const maxFindings = 16;
/** What attacks are made of. It is told first: a pickle could hide it behind many harmless calls. */
const dangerous =
  /\b(os|posix|nt|sys|subprocess|builtins|__builtin__|pty|runpy|socket|shutil|ctypes|importlib|pickle|_pickle|marshal|eval|exec|system|popen)\b/i;
const maxMemo = 5_000_000;

/**
 * The stack of one pickle. It is symbolic: a name stays a name and a call that the host does not know becomes a line in
 * `attempts`, so that a pickle can be read to its end whatever it wants.
 */
export class PickleMachine {
  readonly cursor: PickleCursor;
  readonly attempts = new Set<string>();
  readonly #host: PickleHost;
  readonly #named = new Map<string, boolean>();
  readonly #memo = new Map<number, PickleValue>();
  readonly #outer: PickleValue[][] = [];
  #stack: PickleValue[] = [];

  constructor(cursor: PickleCursor, host: PickleHost) {
    this.cursor = cursor;
    this.#host = host;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw new FormatProblem("corrupt", "its pickle takes what is not there");
    return value;
  }

  /** What is on top, and stays. */
  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw new FormatProblem("corrupt", "its pickle takes what is not there");
    return value;
  }

  /** `POP` takes a mark away where one lies on top. */
  drop(): void {
    if (this.#stack.length > 0) this.#stack.pop();
    else this.popMark();
  }

  mark(): void {
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  /** All since the last mark. */
  popMark(): PickleValue[] {
    const items = this.#stack;
    const outer = this.#outer.pop();
    if (outer === undefined)
      throw new FormatProblem("corrupt", "its pickle ends a group that it did not begin");
    this.#stack = outer;
    return items;
  }

  put(index: number): void {
    if (this.#memo.size >= maxMemo) throw new FormatProblem("corrupt", "its pickle remembers too much");
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw new FormatProblem("corrupt", "its pickle asks for what it did not keep");
    return value;
  }

  global(module: PickleValue, name: PickleValue): GlobalName {
    if (typeof module !== "string" || typeof name !== "string") {
      this.#attempt(`names something by what it made: ${describeValue(module)} ${describeValue(name)}`);
      return new GlobalName("?", "?");
    }
    const global = new GlobalName(module, name);
    const text = global.toString();
    if (!this.#host.isKnown(global) && !this.#named.has(text) && isKept(text, this.#named.size))
      this.#named.set(text, false);
    return global;
  }

  call(callee: PickleValue, args: PickleValue): PickleValue {
    const list = args instanceof PickleSequence ? args.items : [args];
    if (callee instanceof GlobalName) {
      const result = this.#host.isKnown(callee) ? this.#host.call(callee, list) : undefined;
      if (result !== undefined) return result;
      this.#named.set(callee.toString(), true);
    }
    this.#attempt(`calls ${describeValue(callee)}${describeValue(new PickleSequence("tuple", [...list]))}`);
    return new HostValue(`what ${describeValue(callee)} would give`);
  }

  /** `BUILD`: PyTorch sets an attribute of its dictionaries so; of anything else it would be a call. */
  build(target: PickleValue, state: PickleValue): void {
    if (target instanceof PickleDict) return;
    this.#attempt(`sets the state of ${describeValue(target)} to ${describeValue(state)}`);
  }

  extension(code: number): HostValue {
    this.#attempt(`uses the registered extension ${code}`);
    return new HostValue(`extension ${code}`);
  }

  resolve(id: PickleValue): PickleValue {
    const value = this.#host.resolve(id);
    if (value !== undefined) return value;
    this.#attempt(`asks for something outside of it: ${describeValue(id)}`);
    return new HostValue("something outside of it");
  }

  append(target: PickleValue, items: readonly PickleValue[]): void {
    if (target instanceof PickleSequence && target.type !== "tuple")
      for (const item of items) target.items.push(item);
    else this.#attempt(`appends to ${describeValue(target)}`);
  }

  setItems(target: PickleValue, items: readonly PickleValue[]): void {
    if (!(target instanceof PickleDict)) {
      this.#attempt(`sets items of ${describeValue(target)}`);
      return;
    }
    for (let index = 0; index + 1 < items.length; index += 2)
      target.set(items[index] ?? null, items[index + 1] ?? null);
  }

  /** What the pickle wants that weights do not need: calls, and names that it only names. */
  findings(): readonly string[] {
    const names = [...this.#named].filter(([, isCalled]) => !isCalled).map(([name]) => `names ${name}`);
    const all = [...this.attempts, ...names];
    return [
      ...all.filter((each) => dangerous.test(each)),
      ...all.filter((each) => !dangerous.test(each)),
    ].slice(0, maxFindings);
  }

  #attempt(what: string): void {
    if (isKept(what, this.attempts.size)) this.attempts.add(what);
  }
}

function isKept(finding: string, count: number): boolean {
  return count < maxAttempts || (count < 2 * maxAttempts && dangerous.test(finding));
}
