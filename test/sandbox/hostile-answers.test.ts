/** Programs that try to pass without the answer: by finding it, by forging it, or by changing what judges them. Under
 * each isolation that works on this machine. */
import { describe, expect, test } from 'vitest';
import type { Test } from '../../src-shared/verdict.ts';
import { call, FIND_MARK, stdin } from './harness.ts';
import { underEachIsolation } from './suite.ts';

const SHORT = { wallMs: 1_500, cpuSeconds: 3 };
/** What no program may find: it stands in the expected value alone. */
const HIDDEN = 'h1dd3n-answer';

/** Lines of a Python function that searches all it can reach for `HIDDEN`, which it must not itself contain. */
const SEARCH = [
  'def search():',
  '  import gc, sys, threading',
  '  needle = "h1dd3n" + "-answer"',
  '  seen, found, queue = set(), [], [gc.get_objects(), sys.modules, sys.argv, list(sys._current_frames().values())]',
  '  frame = sys._getframe()',
  '  while frame: queue += [frame.f_locals, frame.f_globals, frame.f_code.co_consts]; frame = frame.f_back',
  '  while queue and len(seen) < 200000:',
  '    o = queue.pop()',
  '    if id(o) in seen or o is needle: continue',
  '    seen.add(id(o))',
  '    if isinstance(o, str) and needle in o: return o',
  '    if isinstance(o, (bytes, bytearray)) and needle.encode() in o: return bytes(o).decode()',
  '    if isinstance(o, dict): queue += list(o.keys()) + list(o.values())',
  '    elif isinstance(o, (list, tuple, set, frozenset)): queue += list(o)',
  '    elif hasattr(o, "__dict__"): queue.append(vars(o))',
].join('\n');

