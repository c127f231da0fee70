/** Frames survive being cut anywhere. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../src-main/sandbox/protocol.ts';

test('frames are read whole, however the stream is cut', () => {
  const frame = fc.record({ header: fc.dictionary(fc.string(), fc.integer()), body: fc.string({ unit: 'grapheme' }) });
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.nat(50)), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(({ header, body }) => encodeFrame(header, body)));
      const reader = new FrameReader(1 << 20);
      const read: unknown[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        for (const { header, body } of reader.push(stream.subarray(at, at + cut))) read.push([header, body.toString()]);
        at += cut;
      }
      expect(read).toEqual(frames.map(({ header, body }) => [JSON.parse(JSON.stringify(header)), body]));
    }),
  );
});

test('a frame above the bound is refused before it is held', () => {
  const reader = new FrameReader(100);
  expect(() => reader.push(encodeFrame({}, 'x'.repeat(200)).subarray(0, 8))).toThrow('Frame of 210 bytes: at most 100');
});
