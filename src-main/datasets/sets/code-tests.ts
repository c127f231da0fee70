/** Tests that are Python code, as HumanEval's, MBPP's and EvalPlus' are: what goes before and after them so that they
 * run by themselves, in the sandbox's checker. */
import type { Test } from '../../../src-shared/verdict.ts';

/** EvalPlus compares floats by numpy, which a sandbox's Python need not have. Where it has none, this stands in: allclose
 * of numbers, and of lists and tuples of them, by numpy's own formula. */
const NUMPY_STAND_IN = `try:
    import numpy
except ImportError:
    import sys, types
    def _allclose(a, b, rtol=1e-05, atol=1e-08):
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            return len(a) == len(b) and all(_allclose(x, y, rtol, atol) for x, y in zip(a, b))
        if isinstance(b, (list, tuple)):
            return all(_allclose(a, y, rtol, atol) for y in b)
        if isinstance(a, (list, tuple)):
            return all(_allclose(x, b, rtol, atol) for x in a)
        return a == b or abs(a - b) <= atol + rtol * abs(b) < float('inf')
    numpy = types.ModuleType('numpy')
    numpy.allclose, numpy.ndarray = _allclose, type('ndarray', (), {})
    numpy.floating, numpy.float32, numpy.float64 = (type(name, (), {}) for name in ('floating', 'float32', 'float64'))
    sys.modules['numpy'] = numpy
`;

/** A test of Python code. */
export function codeTest(code: string): Test {
  const needsNumpy = /^\s*(?:import|from)\s+numpy\b/m.test(code);
  return { kind: 'asserts', input: needsNumpy ? `${NUMPY_STAND_IN}${code}` : code, expected: '' };
}

/** Code that defines `check(candidate)`, and calls it unless it does so itself. */
export function checkTest(code: string, functionName: string): Test {
  const calls = /^(?:check|test_check)\(/m.test(code);
  return codeTest(calls ? code : `${code.trimEnd()}\n\ncheck(${functionName})\n`);
}
