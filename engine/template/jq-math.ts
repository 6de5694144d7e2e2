/** jq's functions of real numbers, as Go's math has them. The statistical and Bessel functions are not there. */

/** Mantissa from 0.5 up to 1, and exponent. */
export function frexp(x: number): [number, number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(x))) + 1);
  let mantissa = x * 2 ** -exponent;
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  return [mantissa, exponent];
}

function logb(x: number): number {
  if (x === 0) return -Infinity;
  return Number.isFinite(x) ? frexp(x)[1] - 1 : x * x;
}

function toEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? (floor % 2 === 0 ? floor : floor + 1) : Math.round(x);
}

/** The remainder of the division that is rounded to the nearest whole number. */
function remainder(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y) || !Number.isFinite(x) || y === 0) return Number.NaN;
  if (!Number.isFinite(y)) return x;
  const rest = x % (2 * Math.abs(y));
  return rest - Math.abs(y) * toEven(rest / Math.abs(y));
}

function ldexp(x: number, exponent: number): number {
  const whole = Number.isNaN(exponent) ? 0 : Math.trunc(Math.max(-3000, Math.min(3000, exponent)));
  const half = Math.trunc(whole / 2);
  return x * 2 ** half * 2 ** (whole - half);
}

function copysign(x: number, y: number): number {
  return Math.abs(x) * (y < 0 || Object.is(y, -0) ? -1 : 1);
}

/** The factorials' function, by Lanczos' approximation; exact for whole numbers. */
function gamma(x: number): number {
  if (Number.isInteger(x)) {
    if (x <= 0) return x === 0 ? 1 / x : Number.NaN;
    let product = 1;
    for (let i = 2; i < Math.min(x, 172); i++) product *= i;
    return x > 171 ? Infinity : product;
  }
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  return x > 172 ? Infinity : Math.exp(lgamma(x));
}

const LANCZOS = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];

function lgamma(x: number): number {
  if (Number.isInteger(x) && x <= 0) return Infinity;
  if (Number.isInteger(x) && x < 170) return Math.log(gamma(x));
  if (x < 0.5) return Math.log(Math.abs(Math.PI / Math.sin(Math.PI * x))) - lgamma(1 - x);
  const t = x + 6.5;
  const sum = LANCZOS.reduce((total, part, i) => total + part / (x + i), 0.99999999999980993);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The next number towards another. */
function nextafter(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x === y) return x;
  if (x === 0) return copysign(Number.MIN_VALUE, y);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + ((y > x) === (x > 0) ? 1n : -1n));
  return view.getFloat64(0);
}

function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

type Name = 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan' | 'sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh' | 'cbrt' | 'exp' | 'expm1' | 'log' | 'log2' | 'log10' | 'log1p';
const SAME: readonly Name[] = [
  'sqrt', 'floor', 'ceil', 'trunc', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'cbrt', 'exp', 'expm1', 'log', 'log2', 'log10', 'log1p',
];

/** Functions of the input, by name. */
export const REALS: Readonly<Record<string, (x: number) => number | number[]>> = {
  ...Object.fromEntries(SAME.map((name) => [name, (x: number): number => Math[name](x)])),
  fabs: Math.abs, round: (x) => (x < 0 ? -Math.round(-x) : Math.round(x)), rint: toEven, nearbyint: toEven, exp2: (x) => 2 ** x, exp10: (x) => 10 ** x,
  significand: (x) => frexp(x)[0] * 2, logb, frexp, gamma, tgamma: gamma, lgamma, modf: (x) => (Number.isFinite(x) ? [x - Math.trunc(x), Math.trunc(x)] : [Number.isNaN(x) ? x : copysign(0, x), x]),
};

/** Functions of two arguments, by name. */
export const REALS2: Readonly<Record<string, (x: number, y: number) => number>> = {
  pow, nextafter, nexttoward: nextafter, atan2: Math.atan2, fmod: (x, y) => x % y, copysign, remainder, ldexp, scalb: ldexp, scalbln: ldexp,
  fmin: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y)), fmax: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y)),
  drem: (x, y) => (remainder(x, y) === 0 ? copysign(0, x) : remainder(x, y)), fdim: (x, y) => (Number.isNaN(x - y) ? x - y : Math.max(x - y, 0)), hypot: (x, y) => Math.hypot(x, y),
};
