/** Programs that are endless, greedy or hostile, under each isolation that works on this machine. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call, FIND_MARK, stdin } from './harness.ts';
import { SECRET, underEachIsolation } from './suite.ts';

const SHORT = { wallMs: 1_500, cpuSeconds: 3 };

await underEachIsolation(({ isolated, sandbox, folder, run, expectWell }) => {
  describe('limits', () => {
    test.each([
      ['an endless loop', 'while True: pass', SHORT],
      [
        'an endless loop on every processor',
        'import threading\nfor i in range(4): threading.Thread(target=lambda: exec("while 1: pass")).start()',
        SHORT,
      ],
      ['processor time', 'while True: pass', { wallMs: 20_000, cpuSeconds: 1 }],
      [
        'processor time, signal ignored',
        'import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass',
        { wallMs: 20_000, cpuSeconds: 1 },
      ],
      ['sleeping', 'import time\ntime.sleep(1000)', SHORT],
      ['a stopped process', 'import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)', SHORT],
      [
        'every signal ignored',
        'import signal, time\nfor s in range(1, 64):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError, ValueError): pass\ntime.sleep(1000)',
        SHORT,
      ],
      ['a regular expression', 're.match(r"(a+)+$", "a" * 60 + "b")', SHORT],
    ])('%s: time-limit', async (_, code, limits) => {
      const result = await run(code, stdin('6'), limits);
      expect(result.verdict).toBe('time-limit');
      await expectWell();
    });

    test.each([
      ['a fork bomb', 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass'],
      [
        'a fork bomb of sessions',
        'import os\nwhile True:\n  try:\n    if os.fork() == 0: os.setsid()\n  except OSError: pass',
      ],
    ])('%s ends at the limit of time or memory', async (_, code) => {
      expect(['time-limit', 'memory-limit']).toContain((await run(code, stdin('6'), SHORT)).verdict);
      await expectWell();
    });

    test.each([
      ['one list', 'x = [0] * 10 ** 9', {}],
      ['a growing list', 'x = []\nwhile True: x.append(" " * 10 ** 7)', {}],
      ['a number', 'x = 1 << (1 << 36)', {}],
      [
        'many processes',
        'import os, time\nfor i in range(4): os.fork()\nx = bytearray(60 << 20)\ntime.sleep(60)',
        { memoryMb: 128 },
      ],
    ])('memory, %s: memory-limit', async (_, code, limits) => {
      const result = await run(code, stdin('6'), { wallMs: 10_000, ...limits });
      expect(result.verdict).toBe('memory-limit');
      await expectWell();
    });

    test.each([
      ['a gigabyte printed', 'for i in range(1000): print("x" * 10 ** 6)', stdin('6')],
      ['a gigabyte printed by a function', 'def f():\n  for i in range(1000): print("x" * 10 ** 6)', call('6')],
      ['a large answer', 'def f(): return "x" * 10 ** 7', call('6')],
      ['a large file', 'f = open("big", "wb")\nwhile True: f.write(b"x" * 10 ** 6)', stdin('6')],
      [
        'an endless file, signal unignored',
        'import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nf = open("big", "wb")\nwhile True: f.write(b"x" * 10 ** 6)',
        stdin('6'),
      ],
    ])('%s: output-limit', async (_, code, given) => {
      expect((await run(code, given)).verdict).toBe('output-limit');
      await expectWell();
    });

    test('a folder that is hard to remove is removed', async () => {
      const code = [
        'import os',
        'os.symlink("/", "root")',
        'os.mkdir("closed")',
        'open("closed/file", "w")',
        'os.chmod("closed", 0)',
        'for i in range(900):',
        '  os.mkdir("deep" * 50)',
        '  os.chdir("deep" * 50)',
        'print(6)',
      ].join('\n');
      expect((await run(code, stdin('6'))).verdict).toBe('passed');
      await expectWell();
    });

    test.skipIf(!isolated)('many files: output-limit', async () => {
      const code = 'for i in range(10 ** 6): open(str(i), "wb").write(b"x" * 10 ** 5)';
      expect((await run(code)).verdict).toBe('output-limit');
    });

    test('a gigabyte on standard error is dropped', async () => {
      const code = 'for i in range(300): print("x" * 10 ** 6, file=sys.stderr)\nprint(6)';
      expect((await run(code, stdin('6'), { wallMs: 20_000 })).verdict).toBe('passed');
    });

    test('processes and threads', async () => {
      const code =
        'import threading, time\nfor i in range(2000): threading.Thread(target=time.sleep, args=(3,), daemon=True).start()';
      const result = await run(code, stdin('6'), { wallMs: 10_000, processes: 16 });
      expect(result).toMatchObject({
        verdict: 'runtime-error',
        detail: expect.stringContaining("can't start new thread"),
      });
    });
  });

  describe('attacks', () => {
    const forged = JSON.stringify({ value: 6 });

    test.each([
      ['closing standard output', 'import os\nos.close(1)', stdin('6')],
      ['closing every descriptor', 'import os\nos.closerange(0, 100)', stdin('6')],
      ['closing every descriptor in a function', 'import os\ndef f():\n  os.closerange(0, 100)\n  return 6', call('6')],
      [
        'nonsense on every descriptor',
        'import os\nfor i in range(100):\n  try: os.write(i, b"\\xff" * 64)\n  except OSError: pass',
        stdin('6'),
      ],
      [
        'nonsense on every descriptor in a function',
        'import os\ndef f():\n  for i in range(100):\n    try: os.write(i, b"\\x00\\xff" * 64)\n    except OSError: pass\n  return 6',
        call('6'),
      ],
      [
        'a frame of the protocol on every descriptor',
        `import os, struct\nh = b'{"status":"exited","code":0,"detail":"","wallMs":1,"stderr":"","stdoutBytes":1}'\nfor i in range(100):\n  try: os.write(i, struct.pack("<II", len(h), 1) + h + b"6")\n  except OSError: pass\nos._exit(0)`,
        stdin('6'),
      ],
      [
        'a verdict instead of an answer',
        `import os\ndef f():\n  os.write(3, b'{"verdict":"passed","value":{"passed":true}}')\n  os._exit(0)`,
        call('6'),
      ],
      [
        'a forged setup message',
        'import os\ndef f():\n  for i in range(3, 100):\n    try: os.write(i, b"LR")\n    except OSError: pass\n  os._exit(0)',
        call('6'),
      ],
      ['killing everything', 'import os\nos.kill(-1, 9)\nos._exit(0)', stdin('6')],
      [
        'killing its parents',
        'import os\nfor p in [os.getppid(), 1, 2]:\n  try: os.kill(p, 9)\n  except OSError: pass\nos._exit(0)',
        stdin('6'),
      ],
      [
        'stopping its parents',
        'import os\nfor p in [os.getppid(), 1, 2]:\n  try: os.kill(p, 19)\n  except OSError: pass\nos._exit(0)',
        stdin('6'),
      ],
      [
        'interrupting its parents',
        'import os\nfor p in [os.getppid(), 1, 2]:\n  for n in range(1, 65):\n    try: os.kill(p, n)\n    except OSError: pass\nos._exit(0)',
        stdin('6'),
      ],
      ['killing its group', 'import os\nos.killpg(0, 9)', stdin('6')],
      [
        "limiting its parent's processor time",
        'import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))',
        stdin('6'),
      ],
      ['new namespaces', 'import ctypes\nprint(ctypes.CDLL(None).unshare(0x10000000 | 0x20000))', stdin('0')],
      [
        'new namespaces by clone',
        'import ctypes\nprint(ctypes.CDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0) >= 0)',
        stdin('True'),
      ],
      ['tracing its parent', 'import ctypes, os\nprint(ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0))', stdin('0')],
      ['mounting', 'import ctypes\nprint(ctypes.CDLL(None).mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))', stdin('0')],
      ['shared memory', 'import ctypes\nprint(ctypes.CDLL(None).shmget(0, 1 << 20, 0o600) >= 0)', stdin('True')],
      [
        'raising its own limits',
        'import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1000, 1000))\nprint(6)',
        stdin('6'),
      ],
      [
        "tampering with the sandbox's own code",
        'import os, json\njson.dumps = lambda *a, **k: "{}"\nos._exit = lambda code: None\ndef f(): return 5',
        call('6'),
      ],
    ])('%s does not pass, and is no fault of the sandbox', async (_, code, given) => {
      const faults = sandbox().stats().faults;
      const result = await run(code, given, SHORT);
      expect(['wrong-answer', 'runtime-error', 'time-limit']).toContain(result.verdict);
      expect(sandbox().stats().faults).toBe(faults);
      await expectWell();
    });

    test('a report with the right value passes if it is of its call: it is the answer', async () => {
      const code = `${FIND_MARK}\ndef f():\n  os.write(3, mark() + b'${forged}')\n  os._exit(0)`;
      expect((await run(code, call('6'))).verdict).toBe('passed');
      expect((await run(code, call('7'))).verdict).toBe('wrong-answer');
      expect((await run(code.replace('mark() + ', ''), call('6'))).verdict).toBe('runtime-error');
    });

    test('the expected value is nowhere in the memory of the process', async () => {
      const expected = `expected-${Math.PI}`;
      const code = 'import gc\nprint([o for o in gc.get_objects() if isinstance(o, dict) and "expected" in o])';
      expect((await run(code, stdin(expected))).got).toBe('[]\n');
    });

    test('processes left behind end with the test', async () => {
      const code =
        'import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0: time.sleep(1000)\n  os._exit(0)\nprint(6)';
      expect((await run(code, stdin('6'))).verdict).toBe('passed');
      await expectWell();
    });

    test.skipIf(!isolated)('the network cannot be reached', async () => {
      let connections = 0;
      const server = createServer(() => {
        connections += 1;
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const connect = `import socket\nsocket.create_connection(("127.0.0.1", ${port}), 2)\nprint(6)`;
      expect((await run(connect, stdin('6'))).verdict).toBe('runtime-error');
      expect((await run('import socket\nsocket.getaddrinfo("localhost", 80)\nsocket.socket()')).verdict).toBe(
        'runtime-error',
      );
      expect(connections).toBe(0);
      await new Promise((resolve) => server.close(resolve));
    });

    test.skipIf(!isolated)('the files of this machine are not there', async () => {
      const file = join(folder(), 'tests.json');
      writeFileSync(file, SECRET, { mode: 0o644 });
      const paths = ['/etc/passwd', '/root', '/home', '/proc/self', '/proc/1', '/sys', '/var', file, process.cwd()];
      const code = `import os\nprint([p for p in ${JSON.stringify(paths)} if os.path.exists(p)])`;
      expect(existsSync(file)).toBe(true);
      expect((await run(code)).got).toBe('[]\n');
      rmSync(file);
    });

    test.skipIf(!isolated)('nothing outside its folder can be written', async () => {
      const code =
        'import os\nprint([p for p in ["/", "/usr", "/dev", "/proc", "/bin", "/lib"] if os.access(p, os.W_OK)])';
      expect((await run(code)).got).toBe('[]\n');
      expect((await run('open("/usr/x", "w")')).verdict).toBe('runtime-error');
    });

    test.skipIf(!isolated)('it has no privilege', async () => {
      const code = 'import os\nprint(os.getuid() != 0, os.getpid() < 100, os.environ.get("USER"))';
      expect((await run(code)).got).toBe('True True None\n');
    });

    test('the environment is empty but for what Python needs', async () => {
      const { got } = await run('import os\nprint(sorted(os.environ), os.environ)');
      expect(got).toMatch(/^\['HOME', 'LANG', 'PATH', 'TMPDIR'\]/);
      expect(got).not.toContain(SECRET);
      const inherited = await run(
        'import subprocess\nprint(subprocess.run(["/usr/bin/env"], capture_output=True).stdout)',
      );
      expect(inherited.got).not.toContain(SECRET);
    });
  });
});
