/** Durations, IntOrString, Amount, AnyString, quantities and resource durations, against Argo's and Kubernetes' own. */
import { humanizeDuration, humanizeTruncated, int32Of, intValueOf, isIntOrTag, parseStringToDuration, readAmount, readAnyString, readIntOrString } from '../../../engine/template/durations.ts';
import { formatDuration, formatFloat, parseDuration } from '../../../engine/template/go.ts';
import { parseRawJson } from '../../../engine/template/json.ts';
import { approximate, parseQuantity, quantityOfJson, quantityText, resourcesDuration, resourcesDurationText, scaledValue, type ContainerUse } from '../../../engine/template/quantity.ts';
import { answerOf, difference, first, inputJson, type Vector } from './compare.ts';

/** Runs one function and compares its results by name; an error must be the expected one. */
function against(vector: Vector, act: () => Record<string, unknown>): string | undefined {
  const { value, error } = answerOf(act);
  if (error !== undefined || vector.error !== undefined) return difference('error', error, vector.error);
  return first(...Object.entries(value).map(([name, actual]) => difference(name, actual, vector[name])));
}

/** JSON.parse rounds numbers beyond 2^53; so does this, for comparing. */
const rounded = (value: bigint): number => Number(value);

export function run(vector: Vector, line?: string): string | undefined {
  const text = String(vector.text);
  const json = inputJson(vector);
  switch (vector.fn) {
    case 'duration': return against(vector, () => durationOf(parseStringToDuration(text)));
    case 'goDuration': return against(vector, () => durationOf(parseDuration(text)));
    case 'humanize': {
      const spelled = /"nanoseconds":(-?\d+)/.exec(line ?? '')?.[1];
      const nanoseconds = BigInt(spelled ?? (vector.nanoseconds as number));
      return against(vector, () => ({ duration: humanizeDuration(nanoseconds), truncated: humanizeTruncated(nanoseconds) }));
    }
    case 'intOrString': return against(vector, () => intOrString(json));
    case 'amount': return against(vector, () => ({ float64: formatFloat(readAmount(json), 'g') }));
    case 'anyString': return against(vector, () => ({ string: readAnyString(json) }));
    case 'quantity': return against(vector, () => {
      const quantity = parseQuantity(text);
      return { canonical: quantityText(quantity), value: String(scaledValue(quantity, 0)), milliValue: String(scaledValue(quantity, -3)), approxFloat: formatFloat(approximate(quantity), 'g') };
    });
    case 'quantityJSON': return against(vector, () => ({ canonical: quantityText(quantityOfJson(parseRawJson(json))) }));
    case 'resourcesDuration': {
      const duration = resourcesDuration([vector as unknown as ContainerUse]);
      const parts = (words: unknown): string[] => String(words).split(',').sort();
      return first(difference('duration', duration, vector.duration), difference('string', parts(resourcesDurationText(duration)), parts(vector.string)));
    }
    default: return `no such function: ${String(vector.fn)}`;
  }
}

function durationOf(nanoseconds: bigint): Record<string, unknown> {
  return { nanoseconds: rounded(nanoseconds), goString: formatDuration(nanoseconds) };
}

function intOrString(json: string): Record<string, unknown> {
  const value = readIntOrString(json);
  const int32 = answerOf(() => int32Of(value));
  return {
    type: typeof value === 'number' ? 'int' : 'string', string: String(value), intValue: rounded(intValueOf(value)),
    isValidIntOrArgoVariable: isIntOrTag(value), int32: int32.value, int32Error: int32.error,
  };
}
