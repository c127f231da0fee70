/** The value of a closed form: exactly where it is a fraction, else as a complex number in float64. */
import type { Expression } from './expression.ts';
import { type Fraction, fraction, negative, over, plus, power, squareRoot, times, toNumber } from './fraction.ts';

export interface Value {
  /** Null where it is no fraction, or one too large. */
  readonly exact: Fraction | null;
  readonly re: number;
  readonly im: number;
}

/** What the letters of an expression stand for. */
export interface Point {
  /** Which of the points at which expressions with variables are compared. */
  readonly number: number;
  /** What the sign of \pm is. */
  readonly sign: 1 | -1;
}

/** Null: it has no value, for example a set. */
export function evaluate(e: Expression, at: Point): Value | null {
  switch (e.kind) {
    case 'number':
      return exactly(e.value);
    case 'constant':
      if (e.name === 'i') return { exact: null, re: 0, im: 1 };
      return real({ pi: Math.PI, e: Math.E, infinity: Infinity }[e.name]);
    case 'variable':
      return real(valueOfVariable(e.name, at.number));
    case 'either': {
      const right = evaluate(e.right, at);
      const left = e.left === null ? exactly(ZERO) : evaluate(e.left, at);
      if (left === null || right === null) return null;
      return (at.sign === 1) === e.minus ? add(left, minus(right)) : add(left, right);
    }
    case 'call': {
      const of: Value[] = [];
      for (const part of e.of) {
        const value = evaluate(part, at);
        if (value === null) return null;
        of.push(value);
      }
      return call(e.name, of);
    }
    default:
      return null;
  }
}

const ZERO: Fraction = { over: 0n, under: 1n };
const ONE: Fraction = { over: 1n, under: 1n };
const HUNDREDTH: Fraction = { over: 1n, under: 100n };
const real = (re: number): Value => ({ exact: null, re, im: 0 });
const exactly = (exact: Fraction): Value => ({ exact, re: toNumber(exact), im: 0 });

/** 0.5 to 2.5 in size, the same for a name each time (FNV-1a); of the first two points one has negative values, so that
 * the root of a square is not its base. */
