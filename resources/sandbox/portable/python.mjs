/** A process that runs Python programs by Pyodide. Without an image it makes one: the interpreter's memory after the
 * imports that every program starts with, which makes a start several times as quick. */
import { Buffer } from 'node:buffer';
import { closeSync, readFileSync, readSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { writeFrame } from './channel.mjs';
import { decode, failed, parsed, restorer, serve } from './serve.mjs';
import { configuration, exit, hideNode } from './walls.mjs';

const { folder, imageBytes, sources } = configuration;
const IMAGE = 3; // the descriptor that the app gives
const PAGE_BYTES = 65_536;
const WORK = '/work';
const MOST_FILES = 1_024;
const EPERM = 63;
const ENOSPC = 51;
const NEWLINE = Uint8Array.of(10);
const EROFS = 69;

const path = (name) => `${folder}/${name.slice(name.lastIndexOf('/') + 1)}`;
const modules = (sources ?? []).map(([name, source]) => [name, readFileSync(source, 'utf8')]);
const image = imageBytes === null ? null : readImage(imageBytes);

// Pyodide takes this process for the shell of a JavaScript engine, which has these functions and no more.
hideNode({
  load: () => undefined,
  read: (name) => readFileSync(path(name), 'utf8'),
  readbuffer: (name) => new Uint8Array(readFileSync(path(name))).buffer,
  os: {
    // As a shell's `head -c1 /dev/urandom | base64`. Programs need no secrets.
    system: (_, [, command]) => {
      const count = Number(/^head -c(\d+) /.exec(command)[1]);
      return Buffer.from(Uint8Array.from({ length: count }, () => Math.random() * 256)).toString('base64');
    },
  },
});
const { loadPyodide } = await import(pathToFileURL(path('pyodide.mjs')).href);
const { default: createPyodideModule } = await import(pathToFileURL(path('pyodide.asm.mjs')).href);
const pyodide = await loadPyodide({
  indexURL: '/',
  packageBaseUrl: '/',
  lockFileContents: { ...JSON.parse(readFileSync(path('pyodide-lock.json'), 'utf8')), packages: {} },
  createPyodideModule,
  jsglobals: Object.create(null),
  enableRunUntilComplete: false,
  env: { HOME: WORK, PYTHONHASHSEED: '0' }, // a fixed seed makes the order of sets, and so verdicts, repeatable
  stdin: () => null,
  stdout: () => undefined,
  stderr: () => undefined,
  ...(image === null ? { _makeSnapshot: true } : { _loadSnapshot: image }),
});
if (image === null) {
  const add = pyodide.runPython(
    "import sys, types\ndef add(name, source):\n  sys.modules[name] = types.ModuleType(name)\n  exec(compile(source, name + '.py', 'exec'), sys.modules[name].__dict__)\nadd",
  );
  for (const [name, source] of modules) add(name, source);
  add.destroy();
  writeFrame({ kind: 'image' }, pyodide.makeMemorySnapshot());
  exit(0);
}
for (const name of ['load', 'read', 'readbuffer']) delete globalThis[name];

const { FS, _module: pyodideModule } = pyodide;
const { MEMFS, PIPEFS, SOCKFS, memory } = pyodideModule;
const version = `Python ${pyodide.runPython('__import__("sys").version').split(' ')[0]} (Pyodide ${pyodide.version})`;
const execute = pyodide.runPython('__import__("sys").modules["portable"].prepare()');
const channel = openChannel();
const files = confineFiles();
const heap = confineHeap();
const restore = restorer(memory);

serve(version, run);

function run(request, output, exchange) {
  const { kind, code, functionName, limits, input } = request;
  const goesOn = kind === 'call' && !request.fresh;
  if (!goesOn) {
    restore();
    files.begin(limits.fileBytes, request.files ?? {});
  }
  heap.mostBytes = limits.memoryMb * 2 ** 20;
  channel.exchange = kind === 'check' ? exchange : null;
  const stdin = kind === 'stdin' ? input : new Uint8Array(0);
  let read = 0;
  pyodide.setStdin({
    read(buffer) {
      const part = stdin.subarray(read, read + buffer.length);
      buffer.set(part);
      read += part.length;
      return part.length;
    },
  });
  const writer = (write) => ({
    write(buffer) {
      write(buffer);
      return buffer.length;
    },
  });
  pyodide.setStdout(writer((bytes) => output.out(bytes)));
  pyodide.setStderr(writer((bytes) => output.error(bytes)));
  const text = kind === 'stdin' ? JSON.stringify(request.arguments ?? []) : decode(input);
  const seen = () => parsed(execute(goesOn ? 'call again' : kind, code, functionName ?? undefined, text));
  return { ...ended(seen), memoryMb: memory.buffer.byteLength / 2 ** 20 };
}

/** What came of a run, which may have ended the interpreter too. */
function ended(call) {
  try {
    return call();
  } catch (error) {
    if (Number.isInteger(error.status)) return { code: error.status, spent: true }; // os._exit
    if (error.type === 'MemoryError') return { ...failed('MemoryError', 'memory-limit'), spent: true };
    throw error;
  }
}

/** A device by which a checker's process asks for calls: what is written to it goes to the app when a reply is read. */
function openChannel() {
  const opened = { exchange: null };
  const refuse = () => {
    if (opened.exchange === null) throw new FS.ErrnoError(EPERM);
  };
  let said = new Uint8Array(0);
  let reply = new Uint8Array(0);
  const joined = (first, second) => {
    const all = new Uint8Array(first.length + second.length);
    all.set(first);
    all.set(second, first.length);
    return all;
  };
  const device = FS.makedev(FS.createDevice.major++, 0);
  FS.registerDevice(device, {
    write(_stream, buffer, offset, length) {
      refuse();
      said = joined(said, buffer.subarray(offset, offset + length));
      return length;
    },
    read(_stream, buffer, offset, length) {
      refuse();
      if (reply.length === 0) {
        const line = opened.exchange(said);
        said = new Uint8Array(0);
        if (line === null) return 0;
        reply = joined(line, NEWLINE);
      }
      const part = reply.subarray(0, length);
      buffer.set(part, offset);
      reply = reply.subarray(part.length);
      return part.length;
    },
  });
  FS.mkdev('/dev/exchange', device);
  return opened;
}

function readImage(count) {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count; ) done += readSync(IMAGE, bytes, done, count - done, done);
  closeSync(IMAGE);
  return bytes;
}

