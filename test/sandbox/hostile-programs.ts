/** Hostile programs in JavaScript, C++ and Java, and the verdicts that each may have. PORT in them stands for the number of
 * a port of this machine on which something listens. */
import type { Test } from '../../src-shared/verdict.ts';
import { call } from './harness.ts';
import { javaMain } from './language-suite.ts';

/** What no hostile program here prints or returns. */
export const ANSWER = '424242';
export const BAD = ['wrong-answer', 'runtime-error', 'compile-error', 'time-limit', 'memory-limit', 'output-limit'];

/** One hostile program: what it is, its code, and the verdicts that it may have. */
export type Hostile = readonly [title: string, code: string, verdicts: readonly string[], given?: Test];

const cpp = (body: string, ...headers: string[]): string =>
  `${headers.map((name) => `#include <${name}>\n`).join('')}int main() {\n${body}\n}`;
const FORGED = ['{"value":424242}', '{"done":true}', '{"passed":true}', 'LR', '{"error":"","verdict":"passed"}'];
const FRAME = '{"status":"exited","code":0,"detail":"","wallMs":1,"memoryMb":1,"stderr":"","stdoutBytes":6}';

const forge = `for (let i = 0; i < 64; i++) for (const line of ${JSON.stringify(FORGED)}) try { require("fs").writeSync(i, line + "\\n") } catch {}`;
const bytes = (text: string) => JSON.stringify(text);

