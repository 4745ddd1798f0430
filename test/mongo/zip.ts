/** Reads one file from a zip archive, with the features that Python wheels use. */
import { inflateRawSync } from 'node:zlib';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const stored = 0;

/** The content of the first file whose name ends so. Throws an Error when there is none. */
export function fileInZip(zip: Buffer, nameEnd: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from(Uint32Array.of(endSignature).buffer));
  if (end < 0) throw new Error('This is no zip archive.');
  let at = zip.readUInt32LE(end + 16);
  while (zip.readUInt32LE(at) === entrySignature) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (name.endsWith(nameEnd)) return contentOf(zip, at);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`The archive has no file ${nameEnd}.`);
}

/** The file that an entry of the archive's directory speaks of. */
function contentOf(zip: Buffer, entry: number): Buffer {
  const local = zip.readUInt32LE(entry + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + zip.readUInt32LE(entry + 20));
  return zip.readUInt16LE(entry + 10) === stored ? packed : inflateRawSync(packed);
}
