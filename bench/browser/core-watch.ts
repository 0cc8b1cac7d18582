// Times the same sums again and again on the core that it is pinned to, before all other processes, until its input ends;
// then it writes [when, how long] of each in milliseconds. Its clock is that of Chromium's trace. Nothing in the machine can
// interrupt the sums: if they take longer, the core itself was slow, or was lent to another machine.

const everyMs = 2;
const sums = 20_000;
const readings: (readonly [number, number])[] = [];

const toMs = (time: bigint): number => Number(time / 1_000n) / 1_000;

function read(): void {
  const start = process.hrtime.bigint();
  let sum = readings.length;
  for (let at = 0; at < sums; at++) sum = (Math.imul(sum, 1_664_525) + 1_013_904_223) | 0;
  const tookMs = toMs(process.hrtime.bigint() - start);
  // Read, so that it has to be computed.
  readings.push([toMs(start), sum === 0.5 ? 0 : tookMs]);
}

read();
const timer = setInterval(read, everyMs);

process.stdin.resume().once("end", () => {
  clearInterval(timer);
  process.stdout.write(JSON.stringify(readings));
});
