/** Frames between an interpreter process and the app: u32 header bytes and u32 body bytes, little endian, a JSON header,
 * a body; src-main/sandbox/protocol.ts is the other end. Blocking, so that the process never returns to its event loop
 * once it runs programs: no callback, promise or socket of theirs ever gets a turn. */
import { readSync, writeSync } from 'node:fs';

const { decode } = bound(new TextDecoder());
const { encode } = bound(new TextEncoder());
const pause = new Int32Array(new SharedArrayBuffer(4));

function bound(coder) {
  return { decode: coder.decode?.bind(coder), encode: coder.encode?.bind(coder) };
}

/** @returns the next { header, body: Uint8Array }, or null at the end of input: the app has gone. */
export function readFrame() {
  const sizes = readExactly(8);
  if (sizes === null) return null;
  const view = new DataView(sizes.buffer);
  const header = readExactly(view.getUint32(0, true));
  const body = header && readExactly(view.getUint32(4, true));
  return body && { header: JSON.parse(decode(header)), body };
}

function readExactly(count) {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count; ) {
    const got = attempt(() => readSync(0, bytes, done, count - done, null));
    if (got === 0) return null;
    done += got;
  }
  return bytes;
}

/** Blocks until all is written. */
export function writeFrame(header, body = new Uint8Array(0)) {
  const head = encode(JSON.stringify(header));
  const frame = new Uint8Array(8 + head.length + body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, head.length, true);
  view.setUint32(4, body.length, true);
  frame.set(head, 8);
  frame.set(body, 8 + head.length);
  for (let done = 0; done < frame.length; ) done += attempt(() => writeSync(1, frame, done, frame.length - done));
}

/** Windows reports the end of a pipe as an error, and a pipe that is not ready as another. */
function attempt(call) {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error.code === 'EOF') return 0;
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
