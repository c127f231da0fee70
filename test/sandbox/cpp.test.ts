/** Programs in C++, under bubblewrap. */
import { expect, test } from 'vitest';
import { stdin } from './harness.ts';
import { forLanguages, SUM } from './language-suite.ts';

await forLanguages({
  cpp(suite) {
    const { run, runAll } = suite;

    test.each([
      [
        'all of the standard library',
        '#include <bits/stdc++.h>\nusing namespace std;\nint main() { map<string, int> m; string s; while (cin >> s) m[s]++; for (auto& [k, v] : m) cout << k << v << "\\n"; }',
        stdin('a2\nb1', 'a b a'),
      ],
      [
        'C++20',
        '#include <algorithm>\n#include <iostream>\n#include <ranges>\nint main() { auto even = [](int n) { return n % 2 == 0; }; for (int n : std::views::iota(1, 7) | std::views::filter(even)) std::cout << n; }',
        stdin('246'),
      ],
      [
        'threads',
        '#include <iostream>\n#include <thread>\n#include <vector>\nint main() { std::vector<std::thread> all; int n[4] = {}; for (int i = 0; i < 4; i++) all.emplace_back([&n, i] { n[i] = i; }); for (auto& t : all) t.join(); std::cout << n[0] + n[1] + n[2] + n[3]; }',
        stdin('6'),
      ],
      [
        'recursion half a million deep',
        '#include <cstdio>\nint f(volatile int n) { return n ? 1 + f(n - 1) : 0; }\nint main() { printf("%d", f(500000)); }',
        stdin('500000'),
      ],
      [
        'what judges define',
        '#include <cstdio>\nint main() {\n#ifndef ONLINE_JUDGE\n  freopen("in.txt", "r", stdin);\n#endif\n  int n; scanf("%d", &n); printf("%d", n); }',
        stdin('7', '7'),
      ],
      [
        '128-bit whole numbers',
        '#include <cstdio>\nint main() { __int128 n = 1; for (int i = 0; i < 100; i++) n *= 2; printf("%d", (int)(n >> 98)); }',
        stdin('4'),
      ],
      ['exit', '#include <cstdlib>\n#include <iostream>\nint main() { std::cout << 5; exit(0); }', stdin('5')],
    ])('%s: passed', async (_, code, given) => {
      expect(await run(code, given)).toMatchObject({ verdict: 'passed', detail: null });
    });

    test.each([
      ['more than there is', '#include <vector>\nint main() { std::vector<long> v(1ll << 40); return v[5]; }'],
      [
        'a negative size',
        '#include <cstdlib>\nint main(int n, char**) { int* v = new int[n - 100000000]; v[5] = 1; return v[5]; }',
      ],
    ])('memory, %s: memory-limit', async (_, code) => {
      expect((await run(code)).verdict).toBe('memory-limit');
    });

    test.each([
      ['an exception', '#include <stdexcept>\nint main() { throw std::runtime_error("no"); }', /^killed by signal 6\b/],
      [
        'an index out of range',
        '#include <vector>\nint main() { return std::vector<int>().at(3); }',
        /^killed by signal 6\b/,
      ],
      [
        'a division by zero',
        'int main(int n, char**) { volatile int zero = 0; return n / zero; }',
        /^killed by signal 8\b/,
      ],
      [
        'endless recursion',
        'int f(volatile int n) { return 1 + f(n + 1); }\nint main() { return f(0); }',
        /^killed by signal 11\b/,
      ],
    ])('%s: runtime-error', async (_, code, detail) => {
      const result = await run(code, stdin('1'));
      expect(result.verdict).toBe('runtime-error');
      expect(result.detail).toMatch(detail);
    });

    test('tests apart: what one does to its streams does not outlast it', async () => {
      const code =
        '#include <fcntl.h>\n#include <unistd.h>\nint main() { char c[3000]; for (char& x : c) x = 54; bool blocks = !(fcntl(1, F_GETFL) & O_NONBLOCK); fcntl(1, F_SETFL, O_NONBLOCK | O_WRONLY); return blocks && write(1, c, 1) == 1 ? 0 : 1; }';
      const { tests } = await runAll(code, [stdin('6'), stdin('6')]);
      expect(tests.map(({ verdict }) => verdict)).toEqual(['passed', 'passed']);
    });

    test('a program without main does not link: compile-error', async () => {
      expect(await run('int f() { return 1; }')).toMatchObject({
        verdict: 'compile-error',
        detail: expect.stringContaining('main'),
      });
    });

    test('100 tests', async () => {
      const tests = Array.from({ length: 100 }, (_, i) => stdin(`${2 * i}`, `${i} ${i}`));
      const start = performance.now();
      expect((await runAll(SUM.cpp, tests)).verdict).toBe('passed');
      expect(performance.now() - start).toBeLessThan(15_000);
    });
  },
});