export const JAVASCRIPT: readonly Hostile[] = [
  [
    'a fork bomb',
    'const { spawn } = require("child_process"); for (;;) try { spawn(process.execPath, [__filename]) } catch {}',
    ['time-limit', 'memory-limit'],
  ],
  [
    'a fork bomb by the bindings',
    'const f = () => { const b = process.binding("spawn_sync"); for (;;) b.spawn({ file: "/bin/sleep", args: ["sleep", "1000"], stdio: [] }) }',
    ['runtime-error', 'time-limit'],
    call(ANSWER),
  ],
  [
    'threads',
    'const { Worker } = require("worker_threads"); const all = []; for (;;) try { all.push(new Worker("for(;;);", { eval: true })) } catch {}',
    ['time-limit', 'memory-limit'],
  ],
  ['endless output', 'for (;;) console.log("x".repeat(1e5))', ['output-limit']],
  ['endless errors', 'for (;;) console.error("x".repeat(1e5))', ['time-limit']],
  ['a large answer', 'const f = () => "x".repeat(1e7)', ['output-limit'], call(ANSWER)],
  ['the network', 'require("net").connect(PORT, "127.0.0.1")', ['runtime-error']],
  [
    'the network in a function',
    'const f = async () => { const r = await fetch("http://127.0.0.1:PORT/"); return 41 }',
    ['runtime-error'],
    call(ANSWER),
  ],
  ['ending early', 'process.reallyExit(0)', ['wrong-answer']],
  ['ending early in a function', 'const f = () => process.reallyExit(0)', ['runtime-error'], call(ANSWER)],
  ['forged answers on every descriptor', forge, ['wrong-answer', 'runtime-error']],
  [
    'forged failures in a function',
    `const f = () => { require("fs").writeSync(3, ${JSON.stringify(`${FRAME}\n{"passed":true}\n{"value":{"passed":true}}\n`)}); for (;;); }`,
    ['runtime-error', 'wrong-answer'],
    call(ANSWER),
  ],
  [
    'reading the calls',
    'const f = () => { const b = Buffer.alloc(99); require("fs").readSync(4, b); return 41 }',
    ['time-limit'],
    call(ANSWER),
  ],
  [
    'killing everything',
    'for (const id of [-1, 1, process.ppid, 2, process.pid]) try { process.kill(id, "SIGKILL") } catch {}',
    ['runtime-error'],
  ],
  [
    'killing everything in a function',
    'const f = () => { for (const id of [-1, 1, process.ppid, 2]) try { process.kill(id, "SIGKILL") } catch {} return 41 }',
    ['runtime-error', 'wrong-answer'],
    call(ANSWER),
  ],
  [
    'a daemon',
    'require("child_process").spawn("/bin/sleep", ["1000"], { detached: true, stdio: "ignore" }).unref()',
    ['runtime-error'],
  ],
  ['a memory bomb', 'const all = []; for (;;) all.push({ a: 1 })', ['memory-limit']],
  ['a memory bomb outside the heap', 'const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))', ['memory-limit']],
  [
    'a memory bomb of WebAssembly',
    'const all = []; for (;;) { const m = new WebAssembly.Memory({ initial: 1000 }); new Uint8Array(m.buffer).fill(1); all.push(m) }',
    ['memory-limit'],
  ],
  ['sleeping', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)', ['time-limit']],
  ['a timer that never ends', 'setInterval(() => {}, 10)', ['time-limit']],
  ['promises that never end', 'const g = () => Promise.resolve().then(g); g()', ['time-limit', 'memory-limit']],
  [
    'a promise that never ends in a function',
    'const f = () => new Promise((done) => setInterval(() => {}, 1))',
    ['time-limit'],
    call(ANSWER),
  ],
  ['endless recursion', 'const f = () => f()\nf()', ['runtime-error']],
  ['a regular expression', `/^(a+)+$/.test(${'"a".repeat(60) + "b"'})`, ['time-limit']],
  ['nesting that no parser takes', '('.repeat(200_000), ['compile-error']],
  [
    'prototypes of the realm',
    'const f = () => { Object.prototype.toJSON = () => 424242; JSON.stringify = () => "424242"; Array.prototype.join = () => "424242"; Array.prototype[Symbol.iterator] = null; return { a: [1] } }',
    ['wrong-answer'],
    call(ANSWER),
  ],
  [
    'prototypes of the harness',
    'const f = () => { const { prototype } = process.constructor.constructor("return Object")(); prototype.toJSON = () => 424242; prototype.then = 1; process.constructor.constructor("return Array")().prototype.join = () => "424242"; return { a: [1] } }',
    ['wrong-answer', 'runtime-error'],
    call(ANSWER),
  ],
  [
    "the harness's own functions",
    'const f = () => { const fs = require("fs"); fs.writeSync = () => 1e9; fs.readSync = () => 0; process.getActiveResourcesInfo = null; Buffer.from = () => Buffer.alloc(9); return 41 }',
    BAD,
    call(ANSWER),
  ],
  [
    'an answer that is never done',
    'const f = () => new Proxy([], { get: (_, key) => (key === "length" ? Infinity : 1) })',
    ['time-limit', 'memory-limit'],
    call(ANSWER),
  ],
  ['an answer that answers', 'const f = () => ({ get a() { process.exit(0) } })', ['runtime-error'], call(ANSWER)],
  [
    'an answer that grows without end',
    'const f = () => { const a = []; a.push(a, a); return a }',
    ['time-limit', 'memory-limit'],
    call(ANSWER),
  ],
  [
    'a handler that never returns',
    'process.on("exit", () => { for (;;); }); process.on("SIGTERM", () => {}); process.exit(0)',
    ['time-limit'],
  ],
  ['writing files', 'require("fs").writeFileSync("/box/program.js", "console.log(424242)")', ['runtime-error']],
];

