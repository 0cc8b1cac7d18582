import { deflateSync, gzipSync } from "node:zlib";
import { encodeZip } from "../zip-sample.test-data.ts";
import { publishedGadgets } from "./malicious-gadgets.test-data.ts";
import { trickyFiles } from "./malicious-tricks.test-data.ts";

/** A file that does something when Python loads it. */
interface MaliciousFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** What the verdict must name. */
  readonly names: string;
}

const latin = (text: string): Buffer => Buffer.from(text, "latin1");
/** An opcode with a text of less than 256 bytes. */
const short = (text: string): string => `\x8c${String.fromCharCode(text.length)}${text}`;
const byStack = (module: string, name: string): string => `${short(module)}${short(name)}\x93`;
const callOf = (module: string, name: string, argument: string): string =>
  `\x80\x04${byStack(module, name)}${short(argument)}\x85R.`;
const oldCallOf = (module: string, name: string, argument: string): string =>
  `c${module}\n${name}\n(S'${argument}'\ntR.`;

/** Files of every published kind of attack by pickle; each would make the file `canary` if Python loaded it. */
export function maliciousFiles(canary: string): readonly MaliciousFile[] {
  const touch = `touch ${canary}`;
  const python = `open('${canary}','w')`;
  const write = `open("${canary}","w")`;
  const torchZip = (pickle: string, more: Parameters<typeof encodeZip>[0] = []): Buffer =>
    encodeZip([
      { name: "archive/data.pkl", data: latin(pickle) },
      { name: "archive/version", data: latin("3\n") },
      ...more,
    ]);
  const attack = oldCallOf("os", "system", touch);
  const marked = callOf("posix", "system", touch);
  return [
    ...publishedGadgets.map(([module, name], at) => ({
      name: `gadget-${at}.pkl`,
      bytes: latin(callOf(module, name, touch)),
      names: `${module}.${name}`,
    })),
    ...trickyFiles(canary),
    { name: "protocol-0.pkl", bytes: latin(attack), names: "os.system" },
    { name: "posix.pt", bytes: latin(marked), names: "posix.system" },
    { name: "nt.bin", bytes: latin(callOf("nt", "system", touch)), names: "nt.system" },
    { name: "eval.pth", bytes: latin(callOf("builtins", "eval", python)), names: "builtins.eval" },
    { name: "exec.ckpt", bytes: latin(callOf("builtins", "exec", python)), names: "builtins.exec" },
    { name: "exec-2.pkl", bytes: latin(oldCallOf("__builtin__", "eval", write)), names: "__builtin__.eval" },
    { name: "getattr.pkl", bytes: latin(callOf("builtins", "getattr", "x")), names: "builtins.getattr" },
    { name: "popen.pkl", bytes: latin(callOf("subprocess", "Popen", touch)), names: "subprocess.Popen" },
    {
      name: "import.pkl",
      bytes: latin(callOf("importlib", "import_module", "x")),
      names: "importlib.import_module",
    },
    { name: "runpy.pkl", bytes: latin(callOf("runpy", "_run_code", python)), names: "runpy._run_code" },
    { name: "web.pkl", bytes: latin(callOf("webbrowser", "open", "http://a")), names: "webbrowser.open" },
    {
      name: "numpy-exec.pkl",
      bytes: latin(callOf("numpy.testing._private.utils", "runstring", python)),
      names: "numpy.testing._private.utils.runstring",
    },
    { name: "pip.pkl", bytes: latin(callOf("pip", "main", "install")), names: "pip.main" },
    { name: "torch-load.pkl", bytes: latin(callOf("torch", "load", "x")), names: "torch.load" },
    { name: "pydoc.pkl", bytes: latin(callOf("pydoc", "pipepager", touch)), names: "pydoc.pipepager" },
    { name: "timeit.pkl", bytes: latin(callOf("timeit", "timeit", python)), names: "timeit.timeit" },
    {
      name: "dotted.pkl",
      bytes: latin(callOf("collections", "OrderedDict.__class__", "x")),
      names: "OrderedDict.__class__",
    },
    { name: "inst.pkl", bytes: latin(`(S'${touch}'\nios\nsystem\n.`), names: "os.system" },
    { name: "obj.pkl", bytes: latin(`(cos\nsystem\nS'${touch}'\no.`), names: "os.system" },
    {
      name: "newobj.pkl",
      bytes: latin(`\x80\x02csubprocess\nPopen\n${short(touch)}\x85\x81.`),
      names: "subprocess.Popen",
    },
    {
      name: "newobj-ex.pkl",
      bytes: latin(`\x80\x04${byStack("subprocess", "Popen")}${short(touch)}\x85}\x92.`),
      names: "subprocess.Popen",
    },
    {
      name: "memo.pkl",
      bytes: latin(`\x80\x04${short("os")}\x940${short("system")}\x940h\0h\x01\x93${short(touch)}\x85R.`),
      names: "os.system",
    },
    {
      name: "build.pkl",
      bytes: latin(`\x80\x02casyncio.unix_events\n_UnixSubprocessTransport\n)\x81}b.`),
      names: "asyncio.unix_events",
    },
    { name: "extension.pkl", bytes: latin("\x80\x02\x82\x07)R."), names: "extension 7" },
    {
      name: "computed.pkl",
      bytes: latin(`\x80\x04cbase64\nb64decode\n${short("b3M=")}\x85R${short("system")}\x93.`),
      names: "base64.b64decode",
    },
    {
      name: "inside-list.pkl",
      bytes: latin(`\x80\x02](cos\nsystem\n${short(touch)}\x85Re.`),
      names: "os.system",
    },
    { name: "named-only.pkl", bytes: latin("\x80\x02cos\nsystem\n."), names: "os.system" },
    { name: "broken-after.pkl", bytes: latin(`${marked.slice(0, -1)}\xff\xff\xff`), names: "posix.system" },
    { name: "broken-after-0.pkl", bytes: latin(`${attack.slice(0, -1)}\xff`), names: "os.system" },
    { name: "second-pickle.pkl", bytes: latin(`\x80\x02}.${marked}`), names: "posix.system" },
    {
      name: "nested.pkl",
      bytes: latin(
        `\x80\x04${byStack("pickle", "loads")}C${String.fromCharCode(marked.length)}${marked}\x85R.`,
      ),
      names: "pickle.loads",
    },
    { name: "packed.joblib", bytes: gzipSync(latin(marked)), names: "posix.system" },
    { name: "packed-2.joblib", bytes: deflateSync(latin(attack)), names: "os.system" },
    { name: "zip.pt", bytes: torchZip(marked), names: "posix.system" },
    {
      name: "zip-deflated.pt",
      bytes: encodeZip([{ name: "a/data.pkl", data: latin(marked), isDeflated: true }]),
      names: "posix.system",
    },
    {
      name: "zip-second.pt",
      bytes: torchZip("\x80\x02}.", [{ name: "other.pkl", data: latin(attack) }]),
      names: "os.system",
    },
    {
      name: "zip-renamed.pt",
      bytes: torchZip("\x80\x02}.", [{ name: "b.txt", localName: "b.pkl", data: latin(attack) }]),
      names: "calls itself b.pkl",
    },
    {
      name: "zip-local-name.pt",
      bytes: encodeZip([{ name: "a/data.pkl", localName: "a/date.pkl", data: latin("\x80\x02}.") }]),
      names: "calls itself a/date.pkl",
    },
    {
      name: "zip-flags.pt",
      bytes: encodeZip([{ name: "a/data.pkl", data: latin(marked), flags: 1 }]),
      names: "encrypted",
    },
    {
      name: "zip-slip.pt",
      bytes: torchZip("\x80\x02}.", [{ name: "../../etc/cron.d/x", data: latin("x") }]),
      names: "outside of its folder",
    },
    {
      name: "zip-link.pt",
      bytes: torchZip("\x80\x02}.", [{ name: "a/l", data: latin("/etc"), mode: 0o120777 }]),
      names: "link",
    },
    {
      name: "zip-twice.pt",
      bytes: torchZip("\x80\x02}.", [{ name: "archive/data.pkl", data: latin(marked) }]),
      names: "twice",
    },
    {
      name: "objects.npy",
      bytes: Buffer.concat([
        latin("\x93NUMPY\x01\0\x50\0"),
        latin("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(79)),
        latin(`\n${marked}`),
      ]),
      names: "posix.system",
    },
  ];
}
