import { type RandomStream, randomStream } from '@prunebench/core';

/** What bad disks, cut transfers and wrong tools do to a file. */
type Damage = (bytes: Buffer, random: RandomStream) => Buffer;

const damages: Readonly<Record<string, Damage>> = {
  'a flipped bit': (bytes, random) => {
    bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
    return bytes;
  },
  'another byte': (bytes, random) => {
    bytes[random.integer(bytes.length)] = random.integer(256);
    return bytes;
  },
  'a cut end': (bytes, random) => bytes.subarray(0, random.integer(bytes.length)),
  'more at the end': (bytes, random) =>
    Buffer.concat([bytes, Buffer.alloc(1 + random.integer(64), random.integer(256))]),
  'a piece missing': (bytes, random) => {
    const [start, end] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  'a piece twice': (bytes, random) => {
    const [start, end] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  'a piece in the place of another': (bytes, random) => {
    const [start, end] = range(bytes, random);
    bytes.copy(bytes, random.integer(bytes.length), start, end);
    return bytes;
  },
  'an extreme number': (bytes, random) => {
    const number = Buffer.from(random.integer(2) === 0 ? 'ffffffffffffffff' : '0000000000000080', 'hex');
    number.copy(bytes, random.integer(bytes.length));
    return bytes;
  },
  'another digit in a text': (bytes, random) => {
    const digits = [...bytes.keys()].filter((i) => bytes[i] >= 0x30 && bytes[i] <= 0x39);
    if (digits.length > 0) bytes[digits[random.integer(digits.length)]] = 0x30 + random.integer(10);
    return bytes;
  },
};

function range(bytes: Buffer, random: RandomStream): [start: number, end: number] {
  const start = random.integer(bytes.length);
  return [start, Math.min(bytes.length, start + 1 + random.integer(64))];
}

/** `count` damaged copies of a file, the same ones each time, with a name for messages. */
export function* mutations(
  good: Uint8Array,
  count: number,
): Generator<{ readonly what: string; readonly bytes: Buffer }, void, undefined> {
  const kinds = Object.entries(damages);
  for (let i = 0; i < count; i++) {
    const [kind, damage] = kinds[i % kinds.length];
    yield { what: `${kind} (${i})`, bytes: damage(Buffer.from(good), randomStream(i, kind)) };
  }
}
