/** Programs in Java, under bubblewrap: which class runs, and that tests that share a virtual machine do not show it. */
import { describe, expect, test } from 'vitest';
import { publicClass } from '../../src-main/sandbox/languages/java.ts';
import { stdin } from './harness.ts';
import { forLanguages, javaMain, SUM } from './language-suite.ts';

/** One program for many tests, as each costs a compilation: its first word says which. Each prints 5. */
const IN_ONE_MACHINE = javaMain(
  `Scanner in = new Scanner(System.in);
  switch (in.next()) {
    case "exit" -> { System.out.print(5); System.exit(0); }
    case "exit-of-thread" -> { System.out.print(5); Thread t = new Thread(() -> System.exit(0)); t.start(); t.join(); Thread.sleep(900); System.out.print(6); }
    case "thread" -> new Thread(() -> { try { Thread.sleep(50); } catch (Exception e) { } System.out.print(5); }).start();
    case "daemon" -> { Thread t = new Thread(() -> { for (;;) System.getProperties(); }); t.setDaemon(true); t.start(); System.out.print(5); }
    case "large-stack" -> new Thread(null, () -> System.out.print(depth(1000000) / 200000), "", 1 << 28).start();
    case "recursion" -> System.out.print(depth(100000) / 20000);
    case "close" -> { int n = in.nextInt(); in.close(); PrintWriter out = new PrintWriter(System.out); out.print(n); out.close(); }
    case "parallel" -> System.out.print(java.util.stream.IntStream.range(0, 5).parallel().map(i -> 1).sum());
    case "executor" -> { var pool = java.util.concurrent.Executors.newFixedThreadPool(3); System.out.print(pool.submit(() -> 5).get()); pool.shutdown(); }
    case "text" -> { in.nextLine(); System.out.print(in.nextLine().equals("\\t\\"é\\ud83d\\ude00\\\\") ? "5" : "é"); }
    case "settings" -> { new java.security.SecureRandom().nextInt(); System.out.print(java.time.ZoneId.of("Europe/Paris").getId().length() - 7); }
    case "records" -> { record P(int x, int y) { } var p = new P(2, 5); System.out.print(switch (p.x()) { case 2 -> p.y(); default -> 0; }); }
    case "files" -> { new File("a").createNewFile(); System.out.print(new File(".").list().length + 4); }
    case "late-daemon" -> { PrintStream out = System.out; Thread t = new Thread(() -> { try { Thread.sleep(40); } catch (Exception e) { } for (;;) { out.print("late"); out.flush(); } }); t.setDaemon(true); t.start(); out.print(5); }
    case "slow" -> { Thread.sleep(150); System.out.print(5); }
    case "flush" -> { PrintStream own = new PrintStream(System.out, false); System.setOut(own); System.out.print(5); }
  }`,
  'static int depth(int n) { return n == 0 ? 0 : 1 + depth(n - 1); }',
);