export const CPP: readonly Hostile[] = [
  ['a fork bomb', cpp('for (;;) fork();', 'unistd.h'), ['time-limit']],
  ['a fork bomb of sessions', cpp('for (;;) if (fork() == 0) setsid();', 'unistd.h'), ['time-limit']],
  [
    'threads',
    cpp('for (;;) try { std::thread([] { for (;;); }).detach(); } catch (...) { }', 'thread'),
    ['time-limit'],
  ],
  ['endless output', cpp('for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");', 'cstdio'), ['output-limit']],
  ['endless errors', cpp('for (;;) fputs("xxxxxxxxxxxxxxxxxxxxxxxxxxxxx", stderr);', 'cstdio'), ['time-limit']],
  [
    'the network',
    cpp(
      'int s = socket(AF_INET, SOCK_STREAM, 0); sockaddr_in a = {AF_INET, htons(PORT), {htonl(INADDR_LOOPBACK)}}; return s < 0 ? 1 : connect(s, (sockaddr*)&a, sizeof a);',
      'arpa/inet.h',
      'sys/socket.h',
    ),
    ['runtime-error'],
  ],
  ['ending early', cpp('_exit(0);', 'unistd.h'), ['wrong-answer']],
  [
    'forged answers on every descriptor',
    cpp(
      `for (int i = 0; i < 1024; i++) for (const char* s : {${FORGED.map(bytes).join()}}) { (void)!write(i, s, strlen(s)); (void)!write(i, "\\n", 1); }`,
      'cstring',
      'initializer_list',
      'unistd.h',
    ),
    ['wrong-answer'],
  ],
  [
    'a frame of the protocol on every descriptor',
    cpp(
      `const char h[] = ${bytes(FRAME)}; unsigned n[2] = {sizeof h - 1, 6}; for (int i = 0; i < 1024; i++) { (void)!write(i, n, 8); (void)!write(i, h, n[0]); (void)!write(i, "424242", 6); } _exit(0);`,
      'unistd.h',
    ),
    ['wrong-answer'],
  ],
  [
    'killing everything',
    cpp('kill(1, 9); kill(getppid(), 9); kill(-1, 9); kill(0, 9);', 'csignal', 'unistd.h'),
    ['runtime-error'],
  ],
  [
    'stopping itself and its parents',
    cpp('kill(1, SIGSTOP); kill(getppid(), SIGSTOP); raise(SIGSTOP);', 'csignal', 'unistd.h'),
    ['time-limit'],
  ],
  [
    'a daemon that goes on printing',
    cpp(
      'if (fork() == 0) { setsid(); if (fork() == 0) for (;;) { (void)!write(1, "6", 1); usleep(1000); } } usleep(5000); _exit(0);',
      'unistd.h',
    ),
    ['wrong-answer'],
  ],
  ['a memory bomb', cpp('for (;;) memset(new char[1 << 20], 1, 1 << 20);', 'cstring'), ['memory-limit']],
  [
    'a memory bomb of shared pages',
    cpp(
      'for (;;) { void* p = mmap(0, 1 << 24, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0); if (p != MAP_FAILED) memset(p, 1, 1 << 24); }',
      'cstring',
      'sys/mman.h',
    ),
    ['memory-limit'],
  ],
  [
    'a memory bomb of many processes',
    cpp(
      'fork(); fork(); volatile char* p = (char*)malloc(120 << 20); for (int i = 0; i < 120 << 20; i += 4096) p[i] = 1; pause();',
      'cstdlib',
      'unistd.h',
    ),
    ['memory-limit'],
  ],
  [
    'an endless file',
    cpp('static char b[1 << 20]; for (FILE* f = fopen("big", "w");;) fwrite(b, 1, sizeof b, f);', 'cstdio'),
    ['output-limit'],
  ],
  ['sleeping', cpp('for (;;) pause();', 'unistd.h'), ['time-limit']],
  [
    'every signal ignored',
    cpp('for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;);', 'csignal'),
    ['time-limit'],
  ],
  [
    'endless recursion',
    'int f(volatile int n) { return 1 + f(n + 1); }\nint main() { return f(0); }',
    ['runtime-error'],
  ],
  ['new namespaces', cpp('return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 7;', 'sched.h'), ['runtime-error']],
  [
    'changing its own program',
    cpp('FILE* f = fopen("/box/program", "w"); if (!f) return 7; fputs("x", f);', 'cstdio'),
    ['runtime-error'],
  ],
  ['including /dev/zero', '#include "/dev/zero"\nint main() { }', ['compile-error']],
  ['including /etc/passwd', '#include "/etc/passwd"\nint main() { }', ['compile-error']],
  ['including itself', '#include "program.cpp"\nint main() { }', ['compile-error']],
  [
    'taking a file of the machine into the program',
    'asm(".incbin \\"/etc/passwd\\"");\nint main() { }',
    ['compile-error'],
  ],
  ['a program of a hundred gigabytes', 'asm(".zero 100000000000");\nint main() { }', ['compile-error']],
  [
    'templates without end',
    'template <int n> struct A { static const int v = A<n + 1>::v; };\nint main() { return A<0>::v; }',
    ['compile-error'],
  ],
  [
    'templates that double',
    'template <int n, int m> struct A : A<n - 1, 2 * m>, A<n - 1, 2 * m + 1> { };\ntemplate <int m> struct A<0, m> { };\nint main() { A<25, 1> a; }',
    ['compile-error'],
  ],
  [
    'a loop in the compiler',
    'constexpr long f(long n) { long s = 0; for (long i = 0; i < n; i++) s += i; return s; }\nconstexpr long v = f(1000000000);\nint main() { return v; }',
    ['compile-error'],
  ],
  [
    'macros that double',
    `#define A0 x+x+x+x+\n${Array.from({ length: 30 }, (_, i) => `#define A${i + 1} A${i} A${i} A${i} A${i}`).join('\n')}\nint main() { int x = 1; return A30 1; }`,
    ['compile-error'],
  ],
];