function valueOfVariable(name: string, point: number): number {
  let hash = 2_166_136_261 ^ point;
  for (const char of `${name}#${point}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  const size = 0.5 + (2 * ((hash ^ (hash >>> 15)) >>> 0)) / 2 ** 32;
  return point === 1 ? -size : size;
}

function call(name: string, of: readonly Value[]): Value | null {
  const [a, b] = of;
  if (a === undefined) return null;
  if (b === undefined) return unary(name, a);
  switch (name) {
    case '+':
      return add(a, b);
    case '-':
      return add(a, minus(b));
    case '*':
      return exactOr(a, b, times) ?? { exact: null, re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
    case '/':
      return b.exact?.over === 0n ? null : (exactOr(a, b, over) ?? divide(a, b));
    case '^':
      return exactOr(a, b, power) ?? raise(a, b);
    case 'root':
      return root(a, b);
    case 'log':
      return divide(logarithm(a), logarithm(b));
    case 'binom':
      return binomial(a, b);
    case 'gcd':
    case 'lcm':
      return null;
    case 'min':
    case 'max': {
      if (of.some(({ im }) => im !== 0)) return null;
      return of.reduce((best, v) => ((name === 'min' ? v.re < best.re : v.re > best.re) ? v : best));
    }
    default:
      return null;
  }
}

function unary(name: string, a: Value): Value | null {
  switch (name) {
    case 'negate':
      return minus(a);
    case 'percent':
      return call('*', [a, exactly(HUNDREDTH)]);
    case 'abs':
      if (a.exact !== null) return a.exact.over < 0n ? minus(a) : a;
      return real(Math.hypot(a.re, a.im));
    case 'sqrt': {
      const exact = a.exact === null ? null : squareRoot(a.exact);
      return exact === null ? root(a, exactly({ over: 2n, under: 1n })) : exactly(exact);
    }
    case '!':
      return factorial(a);
    case 'floor':
    case 'ceil':
      return rounded(a, name);
    case 'ln':
    case 'log':
    case 'lg':
      // \log without a base is natural here, as in the sources of these problems; \lg is decimal.
      return name === 'lg' ? divide(logarithm(a), real(Math.LN10)) : logarithm(a);
    case 'exp':
      return exponential(a);
    case 'min':
    case 'max':
    case 'gcd':
    case 'lcm':
      return a;
    default: {
      const known = Object.hasOwn(REAL, name) ? REAL[name] : undefined;
      return known === undefined || a.im !== 0 ? null : real(known(a.re));
    }
  }
}

const REAL: Readonly<Record<string, (x: number) => number>> = {
  ...{ sin: Math.sin, cos: Math.cos, tan: Math.tan, sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh },
  ...{ cot: (x) => 1 / Math.tan(x), sec: (x) => 1 / Math.cos(x), csc: (x) => 1 / Math.sin(x) },
  ...{ arcsin: Math.asin, arccos: Math.acos, arctan: Math.atan },
};

/** The exact result, where both are exact and it is not too large. */
function exactOr(a: Value, b: Value, how: (a: Fraction, b: Fraction) => Fraction | null): Value | null {
  if (a.exact === null || b.exact === null) return null;
  const exact = how(a.exact, b.exact);
  return exact === null ? null : exactly(exact);
}

const add = (a: Value, b: Value): Value => exactOr(a, b, plus) ?? { exact: null, re: a.re + b.re, im: a.im + b.im };
const minus = (a: Value): Value => ({ exact: a.exact === null ? null : negative(a.exact), re: -a.re, im: 0 - a.im });

function divide(a: Value, b: Value): Value {
  if (b.im === 0) return { exact: null, re: a.re / b.re, im: a.im === 0 ? 0 : a.im / b.re };
  const size = b.re * b.re + b.im * b.im;
  return { exact: null, re: (a.re * b.re + a.im * b.im) / size, im: (a.im * b.re - a.re * b.im) / size };
}

const logarithm = (a: Value): Value => ({
  exact: null,
  re: Math.log(Math.hypot(a.re, a.im)),
  im: Math.atan2(a.im, a.re),
});
const exponential = (a: Value): Value => {
  const size = Math.exp(a.re);
  return a.im === 0 ? real(size) : { exact: null, re: size * Math.cos(a.im), im: size * Math.sin(a.im) };
};

/** The principal power. */
function raise(a: Value, b: Value): Value {
  if (a.im === 0 && b.im === 0 && (a.re >= 0 || Number.isInteger(b.re))) return real(a.re ** b.re);
  if (a.im !== 0 && b.im === 0 && Number.isInteger(b.re) && Math.abs(b.re) <= 64) {
    let product: Value = exactly(ONE);
    for (let i = 0; i < Math.abs(b.re); i++) product = call('*', [product, a]) ?? product;
    return b.re < 0 ? divide(exactly(ONE), product) : product;
  }
  const product = call('*', [b, logarithm(a)]);
  return product === null ? real(Number.NaN) : exponential(product);
}

/** The real root where there is one, the principal one elsewhere. */
function root(a: Value, degree: Value): Value {
  const n = degree.im === 0 ? degree.re : Number.NaN;
  if (a.im === 0 && a.re < 0 && Number.isInteger(n) && n % 2 !== 0) return real(-rootOf(-a.re, n));
  if (a.im === 0 && a.re >= 0) return real(rootOf(a.re, n));
  // \sqrt{-4} is exactly 2i.
  if (a.im === 0 && n === 2) return { exact: null, re: 0, im: Math.sqrt(-a.re) };
  return raise(a, divide(exactly(ONE), degree));
}

const rootOf = (x: number, n: number): number => (n === 2 ? Math.sqrt(x) : n === 3 ? Math.cbrt(x) : x ** (1 / n));

/** The whole number that it exactly is, in [0, 1000]; else null. */
function small(a: Value): number | null {
  if (a.exact === null || a.exact.under !== 1n || a.exact.over < 0n || a.exact.over > 1_000n) return null;
  return Number(a.exact.over);
}

function factorial(a: Value): Value | null {
  const n = small(a);
  if (n === null) return null;
  let product = 1n;
  for (let i = 2n; i <= BigInt(n); i++) product *= i;
  const exact = fraction(product, 1n);
  return exact === null ? null : exactly(exact);
}

function binomial(a: Value, b: Value): Value | null {
  const [n, k] = [small(a), small(b)];
  if (n === null || k === null) return null;
  if (k > n) return exactly(ZERO);
  let product = 1n;
  for (let i = 1n; i <= BigInt(k); i++) product = (product * (BigInt(n - k) + i)) / i;
  const exact = fraction(product, 1n);
  return exact === null ? null : exactly(exact);
}

function rounded(a: Value, how: 'floor' | 'ceil'): Value | null {
  if (a.im !== 0) return null;
  if (a.exact === null) return real(how === 'floor' ? Math.floor(a.re) : Math.ceil(a.re));
  const { over: x, under: y } = a.exact;
  const down = x / y - (x % y < 0n ? 1n : 0n);
  return exactly({ over: how === 'floor' || x % y === 0n ? down : down + 1n, under: 1n });
}