await forLanguages({
  java({ run, runAll, sandbox }) {
    test.each([
      ['what was printed before System.exit(0)', 'exit'],
      ['what was printed before an exit in another thread', 'exit-of-thread'],
      ['a thread that is not joined', 'thread'],
      ['a daemon thread that never ends', 'daemon'],
      ['a thread with a large stack', 'large-stack'],
      ['deep recursion', 'recursion'],
      ['streams that are closed', 'close 5'],
      ['parallel streams', 'parallel'],
      ['an executor', 'executor'],
      ['text that is not ASCII', 'text\n\t"é😀\\\n'],
      ["what needs the machine's settings", 'settings'],
      ['records and switches', 'records'],
      ['files', 'files'],
      ['a System.out of its own', 'flush'],
    ])('%s: passed, test after test', async (_, input) => {
      const { tests } = await runAll(IN_ONE_MACHINE, [stdin('5', input), stdin('5', input), stdin('5', 'close 5')]);
      expect(tests.map(({ verdict, detail }) => `${verdict} ${detail}`)).toEqual(Array(3).fill('passed null'));
      expect(sandbox().stats().faults).toBe(0);
    });

    test.each([
      ['a class of another name', 'class Answer { public static void main(String[] a) { System.out.println(5); } }'],
      [
        'a public class after others, in a package',
        'package some.where;\nclass A { }\ninterface B { }\npublic final class Answer extends A implements B { public static void main(String... a) { System.out.println(5); } }',
      ],
      [
        'several classes with main',
        'class Other { public static void main(String[] a) { System.out.println(4); } }\npublic class Zed { public static void main(String[] a) { System.out.println(5); } }',
      ],
      [
        'a shutdown hook, and an exit',
        javaMain(
          'Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.print(5))); if (args.length == 0) System.exit(0);',
        ),
      ],
      [
        'the streams beneath System.in and System.out, and a machine that is stopped',
        javaMain(
          'int n = new FileInputStream(FileDescriptor.in).read(); PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out)); out.print((char) n); out.close(); Runtime.getRuntime().halt(0);',
        ),
      ],
    ])('%s: passed, test after test', async (_, code) => {
      const { tests } = await runAll(code, [stdin('5', '5'), stdin('5', '5')]);
      expect(tests.map(({ verdict, detail }) => `${verdict} ${detail}`)).toEqual(['passed null', 'passed null']);
    });

    test.each([
      [
        'an exception in a static block',
        'public class Main { static int n = Integer.parseInt("x");\npublic static void main(String[] a) { } }',
        /^java\.lang\.NumberFormatException: For input string: "x" \(line 1\)$/,
      ],
      [
        'endless recursion',
        javaMain('f(0);', 'static int f(int n) { return 1 + f(n + 1); }'),
        /^java\.lang\.StackOverflowError \(line 4\)$/,
      ],
      [
        'no main',
        'public class Main { static void main() { } }',
        /^no class has a method public static void main\(String\[\]\)$/,
      ],
      [
        'an exception that cannot be printed',
        javaMain('throw new RuntimeException() { public String toString() { throw this; } };'),
        /^an exception that cannot be printed$/,
      ],
      [
        'an exception where it has a machine of its own',
        javaMain('FileDescriptor.in.valid();\nthrow new Exception("x");'),
        /^java\.lang\.Exception: x \(line 7\)$/,
      ],
    ])('%s: runtime-error', async (_, code, detail) => {
      const result = await run(code, stdin('1'));
      expect(result.verdict).toBe('runtime-error');
      expect(result.detail).toMatch(detail);
    });

    test('memory, of the heap in a thread and outside the heap: memory-limit', async () => {
      const code = javaMain(`if (new Scanner(System.in).next().equals("thread")) {
        new Thread(() -> { var all = new ArrayList<long[]>(); for (;;) all.add(new long[1 << 17]); }).start();
      } else {
        var all = new ArrayList<Object>(); for (;;) all.add(java.nio.ByteBuffer.allocateDirect(1 << 24));
      }`);
      const { tests } = await runAll(code, [stdin('1', 'thread'), stdin('1', 'direct')], { memoryMb: 256 });
      expect(tests.map(({ verdict }) => verdict)).toEqual(['memory-limit', 'memory-limit']);
    });

    test('tests apart: settings, streams and memory of one are not those of the next', async () => {
      const code = javaMain(
        [
          'String seen = System.getProperty("seen") + Locale.getDefault() + TimeZone.getDefault().getID() + Thread.activeCount();',
          'System.setProperty("seen", "yes"); Locale.setDefault(Locale.JAPAN); TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));',
          'Thread.setDefaultUncaughtExceptionHandler((t, e) -> System.exit(1));',
          'System.out.println(seen + kept.size()); System.out.flush(); kept.add(new byte[90 << 20]);',
          'System.setOut(new PrintStream(OutputStream.nullOutputStream())); System.setIn(null);',
        ].join('\n'),
        'static List<byte[]> kept = new ArrayList<>();',
      );
      const { tests } = await runAll(code, Array(6).fill(stdin('?')), { memoryMb: 256 });
      const seen = new Set(tests.map(({ got }) => got));
      expect([...seen]).toEqual([expect.stringMatching(/^null.*0\n$/)]);
      expect(sandbox().stats().faults).toBe(0);
    });

    test('tests apart: a daemon of one does not print into the next', async () => {
      const { tests } = await runAll(IN_ONE_MACHINE, [stdin('5', 'late-daemon'), stdin('5', 'slow')]);
      expect(tests.map(({ got }) => got)).toEqual(['5', '5']);
    });

    test('100 tests, in one machine', async () => {
      const tests = Array.from({ length: 100 }, (_, i) => stdin(`${2 * i}`, `${i} ${i}`));
      const start = performance.now();
      expect((await runAll(SUM.java, tests)).verdict).toBe('passed');
      expect(performance.now() - start).toBeLessThan(10_000); // as a machine each they would take longer
    });

    test('processor time is counted anew where earlier tests used it up', async () => {
      const code = javaMain(
        'long end = System.nanoTime() + 500_000_000L; while (System.nanoTime() < end); System.out.print(5);',
      );
      const { verdict } = await runAll(code, Array(3).fill(stdin('5')), { cpuSeconds: 1, wallMs: 20_000 });
      expect(verdict).toBe('passed');
    });
  },
});

describe('the public class of a Java program', () => {
  test.each([
    ['public class Main {}', 'Main'],
    ['class A { public class B {} }\n/* public class C { */ // public class D {\npublic\nfinal class É$1 {}', 'É$1'],
    [`class A { char c = '{'; String s = "{\\"{"; }\npublic enum E { X }`, 'E'],
    ['class A { String s = """\n } } } public class X {"""; }\npublic record R(int n) { }', 'R'],
    ['public abstract sealed interface I permits J {}', 'I'],
    ['class A { public static class B {} }', null],
    ['', null],
    [`public class ${'x'.repeat(300)} {}`, null],
  ])('%j: %s', (code, name) => expect(publicClass(code)).toBe(name));

  test.each(['/*', '"""', '"', "'", 'public ', '{', '\\', 'public final '])(
    'a megabyte of %j is read at once',
    (part) => {
      const start = performance.now();
      publicClass(part.repeat(1e6 / part.length));
      expect(performance.now() - start).toBeLessThan(2_000);
    },
  );
});