/** Java programs that share a compilation: the first word of the input says which runs. */
export const JAVA_PROGRAM = javaMain(
  `Runtime machine = Runtime.getRuntime();
  switch (new Scanner(System.in).next()) {
    case "threads" -> { for (;;) try { new Thread(() -> { for (;;); }).start(); } catch (Throwable e) { } }
    case "processes" -> { for (;;) try { machine.exec(new String[] {"/bin/sh", "-c", "sleep 1000 & sleep 1000"}); } catch (Throwable e) { } }
    case "daemon" -> { new ProcessBuilder("/usr/bin/setsid", "/bin/sh", "-c", "sleep 1000").inheritIO().start(); System.out.println(41); }
    case "output" -> { for (;;) System.out.println("x".repeat(1000)); }
    case "errors" -> { for (;;) System.err.println("x".repeat(1000)); }
    case "network" -> new java.net.Socket("127.0.0.1", PORT);
    case "datagram" -> { new java.net.DatagramSocket().send(new java.net.DatagramPacket(new byte[9], 9, java.net.InetAddress.getLoopbackAddress(), PORT)); System.out.println(41); }
    case "exit" -> System.exit(0);
    case "forged" -> {
      Class<?> serve = ClassLoader.getSystemClassLoader().loadClass("sandbox.Serve");
      var say = serve.getDeclaredMethod("say", String.class);
      say.setAccessible(true);
      for (String line : new String[] {${FORGED.map(bytes).join()}}) say.invoke(null, line);
    }
    case "descriptors" -> {
      Class<?> type = Class.forName("java.io.File" + "Descriptor");
      var make = type.getDeclaredConstructor(int.class);
      make.setAccessible(true);
      for (int i = 0; i < 64; i++) for (String line : new String[] {${FORGED.map(bytes).join()}}) try { FileOutputStream.class.getConstructor(type).newInstance(make.newInstance(i)).write((line + "\\n").getBytes()); } catch (Throwable e) { }
    }
    case "kill" -> { for (long id = 1; id < 30; id++) ProcessHandle.of(id).ifPresent(p -> { try { p.destroyForcibly(); } catch (Exception e) { } }); machine.exec(new String[] {"/bin/sh", "-c", "kill -9 -1; kill -9 1; kill -9 $PPID"}).waitFor(); System.out.println(41); }
    case "heap" -> { List<Object> all = new ArrayList<>(); for (;;) try { all.add(new long[1 << 16]); } catch (OutOfMemoryError e) { } }
    case "stacks" -> { for (;;) try { new Thread(null, () -> { depth(0); for (;;); }, "", 1 << 26).start(); } catch (Throwable e) { } }
    case "sleep" -> { for (;;) try { Thread.sleep(100000); } catch (Throwable e) { } }
    case "recursion" -> depth(0);
    case "thread-that-never-ends" -> { new Thread(() -> { for (;;) try { Thread.sleep(1000); } catch (Throwable e) { } }).start(); System.out.println(41); }
    case "hook" -> { Object hook = new Thread(() -> { for (;;); }); Runtime.class.getMethod("add" + "ShutdownHook", Thread.class).invoke(machine, hook); System.exit(0); }
    case "interrupts" -> { for (Thread t : Thread.getAllStackTraces().keySet()) { t.interrupt(); t.setPriority(1); } Thread.currentThread().getThreadGroup().getParent().interrupt(); }
    case "crash" -> { var f = sun.misc.Unsafe.class.getDeclaredField("theUnsafe"); f.setAccessible(true); ((sun.misc.Unsafe) f.get(null)).putAddress(0, 0); }
    case "overridden" -> throw new RuntimeException() { public synchronized Throwable getCause() { for (;;); } };
    case "file" -> { byte[] block = new byte[1 << 20]; try (var out = new FileOutputStream("big")) { for (;;) out.write(block); } }
    case "streams" -> { System.setOut(null); System.setErr(null); System.setIn(null); throw new Exception(); }
  }`,
  'static int depth(int n) { return 1 + depth(n + 1); }',
);

