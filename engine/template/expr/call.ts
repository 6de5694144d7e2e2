import { GoMap, GoNumber, GoSlice, typeName } from '../go.ts';
import type { FunctionHost, GoFunc, GoValue } from '../go.ts';
import { Panic } from './error.ts';
import { ZERO_TIME } from './methods.ts';
import { signatureOf } from './nature.ts';

/** @returns the zero value of a Go type, which nil becomes as an argument */
function zero(type: string): GoValue {
  switch (type) {
    case 'string': return '';
    case 'bool': return false;
    case 'int': return 0n;
    case 'float64': return 0;
    case 'time.Time': return ZERO_TIME;
    default: break;
  }
  if (/^u?int\d*$/.test(type) || type === 'time.Duration') return new GoNumber(type, 0n);
  if (type.startsWith('map[')) return type === 'map[string]interface {}' ? new Map() : new GoMap(type);
  if (type.startsWith('[]')) return type === '[]interface {}' ? [] : GoSlice.make(type, []);
  return null;
}

function argument(value: GoValue, type: string, variadic: boolean): GoValue {
  if (type === 'interface {}') return value;
  if (value === null) return zero(type);
  const given = typeName(value);
  if (given === type) return value;
  throw new Panic(variadic ? `reflect: cannot use ${given} as type ${type} in Call` : `reflect: Call using ${given} as type ${type}`);
}

/**
 * Calls a function value as Go's reflection does: the count and the types of the arguments must fit, nil becomes a zero value.
 * @throws Panic
 */
export function callFunction(callee: GoFunc, args: readonly GoValue[], host: FunctionHost): GoValue {
  const { params, variadic } = signatureOf(callee.type);
  const fixed = variadic ? params.length - 1 : params.length;
  if (variadic ? args.length < fixed : args.length !== fixed) {
    throw new Panic(variadic ? `invalid number of arguments: expected at least ${fixed}, got ${args.length}` : `invalid number of arguments: expected ${fixed}, got ${args.length}`);
  }
  return callee.call(args.map((value, index) => argument(value, params[Math.min(index, params.length - 1)] ?? 'interface {}', index >= fixed)), host);
}
