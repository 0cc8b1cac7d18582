import pixelmatch from "pixelmatch";
import sharp from "sharp";

/** So many pixels to each side are seen as one: what differs within them alone, such as the edges of letters, is no difference. */
const grain = 8;
/** How far two such pixels may be apart; 1 is from black to white. */
const threshold = 0.04;
/** As many of them in a square of eight may be further apart: a word that is drawn a little wider. */
const most = 12;
const windowSize = 8;
/** A line may be a pixel higher in another version of the browser, and a long page has many. */
const heightSlack = 0.01;

/** Says what has changed between two pictures in PNG; undefined where no block is missing, moved or of another colour. */
export async function comparePictures(before: Buffer, after: Buffer): Promise<string | undefined> {
  const [one, other] = await Promise.all([sizeOf(before), sizeOf(after)]);
  const grown = Math.abs(other.height - one.height);
  if (one.width !== other.width || grown > Math.max(4, heightSlack * one.height))
    return `it is ${other.width} × ${other.height} now, and was ${one.width} × ${one.height}`;
  const size = {
    width: Math.floor(one.width / grain),
    height: Math.floor(Math.min(one.height, other.height) / grain),
  };
  const [was, is] = await Promise.all([toCoarse(before, size), toCoarse(after, size)]);
  const found = pixelmatch(was, is, undefined, size.width, size.height, {
    threshold,
    includeAA: true,
    windowSize,
  });
  return found <= most ? undefined : `${found} of the 64 parts of a square of 64 pixels differ`;
}

/** As it is kept: in as many colours as pages of few need. */
export function packPicture(picture: Buffer): Promise<Buffer> {
  return sharp(picture)
    .png({ palette: true, colours: 64, dither: 0, effort: 10, compressionLevel: 9 })
    .toBuffer();
}

interface Size {
  readonly width: number;
  readonly height: number;
}

async function sizeOf(picture: Buffer): Promise<Size> {
  const { width, height } = await sharp(picture).metadata();
  return { width, height };
}

function toCoarse(picture: Buffer, { width, height }: Size): Promise<Buffer> {
  return sharp(picture)
    .extract({ left: 0, top: 0, width: width * grain, height: height * grain })
    .ensureAlpha()
    .resize(width, height, { kernel: "linear", fit: "fill" })
    .raw()
    .toBuffer();
}
