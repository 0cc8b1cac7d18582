import { encodeZip } from "../zip-sample.test-data.ts";

/** A file whose payload is written so that readers of it see something else than Python does. */
interface TrickyFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** What the verdict must name. */
  readonly names: string;
}

const latin = (text: string): Buffer => Buffer.from(text, "latin1");
const plain = latin("\x80\x02}.");
const entryStart = latin("PK\x01\x02");
const endStart = latin("PK\x05\x06");

/** Tricks against parsers, published or found while reading ours. */
export function trickyFiles(canary: string): readonly TrickyFile[] {
  const attack = latin(`cos\nsystem\n(S'touch ${canary}'\ntR.`);
  const marked = Buffer.concat([latin("\x80\x02"), attack]);
  const before = (text: string): Buffer => Buffer.concat([latin(text), attack]);
  const archive = (data: Buffer, name = "archive/data.pkl"): Buffer =>
    encodeZip([
      { name, data },
      { name: "archive/version", data: latin("3\n") },
    ]);
  const numpy = (header: string): Buffer =>
    Buffer.concat([latin(`\x93NUMPY\x01\0${String.fromCharCode(header.length)}\0${header}`), marked]);
  const shape = "'shape': (1,), }\n";
  return [
    { name: "long-line.pkl", bytes: before(`S'${"a".repeat(70_000)}'\n0`), names: "os.system" },
    { name: "long-number.pkl", bytes: before(`L${"1".repeat(3_000)}L\n0`), names: "os.system" },
    { name: "hex-number.pkl", bytes: before("I0x10\n0"), names: "os.system" },
    { name: "underscores.pkl", bytes: before("F1_0\n0"), names: "os.system" },
    { name: "memo-underscores.pkl", bytes: before("Np1_0\n0g10\n0"), names: "os.system" },
    { name: "many-steps.pkl", bytes: before("N0".repeat(2_600_000)), names: "opcodes" },
    { name: "long-text.pkl", bytes: before(`S'${"a".repeat(17 * 1024 * 1024)}'\n0`), names: "too long" },
    {
      name: "hidden-among-others.pkl",
      bytes: before(Array.from({ length: 40 }, (_, at) => `ca\nb${at}\n)R0`).join("")),
      names: "os.system",
    },
    {
      name: "hidden-result.pkl",
      bytes: Buffer.concat([attack.subarray(0, -1), latin("0}.")]),
      names: "os.system",
    },
    {
      name: "setstate.pkl",
      bytes: latin("\x80\x02cnumpy\nprod\nN}(X\x01\0\0\0aX\x02\0\0\0osu\x86b0cnumpy\nprod.a\n."),
      names: "numpy.prod",
    },
    {
      name: "sixty-fifth.pkl",
      bytes: Buffer.concat([...Array.from({ length: 64 }, () => plain), marked]),
      names: "more than 64 pickles",
    },
    { name: "safe.safetensors", bytes: marked, names: "os.system" },
    { name: "config.json", bytes: attack, names: "os.system" },
    { name: "model.gguf", bytes: archive(marked), names: "os.system" },
    { name: "upper.pt", bytes: archive(marked, "archive/DATA.PKL"), names: "os.system" },
    {
      name: "other-name.pt",
      bytes: encodeZip([
        { name: "a/data.pkl", data: plain },
        { name: "a/config.p", data: marked },
      ]),
      names: "os.system",
    },
    { name: "no-name.zip", bytes: encodeZip([{ name: "readme", data: marked }]), names: "os.system" },
    { name: "wrong-sum.pt", bytes: withWrongSum(archive(marked)), names: "os.system" },
    { name: "seven.pt", bytes: Buffer.concat([latin("7z\xbc\xaf\x27\x1c"), marked]), names: "7z" },
    { name: "counts-less.pt", bytes: withCount(archive(marked), 1), names: "more than the entries" },
    {
      name: "two-directories.keras",
      bytes: withTwoDirectories(archive(plain), archive(marked)),
      names: "not where it says",
    },
    { name: "renamed.pt", bytes: withOtherName(archive(marked)), names: "two names" },
    {
      name: "behind-text.keras",
      bytes: Buffer.concat([latin("a model card\n"), archive(marked)]),
      names: "ZIP",
    },
    { name: "behind-pickle.pt", bytes: Buffer.concat([plain, archive(marked)]), names: "ZIP" },
    { name: "tar.pt", bytes: tar("../../etc/cron.d/x", marked), names: "tar" },
    {
      name: "twice.npy",
      bytes: numpy(`{'descr': '<f4', 'fortran_order': False, 'descr': '|O', ${shape}`),
      names: "os.system",
    },
    {
      name: "escaped.npy",
      bytes: numpy(`{'descr': '|\\x4f', 'fortran_order': False, ${shape}`),
      names: "os.system",
    },
    {
      name: "object.npy",
      bytes: numpy(`{'descr': 'object', 'fortran_order': False, ${shape}`),
      names: "os.system",
    },
    {
      name: "field.npy",
      bytes: numpy(`{'descr': [('a', '|O')], 'fortran_order': False, ${shape}`),
      names: "os.system",
    },
  ];
}

/** The checksum in the entry's own head and in the directory; PyTorch does not mind it (CVE-2025-10156). */
function withWrongSum(zip: Buffer): Buffer {
  const bytes = Buffer.from(zip);
  bytes.writeUInt32LE(0xdeadbeef, 14);
  bytes.writeUInt32LE(0xdeadbeef, bytes.indexOf(entryStart) + 16);
  return bytes;
}

/** Python reads the whole directory, others as many entries as the end counts. */
function withCount(zip: Buffer, count: number): Buffer {
  const bytes = Buffer.from(zip);
  const end = bytes.indexOf(endStart);
  bytes.writeUInt16LE(count, end + 8);
  bytes.writeUInt16LE(count, end + 10);
  return bytes;
}

/** Python takes the directory just before the end, others the one at the offset that the end names. */
function withTwoDirectories(first: Buffer, second: Buffer): Buffer {
  const bytes = Buffer.concat([first.subarray(0, first.indexOf(endStart)), second]);
  bytes.writeUInt32LE(first.indexOf(entryStart), bytes.lastIndexOf(endStart) + 16);
  return bytes;
}

/** New versions of Python take the name of the extra field. */
function withOtherName(zip: Buffer): Buffer {
  const at = zip.indexOf(entryStart);
  const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
  const extra = latin("\x75\x70\x06\0\x01\0\0\0\0x");
  const bytes = Buffer.concat([zip.subarray(0, nameEnd), extra, zip.subarray(nameEnd)]);
  bytes.writeUInt16LE(extra.length, at + 30);
  const end = bytes.indexOf(endStart);
  bytes.writeUInt32LE(bytes.readUInt32LE(end + 12) + extra.length, end + 12);
  return bytes;
}

/** An archive of tar with one file. */
function tar(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write("0000644", 100);
  head.write(data.length.toString(8).padStart(11, "0"), 124);
  head.write("        0ustar", 148);
  head.write("ustar\x0000", 257);
  return Buffer.concat([head, data, Buffer.alloc(1024)]);
}