/** The interpreter's heap, which only grows, stays below mostBytes: beyond it Python raises MemoryError. */
function confineHeap() {
  const limit = { mostBytes: Number.POSITIVE_INFINITY };
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE_BYTES > limit.mostBytes) throw new RangeError('memory limit');
    return grow(pages);
  };
  return limit;
}

/** Files can be written in the working folder only, which is empty for each test; no pipes, no sockets. */
function confineFiles() {
  const refuse = () => {
    throw new FS.ErrnoError(EPERM);
  };
  PIPEFS.createPipe = refuse;
  SOCKFS.createSocket = refuse;
  FS.mkdirTree(WORK);
  let root = FS.mount(MEMFS, {}, WORK);
  let mostBytes = 0;
  let left = { bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };
  const take = (bytes, count) => {
    left = { bytes: left.bytes - Math.max(0, bytes), files: left.files - count };
    if (left.bytes >= 0 && left.files >= 0) return;
    const held = measure(root); // what was removed since is room again
    left = { bytes: mostBytes - held.bytes - Math.max(0, bytes), files: MOST_FILES - held.files - count };
    if (left.bytes < 0 || left.files < 0) throw new FS.ErrnoError(ENOSPC);
  };
  const guard = (operations, name, claim = () => undefined) => {
    const original = operations[name];
    if (original === undefined) return;
    operations[name] = (target, ...rest) => {
      const node = target.node ?? target; // of a stream, or a node itself
      if (node.mount !== root.mount) throw new FS.ErrnoError(EROFS);
      claim(node, ...rest);
      return original(target, ...rest);
    };
  };
  for (const { node, stream } of Object.values(MEMFS.ops_table)) {
    guard(node, 'setattr', (file, { size }) => size !== undefined && take(size - file.usedBytes, 0));
    guard(node, 'mknod', () => take(0, 1));
    guard(node, 'symlink', () => take(0, 1));
    for (const name of ['rename', 'unlink', 'rmdir']) guard(node, name);
    guard(stream, 'write', (file, _buffer, _offset, length, position) => take(position + length - file.usedBytes, 0));
    guard(stream, 'msync', (file, _buffer, position, length) => take(position + length - file.usedBytes, 0));
  }
  return {
    begin(bytes, given) {
      for (const stream of FS.streams) if (stream) FS.closeStream(stream.fd);
      FS.chdir('/');
      FS.unmount(WORK);
      root = FS.mount(MEMFS, {}, WORK);
      FS.chdir(WORK);
      mostBytes = Number.POSITIVE_INFINITY;
      for (const [name, text] of Object.entries(given)) FS.writeFile(`${WORK}/${name}`, text);
      mostBytes = bytes;
      left = { bytes, files: MOST_FILES };
    },
  };
}

/** What a folder holds: bytes, and files and folders. */
function measure(folder) {
  const held = { bytes: 0, files: -1 };
  const waiting = [folder];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    held.files += 1;
    held.bytes += node.usedBytes ?? 0;
    if (FS.isDir(node.mode)) for (const inside of Object.values(node.contents)) waiting.push(inside);
  }
  return held;
}
