const PRIME = 16777619;

/**
 * 32 bits that change with any value and with their order: FNV's multiplication over words, in four lanes so that one product need not
 * wait for the one before. A VGG-16's parameters take some 10 ms.
 */
export function checksum(values: Float32Array | Float64Array | Uint8Array): number {
  const { buffer, byteOffset, byteLength } = values;
  // A mask may lie anywhere in the file that it was read from.
  const aligned = byteOffset % 4 === 0;
  const words = new Int32Array(
    aligned ? buffer : buffer.slice(byteOffset, byteOffset + byteLength - (byteLength % 4)),
    aligned ? byteOffset : 0,
    byteLength >> 2,
  );
  const lanes = sumOfWords(words);
  const rest = new Uint8Array(buffer, byteOffset + words.byteLength, byteLength % 4);
  return rest.reduce((sum, byte) => Math.imul(sum ^ byte, PRIME), lanes ^ byteLength);
}

function sumOfWords(words: Int32Array): number {
  let [a, b, c, d] = [1, 2, 3, 4];
  const whole = words.length - (words.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a = Math.imul(a ^ words[i], PRIME);
    b = Math.imul(b ^ words[i + 1], PRIME);
    c = Math.imul(c ^ words[i + 2], PRIME);
    d = Math.imul(d ^ words[i + 3], PRIME);
  }
  for (let i = whole; i < words.length; i++) a = Math.imul(a ^ words[i], PRIME);
  return [b, c, d].reduce((sum, lane) => Math.imul(sum ^ lane, PRIME), a);
}