await underEachIsolation(({ sandbox, isolated, run, expectWell }) => {
  describe('the answer is not to be found', () => {
    test.each([
      ['in any object or frame', `${SEARCH}\nprint(search())`, stdin(HIDDEN)],
      ['in any object or frame of a function', `${SEARCH}\ndef f(): return search()`, call(JSON.stringify(HIDDEN))],
      [
        'in memory, byte by byte',
        'import ctypes\ntry:\n  for line in open("/proc/self/maps"): pass\nexcept OSError: print("no map")\nelse: print("h1dd3n" in str(open("/proc/self/mem", "rb")))',
        stdin(HIDDEN),
      ],
      [
        'on any descriptor',
        'import os\nsaid = b""\nfor i in range(3, 64):\n  try:\n    os.set_blocking(i, False)\n    said += os.read(i, 10 ** 6)\n  except OSError: pass\nprint(said.decode("latin-1"))',
        stdin(HIDDEN),
      ],
      [
        'in files that it can reach',
        'import os\nfound = ""\nfor root in [".", "/tmp", "/box", "/dev"]:\n  for folder, _, names in os.walk(root):\n    for name in names:\n      p = os.path.join(folder, name)\n      if os.path.isfile(p):\n        try: found += open(p).read(10 ** 6)\n        except OSError: pass\nprint(found[:100])',
        stdin(HIDDEN),
      ],
    ])('%s', async (_, code, given) => {
      const result = await run(code, given, { wallMs: 10_000, cpuSeconds: 10 });
      expect(['wrong-answer', 'runtime-error']).toContain(result.verdict);
      expect(result.got ?? '').not.toContain(HIDDEN);
      await expectWell();
    });

    test('in earlier or later tests: a call sees its own input alone', async () => {
      const code = [
        'import gc, builtins',
        'def f(name):',
        '  mark = "t0p" + "secret"',
        '  seen = [o for o in gc.get_objects() if isinstance(o, (list, dict)) and len(o) < 99 and mark in str(o)]',
        '  return len([s for s in seen if str(s).count(mark) > 3])',
      ].join('\n');
      const tests: Test[] = Array.from({ length: 6 }, (_, i) => call('0', `"t0psecret ${i}"`));
      const { tests: results } = await sandbox().run({ code, functionName: 'f', tests, anew: true });
      expect(results.map(({ verdict }) => verdict)).toEqual(Array(6).fill('passed'));
    });
  });

  describe('no answer can be forged', () => {
    test.each([
      ['exits before it answers', 'import sys\nsys.exit(0)', stdin('6')],
      ['exits in an exit handler', 'import atexit, os\natexit.register(os._exit, 0)\ndef f(): return 5', call('6')],
      ['prints in an exit handler what it did not compute', 'import atexit\natexit.register(print, 5)', stdin('6')],
      ['raises SystemExit in a thread', 'import threading, sys\nthreading.Thread(target=sys.exit).start()', stdin('6')],
      [
        'answers before it is asked',
        'import os\ndef f(n):\n  os.write(3, b\'{"value": 1}\\n{"value": 2}\\n{"value": 3}\\n\')\n  return 0',
        call('9', '1'),
      ],
      [
        'answers before it is asked, with the mark of another call',
        `${FIND_MARK}\ndef f(n):\n  m = mark()\n  os.write(3, m + b'{"value": 9}\\n' + m + b'{"value": 9}\\n')\n  return 0`,
        call('8', '1'),
      ],
      ['an object equal to everything', 'class E:\n  __eq__ = lambda s, o: True\ndef f(): return E()', call('6')],
      [
        'a string equal to everything',
        'class E(str):\n  __eq__ = lambda s, o: True\ndef f(): return E("x")',
        call('"y"'),
      ],
      ['a float equal to everything', 'class E(float):\n  __eq__ = lambda s, o: True\ndef f(): return E(2)', call('6')],
      [
        'a dict that lies',
        'class E(dict):\n  items = lambda s: [(1, 6)]\n  __eq__ = lambda s, o: True\ndef f(): return E()',
        call('{"1": 6}'),
      ],
      [
        'a list that lies',
        'class E(list):\n  __len__ = lambda s: 1\n  __getitem__ = lambda s, i: 6\n  __iter__ = lambda s: iter([6])\ndef f(): return E()',
        call('[6]'),
      ],
      [
        'an integer by __index__ alone',
        'class E:\n  __index__ = lambda s: 5\n  __eq__ = lambda s, o: True\ndef f(): return E()',
        call('6'),
      ],
      [
        'builtins changed',
        'import builtins\nbuiltins.print = lambda *a: None\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda a: 0\ndef f(): return 5',
        call('6'),
      ],
      [
        'modules replaced',
        'import sys, types\nfor n in list(sys.modules):\n  if n != "sys": sys.modules[n] = types.ModuleType(n)\ndef f(): return 5',
        call('6'),
      ],
      [
        "the sandbox's own encoder replaced",
        'import sys\nfor m in list(sys.modules.values()):\n  for n in ("encode", "dumps", "execute", "write_all"):\n    if hasattr(m, n): setattr(m, n, lambda *a, **k: b\'{"value": 6}\')\ndef f(): return 5',
        call('7'),
      ],
      [
        "its caller's locals changed",
        'import sys, ctypes\ndef f():\n  frame = sys._getframe().f_back\n  frame.f_locals["status"] = 0\n  ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), 0)\n  return 5',
        call('6'),
      ],
      [
        'the trace function',
        'import sys\nsys.settrace(lambda frame, event, arg: frame.f_locals.clear())\nsys.setprofile(lambda *a: None)\ndef f(): return 5',
        call('6'),
      ],
      [
        'words of the sandbox printed',
        'print("passed")\nprint(\'{"verdict": "passed"}\')\nprint("LR", flush=True)',
        stdin('6'),
      ],
      ['not text', 'import sys\nsys.stdout.buffer.write(bytes(range(256)) * 100)', stdin('6')],
      ['zero bytes', 'print("6" + chr(0))', stdin('6')],
      [
        'nested deeper than any parser takes',
        'def f():\n  a = []\n  for i in range(100000): a = [a]\n  return a',
        call('[]'),
      ],
      ['a number of a million digits', 'def f(): return 10 ** 1000000', call('6')],
      [
        'JSON of a million brackets on its descriptor',
        'import os\ndef f():\n  os.write(3, b\'{"value": \' + b"[" * 1000000)\n  os._exit(0)',
        call('6'),
      ],
    ])('%s', async (_, code, given) => {
      const faults = sandbox().stats().faults;
      const result = await run(code, given, SHORT);
      expect(['wrong-answer', 'runtime-error', 'time-limit', 'output-limit']).toContain(result.verdict);
      expect(sandbox().stats().faults).toBe(faults);
      await expectWell();
    });

    test('no answer of one call counts for another', async () => {
      const code = 'import os\ndef f(n):\n  os.write(3, b\'{"value": 6}\\n\')\n  return n';
      const tests = [call('6', '6'), call('6', '6'), call('7', '7'), call('8', '8')];
      const { tests: results } = await sandbox().run({ code, functionName: 'f', tests, anew: true });
      // It does not say of which call it is.
      expect(results.map(({ verdict }) => verdict)).toEqual(Array(4).fill('runtime-error'));
    });

    test('no answer that comes late counts for the next call', async () => {
      // Answers -1, and then returns what the next call is asked for.
      const code = `${FIND_MARK}\ndef f(n):\n  os.write(3, mark() + b'{"value": -1}\\n')\n  time.sleep(0.05)\n  return n`;
      const tests = [1, 2, 3, 4].map((n) => call(`${n - 1}`, `${n}`));
      const { tests: results } = await sandbox().run({ code, functionName: 'f', tests, anew: true });
      // Each is asked anew, and answers -1 again.
      expect(results.map(({ got }) => got)).toEqual(['-1', '-1', '-1', '-1']);
      expect(results.map(({ verdict }) => verdict)).toEqual(Array(4).fill('wrong-answer'));
      await expectWell();
    });
  });

  describe('nothing outlives it', () => {
    test.each([
      [
        'a thousand zombies',
        'import os\nfor i in range(1000):\n  try:\n    if os.fork() == 0: os._exit(0)\n  except OSError: pass\nprint(6)',
        stdin('6'),
        ['passed', 'memory-limit', 'time-limit'],
      ],
      [
        'daemons three forks down',
        'import os, time\nfor i in range(3):\n  if os.fork(): os._exit(0)\n  os.setsid()\ntime.sleep(99)',
        stdin('6'),
        ['wrong-answer', 'time-limit'],
      ],
      [
        'a daemon in a function',
        'import os, time\ndef f():\n  if os.fork() == 0:\n    os.setsid()\n    time.sleep(99)\n  return 6',
        call('6'),
        ['passed'],
      ],
      [
        'threads that never end, behind an answer',
        'import threading\ndef f():\n  threading.Thread(target=lambda: exec("while 1: pass")).start()\n  return 6',
        call('6'),
        ['passed', 'time-limit'],
      ],
      [
        'a forked child with the answer',
        `${FIND_MARK}\ndef f():\n  if os.fork() == 0:\n    time.sleep(0.2)\n    os.write(3, mark() + b'{"value": 6}\\n')\n    os._exit(0)\n  return 5`,
        call('6'),
        ['wrong-answer'],
      ],
    ])('%s', async (_, code, given, verdicts) => {
      expect(verdicts).toContain((await run(code, given, SHORT)).verdict);
      await expectWell();
    });
  });

  test.skipIf(!isolated)('no socket of any kind connects or listens', async () => {
    const code = [
      'import socket',
      'made = []',
      'for family, address in [(socket.AF_INET, ("127.0.0.1", 80)), (socket.AF_INET6, ("::1", 80)), (socket.AF_UNIX, "/tmp/s"), (socket.AF_UNIX, "\\0abstract"), (socket.AF_NETLINK, (0, 0)), (socket.AF_PACKET, ("lo", 0))]:',
      '  for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW]:',
      '    try:',
      '      s = socket.socket(family, kind)',
      '      made.append((family, kind))',
      '    except OSError: pass',
      'print(made)',
    ].join('\n');
    expect((await run(code)).got).toBe('[]\n');
  });

  test.skipIf(!isolated)('no link leads out of its folder', async () => {
    const code = [
      'import os',
      'os.symlink("/etc/passwd", "a")',
      'os.symlink("/proc/1/root/etc/passwd", "b")',
      'os.symlink("../../../../etc/shadow", "c")',
      'os.symlink("/proc/self/fd/3", "d")',
      'print([n for n in "abcd" if os.path.exists(n)])',
    ].join('\n');
    expect((await run(code)).got).toBe('[]\n');
  });
});