/** What JAVA_PROGRAM does at each first word of its input. */
export const JAVA_WORDS: readonly (readonly [title: string, word: string, verdicts: readonly string[]])[] = [
  ['threads', 'threads', ['time-limit']],
  ['processes', 'processes', ['time-limit', 'memory-limit']],
  ['a daemon', 'daemon', ['wrong-answer', 'runtime-error']],
  ['endless output', 'output', ['output-limit']],
  ['endless errors', 'errors', ['time-limit']],
  ['the network', 'network', ['runtime-error']],
  ['the network without a connection', 'datagram', ['runtime-error']],
  ['ending early', 'exit', ['wrong-answer']],
  ['forged answers by the harness', 'forged', ['wrong-answer', 'runtime-error']],
  ['forged answers on every descriptor', 'descriptors', ['wrong-answer', 'runtime-error']],
  ['killing everything', 'kill', ['wrong-answer', 'runtime-error']],
  ['a memory bomb that goes on', 'heap', ['time-limit', 'memory-limit']],
  ['large stacks', 'stacks', ['time-limit', 'memory-limit']],
  ['sleeping', 'sleep', ['time-limit']],
  ['endless recursion', 'recursion', ['runtime-error']],
  ['a thread that never ends', 'thread-that-never-ends', ['time-limit']],
  ['a shutdown hook that hangs', 'hook', ['time-limit']],
  ['interrupting every thread', 'interrupts', BAD],
  ['a crash of the machine', 'crash', ['runtime-error']],
  ['an exception that hangs', 'overridden', ['time-limit']],
  ['an endless file', 'file', ['output-limit', 'runtime-error']],
  ['no streams', 'streams', BAD],
];

export const JAVA: readonly Hostile[] = [
  [
    'an annotation processor',
    '@javax.annotation.processing.SupportedAnnotationTypes("*")\npublic class Main extends javax.annotation.processing.AbstractProcessor { static { for (;;) if (System.nanoTime() == 0) break; }\npublic boolean process(java.util.Set<? extends javax.lang.model.element.TypeElement> a, javax.annotation.processing.RoundEnvironment r) { return false; } public static void main(String[] a) { } }',
    ['time-limit'],
  ],
  [
    'a constant of gigabytes',
    javaMain(
      '',
      `static final String A0 = "xxxxxxxxxxxxxxxx";\n${Array.from({ length: 30 }, (_, i) => `static final String A${i + 1} = A${i} + A${i};`).join('\n')}`,
    ),
    ['compile-error'],
  ],
  ['a method too large', javaMain(`int[] a = {${'1000000,'.repeat(20_000)}};`), ['compile-error']],
  ['an expression too deep', javaMain(`int x = ${'('.repeat(100_000)};`), ['compile-error']],
  [
    'a file name too long',
    `public class ${'x'.repeat(300)} { public static void main(String[] a) { } }`,
    ['compile-error'],
  ],
  [
    'a class in place of the harness',
    'package sandbox;\nfinal class Serve { public static void main(String[] a) { System.out.println(424242); } }',
    ['compile-error'],
  ],
];
