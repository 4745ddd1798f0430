/** A short key for a text. The same text has the same key, so what is stored under it can be found again. */

/** 64 bits of FNV-1a in two runs, as hexadecimal digits. Texts can be made to collide: compare the texts after a look-up. */
export function fingerprint(text: string): string {
  return run(text, 0x811c9dc5) + run(text, 0x9747b28c);
}

function run(text: string, seed: number): string {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
